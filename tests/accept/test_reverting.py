"""Reverting: a commit undone by a new one, and every commit for which that is refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from repogen.errors import FileExists, NotFound, UsageError
from repogen.model.names import ProjectKey
from repogen.store import Store
from repogen.store.paths import project_path
from repogen.store.writer import Writer
from tests.factories import make_sdist, make_wheel
from tests.r_packages import make_r_source
from tests.stores import (
    ALICE,
    CONFIG,
    NOW,
    SIGNATURE,
    add,
    commit,
    copy_release,
    drop_bytes,
    history,
    incoming,
    mark,
    new_store,
    shelve,
    take_out,
    undo,
)

EXAMPLE = ProjectKey("example")
WHEEL = "example-1.0-py3-none-any.whl"
LATER = NOW + timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store whose source ``near`` has example 1.0 as a wheel, and an R source ``r``."""
    store = new_store(tmp_path, CONFIG + b"\n[sources.r]\ntype = 'r'\n")
    add(store, "near", [make_wheel(tmp_path)])
    add(store, "r", [make_r_source(tmp_path)])
    return store


def git(store: Store, *arguments: str) -> str:
    found = subprocess.run(["git", "-C", str(store.path), *arguments], check=True, capture_output=True, text=True)
    return found.stdout


def tree(store: Store, folder: str = "sources", commit: str = "main") -> str:
    return git(store, "ls-tree", "-r", commit, f"{folder}/")


def place(suffix: str = "") -> str:
    return f"{project_path('near', EXAMPLE)}/1.0/{WHEEL}{suffix}"


