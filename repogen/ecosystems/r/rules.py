"""What DESCRIPTION must say, for R to install the package and to read every list that has it (WRE 1.1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from repogen.ecosystems.r.dcf import declared_encoding
from repogen.ecosystems.r.dependencies import FIELDS as DEPENDENCIES
from repogen.ecosystems.r.dependencies import judge_dependencies
from repogen.ecosystems.r.filenames import NAME
from repogen.ecosystems.r.versions import version_key
from repogen.errors import Problem

#: What R brings along: a package of such a name is never looked for in a repository.
BASE_PACKAGES = frozenset(
    {"base", "compiler", "datasets", "graphics", "grDevices", "grid", "methods", "parallel", "splines", "stats"}
    | {"stats4", "tcltk", "tools", "utils"}
)
#: The fields that lists of packages repeat.
INDEX_FIELDS = (
    *("Package", "Version", "Priority", *DEPENDENCIES, "License", "License_is_FOSS", "License_restricts_use"),
    *("OS_type", "Archs", "NeedsCompilation", "SystemRequirements", "Built"),
)

_REQUIRED = ("License", "Title", "Description")
#: A name and a version make a file name.
_MAX_NAME_CHARS = 100
#: A list is read whole by every client.
_MAX_INDEX_CHARS = 50_000
_MAX_INDEX_LINES = 1_000
#: Every reader of the lists passes this field on as it is.
_MAY_BE_NON_ASCII = frozenset({"SystemRequirements"})
_YES_NO = ("yes", "no")
_VALUES = {
    "OS_type": ("unix", "windows"),
    "NeedsCompilation": _YES_NO,
    "License_is_FOSS": _YES_NO,
    "License_restricts_use": _YES_NO,
}
_MAX_SHOWN = 100
_MAINTAINER = re.compile(r"[^<>]*<[^<>\s@]+@[^<>\s@]+>\Z")
_LICENCE = re.compile(
    r"(?:[AL]?GPL|MIT|BSD_[23]_clause|Apache License|Artistic|MPL|Mozilla Public License|EUPL|BSL|CC0"
    r"|CC BY(?:-[A-Z]{2}){0,2}|Unlimited|file)"
    r"(?:[ -]?[0-9]+(?:\.[0-9]+)*)?(?: LICEN[CS]E)?"
    r"(?: \((?:[<>=!]{1,2} [0-9]+(?:\.[0-9]+)*,? ?)+\))?(?: \+ file LICEN[CS]E)?\Z"
)


def judge(fields: Mapping[str, str]) -> Iterator[Problem]:
    """Everything that is wrong with the fields of a DESCRIPTION."""
    yield from _judge_release(fields)
    for field in _REQUIRED:
        if not fields.get(field):
            yield Problem("description-missing", f"DESCRIPTION has no {field}")
    if not fields.get("Authors@R"):
        for field in ("Author", "Maintainer"):
            if not fields.get(field):
                yield Problem("description-missing", f"DESCRIPTION has no {field}, nor Authors@R")
    maintainer = " ".join(fields.get("Maintainer", "").split())
    if maintainer and maintainer != "ORPHANED" and not _MAINTAINER.match(maintainer):
        yield Problem("maintainer", f"Maintainer is {_shown(maintainer)}: write one 'Name <name@example.org>'")
    if fields.get("Priority") in ("base", "recommended"):
        text = f"Priority is {fields['Priority']!r}, which is for what comes with R: leave it out"
        yield Problem("description-value", text)
    for field, values in _VALUES.items():
        if fields.get(field, values[0]) not in ("", *values):
            yield Problem("description-value", f"{field} is {_shown(fields[field])}, not {' or '.join(values)}")
    yield from _judge_index_texts(fields)
    yield from judge_dependencies(fields)


def description_warnings(fields: Mapping[str, str], data: bytes) -> Iterator[str]:
    """What the person who uploads should know of a DESCRIPTION that was found good; ``data`` are its bytes."""
    if "Packaged" not in fields:
        yield "DESCRIPTION has no Packaged: the package was not made by R CMD build"
    if not fields.get("NeedsCompilation"):
        yield "DESCRIPTION has no NeedsCompilation: R asks for it before it builds from source"
    if not is_standard_licence(fields.get("License", "")):
        yield f"License {_shown(fields['License'])} is not in a form that R's tools know"
    encoding = declared_encoding(data)
    if encoding is not None and encoding not in ("utf-8", "ascii"):
        yield f"DESCRIPTION is in the encoding {fields['Encoding']!r}: UTF-8 is read everywhere"
    if encoding is None and not data.isascii():
        yield "DESCRIPTION is not ASCII and has no Encoding: write it in UTF-8 and say so"


def is_standard_licence(text: str) -> bool:
    """Is this one or more licences as WRE 1.1.2 writes them, or close to it?"""
    return all(_LICENCE.match(one) for one in (" ".join(each.split()) for each in text.split("|")))


def _judge_release(fields: Mapping[str, str]) -> Iterator[Problem]:
    name, version = fields.get("Package", ""), fields.get("Version", "")
    if not name:
        yield Problem("package-name", "DESCRIPTION has no Package")
    elif not NAME.match(name):
        text = "use two ASCII letters, digits and dots or more, with a letter first and no dot last"
        yield Problem("package-name", f"{_shown(name)} is not the name of an R package: {text}")
    elif len(name) > _MAX_NAME_CHARS:
        yield Problem("package-name", f"{_shown(name)} is longer than {_MAX_NAME_CHARS} characters")
    elif name in BASE_PACKAGES:
        yield Problem("package-name", f"{name!r} is a package of R itself, which no repository can replace")
    if not version:
        yield Problem("package-version", "DESCRIPTION has no Version")
        return
    try:
        version_key(version)
    except ValueError as error:
        yield Problem("package-version", f"{_shown(version)} is not a version: {error}")


def _judge_index_texts(fields: Mapping[str, str]) -> Iterator[Problem]:
    """Could these values be written into a list and read back by every client?"""
    for field in INDEX_FIELDS:
        value = fields.get(field, "")
        if value.count("\n") >= _MAX_INDEX_LINES:
            # R reads a value of many lines in more than linear time, and everybody's R reads this one.
            yield Problem("description-value", f"{field} has more than {_MAX_INDEX_LINES} lines")
        if len(value) > _MAX_INDEX_CHARS:
            yield Problem("description-value", f"{field} is longer than {_MAX_INDEX_CHARS} characters")
        elif not value.isascii() and field not in _MAY_BE_NON_ASCII:
            yield Problem("not-ascii", f"{field} is {_shown(value)}: only ASCII can stand there, as lists repeat it")
        elif any(not char.isprintable() for char in value if char not in "\n\t"):
            yield Problem("description-value", f"{field} is {_shown(value)}, with characters that cannot be shown")
        elif "" in value.split("\n")[:-1]:
            yield Problem("description-value", f"{field} has an empty line, which would end a row of a list")


def _shown(text: str) -> str:
    return repr(text) if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]!r}..."
