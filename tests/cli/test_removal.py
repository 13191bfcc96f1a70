"""``repogen archive``, ``remove``, ``copy`` and ``revert``: each a commit, and a site that follows."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from repogen.store import Store
from tests.cli.conftest import Cli
from tests.factories import make_sdist, make_wheel
from tests.links import broken_links
from tests.r_packages import make_r_source
from tests.stores import SIGNATURE, site_files, take_out

WHEEL = "example-1.0-py3-none-any.whl"
INDEX = "python/latest/simple/example/index.html"
PACKAGES = "r/latest/src/contrib/PACKAGES"


@pytest.fixture
def full(cli: Cli, tmp_path: Path) -> Cli:
    """A home with example 1.0 (a signed wheel and an sdist) and 2.0 in a Python source, and example 1.0 in an R one."""
    wheel = make_wheel(tmp_path)
    wheel.with_name(f"{WHEEL}.asc").write_bytes(SIGNATURE)
    cli("add", "--source", "local-python", wheel, make_sdist(tmp_path), make_wheel(tmp_path, version="2.0"))
    cli("add", "--source", "local-r", make_r_source(tmp_path))
    return cli


def head(cli: Cli) -> str:
    return Store(cli.home / "store.git").head()


def subjects(cli: Cli) -> list[str]:
    command = ["git", "-C", str(cli.home / "store.git"), "log", "--format=%s", "main"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def page(cli: Cli, path: str) -> str:
    return (cli.home / "site" / path).read_text()


def undo_line(cli: Cli) -> str:
    return f"undo with: repogen revert {head(cli)[:12]}\n"


def test_a_project_is_archived(full: Cli) -> None:
    """It leaves PACKAGES and can still be had; one command takes that back."""
    before = site_files(full.home / "site")

    ran = full("archive", "example", "--source", "local-r")

    assert (ran.out, ran.err) == ("archived example_1.0.tar.gz\n", undo_line(full))
    assert subjects(full)[0] == "archive example in local-r (1 file)"
    assert page(full, PACKAGES) == ""
    assert (full.home / "site/r/latest/src/contrib/Archive/example/example_1.0.tar.gz").is_file()
    again = full("archive", "example", "--source", "local-r")
    assert (again.out, again.err) == ("nothing to do: example is archived already\n", "")
    again = full("archive", "example", "1.0", "--source", "local-r")
    assert again.out == "nothing to do: 1.0 of example is archived already\n"

    full("revert", head(full)[:12])
    after = site_files(full.home / "site")
    assert {path: body for path, body in after.items() if path in before} == before


def test_a_release_is_removed(full: Cli) -> None:
    """The index and the pages forget it at once, links to its files work a while longer; it can be taken back."""
    before = site_files(full.home / "site")
    links = sorted(path for path in before if WHEEL in path)

    ran = full("remove", "Example", "1", "--source", "local-python", "--comment", "bad licence")

    assert (ran.out, ran.err) == (f"removed {WHEEL}\nremoved example-1.0.tar.gz\n", undo_line(full))
    after = site_files(full.home / "site")
    assert WHEEL not in page(full, INDEX)
    assert "example-2.0" in page(full, INDEX)
    assert sorted(path for path in after if WHEEL in path) == links
    assert broken_links(after) == []
    again = full("remove", "example", "1.0", "--source", "local-python", "--comment", "x")
    assert (again.out, again.err) == ("nothing to do: 1.0 of example is removed already\n", "")

    ran = full("revert", "HEAD")
    assert ran.out.splitlines()[:2] == [f"restored {WHEEL}", "restored example-1.0.tar.gz"]
    assert ran.out.splitlines()[2].endswith(": remove example 1.0 from local-python (2 files)")
    assert ran.err == undo_line(full)
    assert site_files(full.home / "site") == before
    again = full("revert", "HEAD~1")
    assert again.out.startswith("nothing to do: ")
    assert again.out.endswith(" is undone already\n")


def test_a_removed_name_stays_taken(full: Cli, tmp_path: Path) -> None:
    """Other bytes are refused with the way out, the same ones are welcome."""
    full("remove", "example", "--all", "--source", "local-python", "--comment", "x")
    assert "example" not in page(full, "python/latest/simple/index.html").replace("example.", "")
    other = make_wheel(tmp_path, files={"x.py": b""})

    refused = full("add", "--source", "local-python", other, status=4)
    assert refused.err.startswith(f"repogen: File already exists ('{WHEEL}', with sha256 ")
    assert refused.err.endswith("; a name is never used again: raise the version\n")

    ran = full("add", "--source", "local-python", make_wheel(tmp_path))
    assert ran.err.startswith(f"warning: {WHEEL}: the same file was removed at ")
    assert full("list", "example", "-o", "json").json[0]["signed"]


def test_purging_leaves_nothing(full: Cli) -> None:
    """No link of the site and no file of the pool has the bytes when the command returns; again, that is said."""
    pool = full.home / "store.git" / "lfs" / "objects"
    rows = full("show", "example", "1.0", "--source", "local-python", "-o", "json").json
    hashes = [row["digests"]["sha256"] for row in rows]
    command = ("remove", "example", "1.0", "--source", "local-python", "--comment", "secret inside", "--purge")

    ran = full(*command)

    assert ran.out.splitlines() == [
        f"removed {WHEEL}",
        "removed example-1.0.tar.gz",
        f"purged {WHEEL} (sha256 {hashes[0]})",
        f"purged example-1.0.tar.gz (sha256 {hashes[1]})",
    ]
    assert ran.err == (
        "the history keeps names and metadata; a site of an older commit lacks these files from now on\n"
    )
    site = site_files(full.home / "site")
    assert [path for path in site if WHEEL in path or "example-1.0.tar.gz" in path] == []
    assert broken_links(site) == []
    assert [path.name for path in pool.rglob("*") if path.name in hashes] == []
    again = full(*command)
    assert again.out.splitlines() == [
        f"nothing to do: the bytes of {WHEEL} are gone already",
        "nothing to do: the bytes of example-1.0.tar.gz are gone already",
    ]
    refused = full("revert", "HEAD", status=2)
    assert refused.err == f"repogen: the bytes of {WHEEL!r} were purged; upload the file again\n"


def test_a_removal_is_purged_later(full: Cli) -> None:
    """Whether it was meant so, or a crash came between: the same command with --purge does the rest."""
    command = ("remove", "example", WHEEL, "--source", "local-python", "--comment", "x")
    full(*command)
    assert [path for path in site_files(full.home / "site") if WHEEL in path]

    assert full(*command, "--purge").out.startswith(f"purged {WHEEL} (sha256 ")
    assert [path for path in site_files(full.home / "site") if WHEEL in path] == []
    assert subjects(full)[0] == f"remove {WHEEL} from local-python (1 file)"


def test_a_purge_that_a_crash_interrupted_is_ended(full: Cli) -> None:
    """Committed and not even published: the same command again leaves no link and no bytes."""
    take_out(Store(full.home / "store.git"), "local-python", "example", WHEEL)
    assert WHEEL in page(full, INDEX)

    ran = full("remove", "example", WHEEL, "--source", "local-python", "--comment", "x", "--purge")

    assert ran.out.startswith(f"purged {WHEEL} (sha256 ")
    assert WHEEL not in page(full, INDEX)
    assert [path for path in site_files(full.home / "site") if WHEEL in path] == []


def test_a_release_is_promoted(full: Cli) -> None:
    """A copy is listed with the same files and signature; bytes that two sources have are not purged with one."""
    full("source", "create", "release", "--type", "python")
    full("repo", "create", "released", "--type", "python", "--source", "release")

    ran = full("copy", "example", "1.0", "--from", "local-python", "--to", "release")

    assert (ran.out, ran.err) == (f"added: {WHEEL}\nadded: example-1.0.tar.gz\n", undo_line(full))
    assert "data-gpg-sig" in page(full, "released/latest/simple/example/index.html")
    assert subjects(full)[0] == "copy example 1.0 from local-python to release (2 files)"
    again = full("copy", "example", "1.0", "--from", "local-python", "--to", "release")
    assert again.out == f"unchanged: {WHEEL}\nunchanged: example-1.0.tar.gz\nnothing had to change\n"

    ran = full("remove", "example", WHEEL, "--source", "local-python", "--comment", "x", "--purge")
    assert ran.out == f"removed {WHEEL}\nkept the bytes of {WHEEL}: release has them, too\n"
    assert broken_links(site_files(full.home / "site")) == []
    ran = full("revert", "HEAD~1")
    assert ran.out.startswith(f"removed {WHEEL}\nremoved example-1.0.tar.gz\n")


def test_a_copy_that_nobody_sees_is_said(full: Cli) -> None:
    """As after an upload: the source is in no repository."""
    full("source", "create", "release", "--type", "python")

    ran = full("copy", "example", "1.0", "--from", "local-python", "--to", "release")

    assert ran.err.startswith("note: no repository lists the source release, so nobody can install it yet\n")


@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        ("archive example --source local-python", 2, "Python packages cannot be archived; yank them"),
        ("archive none --source local-r", 7, "no project 'none' in source 'local-r'"),
        ("archive example --source none", 7, "no source named 'none'"),
        ("yank example 1.0 --source local-r", 2, "R packages cannot be yanked; archive them"),
        ("remove example --source local-python --comment x", 2, "name a version or a file, or add --all"),
        ("remove example 1.0 --all --source local-python --comment x", 2, "it is not clear what to remove"),
        ("remove example 1.0 --source local-python --comment=", 2, "a removal needs a reason"),
        ("remove example 3.0 --source local-python --comment x", 7, "has no version or file '3.0'"),
        (
            "copy example 1.0 --from local-python --to local-r",
            2,
            "source 'local-python' is of type python, source 'local-r' of type r",
        ),
        ("copy example 3.0 --from local-python --to local-python", 7, "has no version or file '3.0'"),
        ("revert 0000000", 7, "no commit '0000000' in the history of the store; git log lists them"),
        ("revert HEAD~2", 2, "is the first one"),
    ],
)
def test_what_cannot_be_done(full: Cli, command: str, status: int, message: str) -> None:
    """One line says why, the status says what kind of mistake it is, and nothing is committed."""
    before = head(full)

    assert message in full(*command.split(), status=status).err
    assert head(full) == before


def test_configuration_is_not_reverted(full: Cli) -> None:
    """The hint names the commands that change it."""
    full("source", "create", "extra", "--type", "r")

    refused = full("revert", "HEAD", status=2)

    assert "changes 'repogen.toml', and only what became of distributions is reverted" in refused.err
    assert "use repogen source, repo or token" in refused.err
