"""Removing: what goes, what stays of it, and that a name is never free again."""

from __future__ import annotations

import subprocess
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from repogen.accept.configure import configure, remove_source, rename_source, source_moves
from repogen.accept.selecting import is_for
from repogen.errors import FileExists, InvalidUpload, NotFound, UsageError
from repogen.model.inspected import Stated
from repogen.model.names import ProjectKey, Sha256
from repogen.model.tombstone import Tombstone
from repogen.store import Store
from repogen.store.writer import Writer
from tests.factories import make_sdist, make_wheel
from tests.r_packages import make_r_binary, make_r_source
from tests.stores import (
    ALICE,
    NOW,
    SIGNATURE,
    add,
    commit,
    copy_release,
    drop_bytes,
    incoming,
    new_store,
    renamed,
    shelve,
    take_out,
)

EXAMPLE = ProjectKey("example")
WHEEL = "example-1.0-py3-none-any.whl"
R_CONFIG = b"format = 1\n[sources.near]\nid = 'n1'\ntype = 'r'\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store whose source ``near`` has example 1.0 (a signed wheel, and an sdist as 1.0.0) and 2.0."""
    store = new_store(tmp_path)
    add(store, "near", [incoming(make_wheel(tmp_path), signature=SIGNATURE), make_sdist(tmp_path, version="1.0.0")])
    add(store, "near", [make_wheel(tmp_path, version="2.0")])
    return store


@pytest.fixture
def r_store(tmp_path: Path) -> Store:
    return new_store(tmp_path, R_CONFIG)


def git(store: Store, *arguments: str) -> str:
    found = subprocess.run(["git", "-C", str(store.path), *arguments], check=True, capture_output=True, text=True)
    return found.stdout


def files(store: Store, folder: str) -> list[str]:
    """The paths below a folder, without its shard."""
    listed = git(store, "ls-tree", "-r", "--name-only", "main", f"{folder}/").split()
    return [path.split("/", 3)[3] for path in listed]


def message(store: Store) -> list[str]:
    return git(store, "log", "-1", "--format=%B", "main").rstrip("\n").split("\n")


def tombstones(store: Store, source: str = "near", key: str = "example") -> list[Tombstone]:
    return list(store.newest().tombstones(source, ProjectKey(key)).values())


def other(folder: Path) -> Path:
    """A wheel of the same name with other bytes."""
    return make_wheel(folder, files={"other.py": b""})


def test_a_release_goes_with_all_that_belongs_to_it(store: Store) -> None:
    """Pointers, records, metadata and signature leave the tree; a tombstone stays for each file."""
    removal = take_out(store, "near", "Example", "1", comment="bad licence")

    assert files(store, "sources/near") == [
        f"example/2.0/example-2.0-py3-none-any.whl{suffix}" for suffix in ("", ".json", ".metadata")
    ]
    assert files(store, "removed/near") == [f"example/1.0/{WHEEL}.json", "example/1.0/example-1.0.0.tar.gz.json"]
    assert removal.commit == store.head()
    assert tombstones(store) == list(removal.removed)
    assert [(one.filename, one.comment, one.by, one.removed) for one in removal.removed] == [
        (WHEEL, "bad licence", ALICE, "2026-11-22T18:45:34Z"),
        ("example-1.0.0.tar.gz", "bad licence", ALICE, "2026-11-22T18:45:34Z"),
    ]
    git(store, "fsck", "--full", "--strict")


def test_the_commit_says_what_and_why(store: Store) -> None:
    """One commit, whose trailers Git reads; a comment cannot break out of its line."""
    one, two = take_out(store, "near", "example", "1.0", comment="bad\nToken: mine \x1b[2J").removed

    assert message(store) == [
        "remove example 1.0 from near (2 files)",
        "",
        "Source: near",
        "Project: example",
        "Version: 1.0",
        "Version: 1.0.0",
        f"Sha256: {one.sha256}",
        f"Sha256: {two.sha256}",
        "Comment: bad?Token: mine ?[2J",
        f"Token: {'0' * 32}",
    ]
    assert git(store, "log", "-1", "--format=%(trailers:key=Token,valueonly)", "main").strip() == "0" * 32


def test_one_file_goes_by_its_name(store: Store) -> None:
    """The others of the release stay."""
    take_out(store, "near", "example", WHEEL)

    assert message(store)[0] == f"remove {WHEEL} from near (1 file)"
    assert [one.filename for one in tombstones(store)] == [WHEEL]
    assert "example/1.0/example-1.0.0.tar.gz" in files(store, "sources/near")
    assert not [path for path in files(store, "sources/near") if WHEEL in path]


