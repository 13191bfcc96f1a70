"""What a site is made of, before it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from repogen.model.names import BlobId, Sha256, one_line

_MAX_URL = 2000
_NOT_IN_URL = frozenset(' "<>\\`{}')


def file_path(sha256: Sha256, filename: str) -> str:
    """Where a repository publishes an archive, relative to the repository: content-addressed, so immutable."""
    return f"files/{sha256[:2]}/{sha256[2:4]}/{sha256}/{filename}"


def checked_url(text: str) -> str | None:
    """``text`` if it is an http, https or mailto URL that means the same to every reader, else None."""
    if len(text) > _MAX_URL or one_line(text) != text or not _NOT_IN_URL.isdisjoint(text):
        return None
    try:
        parts = urlsplit(text)
        if parts.scheme in ("http", "https"):
            return text if parts.hostname and text[len(parts.scheme) :].startswith("://") else None
    except ValueError:
        return None
    return text if parts.scheme == "mailto" and parts.path else None


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
class Platform:
    """What a binary was built for, in words.

    ``place`` is the address, relative to the repository, that clients must be told; "": they look by themselves.
    """

    words: str
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readme:
    """A long description as written and its media type (``text/markdown; variant=GFM``)."""

    text: str
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What the page of a project says of it, in any ecosystem; derived from what is known of one distribution.

    ``about`` is a longer description in plain text, paragraphs apart by an empty line; ``news`` the list of changes.
    """

    name: str
    version: str
    summary: str = ""
    about: str = ""
    readme: Readme | None = None
    news: Readme | None = None
    authors: tuple[str, ...] = ()
    licence: str = ""
    keywords: tuple[str, ...] = ()
    classifiers: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    links: tuple[Link, ...] = ()
