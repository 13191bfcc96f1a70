"""What a site knows of itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from repogen.generate.state import State, load_state, save_state
from repogen.model.names import CommitId

STATE = State(commit=CommitId("a" * 40), fingerprint="f", leaving={"python/x": 1795373134, "b\u00fc": 7})


def test_a_state_survives_writing_and_reading(tmp_path: Path) -> None:
    """Each part has its own, in a folder that no server shows."""
    save_state(tmp_path, "indexes", STATE)
    save_state(tmp_path, "pages", State(commit=CommitId("b" * 40), fingerprint="g"))

    assert load_state(tmp_path, "indexes") == STATE
    assert load_state(tmp_path, "pages") == State(commit=CommitId("b" * 40), fingerprint="g", leaving={})
    assert sorted(path.name for path in (tmp_path / "_").iterdir()) == ["indexes.json", "pages.json"]


def test_a_new_site_has_none(tmp_path: Path) -> None:
    """Nothing is known of a site that was never built."""
    assert load_state(tmp_path, "indexes") is None


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\0" * 100,
        b"[]",
        b"null",
        b"{}",
        b'{"commit": "a", "fingerprint": "f"}',
        b'{"commit": "a", "fingerprint": "f", "leaving": []}',
        b'{"commit": "a", "fingerprint": "f", "leaving": {"x": "soon"}}',
        b"[" * 100_000,
        json.dumps({"commit": "a", "fingerprint": "f", "leaving": {}}).encode()[:-1],
    ],
    ids=lambda data: repr(data[:20]),
)
def test_a_state_that_cannot_be_read_is_none(tmp_path: Path, damage: bytes) -> None:
    """Half a file, another file, no file: the site is built from nothing."""
    save_state(tmp_path, "indexes", STATE)
    (tmp_path / "_" / "indexes.json").write_bytes(damage)

    assert load_state(tmp_path, "indexes") is None
