"""The remote command line as one file: what is in it, and on what it runs."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any

import pytest

from repogen.client import zipapp
from repogen.errors import StoreError
from tests.client.conftest import TOKEN
from tests.client.servers import stub
from tests.factories import make_wheel
from tests.r_packages import make_r_source


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file."""
    path = tmp_path_factory.mktemp("program") / "repogen.pyz"
    path.write_bytes(zipapp.build_zipapp())
    return path


def run(program: Path, *arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    """By an interpreter that sees nothing but its own library."""
    command = [sys.executable, "-I", "-S", program, *arguments]
    return subprocess.run(command, cwd=program.parent, env=env, capture_output=True, text=True, check=False)


class TestProgram:
    """What is made of a pure Typer."""

    def test_small_and_pure(self, program: Path) -> None:
        """One file below 5 MB, without compiled code, a store's libraries or a site's templates, with licences."""
        assert program.stat().st_size < 5_000_000
        with zipfile.ZipFile(program) as archive:
            names = archive.namelist()
        assert {Path(name).suffix for name in names} <= {".py", ".yml", ".pem", ".md", ".txt", ""} | {
            Path(name).suffix for name in names if ".dist-info/" in name
        }
        assert not [name for name in names if name.startswith(("pygit2", "jinja2", "repogen/generate", "pydantic"))]
        assert [name for name in names if name.startswith("httpx-") and "licenses" in name]

    def test_same_bytes(self, program: Path) -> None:
        """Made again, it is the same."""
        assert zipapp.build_zipapp() == program.read_bytes()

    def test_version_and_help(self, program: Path) -> None:
        """It knows its version and its commands."""
        ran = run(program, "--version")
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"repogen {version('repogen')}\n", "")
        assert "--source" in run(program, "add", "--help").stdout

    def test_sending(self, program: Path) -> None:
        """It sends files of both ecosystems."""
        files = [make_wheel(program.parent), make_r_source(program.parent)]
        with stub() as server:
            sources = ("--source", "local-python,local-r")
            ran = run(program, "add", *sources, *files, REPOGEN_ADDRESS=server.address, REPOGEN_TOKEN=TOKEN)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.splitlines()[-1] == "2 of 2 files: 2 added"

    def test_tls_and_trouble(self, program: Path) -> None:
        """Over https it knows whom to trust, and what goes wrong is one line."""
        env = {"REPOGEN_ADDRESS": "https://127.0.0.1:1", "REPOGEN_TOKEN": TOKEN, "NO_PROXY": "*"}
        ran = run(program, "source", "list", **env)
        assert ran.returncode == 13, ran.stderr
        assert "Traceback" not in ran.stderr

    def test_a_store_that_is_here(self, program: Path) -> None:
        """What works on a store says that this file does not hold it."""
        ran = run(program, "init", "home")
        assert ran.returncode == 1
        assert ran.stderr.startswith("repogen: this command needs ")


def test_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Typer needs compiled code, the answer says what to install."""

    class Newer:
        name, version = "typer", "0.29.0"

    def found(name: str) -> Any:
        return Newer() if name == "typer" else real(name)

    real = distribution
    monkeypatch.setattr(zipapp, "distribution", found)
    with pytest.raises(StoreError, match=r"compiled code; pip install 'typer<0\.29'"):
        zipapp.build_zipapp()


def test_written_after_a_start() -> None:
    """Any unzip reads it, in spite of the line before that names an interpreter."""
    data = zipapp.build_zipapp()
    assert data.startswith(b"#!/usr/bin/env python3\n")
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
