"""The simple repository API: HTML and JSON, and that they say the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import html5lib
import jinja2
import pytest

from repogen.ecosystems.python import Python
from repogen.model.catalog import Entry, Project
from repogen.model.names import BlobId, ProjectKey
from repogen.model.pages import Page, Templated
from repogen.model.record import Record, Submitter

PYTHON = Python()
TEMPLATES = Path(__file__).parents[3] / "templates"


def entry(
    filename: str,
    version: str,
    *,
    facts: Mapping[str, Any] | None = None,
    yanked: str | None = None,
    signed: bool = False,
) -> Entry:
    """An entry whose digests are made of the length of the file name."""
    record = Record(
        filename=filename,
        name="example",
        version=version,
        kind="wheel" if filename.endswith(".whl") else "sdist",
        size=len(filename),
        digests={"sha256": f"{len(filename):064x}", "md5": f"{len(filename):032x}", "blake2_256": "0" * 64},
        uploaded="2026-01-02T03:04:05.678900Z",
        by=Submitter(subject="ann"),
        yanked=yanked,
        facts=facts or {},
    )
    return Entry(record=record, metadata=BlobId("0" * 40), signature=BlobId("1" * 40) if signed else None)


def project(*entries: Entry) -> Project:
    """The project ``example``."""
    return Project(key=ProjectKey("example"), source="local-python", entries=entries)


def rendered(page: Page | Templated) -> str:
    """The page as the site has it."""
    if isinstance(page, Page):
        return page.body.decode()
    loader = jinja2.FileSystemLoader(TEMPLATES)
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.get_template(page.template).render(page.context)


STATIC = {"public_metadata": True, "metadata_sha256": "c" * 64, "requires_python": '>=3.8,<4"'}
FILES = (
    entry("example-1.0-py3-none-any.whl", "1.0", facts=STATIC, signed=True),
    entry("example-1.0.tar.gz", "1.0", facts={"public_metadata": False, "metadata_sha256": "d" * 64}),
    entry("example-1.9+local.1-py3-none-any.whl", "1.9+local.1", yanked=""),
    entry("example-1.10-py3-none-any.whl", "1.10", yanked='bad "<b>"'),
)


def anchors(page: Page | Templated) -> list[tuple[str, dict[str, str]]]:
    """The text and the attributes of each link."""
    document = html5lib.parse(rendered(page), namespaceHTMLElements=False)
    return [("".join(anchor.itertext()), dict(anchor.attrib)) for anchor in document.iter("a")]


def test_project_detail_in_json() -> None:
    """All of API 1.4 that a file has, in the order of versions, with links relative to the page."""
    html, page = PYTHON.project_index(project(*reversed(FILES)))
    assert (html.path, page.path) == ("latest/simple/example/index.html", "latest/simple/example/index.json")
    document = json.loads(rendered(page))
    assert document["meta"] == {"api-version": "1.4"}
    assert document["name"] == "example"
    assert document["project-status"] == {"status": "active"}
    assert document["versions"] == ["1.0", "1.9+local.1", "1.10"]
    assert [file["filename"] for file in document["files"]] == [each.record.filename for each in FILES]
    first, second, third, fourth = document["files"]
    assert first == {
        "filename": "example-1.0-py3-none-any.whl",
        "url": f"../../../files/00/00/{28:064x}/example-1.0-py3-none-any.whl",
        "hashes": {"md5": f"{28:032x}", "sha256": f"{28:064x}"},
        "size": 28,
        "upload-time": "2026-01-02T03:04:05.678900Z",
        "requires-python": '>=3.8,<4"',
        "core-metadata": {"sha256": "c" * 64},
        "data-dist-info-metadata": {"sha256": "c" * 64},
        "gpg-sig": True,
        "yanked": False,
    }
    assert (second["core-metadata"], second["gpg-sig"], "requires-python" in second) == (False, False, False)
    assert third["yanked"] is True
    assert third["url"].endswith("/example-1.9%2Blocal.1-py3-none-any.whl")
    assert fourth["yanked"] == 'bad "<b>"'


def test_html_says_what_json_says() -> None:
    """Each link carries the attributes of PEP 503, 592, 658 and 714; the values are those of the JSON form."""
    html, page = PYTHON.project_index(project(*FILES))
    files = json.loads(rendered(page))["files"]
    links = anchors(html)
    assert [text for text, _ in links] == [file["filename"] for file in files]
    for (_, link), file in zip(links, files, strict=True):
        assert link["href"] == f"{file['url']}#sha256={file['hashes']['sha256']}"
        assert link.get("data-requires-python") == file.get("requires-python")
        assert link["data-gpg-sig"] == ("true" if file["gpg-sig"] else "false")
        metadata = file["core-metadata"] and f"sha256={file['core-metadata']['sha256']}"
        assert (link.get("data-core-metadata") or False) == metadata
        assert link.get("data-dist-info-metadata") == link.get("data-core-metadata")
        yanked = link.get("data-yanked")
        assert (yanked is not None and (yanked or True)) == file["yanked"]


def test_html_names_the_version_of_the_api() -> None:
    """The meta elements of PEP 629 and 792, and escaped text."""
    html, _ = PYTHON.project_index(project(*FILES))
    text = rendered(html)
    assert text.startswith("<!DOCTYPE html>\n")
    assert '<meta name="pypi:repository-version" content="1.4">' in text
    assert '<meta name="pypi:project-status" content="active">' in text
    assert 'data-requires-python="&gt;=3.8,&lt;4&#34;"' in text
    assert "<b>" not in text
    html5lib.HTMLParser(strict=True).parse(text)


@pytest.mark.parametrize("keys", [[], ["a"], ["a", "b-c"]])
def test_the_project_list(keys: list[str]) -> None:
    """HTML and JSON name every project once, with a link to its page."""
    html, page = PYTHON.lists({ProjectKey(key): "" for key in keys})
    assert (html.path, page.path) == ("latest/simple/index.html", "latest/simple/index.json")
    assert json.loads(rendered(page)) == {"meta": {"api-version": "1.4"}, "projects": [{"name": key} for key in keys]}
    assert anchors(html) == [(key, {"href": f"{key}/"}) for key in keys]
    html5lib.HTMLParser(strict=True).parse(rendered(html))


def test_the_order_of_entries_does_not_matter() -> None:
    """The same files give the same bytes."""
    forward, backward = PYTHON.project_index(project(*FILES)), PYTHON.project_index(project(*reversed(FILES)))
    assert [rendered(page) for page in forward] == [rendered(page) for page in backward]


def test_metadata_is_not_promised_where_there_is_none() -> None:
    """An index entry never names a file that the store does not have."""
    whole = entry("example-1.0-py3-none-any.whl", "1.0", facts=STATIC)
    _, page = PYTHON.project_index(project(Entry(record=whole.record, metadata=None, signature=None)))
    assert json.loads(rendered(page))["files"][0]["core-metadata"] is False
