"""Copying a release from one source to another: the same files, by the same rules as an upload."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from repogen.errors import FileExists, InvalidUpload, NotFound, StoreError, UsageError
from repogen.model.catalog import Entry
from repogen.model.inspected import Stated
from repogen.model.names import ProjectKey
from repogen.store import Store
from repogen.store.paths import project_path
from tests.factories import make_sdist, make_wheel
from tests.r_packages import make_r_binary, make_r_source
from tests.stores import (
    ALICE,
    NOW,
    OTHER_SIGNATURE,
    SIGNATURE,
    add,
    commit,
    copy_release,
    history,
    incoming,
    mark,
    new_store,
    take_out,
)

CONFIG = b"""\
format = 1

[sources.staging]
type = "python"

[sources.ours]
type = "python"

[sources.r]
type = "r"

[sources.r-staging]
type = "r"

[repositories.python]
type = "python"
sources = ["ours"]
"""
EXAMPLE = ProjectKey("example")
WHEEL = "example-1.0-py3-none-any.whl"
LATER = NOW + timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store whose source ``staging`` has example 1.0: a signed wheel with attestations, and an sdist."""
    store = new_store(tmp_path, CONFIG)
    wheel = replace(incoming(make_wheel(tmp_path), signature=SIGNATURE), attestations=b'[{"version": 1}]')
    add(store, "staging", [wheel, make_sdist(tmp_path)])
    return store


def git(store: Store, *arguments: str) -> str:
    found = subprocess.run(["git", "-C", str(store.path), *arguments], check=True, capture_output=True, text=True)
    return found.stdout


def entries(store: Store, source: str) -> tuple[Entry, ...]:
    project = store.newest().project(source, EXAMPLE)
    return project.entries if project else ()


def blobs(store: Store, source: str) -> dict[str, str]:
    """The ids of the files of a project but for its records, by path."""
    listed = git(store, "ls-tree", "-r", f"main:{project_path(source, EXAMPLE)}").splitlines()
    found = (line.split(" ")[2].split("\t") for line in listed)
    return {path: blob for blob, path in found if not path.endswith(".json")}


def test_a_release_is_copied_with_all_that_belongs_to_it(store: Store) -> None:
    """Archive, metadata, signature and attestations are the very same; no file is copied in the pool."""
    pool = sorted(path for path in store.pool.folder.rglob("*") if path.is_file())

    receipt = copy_release(store, "Example", "1", origin="staging", to="ours", now=LATER)

    assert blobs(store, "ours") == blobs(store, "staging")
    assert len(blobs(store, "ours")) == 6
    assert sorted(path for path in store.pool.folder.rglob("*") if path.is_file()) == pool
    assert receipt.commit == store.head()
    assert receipt.text == "2 files: 2 added"
    git(store, "fsck", "--full", "--strict")


def test_records_say_who_copied_and_when(store: Store) -> None:
    """All other facts are those of the source that it came from, marks included."""
    mark(store, "staging", "example", WHEEL, "half broken")

    copy_release(store, "example", "1.0", origin="staging", to="ours", now=LATER)

    for copied, was in zip(entries(store, "ours"), entries(store, "staging"), strict=True):
        assert copied.record == replace(was.record, uploaded="2026-11-23T18:45:34.123456Z", by=ALICE)
    assert [one.record.yanked for one in entries(store, "ours")] == ["half broken", None]


def test_the_commit_says_from_where(store: Store) -> None:
    """One commit, in the words of an upload."""
    copy_release(store, "example", "1.0", origin="staging", to="ours")

    message = git(store, "log", "-1", "--format=%B", "main").rstrip("\n").split("\n")
    hashes = [f"Sha256: {one.record.sha256}" for one in entries(store, "ours")]
    assert message == [
        "copy example 1.0 from staging to ours (2 files)",
        "",
        "Source: ours",
        "From: staging",
        "Project: example",
        "Version: 1.0",
        *hashes,
        f"Token: {'0' * 32}",
    ]
    assert len(history(store)) == 3


def test_the_same_copy_again_changes_nothing(store: Store) -> None:
    """It brings what was missing, such as a signature that was made since, and keeps what is there."""
    copy_release(store, "example", "1.0", origin="staging", to="ours")
    assert copy_release(store, "example", "1.0", origin="staging", to="ours").commit is None

    add(store, "staging", [incoming(make_sdist(store.path.parent), signature=OTHER_SIGNATURE)])
    receipt = copy_release(store, "example", "1.0", origin="staging", to="ours")

    assert receipt.text == "2 files: 1 signed, 1 unchanged"
    assert git(store, "log", "-1", "--format=%s", "main") == "copy example 1.0 from staging to ours (1 file)\n"


