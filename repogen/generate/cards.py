"""What pages need of projects besides their own records, made once and kept in the derived data."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from repogen.ecosystems import Ecosystem
from repogen.generate.derived import Derived
from repogen.generate.page_values import Told
from repogen.generate.readme import NEWS, README, Place
from repogen.generate.releases import ListEntry, Release, latest, list_entry, releases
from repogen.generate.view import Shown, View
from repogen.model.catalog import Project
from repogen.model.names import ProjectKey, TreeId
from repogen.model.pages import Description, Readme

#: The kinds of derived data that are kept here.
KINDS = ("card", "needs", "readme")

#: So many projects are held at once: one is looked at for its pages, its card and its neighbours' pages in turn.
_HELD = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What pages are made with. ``fingerprint`` stands for everything that decides how they come out."""

    fingerprint: str
    derived: Derived
    render_readme: Callable[[Readme, Place], str]


class Shelf:
    """A project with its releases, newest first, each described when it is asked for."""

    def __init__(self, project: Project, ecosystem: Ecosystem, view: View) -> None:
        self.project = project
        self.releases = releases(project, ecosystem)
        self.latest = latest(self.releases)
        self._ecosystem = ecosystem
        self._view = view
        self._described: dict[str, Description] = {}

    def described(self, release: Release) -> Description:
        """What a release's metadata says of it."""
        found = self._described.get(release.version)
        if found is None:
            found = self._described[release.version] = self._describe(release)
        return found

    def _describe(self, release: Release) -> Description:
        speaker = release.described_by
        if speaker is None or speaker.metadata is None:
            return Description(name=release.entries[0].record.name, version=release.version)
        return self._ecosystem.describe(self._view.revision.blob(speaker.metadata), speaker.record.facts)


class Cards:
    """Projects of one view: as they are, and as other pages know them."""

    def __init__(self, view: View, ecosystem: Ecosystem, workshop: Workshop) -> None:
        self._view = view
        self.ecosystem = ecosystem
        self._workshop = workshop
        self.shelf = functools.lru_cache(maxsize=_HELD)(self._read)

    def entry(self, key: ProjectKey, shown: Shown) -> ListEntry:
        """The line of a project in lists."""
        kept = self._workshop.derived.get("card", self._id(shown.tree))
        # A row that somebody damaged is as good as none.
        with suppress(ValueError, TypeError):
            return ListEntry.from_json(kept or "")
        shelf = self.shelf(key, shown)
        entry = list_entry(shelf.project, shelf.latest, shelf.described(shelf.latest))
        self._workshop.derived.put("card", self._id(shown.tree), entry.to_json())
        return entry

    def kept(self, kind: str, trees: Sequence[TreeId]) -> dict[TreeId, str]:
        """The texts of a kind that are kept about projects, by the ids of their folders."""
        found = self._workshop.derived.get_many(kind, [self._id(tree) for tree in trees])
        return {tree: found[key] for tree in trees if (key := self._id(tree)) in found}

    def keep(self, kind: str, tree: TreeId, text: str) -> None:
        """Keep a text about a project."""
        self._workshop.derived.put(kind, self._id(tree), text)

    def told(self, shelf: Shelf, release: Release) -> Told:
        """What a release says of itself, its README and its news as safe HTML."""
        description = shelf.described(release)
        return Told(
            description=description,
            readme=self._rendered(description.readme, README),
            news=self._rendered(description.news, NEWS),
        )

    def _read(self, key: ProjectKey, shown: Shown) -> Shelf:
        project = self._view.project(key, shown)
        assert project is not None
        return Shelf(project, self.ecosystem, self._view)

    def _rendered(self, text: Readme | None, place: Place) -> str:
        if text is None:
            return ""
        content = f"{place.prefix}\n{text.content_type}\n{text.text}".encode("utf-8", "surrogatepass")
        key = self._id(hashlib.sha256(content).hexdigest())
        kept = self._workshop.derived.get("readme", key)
        if kept is None:
            kept = self._workshop.render_readme(text, place)
            self._workshop.derived.put("readme", key, kept)
        return kept

    def _id(self, content: str) -> str:
        return f"{self._workshop.fingerprint} {content}"
