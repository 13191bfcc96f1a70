"""What the repositories of a store show at one commit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from repogen.config import Config, Repository
from repogen.ecosystems import ecosystem_of, same_version
from repogen.errors import StoreError
from repogen.model.catalog import Project
from repogen.model.names import ProjectKey, TreeId
from repogen.store import paths
from repogen.store.precedence import winner
from repogen.store.revision import Revision


@dataclass(frozen=True, slots=True)
class Shown:
    """A project as a repository shows it: the source that won, and the id of the project's folder there."""

    source: str
    tree: TreeId


@dataclass(frozen=True, slots=True)
class View:
    """A revision and the configuration that counts for it."""

    revision: Revision
    config: Config

    @classmethod
    def of(cls, revision: Revision) -> View:
        return cls(revision, revision.good_config())

    def shown(self, repository: Repository, key: ProjectKey) -> Shown | None:
        """What the repository shows of a project, or None."""
        source = winner(self.revision, repository, key)
        tree = self.revision.project_id(source, key) if source else None
        return Shown(source, tree) if source and tree else None

    def all_shown(self, repository: Repository) -> dict[ProjectKey, Shown]:
        """Everything that a repository shows, sorted by key."""
        found: dict[ProjectKey, Shown] = {}
        for source in reversed(repository.sources):
            found |= {key: Shown(source, tree) for key, tree in self.revision.projects(source)}
        return dict(sorted(found.items()))

    def project(self, key: ProjectKey, shown: Shown | None) -> Project | None:
        """The distributions of a project as it is shown.

        Raises StoreError that names the place of what cannot be shown: somebody has pushed it by hand.
        """
        if shown is None:
            return None
        entries = self.revision.entries(shown.tree)
        place = paths.project_path(shown.source, key)
        if not entries:
            raise StoreError(f"{place} holds no distribution", hint="remove that folder from the store")
        ecosystem = ecosystem_of(self.config.sources[shown.source].type)
        for entry in entries:
            if not same_version(ecosystem, entry.record.version, entry.record.version):
                text = f"{place}: the record of {entry.record.filename!r} has the version {entry.record.version!r}"
                raise StoreError(text, hint="correct it in the store")
        return Project(key=key, source=shown.source, entries=entries)


def files_url(config: Config, repository: Repository) -> str:
    """The URL, with a slash at its end, below which the archives of a repository are; "": in the repository itself."""
    if not config.files_base or not ecosystem_of(repository.type).links_elsewhere:
        return ""
    return f"{config.files_base}/{repository.name}/"


@dataclass(frozen=True, slots=True)
class Changed:
    """A project that a repository shows differently (None: not at all) in two views."""

    key: ProjectKey
    old: Shown | None
    new: Shown | None


def all_changed(old: View | None, new: View, repository: Repository) -> Iterator[Changed]:
    """As :func:`changes`; from no view at all (None), everything is new."""
    if old is None:
        return (Changed(key, None, shown) for key, shown in new.all_shown(repository).items())
    return changes(old, new, repository)


def changes(old: View, new: View, repository: Repository) -> Iterator[Changed]:
    """The projects that ``repository`` shows differently, by key.

    A walk of two trees that skips every equal id: its cost follows what changed. Only where the sources of
    the repository are not the same as before is everything compared.
    """
    before = old.config.repositories.get(repository.name)
    if before is None or before.sources != repository.sources or before.type != repository.type:
        was = old.all_shown(before) if before and before.type == repository.type else {}
        now = new.all_shown(repository)
        keys: set[ProjectKey] = was.keys() | now.keys()
        pairs = ((key, was.get(key), now.get(key)) for key in sorted(keys))
    else:
        keys = {key for source in repository.sources for key in _touched(old.revision, new.revision, source)}
        pairs = ((key, old.shown(before, key), new.shown(repository, key)) for key in sorted(keys))
    for key, past, present in pairs:
        if past != present:
            yield Changed(key, past, present)


def _touched(old: Revision, new: Revision, source: str) -> Iterator[ProjectKey]:
    path = paths.source_path(source)
    before, after = old.folder_id(path), new.folder_id(path)
    if before == after:
        return
    old_shards, new_shards = old.folder(before).folders, new.folder(after).folders
    for name in old_shards.keys() | new_shards.keys():
        if old_shards.get(name) == new_shards.get(name):
            continue
        was, now = old.folder(old_shards.get(name)).folders, new.folder(new_shards.get(name)).folders
        yield from (ProjectKey(key) for key in was.keys() | now.keys() if was.get(key) != now.get(key))
