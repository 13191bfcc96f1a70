"""What the lists of a repository say of each project, made once and kept in the derived data."""

from __future__ import annotations

from repogen.config import Repository
from repogen.ecosystems import Ecosystem
from repogen.generate.derived import Derived
from repogen.generate.view import Shown, View
from repogen.model.catalog import Entry, Project
from repogen.model.names import ProjectKey

KIND = "listing"


class Listings:
    """The listings of one build. ``fingerprint`` stands for the generator that makes them."""

    def __init__(self, ecosystem: Ecosystem, derived: Derived, fingerprint: str) -> None:
        self._ecosystem = ecosystem
        self._derived = derived
        self._fingerprint = fingerprint

    def of(self, view: View, shown: Shown | None, project: Project | None) -> str | None:
        """The listing of a project as it is shown; None where it is not."""
        if shown is None or project is None:
            return None
        if self._ecosystem.lists_keys_only:
            return ""
        kept = self._derived.get(KIND, self._key(shown))
        if kept is None:
            kept = self._ecosystem.listing(project, lambda entry: _metadata(view, entry))
            self._derived.put(KIND, self._key(shown), kept)
        return kept

    def all(self, view: View, repository: Repository) -> dict[ProjectKey, str]:
        """The listings of all that a repository shows, sorted by key."""
        shown = view.all_shown(repository)
        if self._ecosystem.lists_keys_only:
            return dict.fromkeys(shown, "")
        kept = self._derived.get_many(KIND, [self._key(one) for one in shown.values()])
        found = {key: kept.get(self._key(one)) for key, one in shown.items()}
        return {
            key: listing if listing is not None else self.of(view, shown[key], view.project(key, shown[key])) or ""
            for key, listing in found.items()
        }

    def _key(self, shown: Shown) -> str:
        return f"{self._fingerprint} {shown.tree}"


def _metadata(view: View, entry: Entry) -> bytes:
    return view.revision.blob(entry.metadata) if entry.metadata is not None else b""
