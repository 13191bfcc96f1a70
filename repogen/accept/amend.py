"""Marks on distributions that are there: yanked (PEP 592), archived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from repogen.accept.selecting import select
from repogen.accept.wording import counted, token_trailer
from repogen.config import Source
from repogen.ecosystems import ecosystem_of, same_version
from repogen.errors import NotFound, UsageError
from repogen.model.catalog import Entry
from repogen.model.names import CommitId, ProjectKey
from repogen.model.record import Record, Submitter, dump_record
from repogen.store import paths
from repogen.store.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """The commit of new marks (None: nothing had to change), and the names of the files whose mark changed."""

    commit: CommitId | None
    filenames: tuple[str, ...]


def yank(
    writer: Writer, *, source: Source, name: str, which: str, reason: str | None, by: Submitter, now: datetime
) -> tuple[str, ...]:
    """Mark a release or one file of a project as yanked, or (``reason`` None) take the mark back.

    ``which`` is a version or a file name. Returns the names of the files whose mark changed; without any,
    nothing is committed. Raises NotFound, and UsageError in an ecosystem without yanking.
    """
    ecosystem = ecosystem_of(source.type)
    if not ecosystem.yanks:
        raise UsageError(
            f"{ecosystem.title} packages cannot be yanked",
            hint=f"archive them: repogen archive {name} --source {source.name}",
        )
    found = select(writer.revision, ecosystem, source.name, name, which)
    verb, place = ("unyank", "in") if reason is None else ("yank", "from")
    first = found[0][1].record
    what = which if which == first.filename else f"{first.name} {first.version}"
    marked = _mark(
        writer,
        [(folder, entry, replace(entry.record, yanked=reason)) for folder, entry in found],
        subject=f"{verb} {what} {place} {source.name}",
        trailers=[("Reason", reason)] if reason else [],
        source=source.name,
        key=ecosystem.project_key(name),
        by=by,
        now=now,
    )
    return marked.filenames


def archive(writer: Writer, *, source: Source, name: str, version: str | None, by: Submitter, now: datetime) -> Marked:
    """Mark a project, or one release of it, as archived: it can still be had, but nobody gets it by default.

    Raises NotFound, and UsageError in an ecosystem without archives.
    """
    ecosystem = ecosystem_of(source.type)
    if not ecosystem.archives:
        hint = f"yank them: repogen yank {name} {version or 'VERSION'} --source {source.name}"
        raise UsageError(f"{ecosystem.title} packages cannot be archived", hint=hint)
    found = select(writer.revision, ecosystem, source.name, name, version)
    first = found[0][1].record
    if version is not None and not same_version(ecosystem, version, first.version):
        raise NotFound(
            f"{name!r} has no version {version!r} in source {source.name!r}",
            hint="files are archived by whole releases",
        )
    return _mark(
        writer,
        [(folder, entry, replace(entry.record, archived=True)) for folder, entry in found],
        subject=f"archive {first.name if version is None else f'{first.name} {first.version}'} in {source.name}",
        trailers=[],
        source=source.name,
        key=ecosystem.project_key(name),
        by=by,
        now=now,
    )


def _mark(
    writer: Writer,
    records: Sequence[tuple[str, Entry, Record]],
    *,
    subject: str,
    trailers: Sequence[tuple[str, str]],
    source: str,
    key: ProjectKey,
    by: Submitter,
    now: datetime,
) -> Marked:
    """Commit the records, each beside the entry that it is of and its folder, that are other than before."""
    changed = [(f"{folder}/{entry.place}", record) for folder, entry, record in records if record != entry.record]
    commit = None
    if changed:
        versions = dict.fromkeys(record.version for _, record in changed)
        commit = writer.commit(
            {place + paths.RECORD: dump_record(record) for place, record in changed},
            subject=f"{subject} ({counted(len(changed))})",
            trailers=[
                ("Source", source),
                ("Project", key),
                *(("Version", version) for version in versions),
                *trailers,
                *token_trailer(by),
            ],
            author=by.subject,
            now=now,
        )
    return Marked(commit=commit, filenames=tuple(record.filename for _, record in changed))
