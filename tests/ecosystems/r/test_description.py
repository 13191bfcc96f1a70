"""What the page for people says of an R package."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from repogen.ecosystems.r.description import describe
from repogen.model.pages import Dependency, Description, Fact, Link, Readme

NOTHING: Mapping[str, Any] = {"title": "", "needs_compilation": "no", "built": None, "readme": None, "news": None}
SCRIPT = "<script>alert(1)</script>"


def described(text: str, **facts: Any) -> Description:
    """The description of a DESCRIPTION that goes on with ``text`` after name and version."""
    return describe(f"Package: example\nVersion: 1.0-1\n{text}".encode(), {**NOTHING, **facts})


def test_all_parts_are_found() -> None:
    """Every part of the page has its field; values are on one line, whatever lines they came on."""
    found = described(
        "Title: An\n  Example\n"
        "Description: Does this.\n  And that.\n  .\n  More of it.\n"
        "License: GPL (>= 2) | file LICENSE\n"
        "URL: https://example.org/, https://code.example.org/example\n"
        "BugReports: https://code.example.org/example/issues\n"
        "Author: Ann Bee [aut, cre] (<https://orcid.org/0000-0002-1825-0097>),\n  Acme, Inc. [cph]\n"
        "Maintainer: Ann Bee <ann@example.org>\n"
        "Depends: R (>= 3.5), methods\n"
        "Imports: data.table (>=\n  1.0)\n"
        "Suggests: MASS\n"
        "SystemRequirements: libxml2\n  (>= 2.9)\n"
        "Encoding: UTF-8\n"
        "Packaged: 2026-11-22 10:00:00 UTC; ann\n"
        "Date/Publication: 2026-11-23 10:00:00 UTC\n"
        "X-schema.org-keywords: one, two words\n"
        "RoxygenNote: 7.3.1\n",
        needs_compilation="yes",
        readme={"name": "README.md", "text": "# Hello"},
        news={"name": "NEWS", "text": "1.0-1: all new"},
    )
    assert found == Description(
        name="example",
        version="1.0-1",
        summary="An Example",
        about="Does this. And that.\n\nMore of it.",
        readme=Readme(text="# Hello", content_type="text/markdown"),
        news=Readme(text="1.0-1: all new", content_type="text/plain"),
        authors=("Ann Bee [aut, cre] <https://orcid.org/0000-0002-1825-0097>", "Acme, Inc. [cph]"),
        licence="GPL (>= 2) | file LICENSE",
        keywords=("one", "two words"),
        facts=(
            Fact(label="Version", values=("1.0-1",)),
            Fact(label="Maintainer", values=("Ann Bee <ann@example.org>",)),
            Fact(label="NeedsCompilation", values=("yes",)),
            Fact(label="SystemRequirements", values=("libxml2 (>= 2.9)",)),
            Fact(label="Encoding", values=("UTF-8",)),
            Fact(label="Packaged", values=("2026-11-22 10:00:00 UTC",)),
            Fact(label="Date/Publication", values=("2026-11-23 10:00:00 UTC",)),
        ),
        dependencies=(
            Dependency(text="R (>= 3.5)", key="", group="Depends"),
            Dependency(text="methods", key="methods", group="Depends"),
            Dependency(text="data.table (>= 1.0)", key="data.table", group="Imports"),
            Dependency(text="MASS", key="MASS", group="Suggests"),
        ),
        links=(
            Link(label="example.org", url="https://example.org/"),
            Link(label="code.example.org/example", url="https://code.example.org/example"),
            Link(label="Bug reports", url="https://code.example.org/example/issues"),
        ),
    )


def test_nothing_is_made_up() -> None:
    """Without optional fields there is what every package has."""
    facts = (Fact(label="Version", values=("1.0-1",)), Fact(label="NeedsCompilation", values=("no",)))

    assert described("") == Description(name="example", version="1.0-1", facts=facts)
    assert described("", readme={"name": "README.md", "text": " \n"}).readme is None


def test_other_encodings() -> None:
    """What a DESCRIPTION in another encoding says is read as its author wrote it."""
    latin = "Package: example\nVersion: 1.0\nEncoding: latin1\nAuthor: Jürgen Groß\n".encode("latin-1")

    assert describe(latin, NOTHING).authors == ("Jürgen Groß",)


@pytest.mark.parametrize(
    ("text", "authors"),
    [
        ("Ann Bee and Bob Cee, following work by Dee", ("Ann Bee and Bob Cee, following work by Dee",)),
        ("Ann [aut], Bob [ctb]", ("Ann [aut]", "Bob [ctb]")),
        ("Ann [aut] (wrote a, b), Acme, Inc. [cph, fnd]", ("Ann [aut] (wrote a, b)", "Acme, Inc. [cph, fnd]")),
        (
            "Ann [aut] (ORCID: <https://orcid.org/0000-0002-1825-0097>), Bob [ctb]",
            ("Ann [aut] <https://orcid.org/0000-0002-1825-0097>", "Bob [ctb]"),
        ),
        ("Ann [aut], ((((", ("Ann [aut]", "((((")),
        (f"{SCRIPT} [aut], Bob [ctb]", (f"{SCRIPT} [aut]", "Bob [ctb]")),
        ("", ()),
    ],
)
def test_authors_are_told_apart_by_their_roles(text: str, authors: tuple[str, ...]) -> None:
    """A comma within a name or a remark separates nobody; free text stays whole."""
    assert described(f"Author: {text}\n").authors == authors


@pytest.mark.parametrize(
    ("code", "authors"),
    [
        (
            'c(person("Ann", "Bee", , "a@e.org", role = c("aut", "cre")), person(given = \'Bob\', family = "Cee"))',
            ("Ann Bee [aut, cre]", "Bob Cee"),
        ),
        ('person("Acme (Tea), Inc.", role = "cph")', ("Acme (Tea), Inc. [cph]",)),
        ('person("Ann", comment = paste("a", "b"), role = "aut")', ("Ann",)),
        ('person(paste0("a", "b"), role = "aut")', ()),
        ('eval(parse(text = "stop()"))', ()),
        (f'person("{SCRIPT}")', (SCRIPT,)),
        ('person("Ann', ()),
    ],
)
def test_people_of_code(code: str, authors: tuple[str, ...]) -> None:
    """Where there is no Author, the names and roles that stand as strings in Authors@R; no code is run."""
    assert described(f"Authors@R: {code}\n").authors == authors
    assert described(f"Author: Dee\nAuthors@R: {code}\n").authors == ("Dee",)


def test_cited_works_have_addresses() -> None:
    """As WRE has them cited; what is no such citation stays as it is."""
    about = described("Description: See <doi:10.1000/182>, <arXiv:1501.00001>, <https://e.org> and <b>.\n").about

    assert about == "See <https://doi.org/10.1000/182>, <https://arxiv.org/abs/1501.00001>, <https://e.org> and <b>."


def test_only_checked_addresses_are_links() -> None:
    """Words about an address, and addresses that could do harm, stay text."""
    found = described("URL: <https://e.org/a> (stable) javascript:alert(1),https://e.org/a\nBugReports: ask me\n").links

    assert found == (
        Link(label="e.org/a", url="https://e.org/a"),
        Link(label="URL", url=None, text="(stable) javascript:alert(1)"),
        Link(label="Bug reports", url=None, text="ask me"),
    )


def test_hostile_values_stay_text_and_are_read_in_time() -> None:
    """Nothing is dropped or changed for being odd, and nothing takes long."""
    start = time.perf_counter()
    found = described(
        f"Title: {SCRIPT}\nAuthor: {'[aut],(' * 100_000}\nURL: {'https://e.org/ ' * 50_000}\n"
        f"Description: {'<doi:' * 100_000}\nImports: {'<x>, ' * 10_000}\nSystemRequirements: {SCRIPT}\n"
    )

    assert time.perf_counter() - start < 2
    assert found.summary == SCRIPT
    assert Fact(label="SystemRequirements", values=(SCRIPT,)) in found.facts
    assert {(dependency.text, dependency.key) for dependency in found.dependencies} == {("<x>", "")}
    assert len(found.authors) == 1


@pytest.mark.parametrize("text", ['\\"', "person(", ",", "(", "person(\"a'"])
def test_hostile_code_is_read_in_time(text: str) -> None:
    """Whatever stands in Authors@R for long."""
    start = time.perf_counter()
    described(f'Authors@R: person("{text * 100_000}\n')

    assert time.perf_counter() - start < 2
