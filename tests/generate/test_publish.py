"""Putting files where they are served: whole, readable, and with nothing left beside them."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from repogen.errors import StoreError
from repogen.generate.publish import Publisher, moved, remove, strangers
from repogen.model.names import BlobId, Sha256
from repogen.model.pages import Page, PoolFile, StoreFile, Templated
from repogen.store.pool import Pool

CONTENT = b"archive"
SHA256 = Sha256(hashlib.sha256(CONTENT).hexdigest())
FILE = PoolFile(path="python/files/a.whl", sha256=SHA256)


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    """A pool that holds one file."""
    pool = Pool(tmp_path / "pool")
    (tmp_path / "spooled").write_bytes(CONTENT)
    pool.take(tmp_path / "spooled", SHA256)
    return pool


def publisher(
    site: Path,
    pool: Pool,
    *,
    blob: Callable[[BlobId], bytes] = lambda blob: f"blob {blob}".encode(),
    render: Callable[[Templated], bytes] = lambda page: f"<p>{page.context['word']}".encode(),
) -> Publisher:
    site.mkdir(exist_ok=True)
    return Publisher(site, staging=site.with_name("staging"), pool=pool, blob=blob, render=render)


def tree(site: Path) -> dict[str, bytes]:
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_each_kind_of_output(tmp_path: Path, pool: Pool) -> None:
    """Pages, templates, blobs and archives arrive as their bytes, and what was written is known."""
    site = tmp_path / "site"
    one = publisher(site, pool)

    one.publish(
        [
            FILE,
            StoreFile(path="python/files/a.whl.metadata", blob=BlobId("b1")),
            Templated(path="python/index.html", template="t", context={"word": "hello"}),
            Page(path="index.json", body=b"{}"),
        ]
    )

    assert tree(site) == {
        "python/files/a.whl": CONTENT,
        "python/files/a.whl.metadata": b"blob b1",
        "python/index.html": b"<p>hello",
        "index.json": b"{}",
    }
    assert one.written == set(tree(site))


def test_an_archive_is_a_link_into_the_pool(tmp_path: Path, pool: Pool) -> None:
    """On one file system it takes no room, and nobody can write to it."""
    publisher(tmp_path / "site", pool).publish([FILE])

    place = tmp_path / "site" / FILE.path
    assert place.samefile(pool.path(SHA256))
    assert place.stat().st_mode & 0o777 == 0o444


def test_on_another_file_system_an_archive_is_a_copy(pool: Pool, caplog: pytest.LogCaptureFixture) -> None:
    """Where no link is possible the bytes are copied, as read-only, and the log says so once."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as shared:
        site = Path(shared) / "site"
        other = PoolFile(path="other.whl", sha256=SHA256)
        assert site.parent.stat().st_dev != pool.folder.stat().st_dev

        publisher(site, pool).publish([FILE, other])

        assert tree(site) == {FILE.path: CONTENT, "other.whl": CONTENT}
        assert (site / FILE.path).stat().st_mode & 0o777 == 0o444
    assert [record.message for record in caplog.records] == [
        "files are copied into the site, hard links are not possible here: Invalid cross-device link"
    ]


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_web_server_can_read_it_under_any_umask(tmp_path: Path, pool: Pool, mask: int) -> None:
    """Folders are 0755 and pages 0644, whatever the umask of who builds; nobody else can write to the site."""
    site = tmp_path / "site"
    one = publisher(site, pool)
    with umask(mask):
        one.publish([FILE, Page(path="python/a/b/index.html", body=b"")])

    modes = {path.relative_to(site).as_posix(): path.stat().st_mode & 0o777 for path in site.rglob("*")}
    assert modes == {
        "python": 0o755,
        "python/a": 0o755,
        "python/a/b": 0o755,
        "python/a/b/index.html": 0o644,
        "python/files": 0o755,
        "python/files/a.whl": 0o444,
    }


def test_an_archive_that_is_there_is_left_alone(tmp_path: Path, pool: Pool) -> None:
    """A client that is downloading it keeps its file."""
    one = publisher(tmp_path / "site", pool)
    one.publish([FILE])
    before = (tmp_path / "site" / FILE.path).stat()

    one.publish([FILE])

    after = (tmp_path / "site" / FILE.path).stat()
    assert (before.st_ino, before.st_ctime_ns) == (after.st_ino, after.st_ctime_ns)


def test_what_is_damaged_is_healed(tmp_path: Path, pool: Pool) -> None:
    """A page that somebody changed and an archive that was cut off are written again."""
    site = tmp_path / "site"
    one = publisher(site, pool)
    one.publish([FILE, Page(path="index.html", body=b"good")])
    (site / "index.html").write_bytes(b"evil")
    (site / FILE.path).unlink()
    (site / FILE.path).write_bytes(CONTENT[:3])

    one.publish([FILE, Page(path="index.html", body=b"good")])

    assert tree(site) == {FILE.path: CONTENT, "index.html": b"good"}


