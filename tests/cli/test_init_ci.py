"""``repogen init --ci``, and ``init`` in a checkout: a store that needs no receiver."""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from repogen.config import parse_config
from repogen.store import Store
from tests.cli.conftest import Cli
from tests.stores import history

PATHS = {"github": ".github/workflows/site.yml", "gitlab": ".gitlab-ci.yml"}


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A checkout without a commit, on a branch that is not main."""
    folder = tmp_path / "checkout"
    subprocess.run(["git", "init", "--quiet", "--initial-branch", "master", folder], check=True)
    return folder


def status(folder: Path) -> str:
    done = subprocess.run(["git", "-C", folder, "status", "--porcelain", "--branch"], capture_output=True, check=True)
    return done.stdout.decode()


@pytest.mark.parametrize("host", PATHS)
def test_a_store_in_a_checkout(bare: Cli, empty: Path, host: str) -> None:
    """An empty checkout becomes a store with a workflow, by one commit on main; no key and no site lie in it."""
    ran = bare("init", "--store", empty, "--ci", host, "--address", "https://acme.example.org/store")

    assert ran.out.splitlines() == [
        *("added repogen.toml", "added .gitattributes", f"added {PATHS[host]}"),
        "next: git push origin main",
    ]
    assert status(empty) == "## main\n"
    revision = Store(empty).newest()
    assert parse_config(revision.read("repogen.toml") or b"").address == "https://acme.example.org/store"
    assert f"REPOGEN: repogen=={version('repogen')}\n".encode() in (revision.read(PATHS[host]) or b"")
    assert not bare.home.exists()
    assert len(history(Store(empty))) == 1


def test_a_workflow_for_a_store_that_is_there(cli: Cli, home: Path) -> None:
    """A home gets it as a commit of its own; a second time nothing is to do."""
    assert cli("init", "--ci", "github").out == "added .github/workflows/site.yml\n"
    assert cli("init", "--ci", "github").out == "nothing had to change\n"
    assert cli("init", "--ci", "gitlab").out == "added .gitlab-ci.yml\n"
    subjects = subprocess.run(
        ["git", "-C", home / "store.git", "log", "--format=%s", "main"], capture_output=True, text=True, check=True
    ).stdout
    assert subjects.splitlines() == ["build the site in a CI job", "build the site in a CI job", "create the store"]


def test_a_new_home_with_a_workflow(bare: Cli, home: Path) -> None:
    """A home can be made with it, in its first commit."""
    bare("init", "--ci", "gitlab")
    store = Store(home / "store.git")
    assert store.newest().read(".gitlab-ci.yml") is not None
    assert len(history(store)) == 1


def test_nothing_is_written_over(bare: Cli, empty: Path) -> None:
    """A workflow that somebody changed stays, and so does a checkout with a branch of another name."""
    bare("init", "--store", empty, "--ci", "gitlab")
    (empty / ".gitlab-ci.yml").write_text("job:\n  script: 'true'\n")
    subprocess.run(["git", "-C", empty, "commit", "--quiet", "--all", "--message", "mine"], check=True)
    assert (
        "'.gitlab-ci.yml' is there already, and is another"
        in bare("init", "--store", empty, "--ci", "gitlab", status=2).err
    )
    assert "is a store already; add a workflow to it with --ci" in bare("init", "--store", empty, status=2).err
    subprocess.run(["git", "-C", empty, "branch", "--quiet", "--move", "other"], check=True)
    ran = bare("init", "--store", empty, status=2)
    assert ran.err == "repogen: the checkout has no branch main; a store is one: git checkout -B main\n"


def test_a_checkout_with_other_files(bare: Cli, empty: Path) -> None:
    """A checkout with a commit, such as a licence that the host made, becomes a store; the files stay."""
    (empty / "LICENSE").write_text("free\n")
    for command in (["add", "LICENSE"], ["commit", "--quiet", "--message", "first"], ["branch", "--move", "main"]):
        subprocess.run(["git", "-C", empty, *command], check=True)
    bare("init", "--store", empty)
    assert sorted(path.name for path in empty.iterdir()) == [".git", ".gitattributes", "LICENSE", "repogen.toml"]
    assert status(empty) == "## main\n"


def test_a_checkout_must_be_there(bare: Cli, tmp_path: Path) -> None:
    """A folder that is none is not made; what is said names it."""
    ran = bare("init", "--store", tmp_path / "none", status=2)
    assert re.match(r"repogen: there is no store at '.*none'; ", ran.err)
    (tmp_path / "plain").mkdir()
    assert "no store at" in bare("init", "--store", tmp_path / "plain", status=11).err


def test_build_with_the_options_behind(cli: Cli, home: Path, tmp_path: Path) -> None:
    """``--store`` and ``--site`` may stand before a command or after it."""
    cli("build", "--store", home / "store.git", "--site", tmp_path / "behind")
    cli("--store", home / "store.git", "--site", tmp_path / "before", "build")
    for name in ("behind", "before"):
        assert (tmp_path / name / "python/latest/simple/index.html").is_file()
