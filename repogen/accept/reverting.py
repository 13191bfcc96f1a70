"""Undoing a commit that changed distributions, as a new commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from repogen.accept.wording import token_trailer
from repogen.auth.times import stamp
from repogen.errors import StoreError, UsageError
from repogen.model.names import BlobId, CommitId
from repogen.model.record import Record, Submitter, load_record
from repogen.model.tombstone import dump_tombstone, tombstone_of
from repogen.store import Store, paths
from repogen.store.history import Step
from repogen.store.revision import Revision
from repogen.store.writer import Change, Writer

_MAX_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverted:
    """The commit that undoes another one (None: it was undone already), whose subject was ``subject``.

    ``removed`` and ``restored`` name the files that went and came back by it.
    """

    commit: CommitId | None
    subject: str
    removed: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()


def revert(writer: Writer, *, store: Store, commit: CommitId, by: Submitter, now: datetime) -> Reverted:
    """Commit that all is again as it was before ``commit``, which is one of the history.

    What goes by it leaves a tombstone, as after every removal; what comes back loses its own. Raises UsageError
    for a commit that changed anything else than distributions, where something of it was changed since, and where
    the bytes of a file that would come back were purged.
    """
    revision = writer.revision
    step = store.at(commit).step()
    _check(step)
    changes: dict[str, Change] = {
        path: None if before is None else revision.blob(before) for path, (before, _) in step.changes.items()
    }
    if all(revision.file_id(path) == before for path, (before, _) in step.changes.items()):
        return Reverted(commit=None, subject=step.subject)
    _check_later(revision, step)
    removed, restored = [], []
    for path, (before, after) in step.changes.items():
        if not _is_record(path, step):
            continue
        if before is None and after is not None:
            record = _record(revision, path, after)
            removed.append(record.filename)
            # One that the commit took away comes back as it was, and says more.
            if (tombstone := paths.tombstone_path(path)) not in changes:
                comment = f"revert {commit}"
                changes[tombstone] = dump_tombstone(tombstone_of(record, removed=stamp(now), by=by, comment=comment))
        elif before is not None and after is None:
            record = _record(revision, path, before)
            restored.append(record.filename)
            if store.lacks(record.sha256, record.size):
                raise UsageError(f"the bytes of {record.filename!r} were purged", hint="upload the file again")
    parts = [path.split("/") for path in step.changes]
    made = writer.commit(
        changes,
        subject=f"revert {commit[:8]}: {step.subject}",
        trailers=[
            *(("Source", source) for source in dict.fromkeys(part[1] for part in parts)),
            ("Reverts", commit),
            *token_trailer(by),
        ],
        author=by.subject,
        now=now,
    )
    return Reverted(commit=made, subject=step.subject, removed=tuple(removed), restored=tuple(restored))


def _check(step: Step) -> None:
    """Is it a commit that can be undone here?"""
    short = step.commit[:12]
    if step.parents != 1:
        what = "merges others" if step.parents else "is the first one"
        raise UsageError(f"commit {short} {what}", hint="name a commit that adds, marks, copies or removes files")
    if not step.changes:
        raise UsageError(f"commit {short} changes nothing")
    for path, (before, after) in step.changes.items():
        if not path.startswith((f"{paths.SOURCES}/", f"{paths.REMOVED}/")):
            raise UsageError(
                f"commit {short} changes {path!r}, and only what became of distributions is reverted",
                hint="use repogen source, repo or token, or change it by hand and with a commit",
            )
        if path.startswith(f"{paths.SOURCES}/") and path.endswith(paths.ARCHIVE_SUFFIXES) and before and after:
            raise UsageError(f"commit {short} changes the bytes of {path!r}", hint="a name is never used again")


def _check_later(revision: Revision, step: Step) -> None:
    """Is all that the commit changed still as it left it, and has nothing been put beside a file that would go?"""
    later = [path for path, (_, after) in step.changes.items() if revision.file_id(path) != after]
    for path, (before, after) in step.changes.items():
        if _is_record(path, step) and before is None and after is not None:
            beside = paths.files_of(paths.tombstone_path(path))
            later += [other for other in beside if other not in step.changes and revision.file_id(other)]
    if later:
        raise UsageError(
            f"changed since commit {step.commit[:12]}: {_listed(later)}",
            hint="revert the later commits first, the newest before the others",
        )


def _is_record(path: str, step: Step) -> bool:
    """Is it the record of a distribution that the commit brought or took away, whole?"""
    return (
        path.startswith(f"{paths.SOURCES}/")
        and path.endswith(paths.RECORD)
        and path.removesuffix(paths.RECORD) in step.changes
    )


def _record(revision: Revision, path: str, blob: BlobId) -> Record:
    try:
        return load_record(revision.blob(blob))
    except ValueError as error:
        raise StoreError(f"{path}: {error}") from error


def _listed(later: Sequence[str]) -> str:
    named = ", ".join(map(repr, later[:_MAX_NAMED]))
    return named if len(later) <= _MAX_NAMED else f"{named} and {len(later) - _MAX_NAMED} more"