VERBS: dict[str, Callable[[Store, Path], object]] = {
    "add": lambda store, folder: add(store, "near", [make_wheel(folder, version="2.0"), make_sdist(folder)]),
    "sign": lambda store, folder: add(store, "near", [incoming(make_wheel(folder), signature=SIGNATURE)]),
    "yank": lambda store, _: mark(store, "near", "example", "1.0", "broken"),
    "archive": lambda store, _: shelve(store, "r", "example"),
    "copy": lambda store, _: copy_release(store, "example", "1.0", origin="near", to="far"),
    "remove": lambda store, _: take_out(store, "near", "example"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_is_undone_and_done_again(store: Store, tmp_path: Path, verb: str) -> None:
    """The sources are as they were before it; the undo is undone in the same way."""
    before = tree(store)
    VERBS[verb](store, tmp_path)
    after, done = tree(store), store.head()
    assert after != before

    back = undo(store, done, now=LATER)
    assert tree(store) == before
    assert back.commit == store.head()
    assert undo(store, "main").commit == store.head()
    assert tree(store) == after
    assert len(history(store)) == 6
    git(store, "fsck", "--full", "--strict")


def test_the_commit_says_what_it_reverts(store: Store) -> None:
    """Its subject has that of the other, its trailer the whole id."""
    mark(store, "near", "example", "1.0", "broken")
    done = store.head()

    undo(store, done)

    assert git(store, "log", "-1", "--format=%an|%B", "main").rstrip("\n").split("\n") == [
        f"alice|revert {done[:8]}: yank example 1.0 from near (1 file)",
        "",
        "Source: near",
        f"Reverts: {done}",
        f"Token: {'0' * 32}",
    ]


def test_a_subject_made_by_hand_stays_on_its_line(store: Store) -> None:
    """Whatever somebody committed by hand, the words about it are one clean line."""
    changed = store.newest().read(place(".json"))
    assert changed is not None
    store.write(
        lambda writer: writer.commit(
            {place(".json"): changed.replace(b'"yanked": null', b'"yanked": ""')}, subject="x", author="bob", now=NOW
        ),
        wait=1,
    )
    message = b"red \x1b[31m and\rmore\n\nSource: none\n"
    hand = git(store, "commit-tree", "main^{tree}", "-p", "main~1", "-m", message.decode()).strip()
    git(store, "update-ref", "refs/heads/main", hand)

    undo(store, hand)

    assert git(store, "log", "-1", "--format=%B", "main").splitlines()[0] == (f"revert {hand[:8]}: red ?[31m and?more")
    assert tree(store) == tree(store, commit=f"{hand}~1")


def test_an_upload_that_is_undone_keeps_its_names(store: Store, tmp_path: Path) -> None:
    """It is a removal: tombstones say which commit took it back, and no other bytes get the name."""
    add(store, "near", [make_sdist(tmp_path)])
    done = store.head()

    back = undo(store, done, now=LATER)

    assert (back.removed, back.restored) == (("example-1.0.tar.gz",), ())
    (tombstone,) = store.newest().tombstones("near", EXAMPLE).values()
    assert (tombstone.filename, tombstone.removed, tombstone.by, tombstone.comment) == (
        "example-1.0.tar.gz",
        "2026-11-23T18:45:34Z",
        ALICE,
        f"revert {done}",
    )
    with pytest.raises(FileExists):
        add(store, "near", [make_sdist(tmp_path, files={"x": b""})])


def test_a_removal_that_is_undone_leaves_no_trace(store: Store) -> None:
    """The files come back with record and signature, and their tombstones go."""
    take_out(store, "near", "example", comment="by mistake")

    back = undo(store, "HEAD")

    assert (back.removed, back.restored) == ((), (WHEEL,))
    assert tree(store, "removed") == ""
    assert len(store.newest().entries(store.newest().project_id("near", EXAMPLE))) == 1
    undo(store, "HEAD", now=LATER)
    (tombstone,) = store.newest().tombstones("near", EXAMPLE).values()
    assert (tombstone.comment, tombstone.removed) == ("by mistake", "2026-11-22T18:45:34Z")


def test_a_return_that_is_undone_leaves_the_old_tombstone(store: Store, tmp_path: Path) -> None:
    """What was removed, sent again and taken back again is removed for its first reason."""
    take_out(store, "near", "example", comment="bad licence")
    before = tree(store, "removed")
    add(store, "near", [make_wheel(tmp_path)])

    undo(store, "HEAD", now=LATER)

    assert tree(store, "removed") == before


@pytest.mark.parametrize(
    ("since", "changed"),
    [
        (lambda store, _: mark(store, "near", "example", "1.0", "x"), [".json"]),
        (lambda store, folder: add(store, "near", [incoming(make_wheel(folder), signature=SIGNATURE)]), [".asc"]),
        (lambda store, _: commit(store, {place(".attestations"): b"[]"}), [".attestations"]),
    ],
)
def test_what_was_changed_since_is_named(
    store: Store, tmp_path: Path, since: Callable[[Store, Path], object], changed: list[str]
) -> None:
    """An upload is not taken back over later changes of its files; after these were reverted, it can be."""
    since(store, tmp_path)
    before = store.head()
    uploaded = history(store)[2]

    with pytest.raises(UsageError) as caught:
        undo(store, uploaded)
    assert str(caught.value) == (
        f"changed since commit {uploaded[:12]}: {', '.join(repr(place(suffix)) for suffix in changed)}; "
        "revert the later commits first, the newest before the others"
    )
    assert store.head() == before

    undo(store, before)
    assert undo(store, uploaded).removed == (WHEEL,)


def test_many_later_changes_are_counted(store: Store, tmp_path: Path) -> None:
    """The first few are named."""
    add(store, "near", [make_wheel(tmp_path, "a"), make_wheel(tmp_path, "b"), make_wheel(tmp_path, "c")])
    done = store.head()
    for name in ("a", "b"):
        take_out(store, "near", name)

    with pytest.raises(UsageError, match=r"changed since commit .{12}: '[^']+', '[^']+', '[^']+' and 3 more;"):
        undo(store, done)


def test_what_is_undone_already_is_not_undone_again(store: Store) -> None:
    """The same command again makes no commit; nor is there one where the files are gone by other means."""
    take_out(store, "near", "example")
    done = store.head()
    undo(store, done)
    before = store.head()

    assert undo(store, done).commit is None
    assert store.head() == before


def test_purged_bytes_do_not_come_back(store: Store, tmp_path: Path) -> None:
    """The removal cannot be undone then; an upload of the same file undoes it."""
    drop_bytes(store, take_out(store, "near", "example"))
    done = store.head()

    with pytest.raises(UsageError) as caught:
        undo(store, done)
    assert str(caught.value) == f"the bytes of {WHEEL!r} were purged; upload the file again"

    add(store, "near", [make_wheel(tmp_path)])
    assert store.newest().read(place()) is not None


def test_a_checkout_without_the_archives_can_revert(store: Store, tmp_path: Path) -> None:
    """There the bytes are where the checkout came from."""
    take_out(store, "near", "example")
    subprocess.run(["git", "clone", "-q", store.path, tmp_path / "checkout"], check=True, capture_output=True)
    checkout = Store(tmp_path / "checkout")

    assert undo(checkout, "HEAD").restored == (WHEEL,)
    assert git(checkout, "status", "--porcelain") == ""


def test_a_new_file_is_not_taken_away_by_an_old_commit(store: Store, tmp_path: Path) -> None:
    """Whatever came after a removal stays: its undo is refused when a file is back by other means."""
    take_out(store, "near", "example")
    done = store.head()
    add(store, "near", [make_wheel(tmp_path)], now=LATER)
    before = store.head()

    with pytest.raises(UsageError, match="changed since commit"):
        undo(store, done)
    assert store.head() == before


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"repogen.toml": CONFIG + b"# more"}, "changes 'repogen.toml', and only what became of distributions"),
        ({"tokens/ab/x.json": b"{}"}, "changes 'tokens/ab/x.json', and only"),
        ({place(".json"): b"{}", "templates/x": b""}, "changes 'templates/x', and only"),
        ({place(): b"version https://git-lfs.github.com/spec/v1\n"}, f"changes the bytes of {place()!r}"),
        ({}, "changes nothing"),
    ],
)
def test_other_commits_are_refused(store: Store, changes: dict[str, bytes], text: str) -> None:
    """Configuration, tokens and templates have commands of their own; bytes never change under a name."""
    done = commit(store, dict(changes))

    with pytest.raises(UsageError) as caught:
        undo(store, done)

    assert text in str(caught.value)
    assert done[:12] in str(caught.value)


