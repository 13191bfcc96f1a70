"""``repogen`` as a program among others: environments, pipes, signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from repogen.store import Store
from tests.cli.conftest import Cli, Program
from tests.conftest import Client
from tests.factories import make_wheel
from tests.links import broken_links
from tests.stores import site_files


def test_every_command_has_help(client: Client) -> None:
    """The program that is installed tells its commands, and that it tells them costs no home."""
    ran = subprocess.run([client("repogen"), "--help"], capture_output=True, text=True, check=True)

    for command in (
        "init",
        "source",
        "repo",
        "token",
        "key",
        "add",
        "list",
        "show",
        "yank",
        "unyank",
        "build",
        "serve",
    ):
        assert f"\n  {command} " in ran.stdout


@pytest.mark.parametrize(
    "arguments",
    [["nothing"], ["list", "--nothing"], ["add"], ["source", "create", "x", "--type", "perl"], ["list", "-o", "x"]],
)
def test_a_command_that_is_none(program: Program, arguments: list[str]) -> None:
    """How to use it is said on standard error, with the status of a mistake in the command."""
    ran = program(*arguments)

    assert (ran.status, ran.out) == (2, "")
    assert "Error" in ran.err
    assert "Traceback" not in ran.err


def test_in_an_empty_folder(program: Program, tmp_path: Path) -> None:
    """Where there is no home, that is said, and nothing is made."""
    for command in (["list"], ["build"], ["token", "list"], ["source", "list"], ["serve", "--port", "0"]):
        ran = program(*command)

        assert (ran.status, ran.out) == (2, "")
        assert ran.err == (
            f"repogen: there is no store at '{tmp_path}/home/store.git'; "
            "make a home with 'repogen init', or name one with --home or REPOGEN_HOME\n"
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("environment", [{}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX", "LANG": "xx_YY", "TERM": "dumb"}])
def test_in_a_bare_environment(program: Program, home: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    """Without a home folder, a locale or a name of the user all works, and what is printed is UTF-8."""
    commands: list[list[str | Path]] = [
        ["init"],
        ["source", "create", "x", "--type", "python", "--description", "gr\u00fcn"],
        ["add", "--source", "local-python", make_wheel(tmp_path)],
    ]
    for command in commands:
        ran = program(*command, env=environment)
        assert (ran.status, ran.err) == (0, "")
    assert "gr\u00fcn" in program("source", "list", env=environment).out
    assert broken_links(site_files(home / "site")) == []


def test_the_home_of_the_environment(cli: Cli, tmp_path: Path) -> None:
    """REPOGEN_HOME names it where --home does not; in a home no name is needed."""
    command = [sys.executable, "-m", "repogen", "list"]
    for cwd, extra in ((tmp_path, {"REPOGEN_HOME": str(cli.home)}), (cli.home, {})):
        ran = subprocess.run(command, cwd=cwd, env=os.environ | extra, capture_output=True, text=True, check=True)
        assert ran.stdout.startswith("SOURCE")


@pytest.mark.parametrize("arguments", [["list", "-o", "json"], ["list"], ["--help"]])
def test_a_reader_that_goes_away(cli: Cli, tmp_path: Path, arguments: list[str]) -> None:
    """``repogen list | head -1`` ends without a word."""
    cli("add", "--source", "local-python", *(make_wheel(tmp_path, f"n{number}") for number in range(3)))
    command = [sys.executable, "-m", "repogen", "--home", str(cli.home), *arguments]
    read, write = os.pipe()
    os.close(read)

    ran = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)

    assert ran.stderr == b""
    assert ran.returncode


def test_a_full_disk_is_one_line(cli: Cli) -> None:
    """What cannot be printed is an error, too."""
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "repogen", "--home", str(cli.home), "list"]
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)

    assert ran.returncode == 11
    assert ran.stderr == b"repogen: No space left on device\n"


def test_ctrl_c(cli: Cli) -> None:
    """Whatever a command waits for, it ends at once, with the status that shells expect."""
    command = [sys.executable, "-c", "from repogen.cli import main; print(flush=True); main()"]
    process = subprocess.Popen(
        [*command, "--home", cli.home, "token", "verify"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)

    assert process.returncode == 130
    assert b"Traceback" not in err


def test_names_that_are_no_utf_8(cli: Cli, tmp_path: Path) -> None:
    """Bytes of a command line that no text has are escaped, and nothing has such a name."""
    for arguments, status in (
        ([b"list", b"\xff"], 7),
        ([b"add", b"--source", b"local-python", b"\xff.whl"], 2),
        ([b"source", b"create", b"\xff", b"--type", b"python"], 2),
        ([b"source", b"create", b"x", b"--type", b"python", b"--description", b"\xff"], 2),
    ):
        command = [os.fsencode(sys.executable), b"-m", b"repogen", b"--home", os.fsencode(cli.home), *arguments]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)

        assert ran.returncode == status, ran
        assert ran.stderr.startswith(b"repogen: ")
        assert ran.stderr.isascii()
        assert ran.stderr.count(b"\n") == 1


@pytest.fixture
def checkout(cli: Cli, tmp_path: Path) -> Path:
    """A working copy of a store with one wheel, with the archive as Git LFS would fetch it."""
    cli("add", "--source", "local-python", make_wheel(tmp_path))
    place = tmp_path / "checkout"
    options = ["-c", "filter.lfs.smudge=", "-c", "filter.lfs.required=false"]
    subprocess.run(["git", *options, "clone", "-q", cli.home / "store.git", place], check=True)
    (cli.home / "store.git/lfs").rename(place / ".git/lfs")
    return place


def git(checkout: Path, *arguments: str) -> None:
    options = ["-c", "filter.lfs.clean=cat", "-c", "filter.lfs.smudge=cat"]
    subprocess.run(["git", "-C", checkout, *options, *arguments], check=True, capture_output=True)


def test_a_site_from_a_checkout(program: Program, checkout: Path, tmp_path: Path) -> None:
    """A CI job builds the site of its working copy: what is committed counts, and nothing else is touched."""
    site = tmp_path / "public"
    build = ("--store", checkout, "--site", site, "build")
    assert program(*build).status == 0
    good = site_files(site)
    assert broken_links(good) == []
    assert "python/latest/simple/example/index.html" in good

    config = checkout / "repogen.toml"
    config.write_text(config.read_text() + "\n[repositories.more]\ntype = 'python'\nsources = ['local-python']\n")
    assert program(*build).status == 0
    assert site_files(site) == good
    git(checkout, "commit", "-q", "-a", "-m", "by hand")
    ran = program(*build, "-o", "json")

    assert ran.json["indexes"]["full"] is False
    assert "more/latest/simple/example/index.html" in site_files(site)
    status = subprocess.run(["git", "-C", checkout, "status", "--porcelain"], capture_output=True, check=True)
    assert status.stdout == b""


def test_a_verb_in_a_checkout(program: Program, checkout: Path, tmp_path: Path) -> None:
    """The work tree follows what is committed; the index agrees."""
    ran = program(
        *("--store", checkout, "--site", tmp_path / "public", "add", "--source", "local-python"),
        make_wheel(tmp_path, version="2.0"),
    )
    assert ran.status == 0, ran

    (wheel,) = checkout.glob("sources/local-python/*/example/2.0/*.whl")
    assert wheel.read_bytes().startswith(b"version https://git-lfs.github.com/spec/v1\noid sha256:")
    assert list(checkout.glob("sources/local-python/*/example/2.0/*.whl.json"))
    diff = subprocess.run(["git", "-C", checkout, "diff", "--cached", "--name-only"], capture_output=True, check=True)
    assert diff.stdout == b""


def test_a_push_is_followed(cli: Cli, program: Program, checkout: Path) -> None:
    """Who edits the configuration in a clone and pushes it needs no other command than build."""
    config = checkout / "repogen.toml"
    config.write_text(config.read_text().replace("[repositories.python]", "[repositories.pushed]"))
    git(checkout, "commit", "-q", "-a", "-m", "by hand")
    git(checkout, "push", "-q", "origin", "main")
    (checkout / ".git/lfs").rename(cli.home / "store.git/lfs")

    assert program("build").status == 0

    assert (cli.home / "site/pushed/latest/simple/example/index.html").is_file()
    assert Store(cli.home / "store.git").newest().config().repositories.keys() == {"pushed", "r"}
