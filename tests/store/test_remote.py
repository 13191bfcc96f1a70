"""The remote of a checkout: fetching from it, and bringing archives and commits to it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from repogen.errors import NotPermitted, StoreError, UsageError
from repogen.store import Store
from repogen.store.remote import LostRace, Remote
from tests.checkouts import checkout, git, hook, pooled
from tests.conftest import Client
from tests.factories import make_wheel
from tests.stores import add, commit, new_store


@pytest.fixture
def remote(tmp_path: Path, client: Client) -> Path:
    """The bare repository that checkouts are cloned from."""
    client("git-lfs")
    return new_store(tmp_path).path


def of(folder: Path) -> Remote:
    return Remote(folder, environment=os.environ)


def test_what_is_new_there_is_fetched(remote: Path, tmp_path: Path) -> None:
    """Fetching brings the newest commit of the remote into a shallow clone, and leaves its own branch alone."""
    folder = checkout(remote, tmp_path / "job")
    before = Store(folder).head()
    newest = commit(Store(remote), {"repogen.toml": b"format = 1\n"})

    assert of(folder).fetch() == newest
    assert Store(folder).head() == before
    assert Store(folder).at(newest).descends_from(before)
    assert not Store(folder).at(before).descends_from(newest)


def test_an_empty_remote_has_no_commit(tmp_path: Path, remote: Path) -> None:
    """A remote without a branch main is not an error: the first push makes it."""
    git(tmp_path, "init", "--quiet", "--bare", "empty.git")
    folder = checkout(remote, tmp_path / "job")
    git(folder, "fetch", "--quiet", "--unshallow")
    git(folder, "remote", "set-url", "origin", (tmp_path / "empty.git").as_uri())

    assert of(folder).fetch() is None
    of(folder).send(Store(folder).head())
    assert Store(tmp_path / "empty.git").head() == Store(folder).head()


def test_archives_and_commits_arrive(remote: Path, tmp_path: Path) -> None:
    """Archives come into the pool of the remote by Git LFS, a commit by a push; nothing is sent that is there."""
    made = make_wheel(tmp_path, "example")
    folder = checkout(remote, tmp_path / "job")
    before = Store(folder).head()
    add(Store(folder), "near", [made])
    digest = hashlib.sha256(made.read_bytes()).hexdigest()

    new = Store(folder).newest().archives_since(before)
    assert new == (digest,)
    for _ in range(2):
        of(folder).send_archives(new)
        of(folder).send(Store(folder).head())
    assert pooled(remote) == {digest}
    assert Store(remote).head() == Store(folder).head()
    assert Store(remote).newest().archives_since(None) == (digest,)


def test_a_push_that_is_no_fast_forward_lost_a_race(remote: Path, tmp_path: Path) -> None:
    """Who comes second is told so, whether or not the newer commit was fetched."""
    folder = checkout(remote, tmp_path / "job")
    commit(Store(folder), {"mine": b"1"})
    commit(Store(remote), {"theirs": b"1"})

    for fetched in (False, True):
        if fetched:
            of(folder).fetch()
        with pytest.raises(LostRace):
            of(folder).send(Store(folder).head())


def test_a_branch_that_is_being_written_lost_a_race(remote: Path, tmp_path: Path) -> None:
    """A lock of the branch at the remote means that somebody is just pushing."""
    folder = checkout(remote, tmp_path / "job")
    commit(Store(folder), {"mine": b"1"})
    (remote / "refs/heads/main.lock").touch()

    with pytest.raises(LostRace):
        of(folder).send(Store(folder).head())


def test_a_refusal_is_no_race(remote: Path, tmp_path: Path) -> None:
    """What a hook says is told on one line, even where it speaks of races."""
    folder = checkout(remote, tmp_path / "job")
    commit(Store(folder), {"mine": b"1"})
    hook(remote, "pre-receive", "echo 'GH006: Protected branch,' >&2", "echo 'not fetch first' >&2", "exit 1")

    with pytest.raises(NotPermitted) as caught:
        of(folder).send(Store(folder).head())
    told = "pre-receive hook declined: GH006: Protected branch, not fetch first"
    assert str(caught.value) == f"the remote 'origin' refuses the push: {told}"


def test_a_remote_that_is_gone(remote: Path, tmp_path: Path) -> None:
    """Why the remote cannot be reached is told by whatever needs it, without the credentials that its URL holds."""
    folder = checkout(remote, tmp_path / "job")
    add(Store(folder), "near", [make_wheel(tmp_path, "example")])
    archives = Store(folder).newest().archives_since(None)
    git(folder, "remote", "set-url", "origin", "http://ci:s3cret@127.0.0.1:9/store.git")

    for ask in (
        of(folder).fetch,
        lambda: of(folder).send_archives(archives),
        lambda: of(folder).send(Store(folder).head()),
    ):
        with pytest.raises(StoreError) as caught:
            ask()
        assert "127.0.0.1" in str(caught.value)
        assert "s3cret" not in str(caught.value)


def test_a_checkout_without_a_remote(tmp_path: Path, remote: Path) -> None:
    """A checkout that was not cloned can be given a remote, by whatever name main follows."""
    folder = checkout(remote, tmp_path / "job", "--origin", "upstream")
    assert of(folder).name == "upstream"
    git(folder, "remote", "remove", "upstream")

    with pytest.raises(UsageError, match="has no remote 'origin'; clone the store, or name one"):
        of(folder)


def test_without_git(tmp_path: Path, remote: Path) -> None:
    """Where Git or Git LFS is missing, that is what is said."""
    folder = checkout(remote, tmp_path / "job")
    programs = tmp_path / "bin"
    programs.mkdir()
    with pytest.raises(UsageError, match="Git is not installed here"):
        Remote(folder, environment={"PATH": str(programs)})

    (programs / "git").symlink_to(git(folder, "--exec-path") + "/git")
    with pytest.raises(UsageError, match="Git LFS is not installed here"):
        Remote(folder, environment={"PATH": str(programs)}).send_archives(["0" * 64])  # type: ignore[list-item]


def test_a_surrounding_git_command_has_no_say(remote: Path, tmp_path: Path) -> None:
    """Variables that a hook finds in its environment do not lead to another repository."""
    folder = checkout(remote, tmp_path / "job")
    elsewhere = {"GIT_DIR": str(tmp_path / "none"), "GIT_WORK_TREE": str(tmp_path), "GIT_INDEX_FILE": "none"}

    assert Remote(folder, environment=os.environ | elsewhere).fetch() == Store(remote).head()