def test_a_reader_sees_a_page_whole(tmp_path: Path, pool: Pool) -> None:
    """Who has a page open reads the old one to its end: the new one is another file under its name."""
    site = tmp_path / "site"
    one = publisher(site, pool)
    one.publish([Page(path="index.html", body=b"old")])

    with (site / "index.html").open("rb") as reader:
        one.publish([Page(path="index.html", body=b"new")])
        assert reader.read() == b"old"
    assert (site / "index.html").read_bytes() == b"new"


def test_an_archive_that_the_pool_lost_is_told(tmp_path: Path, pool: Pool) -> None:
    """The error names the path and the way to restore it; nothing is left beside."""
    pool.path(SHA256).unlink()

    with pytest.raises(StoreError) as caught:
        publisher(tmp_path / "site", pool).publish([FILE])

    hint = "in a checkout, run git lfs pull, or see files_base; else upload the same file again"
    assert str(caught.value) == f"the pool has no file for python/files/a.whl; {hint}"
    assert tree(tmp_path / "site") == {}


def test_what_fails_leaves_nothing_behind(tmp_path: Path, pool: Pool) -> None:
    """A page that cannot be put in its place is an error, and its other name is gone."""
    site = tmp_path / "site"
    one = publisher(site, pool)
    (site / "index.html").mkdir(parents=True)
    (site / FILE.path).mkdir(parents=True)

    for output in (Page(path="index.html", body=b""), FILE):
        with pytest.raises(IsADirectoryError):
            one.publish([output])

    assert tree(site) == {}


def test_what_came_before_a_failure_stands(tmp_path: Path, pool: Pool) -> None:
    """Outputs are written in their order: what comes after one that fails is not there."""

    def render(page: Templated) -> bytes:
        raise StoreError(f"templates/{page.template}, line 1: unexpected")

    one = publisher(tmp_path / "site", pool, render=render)
    broken = Templated(path="b", template="t", context={})

    with pytest.raises(StoreError, match="line 1"):
        one.publish([Page(path="a", body=b"1"), broken, Page(path="c", body=b"3")])

    assert tree(tmp_path / "site") == {"a": b"1"}


def test_outputs_can_be_moved() -> None:
    """Into a folder, as what they are."""
    assert moved(Page(path="a", body=b"1"), "b") == Page(path="b/a", body=b"1")
    assert moved(FILE, "x") == PoolFile(path="x/python/files/a.whl", sha256=SHA256)


def test_strangers_are_what_nobody_expects(tmp_path: Path) -> None:
    """Files in and below places, also hidden ones; what lies elsewhere is nobody's business."""
    for path in ("a/x", "a/b/y", "a/.tmp", "b", "c/z", "d"):
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).touch()

    assert sorted(strangers(tmp_path, ["a", "b", "d", "none"], {"a/x", "d"})) == ["a/.tmp", "a/b/y", "b"]


def test_what_is_removed_takes_its_empty_folders_along(tmp_path: Path) -> None:
    """Folders that hold something else stay, and so does the site; what is gone already is no error."""
    for path in ("a/b/c/x", "a/y"):
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).touch()

    for _ in range(2):
        remove(tmp_path, "a/b/c/x")
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "y"]

    remove(tmp_path, "a/y")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../../x", "/etc/x", "a//x", "a/", "", ".", "a/.git/config", ".hidden", "a\\..\\x", "a\0b", "a\nb"],
)
def test_no_name_leads_out_of_the_site(tmp_path: Path, pool: Pool, path: str) -> None:
    """A record that somebody pushed by hand can name no place but one below the site."""
    site = tmp_path / "site"
    (tmp_path / "x").write_bytes(b"mine")

    with pytest.raises(StoreError, match="the site cannot have a file at"):
        publisher(site, pool).publish([Page(path=path, body=b"")])
    assert tree(site) == {}
    assert (tmp_path / "x").read_bytes() == b"mine"


def test_what_a_crash_left_is_taken_away(tmp_path: Path, pool: Pool) -> None:
    """A file that was never completed is gone with the next build."""
    (tmp_path / "staging").mkdir()
    (tmp_path / "staging" / "7").write_bytes(b"half")

    publisher(tmp_path / "site", pool).publish([Page(path="index.html", body=b"whole")])

    assert list((tmp_path / "staging").iterdir()) == []


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/x"])
def test_nothing_is_removed_outside_the_site(tmp_path: Path, path: str) -> None:
    """What leaves the site was in it."""
    (tmp_path / "site").mkdir()
    (tmp_path / "x").write_bytes(b"mine")

    with pytest.raises(StoreError, match="is no file of the site"):
        remove(tmp_path / "site", path)

    assert (tmp_path / "x").read_bytes() == b"mine"
