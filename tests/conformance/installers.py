"""Installing with the real pip and uv into a folder, and importing from there."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.conformance.programs import Ran, clean, run
from tests.conftest import Client


def pip_install(client: Client, folder: Path, index: str, *what: str | Path, status: int = 0) -> Ran:
    """``pip install`` from an index, and from nowhere else; ``what`` are requirements and further options."""
    return run(
        *(client("pip"), "install", "--verbose", "--target", folder, "--index-url", index, *what),
        env=clean(PIP_CACHE_DIR=folder.with_name(f"{folder.name}-cache")),
        status=status,
    )


def uv_install(client: Client, folder: Path, index: str, *what: str | Path, status: int = 0) -> Ran:
    """``uv pip install`` from an index, and from nowhere else; ``what`` are requirements and further options."""
    return run(
        *(client("uv"), "pip", "install", "--target", folder, "--default-index", index, *what),
        env=clean(UV_CACHE_DIR=folder.with_name(f"{folder.name}-cache"), UV_NO_CONFIG="1", UV_PYTHON=sys.executable),
        status=status,
    )


INSTALLERS = {"pip": pip_install, "uv": uv_install}


def imported(folder: Path, module: str) -> str:
    """The version that an installed module of the factories says it has."""
    text = f"import {module}; print({module}.__version__)"
    return run(sys.executable, "-c", text, env=clean(PYTHONPATH=folder)).out.strip()
