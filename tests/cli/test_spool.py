"""The spool: a folder for each process that needs one, and nothing of those that died."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from repogen.cli.spool import own_folder


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    """Two at once have two folders; each is gone with its owner, whatever lies in it."""
    with own_folder(tmp_path, wait=1) as one, own_folder(tmp_path, wait=1) as other:
        (one / "upload").write_bytes(b"1")
        assert one != other
        assert {one, other} == set(tmp_path.iterdir())

    assert list(tmp_path.iterdir()) == []


def test_what_the_dead_left_is_taken_away(tmp_path: Path) -> None:
    """A folder that nobody holds any more was left by a crash."""
    (tmp_path / "dead").mkdir()
    (tmp_path / "dead" / "upload").write_bytes(b"half")

    with own_folder(tmp_path, wait=1) as folder:
        assert list(tmp_path.iterdir()) == [folder]


def test_a_file_that_somebody_put_there_stays(tmp_path: Path) -> None:
    """Only folders are taken for spools of processes."""
    (tmp_path / "note.txt").write_bytes(b"1")

    with own_folder(tmp_path, wait=1) as folder:
        assert set(tmp_path.iterdir()) == {folder, tmp_path / "note.txt"}


def test_many_come_and_go_at_once(tmp_path: Path) -> None:
    """Nobody stumbles over a folder that another one is about to remove, and nothing is left."""

    def come_and_go(_: int) -> None:
        with own_folder(tmp_path, wait=30):
            pass

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(come_and_go, range(200)))

    assert list(tmp_path.iterdir()) == []
