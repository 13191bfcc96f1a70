"""Templates: everything is escaped, the store's win, a mistake is one line that says where."""

from __future__ import annotations

import pytest

from repogen.errors import StoreError
from repogen.generate.templates import Templates, templates_folder

HOSTILE = "\"'><script>alert(1)</script>&amp;"


def render(source: str, **context: object) -> str:
    return Templates({"own.html": source.encode()}).render("own.html", context).decode()


def test_values_are_escaped_in_text_and_attributes() -> None:
    """What a value says cannot become markup."""
    assert render('<p title="{{ v }}">{{ v }}</p>', v=HOSTILE).count("<") == 2
    assert render("{{ v }}", v=HOSTILE) == "&#34;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;"


@pytest.mark.parametrize("name", ["x.html", "x.txt", "x.html.j2", "x"])
def test_escaping_does_not_depend_on_the_name(name: str) -> None:
    """A template of any name escapes."""
    assert Templates({name: b"{{ v }}"}).render(name, {"v": "<b>"}) == b"&lt;b&gt;"


@pytest.mark.parametrize("char", ["\x00", "\x0b", "\x1b", "\x7f", "\x85", "\ud800", "\ufdd0", "\uffff", "\U0010fffe"])
def test_characters_that_html_forbids_are_replaced(char: str) -> None:
    """No value makes a page that is not UTF-8 or not HTML."""
    assert render("{{ v }}", v=f"a{char}b") == "a\ufffdb"


def test_other_characters_stay() -> None:
    """White space and the rest of Unicode come through."""
    assert render("{{ v }}\n", v="\ta\u2028b\U0001f600 é\n") == "\ta\u2028b\U0001f600 é\n\n"


def test_override_wins() -> None:
    """A template of the store replaces repogen's, in pages that extend it as well."""
    ours = Templates().render("site/404.html", {"address": ""})
    theirs = Templates({"site/404.html": b"gone"}).render("site/404.html", {"address": ""})

    assert b"no such page" in ours
    assert theirs == b"gone"


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        (b"a\n{% if %}\n", 2, "Expected an expression"),
        (b"a\n\n{{ nowhere }}\n", 3, "'nowhere' is undefined"),
        (b"{{ ''.__class__ }}", 1, "unsafe"),
        (b"{{ 1 / 0 }}", 1, "division by zero"),
        (b"{{ values.append(1) }}", 1, "'append' of 'list' object is unsafe"),
        (b"\n{% macro m() %}\n{{ m() }}{% endmacro %}{{ m() }}", 3, "recursion"),
        (b"a\n\xff", 2, "not UTF-8"),
        (b'{% include "gone.html" %}', 1, "there is no template 'gone.html'"),
    ],
)
def test_mistake_in_an_override_is_one_line(source: bytes, line: int, reason: str) -> None:
    """It names the template, the line and the reason, and what to do."""
    with pytest.raises(StoreError) as caught:
        Templates({"site/404.html": source}).render("site/404.html", {"address": "", "values": []})

    assert str(caught.value).startswith(f"templates/site/404.html, line {line}: ")
    assert reason in str(caught.value)
    assert "remove it for repogen's own" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_template() -> None:
    """A template that is not there is an error like others."""
    with pytest.raises(StoreError, match=r"there is no template 'site/none\.html'"):
        Templates().render("site/none.html", {})


def test_static_files_can_be_overridden() -> None:
    """Style sheet, script and mark go beside the pages; the store can replace them and add more."""
    own = Templates().static()
    changed = Templates({"static/site.css": b"p{}", "static/team.svg": b"<svg/>"}).static()

    assert set(own) == {f"static/{name}" for name in ("site.css", "site.js", "logo.svg", "favicon.ico")}
    assert changed == {**own, "static/site.css": b"p{}", "static/team.svg": b"<svg/>"}


def test_fingerprint_follows_every_byte_below_a_prefix() -> None:
    """It is stable, changes with a template or a static file, and one part's does not follow the other's."""
    own = Templates()
    style = Templates({"static/site.css": b"p{}"})
    index = Templates({"simple/index.html": b"x"})

    assert own.fingerprint() == Templates().fingerprint() == Templates({}).fingerprint()
    assert len({own.fingerprint(), style.fingerprint(), index.fingerprint()}) == 3
    assert own.fingerprint("simple") == style.fingerprint("simple") != index.fingerprint("simple")


def test_templates_folder() -> None:
    """The folder that repogen brings along has all three kinds."""
    assert {path.name for path in templates_folder().iterdir()} == {"simple", "site", "static"}
