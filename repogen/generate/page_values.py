"""What each page for people says, and where it lies. Which words and marks it uses is the templates' matter.

All links are relative and end in a file's name, so that a site works under any prefix and from ``file://``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from repogen.config import Config, Repository
from repogen.ecosystems import Ecosystem, ecosystem_of
from repogen.generate.releases import Release, day
from repogen.model.catalog import Entry, Project
from repogen.model.names import ProjectKey, SourceType
from repogen.model.pages import Dependency, Description, Fact, Link, Platform, checked_url

#: Stands where the public address would, if repogen.toml named one.
PLACEHOLDER: Final = "https://YOUR-ADDRESS"

_DIGITS: Final = re.compile(r"([0-9]+)")
_NAME_FIRST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
#: An address that a text sets apart, as RFC 3986 (appendix C) has it.
_SET_APART: Final = re.compile(r"<(https?://[^<>\s]{1,2000})>")
#: Registers of people and organisations, whose addresses tell a reader no more than that there is an entry.
_REGISTERS: Final = {"orcid.org": "ORCID", "ror.org": "ROR"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A source that feeds a repository: what clients send to."""

    source: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What clients must know of a repository.

    ``address`` is the site's, without a slash at its end; ``has_address``: it is real, and not :data:`PLACEHOLDER`.
    ``url`` is where clients find what is current. ``fallback`` is the index that clients are sent on to for
    projects which are not here, or "".
    """

    repository: str
    type: SourceType
    type_name: str
    description: str
    address: str
    has_address: bool
    url: str
    fallback: str
    uploads: tuple[Upload, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crumb:
    """A step of the way from the site's first page to here."""

    text: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What surrounds every page: ``root`` leads to the site, ``home`` to the repository ("" where that is here)."""

    title: str
    root: str
    home: str = ""
    crumbs: tuple[Crumb, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowseLink:
    """A page of a long list: from which to which name, and how many."""

    first: str
    last: str
    href: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """Platforms that there are binaries for: ``plain`` those where clients look by themselves, and ``placed``."""

    plain: tuple[Platform, ...] = ()
    placed: tuple[Platform, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """A distribution. Links are from the page; None: there is no such file. ``yanked``: None or the reason.

    ``place`` is where it lies, quoted, from the repository. ``platform``: None: it is for all.
    ``remarks`` say what it is good for, a few words each.
    """

    filename: str
    href: str
    place: str
    kind: str
    platform: Platform | None
    size: str
    bytes: int
    date: str
    sha256: str
    remarks: tuple[str, ...]
    signature: str | None
    metadata: str | None
    yanked: str | None
    archived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A dependency: the name, the rest as declared, and a link if the repository has that project."""

    name: str
    rest: str
    href: str | None


