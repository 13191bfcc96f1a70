"""Checkouts of a store, as CI jobs have them, and the bare repository that they are cloned from."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from repogen.cli.home import Home
from repogen.store import Store


def git(folder: Path, *arguments: str | Path, lfs: bool = False) -> str:
    """What Git prints, run in a folder; without ``lfs`` it fetches no archive's bytes."""
    done = subprocess.run(
        ["git", "-C", folder, *arguments],
        env=os.environ | {"GIT_LFS_SKIP_SMUDGE": "0" if lfs else "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def checkout(remote: Path, folder: Path, *options: str) -> Path:
    """A clone by ``file://``, shallow and without the bytes of any archive."""
    git(remote, "clone", "--quiet", "--depth", "1", *options, remote.absolute().as_uri(), folder)
    return folder


def at_home(folder: Path) -> Home:
    """The home of commands for which ``--store`` names the folder."""
    return Home.at(folder.parent / "nowhere", store=folder)


def hook(remote: Path, name: str, *lines: str) -> None:
    """Give the remote a hook of these lines."""
    place = remote / "hooks" / name
    place.parent.mkdir(exist_ok=True)
    place.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    place.chmod(0o755)


def subjects(remote: Path) -> list[str]:
    """The subjects of all commits, newest first; there is no merge among them."""
    assert git(remote, "rev-list", "--merges", "main") == ""
    return git(remote, "log", "--format=%s", "main").splitlines()


def pooled(remote: Path) -> set[str]:
    """The digests of the archives in the pool of a store."""
    folder = Store(remote).pool.folder
    return {path.name for path in folder.glob("??/??/*")} if folder.exists() else set()
