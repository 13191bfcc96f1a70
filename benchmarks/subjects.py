"""The corpora as each program takes them: a home for repogen, JSON lines for dumb-pypi, folders for the others."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.corpus import REQUIRES_PYTHON, Made
from benchmarks.processes import run
from benchmarks.r_corpus import Tarball
from repogen.accept import Distribution, Incoming
from repogen.cli.home import Home
from repogen.ecosystems import ecosystem_of
from repogen.model.digests import Digester
from repogen.model.inspected import Inspected
from repogen.model.names import ProjectKey, Sha256
from repogen.model.record import Submitter, dump_record
from repogen.store import BRANCH, paths

SOURCE, REPOSITORY = "local-python", "python"
R_SOURCE, R_REPOSITORY = "local-r", "r"
BY = Submitter(subject="benchmarks")

_UPLOADED = datetime(2026, 11, 22, tzinfo=UTC)


def repogen(home: Path, *arguments: str | Path) -> list[str | Path]:
    """The command line of a repogen process."""
    return [sys.executable, "-m", "repogen", "--home", home, *arguments]


def make_home(place: Path) -> Home:
    """An empty home."""
    run(repogen(place, "init"))
    return Home.at(place)


def known(made: Made, arrived: Incoming) -> Distribution:
    """What examining the archive finds, without opening it: that would take most of the time of setting up."""
    facts: dict[str, Any] = {
        "requires_python": REQUIRES_PYTHON,
        "metadata_version": "2.4",
        "metadata_sha256": _sha256_of(made.metadata),
        "public_metadata": True,
        "summary": made.summary,
        "tags": "py3-none-any" if made.kind == "wheel" else "",
    }
    return _distribution(made, arrived, made.kind, facts)


def known_r(made: Tarball, arrived: Incoming) -> Distribution:
    """The same for an R package."""
    return _distribution(made, arrived, "source", made.facts)


def fill(home: Home, corpus: Iterable[Made]) -> list[str]:
    """Commit a corpus to the store of an empty home; return it as JSON lines for dumb-pypi."""
    lines = []

    def arriving() -> Iterator[Distribution]:
        for made in corpus:
            one = known(made, incoming(made, home.spool))
            lines.append(dumb_pypi_line(made, one.sha256))
            yield one

    _load(home, SOURCE, arriving())
    return lines


def fill_r(home: Home, corpus: Iterable[Tarball], folder: Path) -> None:
    """Commit a corpus to the store of an empty home, and link it into a new folder, as the tools of R have it."""
    folder.mkdir()

    def arriving() -> Iterator[Distribution]:
        for made in corpus:
            arrived = incoming(made, home.spool)
            os.link(arrived.spooled, folder / made.filename)
            yield known_r(made, arrived)

    _load(home, R_SOURCE, arriving())


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


def incoming(made: Made | Tarball, spool: Path) -> Incoming:
    """A distribution as it arrives; its archive lies in ``spool`` then."""
    ecosystem = ecosystem_of("r" if isinstance(made, Tarball) else "python")
    digester = Digester({"sha256", *ecosystem.extra_digests})
    digester.update(made.archive)
    descriptor, spooled = tempfile.mkstemp(dir=spool)
    with os.fdopen(descriptor, "wb") as file:
        file.write(made.archive)
    return Incoming(filename=made.filename, spooled=Path(spooled), size=digester.size, digests=digester.digests())


def _load(home: Home, source: str, distributions: Iterable[Distribution]) -> None:
    """Commit all to the store of an empty home, as one pack.

    Git's own bulk import writes the pack, so that setting up takes seconds and not minutes.
    """
    command: list[str | Path] = ["git", "-C", home.store.path, "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as importing:
        assert importing.stdin is not None
        importing.stdin.write(
            f"commit {BRANCH}\ncommitter benchmarks <benchmarks@localhost> {_UPLOADED.timestamp():.0f} +0000\n"
            f"data 4\nfill\nfrom {BRANCH}^0\n".encode()
        )
        for one in distributions:
            home.store.pool.take(one.incoming.spooled, one.sha256)
            path = f"{paths.project_path(source, one.key)}/{one.version}/{one.filename}"
            files = {
                path: paths.lfs_pointer(one.sha256, one.incoming.size),
                path + paths.METADATA: one.inspected.metadata,
                path + paths.RECORD: dump_record(one.record(uploaded=_UPLOADED, by=BY)),
            }
            for place, data in files.items():
                importing.stdin.write(b"M 100644 inline %s\ndata %d\n%s\n" % (place.encode(), len(data), data))
        importing.stdin.close()
        if importing.wait():
            raise RuntimeError("git fast-import failed")


def _distribution(made: Made | Tarball, arrived: Incoming, kind: str, facts: dict[str, Any]) -> Distribution:
    inspected = Inspected(
        filename=made.filename,
        name=made.name,
        version=made.version,
        kind=kind,
        metadata=made.metadata,
        facts=facts,
    )
    return Distribution(incoming=arrived, inspected=inspected, key=ProjectKey(made.name), version=made.version)


def _sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
