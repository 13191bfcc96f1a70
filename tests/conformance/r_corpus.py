"""Fetch R packages as CRAN has them: ``python r_corpus.py LIST FOLDER``.

The list names source packages of Debian. apt fetches them from wherever this machine takes its packages, with a
configuration of its own that asks for sources: neither root nor a change to the machine is needed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

_TYPES = re.compile(r"^(?:Types:.*|deb(?:-src)?(?=\s))", re.MULTILINE)
_STATED = re.compile(r"^(Package|Version|Packaged):[ \t]*(\S+)", re.MULTILINE)


def fetch(listing: Path, folder: Path) -> list[Path]:
    """The packages of a list as ``NAME_VERSION.tar.gz`` in a folder, without those that Debian had to repack.

    Raises ValueError, with what apt says, where it brings none.
    """
    names = [line for line in listing.read_text().splitlines() if line and not line.startswith("#")]
    brought = folder / "apt"
    brought.mkdir(parents=True)
    config = _configuration(brought)
    said = _apt(config, brought, "update") + _apt(config, brought, "source", "--download-only", "--tar-only", *names)
    found = [renamed for path in sorted(brought.glob("*.orig.tar.gz")) if (renamed := _as_sent(path, folder))]
    if not found:
        raise ValueError(f"apt brought no R package: {said}")
    return found


def _configuration(folder: Path) -> Path:
    """The machine's own, but for the places of lists and files, and with sources in the place of packages."""
    places = subprocess.run(
        ["apt-config", "shell", "list", "Dir::Etc::sourcelist/f", "parts", "Dir::Etc::sourceparts/d"],
        capture_output=True,
        text=True,
        check=True,
    )
    entries, parts = (Path(place) for place in re.findall(r"='(.*)'", places.stdout))
    sources = folder / "sources"
    for made in (sources, folder / "state" / "lists" / "partial", folder / "cache" / "archives" / "partial"):
        made.mkdir(parents=True)
    for path in (entries, *parts.glob("*.list"), *parts.glob("*.sources")):
        if path.is_file():
            wanted = "Types: deb-src" if path.suffix == ".sources" else "deb-src"
            (sources / path.name).write_text(_TYPES.sub(wanted, path.read_text()))
    config = folder / "apt.conf"
    config.write_text(
        f'Dir::Etc::sourcelist "/dev/null"; Dir::Etc::sourceparts "{sources}";\n'
        f'Dir::State "{folder}/state"; Dir::State::status "/var/lib/dpkg/status"; Dir::Cache "{folder}/cache";\n'
        # Root's apt fetches as another user, who may not write here.
        'APT::Sandbox::User "root";\n'
    )
    return config


def _apt(config: Path, folder: Path, *arguments: str) -> str:
    """What apt-get has to say against it. One source of the machine that is down does not spoil the others."""
    env = os.environ | {"APT_CONFIG": str(config), "LC_ALL": "C"}
    command = ["apt-get", "--quiet=2", *arguments]
    return subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=False).stderr


def _as_sent(path: Path, folder: Path) -> Path | None:
    """The package under the name that its author gave it, if it is what ``R CMD build`` made."""
    with tarfile.open(path) as archive:
        tops = {member.name.split("/")[0] for member in archive}
        description = f"{min(tops)}/DESCRIPTION"
        if len(tops) != 1 or description not in archive.getnames():
            return None
        member = archive.extractfile(description)
        assert member
        stated = dict(_STATED.findall(member.read().decode("latin-1")))
    if stated.get("Package") not in tops or "Packaged" not in stated:
        return None
    return path.rename(folder / f"{stated['Package']}_{stated['Version']}.tar.gz")


if __name__ == "__main__":
    for found in fetch(Path(sys.argv[1]), Path(sys.argv[2])):
        print(found)  # noqa: T201
