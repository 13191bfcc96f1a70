"""READMEs: what people write is shown, what attackers write is shown as text or not at all."""

from __future__ import annotations

import os
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import html5lib
import pytest

from repogen.errors import StoreError
from repogen.generate import readme as module
from repogen.generate.readme import NEWS, ReadmeRenderer, render_readme
from repogen.generate.templates import templates_folder
from repogen.model.pages import Readme

MD = "text/markdown"
RST = "text/x-rst"

PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    '<img src="https://evil.example/x.png" srcset="https://evil.example/y.png 2x">',
    '<img src="data:image/svg+xml,<svg onload=alert(1)>">',
    "<svg onload=alert(1)><use href='https://evil.example/#x'/></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<math href='javascript:alert(1)'>x</math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "<title><a title='</title><img src=x onerror=alert(1)>'></title>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<iframe srcdoc='<script>alert(1)</script>' src='https://evil.example'></iframe>",
    "<object data='https://evil.example/x.swf'></object><embed src='https://evil.example/x.swf'>",
    "<video src='https://evil.example/v' poster='https://evil.example/p' autoplay></video>",
    "<audio><source src='https://evil.example/a' onerror=alert(1)></audio>",
    "<picture><source srcset='https://evil.example/s'><img src='https://evil.example/i'></picture>",
    "<form action='https://evil.example'><button formaction='javascript:alert(1)'>x</button></form>",
    "<input type=image src='https://evil.example/i'><input onfocus=alert(1) autofocus>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href='https://evil.example/'>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<style>@import 'https://evil.example/x.css'; body{background:url(https://evil.example/y)}</style>",
    "<p style='background:url(https://evil.example/z)'>x</p>",
    "<table background='https://evil.example/b'><tr><td background='https://evil.example/c'>x</table>",
    "<body onload=alert(1) background='https://evil.example/d'>",
    "<details open ontoggle=alert(1)><summary onclick=alert(1)>x</summary></details>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='https:evil'>x</a>",
    "<a href='https://evil.example' target=_blank ping='https://evil.example' download>x</a>",
    "[x](javascript:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "![x](javascript:alert(1))",
    "![x](https://evil.example/i.png)",
    '![x](https://evil.example/"onerror="alert(1))',
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    '```"onmouseover=alert(1)\n<script>alert(1)</script>\n```',
    "<!--><script>alert(1)</script>-->",
    "<a id=content name=readme class='signed top skip'>SIGNED</a>",
    "<div id=files><span id=files>x</span></div>",
]
RST_PAYLOADS = [
    ".. raw:: html\n\n   <script>alert(1)</script>",
    ".. role:: raw-html(raw)\n   :format: html\n\n:raw-html:`<script>alert(1)</script>`",
    ".. image:: javascript:alert(1)",
    ".. image:: https://evil.example/i.svg\n   :target: javascript:alert(1)",
    ".. image:: data:image/svg+xml;base64,PHN2Zz4=",
    ".. figure:: https://evil.example/i.png\n   :alt: <script>\n\n   <script>alert(1)</script>",
    "`x <javascript:alert(1)>`_",
    "`x <javascript:alert(1)>`__ `y <data:text/html,x>`__ `z <//evil.example>`__",
    ".. _x: javascript:alert(1)\n\nx_",
    ".. meta::\n   :http-equiv=refresh: 0;url=https://evil.example",
    ".. container:: signed top\n\n   x",
    ".. class:: signed\n\nx",
    ".. code:: html\n\n   <script>alert(1)</script>",
    ".. math:: </div><script>alert(1)</script>",
]


def rendered(text: str, content_type: str = MD) -> str:
    return render_readme(Readme(text=text, content_type=content_type))


def parsed(html: str) -> ET.Element:
    """The HTML read by a second parser, the standard's own algorithm, that refuses any error."""
    page = f'<!DOCTYPE html><html lang="en"><head><title>x</title></head><body>{html}</body></html>'
    tree: ET.Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    body = tree.find("body")
    assert body is not None
    return body


@pytest.mark.parametrize(
    ("text", "content_type"),
    [(text, MD) for text in PAYLOADS]
    + [(text, f"{MD}; variant=CommonMark") for text in PAYLOADS]
    + [(text, RST) for text in [*PAYLOADS, *RST_PAYLOADS]]
    + [(text, "text/plain") for text in PAYLOADS],
)
def test_hostile_readme(text: str, content_type: str) -> None:
    """No script, no handler, nothing that is loaded, no style, no id or class of the page's, no foreign link scheme."""
    allowed = {"id", "class", "href", "title", "rel", "start", "colspan", "rowspan", "tabindex"}
    forbidden = {"script", "style", "svg", "math", "img", "source", "iframe", "form", "input", "base", "meta", "link"}
    for element in parsed(rendered(text, content_type)).iter():
        assert element.tag not in forbidden
        assert set(element.attrib) <= allowed
        assert element.get("id", "user-content-").startswith("user-content-")
        assert not {"signed", "top", "skip"} & set(element.get("class", "").split())
        assert re.match(r"(https?://\w|mailto:|#user-content-)", href := element.get("href", "https://a")), href
        if element.tag == "a" and "href" in element.attrib:
            assert element.get("rel") == "nofollow noopener"


