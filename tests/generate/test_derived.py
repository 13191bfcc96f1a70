"""Derived data: kept where that is possible, and missed by nobody."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from repogen.generate.derived import Derived


def test_what_is_kept_is_there_the_next_time(tmp_path: Path) -> None:
    """By kind and key, with whatever text; the newest text counts."""
    with closing(Derived(tmp_path / "derived")) as one:
        one.put("readme", "f k", "<p>\u2713 it's \0")
        one.put("card", "f k", "old")
        one.put("card", "f k", "new")
        assert one.get("card", "f k") == "new"

    with closing(Derived(tmp_path / "derived")) as other:
        assert other.get("readme", "f k") == "<p>\u2713 it's \0"
        assert other.get("card", "f k") == "new"
        assert other.get("card", "none") is None


def test_another_process_sees_what_was_saved(tmp_path: Path) -> None:
    """Two that use one table at the same time do not get in each other's way."""
    with closing(Derived(tmp_path)) as one, closing(Derived(tmp_path)) as other:
        one.put("card", "k", "text")
        one.save()
        assert other.get("card", "k") == "text"
        other.put("card", "k", "newer")
        other.save()
        assert one.get("card", "k") == "newer"


def test_what_an_older_generator_made_can_be_forgotten(tmp_path: Path) -> None:
    """Only keys of that beginning stay."""
    with closing(Derived(tmp_path)) as one:
        one.put("card", "old 1", "x")
        one.put("card", "new 1", "y")
        one.put("listing", "old 1", "z")
        one.keep_only("new", kinds=("card", "readme"))
        assert (one.get("card", "old 1"), one.get("card", "new 1")) == (None, "y")
        assert one.get("listing", "old 1") == "z", "another part of the site asks for it"


def test_many_texts_are_read_at_once(tmp_path: Path) -> None:
    """Those of the kind that are there come, however many are asked for."""
    with closing(Derived(tmp_path)) as one:
        for number in range(1_200):
            one.put("listing", f"k {number}", f"text {number}")
        one.put("card", "k 5000", "of another kind")
        found = one.get_many("listing", [f"k {number}" for number in range(0, 6_000, 2)])
    assert found == {f"k {number}": f"text {number}" for number in range(0, 1_200, 2)}


@pytest.mark.parametrize("damage", [b"no database", b"SQLite format 3\0" + b"\xff" * 5000, b"\0" * 10])
def test_a_damaged_table_is_an_empty_one(tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """The log says that nothing is kept; the rest goes on."""
    (tmp_path / "derived.sqlite").write_bytes(damage)

    with closing(Derived(tmp_path)) as one:
        one.put("card", "k", "text")
        one.keep_only("new", kinds=("card",))
        one.save()
        assert one.get("card", "k") is None
        assert one.get_many("card", ["k"]) == {}
    assert caplog.records


def test_a_table_of_another_shape_is_an_empty_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What another version may have left there is no error either."""
    with closing(sqlite3.connect(tmp_path / "derived.sqlite")) as database:
        database.execute("CREATE TABLE derived (other TEXT)")

    with closing(Derived(tmp_path)) as one:
        one.put("card", "k", "text")
        assert one.get("card", "k") is None
    assert caplog.records


def test_where_nothing_can_be_kept_nothing_is(tmp_path: Path) -> None:
    """A folder that cannot be made is no reason to stop."""
    (tmp_path / "derived").write_bytes(b"in the way")

    with closing(Derived(tmp_path / "derived")) as one:
        one.put("card", "k", "text")
        assert one.get("card", "k") is None


def test_threads_share_it(tmp_path: Path) -> None:
    """Eight threads that read and write lose nothing."""
    with closing(Derived(tmp_path)) as one:

        def work(number: int) -> None:
            for turn in range(50):
                one.put("card", f"{number} {turn}", str(turn))
                assert one.get("card", f"{number} {turn}") == str(turn)
                one.save()

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(one.get("card", f"{number} 49") == "49" for number in range(8))
