"""DESCRIPTION: one record in the Debian control format, as R reads it (WRE 1.1.1, ``help("read.dcf")``)."""

from __future__ import annotations

import codecs
import contextlib
import re
from collections.abc import Iterable

#: More lines than any DESCRIPTION has.
_MAX_LINES = 50_000
_MAX_SHOWN = 60
_FIELD = re.compile(r"([!-9;-~]+):[ \t]*")
_CONTROLS = bytes({*range(32), 127} - {*b"\t\n"})
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_ENCODING = re.compile(rb"^Encoding:([^\n]*)", re.MULTILINE)
_ENCODING_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,39}\Z")
#: Reads the same in every encoding that a DESCRIPTION, whose field names are ASCII, can be in.
_SAMPLE = bytes(range(0x20, 0x5C)) + bytes(range(0x5D, 0x7F)) + b"~{~ \\u0041 \\x41.xn--mnchen-3ya"
#: What says that it is Latin 1 is often from Windows: the two differ in what would be control characters.
_LATIN = ("cp1252", "latin-1")


def read_fields(data: bytes) -> dict[str, str]:
    """The fields of a DESCRIPTION by name, in the order of the file.

    Lines that go on with a value are joined to it by a line feed, without the blanks around them; ``.`` alone
    stands for an empty line. Raises ValueError with one line on why programs could not read it, or could read it
    in two ways.
    """
    text = decode(data)
    values: dict[str, list[str]] = {}
    value: list[str] | None = None
    ended = False
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n", _MAX_LINES), 1):
        stripped = line.strip(" \t")
        if not stripped:
            ended = bool(values)
            continue
        if ended:
            raise ValueError(f"goes on after an empty line, at line {number}: R reads nothing of that")
        if number > _MAX_LINES:
            raise ValueError(f"has more than {_MAX_LINES} lines")
        if line[0] in " \t":
            if value is None:
                raise ValueError(f"begins with a line that goes on, but with nothing before it: {_shown(line)}")
            value.append("" if stripped == "." else stripped)
            continue
        field = _FIELD.match(line)
        if not field or line[0] == "#":
            raise ValueError(f"has a line {number} that is no field: {_shown(line)}")
        if field[1] in values:
            raise ValueError(f"has the field {_shown(field[1])} twice: programs differ in which one counts")
        value = values[field[1]] = [stripped[field.end() :]]
    return {name: "\n".join(lines if lines[0] else lines[1:]).rstrip("\n") for name, lines in values.items()}


def decode(data: bytes) -> str:
    """The text of a DESCRIPTION in the encoding that it declares; without one in UTF-8, or else in Latin 1.

    Raises ValueError for an encoding that is unknown or not the one of the file, and for control characters.
    """
    if data.startswith(codecs.BOM_UTF8):
        raise ValueError("begins with a byte order mark, which R takes for a part of the first field")
    if len(data.translate(None, _CONTROLS)) != len(data) and (forbidden := _FORBIDDEN.search(data)):
        line = data.count(b"\n", 0, forbidden.start()) + 1
        raise ValueError(f"has the control character {forbidden[0].decode()!r} in line {line}")
    declared = declared_encoding(data)
    try:
        return decode_first(data, encodings(declared))
    except UnicodeError:
        raise ValueError(f"says that it is in the encoding {declared!r}, and is not") from None


def declared_encoding(data: bytes) -> str | None:
    """Python's name of the encoding that a DESCRIPTION declares, None without one. Raises ValueError for a bad one."""
    found = _ENCODING.search(data)
    name = found[1].decode("ascii", "replace").strip(" \t\r") if found else ""
    if not name:
        return None
    try:
        codec = codecs.lookup(name).name if _ENCODING_NAME.match(name) else ""
        if codec and _SAMPLE.decode(codec) == _SAMPLE.decode("ascii"):
            return codec
    except (LookupError, UnicodeError):
        pass
    raise ValueError(f"declares the encoding {_shown(name)}, which is not known here: use UTF-8")


def encodings(declared: str | None) -> tuple[str, ...]:
    """What to read texts in, one after the other, where a DESCRIPTION declares an encoding, or None."""
    if declared is None:
        return ("utf-8", *_LATIN)
    return _LATIN if declared == "iso8859-1" else (declared,)


def decode_first(data: bytes, candidates: Iterable[str]) -> str:
    """``data`` in the first encoding that it can be in. Raises UnicodeError if there is none."""
    for encoding in candidates:
        with contextlib.suppress(UnicodeError):
            return data.decode(encoding)
    raise UnicodeError


def _shown(text: str) -> str:
    return repr(text) if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]!r}..."
