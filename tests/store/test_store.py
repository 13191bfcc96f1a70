"""The store: commits that standard Git reads, land whole, and owe nothing to the host."""

from __future__ import annotations

import os
import subprocess
import threading
from datetime import UTC, datetime
from pathlib import Path

import pygit2
import pytest

from repogen.errors import Busy, ConfigError, DiskFull, StoreError, UsageError
from repogen.model.names import CommitId, ProjectKey, Sha256, TreeId, shard
from repogen.model.record import Record, Submitter, dump_record
from repogen.store import BRANCH, Store
from repogen.store.faults import storage_errors
from repogen.store.locks import locked
from repogen.store.paths import lfs_pointer, project_path
from repogen.store.writer import Change, Writer, clean_author
from tests.stores import history

ALICE = Submitter(subject="alice")
NOW = datetime(2026, 11, 22, 18, 45, 34, 123456, tzinfo=UTC)


def commit(
    store: Store, changes: dict[str, Change], subject: str = "change", author: str = "alice", wait: float = 1
) -> CommitId:
    return store.write(lambda writer: writer.commit(changes, subject=subject, author=author, now=NOW), wait=wait)


def git(store: Path, *arguments: str) -> str:
    found = subprocess.run(["git", "-C", str(store), *arguments], check=True, capture_output=True, text=True)
    return found.stdout


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "store.git")


def test_git_reads_what_was_committed(store: Store) -> None:
    """Stock Git finds files, history and nothing to complain about."""
    commit(store, {"a/b/c": b"one", "d": b"two"}, subject="first")
    commit(store, {"a/b/c": None, "a/e": b"three"}, subject="second", author="Bob <b@x>\nnot me")

    assert git(store.path, "ls-tree", "-r", "--name-only", "main").split() == ["a/e", "d"]
    assert git(store.path, "show", "main:a/e") == "three"
    assert git(store.path, "log", "--format=%an|%ae|%s|%cI", "main").splitlines() == [
        "Bob b@x?not me|repogen@localhost|second|2026-11-22T18:45:34+00:00",
        "alice|repogen@localhost|first|2026-11-22T18:45:34+00:00",
    ]
    subprocess.run(["git", "-C", str(store.path), "fsck", "--full", "--strict"], check=True, capture_output=True)


def test_a_folder_moves_by_its_id(store: Store) -> None:
    """A change whose value is a tree id puts that folder in place, whole."""
    commit(store, {"sources/a/x": b"1", "sources/a/y": b"2"})
    tree = store.newest().folder_id("sources/a")
    assert tree is not None

    commit(store, {"sources/a": None, "sources/b": TreeId(tree)})

    assert store.newest().folder_id("sources/a") is None
    assert store.newest().read("sources/b/y") == b"2"


def test_an_older_revision_stays_readable(store: Store) -> None:
    """A revision is the store at its commit, whatever came later."""
    first = commit(store, {"x": b"1"})
    commit(store, {"x": b"2"})

    assert (store.at(first).read("x"), store.newest().read("x")) == (b"1", b"2")
    assert history(store)[1] == first


def test_commits_of_one_writer_land_together(store: Store) -> None:
    """Nobody sees the first of two chained commits without the second."""
    commit(store, {"x": b"0"})

    def change(writer: Writer) -> None:
        writer.commit({"x": b"1"}, subject="one", author="a", now=NOW)
        assert store.newest().read("x") == b"0"
        assert writer.revision.read("x") == b"1"
        writer.commit({"y": b"2"}, subject="two", author="a", now=NOW)

    store.write(change, wait=1)

    assert git(store.path, "log", "--format=%s", "main").split() == ["two", "one", "change"]


def test_a_failing_change_leaves_nothing(store: Store) -> None:
    """An error inside a change moves no ref and frees the store."""
    before = commit(store, {"x": b"0"})

    def change(writer: Writer) -> None:
        writer.commit({"x": b"1"}, subject="one", author="a", now=NOW)
        raise ValueError("no further")

    with pytest.raises(ValueError, match="no further"):
        store.write(change, wait=1)

    assert store.head() == before
    commit(store, {"x": b"2"})


def test_a_branch_moved_by_a_push_meanwhile_is_kept(store: Store) -> None:
    """A change runs again on top of what somebody else put there by Git's own means."""
    commit(store, {"x": b"0"})
    attempts: list[CommitId | None] = []

    def change(writer: Writer) -> None:
        writer.commit({"mine": b"1"}, subject="mine", author="a", now=NOW)
        if not attempts:
            other = Writer(pygit2.Repository(str(store.path)), writer.base)
            tip = other.commit({"theirs": b"2"}, subject="theirs", author="b", now=NOW)
            git(store.path, "update-ref", BRANCH, tip)
        attempts.append(writer.base)

    store.write(change, wait=1)

    assert len(attempts) == 2
    assert (store.newest().read("mine"), store.newest().read("theirs")) == (b"1", b"2")


