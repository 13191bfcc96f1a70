"""The corpus as each program takes it: a home for repogen, JSON lines for dumb-pypi, a folder for pypiserver."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.corpus import REQUIRES_PYTHON, Made
from benchmarks.processes import run
from repogen.accept import Distribution, Incoming
from repogen.cli.home import Home
from repogen.ecosystems import ecosystem_of
from repogen.model.digests import Digester
from repogen.model.inspected import Inspected
from repogen.model.names import ProjectKey, Sha256
from repogen.model.record import Submitter, dump_record
from repogen.store import BRANCH, paths

SOURCE, REPOSITORY = "local-python", "python"
BY = Submitter(subject="benchmarks")

_UPLOADED = datetime(2026, 11, 22, tzinfo=UTC)
_PYTHON = ecosystem_of("python")


def repogen(home: Path, *arguments: str | Path) -> list[str | Path]:
    """The command line of a repogen process."""
    return [sys.executable, "-m", "repogen", "--home", home, *arguments]


def make_home(place: Path) -> Home:
    """An empty home."""
    run(repogen(place, "init"))
    return Home.at(place)


def known(made: Made, arrived: Incoming) -> Distribution:
    """What examining the archive finds, without opening it: that would take most of the time of setting up."""
    facts = {
        "requires_python": REQUIRES_PYTHON,
        "metadata_version": "2.4",
        "metadata_sha256": _sha256_of(made.metadata),
        "public_metadata": True,
        "summary": made.summary,
        "tags": "py3-none-any" if made.kind == "wheel" else "",
    }
    inspected = Inspected(name=made.name, version=made.version, kind=made.kind, metadata=made.metadata, facts=facts)
    return Distribution(incoming=arrived, inspected=inspected, key=ProjectKey(made.name), version=made.version)


def fill(home: Home, corpus: Iterable[Made]) -> list[str]:
    """Commit a corpus to the store of an empty home, as one pack; return it as JSON lines for dumb-pypi.

    Git's own bulk import writes the pack, so that setting up takes seconds and not minutes.
    """
    lines = []
    command: list[str | Path] = ["git", "-C", home.store.path, "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as importing:
        assert importing.stdin is not None
        importing.stdin.write(
            f"commit {BRANCH}\ncommitter benchmarks <benchmarks@localhost> {_UPLOADED.timestamp():.0f} +0000\n"
            f"data 4\nfill\nfrom {BRANCH}^0\n".encode()
        )
        for made in corpus:
            one = known(made, incoming(made, home.spool))
            home.store.pool.take(one.incoming.spooled, one.sha256)
            path = f"{paths.project_path(SOURCE, one.key)}/{one.version}/{made.filename}"
            files = {
                path: paths.lfs_pointer(one.sha256, one.incoming.size),
                path + paths.METADATA: made.metadata,
                path + paths.RECORD: dump_record(one.record(uploaded=_UPLOADED, by=BY)),
            }
            for place, data in files.items():
                importing.stdin.write(b"M 100644 inline %s\ndata %d\n%s\n" % (place.encode(), len(data), data))
            lines.append(dumb_pypi_line(made, one.sha256))
        importing.stdin.close()
        if importing.wait():
            raise RuntimeError("git fast-import failed")
    return lines


def dumb_pypi_line(made: Made, sha256: str) -> str:
    """A file in the list that dumb-pypi reads: with all that it can show."""
    return json.dumps(
        {
            "filename": made.filename,
            "hash": f"sha256={sha256}",
            "requires_python": REQUIRES_PYTHON,
            "requires_dist": made.requires_dist,
            "core_metadata": f"sha256={_sha256_of(made.metadata)}",
            "uploaded_by": BY.subject,
            "upload_timestamp": int(_UPLOADED.timestamp()),
        }
    )


def link_archives(home: Home, lines: Iterable[str], folder: Path) -> None:
    """The archives of a filled home under their own names, in one folder, as pypiserver has them."""
    folder.mkdir()
    for document in map(json.loads, lines):
        sha256 = Sha256(document["hash"].partition("=")[2])
        os.link(home.store.pool.path(sha256), folder / document["filename"])


def incoming(made: Made, spool: Path) -> Incoming:
    """A distribution as it arrives; its archive lies in ``spool`` then."""
    digester = Digester({"sha256", *_PYTHON.extra_digests})
    digester.update(made.archive)
    descriptor, spooled = tempfile.mkstemp(dir=spool)
    with os.fdopen(descriptor, "wb") as file:
        file.write(made.archive)
    return Incoming(filename=made.filename, spooled=Path(spooled), size=digester.size, digests=digester.digests())


def _sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
