"""The pages for people: where each lies, which template makes it, and what that is told.

Every template gets ``frame`` (:class:`~repogen.generate.page_values.Frame`). All links are relative and end in a
file's name, so that a site works under any prefix and from ``file://``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from repogen.config import Config, Repository
from repogen.ecosystems import Ecosystem, ecosystem_of
from repogen.generate.page_values import BrowseLink, Crumb, Dependent, Frame, Told, binaries_of, release_view, setup_of
from repogen.generate.releases import ListEntry, Release, latest
from repogen.generate.view import files_url
from repogen.model.catalog import Project
from repogen.model.names import ProjectKey
from repogen.model.pages import Page, Templated


@dataclass(frozen=True, slots=True)
class Around:
    """What the page of a project must know besides the project; ``known``: which projects the repository has."""

    repository: Repository
    config: Config
    ecosystem: Ecosystem
    known: Callable[[ProjectKey], bool]

    def files(self, home: str) -> str:
        """What leads to the folder that the places of files are in, from a page from which ``home`` leads to it."""
        return files_url(self.config, self.repository) or home


def home_page(config: Config) -> Templated:
    """The site's first page: the repositories, and how to use each."""
    setups = tuple(setup_of(repository, config) for _, repository in sorted(config.repositories.items()))
    return Templated(
        path="index.html",
        template="site/index.html",
        context={"frame": Frame(title="Package repositories", root=""), "setups": setups},
    )


def missing_page(config: Config) -> Templated:
    """What a web server shows for paths that do not exist: at any depth, so it loads nothing."""
    return Templated(path="404.html", template="site/404.html", context={"address": config.address})


def repository_page(
    repository: Repository,
    config: Config,
    *,
    count: int,
    shards: int,
    entries: Sequence[ListEntry] = (),
    pages: Sequence[BrowseLink] = (),
    targets: Iterable[str] = (),
) -> Templated:
    """A repository of ``count`` projects: all of them, or the pages of its list. ``shards`` hold the search data.

    ``targets`` are all that there are files for.
    """
    return Templated(
        path="index.html",
        template="site/repository.html",
        context={
            "frame": _frame(repository, "", "../"),
            "setup": setup_of(repository, config),
            "count": count,
            "shards": shards,
            "entries": tuple(entries),
            "pages": tuple(pages),
            "binaries": binaries_of(targets, ecosystem_of(repository.type)),
        },
    )


def browse_link(identifier: str, keys: Sequence[ProjectKey]) -> BrowseLink:
    """The link from the repository's page to one page of its list."""
    return BrowseLink(first=keys[0], last=keys[-1], href=_browse_path(identifier, quoted=True), count=len(keys))


def browse_page(
    repository: Repository,
    identifier: str,
    entries: Sequence[ListEntry],
    *,
    previous: str | None,
    following: str | None,
) -> Templated:
    """One page of a long list; ``previous`` and ``following`` are the ids of its neighbours."""
    home = "../../"
    here = Crumb(text=f"{entries[0].key} to {entries[-1].key}", href="index.html")
    return Templated(
        path=_browse_path(identifier),
        template="site/browse.html",
        context={
            "frame": _frame(repository, home, home + "../", here),
            "type": repository.type,
            "entries": tuple(entries),
            "previous": previous and home + _browse_path(previous, quoted=True),
            "following": following and home + _browse_path(following, quoted=True),
        },
    )


def project_page(
    around: Around, project: Project, found: Sequence[Release], told: Told, dependents: Iterable[Dependent]
) -> Templated:
    """A project as of its :func:`latest` release, which ``told`` is of; ``found`` are all its releases."""
    home = "../../"
    page = release_view(
        project,
        latest(found),
        told,
        home,
        around.ecosystem,
        around.known,
        files=around.files(home),
        latest=True,
        found=tuple(found),
        dependents=dependents,
    )
    return Templated(
        path=f"packages/{project.key}/index.html",
        template="site/project.html",
        context={
            "frame": _frame(around.repository, home, home + "../", Crumb(text=page.name, href="index.html")),
            "setup": setup_of(around.repository, around.config),
            "page": page,
        },
    )


def release_page(around: Around, project: Project, release: Release, told: Told, *, latest: bool) -> Templated:
    """A project at one version. Depends on no other release but for ``latest``: is it the one on the project's page?"""
    home = "../../../"
    page = release_view(
        project, release, told, home, around.ecosystem, around.known, files=around.files(home), latest=latest
    )
    above = Crumb(text=page.name, href="../index.html")
    here = Crumb(text=release.version, href="index.html")
    return Templated(
        path=f"packages/{project.key}/{release.version}/index.html",
        template="site/project.html",
        context={
            "frame": _frame(around.repository, home, home + "../", above, here),
            "setup": setup_of(around.repository, around.config),
            "page": page,
        },
    )


def search_shard(number: int, entries: Iterable[ListEntry]) -> Page:
    """The ``number``-th part of a repository's search data: a script, as ``file://`` lets pages load nothing else."""
    rows = [[entry.name, entry.version, entry.summary, entry.key] for entry in entries]
    data = json.dumps(rows, separators=(",", ":")).replace("<", "\\u003c")
    return Page(path=f"search/{number}.js", body=f"repogen.search({number},{data});\n".encode())


def _frame(repository: Repository, home: str, root: str, *further: Crumb) -> Frame:
    crumbs = (Crumb(text=repository.name, href=f"{home}index.html"), *further)
    title = " · ".join(crumb.text for crumb in reversed(crumbs))
    return Frame(title=title, root=root, home=home, crumbs=crumbs)


def _browse_path(identifier: str, *, quoted: bool = False) -> str:
    return f"browse/{quote(identifier) if quoted else identifier}/index.html"
