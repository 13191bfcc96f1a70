"""The recipes of docs/how-to.md, to be run as they stand there: only address and token are put in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

_HOW_TO = Path(__file__).parents[2] / "docs" / "how-to.md"
_HEADING = re.compile(r"^(#{2,4}) (.+)$", re.MULTILINE)
_CODE = re.compile(
    r"^```(?P<language>\w+)\n(?P<fenced>.*?)^```$|(?P<commands>(?:^    [^\n]*\n)+)", re.MULTILINE | re.DOTALL
)


def section(title: str) -> str:
    """The text below a heading, to the next heading of any rank."""
    text = _HOW_TO.read_text()
    heads = list(_HEADING.finditer(text))
    (at,) = [index for index, head in enumerate(heads) if head[2] == title]
    following = heads[at + 1].start() if at + 1 < len(heads) else len(text)
    return text[heads[at].end() : following]


def commands(title: str) -> list[str]:
    """The indented blocks of a section: shell commands."""
    return [re.sub(r"^    ", "", text, flags=re.MULTILINE) for language, text in _blocks(title) if language == "sh"]


def files(title: str, language: str) -> list[str]:
    """The fenced blocks of a section in a language: contents of files."""
    return [text for found, text in _blocks(title) if found == language]


def table(title: str) -> dict[str, dict[str, str]]:
    """The rows of a section's table by their first cell, each cell by the head of its column."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    heads, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return {row[0]: dict(zip(heads[1:], row[1:], strict=True)) for row in rows}


def put_in(text: str, *, address: str, token: str, source: str = "local-python") -> str:
    """A recipe for a server at an ``address`` (scheme, host and port), for a token and a source."""
    place = urlsplit(address)
    text = text.replace("...the token...", token)
    text = re.sub(r"https://(\S*?@)?packages\.example\.com", rf"{place.scheme}://\g<1>{place.netloc}", text)
    # Where a program wants a host and not an address.
    text = text.replace("packages.example.com", str(place.hostname))
    return text.replace("/local-python", f"/{source}")


def _blocks(title: str) -> Iterator[tuple[str, str]]:
    for found in _CODE.finditer(section(title)):
        yield (found["language"], found["fenced"]) if found["fenced"] is not None else ("sh", found["commands"])