def test_a_whole_project_goes(store: Store) -> None:
    """It is no project of the source any more; its name stays taken in every file."""
    take_out(store, "near", "example")

    assert message(store)[0] == "remove example from near (3 files)"
    assert message(store)[4:7] == ["Version: 1.0", "Version: 1.0.0", "Version: 2.0"]
    assert list(store.newest().projects("near")) == []
    assert store.newest().project("near", EXAMPLE) is None
    assert len(tombstones(store)) == 3


def test_what_is_gone_already_is_not_removed_again(store: Store) -> None:
    """The same command again makes no commit, and says what it had meant."""
    first = take_out(store, "near", "example", "1.0")
    before = store.head()

    again = take_out(store, "near", "example", "1.0", now=NOW + timedelta(days=1))

    assert (again.commit, again.removed, again.before) == (None, (), first.removed)
    assert store.head() == before


@pytest.mark.parametrize(
    ("source", "name", "which", "text"),
    [
        ("near", "nothing", "1.0", "no project 'nothing' in source 'near'"),
        ("near", "nothing", None, "no project 'nothing' in source 'near'"),
        ("far", "example", "1.0", "no project 'example' in source 'far'"),
        ("near", "example", "3.0", "'example' has no version or file '3.0' in source 'near'; versions: 1.0, 2.0"),
        ("near", "example", "x\ny", r"'example' has no version or file 'x\ny' in source 'near'; versions: 1.0, 2.0"),
        ("near", "../../tokens", None, "no project '../../tokens' in source 'near'"),
    ],
)
def test_what_never_was_there(store: Store, source: str, name: str, which: str | None, text: str) -> None:
    """A project, a version or a file that is not there is named, escaped, and nothing is committed."""
    before = store.head()

    with pytest.raises(NotFound) as caught:
        take_out(store, source, name, which)

    assert str(caught.value) == text
    assert store.head() == before


@pytest.mark.parametrize("which", ["1.0", None])
def test_a_name_is_never_free_again(store: Store, tmp_path: Path, which: str | None) -> None:
    """Not for other bytes, in no spelling of name or version, and not when the whole project is gone."""
    take_out(store, "near", "example", which)
    before = store.head()

    with pytest.raises(FileExists, match=r"it was removed at 2026-11-22T18:45:34Z; .*raise the version"):
        add(store, "near", [other(tmp_path)])
    for spelling in ("Example-1.0-py3-none-any.whl", "example-1.0.0-py3-none-any.whl", "example-1-py3-none-any.whl"):
        with pytest.raises(FileExists):
            add(store, "near", [renamed(incoming(other(tmp_path)), spelling)])
    with pytest.raises(FileExists):
        add(store, "near", [make_sdist(tmp_path, version="1.0", files={"x": b""})])
    assert store.head() == before


def test_the_same_bytes_come_back(store: Store, tmp_path: Path) -> None:
    """With a word about it; the tombstone goes, the record says who brought it when."""
    take_out(store, "near", "example", "1.0")

    receipt = add(store, "near", [make_wheel(tmp_path)], now=NOW + timedelta(days=1))

    assert receipt.text == f"{WHEEL}: added; {WHEEL}: the same file was removed at 2026-11-22T18:45:34Z and is back"
    assert [one.filename for one in tombstones(store)] == ["example-1.0.0.tar.gz"]
    assert f"example/1.0/{WHEEL}" in files(store, "sources/near")


def test_a_new_file_of_a_removed_release_joins_what_was_there(store: Store, tmp_path: Path) -> None:
    """A release keeps its folder when everything in it was removed, so that no name in it is ever free twice."""
    take_out(store, "near", "example", "1.0")
    add(store, "near", [make_wheel(tmp_path, version="1.0.0", build="1")])
    assert "example/1.0/example-1.0.0-1-py3-none-any.whl" in files(store, "sources/near")

    add(store, "near", [make_wheel(tmp_path)])
    with pytest.raises(FileExists):
        add(store, "near", [make_wheel(tmp_path, version="1", build="1", files={"x": b""})])


