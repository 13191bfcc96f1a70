"""The simple repository API, version 1.4 (PEP 503, 592, 629, 658, 691, 700, 714, 792)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from packaging.version import Version

from repogen.model.catalog import Entry, Project
from repogen.model.names import ProjectKey
from repogen.model.pages import Page, Templated, file_path

API_VERSION = "1.4"
_META = {"api-version": API_VERSION}
_TO_REPOSITORY = "../../../"
LIST_PATHS = frozenset({"latest/simple/index.html", "latest/simple/index.json"})


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A link of the HTML index: ``url`` with its ``#sha256=``; None: no such attribute."""

    filename: str
    url: str
    requires_python: str | None
    metadata_sha256: str | None
    yanked: str | None
    signed: bool


def project_index(project: Project, files: str = "") -> Sequence[Page | Templated]:
    """Project detail, as HTML and as JSON, for ``latest/simple/<key>/``.

    ``files`` is the URL below which the repository's files are, "" for that of the repository.
    """
    root = files or _TO_REPOSITORY
    entries = sorted(project.entries, key=lambda entry: (Version(entry.record.version), entry.record.filename))
    document = {
        "meta": _META,
        "name": project.key,
        "project-status": {"status": "active"},
        "versions": list(dict.fromkeys(str(Version(entry.record.version)) for entry in entries)),
        "files": [_json_file(entry, root) for entry in entries],
    }
    return (
        Templated(
            path=f"latest/simple/{project.key}/index.html",
            template="simple/project.html",
            context={"key": project.key, "files": tuple(_html_file(entry, root) for entry in entries)},
        ),
        Page(path=f"latest/simple/{project.key}/index.json", body=_json(document)),
    )


def project_list(keys: Sequence[ProjectKey]) -> Sequence[Page | Templated]:
    """The project list, as HTML and as JSON, for ``latest/simple/``."""
    return (
        Templated(path="latest/simple/index.html", template="simple/index.html", context={"keys": tuple(keys)}),
        Page(
            path="latest/simple/index.json",
            body=_json({"meta": _META, "projects": [{"name": key} for key in keys]}),
        ),
    )


def has_public_metadata(facts: Mapping[str, Any]) -> bool:
    """Is the metadata published beside the file?"""
    return bool(facts.get("public_metadata"))


def _json_file(entry: Entry, root: str) -> dict[str, Any]:
    record = entry.record
    metadata = _metadata_sha256(entry)
    core_metadata = {"sha256": metadata} if metadata else False
    file: dict[str, Any] = {
        "filename": record.filename,
        "url": _url(entry, root),
        "hashes": {name: record.digests[name] for name in _known(record.digests)},
        "size": record.size,
        "upload-time": record.uploaded,
        "core-metadata": core_metadata,
        "data-dist-info-metadata": core_metadata,
        "gpg-sig": entry.signature is not None,
        "yanked": record.yanked or record.yanked is not None,
    }
    if requires_python := record.facts.get("requires_python"):
        file["requires-python"] = requires_python
    return file


def _html_file(entry: Entry, root: str) -> File:
    return File(
        filename=entry.record.filename,
        url=f"{_url(entry, root)}#sha256={entry.record.sha256}",
        requires_python=entry.record.facts.get("requires_python"),
        metadata_sha256=_metadata_sha256(entry),
        yanked=entry.record.yanked,
        signed=entry.signature is not None,
    )


def _url(entry: Entry, root: str) -> str:
    # Everything but unreserved characters is quoted: object stores read a bare "+" as a space.
    return root + quote(file_path(entry.record.sha256, entry.record.filename))


def _metadata_sha256(entry: Entry) -> str | None:
    published = entry.metadata is not None and has_public_metadata(entry.record.facts)
    return entry.record.facts["metadata_sha256"] if published else None


def _known(algorithms: Iterable[str]) -> list[str]:
    return sorted(hashlib.algorithms_guaranteed & set(algorithms))


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
