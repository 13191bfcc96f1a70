"""``--push``: what a checkout commits lands at its remote, on top of whatever came there first."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from repogen.cli.pushing import pushing
from repogen.errors import Busy, FileExists
from repogen.model.names import CommitId
from repogen.store import Store
from repogen.store.locks import locked
from tests.checkouts import at_home, checkout, git, hook, pooled, subjects
from tests.cli.conftest import Cli
from tests.conftest import Client
from tests.factories import make_sdist, make_wheel
from tests.stores import add, commit, mark, new_store


@pytest.fixture
def remote(tmp_path: Path, client: Client) -> Path:
    """The bare repository that checkouts are cloned from."""
    client("git-lfs")
    return new_store(tmp_path).path


@pytest.fixture
def job(remote: Path, tmp_path: Path) -> Path:
    """A shallow checkout of it, without the bytes of any archive."""
    return checkout(remote, tmp_path / "job")


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def push(folder: Path, verb: Callable[[Store], object]) -> None:
    """Carry out a verb on a checkout, and push."""
    home = at_home(folder)
    with pushing(home, wanted=True) as land:
        land(lambda: verb(home.store))


def state(folder: Path) -> tuple[CommitId, str]:
    """Where the branch is, and what Git sees changed in the checkout."""
    return Store(folder).head(), git(folder, "status", "--porcelain", "--ignored")


def test_add_pushes(cli: Cli, remote: Path, job: Path, tmp_path: Path) -> None:
    """``add --push`` brings archive and commit to the remote; the checkout is clean, and has no site."""
    made = make_wheel(tmp_path, "example")
    ran = cli("add", made, "--source", "near", "--push", "--store", job)

    assert ran.out.splitlines()[0] == f"added: {made.name}"
    assert subjects(remote) == ["add example 1.0 to near (1 file)", "change"]
    assert pooled(remote) == {digest(made)}
    assert state(job) == (Store(remote).head(), "")
    assert git(job, "rev-parse", "origin/main") == Store(remote).head()
    assert sorted(path.name for path in job.iterdir()) == [".git", "repogen.toml", "sources"]
    assert cli("add", made, "--source", "near", "--push", "--store", job).out.endswith("nothing had to change\n")


def test_every_verb_pushes(cli: Cli, remote: Path, job: Path, tmp_path: Path) -> None:
    """Yank, unyank, copy, remove and revert push too; none of them needs the bytes of an archive."""
    made = make_wheel(tmp_path, "example")
    cli("--store", checkout(remote, tmp_path / "other"), "add", "--push", "--source", "near", made)
    for command in (
        ["yank", "example", "1.0", "--source", "near"],
        ["unyank", "example", "1.0", "--source", "near"],
        ["copy", "example", "1.0", "--from", "near", "--to", "far"],
        ["remove", "example", "1.0", "--source", "near", "--comment", "broken"],
        ["revert", "HEAD"],
    ):
        cli(*command, "--store", job, "--push")

    assert [subject.split()[0] for subject in subjects(remote)] == [
        *("revert", "remove", "copy", "unyank", "yank", "add", "change")
    ]
    assert pooled(job) == set()
    assert state(job) == (Store(remote).head(), "")


def test_a_lost_race_is_decided_anew(remote: Path, job: Path, tmp_path: Path) -> None:
    """Who comes second decides again on the new head: a mark that is wanted twice is made once."""
    add(Store(remote), "near", [make_wheel(tmp_path, "example")])
    seen: list[tuple[str, ...]] = []

    def verb(store: Store) -> None:
        seen.append(mark(store, "near", "example", "1.0", "broken"))
        if len(seen) == 1:
            commit(Store(remote), {"notes": b"1"})
            mark(Store(remote), "near", "example", "1.0", "broken")

    push(job, verb)
    assert seen == [("example-1.0-py3-none-any.whl",), ()]
    yanked, added = "yank example 1.0 from near (1 file)", "add example 1.0 to near (1 file)"
    assert subjects(remote) == [yanked, "change", added, "change"]
    assert state(job) == (Store(remote).head(), "")


def test_a_lost_race_for_a_name(remote: Path, job: Path, tmp_path: Path) -> None:
    """Where somebody else took the file name meanwhile, nothing is pushed and the checkout is at the new head."""
    mine = make_wheel(tmp_path, "example", description="mine")
    (tmp_path / "their").mkdir()
    theirs = make_wheel(tmp_path / "their", "example", description="theirs")

    def verb(store: Store) -> None:
        add(store, "near", [mine])
        add(Store(remote), "near", [theirs])

    with pytest.raises(FileExists):
        push(job, verb)
    assert subjects(remote) == ["add example 1.0 to near (1 file)", "change"]
    assert state(job) == (Store(remote).head(), "")


def test_the_archives_are_there_before_the_commit(remote: Path, job: Path, tmp_path: Path) -> None:
    """At no moment does the remote have a pointer to bytes that it lacks."""
    made = make_wheel(tmp_path, "example")
    one = digest(made)
    hook(remote, "pre-receive", f"test -s lfs/objects/{one[:2]}/{one[2:4]}/{one}")

    push(job, lambda store: add(store, "near", [made]))
    assert subjects(remote)[0] == "add example 1.0 to near (1 file)"


def test_a_refusal_ends_it_at_once(cli: Cli, remote: Path, job: Path, tmp_path: Path) -> None:
    """What the remote will never take is tried once, and the checkout is as it was."""
    tries = tmp_path / "tries"
    hook(remote, "update", f"echo try >> {tries}", "echo 'packages come from the release job only' >&2", "exit 1")
    before = state(job)

    ran = cli("add", make_wheel(tmp_path, "example"), "--source", "near", "--push", "--store", job, status=6)
    assert "refuses the push: hook declined: packages come from the release job only" in ran.err
    assert tries.read_text() == "try\n"
    assert state(job) == before
    assert Store(remote).head() == before[0]


def test_a_remote_that_is_busy_is_waited_for(remote: Path, job: Path) -> None:
    """A lock of the branch at the remote goes away when the other push is through."""
    lock = remote / "refs/heads/main.lock"
    lock.touch()
    runs: list[int] = []

    def verb(store: Store) -> None:
        runs.append(1)
        if len(runs) == 3:
            lock.unlink()
        commit(store, {"mine": b"1"})

    push(job, verb)
    assert len(runs) == 3
    assert Store(remote).head() == Store(job).head()


def test_a_race_that_is_lost_for_ever(remote: Path, job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a bounded number of tries somebody has to look into it; the checkout is as it was."""
    monkeypatch.setattr("repogen.cli.pushing._PAUSE", 0.0)
    (remote / "refs/heads/main.lock").touch()
    before = state(job)
    runs: list[int] = []

    def verb(store: Store) -> None:
        runs.append(1)
        commit(store, {"mine": b"1"})

    with pytest.raises(Busy, match="others were quicker to push, 30 times in a row; try again"):
        push(job, verb)
    assert len(runs) == 30
    assert state(job) == before


