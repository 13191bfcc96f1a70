"""The part of a site that clients read: archives, their metadata and signatures, and the indexes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from repogen.config import Repository
from repogen.ecosystems import Ecosystem, ecosystem_of
from repogen.generate.derived import Derived
from repogen.generate.listings import Listings
from repogen.generate.publish import Output
from repogen.generate.view import View, all_changed, files_url
from repogen.model.catalog import Entry, Project
from repogen.model.names import BlobId, Sha256
from repogen.model.pages import Page, PoolFile, StoreFile, Templated
from repogen.store import paths


class Indexes:
    """Archives come first, then metadata and signatures, then the project's pages, then the lists.

    So whatever entry a client sees, the file behind it is there already. Without ``files``, those that ``files_base``
    says are fetched from elsewhere are left out.
    """

    name = "indexes"
    places: tuple[str, ...] = ("latest", "files")

    def __init__(self, fingerprint: str, derived: Derived, *, files: bool = True) -> None:
        self.fingerprint = fingerprint if files else f"{fingerprint} without files"
        self._rules = fingerprint
        self._derived = derived
        self._files = files

    def of_site(self, _old: View | None, _new: View) -> Iterator[Output]:
        """Nothing: clients read within a repository."""
        yield from ()

    def of_repository(self, repository: Repository, old: View | None, new: View, leaving: set[str]) -> Iterator[Output]:
        """What turns the repository's part of the site of ``old`` (None: of nothing) into that of ``new``.

        Paths are relative to the repository; those that are no longer part of it are added to ``leaving``.
        """
        ecosystem = ecosystem_of(repository.type)
        listings = Listings(ecosystem, self._derived, self._rules)
        places = _Places(ecosystem, files_url(new.config, repository), published=self._files)
        before = old.config.repositories.get(repository.name) if old else None
        relist = before is None or before.type != repository.type
        past: list[str] = []
        for change in all_changed(old, new, repository):
            gone = old.project(change.key, change.old) if old else None
            project = new.project(change.key, change.new)
            yield from _project(gone, project, places, leaving)
            was = listings.of(old, change.old, gone) if old else None
            relist |= was != listings.of(new, change.new, project)
            past += [was] if was is not None else []
        if relist:
            present = listings.all(new, repository)
            leaving |= ecosystem.list_paths(past) - ecosystem.list_paths(present.values())
            yield from ecosystem.lists(present)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the files of a repository are: below ``url`` ("": in the site), and ``published`` in the site as well."""

    ecosystem: Ecosystem
    url: str
    published: bool

    def files(self, entries: Iterable[Entry]) -> list[PoolFile | StoreFile]:
        """What the site has of these, archives first."""
        if self.url and not self.published:
            return []
        found = [file for entry in entries for file in _files(entry, self.ecosystem)]
        return sorted(found, key=lambda file: isinstance(file, StoreFile))

    def index(self, project: Project) -> Sequence[Page | Templated]:
        """The index pages of a project."""
        return self.ecosystem.project_index(project, self.url)

    def paths(self, project: Project | None) -> set[str]:
        """All that the site has of a project."""
        return {file.path for file in (*self.files(project.entries), *self.index(project))} if project else set()


def _project(gone: Project | None, project: Project | None, places: _Places, leaving: set[str]) -> Iterator[Output]:
    was, now = _archives(gone), _archives(project)
    if any(now.get(place) != blobs for place, blobs in was.items()):
        leaving |= places.paths(gone) - places.paths(project)
    if project is None:
        return
    fresh = {place for place, blobs in now.items() if was.get(place) != blobs}
    yield from places.files(entry for entry in project.entries if entry.place in fresh)
    yield from places.index(project)


def _archives(project: Project | None) -> dict[str, tuple[Sha256, BlobId | None, BlobId | None]]:
    """By place in the release: archive, metadata and signature. What is published depends on these."""
    entries = project.entries if project else ()
    return {entry.place: (entry.record.sha256, entry.metadata, entry.signature) for entry in entries}


def _files(entry: Entry, ecosystem: Ecosystem) -> Iterator[PoolFile | StoreFile]:
    places = ecosystem.file_places(entry.record)
    if entry.metadata is not None and ecosystem.has_public_metadata(entry.record.facts):
        yield StoreFile(path=places[0] + paths.METADATA, blob=entry.metadata)
    for place in places:
        yield PoolFile(path=place, sha256=entry.record.sha256)
        if entry.signature is not None:
            yield StoreFile(path=place + paths.SIGNATURE, blob=entry.signature)
