"""What was used up stays so."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from repogen.auth.oidc_burnt import Burnt
from repogen.errors import StoreError

NOW = datetime(2026, 11, 22, 18, 45, 34, tzinfo=UTC)
SOON = NOW.timestamp() + 60


def test_once(tmp_path: Path) -> None:
    """An id is added once; whoever asks later, in another process too, is told."""
    path = tmp_path / "burnt.sqlite"
    burnt = Burnt(path)
    assert not burnt.has("a")
    assert not path.exists()
    assert burnt.add("a", expires=SOON, now=NOW)
    assert not burnt.add("a", expires=SOON, now=NOW)
    assert burnt.has("a")
    assert not burnt.has("b")
    assert Burnt(path).has("a")
    assert not Burnt(path).add("a", expires=SOON, now=NOW)


def test_at_once(tmp_path: Path) -> None:
    """Of many who come together with one id, one is first."""
    burnt = Burnt(tmp_path / "burnt.sqlite")
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda _: burnt.add("a", expires=SOON, now=NOW), range(24)))
    assert sorted(added) == [False] * 23 + [True]


def test_forgotten_in_time(tmp_path: Path) -> None:
    """What would have ended by itself is dropped, so that the file does not grow."""
    path = tmp_path / "burnt.sqlite"
    burnt = Burnt(path)
    for number in range(100):
        burnt.add(f"{number}", expires=SOON, now=NOW)
    assert burnt.add("last", expires=SOON + 3600, now=NOW + timedelta(seconds=61))
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT id FROM burnt").fetchall() == [("last",)]
    connection.close()


def test_private(tmp_path: Path) -> None:
    """The file is the owner's alone."""
    path = tmp_path / "burnt.sqlite"
    Burnt(path).add("a", expires=SOON, now=NOW)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("data", [b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file(tmp_path: Path, data: bytes) -> None:
    """A file that cannot be read forgets nothing in silence: nobody is told that a token is good."""
    path = tmp_path / "burnt.sqlite"
    path.write_bytes(data)
    with pytest.raises(StoreError, match="cannot be kept or looked up"):
        Burnt(path).has("a")
    with pytest.raises(StoreError):
        Burnt(path).add("a", expires=SOON, now=NOW)


def test_no_place(tmp_path: Path) -> None:
    """Where nothing can be written, nothing is said to be remembered."""
    with pytest.raises(StoreError):
        Burnt(tmp_path / "missing" / "burnt.sqlite").add("a", expires=SOON, now=NOW)


def test_held_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who holds the file for long makes others fail, not forget."""
    monkeypatch.setattr("repogen.auth.oidc_burnt._WAIT", 0.1)
    path = tmp_path / "burnt.sqlite"
    burnt = Burnt(path)
    burnt.add("a", expires=SOON, now=NOW)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError):
        burnt.add("b", expires=SOON, now=NOW)
    holder.close()
    assert burnt.add("b", expires=SOON, now=NOW)
