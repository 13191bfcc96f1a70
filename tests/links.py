"""Following every link of a site, as files on a disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from posixpath import dirname, join, normpath
from typing import Any
from urllib.parse import unquote, urlsplit

Site = Mapping[str, bytes]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if "src" in values:
            self.found.append({"href": values["src"]})
        if "href" in values:
            self.found.append(values)


def broken_links(site: Site) -> list[str]:
    """What is wrong with the links of a site: no file behind one, or one of other bytes than the link states."""
    return [
        f"{page}: {trouble}"
        for page, body in site.items()
        if page.endswith((".html", "/index.json"))
        for trouble in (
            _of_page(site, page, body) if page.endswith(".html") else _of_json(site, page, json.loads(body))
        )
    ]


def page_links(body: bytes) -> list[dict[str, str]]:
    """The attributes of every element of a page that links somewhere; ``href`` is where."""
    parser = _Links()
    parser.feed(body.decode())
    return parser.found


def target(page: str, url: str) -> str | None:
    """The path in the site that a relative link of a page means; None for a link to somewhere else."""
    parts = urlsplit(url)
    if parts.scheme or parts.netloc:
        return None
    if not parts.path:
        return page
    path = normpath(join(dirname(page), unquote(parts.path)))
    return normpath(join(path, "index.html")) if parts.path.endswith(("/", "/..", "/.")) or path == "." else path


def _of_page(site: Site, page: str, body: bytes) -> Iterator[str]:
    for link in page_links(body):
        url = link["href"]
        path = target(page, url)
        if path is None:
            continue
        if path not in site:
            yield f"{url}: nothing there"
            continue
        stated = urlsplit(url).fragment
        if stated.startswith("sha256="):
            yield from _other_bytes(site, path, stated.removeprefix("sha256="))
        for attribute in ("data-core-metadata", "data-dist-info-metadata"):
            if attribute in link:
                yield from _other_bytes(site, f"{path}.metadata", link[attribute].removeprefix("sha256="))
        if link.get("data-gpg-sig") == "true" and f"{path}.asc" not in site:
            yield f"{url}: no signature there"


def _of_json(site: Site, page: str, document: Any) -> Iterator[str]:
    for project in document.get("projects", ()):
        if normpath(join(dirname(page), project["name"], "index.json")) not in site:
            yield f"{project['name']}: no page there"
    for file in document.get("files", ()):
        path = target(page, file["url"])
        if path is None or path not in site:
            yield f"{file['url']}: nothing there"
            continue
        if len(site[path]) != file["size"]:
            yield f"{path}: is not of size {file['size']}"
        yield from _other_bytes(site, path, file["hashes"]["sha256"])
        if file["core-metadata"]:
            yield from _other_bytes(site, f"{path}.metadata", file["core-metadata"]["sha256"])
        if file["gpg-sig"] != (f"{path}.asc" in site):
            yield f"{path}: signature stated {file['gpg-sig']}"


def _other_bytes(site: Site, path: str, sha256: str) -> Iterator[str]:
    if path not in site:
        yield f"{path}: nothing there"
    elif hashlib.sha256(site[path]).hexdigest() != sha256:
        yield f"{path}: has not the sha256 {sha256}"
