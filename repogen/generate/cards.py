"""What pages need of projects besides their own records, made once and kept in the derived data."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from repogen.ecosystems import Ecosystem
from repogen.generate.derived import Derived
from repogen.generate.page_values import ListEntry, Release, latest, list_entry, releases
from repogen.generate.view import Shown, View
from repogen.model.catalog import Project
from repogen.model.names import BlobId, ProjectKey
from repogen.model.pages import Description, Readme


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What pages are made with. ``fingerprint`` stands for everything that decides how they come out."""

    fingerprint: str
    derived: Derived
    render_readme: Callable[[Readme], str]


@dataclass(frozen=True, slots=True)
class Card:
    """A project as other pages know it: its line in lists, and the keys of all that its releases depend on."""

    entry: ListEntry
    depends: frozenset[str]


class Cards:
    """Cards, descriptions and rendered READMEs of the projects of one view."""

    def __init__(self, view: View, ecosystem: Ecosystem, workshop: Workshop) -> None:
        self._view = view
        self.ecosystem = ecosystem
        self._derived = workshop.derived
        self._fingerprint = workshop.fingerprint
        self._render = workshop.render_readme
        # A project is described for its page, its README and its card, one after the other.
        self._describe = functools.lru_cache(maxsize=1024)(self._read)

    def releases(self, project: Project) -> tuple[Release, ...]:
        """The releases of a project, newest first."""
        return releases(project, self.ecosystem.version_key)

    def card(self, key: ProjectKey, shown: Shown) -> Card:
        """The card of a project as it is shown."""
        kept = self._derived.get("card", self._key(shown.tree))
        # A row that somebody damaged is as good as none.
        with suppress(ValueError, TypeError):
            entry, depends = json.loads(kept or "")
            return Card(ListEntry.from_json(entry), frozenset(depends))
        project = self._view.project(key, shown)
        assert project is not None
        found = self.releases(project)
        shown_release = latest(found)
        described = {release.version: self.described(release) for release in found}
        depends = {dependency.key for one in described.values() for dependency in one.dependencies}
        card = Card(list_entry(project, shown_release, described[shown_release.version]), frozenset(depends))
        self._derived.put("card", self._key(shown.tree), json.dumps([card.entry.to_json(), sorted(depends)]))
        return card

    def described(self, release: Release) -> Description:
        """What a release's metadata says of it."""
        speaker = release.described_by
        if speaker is None or speaker.metadata is None:
            return Description(name=release.entries[0].record.name, version=release.version)
        return self._describe(speaker.metadata)

    def readme(self, release: Release) -> str:
        """The README of a release as safe HTML, or "" where it has none."""
        readme = self.described(release).readme
        if readme is None:
            return ""
        content = hashlib.sha256(f"{readme.content_type}\n{readme.text}".encode("utf-8", "surrogatepass")).hexdigest()
        kept = self._derived.get("readme", self._key(content))
        if kept is None:
            kept = self._render(readme)
            self._derived.put("readme", self._key(content), kept)
        return kept

    def _read(self, metadata: BlobId) -> Description:
        return self.ecosystem.describe(self._view.revision.blob(metadata))

    def _key(self, content: str) -> str:
        return f"{self._fingerprint} {content}"
