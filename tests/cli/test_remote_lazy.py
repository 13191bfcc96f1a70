"""What a machine that only sends files need not have, and what quick commands do not load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.conftest import TOKEN
from tests.client.servers import stub
from tests.factories import make_wheel
from tests.r_packages import make_r_source

#: Libraries for stores, sites and receivers.
HEAVY = ("pygit2", "cheroot", "jinja2", "docutils", "werkzeug", "multipart", "jwt", "nh3", "pygments", "tomlkit")
#: An interpreter in which these are not installed.
WITHOUT = f"""
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
from repogen.cli import main
try:
    main()
finally:
    late = sorted({{"rich.progress", "httpx", "repogen.ecosystems", "importlib.metadata"}} & set(sys.modules))
    print(*late, file=open("loaded", "w"))
"""
COMMANDS = [
    ["--version"],
    ["--help"],
    *([name, "--help"] for name in ("add", "list", "show", "yank", "unyank", "archive", "remove", "copy", "revert")),
    *([name, "--help"] for name in ("init", "build", "serve", "source", "repo", "token", "key")),
    *(["source", name, "--help"] for name in ("create", "list", "rename", "remove")),
    *(["token", name, "--help"] for name in ("create", "list", "revoke", "verify")),
]


def run(folder: Path, *arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT, *arguments]
    return subprocess.run(command, cwd=folder, env={"PATH": "", **env}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_commands_that_only_tell(tmp_path: Path, arguments: list[str]) -> None:
    """The version and the help need none of it, nor what sends files."""
    ran = run(tmp_path, *arguments)

    assert (ran.returncode, ran.stderr) == (0, "")
    loaded = (tmp_path / "loaded").read_text().split()
    assert loaded == (["importlib.metadata"] if arguments == ["--version"] else loaded)
    assert not {"httpx", "rich.progress", "repogen.ecosystems"} & set(loaded)


def test_sending(tmp_path: Path) -> None:
    """Files of both ecosystems are sent without it."""
    files = [make_wheel(tmp_path), make_r_source(tmp_path)]
    with stub() as server:
        ran = run(
            tmp_path,
            *("add", "--source", "local-python,local-r"),
            *files,
            REPOGEN_ADDRESS=server.address,
            REPOGEN_TOKEN=TOKEN,
        )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "2 of 2 files: 2 added"


def test_refusing(tmp_path: Path) -> None:
    """Nor does saying what is wrong need it."""
    ran = run(tmp_path, "add", "--source", "x", "y.whl", REPOGEN_ADDRESS="nonsense", REPOGEN_TOKEN=TOKEN)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("repogen: REPOGEN_ADDRESS is not an http or https URL")
