"""The part of a site that people read: which of its pages change between two views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from repogen.config import Repository
from repogen.ecosystems import ECOSYSTEMS
from repogen.generate import page_makers
from repogen.generate.cards import Cards, Workshop
from repogen.generate.page_values import Release, latest, setup_of
from repogen.generate.publish import Output
from repogen.generate.shelves import Range, ranges, shard_count, shard_of
from repogen.generate.view import Changed, Shown, View, all_changed
from repogen.model.catalog import Project
from repogen.model.names import ProjectKey
from repogen.model.pages import Page

Names = Mapping[ProjectKey, Shown]


class Pages:
    """Pages of projects and releases, the lists, the search data, and what surrounds them."""

    name = "pages"
    places: tuple[str, ...] = ("index.html", "packages", "browse", "search")

    def __init__(self, workshop: Workshop, static: Mapping[str, bytes]) -> None:
        self.fingerprint = workshop.fingerprint
        self._workshop = workshop
        self._static = static

    def of_site(self, old: View | None, new: View) -> Iterator[Output]:
        """The first page, the page for what is missing, and what pages load."""
        if old is None:
            yield from (Page(path=path, body=body) for path, body in self._static.items())
            # Browsers ask here where a page cannot name its icon: beside a signature, say.
            yield Page(path="favicon.ico", body=self._static["static/favicon.ico"])
        if old is None or old.config != new.config:
            yield page_makers.home_page(new.config)
            yield page_makers.missing_page(new.config)

    def of_repository(self, repository: Repository, old: View | None, new: View, leaving: set[str]) -> Iterator[Output]:
        """What turns the pages of a repository in ``old`` (None: nothing) into those in ``new``."""
        was = old.config.repositories.get(repository.name) if old else None
        if old is None or was is None or was.type != repository.type:
            old = was = None
        # Every page of a project says how to set up its repository.
        afresh = old is None or was is None or setup_of(was, old.config) != setup_of(repository, new.config)
        changed = {change.key: change for change in all_changed(old, new, repository)}
        if not afresh and not changed:
            return
        before = old.all_shown(was) if old and was else {}
        after = new.all_shown(repository)
        ecosystem = ECOSYSTEMS.get(repository.type)
        if ecosystem is None:
            yield page_makers.repository_page(repository, new.config, count=0, shards=0)
            return
        cards = Cards(new, ecosystem, self._workshop)
        for change, all_pages in _to_render(changed, before, after, cards, afresh=afresh):
            yield from _project(change, repository, old, new, cards, after, leaving, afresh=all_pages)
        yield from _lists(repository, new, cards, before, after, {*changed, *(after if afresh else ())}, leaving)


def _to_render(
    changed: Mapping[ProjectKey, Changed], before: Names, after: Names, cards: Cards, *, afresh: bool
) -> Iterator[tuple[Changed, bool]]:
    """The changed projects, and those whose pages link to one that came or went: these get all their pages anew."""
    moved = {key for key in changed if (key in before) != (key in after)}
    for key in sorted({**before, **after} if afresh or moved else changed):
        shown = after.get(key)
        relinked = shown is not None and bool(moved) and not moved.isdisjoint(cards.card(key, shown).depends)
        if afresh or relinked or key in changed:
            yield Changed(key, before.get(key), shown), afresh or relinked


def _project(
    change: Changed,
    repository: Repository,
    old: View | None,
    new: View,
    cards: Cards,
    names: Names,
    leaving: set[str],
    *,
    afresh: bool,
) -> Iterator[Output]:
    """The pages of a project and of those of its releases that are not as they were."""
    gone = old.project(change.key, change.old) if old else None
    project = new.project(change.key, change.new)
    was = _releases(gone, cards)
    now = _releases(project, cards)
    leaving |= _paths(gone, was) - _paths(project, now)
    if project is None:
        return
    found = cards.releases(project)
    shown = latest(found)
    known, has_metadata = names.__contains__, cards.ecosystem.has_public_metadata
    for release in found:
        stale = afresh or was.get(release.version) != now[release.version]
        if release is not shown and not stale:
            continue
        described, readme = cards.described(release), cards.readme(release)
        if release is shown:
            yield page_makers.project_page(
                repository, new.config, project, found, described, readme, known=known, has_metadata=has_metadata
            )
        if stale:
            yield page_makers.release_page(
                repository,
                new.config,
                project,
                release,
                described,
                readme,
                latest=release is shown,
                known=known,
                has_metadata=has_metadata,
            )


def _releases(project: Project | None, cards: Cards) -> dict[str, tuple[Release, bool]]:
    """By version: the release, and whether it is the latest. What the page of a release depends on."""
    if project is None:
        return {}
    found = cards.releases(project)
    return {release.version: (release, release is latest(found)) for release in found}


def _paths(project: Project | None, versions: Mapping[str, object]) -> set[str]:
    if project is None:
        return set()
    return {f"packages/{project.key}/{path}index.html" for path in ("", *(f"{version}/" for version in versions))}


def _lists(
    repository: Repository,
    new: View,
    cards: Cards,
    before: Names,
    after: Names,
    changed: set[ProjectKey],
    leaving: set[str],
) -> Iterator[Output]:
    """The search data, the browse pages and the repository's own page."""
    count, old_count = shard_count(len(after)), shard_count(len(before)) if before else 0
    dirty = {shard_of(key, count) for key in changed} if count == old_count else set(range(count))
    held: dict[int, list[ProjectKey]] = {number: [] for number in sorted(dirty)}
    for key in after:
        if (number := shard_of(key, count)) in held:
            held[number].append(key)
    for number, keys in held.items():
        yield page_makers.search_shard(number, [cards.card(key, after[key]).entry for key in keys])
    leaving |= {f"search/{number}.js" for number in range(count, old_count)}
    yield from _browse(repository, cards, before, after, changed, leaving)
    pieces = ranges(list(after))
    entries = [] if pieces else [cards.card(key, shown).entry for key, shown in after.items()]
    links = [page_makers.browse_link(piece.id, piece.keys) for piece in pieces]
    yield page_makers.repository_page(
        repository, new.config, count=len(after), shards=count, entries=entries, pages=links
    )


def _browse(
    repository: Repository, cards: Cards, before: Names, after: Names, changed: set[ProjectKey], leaving: set[str]
) -> Iterator[Output]:
    was, now = _neighbours(ranges(list(before))), _neighbours(ranges(list(after)))
    leaving |= {f"browse/{identifier}/index.html" for identifier in was.keys() - now.keys()}
    for identifier, (piece, previous, following) in now.items():
        if was.get(identifier) != now[identifier] or not changed.isdisjoint(piece.keys):
            entries = [cards.card(key, after[key]).entry for key in piece.keys]
            yield page_makers.browse_page(repository, identifier, entries, previous=previous, following=following)


def _neighbours(pieces: tuple[Range, ...]) -> dict[str, tuple[Range, str | None, str | None]]:
    ids = [None, *(piece.id for piece in pieces), None]
    return {piece.id: (piece, ids[place], ids[place + 2]) for place, piece in enumerate(pieces)}