def test_other_bytes_are_never_replaced(store: Store, tmp_path: Path) -> None:
    """Where a name is, or was, taken by another file nothing of the release is copied."""
    add(store, "ours", [make_sdist(tmp_path, files={"x": b""})])
    before = store.head()
    with pytest.raises(FileExists, match="File already exists"):
        copy_release(store, "example", "1.0", origin="staging", to="ours")
    assert store.head() == before

    take_out(store, "ours", "example")
    with pytest.raises(FileExists, match="it was removed at"):
        copy_release(store, "example", "1.0", origin="staging", to="ours")


def test_what_was_removed_comes_back_by_a_copy(store: Store) -> None:
    """With a word about it, as by an upload."""
    copy_release(store, "example", "1.0", origin="staging", to="ours")
    take_out(store, "ours", "example", "1.0")

    receipt = copy_release(store, "example", "1.0", origin="staging", to="ours")

    assert receipt.text.count("the same file was removed at 2026-11-22T18:45:34Z and is back") == 2
    assert store.newest().tombstones("ours", EXAMPLE) == {}


@pytest.mark.parametrize(
    ("error", "name", "version", "origin", "to", "text"),
    [
        (NotFound, "other", "1.0", "staging", "ours", "no project 'other' in source 'staging'"),
        (NotFound, "example", "2.0", "staging", "ours", "'example' has no version or file '2.0' in source 'staging'"),
        (NotFound, "example", "1.0", "ours", "staging", "no project 'example' in source 'ours'"),
        (UsageError, "example", WHEEL, "staging", "ours", "whole releases are copied: name 1.0"),
        (UsageError, "example", "1.0", "staging", "r", "source 'staging' is of type python, source 'r' of type r"),
    ],
)
def test_what_cannot_be_copied(
    store: Store, error: type[Exception], name: str, version: str, origin: str, to: str, text: str
) -> None:
    """It is said why, and nothing is committed."""
    before = store.head()

    with pytest.raises(error) as caught:
        copy_release(store, name, version, origin=origin, to=to)

    assert text in str(caught.value)
    assert store.head() == before


def test_bytes_that_the_pool_lost_are_not_promised_again(store: Store) -> None:
    """A pointer to nothing in a second source would stop that site, too."""
    store.pool.drop(entries(store, "staging")[0].record.sha256)

    with pytest.raises(StoreError, match=r"the pool has no file for .*; upload the same file again"):
        copy_release(store, "example", "1.0", origin="staging", to="ours")


def test_a_checkout_without_the_archives_can_copy(store: Store, tmp_path: Path) -> None:
    """There the bytes are where the checkout came from."""
    subprocess.run(["git", "clone", "-q", store.path, tmp_path / "checkout"], check=True, capture_output=True)
    checkout = Store(tmp_path / "checkout")

    copy_release(checkout, "example", "1.0", origin="staging", to="ours")

    assert blobs(checkout, "ours") == blobs(store, "staging")


def test_a_copy_needs_the_metadata(store: Store) -> None:
    """What somebody took away by hand is named."""
    place = f"{project_path('staging', EXAMPLE)}/1.0/{WHEEL}.metadata"
    commit(store, {place: None})

    with pytest.raises(StoreError, match="is missing; correct it in the store"):
        copy_release(store, "example", "1.0", origin="staging", to="ours")


def test_r_packages_are_copied_for_every_platform(store: Store, tmp_path: Path) -> None:
    """Binaries keep their platform; another project whose name differs in case only stands in the way."""
    binary = replace(incoming(make_r_binary(tmp_path, compiled=True)), stated=Stated(distribution="jammy"))
    add(store, "r-staging", [binary])
    add(store, "r-staging", [make_r_source(tmp_path)])

    copy_release(store, "example", "1.0", origin="r-staging", to="r")

    assert [one.record.target for one in entries(store, "r")] == [
        one.record.target for one in entries(store, "r-staging")
    ]
    assert blobs(store, "r") == blobs(store, "r-staging")
    add(store, "r-staging", [make_r_source(tmp_path, "Other")])
    add(store, "r", [make_r_source(tmp_path, "other")])
    with pytest.raises(InvalidUpload, match="cannot be told from 'other'"):
        copy_release(store, "Other", "1.0", origin="r-staging", to="r")
