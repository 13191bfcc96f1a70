"""Is this wheel or sdist good, and what does its record keep?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from repogen.ecosystems.python.distributions import Opened, open_sdist, open_wheel
from repogen.ecosystems.python.filenames import Filename, parse_filename, parse_version, project_key, spells
from repogen.ecosystems.python.metadata import (
    Metadata,
    is_reliable,
    judge_metadata,
    metadata_warnings,
    parse_metadata,
)
from repogen.errors import InvalidUpload, Problem
from repogen.model.inspected import Inspected
from repogen.model.names import one_line


def inspect(filename: str, archive: Path) -> Inspected:
    """Judge the archive that was sent under ``filename``. Raises InvalidUpload with every problem.

    ``facts`` of what is returned, all needed to render without opening the archive again:

    - ``requires_python``: text or None, for the indexes;
    - ``metadata_version``: text;
    - ``metadata_sha256``: hex digits of the verbatim metadata;
    - ``public_metadata``: is it published as ``<file>.metadata``? Of a wheel always (PEP 658); of an sdist where
      it says that a build changes nothing of it: version 2.2 and no ``Dynamic`` field (PEP 643);
    - ``summary``: one line, may be "";
    - ``tags``: ``py3-none-any`` of a wheel as its name spells them, "" of an sdist.
    """
    named = parse_filename(filename)
    try:
        opened = open_wheel(archive) if named.kind == "wheel" else open_sdist(archive, named.extension)
    except InvalidUpload as error:
        raise InvalidUpload(error.problems, filename=filename) from None
    problems = list(opened.problems)
    if opened.metadata is None:
        raise InvalidUpload(problems, filename=filename)
    try:
        metadata = parse_metadata(opened.metadata)
    except ValueError as error:
        problems.append(Problem("metadata-encoding", f"the metadata in {opened.directory!r} {error}"))
        raise InvalidUpload(problems, filename=filename) from None
    problems += judge_metadata(metadata)
    problems += _mismatches(named, opened, metadata)
    if problems:
        raise InvalidUpload(problems, filename=filename)
    return Inspected(
        filename=filename,
        name=metadata.one("name"),
        version=metadata.one("version"),
        kind=named.kind,
        metadata=opened.metadata,
        facts={
            "requires_python": metadata.one("requires-python") or None,
            "metadata_version": metadata.one("metadata-version"),
            "metadata_sha256": hashlib.sha256(opened.metadata).hexdigest(),
            "public_metadata": named.kind == "wheel" or is_reliable(metadata),
            "summary": one_line(metadata.one("summary")),
            "tags": named.tag,
        },
        warnings=tuple(_warnings(filename, named, metadata)),
    )


def _mismatches(named: Filename, opened: Opened, metadata: Metadata) -> Iterator[Problem]:
    name, version = metadata.one("name"), metadata.one("version")
    key, parsed = project_key(name), parse_version(version)
    if parsed is None:
        return
    if not spells(f"{named.name}-{named.version}", key, parsed):
        if project_key(named.name) != key:
            yield Problem("name-mismatch", f"the file name says project {named.name!r}, the metadata says {name!r}")
        if parse_version(named.version) != parsed:
            text = f"the file name says version {named.version!r}, the metadata says {version!r}"
            yield Problem("version-mismatch", text)
    if not spells(opened.stem, key, parsed):
        text = f"the directory {opened.directory!r} is not named after project {name!r} and version {version!r}"
        yield Problem("dist-info" if named.kind == "wheel" else "sdist-root", text)


def _warnings(filename: str, named: Filename, metadata: Metadata) -> Iterator[str]:
    if filename != named.canonical:
        yield f"file name {filename!r} is kept; the standard spelling is {named.canonical!r}"
    yield from metadata_warnings(metadata)