def test_no_class_of_the_pages() -> None:
    """A README cannot wear any class that a template gives."""
    sources = [path.read_text() for path in templates_folder().glob("site/*.html")]
    names = {name for text in sources for found in re.findall(r'class="([^"{]*)"', text) for name in found.split()}
    html = "".join(f'<div class="{name}">x</div>' for name in names)

    assert len(names) > 20
    assert "class" not in rendered(html)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "![a pic](https://e.org/p.png)",
            '<a class="image" href="https://e.org/p.png" rel="nofollow noopener">a pic</a>',
        ),
        (
            "![](https://e.org/p%20q.png)",
            '<a class="image" href="https://e.org/p%20q.png" rel="nofollow noopener">p q.png</a>',
        ),
        ("![a pic](docs/p.png)", '<span class="image">a pic</span>'),
        (
            "[![build](https://e.org/b.svg)](https://ci.org)",
            '<a href="https://ci.org" rel="nofollow noopener"><span class="image">build</span></a>',
        ),
        ("[more](docs/more.md)", "<span>more</span>"),
        ("[gone](#gone)", "<span>gone</span>"),
        ("<me@e.org>", '<a href="mailto:me@e.org" rel="nofollow noopener">me@e.org</a>'),
        ("AT&amp;T &lt;b&gt; &quot;", 'AT&amp;T &lt;b&gt; "'),
    ],
)
def test_images_and_links(text: str, html: str) -> None:
    """Images become links with their alt text, or just that text; links that lead nowhere become text."""
    assert rendered(text) == f"<p>{html}</p>\n"


def test_headings_move_below_the_page_title_and_their_links_follow() -> None:
    """A title of the README is no title of the page, and its table of contents works."""
    html = rendered("# My title\n\n###### Deep\n\n[up](#my-title)\n")

    assert '<h2 id="user-content-my-title">My title</h2>' in html
    assert '<h6 id="user-content-deep">' in html
    assert '<a href="#user-content-my-title" rel="nofollow noopener">up</a>' in html


def test_ids_are_unique() -> None:
    """The second of two elements with one id has none."""
    html = rendered('<p id="x">a</p>\n\n<p id="x">b</p>\n\n<p id="user-content-x">c</p>')

    assert html.count("id=") == 1


def test_task_list_tables_and_notes() -> None:
    """What else GitHub's Markdown can do is shown without form fields, old attributes and landmarks."""
    html = rendered("- [x] done\n- [ ] todo\n\n|a|\n|-:|\n|1|\n\n> [!TIP]\n> so\n")

    assert '<li><span class="task">☑</span> done</li>' in html
    assert '<li><span class="task">☐</span> todo</li>' in html
    assert '<td class="align-right">1</td>' in html
    assert '<div class="admonition tip">' in html


@pytest.mark.parametrize(
    ("content_type", "text"), [(MD, "```python\ndef f(): ...\n```"), (RST, ".. code:: python\n\n   def f(): ...")]
)
def test_code_is_highlighted(content_type: str, text: str) -> None:
    """The classes are those that site.css has colours for."""
    html = rendered(text, content_type)

    assert '<span class="k">def</span>' in html
    assert ".readme .k," in (templates_folder() / "static/site.css").read_text()


@pytest.mark.parametrize(
    "content_type",
    [
        *("text/plain", "text/html", "", "nonsense", "text/markdown; variant=../../x", "text/markdown; charset=utf-7"),
        *("text/plain; charset=UTF-8", "application/octet-stream", "text/x-rst; charset=latin-1"),
    ],
)
def test_other_types_are_text(content_type: str) -> None:
    """What is neither known markup nor UTF-8 is shown as it is."""
    assert rendered("# <b>x</b>\n  y", content_type) == "<pre># &lt;b&gt;x&lt;/b&gt;\n  y</pre>"


@pytest.mark.parametrize(
    "content_type", ["Text/Markdown", 'text/markdown; variant="GFM"; charset="UTF-8"', "text/markdown;charset=utf8"]
)
def test_spellings_of_a_type(content_type: str) -> None:
    """Case, quotes and order of parameters make no difference."""
    assert rendered("*x*", content_type) == "<p><em>x</em></p>\n"


@pytest.mark.parametrize(
    "text",
    [
        "Long title\n====\n",  # too short an underline
        "- " * 2000 + "a",  # deeper than Python's stack
        "|a|_ `x <",
        ".. unknown-directive:: x",
        ":unknown:`role`",
    ],
)
def test_broken_rst_is_text(text: str) -> None:
    """What docutils finds fault with, or breaks on, is shown as it is."""
    assert rendered(text, RST).startswith("<pre>")


