"""What the page for people says of a project."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence

import pytest

from repogen.ecosystems.python.description import describe
from repogen.model.pages import Dependency, Description, Fact, Link, Readme, checked_url
from tests.factories import make_metadata


def described(*extra: tuple[str, str], description: str = "") -> Description:
    """The description of metadata with these fields."""
    return describe(make_metadata(extra=extra, description=description))


def test_all_parts_are_found() -> None:
    """Every part of the page has its field."""
    found = described(
        ("Summary", "An example"),
        ("Description-Content-Type", "text/markdown; variant=GFM"),
        ("Author-email", "Ann <ann@example.org>"),
        ("License-Expression", "MIT"),
        ("Keywords", "one,two words, three"),
        ("Classifier", "Framework :: Pytest"),
        ("Requires-Python", ">=3.8"),
        ("Provides-Extra", "test"),
        ("Provides-Extra", "docs"),
        ("Requires-Dist", "Typing_Extensions (>=4)"),
        ("Requires-Dist", 'pytest>=7; python_version > "3" and extra == "test"'),
        ("Project-URL", "Source, https://example.org/source"),
        ("Home-page", "http://example.org"),
        description="# Hello",
    )
    assert found == Description(
        name="example",
        version="1.0",
        summary="An example",
        readme=Readme(text="# Hello", content_type="text/markdown; variant=GFM"),
        authors=("Ann <ann@example.org>",),
        licence="MIT",
        keywords=("one", "two words", "three"),
        classifiers=("Framework :: Pytest",),
        facts=(Fact(label="Requires Python", values=(">=3.8",)), Fact(label="Extras", values=("test", "docs"))),
        dependencies=(
            Dependency(text="Typing_Extensions (>=4)", key="typing-extensions"),
            Dependency(text='pytest>=7; python_version > "3" and extra == "test"', key="pytest", group="test"),
        ),
        links=(
            Link(label="Homepage", url="http://example.org"),
            Link(label="Source", url="https://example.org/source"),
        ),
    )


def test_nothing_is_made_up() -> None:
    """Without optional fields there is a name and a version, and UNKNOWN is not said."""
    assert described() == Description(name="example", version="1.0")
    unknown = described(*[(field, "UNKNOWN") for field in ("Summary", "Home-page", "Author", "License", "Platform")])
    assert unknown == Description(name="example", version="1.0")


def test_a_description_is_rst_unless_it_says_otherwise() -> None:
    """As the core metadata specification has it."""
    assert described(description="Hello").readme == Readme(text="Hello", content_type="text/x-rst")
    assert described(description=" \n\n").readme is None


@pytest.mark.parametrize(
    ("extra", "authors"),
    [
        ([("Author", "Ann"), ("Author-email", "ann@example.org")], ("Ann <ann@example.org>",)),
        ([("Author", "Ann")], ("Ann",)),
        ([("Author-email", "ann@example.org")], ("ann@example.org",)),
        ([("Author", "Ann"), ("Author-email", "Ann <a@x.org>, Bob <b@x.org>")], ("Ann <a@x.org>", "Bob <b@x.org>")),
        ([("Author", "Team"), ("Author-email", "Ann <a@x.org>")], ("Team", "Ann <a@x.org>")),
        ([("Author-email", '"Bob B. Bee" <b@x.org>')], ("Bob B. Bee <b@x.org>",)),
        ([("Author", "Ann"), ("Maintainer", "Bob"), ("Maintainer-email", "b@x.org")], ("Ann", "Bob <b@x.org>")),
        ([("Author", "Ann"), ("Maintainer", "Ann")], ("Ann",)),
        ([("Author", "<script>")], ("<script>",)),
    ],
)
def test_people_are_joined_with_their_addresses(extra: Sequence[tuple[str, str]], authors: tuple[str, ...]) -> None:
    """A name and an address that belong together stand together, once."""
    assert described(*extra).authors == authors


@pytest.mark.parametrize(
    ("extra", "licence"),
    [
        ([("License-Expression", "MIT OR Apache-2.0"), ("License", "old")], "MIT OR Apache-2.0"),
        ([("License", "BSD")], "BSD"),
        ([("License", "\n        The Licence\n        Permission is granted")], "The Licence"),
        ([("License", "x" * 300)], "x" * 200 + "..."),
        ([("Classifier", "License :: OSI Approved :: MIT License")], "MIT License"),
        ([], ""),
    ],
)
def test_the_licence_is_one_line(extra: Sequence[tuple[str, str]], licence: str) -> None:
    """The expression before the text before the classifiers."""
    assert described(*extra).licence == licence


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "https://example.org/a?b=c&d=[e]#f",
        "HTTPS://EXAMPLE.org",
        "https://user@example.org:8080/~x/",
        "https://example.org/w\u00e9",
        "https://[::1]/",
        "mailto:ann@example.org",
    ],
)
def test_links_to_the_web_and_to_people_are_links(url: str) -> None:
    """http, https and mailto, with what belongs into them."""
    assert checked_url(url) == url


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        " javascript:alert(1)",
        "java\x00script:alert(1)",
        "&#106;avascript:alert(1)",
        "javascript&colon;alert(1)",
        "javascript://example.org/%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
        "file:///etc/passwd",
        "//example.org",
        "/etc/passwd",
        "example.org",
        "http:example.org",
        "http:///example.org",
        "http:\\\\example.org",
        "https://",
        "https://:80",
        "https://[",
        "https://exa mple.org",
        "https://example.org/\x7f",
        "https://example.org/\u202e",
        'https://example.org/"onclick="x',
        "https://example.org/<b>",
        "https://example.org/" + "x" * 2000,
        "mailto:",
        "",
    ],
)
def test_all_else_is_text(text: str) -> None:
    """What could run, lead elsewhere or be read in two ways never becomes a link."""
    assert checked_url(text) is None
    (link, *_) = described(("Project-URL", f"Click, {text or '-'}")).links
    assert link.url is None


def test_odd_project_urls_are_shown() -> None:
    """Without a label there is one, and a link that says nothing new is said once."""
    found = described(
        ("Project-URL", "https://example.org"),
        ("Project-URL", ", https://example.org"),
        ("Project-URL", "Docs, ftp://example.org"),
    )
    assert found.links == (
        Link(label="Link", url="https://example.org"),
        Link(label="Docs", url=None, text="ftp://example.org"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "foo bar",
        "foo>=2.*.1",
        "foo; " + "(" * 5000 + 'extra == "x"' + ")" * 5000,
        "foo; " + "(" * 400 + 'extra == "x"' + ")" * 400,
        'foo; extra=="\\\\"',
        'foo; extra=="\\d"',
        'foo; extra=="\\',
        "foo" + ">=1," * 20_000,
        "foo @ ",
        "x" * 1_000_000,
        "foo==" + "9" * 4301,
    ],
)
def test_hostile_requirements_are_text(text: str) -> None:
    """A dependency that cannot be read is shown as it is, quickly and without a warning."""
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = described(("Requires-Dist", text)).dependencies
    assert time.perf_counter() - start < 1
    assert all(dependency.text == " ".join(text.split()) for dependency in found)
    assert all(dependency.key in {"", "foo"} for dependency in found)


def test_many_requirements_are_bounded() -> None:
    """20,000 dependencies are listed in time; those after the first 5,000 are not resolved."""
    start = time.perf_counter()
    found = described(*[("Requires-Dist", f"foo{number}>=1") for number in range(19_000)])
    assert time.perf_counter() - start < 2
    assert len(found.dependencies) == 19_000
    assert found.dependencies[4999].key == "foo4999"
    assert found.dependencies[5000].key == ""


def test_direct_references_name_their_project() -> None:
    """The URL of a dependency is text, never a link."""
    (dependency,) = described(("Requires-Dist", "Foo.Bar @ file:///etc/passwd")).dependencies
    assert dependency == Dependency(text="Foo.Bar @ file:///etc/passwd", key="foo-bar")
