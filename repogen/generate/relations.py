"""What pages say of other projects of their repository: who depends on whom, and what there are files for."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from repogen.generate.cards import Cards, Shelf
from repogen.generate.page_values import Dependent
from repogen.generate.view import Shown
from repogen.model.names import ProjectKey

#: Up to so many names are looked for in the texts before any is read.
_FEW = 50


#: Stands in a kept text between the targets, which are the same for many projects, and what it depends on.
_BETWEEN = "\x1c"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a project depends on, as the pages of others tell it.

    ``name`` is its own. ``now``: the groups in which its latest release names each project (none if that is
    archived); ``ever``: the keys of all that any of its releases names.
    """

    name: str
    now: Mapping[ProjectKey, tuple[str, ...]]
    ever: frozenset[ProjectKey]

    def told(self) -> set[tuple[ProjectKey, str, tuple[str, ...]]]:
        """What stands on pages of others: whose, under which name, in which groups."""
        return {(key, self.name, groups) for key, groups in self.now.items()}


class Relations:
    """What each of these projects needs; kept as texts, of which one build reads few."""

    def __init__(self, cards: Cards, names: Mapping[ProjectKey, Shown]) -> None:
        self._cards = cards
        self._names = names
        kept = cards.kept("needs", [shown.tree for shown in names.values()])
        self._texts = {key: self._whole(key, kept.get(shown.tree, "")) for key, shown in names.items()}

    def __contains__(self, key: object) -> bool:
        """Is it one of these projects?"""
        return key in self._texts

    def told(self, key: ProjectKey) -> set[tuple[ProjectKey, str, tuple[str, ...]]]:
        """What pages of others say of a project; nothing if it is not there."""
        return self._needs(key, self._texts[key]).told() if key in self else set()

    def targets(self) -> list[str]:
        """The targets of all files that are not archived."""
        heads = {text.partition(_BETWEEN)[0]: key for key, text in self._texts.items()}
        return sorted({target for head, key in heads.items() for target in self._targets(key, head)})

    def naming(self, wanted: Collection[ProjectKey]) -> Iterator[tuple[ProjectKey, Needs]]:
        """The projects of which any release names one of these."""
        marks = [json.dumps(key) for key in wanted] if len(wanted) <= _FEW else ['"']
        for key, text in self._texts.items():
            if any(mark in text for mark in marks):
                needs = self._needs(key, text)
                if not needs.ever.isdisjoint(wanted):
                    yield key, needs

    def dependents(self, wanted: Collection[ProjectKey]) -> dict[ProjectKey, list[Dependent]]:
        """Who depends on each of these now."""
        found: dict[ProjectKey, list[Dependent]] = {key: [] for key in wanted}
        for key, needs in self.naming(wanted):
            for needed in needs.now.keys() & found.keys():
                found[needed] += [Dependent(key=key, name=needs.name, group=group) for group in needs.now[needed]]
        return found

    def _whole(self, key: ProjectKey, kept: str) -> str:
        # A text that somebody damaged is as good as none.
        good = kept.startswith("[") and kept.endswith("]]") and f"]{_BETWEEN}[" in kept
        return kept if good else self._made(key)

    def _made(self, key: ProjectKey) -> str:
        shown = self._names[key]
        shelf = self._cards.shelf(key, shown)
        needs = _needs_of(shelf)
        targets = {entry.record.target for entry in shelf.project.entries if not entry.record.archived}
        told = json.dumps([needs.name, needs.now, sorted(needs.ever)])
        text = f"{json.dumps(sorted(targets - {''}))}{_BETWEEN}{told}"
        self._cards.keep("needs", shown.tree, text)
        return text

    def _targets(self, key: ProjectKey, head: str) -> list[str]:
        try:
            found: list[str] = json.loads(head)
        except ValueError:
            found = json.loads(self._made(key).partition(_BETWEEN)[0])
        return found

    def _needs(self, key: ProjectKey, text: str) -> Needs:
        try:
            name, now, ever = json.loads(text.partition(_BETWEEN)[2])
        except ValueError:
            name, now, ever = json.loads(self._made(key).partition(_BETWEEN)[2])
        return Needs(name=name, now={one: tuple(groups) for one, groups in now.items()}, ever=frozenset(ever))


def _needs_of(shelf: Shelf) -> Needs:
    now: dict[ProjectKey, dict[str, None]] = {}
    described = shelf.described(shelf.latest)
    for dependency in described.dependencies if not shelf.latest.archived else ():
        if dependency.key and dependency.key != shelf.project.key:
            now.setdefault(ProjectKey(dependency.key), {})[dependency.group] = None
    every = (one.key for release in shelf.releases for one in shelf.described(release).dependencies if one.key)
    return Needs(
        name=described.name,
        now={key: tuple(groups) for key, groups in sorted(now.items())},
        ever=frozenset(map(ProjectKey, every)),
    )