def test_rst_reads_no_file(tmp_path: Path) -> None:
    """Directives that read files, or fetch, do neither; the README is shown as text."""
    secret = tmp_path / "secret.txt"
    secret.write_text("a,TOPSECRET\n")
    for directive in (
        f".. include:: {secret}",
        f".. csv-table::\n   :file: {secret}",
        f".. raw:: html\n   :file: {secret}",
    ):
        html = rendered(f"x\n\n{directive}\n", RST)
        assert "TOPSECRET" not in html
        assert str(secret) in html
    assert rendered(f"x\n\n.. csv-table::\n   :url: {secret.as_uri()}\n", RST).startswith("<pre>")


def test_rst_heeds_no_configuration_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A docutils.conf in the working directory or in the environment does not allow what is forbidden."""
    conf = tmp_path / "docutils.conf"
    conf.write_text("[general]\nfile_insertion_enabled: yes\nraw_enabled: yes\n")
    (tmp_path / "secret.txt").write_text("TOPSECRET")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCUTILSCONFIG", os.fspath(conf))

    assert "TOPSECRET" not in rendered(".. include:: secret.txt\n", RST)


def test_rst_roles_do_not_outlive_their_readme() -> None:
    """What one README defines means nothing in the next, whether the first was good or not."""
    before = rendered("x :own:`y` `z`", RST), rendered("`z`", RST)
    rendered(".. role:: own\n\n.. default-role:: math\n\nx :own:`y`", RST)
    rendered(".. role:: own\n\n.. default-role:: math\n\n.. broken:: y", RST)

    assert (rendered("x :own:`y` `z`", RST), rendered("`z`", RST)) == before


def test_long_readme_is_text() -> None:
    """Over the limit markup is not read, and of what nobody reads to its end only the beginning is shown."""
    long = rendered("*x* " * (module.MAX_RENDERED // 4 + 1))
    longer = rendered("x" * (module.MAX_TEXT + 1234))

    assert long.startswith("<pre>*x* *x*")
    assert longer.endswith("<p>(1,234 more characters are not shown)</p>")
    assert len(longer) < module.MAX_TEXT + 100


def test_output_is_bounded() -> None:
    """A small README that would become a huge page is shown as text."""
    table = "|a" * 700 + "|\n" + "|-" * 700 + "|\n" + "|b|\n" * 650

    assert rendered(table).startswith("<pre>|a|a")


def test_control_characters_do_no_harm() -> None:
    """NUL and its like end no rendering and hide no markup."""
    assert "script" not in rendered("a\0b <scr\0ipt>alert(1)</script>").replace("&lt;/script", "").replace(
        "scr\ufffdipt", ""
    )


def test_renderer_gives_what_the_function_gives() -> None:
    """The process apart changes nothing, reads one README after the other, and can be closed twice."""
    texts = [Readme(text="# A *b* é \ud800", content_type=MD), Readme(text="A\n=", content_type=RST)]
    with ReadmeRenderer() as renderer:
        assert [renderer.render(text) for text in texts] == [
            render_readme(Readme(text="# A *b* é \ufffd", content_type=MD)),
            render_readme(texts[1]),
        ]
        renderer.close()
        assert renderer.render(texts[1]) == render_readme(texts[1])
    renderer.close()


def test_two_texts_of_one_page_share_no_id() -> None:
    """The list of changes has ids of its own, and its headings stand below that of its section."""
    text = Readme(text="# example 1.0\n\n[up](#a)\n\n<a id='a'>x</a>\n", content_type=MD)
    with ReadmeRenderer() as renderer:
        news = renderer.render(text, NEWS)

    assert news == render_readme(text, NEWS)
    assert '<h3 id="news-example-10">example 1.0</h3>' in news
    assert 'href="#news-a"' in news
    assert 'id="news-a"' in news
    assert "user-content" not in news


def test_renderer_bounds_the_time() -> None:
    """A README of a kilobyte that takes exponential time is shown as text, and the next one is rendered."""
    bomb = "".join(f".. |a{n}| replace:: |a{n + 1}| |a{n + 1}|\n" for n in range(30)) + ".. |a30| replace:: x\n\n|a0|\n"
    with ReadmeRenderer(seconds=1) as renderer:
        assert renderer.render(Readme(text=bomb, content_type=RST)).startswith("<pre>.. |a0| replace::")
        assert renderer.render(Readme(text="*x*", content_type=MD)) == "<p><em>x</em></p>\n"


def test_a_renderer_that_is_ended_from_outside_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a stop of the whole service, or a lack of memory, does to the process never becomes a README's look."""
    readme = Readme(text="*x*", content_type=MD)
    with ReadmeRenderer() as renderer:
        process, _ = renderer._worker = renderer._start()  # noqa: SLF001
        process.terminate()
        process.join()
        assert renderer.render(readme) == render_readme(readme)

    start = ReadmeRenderer._start  # noqa: SLF001

    def start_and_end(renderer: ReadmeRenderer) -> object:
        worker = start(renderer)
        worker[0].terminate()
        worker[0].join()
        return worker

    monkeypatch.setattr(ReadmeRenderer, "_start", start_and_end)
    with ReadmeRenderer() as renderer, pytest.raises(StoreError, match="ended by somebody else"):
        renderer.render(readme)
