"""Distributions that go. A tombstone stays of each, so that its name is never used for other bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from repogen.accept.selecting import is_for, no_such_file
from repogen.accept.wording import counted, file_trailers, token_trailer
from repogen.auth.times import stamp
from repogen.config import Source
from repogen.ecosystems import Ecosystem, ecosystem_of, same_version
from repogen.errors import NotFound, UsageError
from repogen.model.names import CommitId, ProjectKey, Sha256
from repogen.model.record import Submitter
from repogen.model.tombstone import Tombstone, dump_tombstone, tombstone_of
from repogen.store import Store, paths
from repogen.store.writer import Change, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The commit of a removal (None: all of it was removed before), and the tombstones of what was meant.

    ``removed`` are those of this commit, ``before`` the older ones.
    """

    commit: CommitId | None
    key: ProjectKey
    removed: tuple[Tombstone, ...]
    before: tuple[Tombstone, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """What became of the bytes behind tombstones: dropped now, gone before, or kept for the sources that have them."""

    dropped: tuple[Tombstone, ...]
    absent: tuple[Tombstone, ...]
    kept: tuple[tuple[Tombstone, tuple[str, ...]], ...]

    @property
    def gone(self) -> frozenset[Sha256]:
        """The digests of all that the pool does not have any more."""
        return frozenset(one.sha256 for one in (*self.dropped, *self.absent))

    @property
    def document(self) -> dict[str, Any]:
        """The same for programs, as JSON has it."""
        return {
            "purged": [{"filename": one.filename, "sha256": one.sha256} for one in self.dropped],
            "kept": [{"filename": one.filename, "sources": list(sources)} for one, sources in self.kept],
            "absent": [one.filename for one in self.absent],
        }


def remove(
    writer: Writer,
    *,
    source: Source,
    name: str,
    which: str | None,
    distribution: str | None = None,
    comment: str,
    by: Submitter,
    now: datetime,
) -> Removal:
    """Commit that a release, one file of it, or (``which`` None) a whole project is gone, for the reason ``comment``.

    ``distribution`` narrows it down to the files for one platform. Raises NotFound for what neither is nor was
    there, UsageError where a file name is that of files for several platforms.
    """
    ecosystem = ecosystem_of(source.type)
    revision = writer.revision
    key = ecosystem.project_key(name)
    project = revision.project_id(source.name, key)
    folder = paths.tombstones_path(source.name, key)
    places = {
        f"{folder}/{version}/{entry.place}{paths.RECORD}": entry
        for version, tree in revision.folder(project).folders.items()
        for entry in revision.entries(tree)
    }
    there = {
        path: tombstone_of(entry.record, removed=stamp(now), by=by, comment=comment) for path, entry in places.items()
    }
    known = {**revision.tombstones(source.name, key), **there}
    if not known:
        raise NotFound(f"no project {name!r} in source {source.name!r}")
    # What was removed before is chosen from, too: else a command that is run again would mean another file.
    meant = _meant(known, ecosystem, which, distribution)
    if not meant:
        missing = which if distribution is None else f"{which} for {distribution}"
        raise no_such_file(name, missing, source.name, revision.versions(source.name, key))
    removed = {path: tombstone for path, tombstone in meant.items() if path in there}
    commit = None
    if removed:
        changes: dict[str, Change] = {}
        for path, tombstone in removed.items():
            changes[path] = dump_tombstone(tombstone)
            changes |= dict.fromkeys(paths.files_of(path))
        commit = writer.commit(
            changes,
            subject=f"remove {_words(list(removed.values()), which)} from {source.name} ({counted(len(removed))})",
            trailers=[
                ("Source", source.name),
                *file_trailers([(key, one.version, one.sha256) for one in removed.values()]),
                ("Comment", comment),
                *token_trailer(by),
            ],
            author=by.subject,
            now=now,
        )
    return Removal(
        commit=commit,
        key=key,
        removed=tuple(removed.values()),
        before=tuple(one for path, one in meant.items() if path not in there),
    )


def purge(writer: Writer, *, store: Store, key: ProjectKey, tombstones: Sequence[Tombstone]) -> Purge:
    """Drop the bytes behind the tombstones of a project from the pool, unless some source has them still.

    The caller holds the store through ``writer``, so that no upload brings the same bytes in meanwhile. Run again
    after a crash, it does the rest.
    """
    dropped, absent, kept = [], [], []
    for tombstone in tombstones:
        holders = writer.revision.sources_with(key, tombstone.sha256, tombstone.size)
        if holders:
            kept.append((tombstone, holders))
        elif store.pool.drop(tombstone.sha256):
            dropped.append(tombstone)
        else:
            absent.append(tombstone)
    return Purge(dropped=tuple(dropped), absent=tuple(absent), kept=tuple(kept))


def _meant(
    known: Mapping[str, Tombstone], ecosystem: Ecosystem, which: str | None, distribution: str | None
) -> dict[str, Tombstone]:
    meant = {
        path: one
        for path, one in known.items()
        if (which is None or one.filename == which or same_version(ecosystem, which, one.version))
        and is_for(one.target, distribution)
    }
    if which is None or all(one.filename != which for one in meant.values()):
        return meant
    if len(meant) > 1 and distribution is None:
        # A source package has the file name of a Linux binary, and no platform.
        plain = {path: one for path, one in meant.items() if not one.target}
        if not plain:
            targets = ", ".join(sorted(one.target for one in meant.values()))
            raise UsageError(
                f"there are files {which!r} for several platforms ({targets})", hint="add --distribution NAME"
            )
        return plain
    return meant


def _words(removed: Sequence[Tombstone], which: str | None) -> str:
    first = removed[0]
    if which is None:
        return first.name
    return which if which == first.filename else f"{first.name} {first.version}"
