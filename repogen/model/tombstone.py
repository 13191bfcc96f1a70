"""The tombstone: what stays of a distribution that was removed, so that its name is never used for other bytes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from repogen.model.names import Sha256
from repogen.model.record import FORMAT, TARGET, Record, Submitter, is_filename, is_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """A distribution that is gone: which it was, and when (UTC, RFC 3339), by whom and why it was removed."""

    filename: str
    name: str
    version: str
    target: str
    sha256: Sha256
    size: int
    removed: str
    by: Submitter
    comment: str

    @property
    def place(self) -> str:
        """Where it lay below the folder of its release; as that of an entry."""
        return f"{self.target}/{self.filename}" if self.target else self.filename


def tombstone_of(record: Record, *, removed: str, by: Submitter, comment: str) -> Tombstone:
    """What stays of the distribution with that record."""
    return Tombstone(
        filename=record.filename,
        name=record.name,
        version=record.version,
        target=record.target,
        sha256=record.sha256,
        size=record.size,
        removed=removed,
        by=by,
        comment=comment,
    )


def dump_tombstone(tombstone: Tombstone) -> bytes:
    """The tombstone as JSON: UTF-8, sorted keys, one field a line, ending in a newline."""
    by = {"subject": tombstone.by.subject, "token": tombstone.by.token}
    document = {"format": FORMAT, **asdict(tombstone), "by": by}
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode(errors="replace") + b"\n"


def load_tombstone(data: bytes) -> Tombstone:
    """The inverse of :func:`dump_tombstone`. Raises ValueError for anything else than a tombstone of format 1."""
    try:
        document: dict[str, Any] = json.loads(data)
        if document.pop("format") != FORMAT:
            raise ValueError(f"this version reads tombstones of format {FORMAT}")
        by = document.pop("by")
        tombstone = Tombstone(by=Submitter(subject=by["subject"], token=by["token"]), **document)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a tombstone: {error!r}") from error
    texts = [tombstone.filename, tombstone.name, tombstone.version, tombstone.target, tombstone.removed]
    texts += [tombstone.sha256, tombstone.comment, tombstone.by.subject, tombstone.by.token]
    if not all(isinstance(text, str) for text in texts) or type(tombstone.size) is not int or tombstone.size < 0:
        raise ValueError("not a tombstone: a field is of another type than it should have")
    if not is_sha256(tombstone.sha256) or not is_filename(tombstone.filename) or not TARGET.match(tombstone.target):
        raise ValueError("not a tombstone: the sha256, the file name or the target is malformed")
    return tombstone
