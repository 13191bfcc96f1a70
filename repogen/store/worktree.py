"""The work tree of a checked-out store follows its commits."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pygit2

from repogen.model.names import CommitId, Sha256
from repogen.store import paths
from repogen.store.pool import Pool


def follow(repository: pygit2.Repository, pool: Pool, *, before: CommitId | None, after: CommitId) -> tuple[str, ...]:
    """Bring index and work tree from one commit to the next.

    An archive appears as its bytes, as ``git lfs`` would check it out. A file that somebody changed and
    did not commit is left alone; the paths of these are returned.
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
            place.unlink(missing_ok=True)
        else:
            _write(place, repository[delta.new_file.id].peel(pygit2.Blob).data, pool)
    index.write()
    return tuple(kept)


def _untouched(place: Path, was: bytes | None) -> bool:
    if not place.is_file():
        return not place.exists()
    if was is None:
        return False
    sha256, size = _pointer(was)
    if sha256 is None:
        return place.read_bytes() == was
    if place.stat().st_size != size:
        return place.read_bytes() == was
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _write(place: Path, data: bytes, pool: Pool) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f".{place.name}.repogen")
    sha256, size = _pointer(data)
    if sha256 is not None and place.name.endswith(paths.ARCHIVE_SUFFIXES) and pool.holds(sha256, size):
        shutil.copyfile(pool.path(sha256), beside)
    else:
        beside.write_bytes(data)
    beside.replace(place)


def _pointer(data: bytes) -> tuple[Sha256 | None, int]:
    if not data.startswith(b"version https://git-lfs.github.com/spec/v1\n"):
        return None, 0
    fields = dict(line.split(" ", 1) for line in data.decode().splitlines() if " " in line)
    return Sha256(fields.get("oid", "").removeprefix("sha256:")), int(fields.get("size", 0))
