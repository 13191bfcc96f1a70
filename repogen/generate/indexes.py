"""The part of a site that clients read: archives, their metadata and signatures, and the indexes."""

from __future__ import annotations

from collections.abc import Iterator

from repogen.config import Repository
from repogen.ecosystems import ECOSYSTEMS, Ecosystem
from repogen.generate.publish import Output
from repogen.generate.view import Changed, Shown, View, all_changed
from repogen.model.catalog import Entry, Project
from repogen.model.names import BlobId
from repogen.model.pages import PoolFile, StoreFile, file_path
from repogen.store import paths


class Indexes:
    """Archives come first, then metadata and signatures, then the project's pages, then the lists.

    So whatever entry a client sees, the file behind it is there already.
    """

    name = "indexes"
    places: tuple[str, ...] = ("latest", "files")

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint

    def of_site(self, _old: View | None, _new: View) -> Iterator[Output]:
        """Nothing: clients read within a repository."""
        yield from ()

    def of_repository(self, repository: Repository, old: View | None, new: View, leaving: set[str]) -> Iterator[Output]:
        """What turns the repository's part of the site of ``old`` (None: of nothing) into that of ``new``.

        Paths are relative to the repository; those that are no longer part of it are added to ``leaving``.
        """
        ecosystem = ECOSYSTEMS.get(repository.type)
        if ecosystem is None:
            return
        before = old.config.repositories.get(repository.name) if old else None
        names_changed = before is None or before.type != repository.type
        for change in all_changed(old, new, repository):
            names_changed |= change.old is None or change.new is None
            yield from _project(change, ecosystem, old, new, leaving)
        if names_changed:
            yield from ecosystem.project_list(list(new.all_shown(repository)))


def _project(change: Changed, ecosystem: Ecosystem, old: View | None, new: View, leaving: set[str]) -> Iterator[Output]:
    was = _archives(old, change.old)
    now = _archives(new, change.new)
    project = new.project(change.key, change.new)
    if old and any(now.get(name) != blobs for name, blobs in was.items()):
        leaving |= _paths(old.project(change.key, change.old), ecosystem) - _paths(project, ecosystem)
    if project is None:
        return
    fresh = {name for name, blobs in now.items() if was.get(name) != blobs}
    files = [file for entry in project.entries if entry.record.filename in fresh for file in _files(entry, ecosystem)]
    yield from sorted(files, key=lambda file: isinstance(file, StoreFile))
    yield from ecosystem.project_index(project)


def _archives(view: View | None, shown: Shown | None) -> dict[str, tuple[BlobId | None, ...]]:
    """By file name: the blobs of pointer, metadata and signature. What is published of an archive depends on these."""
    if view is None or shown is None:
        return {}
    files = dict(view.revision.files_below(shown.tree))
    return {
        path.rpartition("/")[2]: (blob, files.get(path + paths.METADATA), files.get(path + paths.SIGNATURE))
        for path, blob in files.items()
        if path + paths.RECORD in files
    }


def _files(entry: Entry, ecosystem: Ecosystem) -> Iterator[PoolFile | StoreFile]:
    path = file_path(entry.record.sha256, entry.record.filename)
    yield PoolFile(path=path, sha256=entry.record.sha256)
    if entry.metadata is not None and ecosystem.has_public_metadata(entry.record.facts):
        yield StoreFile(path=path + paths.METADATA, blob=entry.metadata)
    if entry.signature is not None:
        yield StoreFile(path=path + paths.SIGNATURE, blob=entry.signature)


def _paths(project: Project | None, ecosystem: Ecosystem) -> set[str]:
    if project is None:
        return set()
    files = {file.path for entry in project.entries for file in _files(entry, ecosystem)}
    return files | {page.path for page in ecosystem.project_index(project)}
