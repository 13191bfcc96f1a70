"""What each page for people says, and where it lies. Which words and marks it uses is the templates' matter.

All links are relative and end in a file's name, so that a site works under any prefix and from ``file://``.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Final, Self
from urllib.parse import quote

from repogen.config import Config, Repository
from repogen.model.catalog import Entry, Project
from repogen.model.names import ProjectKey, SourceType, one_line
from repogen.model.pages import Dependency, Description, Fact, Link, file_path

#: Stands where the public address would, if repogen.toml named one.
PLACEHOLDER: Final = "https://YOUR-ADDRESS"

_TYPES: Final[Mapping[SourceType, str]] = {"python": "Python", "r": "R"}
_KINDS: Final = {"wheel": "Wheel", "sdist": "Source"}
_MAX_SUMMARY: Final = 300
_NAME_FIRST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_SCHEMES: Final = ("http://", "https://", "mailto:")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """A project in a list. ``version`` is the latest, ``uploaded`` its time; ``signed``: all its files are."""

    key: ProjectKey
    name: str
    version: str
    summary: str
    uploaded: str
    signed: bool

    @property
    def href(self) -> str:
        """The project's page, from the repository."""
        return f"packages/{quote(self.key)}/index.html"

    @property
    def date(self) -> str:
        """The day (UTC)."""
        return _day(self.uploaded)

    def to_json(self) -> str:
        """The entry as a JSON array."""
        return json.dumps(astuple(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of :meth:`to_json`."""
        key, name, version, summary, uploaded, signed = json.loads(text)
        return cls(key=key, name=name, version=version, summary=summary, uploaded=uploaded, signed=signed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The distributions of a project at one version, by file name."""

    version: str
    entries: tuple[Entry, ...]
    prerelease: bool

    @property
    def uploaded(self) -> str:
        """When its first file came."""
        return min(entry.record.uploaded for entry in self.entries)

    @property
    def date(self) -> str:
        """The day (UTC) of ``uploaded``."""
        return _day(self.uploaded)

    @property
    def yanked(self) -> bool:
        """Is every file of it yanked?"""
        return all(entry.record.yanked is not None for entry in self.entries)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why its files are yanked, each reason once."""
        return tuple(dict.fromkeys(entry.record.yanked for entry in self.entries if entry.record.yanked))

    @property
    def signed(self) -> bool:
        """Is every file of it signed?"""
        return all(entry.signature is not None for entry in self.entries)

    @property
    def described_by(self) -> Entry | None:
        """The distribution whose metadata speaks for the release: a built one before its source."""
        told = [entry for entry in self.entries if entry.metadata is not None]
        return min(told, key=lambda entry: (entry.record.kind == "sdist", entry.record.filename), default=None)

    @property
    def href(self) -> str:
        """The page of this version, from the project's folder."""
        return f"{quote(self.version)}/index.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A source that feeds a repository, and where clients send to."""

    source: str
    description: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What clients must know of a repository.

    ``has_address``: the URLs are real, and do not begin with :data:`PLACEHOLDER`. ``fallback`` is the index
    that clients are sent on to for projects which are not here, or "".
    """

    repository: str
    type: SourceType
    type_name: str
    description: str
    has_address: bool
    index_url: str
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
class FileRow:
    """A distribution. Links are from the page; None: there is no such file. ``yanked``: None or the reason."""

    filename: str
    href: str
    kind: str
    size: str
    bytes: int
    date: str
    sha256: str
    requires_python: str
    signature: str | None
    metadata: str | None
    yanked: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A dependency: the name, the rest as declared, and a link if the repository has that project."""

    name: str
    rest: str
    href: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """A project at one version. ``own_page``: this page is the version's, not the project's.

    ``requirement`` is what to install, quoted for a shell; ``readme`` safe HTML; ``releases`` all of the
    project, on the project's page only: else a new release would change the pages of all versions.
    """

    key: ProjectKey
    name: str
    release: Release
    latest: bool
    own_page: bool
    requirement: str
    description: Description
    readme: str
    files: tuple[FileRow, ...]
    requirements: tuple[tuple[str, tuple[Requirement, ...]], ...]
    classifiers: tuple[Fact, ...]
    links: tuple[Link, ...]
    releases: tuple[Release, ...]


def releases(project: Project, version_key: Callable[[str], Any]) -> tuple[Release, ...]:
    """The releases of a project, newest first. Versions with equal keys are one release, in its shortest spelling."""
    groups: dict[Any, list[Entry]] = {}
    for entry in project.entries:
        groups.setdefault(version_key(entry.record.version), []).append(entry)
    return tuple(
        Release(
            version=min((entry.record.version for entry in entries), key=lambda text: (len(text), text)),
            entries=tuple(sorted(entries, key=lambda entry: entry.record.filename)),
            prerelease=bool(getattr(key, "is_prerelease", False)),
        )
        for key, entries in sorted(groups.items(), key=lambda item: item[0], reverse=True)
    )


def latest(found: Sequence[Release]) -> Release:
    """The release that a project's own page shows: not yanked and final before not yanked before any; the newest."""
    return min(found, key=lambda release: (release.yanked, release.yanked or release.prerelease))


def list_entry(project: Project, release: Release, description: Description) -> ListEntry:
    """How lists and the search show a project whose latest release this is."""
    return ListEntry(
        key=project.key,
        name=description.name,
        version=release.version,
        summary=one_line(description.summary, limit=_MAX_SUMMARY),
        uploaded=release.uploaded,
        signed=release.signed,
    )


def setup_of(repository: Repository, config: Config) -> Setup:
    """What clients must know of a repository."""
    address = config.address or PLACEHOLDER
    return Setup(
        repository=repository.name,
        type=repository.type,
        type_name=_TYPES[repository.type],
        description=repository.description,
        has_address=bool(config.address),
        index_url=f"{address}/{repository.name}/latest/simple/",
        fallback=repository.fallback,
        uploads=tuple(
            Upload(
                source=name,
                description=config.sources[name].description,
                url=f"{address}/upload/pypi/{name}/",
            )
            for name in repository.sources
        ),
    )


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
    description: Description,
    readme: str,
    home: str,
    known: Callable[[ProjectKey], bool],
    has_metadata: Callable[[Mapping[str, Any]], bool],
    *,
    pinned: bool,
    latest: bool,
    found: tuple[Release, ...],
) -> ReleaseView:
    """What the page of a release says. ``home`` leads from there to the repository."""
    return ReleaseView(
        key=project.key,
        name=description.name,
        release=release,
        latest=latest,
        own_page=not found,
        requirement=shlex.quote(f"{project.key}=={release.version}" if pinned else project.key),
        description=description,
        readme=readme,
        files=tuple(_file_row(entry, home, has_metadata) for entry in release.entries),
        requirements=_grouped(description.dependencies, f"{home}packages/", known),
        classifiers=_classified(description.classifiers),
        links=tuple(link for link in description.links if link.url is None or link.url.startswith(_SCHEMES)),
        releases=found,
    )


def _file_row(entry: Entry, home: str, has_metadata: Callable[[Mapping[str, Any]], bool]) -> FileRow:
    record = entry.record
    # Everything but unreserved characters is quoted: object stores read a bare "+" as a space.
    href = home + quote(file_path(record.sha256, record.filename))
    return FileRow(
        filename=record.filename,
        href=href,
        kind=_KINDS.get(record.kind, record.kind),
        size=size_in_words(record.size),
        bytes=record.size,
        date=_day(record.uploaded),
        sha256=record.sha256,
        requires_python=record.facts.get("requires_python") or "",
        signature=f"{href}.asc" if entry.signature is not None else None,
        metadata=f"{href}.metadata" if entry.metadata is not None and has_metadata(record.facts) else None,
        yanked=record.yanked,
    )


def _grouped(
    dependencies: Iterable[Dependency], packages: str, known: Callable[[ProjectKey], bool]
) -> tuple[tuple[str, tuple[Requirement, ...]], ...]:
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


def _classified(classifiers: Iterable[str]) -> tuple[Fact, ...]:
    groups: dict[str, list[str]] = {}
    for classifier in classifiers:
        first, _, rest = classifier.partition(" :: ")
        groups.setdefault(first, []).append(rest or first)
    return tuple(Fact(label=label, values=tuple(values)) for label, values in groups.items())


def _day(time: str) -> str:
    return time[: len("2026-11-22")]
