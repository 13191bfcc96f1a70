"""Writing values for R's ``readRDS`` ("R Internals", section "Serialization Formats"): the XDR form, version 2.

Every version of R since 2.3.0 reads that version, and it needs no word on a native encoding: a string states its own.
An item is a word of flags (the type in the low byte), for a vector its length and its elements, and then its
attributes: a pairlist of names and items, ended by one word. Numbers are big-endian.

Each function here returns one whole item, so items nest by being joined, and one made apart fits anywhere. For that,
names of attributes are written in full each time, where R writes a reference to the first one: both read alike.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

_SYMBOL, _PAIRLIST, _CHARACTER, _LOGICALS, _INTEGERS, _DOUBLES, _CHARACTERS, _LIST = 1, 2, 9, 10, 13, 14, 16, 19
_END_OF_PAIRLIST = struct.pack(">i", 254)
_words = struct.Struct(">ii").pack
_IS_OBJECT, _HAS_ATTRIBUTES, _HAS_TAG = 0x100, 0x200, 0x400
# What a string says of its bytes, in the bits from 12 on.
_ASCII, _UTF8 = 0x40 << 12, 0x08 << 12
_NA_INTEGER = -(2**31)
_R_2_3_0 = 0x00020300
# XDR; the version of the format, of the R that wrote it, and of the oldest R that can read it.
_OPENING = b"X\n" + struct.pack(">iii", 2, _R_2_3_0, _R_2_3_0)
_NO_ATTRIBUTES: Mapping[str, bytes] = MappingProxyType({})


def document(item: bytes) -> bytes:
    """All that ``readRDS`` expects, uncompressed: it inflates by itself."""
    return _OPENING + item


def characters(values: Sequence[str | None], attributes: Mapping[str, bytes] = _NO_ATTRIBUTES) -> bytes:
    """A character vector; None is NA. Strings that are not ASCII are marked as UTF-8. None may hold a NUL."""
    return _vector(_CHARACTERS, len(values), _elements(values), attributes)


def character_matrix(columns: Mapping[str, Sequence[str | None]], *, named_by: str) -> bytes:
    """A character matrix of these columns, all of one length; the strings of one of them are the names of its rows."""
    length = len(columns[named_by])
    elements = {name: _elements(values) for name, values in columns.items()}
    names = _vector(_CHARACTERS, length, elements[named_by], _NO_ATTRIBUTES)
    attributes = {
        "dim": integers((length, len(columns))),
        "dimnames": generic_list((names, characters(tuple(columns)))),
    }
    return _vector(_CHARACTERS, length * len(columns), b"".join(elements.values()), attributes)


def logicals(values: Sequence[bool | None], attributes: Mapping[str, bytes] = _NO_ATTRIBUTES) -> bytes:
    """A logical vector; None is NA."""
    return _vector(_LOGICALS, len(values), _numbers(values), attributes)


def integers(values: Sequence[int | None], attributes: Mapping[str, bytes] = _NO_ATTRIBUTES) -> bytes:
    """An integer vector; None is NA. Raises struct.error for what takes more than 32 bits."""
    return _vector(_INTEGERS, len(values), _numbers(values), attributes)


def doubles(values: Sequence[float], attributes: Mapping[str, bytes] = _NO_ATTRIBUTES) -> bytes:
    """A numeric vector."""
    return _vector(_DOUBLES, len(values), struct.pack(f">{len(values)}d", *values), attributes)


def generic_list(items: Sequence[bytes], attributes: Mapping[str, bytes] = _NO_ATTRIBUTES) -> bytes:
    """A list of items."""
    return _vector(_LIST, len(items), b"".join(items), attributes)


def data_frame(columns: Mapping[str, bytes], row_names: Sequence[str]) -> bytes:
    """A data frame of these columns, vectors as long as ``row_names``."""
    attributes = {
        "names": _names(tuple(columns)),
        "class": _names(("data.frame",)),
        "row.names": characters(row_names),
    }
    return generic_list(tuple(columns.values()), attributes)


def _vector(kind: int, length: int, body: bytes, attributes: Mapping[str, bytes]) -> bytes:
    if not attributes:
        return _words(kind, length) + body
    flags = kind | _HAS_ATTRIBUTES | (_IS_OBJECT if "class" in attributes else 0)
    pairs = [_pair(name) + item for name, item in attributes.items()]
    return b"".join((_words(flags, length), body, *pairs, _END_OF_PAIRLIST))


@lru_cache
def _names(values: tuple[str, ...]) -> bytes:
    # A list of many data frames says the same of each.
    return characters(values)


@lru_cache
def _pair(name: str) -> bytes:
    return _words(_PAIRLIST | _HAS_TAG, _SYMBOL) + _element(name)


def _numbers(values: Sequence[int | None]) -> bytes:
    return struct.pack(f">{len(values)}i", *[_NA_INTEGER if value is None else value for value in values])


def _elements(values: Iterable[str | None]) -> bytes:
    return b"".join(map(_Elements().__getitem__, values))


class _Elements(dict[str | None, bytes]):
    """Strings as elements; what was seen before is had at the speed of a dict: columns repeat themselves."""

    def __missing__(self, value: str | None) -> bytes:
        self[value] = element = _element(value)
        return element


def _element(value: str | None) -> bytes:
    if value is None:
        return _NA_CHARACTER
    data = value.encode()
    size = len(data)
    return _words(_CHARACTER | (_ASCII if size == len(value) else _UTF8), size) + data


_NA_CHARACTER = _words(_CHARACTER, -1)