def test_other_sources_are_not_concerned(store: Store, tmp_path: Path) -> None:
    """What one source has removed, another may hold; a copy back brings the same bytes only."""
    take_out(store, "near", "example", "2.0")
    add(store, "far", [make_wheel(tmp_path, version="2.0"), other(tmp_path)])

    receipt = copy_release(store, "example", "2.0", origin="far", to="near")
    assert "is back" in receipt.text
    take_out(store, "near", "example", "1.0")
    with pytest.raises(FileExists):
        copy_release(store, "example", "1.0", origin="far", to="near")


def test_names_stay_taken_when_the_source_is_renamed(store: Store, tmp_path: Path) -> None:
    """The tombstones go along, also where nothing else is left."""
    take_out(store, "near", "example")

    def change(writer: Writer) -> None:
        moves = source_moves(writer, "near", "here")
        configure(writer, rename_source("near", "here"), subject="rename", by=ALICE, now=NOW, moves=moves)

    store.write(change, wait=1)

    assert (files(store, "removed/near"), len(files(store, "removed/here"))) == ([], 3)
    with pytest.raises(FileExists):
        add(store, "here", [other(tmp_path)])


def test_a_source_takes_its_names_with_it(store: Store) -> None:
    """With the source its tombstones end: another of the same name, with another id, starts empty."""
    take_out(store, "near", "example", "1.0")

    def change(writer: Writer) -> None:
        moves = source_moves(writer, "near", None)
        configure(writer, remove_source("near"), subject="remove", by=ALICE, now=NOW, moves=moves)

    store.write(change, wait=1)

    assert git(store, "ls-tree", "-r", "--name-only", "main").split() == ["repogen.toml"]


def test_purging_drops_the_bytes(store: Store, tmp_path: Path) -> None:
    """They are gone from the pool; again, there is nothing to do; an upload brings them back."""
    removal = take_out(store, "near", "example", WHEEL)
    digest = removal.removed[0].sha256
    assert store.pool.path(digest).exists()

    assert drop_bytes(store, removal).dropped == removal.removed
    assert not store.pool.path(digest).exists()
    again = drop_bytes(store, take_out(store, "near", "example", WHEEL))
    assert (again.dropped, again.absent, again.kept) == ((), removal.removed, ())

    add(store, "near", [make_wheel(tmp_path)])
    assert store.pool.path(digest).exists()
    with pytest.raises(FileExists):
        add(store, "near", [other(tmp_path)])


def test_bytes_that_another_source_has_are_kept(store: Store, tmp_path: Path) -> None:
    """They go with the last source that has them."""
    add(store, "far", [make_wheel(tmp_path)])
    near = take_out(store, "near", "example", WHEEL)

    assert drop_bytes(store, near).kept == ((near.removed[0], ("far",)),)
    assert store.pool.path(near.removed[0].sha256).exists()

    assert len(drop_bytes(store, take_out(store, "far", "example")).dropped) == 1
    assert not store.pool.path(near.removed[0].sha256).exists()


def test_bytes_that_came_back_meanwhile_are_kept(store: Store, tmp_path: Path) -> None:
    """Between a removal and its purge somebody may send the file again: then it is wanted."""
    removal = take_out(store, "near", "example", WHEEL)
    add(store, "near", [make_wheel(tmp_path)])

    assert drop_bytes(store, removal).kept == ((removal.removed[0], ("near",)),)


def test_uploads_beside_a_purge_lose_nothing(store: Store, tmp_path: Path) -> None:
    """Whoever is first, at the end the bytes are there exactly if the store names them."""
    wheel = make_wheel(tmp_path)
    digest = Sha256(incoming(wheel).digests["sha256"])

    def send() -> None:
        for _ in range(15):
            add(store, "near", [wheel])

    sender = threading.Thread(target=send)
    sender.start()
    for _ in range(15):
        drop_bytes(store, take_out(store, "near", "example", WHEEL))
    sender.join()

    named = bool(store.newest().sources_with(EXAMPLE, digest, wheel.stat().st_size))
    assert store.pool.path(digest).exists() == named
    assert len([one for one in tombstones(store) if one.filename == WHEEL]) == (not named)


