"""Reading the store as it was at one commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pygit2

from repogen.config import Config, parse_config
from repogen.errors import ConfigError, StoreError
from repogen.model.catalog import Entry, Project
from repogen.model.names import BlobId, CommitId, ProjectKey, Sha256, TreeId, shard
from repogen.model.record import load_record
from repogen.model.tombstone import Tombstone, load_tombstone
from repogen.store import paths
from repogen.store.history import Step, archives_between, descends, find_commit, read_step

_CORRECT = "correct it in the store"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the tree: the ids of its subfolders and of its files, by name."""

    folders: Mapping[str, TreeId]
    files: Mapping[str, BlobId]


class Revision:
    """The store at one commit. Everything is read when it is asked for; nothing is kept."""

    def __init__(self, repository: pygit2.Repository, commit: CommitId) -> None:
        self._repository = repository
        self.commit = commit
        with _readable(f"commit {commit}"):
            self._commit = repository[commit].peel(pygit2.Commit)

    def step(self) -> Step:
        """What the commit itself changed."""
        with _readable(f"commit {self.commit}"):
            return read_step(self._commit)

    def find(self, text: str) -> CommitId:
        """The commit of the history up to here that ``text`` means, see :func:`~repogen.store.history.find_commit`."""
        with _readable("the history"):
            return find_commit(self._repository, self.commit, text)

    def descends_from(self, commit: CommitId) -> bool:
        """Is that commit this one, or one of those that it came from? In a shallow clone: as far as that reaches."""
        with _readable("the history"):
            return descends(self._repository, self.commit, commit)

    def archives_since(self, commit: CommitId | None) -> tuple[Sha256, ...]:
        """The digests of the archives that are here and were not at ``commit`` (None: at no commit)."""
        with _readable("the history"):
            return archives_between(self._repository, commit, self.commit)

    def folder_id(self, path: str) -> TreeId | None:
        """The id of the folder at ``path``, or None."""
        with _readable(path):
            found = self._find(path)
        return TreeId(str(found.id)) if isinstance(found, pygit2.Tree) else None

    def folder(self, tree: TreeId | None) -> Folder:
        """What lies directly in the folder with that id (None: nothing)."""
        folders: dict[str, TreeId] = {}
        files: dict[str, BlobId] = {}
        if tree is not None:
            for entry in self._tree(tree):
                if entry.type_str == "tree":
                    folders[str(entry.name)] = TreeId(str(entry.id))
                elif entry.type_str != "commit":
                    files[str(entry.name)] = BlobId(str(entry.id))
        return Folder(folders, files)

    def blob(self, blob: BlobId) -> bytes:
        """The bytes of a blob. Raises StoreError."""
        with _readable(f"blob {blob}"):
            return self._repository[blob].peel(pygit2.Blob).data

    def file_id(self, path: str) -> BlobId | None:
        """The id of the file at ``path``, or None."""
        with _readable(path):
            found = self._find(path)
        return BlobId(str(found.id)) if isinstance(found, pygit2.Blob) else None

    def read(self, path: str) -> bytes | None:
        """The bytes of the file at ``path``, or None where there is no such file. Raises StoreError."""
        with _readable(path):
            found = self._find(path)
            return found.data if isinstance(found, pygit2.Blob) else None

    def files_below(self, tree: TreeId | None) -> Iterator[tuple[str, BlobId]]:
        """Every file below the folder with that id, by its path relative to that folder, in order."""
        pending = [("", tree)]
        while pending:
            prefix, tree = pending.pop()
            folder = self.folder(tree)
            yield from ((prefix + name, blob) for name, blob in sorted(folder.files.items()))
            pending.extend((f"{prefix}{name}/", child) for name, child in sorted(folder.folders.items(), reverse=True))

    def config(self) -> Config:
        """The configuration of this very commit. Raises ConfigError."""
        data = self.read(paths.CONFIG)
        if data is None:
            raise ConfigError("the file is missing from the store")
        return parse_config(data)

    def good_config(self) -> Config:
        """The newest configuration on the way back from this commit that can be used.

        A mistake in ``repogen.toml`` must not stop a store that was working. Raises ConfigError (that of
        this commit) where no commit has a good one.
        """
        try:
            return self.config()
        except ConfigError:
            for data in self._older_configs():
                with suppress(ConfigError):
                    return parse_config(data)
            raise

    def _older_configs(self) -> Iterator[bytes]:
        """Every other text that ``repogen.toml`` had before this commit, newest first."""
        seen = self.read(paths.CONFIG)
        parents = self._commit.parent_ids
        while parents:
            before = Revision(self._repository, CommitId(str(parents[0])))
            parents = before._commit.parent_ids
            data = before.read(paths.CONFIG)
            if data is not None and data != seen:
                yield data
            seen = data

    def projects(self, source: str) -> Iterator[tuple[ProjectKey, TreeId]]:
        """Every project of a source, with the id of its folder."""
        shards = self.folder(self.folder_id(paths.source_path(source)))
        for name, tree in shards.folders.items():
            for key, project in self.folder(tree).folders.items():
                # Elsewhere it would be seen here and not found by its name.
                if shard(key) == name:
                    yield ProjectKey(key), project

    def project_id(self, source: str, key: ProjectKey) -> TreeId | None:
        """The id of a project's folder: it changes when anything in the project does. None: no such project."""
        return self.folder_id(paths.project_path(source, key))

    def project(self, source: str, key: ProjectKey) -> Project | None:
        """All that a source holds of a project, or None. Raises StoreError for a record that cannot be read."""
        entries = self.entries(self.project_id(source, key))
        return Project(key=key, source=source, entries=entries) if entries else None

    def versions(self, source: str, key: ProjectKey) -> tuple[str, ...]:
        """The names of the version folders of a project."""
        return tuple(self.folder(self.project_id(source, key)).folders)

    def removed_versions(self, source: str, key: ProjectKey) -> tuple[str, ...]:
        """The names of the version folders of what was removed of a project."""
        return tuple(self.folder(self.folder_id(paths.tombstones_path(source, key))).folders)

    def sources_with(self, key: ProjectKey, sha256: Sha256, size: int) -> tuple[str, ...]:
        """The sources in whose project of that name some file has these bytes.

        An archive states its own name, so the same bytes belong to the same project wherever they are.
        """
        pointer = str(pygit2.hash(paths.lfs_pointer(sha256, size)))
        sources = sorted(self.folder(self.folder_id(paths.SOURCES)).folders)
        return tuple(
            source
            for source in sources
            if any(blob == pointer for _, blob in self.files_below(self.project_id(source, key)))
        )

    def others_spelled_alike(self, source: str, key: ProjectKey) -> tuple[ProjectKey, ...]:
        """The projects, also removed ones, whose names differ from this one in upper and lower case only."""
        folded = key.lower()
        beside = [paths.project_path(source, key), paths.tombstones_path(source, key)]
        shards = [self.folder(self.folder_id(path.rpartition("/")[0])) for path in beside]
        found = {name for folder in shards for name in folder.folders if name.lower() == folded and name != key}
        return tuple(map(ProjectKey, sorted(found)))

    def tombstones(self, source: str, key: ProjectKey) -> dict[str, Tombstone]:
        """What was removed of a project, by path. Raises StoreError for a tombstone that cannot be read."""
        folder = paths.tombstones_path(source, key)
        found = {}
        for name, blob in self.files_below(self.folder_id(folder)):
            try:
                found[f"{folder}/{name}"] = load_tombstone(self.blob(blob))
            except ValueError as error:
                raise StoreError(f"{folder}/{name}: {error}", hint=_CORRECT) from error
        return found

    def entries(self, tree: TreeId | None) -> tuple[Entry, ...]:
        """The distributions below the folder with that id (of a project, of a release), sorted by file name.

        Raises StoreError for a record that cannot be read or is not of the file beside it.
        """
        found: list[Entry] = []
        files = dict(self.files_below(tree))
        for path, pointer in files.items():
            record = files.get(path + paths.RECORD)
            if record is None:
                continue
            try:
                loaded = load_record(self.blob(record))
            except ValueError as error:
                raise StoreError(f"{path}{paths.RECORD}: {error}", hint=_CORRECT) from error
            entry = Entry(
                record=loaded,
                metadata=files.get(path + paths.METADATA),
                signature=files.get(path + paths.SIGNATURE),
            )
            if not f"/{path}".endswith(f"/{entry.place}"):
                raise StoreError(f"{path}{paths.RECORD}: is of another file, {entry.place!r}", hint=_CORRECT)
            if pygit2.hash(paths.lfs_pointer(loaded.sha256, loaded.size)) != pygit2.Oid(hex=pointer):
                raise StoreError(f"{path}{paths.RECORD}: digest or size is not that of the pointer", hint=_CORRECT)
            found.append(entry)
        return tuple(sorted(found, key=lambda entry: (entry.record.filename, entry.record.target)))

    def _tree(self, tree: TreeId) -> pygit2.Tree:
        with _readable(f"tree {tree}"):
            return self._repository[tree].peel(pygit2.Tree)

    def _find(self, path: str) -> pygit2.Object | None:
        """What lies at ``path``. Step by step: an absent name is None, an absent object is damage."""
        if any("\ud800" <= char <= "\udfff" for char in path):
            return None  # bytes of a command line that are no UTF-8: nothing in the store has such a name
        found: pygit2.Object = self._repository[self._commit.tree_id]
        for name in path.split("/"):
            if not isinstance(found, pygit2.Tree) or name not in found:
                return None
            found = self._repository[found[name].id]
        return found


@contextmanager
def _readable(what: str) -> Iterator[None]:
    try:
        yield
    except (KeyError, ValueError, pygit2.GitError) as error:
        raise StoreError(f"{what} cannot be read: {error}", hint="check the store with git fsck") from error