#: Dependencies by the group that they are in.
Grouped = tuple[tuple[str, tuple[Requirement, ...]], ...]
#: A text, with links in it.
Linked = tuple[str | Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a release says of itself. ``readme`` and ``news`` are safe HTML, or "" where it has none."""

    description: Description
    readme: str = ""
    news: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependent:
    """A project of the same repository that depends on the one a page is about, in a group as it declares it."""

    key: ProjectKey
    name: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """A project at one version. ``own_page``: this page is the version's, not the project's.

    ``pinned``: who installs it must name the version. ``releases`` (all of the project), ``news`` and
    ``dependents`` stand on the project's page only: else they would change the pages of all versions.
    """

    key: ProjectKey
    name: str
    release: Release
    latest: bool
    own_page: bool
    pinned: bool
    description: Description
    about: tuple[Linked, ...]
    authors: tuple[Linked, ...]
    readme: str
    news: str
    files: tuple[FileRow, ...]
    binaries: Binaries
    requirements: Grouped
    dependents: Grouped
    dependent_count: int
    classifiers: tuple[Fact, ...]
    links: tuple[Link, ...]
    releases: tuple[Release, ...]


def setup_of(repository: Repository, config: Config) -> Setup:
    """What clients must know of a repository."""
    address = config.address or PLACEHOLDER
    return Setup(
        repository=repository.name,
        type=repository.type,
        type_name=ecosystem_of(repository.type).title,
        description=repository.description,
        address=address,
        has_address=bool(config.address),
        url=f"{address}/{repository.name}/latest",
        fallback=repository.fallback,
        uploads=tuple(Upload(source=name, description=config.sources[name].description) for name in repository.sources),
    )


def binaries_of(targets: Iterable[str], ecosystem: Ecosystem) -> Binaries:
    """The platforms of these targets, the versions in them in order."""
    platforms = [ecosystem.platform(target) for target in sorted(filter(None, set(targets)), key=_natural)]
    return Binaries(
        plain=tuple(platform for platform in platforms if not platform.place),
        placed=tuple(platform for platform in platforms if platform.place),
    )


def _natural(text: str) -> list[tuple[str, int]]:
    return [("", int(part)) if part.isdecimal() else (part, 0) for part in _DIGITS.split(text)]


def size_in_words(size: int) -> str:
    """``12.3 kB`` for 12,345 bytes."""
    amount, units = float(size), iter(("B", "kB", "MB", "GB", "TB"))
    unit = next(units)
    while amount >= 999.5:
        amount, unit = amount / 1000, next(units)
    whole = unit == "B" or amount >= 99.95
    return f"{amount:.0f} {unit}" if whole else f"{amount:.1f} {unit}"


def release_view(
    project: Project,
    release: Release,
    told: Told,
    home: str,
    ecosystem: Ecosystem,
    known: Callable[[ProjectKey], bool],
    *,
    files: str,
    latest: bool,
    found: tuple[Release, ...] = (),
    dependents: Iterable[Dependent] = (),
) -> ReleaseView:
    """What the page of a release says, and that of a project, which alone has ``found``, all its releases.

    ``home`` leads from there to the repository, ``files`` to what the places of files are in, and ``known`` tells which
    projects the repository has.
    """
    description = told.description
    packages = f"{home}packages/"
    needed_by = tuple(dependents)
    return ReleaseView(
        key=project.key,
        name=description.name,
        release=release,
        latest=latest,
        own_page=not found,
        pinned=not found or release.prerelease or release.yanked or release.archived,
        description=description,
        about=tuple(linked(text) for text in description.about.split("\n\n") if text.strip()),
        authors=tuple(linked(author) for author in description.authors),
        readme=told.readme,
        news=told.news if found else "",
        files=tuple(_file_row(entry, files, ecosystem) for entry in release.entries),
        binaries=binaries_of((one.record.target for one in release.entries if not one.record.archived), ecosystem),
        requirements=_grouped(description.dependencies, packages, known),
        dependents=_by_group(needed_by, packages),
        dependent_count=len({one.key for one in needed_by}),
        classifiers=_classified(description.classifiers),
        links=tuple(link for link in description.links if link.url is None or checked_url(link.url)),
        releases=found,
    )


def linked(text: str) -> Linked:
    """The text, where addresses of the web that stand in ``<>`` have become links."""
    pieces: list[str | Link] = []
    for place, piece in enumerate(_SET_APART.split(text)):
        url = checked_url(piece) if place % 2 else None
        shown = f"<{piece}>" if place % 2 and not url else piece
        pieces.append(_address(url) if url else shown)
    return tuple(piece for piece in pieces if piece)


def _address(url: str) -> Link:
    shown = url.partition("://")[2]
    return Link(label=_REGISTERS.get(shown.partition("/")[0], shown), url=url)


def _file_row(entry: Entry, files: str, ecosystem: Ecosystem) -> FileRow:
    record = entry.record
    # Everything but unreserved characters is quoted: object stores read a bare "+" as a space.
    path = ecosystem.file_places(record)[0]
    place = quote(path)
    href = files + place
    platform = ecosystem.platform(record.target) if record.target else None
    kind = ecosystem.kinds.get(record.kind, record.kind)
    public = entry.metadata is not None and ecosystem.has_public_metadata(record.facts)
    return FileRow(
        filename=posixpath.basename(path),
        href=href,
        place=place,
        kind=f"{kind} for {platform.words}" if platform else kind,
        platform=platform,
        size=size_in_words(record.size),
        bytes=record.size,
        date=day(record.uploaded),
        sha256=record.sha256,
        remarks=ecosystem.remarks(record),
        signature=f"{href}.asc" if entry.signature is not None else None,
        metadata=f"{href}.metadata" if public else None,
        yanked=record.yanked,
        archived=record.archived,
    )


def _grouped(dependencies: Iterable[Dependency], packages: str, known: Callable[[ProjectKey], bool]) -> Grouped:
    groups: dict[str, list[Requirement]] = {"": []}
    for dependency in dependencies:
        match = _NAME_FIRST.match(dependency.text)
        name = match[0] if match else ""
        there = bool(dependency.key) and known(ProjectKey(dependency.key))
        groups.setdefault(dependency.group, []).append(
            Requirement(
                name=name,
                rest=dependency.text[len(name) :],
                href=f"{packages}{quote(dependency.key)}/index.html" if there else None,
            )
        )
    return tuple((group, tuple(listed)) for group, listed in groups.items() if listed)


def _by_group(dependents: Iterable[Dependent], packages: str) -> Grouped:
    groups: dict[str, list[Requirement]] = {}
    for one in sorted(dependents, key=lambda one: (one.group, one.name.lower(), one.key)):
        href = f"{packages}{quote(one.key)}/index.html"
        groups.setdefault(one.group, []).append(Requirement(name=one.name, rest="", href=href))
    return tuple((group, tuple(listed)) for group, listed in groups.items())


def _classified(classifiers: Iterable[str]) -> tuple[Fact, ...]:
    groups: dict[str, list[str]] = {}
    for classifier in classifiers:
        first, _, rest = classifier.partition(" :: ")
        groups.setdefault(first, []).append(rest or first)
    return tuple(Fact(label=label, values=tuple(values)) for label, values in groups.items())
