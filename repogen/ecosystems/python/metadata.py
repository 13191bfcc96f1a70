"""Core metadata: METADATA of a wheel and PKG-INFO of an sdist, read as the clients' parsers read it.

They all are the email parser of Python's library or behave like it, so this does the same within bounds: a
bare carriage return ends a line, the first line that is no header ends the headers, and what follows is
the description. Differences to it would show one thing here and another to pip.
Source: the core metadata specification (1.0 to 2.5; PEP 241, 314, 345, 566, 643, 685, 639, 794).
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from repogen.ecosystems.python.filenames import NAME, parse_version
from repogen.errors import Problem

#: The newest version of core metadata that is known here.
NEWEST = Version("2.5")
#: Since this version an sdist marks what a build may change (PEP 643).
_STATIC_SDISTS = Version("2.2")

_MAX_LINES = 50_000
_MAX_SPECIFIER = 1000
_MAX_SHOWN = 200
_LINE_END = re.compile(r"\r\n|\r|\n")
_HEADER = re.compile(r"([!-9;-~]+):[ \t]*")
_FOLD = (" ", "\t")
#: What the email parser passes over without ending the headers.
_IGNORED = (":", "From ")
_METADATA_VERSION = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}\Z")
_SINGLE = frozenset(
    {"metadata-version", "name", "version", "summary", "description", "description-content-type", "keywords"}
    | {"home-page", "download-url", "author", "author-email", "maintainer", "maintainer-email"}
    | {"license", "license-expression", "requires-python"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The fields by lower-case name, each value as written (lines joined by a line feed), and the text after them.

    ``stray`` is the number of the line that is no header and ended the headers (0: an empty line did).
    """

    fields: Mapping[str, tuple[str, ...]]
    body: str
    stray: int = 0

    def every(self, field: str) -> tuple[str, ...]:
        """The values of a field that may be repeated, each on one line; ``UNKNOWN`` and empty ones are absent."""
        values = (" ".join(value.split()) for value in self.fields.get(field, ()))
        return tuple(value for value in values if value not in ("", "UNKNOWN"))

    def one(self, field: str) -> str:
        """The value of a field that is there once, on one line; "" if it is absent."""
        return next(iter(self.every(field)), "")

    @property
    def description(self) -> str:
        """The long description: the field, with its indentation undone, or the text after the headers."""
        first, *rest = self.fields.get("description", ("",))[0].split("\n")
        if rest and all(line.startswith("       |") for line in rest):
            rest = [line.removeprefix("       |") for line in rest]
        text = "\n".join([first, *textwrap.dedent("\n".join(rest)).split("\n")]) if rest else first
        return text if text.strip() not in ("", "UNKNOWN") else self.body


def parse_metadata(data: bytes) -> Metadata:
    """Read core metadata. Raises ValueError with one line on why it cannot be read in one way only."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 (byte {error.start})") from None
    if text.startswith("\ufeff"):
        raise ValueError("begins with a byte order mark")
    fields: dict[str, list[list[str]]] = {}
    value: list[str] | None = None
    stray = 0
    body = ""
    for number, (start, line, ending) in enumerate(_lines(text), 1):
        if line.startswith(_IGNORED) or (value is None and line.startswith(_FOLD)):
            raise ValueError(f"has a line {number} that belongs to no field: programs differ in what follows")
        header = _HEADER.match(line)
        if value is not None and line.startswith(_FOLD):
            value.append(line)
        elif header:
            value = [line[header.end() :]]
            fields.setdefault(header[1].lower(), []).append(value)
        else:
            stray = number if line else 0
            body = text[start if line else start + len(ending) :]
            break
        if ending == "\r":
            raise ValueError(f"has a carriage return within line {number}: programs differ in what follows")
        if number > _MAX_LINES:
            raise ValueError(f"has more than {_MAX_LINES} lines of fields")
    return Metadata(
        fields={name: tuple("\n".join(lines) for lines in values) for name, values in fields.items()},
        body=body,
        stray=stray,
    )


def judge_metadata(metadata: Metadata) -> Iterator[Problem]:
    """What is wrong with the fields that clients and indexes depend on; all others are data."""
    for field, values in metadata.fields.items():
        if field in _SINGLE and len(values) > 1:
            yield Problem("metadata-repeated", f"the field {field!r} is there {len(values)} times")
    yield from _judge_release(metadata)
    yield from _judge_format(metadata)
    for field, url in _urls(metadata):
        if _is_active(url):
            yield Problem(
                "active-url", f"the field {field!r} has {_shown(url)}, which is code and no address: use https"
            )


def _judge_release(metadata: Metadata) -> Iterator[Problem]:
    name, version, python = metadata.one("name"), metadata.one("version"), metadata.one("requires-python")
    if not name:
        yield Problem("metadata-name", "the field 'Name' is missing")
    elif not NAME.match(name):
        text = "letters, digits, and . _ - between them"
        yield Problem("metadata-name", f"{_shown(name)} is not the name of a project: use {text}")
    if not version:
        yield Problem("metadata-version", "the field 'Version' is missing")
    elif parse_version(version) is None:
        yield Problem("metadata-version", f"{_shown(version)} is not a version (PEP 440)")
    if python and not _is_specifier(python):
        yield Problem("requires-python", f"Requires-Python {_shown(python)} is not a version specifier (PEP 440)")


def _judge_format(metadata: Metadata) -> Iterator[Problem]:
    stated = metadata.one("metadata-version")
    if not _METADATA_VERSION.match(stated):
        yield Problem("metadata-format", f"Metadata-Version is {_shown(stated)}, not one of 1.0 to {NEWEST}")
    elif Version(stated).major > NEWEST.major:
        yield Problem("metadata-format", f"Metadata-Version {stated} is newer than {NEWEST}")


def metadata_warnings(metadata: Metadata) -> Iterator[str]:
    """What the person who uploads should know of metadata that was found good."""
    if metadata.stray:
        yield f"line {metadata.stray} of the metadata is no field: clients take it and all that follows for text"
    if Version(metadata.one("metadata-version")) > NEWEST:
        yield f"Metadata-Version {metadata.one('metadata-version')} is newer than {NEWEST}: new fields are not shown"


def is_reliable(metadata: Metadata) -> bool:
    """Is PKG-INFO of an sdist what its wheels will have, too (PEP 643), so that it can be published (PEP 658)?"""
    return Version(metadata.one("metadata-version")) >= _STATIC_SDISTS and "dynamic" not in metadata.fields


def _lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Line by line: where it starts, the line, and what ended it."""
    start = 0
    while start < len(text):
        match = _LINE_END.search(text, start)
        end, following = match.span() if match else (len(text), len(text))
        yield start, text[start:end], text[end:following]
        start = following


def _is_specifier(text: str) -> bool:
    if len(text) > _MAX_SPECIFIER:
        return False
    try:
        SpecifierSet(text)
    except (ValueError, RecursionError):
        return False
    return True


def _urls(metadata: Metadata) -> Iterator[tuple[str, str]]:
    for field in ("home-page", "download-url"):
        yield from ((field, value) for value in metadata.every(field))
    # "Label, URL"
    yield from (("project-url", value.partition(",")[2].strip()) for value in metadata.every("project-url"))


def _is_active(url: str) -> bool:
    """Would a browser that is lenient enough run this instead of going somewhere?"""
    letters = "".join(char for char in html.unescape(url[:_MAX_SHOWN]) if char.isprintable() and not char.isspace())
    return letters.lower().startswith(("javascript:", "vbscript:", "data:"))


def _shown(text: str) -> str:
    return repr(text) if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]!r}..."
