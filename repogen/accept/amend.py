"""Marks on distributions that are there: yank and unyank (PEP 592)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from repogen.accept.wording import token_trailer
from repogen.config import Source
from repogen.ecosystems import Ecosystem, ecosystem_of, same_version
from repogen.errors import NotFound
from repogen.model.catalog import Entry
from repogen.model.record import Submitter, dump_record
from repogen.store import paths
from repogen.store.revision import Revision
from repogen.store.writer import Change, Writer


def yank(
    writer: Writer, *, source: Source, name: str, which: str, reason: str | None, by: Submitter, now: datetime
) -> tuple[str, ...]:
    """Mark a release or one file of a project as yanked, or (``reason`` None) take the mark back.

    ``which`` is a version or a file name. Returns the names of the files whose mark changed; without any,
    nothing is committed. Raises NotFound.
    """
    ecosystem = ecosystem_of(source.type)
    changes: dict[str, Change] = {}
    changed: list[Entry] = []
    for folder, entry in _selected(writer.revision, ecosystem, source.name, name, which):
        if entry.record.yanked != reason:
            changed.append(entry)
            record = dump_record(replace(entry.record, yanked=reason))
            changes[f"{folder}/{entry.record.filename}{paths.RECORD}"] = record
    if changed:
        first = changed[0].record
        verb, place = ("unyank", "in") if reason is None else ("yank", "from")
        what = which if which == first.filename else f"{first.name} {first.version}"
        files = f"{len(changed)} file{'s' if len(changed) != 1 else ''}"
        writer.commit(
            changes,
            subject=f"{verb} {what} {place} {source.name} ({files})",
            trailers=[
                ("Source", source.name),
                ("Project", ecosystem.project_key(name)),
                ("Version", first.version),
                *([("Reason", reason)] if reason else []),
                *token_trailer(by),
            ],
            author=by.subject,
            now=now,
        )
    return tuple(entry.record.filename for entry in changed)


def _selected(
    revision: Revision, ecosystem: Ecosystem, source: str, name: str, which: str
) -> Iterator[tuple[str, Entry]]:
    key = ecosystem.project_key(name)
    versions = revision.versions(source, key)
    if not versions:
        raise NotFound(f"no project {name!r} in source {source!r}")
    found = False
    for version in versions:
        folder = f"{paths.project_path(source, key)}/{version}"
        for entry in revision.entries(revision.folder_id(folder)):
            if entry.record.filename == which or same_version(ecosystem, which, version):
                found = True
                yield folder, entry
    if not found:
        raise NotFound(
            f"{name!r} has no version or file {which!r} in source {source!r}", hint=f"versions: {', '.join(versions)}"
        )