def test_a_connection_that_ends_too_early(remote: Path, job: Path) -> None:
    """A push that arrived counts, even where the answer did not."""
    hook(remote, "post-receive", "kill -9 $PPID")

    push(job, lambda store: commit(store, {"mine": b"1"}))
    assert Store(remote).head() == Store(job).head()


def test_earlier_commits_go_along(cli: Cli, remote: Path, job: Path, tmp_path: Path) -> None:
    """What was committed without ``--push`` is pushed by the next command, with its archives."""
    first, second = make_wheel(tmp_path, "first"), make_sdist(tmp_path, "second")
    cli("add", first, "--source", "near", "--store", job)
    cli("add", second, "--source", "near", "--store", job, "--push")

    assert len(subjects(remote)) == 3
    assert pooled(remote) == {digest(first), digest(second)}


def test_a_checkout_that_went_its_own_way(cli: Cli, remote: Path, job: Path, tmp_path: Path) -> None:
    """Commits of before that lost a race cannot be decided anew: nothing is done."""
    made = make_wheel(tmp_path, "example")
    cli("add", made, "--source", "near", "--store", job)
    commit(Store(remote), {"theirs": b"1"})
    before = state(job)

    ran = cli("yank", "example", "1.0", "--source", "near", "--store", job, "--push", status=2)
    assert "each have commits that the other does not have; bring them together (git pull --rebase)" in ran.err
    assert state(job) == before


def test_another_branch_is_left_alone(cli: Cli, remote: Path, job: Path, tmp_path: Path) -> None:
    """Where something else than main is checked out, as in many CI jobs, its files stay as they are."""
    git(job, "checkout", "--quiet", "--detach")
    before = git(job, "rev-parse", "HEAD")
    cli("add", make_wheel(tmp_path, "example"), "--source", "near", "--store", job, "--push")

    assert state(job) == (Store(remote).head(), "")
    assert git(job, "rev-parse", "HEAD") == before
    assert not (job / "sources").exists()


def test_a_home_is_not_pushed(cli: Cli, tmp_path: Path) -> None:
    """A home is where uploads go to; what came in between could not be taken back."""
    made = make_wheel(tmp_path, "example")
    ran = cli("add", made, "--source", "local-python", "--push", status=2)
    assert ran.err == "repogen: only a checkout is pushed; clone the store, and name the clone with --store\n"


def test_one_command_at_a_time(job: Path) -> None:
    """Two commands do not push from the same checkout at once."""
    home = at_home(job)
    lock = home.store.folder / "repogen-push.lock"
    with pushing(home, wanted=True), pytest.raises(Busy), locked(lock, wait=0, what="the checkout"):
        pass


def test_unpushed_is_not_published(cli: Cli, remote: Path, job: Path, tmp_path: Path) -> None:
    """A site that is named follows what was pushed, and never shows what was refused."""
    site = tmp_path / "public"
    cli("--site", site, "add", make_wheel(tmp_path, "first"), "--source", "near", "--store", job, "--push")
    assert (site / "python/latest/simple/first/index.html").is_file()
    hook(remote, "update", "exit 1")
    second = make_wheel(tmp_path, "second")
    cli("--site", site, "add", second, "--source", "near", "--store", job, "--push", status=6)
    assert not (site / "python/latest/simple/second").exists()


def test_usage(cli: Cli, job: Path) -> None:
    """A purge drops bytes of this machine; it has no meaning for a remote."""
    args = ("remove", "example", "1.0", "--source", "near", "--comment", "x", "--purge", "--push", "--store", job)
    assert "the bytes at a remote are not purged from here" in cli(*args, status=2).err
