"""What a site is made of, before it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repogen.model.names import BlobId, Sha256


def file_path(sha256: Sha256, filename: str) -> str:
    """Where a repository publishes an archive, relative to the repository: content-addressed, so immutable."""
    return f"files/{sha256[:2]}/{sha256[2:4]}/{sha256}/{filename}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One file of the site: ``path`` (relative, ``/``) and its bytes."""

    path: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Templated:
    """A page that a template makes: ``template`` is its name below ``templates/``."""

    path: str
    template: str
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFile:
    """An archive of the pool, published at ``path``."""

    path: str
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFile:
    """A blob of the store, published verbatim at ``path``."""

    path: str
    blob: BlobId


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A labelled link; ``url`` is checked: http, https or mailto, else the link is shown as text (None)."""

    label: str
    url: str | None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """A dependency as declared (``text``), the key of the project that it names, and the group it is in."""

    text: str
    key: str
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A row of the table of facts on a page: a label and one or more values."""

    label: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readme:
    """A long description as written and its media type (``text/markdown; variant=GFM``)."""

    text: str
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What the page of a project says of it, in any ecosystem; derived from one distribution's metadata."""

    name: str
    version: str
    summary: str = ""
    readme: Readme | None = None
    authors: tuple[str, ...] = ()
    licence: str = ""
    keywords: tuple[str, ...] = ()
    classifiers: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    links: tuple[Link, ...] = ()
