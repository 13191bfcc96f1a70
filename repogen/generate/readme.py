"""READMEs as HTML that is safe to stand in a page: no script, nothing loaded, no ids or classes of the page's own.

readme_renderer reads the markup and nh3 has the first and the last word on what stays; between the two a
rewriter replaces what the page has another place for (images, check boxes, the levels of headings).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import re
import resource
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import nh3
from docutils.core import publish_parts
from docutils.parsers.rst import roles
from docutils.writers.html5_polyglot import Writer
from pygments.token import STANDARD_TYPES
from readme_renderer import markdown, rst
from readme_renderer.clean import ALLOWED_TAGS, clean

from repogen.errors import StoreError
from repogen.generate.templates import legal
from repogen.model.pages import Readme

#: Longer READMEs (characters) are shown as text, and of these no more than ``MAX_TEXT`` is shown.
MAX_RENDERED: Final = 1 << 19
MAX_TEXT: Final = 1 << 20
#: What renders to more than this (characters) is shown as text.
MAX_HTML: Final = 4 << 20

#: How a process ends that somebody else ended: this says nothing of the README that it was at.
_ENDED: Final = (-signal.SIGTERM, -signal.SIGKILL, -signal.SIGHUP)
_MEMORY: Final = 2 << 30
_SCHEMES: Final = {"http", "https", "mailto"}
_RENAMED: Final = {
    "aside": "div",
    "nav": "div",
    "section": "div",
    "tt": "code",
    "acronym": "abbr",
}
_TAGS: Final = ALLOWED_TAGS - {"img", "input", "picture", "aside", "nav", "section", "tt", "acronym", "h1"}
_ATTRIBUTES: Final = {
    "*": {"id", "class"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
#: Classes that site.css gives a look to within a README; all others could only imitate the page around it.
_CLASSES: Final = frozenset(filter(None, STANDARD_TYPES.values())) | {
    *("admonition", "admonition-title", "note", "tip", "hint", "important", "warning", "caution", "attention"),
    *("danger", "error", "align-left", "align-center", "align-right", "image", "task", "math", "code"),
    *("line-block", "line", "topic-title", "contents", "footnote", "label", "backrefs", "colon"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a page a text stands: what its ids begin with, and how many levels below the title its headings are."""

    prefix: str
    depth: int


README: Final = Place(prefix="user-content-", depth=1)
NEWS: Final = Place(prefix="news-", depth=2)


def render_readme(readme: Readme, place: Place = README) -> str:
    """A README as HTML; as text in ``<pre>`` where its markup is unknown, broken or too much.

    Markdown in the variants GFM and CommonMark, reStructuredText with no access to files. May take as long
    as a hostile README wants it to: see :class:`ReadmeRenderer`.
    """
    text = legal(readme.text)
    media, parameters = _media_type(readme.content_type)
    if len(text) > MAX_RENDERED or parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        return plain(text)
    try:
        if media == "text/markdown":
            html = markdown.render(text, variant=parameters.get("variant", "GFM"))
        else:
            html = _render_rst(text) if media == "text/x-rst" else None
        return _finished(html, place) if html and len(html) <= MAX_HTML else plain(text)
    except Exception:  # noqa: BLE001  whatever a markup library raises, the page shows the text
        return plain(text)


def plain(text: str) -> str:
    """A text as it is."""
    shown = f"<pre>{escape(text[:MAX_TEXT])}</pre>"
    left_out = len(text) - MAX_TEXT
    return shown if left_out <= 0 else f"{shown}<p>({left_out:,} more characters are not shown)</p>"


class ReadmeRenderer:
    """:func:`render_readme` in a process of its own, which may spend ``seconds`` of processor time on a README.

    What runs into that limit, or the one on memory, is shown as text. Some input takes markup libraries
    exponential time, and neither their code nor a regular expression at work can be interrupted in a thread.
    """

    def __init__(self, *, seconds: int = 10) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._worker: tuple[BaseProcess, Connection] | None = None

    def render(self, readme: Readme, place: Place = README) -> str:
        """The README as HTML. Raises StoreError where the process is ended from outside again and again."""
        text = legal(readme.text)
        with self._lock:
            for _ in range(2):
                _, connection = self._worker = self._worker or self._start()
                try:
                    for part in (place.prefix, str(place.depth), legal(readme.content_type), text):
                        connection.send_bytes(part.encode())
                    return connection.recv_bytes().decode()
                except (EOFError, OSError):
                    if self._stop() not in _ENDED:
                        return plain(text)
        raise StoreError("the process that renders READMEs was ended by somebody else", hint="is there enough memory?")

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _start(self) -> tuple[BaseProcess, Connection]:
        # Forking a process that has threads can leave the child with a lock that nobody releases.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, self._seconds), name="readmes", daemon=True)
        process.start()
        theirs.close()
        return process, ours

    def _stop(self) -> int | None:
        """End the process, if there is one; how it had ended already, if it had."""
        if not self._worker:
            return None
        process, connection = self._worker
        self._worker = None
        connection.close()
        process.kill()
        process.join()
        status = process.exitcode
        process.close()
        return status


def _work(connection: Connection, seconds: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):  # not every system can limit an address space
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            prefix, depth, content_type, text = (connection.recv_bytes().decode() for _ in range(4))
            resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + seconds, hard))
            readme, place = Readme(content_type=content_type, text=text), Place(prefix=prefix, depth=int(depth))
            connection.send_bytes(render_readme(readme, place).encode())


