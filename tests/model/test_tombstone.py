"""Tombstones: written and read, and nothing else read for one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from repogen.model.names import Sha256
from repogen.model.record import Record, Submitter
from repogen.model.tombstone import Tombstone, dump_tombstone, load_tombstone, tombstone_of

TOMBSTONE = Tombstone(
    filename="MASS_7.3.tar.gz",
    name="MASS",
    version="7.3",
    target="linux-jammy-x86_64-4.2",
    sha256=Sha256("ab" * 32),
    size=12,
    removed="2026-11-22T18:45:34Z",
    by=Submitter(subject="alice", token="t1"),
    comment="a licence\nthat we cannot have \u2713",
)


def document(**changes: Any) -> bytes:
    return json.dumps(json.loads(dump_tombstone(TOMBSTONE)) | changes).encode()


def test_a_tombstone_is_read_as_it_was_written() -> None:
    """One field a line, and every text comes back."""
    written = dump_tombstone(TOMBSTONE)

    assert load_tombstone(written) == TOMBSTONE
    assert written.startswith(b'{\n "by": {')
    assert written.endswith(b"\n}\n")
    assert len(written.splitlines()) == 15


def test_a_tombstone_leaves_the_publisher_out() -> None:
    """What trusted publishing knows of a job stands in the commit alone."""
    by = Submitter(subject="alice", token="t1", publisher=(("Run", "https://example.org/1"),))

    assert dump_tombstone(replace(TOMBSTONE, by=by)) == dump_tombstone(TOMBSTONE)


def test_a_tombstone_says_which_file_it_was() -> None:
    """What it was and for which platform is taken from the record; so is the place that it had."""
    record = Record(
        filename="MASS_7.3.tar.gz",
        name="MASS",
        version="7.3",
        kind="binary",
        target="linux-jammy-x86_64-4.2",
        size=12,
        digests={"sha256": "ab" * 32, "md5": "00"},
        uploaded="2026-11-20T00:00:00.000000Z",
        by=Submitter(subject="bob"),
    )

    made = tombstone_of(record, removed=TOMBSTONE.removed, by=TOMBSTONE.by, comment=TOMBSTONE.comment)

    assert made == TOMBSTONE
    assert made.place == "linux-jammy-x86_64-4.2/MASS_7.3.tar.gz"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        document(format=2),
        document(sha256="../../x"),
        document(sha256=None),
        document(filename="../x"),
        document(filename=3),
        document(target="../x"),
        document(size=-1),
        document(size=True),
        document(by={"subject": "alice"}) + b"x",
        document(by="alice"),
        document(by={"subject": 3, "token": ""}),
        document(more="fields"),
    ],
)
def test_what_is_no_tombstone_is_refused(data: bytes) -> None:
    """A store can be written to by hand: whatever is malformed is told, and never taken for a name that is free."""
    with pytest.raises(ValueError, match=r"tombstone|JSON|Expecting|Extra|decode"):
        load_tombstone(data)
