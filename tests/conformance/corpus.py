"""Fetch the distributions that a list names, unchanged and unbuilt: ``python corpus.py LIST FOLDER``.

They come from wherever pip on this machine takes them, with its settings. pip itself cannot be asked for a file by
its name, nor for an sdist without running it, so this uses the parts that ``pip download`` is made of.
"""

from __future__ import annotations

import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.utils import parse_sdist_filename, parse_wheel_filename
from pip._internal.commands import create_command
from pip._internal.commands.download import DownloadCommand
from pip._internal.index.collector import LinkCollector, parse_links
from pip._internal.models.link import Link
from pip._internal.network.session import PipSession


def fetch(listing: Path, folder: Path) -> list[Path]:
    """All that a list in the form of sha256sum names, in that folder; what is there already stays.

    Raises ValueError for what cannot be had.
    """
    lines = (line.split() for line in listing.read_text().splitlines() if line and not line.startswith("#"))
    listed = {name: sha256 for sha256, name in lines}
    wanted = {name: sha256 for name, sha256 in listed.items() if not _good(folder / name, sha256)}
    command = create_command("download")
    assert isinstance(command, DownloadCommand)
    with command.main_context():
        options, _ = command.parse_args(["--quiet"])
        session = command.get_default_session(options)
        collector = command._build_package_finder(options, session)._link_collector  # noqa: SLF001
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda name: _fetch(session, collector, folder / name, wanted[name]), wanted))
    return [folder / name for name in listed]


def project_of(filename: str) -> str:
    """The normalized name of the project that a file is of."""
    return (parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename)(filename)[0]


def _fetch(session: PipSession, collector: LinkCollector, place: Path, sha256: str) -> None:
    for location in collector.search_scope.get_index_urls_locations(project_of(place.name)):
        page = collector.fetch_response(Link(location))
        for link in parse_links(page) if page else ():
            if link.filename == place.name:
                answer = session.get(link.url_without_fragment, headers={"Accept-Encoding": "identity"})
                answer.raise_for_status()
                place.write_bytes(answer.content)
                if _good(place, sha256):
                    return
    raise ValueError(f"no index that pip asks here has {place.name} with sha256 {sha256}")


def _good(place: Path, sha256: str) -> bool:
    return place.is_file() and hashlib.sha256(place.read_bytes()).hexdigest() == sha256


if __name__ == "__main__":
    for path in fetch(Path(sys.argv[1]), Path(sys.argv[2])):
        print(path)  # noqa: T201
