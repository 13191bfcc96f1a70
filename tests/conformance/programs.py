"""Running real programs, each in an environment that holds only what the test says."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: What settings of the host these programs would take up.
_SETTINGS = (
    *("PIP_", "UV_", "TWINE_", "POETRY_", "FLIT_", "HATCH_", "PDM_"),
    *("VIRTUAL_ENV", "PYTHONPATH", "PYTHON_KEYRING_", "REPOGEN_"),
)


@dataclass(frozen=True)
class Ran:
    """How a program ended, and what it printed."""

    status: int
    out: str
    lines: tuple[str, ...]

    @property
    def screen(self) -> str:
        """All of it as one line, as some programs break lines at a width of their own."""
        return " ".join(" ".join(self.lines).split())


def clean(**more: str | Path) -> dict[str, str]:
    """The environment without anything that steers pip, uv or twine, and with ``more``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
    fixed = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "TWINE_NON_INTERACTIVE": "1",
        "NO_COLOR": "1",
        "COLUMNS": "10000",
    }
    return kept | fixed | {name: str(value) for name, value in more.items()}


def run(
    *command: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    status: int | None = 0,
    timeout: float = 120,
    stdin: str = "",
) -> Ran:
    """Run a program to its end, which must have that exit ``status`` (None: any); ``stdin`` is what it may read."""
    done = subprocess.run(
        command,
        env=clean() if env is None else env,
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    shown = f"{done.stdout}\n{done.stderr}"
    assert status is None or done.returncode == status, f"{command[0]} ended with {done.returncode}:\n{shown}"
    return Ran(status=done.returncode, out=done.stdout, lines=tuple(shown.splitlines()))


def wait_until(condition: Callable[[], Any], what: str, *, within: float = 10) -> Any:
    """The first true value of ``condition``; fails where there is none after ``within`` seconds."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {within} s"
        time.sleep(0.02)
    return found
