"""The part of a site that people read: which of its pages change between two views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from repogen.config import Repository
from repogen.ecosystems import ecosystem_of
from repogen.generate import page_makers
from repogen.generate.cards import Cards, Shelf, Workshop
from repogen.generate.page_makers import Around
from repogen.generate.page_values import Dependent, setup_of
from repogen.generate.publish import Output
from repogen.generate.relations import Relations
from repogen.generate.releases import Release
from repogen.generate.shelves import Range, ranges, shard_count, shard_of
from repogen.generate.view import Changed, Shown, View, all_changed
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
        ecosystem = ecosystem_of(repository.type)
        after = new.all_shown(repository)
        before = _before(after, changed)
        cards = Cards(new, ecosystem, self._workshop)
        past = Cards(old, ecosystem, self._workshop) if old else cards
        relations = Relations(cards, after)
        if afresh:
            plan = dict.fromkeys({**before, **after}, True)
        else:
            plan = _plan(changed, Relations(past, {key: before[key] for key in changed if key in before}), relations)
        around = Around(repository, new.config, ecosystem, after.__contains__)
        dependents = relations.dependents(plan)
        for key, all_pages in sorted(plan.items()):
            gone = past.shelf(key, before[key]) if key in before else None
            shelf = cards.shelf(key, after[key]) if key in after else None
            leaving |= _paths(gone) - _paths(shelf)
            if shelf:
                yield from _project(around, cards, gone, shelf, dependents[key], all_pages=all_pages)
        yield from _lists(around, cards, relations, before, after, set(plan if afresh else changed), leaving)


def _before(after: Names, changed: Mapping[ProjectKey, Changed]) -> Names:
    """What was shown before these changes."""
    was = {**after, **{key: change.old for key, change in changed.items()}}
    return {key: shown for key, shown in was.items() if shown is not None}


def _plan(changed: Mapping[ProjectKey, Changed], past: Relations, present: Relations) -> dict[ProjectKey, bool]:
    """The projects whose pages are not as they were; True: all their pages, whatever their own records say.

    Those that changed; those of which a changed one tells something else than before; and in full, those that
    name a project which came or went, as their links to it do.
    """
    plan = dict.fromkeys(changed, False)
    for key in changed:
        plan |= {one: False for one, _, _ in past.told(key) ^ present.told(key) if one in present}
    moved = {key for key, change in changed.items() if change.old is None or change.new is None}
    return plan | {key: True for key, _ in present.naming(moved)}


def _project(
    around: Around, cards: Cards, gone: Shelf | None, shelf: Shelf, dependents: list[Dependent], *, all_pages: bool
) -> Iterator[Output]:
    """The page of a project, and of those of its releases that are not as they were."""
    was, now = _releases(gone), _releases(shelf)
    for release in shelf.releases:
        is_latest = release is shelf.latest
        stale = all_pages or was.get(release.version) != now[release.version]
        if not is_latest and not stale:
            continue
        told = cards.told(shelf, release)
        if is_latest:
            yield page_makers.project_page(around, shelf.project, shelf.releases, told, dependents)
        if stale:
            yield page_makers.release_page(around, shelf.project, release, told, latest=is_latest)


def _releases(shelf: Shelf | None) -> dict[str, tuple[Release, bool]]:
    """By version: the release, and whether it is the latest. What the page of a release depends on."""
    return {release.version: (release, release is shelf.latest) for release in shelf.releases} if shelf else {}


def _paths(shelf: Shelf | None) -> set[str]:
    if shelf is None:
        return set()
    folder = f"packages/{shelf.project.key}/"
    return {f"{folder}index.html", *(f"{folder}{release.version}/index.html" for release in shelf.releases)}


def _lists(
    around: Around,
    cards: Cards,
    relations: Relations,
    before: Names,
    after: Names,
    changed: set[ProjectKey],
    leaving: set[str],
) -> Iterator[Output]:
    """The search data, the browse pages and the repository's own page."""
    # For people capitals make no difference, and what differs in nothing else has an order, too.
    order = sorted(sorted({**before, **after}), key=str.lower)
    before, after = ({key: names[key] for key in order if key in names} for names in (before, after))
    count, old_count = shard_count(len(after)), shard_count(len(before)) if before else 0
    dirty = {shard_of(key, count) for key in changed} if count == old_count else set(range(count))
    held: dict[int, list[ProjectKey]] = {number: [] for number in sorted(dirty)}
    for key in after:
        if (number := shard_of(key, count)) in held:
            held[number].append(key)
    for number, keys in held.items():
        yield page_makers.search_shard(number, [cards.entry(key, after[key]) for key in keys])
    leaving |= {f"search/{number}.js" for number in range(count, old_count)}
    pieces = ranges(list(after))
    past = pieces if before.keys() == after.keys() else ranges(list(before))
    yield from _browse(around, cards, past, pieces, after, changed, leaving)
    entries = [] if pieces else [cards.entry(key, shown) for key, shown in after.items()]
    links = [page_makers.browse_link(piece.id, piece.keys) for piece in pieces]
    yield page_makers.repository_page(
        around.repository,
        around.config,
        count=len(after),
        shards=count,
        entries=entries,
        pages=links,
        targets=relations.targets(),
    )


def _browse(
    around: Around,
    cards: Cards,
    past: tuple[Range, ...],
    pieces: tuple[Range, ...],
    after: Names,
    changed: set[ProjectKey],
    leaving: set[str],
) -> Iterator[Output]:
    was, now = _neighbours(past), _neighbours(pieces)
    leaving |= {f"browse/{identifier}/index.html" for identifier in was.keys() - now.keys()}
    for identifier, (piece, previous, following) in now.items():
        if was.get(identifier) != now[identifier] or not changed.isdisjoint(piece.keys):
            entries = [cards.entry(key, after[key]) for key in piece.keys]
            yield page_makers.browse_page(
                around.repository, identifier, entries, previous=previous, following=following
            )


def _neighbours(pieces: tuple[Range, ...]) -> dict[str, tuple[Range, str | None, str | None]]:
    ids = [None, *(piece.id for piece in pieces), None]
    return {piece.id: (piece, ids[place], ids[place + 2]) for place, piece in enumerate(pieces)}