def test_a_ref_locked_by_git_is_waited_for_and_then_busy(store: Store) -> None:
    """Git's own lock file on the branch makes a write Busy, and names the file."""
    commit(store, {"x": b"0"})
    lock = store.folder / f"{BRANCH}.lock"
    lock.touch()

    with pytest.raises(Busy, match=r"main\.lock"):
        store.write(lambda writer: writer.commit({"x": b"1"}, subject="s", author="a", now=NOW), wait=0.2)

    lock.unlink()
    commit(store, {"x": b"1"})


def test_many_threads_write_without_losing_a_commit(store: Store) -> None:
    """Eight threads, five commits each: all forty are in the history."""
    commit(store, {"start": b""})

    def work(number: int) -> None:
        for turn in range(5):
            commit(store, {f"{number}/{turn}": b"x"}, wait=30)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(git(store.path, "ls-tree", "-r", "--name-only", "main").split()) == 41
    assert len(history(store)) == 41


def test_a_lock_that_a_killed_writer_left_is_taken_away(store: Store) -> None:
    """The mark beside it tells that it is no Git command's; the next write goes on, and leaves neither."""
    commit(store, {"a": b"1"})
    lock, mark = store.folder / f"{BRANCH}.lock", store.folder / "repogen.moving"
    mark.touch()
    lock.touch()

    commit(store, {"a": b"2"})

    assert store.newest().read("a") == b"2"
    assert not lock.exists()
    assert not mark.exists()


def test_a_lock_from_before_the_mark_is_somebody_elses(store: Store) -> None:
    """A Git command had the branch before the writer that was killed came to it."""
    commit(store, {"a": b"1"})
    lock, mark = store.folder / f"{BRANCH}.lock", store.folder / "repogen.moving"
    lock.touch()
    os.utime(lock, (1_700_000_000, 1_700_000_000))
    mark.touch()

    with pytest.raises(Busy, match=r"main\.lock"):
        store.write(lambda writer: writer.commit({"a": b"2"}, subject="s", author="a", now=NOW), wait=0.1)
    assert lock.exists()


def test_a_held_lock_is_busy(store: Store) -> None:
    """A store that somebody else holds is waited for, then refused with the way out."""
    with locked(store.folder / "repogen.lock", wait=1, what="x"), pytest.raises(Busy, match="try again"):
        store.write(lambda writer: writer.tip, wait=0.05)