def test_first_commits_and_merges_are_refused(store: Store) -> None:
    """It would not be clear against what they are to be undone."""
    merge = git(store, "commit-tree", "main^{tree}", "-p", "main", "-p", "main~1", "-m", "merge").strip()
    git(store, "update-ref", "refs/heads/main", merge)

    with pytest.raises(UsageError, match="merges others; name a commit that adds"):
        undo(store, merge)
    with pytest.raises(UsageError, match="is the first one"):
        undo(store, history(store)[-1])


@pytest.mark.parametrize("length", [4, 12, 40])
def test_a_commit_goes_by_the_start_of_its_id(store: Store, length: int) -> None:
    """In upper and lower case, from four digits on, or by a name that Git knows."""
    head = store.head()

    assert store.newest().find(head[:length]) == head
    assert store.newest().find(head[:length].upper()) == head
    assert store.newest().find("HEAD~1") == history(store)[1]
    assert store.newest().find("main") == head


@pytest.mark.parametrize(
    "text",
    ["", "abc", "0" * 40, "ffffffff0", "main:sources", "HEAD~99", "x\udcff", "--all", ":/nothing", "HEAD^{tree}"],
)
def test_what_is_no_commit_of_the_history(store: Store, text: str) -> None:
    """It is named, escaped, with the place to look."""
    with pytest.raises(NotFound) as caught:
        store.newest().find(text)

    assert str(caught.value) == f"no commit {text!r} in the history of the store; git log lists them"


def test_commits_beside_the_history_are_not_found(store: Store) -> None:
    """A commit that is in the store and not on main did nothing that could be undone."""
    beside = git(store, "commit-tree", "main~1^{tree}", "-p", "main~1", "-m", "beside").strip()
    git(store, "update-ref", "refs/heads/beside", beside)

    for text in (beside, beside[:8], "beside"):
        with pytest.raises(NotFound):
            store.newest().find(text)


def test_a_start_of_several_ids_is_refused(store: Store) -> None:
    """It takes more digits then."""
    starts = [one[:4] for one in history(store)]

    def change(writer: Writer) -> None:
        while len(set(starts)) == len(starts):
            starts.append(writer.commit({}, subject=str(len(starts)), author="bob", now=NOW)[:4])

    store.write(change, wait=10)

    with pytest.raises(UsageError, match="is the start of 2 commits; give more digits"):
        store.newest().find(starts[-1])
