"""The command line, run as it is: in this process through its main function, or as a program of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from repogen.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command printed, and the status that it ended with."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Cli:
    """Runs commands on one home, in this process."""

    home: Path
    _patch: pytest.MonkeyPatch
    _capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str | Path, status: int = 0, stdin: str = "") -> Ran:
        """Run a command that must end with ``status``; one that fails says why on a single line."""
        self._capture.readouterr()
        with self._patch.context() as patch:
            patch.setattr(sys, "argv", ["repogen", "--home", str(self.home), *map(str, arguments)])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            try:
                main()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 0
            else:
                code = 0
        ran = Ran(code, *self._capture.readouterr())
        assert ran.status == status, ran
        assert "Traceback" not in ran.err
        if status:
            assert ran.out == ""
            assert len(ran.err.splitlines()) == 1
            assert ran.err.startswith("repogen: ")
        return ran


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def bare(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Commands for a home that is yet to be made."""
    monkeypatch.setenv("LOGNAME", "tester")
    return Cli(home, monkeypatch, capsys)


@pytest.fixture
def cli(bare: Cli) -> Cli:
    """Commands for a home as ``repogen init`` makes it."""
    bare("init")
    return bare


Program = Callable[..., Ran]


@pytest.fixture
def program(home: Path, tmp_path: Path) -> Program:
    """Runs commands in processes of their own; ``env`` is all of their environment but for the path.

    ``home`` is None for no option ``--home``.
    """

    def run(
        *arguments: str | Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        umask: int = 0o022,
        home: Path | None = home,
    ) -> Ran:
        variables = {"PATH": os.environ["PATH"], **({"HOME": str(tmp_path)} if env is None else env)}
        option = ("--home", home) if home is not None else ()
        command = [sys.executable, "-m", "repogen", *option, *arguments]
        ran = subprocess.run(
            command, env=variables, cwd=cwd or tmp_path, umask=umask, capture_output=True, check=False, timeout=60
        )
        return Ran(ran.returncode, ran.stdout.decode(), ran.stderr.decode())

    return run
