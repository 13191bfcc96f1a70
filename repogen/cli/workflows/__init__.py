"""The workflows that ``repogen init --ci`` writes into a store: on every push they build its site for Pages."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path


class Host(StrEnum):
    """What ``--ci`` takes: whose CI jobs and Pages they are."""

    GITHUB = "github"
    GITLAB = "gitlab"


_PATHS = {Host.GITHUB: ".github/workflows/site.yml", Host.GITLAB: ".gitlab-ci.yml"}


def workflow(host: Host) -> tuple[str, bytes]:
    """The path in the store where the host looks for it, and the text, which installs this version of repogen."""
    from importlib.metadata import version

    text = Path(__file__).with_name(f"{host}.yml").read_text(encoding="utf-8")
    return _PATHS[host], text.replace("REPOGEN_VERSION", version("repogen")).encode()
