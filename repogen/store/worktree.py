"""The work tree of a checked-out store follows its commits."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pygit2

from repogen.model.names import CommitId
from repogen.store import paths


def follow(repository: pygit2.Repository, *, before: CommitId | None, after: CommitId) -> tuple[str, ...]:
    """Bring index and work tree from one commit to the next.

    An archive appears as its pointer: that is no change to Git, with Git LFS as without, and its bytes are kept
    once, in the pool, whence ``git lfs checkout`` takes them. A file that somebody changed and did not commit is
    left alone; the paths of these are returned.
    """
    workdir = Path(repository.workdir)
    new = repository[after].peel(pygit2.Tree)
    old = repository[before].peel(pygit2.Tree) if before else None
    diff = old.diff_to_tree(new) if old is not None else new.diff_to_tree(swap=True)
    index = repository.index
    index.read()
    kept: list[str] = []
    for delta in diff.deltas:
        gone = delta.status == pygit2.enums.DeltaStatus.DELETED
        path = delta.old_file.path if gone else delta.new_file.path
        place = workdir / path
        added = delta.status == pygit2.enums.DeltaStatus.ADDED
        was = None if added else repository[delta.old_file.id].peel(pygit2.Blob).data
        if not gone:
            index.add(pygit2.IndexEntry(path, delta.new_file.id, delta.new_file.mode))
        elif path in index:
            index.remove(path)
        if not _untouched(place, was):
            kept.append(path)
        elif gone:
            _remove(place, workdir)
        else:
            _write(place, repository[delta.new_file.id].peel(pygit2.Blob).data)
    index.write()
    return tuple(kept)


def _remove(place: Path, workdir: Path) -> None:
    """Take the file away, and the folders that are empty then, as Git does."""
    place.unlink(missing_ok=True)
    for folder in place.parents:
        if folder == workdir:
            return
        try:
            folder.rmdir()
        except OSError:
            return


def _untouched(place: Path, was: bytes | None) -> bool:
    if not place.is_file():
        return not place.exists()
    if was is None:
        return False
    sha256, size = paths.read_pointer(was)
    if sha256 is None:
        return place.read_bytes() == was
    if place.stat().st_size != size:
        return place.read_bytes() == was
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _write(place: Path, data: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f".{place.name}.repogen")
    beside.write_bytes(data)
    beside.replace(place)
