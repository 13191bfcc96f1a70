"""The record: the committed facts about one distribution."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from repogen.model.names import Sha256

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitter:
    """Who sent something in: the subject of a token and its id, or a local user without one."""

    subject: str
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of one distribution without opening it.

    ``name`` is as the archive spells it, ``version`` in the ecosystem's canonical spelling. ``kind`` is the
    ecosystem's word (``wheel``, ``sdist``). ``digests`` maps the name of an algorithm to hex digits and always
    has ``sha256``. ``uploaded`` is UTC in RFC 3339 with microseconds (PEP 700). ``yanked`` is None, or the
    reason (which may be empty; PEP 592). ``facts`` are JSON values that only the ecosystem understands.
    """

    filename: str
    name: str
    version: str
    kind: str
    size: int
    digests: Mapping[str, str]
    uploaded: str
    by: Submitter
    yanked: str | None = None
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
        "size": record.size,
        "digests": dict(record.digests),
        "uploaded": record.uploaded,
        "by": {"subject": record.by.subject, "token": record.by.token},
        "yanked": record.yanked,
        "facts": dict(record.facts),
    }


def dump_record(record: Record) -> bytes:
    """The record as JSON: UTF-8, sorted keys, one field a line, ending in a newline."""
    document = {"format": FORMAT, **record_document(record)}
    # A command line of other bytes than UTF-8 brings surrogates along.
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode(errors="replace") + b"\n"


def load_record(data: bytes) -> Record:
    """The inverse of :func:`dump_record`. Raises ValueError for anything else than a record of format 1."""
    try:
        document = json.loads(data)
        if document["format"] != FORMAT:
            raise ValueError(f"record format {document['format']!r}, this version reads {FORMAT}")
        return Record(
            filename=document["filename"],
            name=document["name"],
            version=document["version"],
            kind=document["kind"],
            size=document["size"],
            digests=document["digests"],
            uploaded=document["uploaded"],
            by=Submitter(subject=document["by"]["subject"], token=document["by"]["token"]),
            yanked=document["yanked"],
            facts=document["facts"],
        )
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a record: {error!r}") from error
