"""Records: written by repogen, and by whoever can push to the store."""

from __future__ import annotations

import json
from typing import Any

import pytest

from repogen.model.record import Record, Submitter, dump_record, load_record

RECORD = Record(
    filename="example-1.0.tar.gz",
    name="example",
    version="1.0",
    kind="sdist",
    size=3,
    digests={"sha256": "ab" * 32},
    uploaded="2026-01-31T12:00:00.000000Z",
    by=Submitter(subject="alice"),
    yanked="broken",
    facts={"summary": "x"},
)
NO_DIGESTS: tuple[Any, ...] = ({}, {"sha256": "..//etc"}, {"sha256": "AB" * 32}, {"sha256": 1}, [], 1)


def test_what_was_written_is_read() -> None:
    """Reading is the inverse of writing."""
    assert load_record(dump_record(RECORD)) == RECORD


@pytest.mark.parametrize(
    "changes",
    [
        *({"filename": name} for name in ("../x.whl", "a/b.whl", "/etc/passwd", "..", ".hidden", "a\0b", "", 1, None)),
        *({"digests": digests} for digests in NO_DIGESTS),
        *({"size": size} for size in ("3", 3.5, None, True)),
        *({key: 1} for key in ("name", "version", "kind", "uploaded", "yanked", "by", "facts")),
        {"format": 2},
        {"by": {"subject": None, "token": ""}},
        {"facts": []},
    ],
)
def test_what_is_no_record_is_refused(changes: dict[str, Any]) -> None:
    """A field of another type, or one that would lead elsewhere as part of a path, makes it unreadable."""
    document = json.loads(dump_record(RECORD)) | changes
    with pytest.raises(ValueError, match="record"):
        load_record(json.dumps(document).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"1", b"null", b"{}", b"\xff", b"[" * 100_000])
def test_other_bytes_are_refused(data: bytes) -> None:
    """Whatever lies there, it is one error that callers expect."""
    with pytest.raises(ValueError):  # noqa: PT011  what json says
        load_record(data)