def _media_type(content_type: str) -> tuple[str, Mapping[str, str]]:
    media, *parameters = (part.strip() for part in content_type.split(";"))
    pairs = (parameter.partition("=") for parameter in parameters)
    return media.lower(), {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _render_rst(text: str) -> str | None:
    """As readme_renderer renders it, in an environment that neither the machine nor another README can change."""
    writer = Writer()
    writer.translator_class = rst.ReadMeHTMLTranslator
    # Else a docutils.conf of the user or in the working directory could allow what readme_renderer forbids.
    settings = rst.SETTINGS | {"_disable_config": True, "warning_stream": False}
    try:
        parts = publish_parts(text, writer=writer, settings_overrides=settings)
    finally:
        # Roles that a text defines would count for all later ones.
        roles._roles.clear()  # type: ignore[attr-defined]  # noqa: SLF001
    return clean(parts["docinfo"] + parts["fragment"])


def _finished(html: str, place: Place) -> str:
    rewriter = _Rewriter(place)
    rewriter.feed(html)
    rewriter.close()
    return nh3.clean(
        rewriter.html(),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_known_classes,
        # What is wide scrolls by itself, which somebody without a mouse must be able to do, too.
        set_tag_attribute_values={"pre": {"tabindex": "0"}, "table": {"tabindex": "0"}},
        link_rel="nofollow noopener",
        url_schemes=_SCHEMES,
    )


def _known_classes(_tag: str, attribute: str, value: str) -> str | None:
    if attribute != "class":
        return value
    return " ".join(name for name in value.split() if name in _CLASSES) or None


class _Rewriter(HTMLParser):
    """Writes sanitised, so well-formed, HTML again.

    Images become links with their alt text, or within a link just that text; links that lead nowhere from
    this page become text; headings move below the page's own; landmarks become plain boxes, so that those
    of the page stay the only ones; ids are unique and have a prefix.
    """

    def __init__(self, place: Place) -> None:
        super().__init__(convert_charrefs=False)
        self._prefix = place.prefix
        self._renamed = _RENAMED | {f"h{level}": f"h{min(level + place.depth, 6)}" for level in range(1, 7)}
        self._out: list[str] = []
        self._ids: set[str] = set()
        self._link: tuple[int, str] | None = None
        self._fragments: list[tuple[int, int, str]] = []

    def html(self) -> str:
        """What was written; links to ids that are not there have become text."""
        for start, end, target in self._fragments:
            if target not in self._ids:
                self._out[start], self._out[end] = "<span>", "</span>"
        return "".join(self._out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "img":
            self._image(values)
            return
        if tag == "input":
            if values.get("type") == "checkbox":
                self._out.append(f'<span class="task">{"☑" if "checked" in values else "☐"}</span>')
            return
        if align := values.pop("align", ""):
            values["class"] = f"{values.get('class', '')} align-{align}"
        if name := values.pop("id", ""):
            name = self._prefixed(name)
            if name not in self._ids and len(name.split()) == 1:
                self._ids.add(name)
                values["id"] = name
        if tag == "a":
            href = values.get("href", "")
            if href.startswith("#"):
                values["href"] = f"#{self._prefixed(href[1:])}"
            elif not _leads_somewhere(href):
                values.pop("href", None)
            self._link = len(self._out), values.get("href", "")
            tag = "a" if "href" in values else "span"
        self._out.append(_tag(self._renamed.get(tag, tag), values))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link:
            start, href = self._link
            self._link = None
            if start == len(self._out) - 1 and 'id="' not in self._out[start]:
                self._out.pop()
                return
            if href.startswith("#"):
                self._fragments.append((start, len(self._out), unquote(href[1:])))
            tag = "a" if href else "span"
        self._out.append(f"</{self._renamed.get(tag, tag)}>")

    def handle_data(self, data: str) -> None:
        self._out.append(data)

    def handle_entityref(self, name: str) -> None:
        self._out.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._out.append(f"&#{name};")

    def _prefixed(self, name: str) -> str:
        # GitHub's way of writing ids, which readme_renderer has, too.
        return self._prefix + name.removeprefix(README.prefix)

    def _image(self, values: Mapping[str, str]) -> None:
        source = values.get("src", "")
        alt = values.get("alt", "").strip()
        # docutils takes the address for the text where an author gave none.
        text = escape(alt if alt and alt != source else unquote(source.rpartition("/")[2])[:100] or "image")
        if self._link is None and _leads_somewhere(source):
            self._out.append(f'<a class="image" href="{escape(source)}">{text}</a>')
        else:
            self._out.append(f'<span class="image">{text}</span>')


def _tag(name: str, values: Mapping[str, str]) -> str:
    attributes = "".join(f' {key}="{escape(value)}"' for key, value in values.items())
    return f"<{name}{attributes}>"


def _leads_somewhere(url: str) -> bool:
    """Is it absolute? Relative to this page there is nothing of the project's own."""
    try:
        parts = urlsplit(re.sub(r"[\t\r\n]", "", url).strip())
    except ValueError:
        return False
    return parts.scheme in _SCHEMES and bool(parts.netloc or (parts.scheme == "mailto" and parts.path))
