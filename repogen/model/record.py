"""The record: the committed facts about one distribution."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from repogen.model.names import Sha256

FORMAT = 1

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
#: A target, or none: safe as the name of a folder.
TARGET = re.compile(r"(?:[a-z0-9_][a-z0-9._-]{0,99})?\Z")
_FILENAME = re.compile(r"[^./\x00][^/\x00]*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitter:
    """Who sent something in: the subject of a token and its id, or a local user without one.

    ``publisher`` is what trusted publishing knows of the job, as trailers for the commit. Records leave it out.
    """

    subject: str
    token: str = ""
    publisher: tuple[tuple[str, str], ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of one distribution without opening it.

    ``name`` is as the archive spells it, ``version`` in the ecosystem's canonical spelling. ``kind`` is the
    ecosystem's word (``wheel``, ``sdist``), ``target`` as in :class:`~repogen.model.inspected.Inspected`.
    ``digests`` maps the name of an algorithm to hex digits and always has ``sha256``. ``uploaded`` is UTC in RFC
    3339 with microseconds (PEP 700). ``yanked`` is None, or the reason (which may be empty; PEP 592).
    ``archived``: it can be had, but is no version that clients take by themselves. ``facts`` are JSON values that
    only the ecosystem understands.
    """

    filename: str
    name: str
    version: str
    kind: str
    size: int
    digests: Mapping[str, str]
    uploaded: str
    by: Submitter
    target: str = ""
    yanked: str | None = None
    archived: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sha256(self) -> Sha256:
        return Sha256(self.digests["sha256"])


def record_document(record: Record) -> dict[str, Any]:
    """The record as a value for JSON."""
    return {
        "filename": record.filename,
        "name": record.name,
        "version": record.version,
        "kind": record.kind,
        "target": record.target,
        "size": record.size,
        "digests": dict(record.digests),
        "uploaded": record.uploaded,
        "by": {"subject": record.by.subject, "token": record.by.token},
        "yanked": record.yanked,
        "archived": record.archived,
        "facts": dict(record.facts),
    }


def dump_record(record: Record) -> bytes:
    """The record as JSON: UTF-8, sorted keys, one field a line, ending in a newline."""
    document = {"format": FORMAT, **record_document(record)}
    # A command line of other bytes than UTF-8 brings surrogates along.
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode(errors="replace") + b"\n"


def load_record(data: bytes) -> Record:
    """The inverse of :func:`dump_record`. Raises ValueError for anything else than a record of format 1.

    Whoever can push to a store can write records, so a field of another type than it should have is refused,
    and so is a name or a digest that would lead elsewhere as part of a path.
    """
    try:
        document = json.loads(data)
        if document["format"] != FORMAT:
            raise ValueError(f"record format {document['format']!r}, this version reads {FORMAT}")
        record = Record(
            filename=document["filename"],
            name=document["name"],
            version=document["version"],
            kind=document["kind"],
            target=document.get("target", ""),
            size=document["size"],
            digests=document["digests"],
            uploaded=document["uploaded"],
            by=Submitter(subject=document["by"]["subject"], token=document["by"]["token"]),
            yanked=document["yanked"],
            archived=document.get("archived", False),
            facts=document["facts"],
        )
        texts = [record.filename, record.name, record.version, record.kind, record.target, record.uploaded]
        texts += [record.by.subject, record.by.token, *record.digests.values()]
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a record: {error!r}") from error
    if not all(isinstance(text, str) for text in texts) or not isinstance(record.yanked, str | None):
        raise ValueError("not a record: a field is no text")
    if not isinstance(document.get("archived", False), bool) or not TARGET.match(record.target):
        raise ValueError("not a record: the target or the archive mark is malformed")
    if type(record.size) is not int or record.size < 0 or not isinstance(record.facts, dict):
        raise ValueError("not a record: the size is no number, or the facts are no object")
    if not is_sha256(record.digests.get("sha256", "")) or not is_filename(record.filename):
        raise ValueError("not a record: the sha256 or the file name is malformed")
    return record


def is_sha256(text: str) -> bool:
    """Is it 64 lower-case hex digits?"""
    return bool(_SHA256.match(text))


def is_filename(text: str) -> bool:
    """Can it be the name of a file in a folder, and not of a hidden one?"""
    return bool(_FILENAME.match(text))