def test_a_removed_r_package_is_never_another(r_store: Store, tmp_path: Path) -> None:
    """Equal versions are one under R's rules, a platform by itself, and a name in another case is none that is free."""
    add(r_store, "near", [make_r_source(tmp_path, version="1.0-1")])
    take_out(r_store, "near", "example", "1.0.1")
    assert files(r_store, "removed/near") == ["example/1.0-1/example_1.0-1.tar.gz.json"]

    for version in ("1.0-1", "1.0.1"):
        with pytest.raises(FileExists):
            add(r_store, "near", [make_r_source(tmp_path, version=version, files={"x": b"x"})])
    with pytest.raises(InvalidUpload, match="cannot be told from 'example'"):
        add(r_store, "near", [make_r_source(tmp_path, "Example")])
    one = incoming(make_r_binary(tmp_path, version="1.0-1", compiled=True))
    add(r_store, "near", [replace(one, stated=Stated(distribution="jammy"))])


def test_a_file_name_of_several_platforms(r_store: Store, tmp_path: Path) -> None:
    """It means the source package; those for a platform are named with it, and are removed alone."""
    source = make_r_source(tmp_path)
    binary = make_r_binary(tmp_path, compiled=True, filename="linux.tar.gz")
    add(r_store, "near", [incoming(source)])
    for distribution in ("jammy", "noble"):
        one = renamed(incoming(binary), "example_1.0.tar.gz")
        add(r_store, "near", [replace(one, stated=Stated(distribution=distribution))])

    def gone() -> list[str]:
        return sorted(one.target for one in tombstones(r_store))

    take_out(r_store, "near", "example", "example_1.0.tar.gz", distribution="noble")
    assert gone() == ["linux-noble-x86_64-4.2"]
    take_out(r_store, "near", "example", "example_1.0.tar.gz")
    assert gone() == ["", "linux-noble-x86_64-4.2"]
    assert take_out(r_store, "near", "example", "example_1.0.tar.gz").commit is None
    with pytest.raises(NotFound, match=r"no version or file 'example_1\.0\.tar\.gz for focal'"):
        take_out(r_store, "near", "example", "example_1.0.tar.gz", distribution="focal")
    take_out(r_store, "near", "example", "1.0")
    assert gone() == ["", "linux-jammy-x86_64-4.2", "linux-noble-x86_64-4.2"]
    other_bytes = renamed(incoming(make_r_binary(tmp_path, compiled=True, files={"x": b""})), "example_1.0.tar.gz")
    with pytest.raises(FileExists):
        add(r_store, "near", [replace(other_bytes, stated=Stated(distribution="jammy"))])


def test_a_file_name_of_platforms_only_is_not_clear(r_store: Store, tmp_path: Path) -> None:
    """Where there is no source package of that name, the platform must be named."""
    binary = incoming(make_r_binary(tmp_path, compiled=True))
    for distribution in ("jammy", "noble"):
        spooled = incoming(make_r_binary(tmp_path, compiled=True))
        add(r_store, "near", [replace(spooled, stated=Stated(distribution=distribution))])

    with pytest.raises(UsageError, match=r"\(linux-jammy-x86_64-4.2, linux-noble-x86_64-4.2\); add --distribution"):
        take_out(r_store, "near", "example", binary.filename)


def test_a_platform_goes_by_any_of_its_names() -> None:
    """By the name of the distribution, with or without its architecture and system; never by a part of a name."""
    good = ["jammy", "jammy-x86_64", "linux-jammy", "linux-jammy-x86_64", "linux-jammy-x86_64-4.2"]
    for name in ("jam", "x86_64", "4.2", "linux", "", "jammy-x86_64-4.2"):
        assert not is_for("linux-jammy-x86_64-4.2", name), name
    assert all(is_for("linux-jammy-x86_64-4.2", name) for name in good)
    assert not is_for("linux-my-jammy-x86_64-4.2", "jammy")
    assert is_for("macosx-big-sur-arm64-4.3", "big-sur-arm64")
    assert is_for("windows-4.2", "windows")
    assert not is_for("", "windows")
    assert not is_for("", "")


def test_an_archived_package_can_be_removed(r_store: Store, tmp_path: Path) -> None:
    """Its mark does not stand in the way."""
    add(r_store, "near", [make_r_source(tmp_path)])
    shelve(r_store, "near", "example")

    assert len(take_out(r_store, "near", "example").removed) == 1


def test_a_damaged_tombstone_frees_no_name(store: Store, tmp_path: Path) -> None:
    """Where it cannot be read, uploads of that project are refused until it can."""
    take_out(store, "near", "example", "1.0")
    path = next(iter(store.newest().tombstones("near", EXAMPLE)))
    commit(store, {path: b"{}"})

    with pytest.raises(Exception, match="correct it in the store"):
        add(store, "near", [other(tmp_path)])