def test_the_host_has_no_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the user's Git configuration, nor GIT_ variables, nor hooks reach the store."""
    canary = tmp_path / "canary"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    hook = hooks / "reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {canary}\n")
    hook.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f"[core]\n hooksPath = {hooks}\n autocrlf = input\n[user]\n name = leak\n")
    other = tmp_path / "other.git"
    subprocess.run(["git", "init", "-q", "--bare", str(other)], check=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", str(other))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / "objects"))

    store = Store.create(tmp_path / "store.git")
    (store.folder / "hooks").mkdir(exist_ok=True)
    (store.folder / "hooks" / "reference-transaction").write_bytes(hook.read_bytes())
    (store.folder / "hooks" / "reference-transaction").chmod(0o755)
    commit(store, {"x": b"line\r\n"})

    assert store.newest().read("x") == b"line\r\n"
    assert not canary.exists()
    assert not list((other / "refs" / "heads").iterdir())
    assert not [name for _, _, names in os.walk(other / "objects") for name in names]


def test_create_refuses_an_existing_place(tmp_path: Path) -> None:
    """Nothing that is there is overwritten."""
    with pytest.raises(UsageError, match="exists already"):
        Store.create(tmp_path)


@pytest.mark.parametrize("damage", ["no-branch", "no-repository"])
def test_what_is_no_store_is_named(tmp_path: Path, damage: str) -> None:
    """A folder that is no store, and a store without a commit, say so."""
    if damage == "no-branch":
        with pytest.raises(StoreError, match="no commit"):
            Store.create(tmp_path / "store.git").head()
    else:
        with pytest.raises(StoreError, match="no store at"):
            Store(tmp_path)


def test_the_last_good_configuration_goes_on(store: Store) -> None:
    """A mistake in repogen.toml is told by config() and bridged by good_config()."""
    commit(store, {"repogen.toml": b'format = 1\naddress = "https://a.example"\n'})
    commit(store, {"repogen.toml": b'format = 1\naddress = "https://b.example"\n', "x": b"1"})
    commit(store, {"repogen.toml": b"format = 1\naddres = 3\n"})
    commit(store, {"repogen.toml": b"format = ["})

    with pytest.raises(ConfigError, match=r"repogen\.toml"):
        store.newest().config()
    assert store.newest().good_config().address == "https://b.example"


def test_without_any_good_configuration_the_newest_mistake_is_told(store: Store) -> None:
    """Where there is nothing to go on with, the error is that of the head."""
    commit(store, {"repogen.toml": b"format = 2\n"})
    commit(store, {"repogen.toml": b"format = 3\n"})

    with pytest.raises(ConfigError, match="must be 1, not 3"):
        store.newest().good_config()


def test_the_pool_takes_a_file_once(store: Store, tmp_path: Path) -> None:
    """A spooled file becomes read-only under its digest; what is held is told by digest and size."""
    spooled = tmp_path / "spooled"
    spooled.write_bytes(b"content")
    digest = Sha256("ab" * 32)

    store.pool.take(spooled, digest)

    assert not spooled.exists()
    assert store.pool.path(digest) == store.path / "lfs" / "objects" / "ab" / "ab" / digest
    assert store.pool.path(digest).stat().st_mode & 0o777 == 0o444
    assert store.pool.holds(digest, 7)
    assert not store.pool.holds(digest, 8)


def test_the_pool_drops_a_file(store: Store, tmp_path: Path) -> None:
    """It says whether there was anything to drop; a bare store lacks the file then."""
    spooled = tmp_path / "spooled"
    spooled.write_bytes(b"content")
    digest = Sha256("ab" * 32)
    store.pool.take(spooled, digest)
    assert not store.lacks(digest, 7)

    assert store.pool.drop(digest)

    assert not store.pool.drop(digest)
    assert store.lacks(digest, 7)


def test_who_has_some_bytes(store: Store) -> None:
    """Every source in whose project of that name a pointer names them, listed in the configuration or not."""
    key, digest = ProjectKey("example"), Sha256("ab" * 32)
    pointer = lfs_pointer(digest, 7)
    commit(
        store,
        {
            f"{project_path('b', key)}/1.0/x.whl": pointer,
            f"{project_path('a', key)}/1.0/target/y.whl": pointer,
            f"{project_path('c', key)}/1.0/x.whl": lfs_pointer(Sha256("cd" * 32), 7),
            f"{project_path('d', ProjectKey('other'))}/1.0/x.whl": pointer,
            "sources/README": b"",
        },
    )

    assert store.newest().sources_with(key, digest, 7) == ("a", "b")
    assert store.newest().sources_with(key, digest, 8) == ()


def test_a_work_tree_follows(tmp_path: Path) -> None:
    """In a checked-out store new files appear, archives as pointers; what a person changed is left alone."""
    checkout = tmp_path / "checkout"
    subprocess.run(["git", "init", "-q", "-b", "main", str(checkout)], check=True)
    store = Store(checkout)
    commit(store, {"a/x": b"1", "b": b"2", "notes": b"theirs"})
    (checkout / "notes").write_text("edited")
    spooled = tmp_path / "spooled"
    spooled.write_bytes(b"wheel bytes")
    digest = Sha256("6b75eea72b7c3dbdbcd2f2c66a8a5ec5cd2ae7b8ba3e0fd1e2ce2aafd3d9a111")
    store.pool.take(spooled, digest)

    commit(store, {"a/x": None, "b": b"3", "notes": b"new", "sources/p/x-1-py3-none-any.whl": lfs_pointer(digest, 11)})

    assert not (checkout / "a" / "x").exists()
    assert (checkout / "b").read_bytes() == b"3"
    assert (checkout / "notes").read_text() == "edited"
    assert (checkout / "sources/p/x-1-py3-none-any.whl").read_bytes() == lfs_pointer(digest, 11)


@pytest.mark.parametrize(
    ("author", "cleaned"),
    [
        ("alice", "alice"),
        ("Al <al@x.org>", "Al al@x.org"),
        ("a\nTrailer: b", "a?Trailer: b"),
        ("\x1b[31mred\u202e", "?[31mred?"),
        ("", "unknown"),
        ("<>", "unknown"),
        ("x" * 500, "x" * 100),
    ],
)
def test_authors_are_cleaned(author: str, cleaned: str) -> None:
    """Whatever a token calls its subject, Git gets one short line without angle brackets."""
    assert clean_author(author) == cleaned


@pytest.mark.parametrize("kind", ["blob", "tree"])
@pytest.mark.parametrize("damage", ["missing", "empty"])
def test_a_damaged_object_is_an_error_and_not_an_absent_file(store: Store, kind: str, damage: str) -> None:
    """What cannot be read is never mistaken for what is not there: a token list that fails must refuse."""
    commit(store, {"tokens/ab/x.json": b"{}"})
    found = git(store.path, "rev-parse", "main:tokens/ab" + ("/x.json" if kind == "blob" else "")).strip()
    place = store.folder / "objects" / found[:2] / found[2:]
    place.chmod(0o644)
    if damage == "missing":
        place.unlink()
    else:
        place.write_bytes(b"")

    with pytest.raises(StoreError, match="cannot be read"):
        Store(store.path).newest().read("tokens/ab/x.json")
    assert Store(store.path).newest().read("tokens/cd/x.json") is None


@pytest.mark.parametrize("key", ["a\0b", "\udcff", "", "..", "a/b", "x" * 5000])
def test_a_name_that_nothing_can_have_is_absent(store: Store, key: str) -> None:
    """Whatever somebody asks for, a project that cannot be there is not there, which is no error."""
    commit(store, {"sources/near/aa/a/1.0/file": b""})

    assert store.newest().project("near", ProjectKey(key)) is None


def test_a_checkout_is_never_behind_its_branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash just before the branch moves leaves the work tree ahead, never behind: nothing is taken back later."""
    checkout = tmp_path / "checkout"
    subprocess.run(["git", "init", "-q", "-b", "main", str(checkout)], check=True)
    store = Store(checkout)
    commit(store, {"a": b"1"})
    monkeypatch.setattr(store, "_move_branch", lambda *_: os._exit(9))

    child = os.fork()
    if not child:
        commit(store, {"b": b"2"})
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9

    commit(Store(checkout), {"c": b"3"})
    assert "D" not in git(checkout, "status", "--porcelain").replace("\n", " ").split()
    assert (checkout / "b").read_bytes() == b"2"


def test_a_store_of_another_user_is_read(tmp_path: Path) -> None:
    """Containers and volumes hand stores over under other owners; nothing of theirs is run here."""
    store = Store.create(tmp_path / "store.git")
    commit(store, {"a": b"1"})
    if os.getuid() == 0:
        os.chown(store.path, 65534, 65534)

    assert Store(store.path).newest().read("a") == b"1"


def test_nothing_is_pruned_while_a_commit_is_made(store: Store) -> None:
    """``git gc --prune=now`` cannot take the objects of a commit that no ref has yet; packing goes on."""
    commit(store, {"x": b"0"})

    def change(writer: Writer) -> None:
        writer.commit({"x": b"1"}, subject="one", author="a", now=NOW)
        for command in (
            ["gc", "--prune=now", "--quiet"],
            ["prune", "--expire=now"],
            ["repack", "-adq"],
            ["repack", "-dq"],
        ):
            subprocess.run(["git", "-C", str(store.path), *command], check=False, capture_output=True)

    store.write(change, wait=5)

    assert Store(store.path).newest().read("x") == b"1"
    git(store.path, "fsck", "--full", "--strict")


def test_a_project_in_a_folder_of_another_hash_is_not_there(store: Store) -> None:
    """What cannot be found by its name is not listed either."""
    key = ProjectKey("example")
    wrong = "00" if shard(key) != "00" else "01"
    commit(store, {f"sources/s/{wrong}/{key}/1.0/x": b"", f"{project_path('s', ProjectKey('good'))}/1.0/x": b""})

    assert [found for found, _ in store.newest().projects("s")] == ["good"]


def test_a_record_must_be_of_the_file_beside_it(store: Store) -> None:
    """Index and archive never part: the record's digest, size and name are those of the pointer."""
    digest = Sha256("ab" * 32)
    record = Record(
        filename="x.whl", name="x", version="1", kind="wheel", size=3, digests={"sha256": digest}, uploaded="", by=ALICE
    )
    folder = project_path("s", ProjectKey("x"))
    good: dict[str, Change] = {
        f"{folder}/1/x.whl": lfs_pointer(digest, 3),
        f"{folder}/1/x.whl.json": dump_record(record),
    }
    commit(store, good)
    assert [entry.record for entry in store.newest().entries(store.newest().folder_id(folder))] == [record]

    commit(store, {f"{folder}/1/x.whl": lfs_pointer(digest, 4)})
    with pytest.raises(StoreError, match=r"1/x.whl.json: digest or size is not that of the pointer"):
        store.newest().entries(store.newest().folder_id(folder))

    commit(store, {**good, f"{folder}/1/y.whl": lfs_pointer(digest, 3), f"{folder}/1/y.whl.json": dump_record(record)})
    with pytest.raises(StoreError, match=r"1/y.whl.json: is of another file, 'x.whl'"):
        store.newest().entries(store.newest().folder_id(folder))


def test_a_full_disk_is_told_whoever_reports_it() -> None:
    """libgit2 says so in words, the system by number."""
    for error in (OSError(28, "No space left on device"), OSError("failed to write: No space left on device")):
        with pytest.raises(DiskFull, match="writing: no space left"), storage_errors("writing"):
            raise error
