"""DESCRIPTION: what is read as R reads it, and what is refused because R could not read it, or not in one way."""

from __future__ import annotations

import contextlib
import time

import pytest

from repogen.ecosystems.r.dcf import read_fields


def test_fields_keep_their_order_and_lose_the_blanks_around_them() -> None:
    """A field ends at its colon, its value has no blanks at either end."""
    fields = read_fields(b"Package: a\nVersion:\t1.0 \t\nConfig/testthat/edition:3\nAuthors@R: x: y\n")
    assert list(fields.items()) == [
        ("Package", "a"),
        ("Version", "1.0"),
        ("Config/testthat/edition", "3"),
        ("Authors@R", "x: y"),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"Depends: R,\n  a,\n\tb \n", "R,\na,\nb"),
        (b"Depends:\n  R,\n  a\n", "R,\na"),
        (b"Depends: R,\r\n  a\r\n", "R,\na"),
        (b"Depends: first\n .\n  second\n", "first\n\nsecond"),
        (b"Depends: first\n .\n", "first"),
        (b"Depends: first\n  ..\n  .a\n", "first\n..\n.a"),
        (b"Depends:\nOther: x\n", ""),
        (b"Depends: a", "a"),
        (b"\n \t\nDepends: a\n\n \n", "a"),
    ],
)
def test_values_of_several_lines(text: bytes, value: str) -> None:
    """Lines are joined without the blanks around them; a dot alone is an empty line."""
    assert read_fields(text)["Depends"] == value


@pytest.mark.parametrize(
    ("text", "author"),
    [
        ("Author: Ærø\n".encode(), "Ærø"),
        ("Author: Ærø\n".encode("latin-1"), "Ærø"),
        (b"Author: \x93Ada\x94\n", "\u201cAda\u201d"),
        (b"Author: \x81\xe6\n", "\x81æ"),
        ("Encoding: UTF-8\nAuthor: Ærø\n".encode(), "Ærø"),
        ("Author: Ærø\nEncoding: latin1\n".encode("latin-1"), "Ærø"),
        (b"Author: \x93Ada\x94\r\nEncoding: latin1 \r\n", "\u201cAda\u201d"),
        ("Encoding: latin2\nAuthor: Łuk\n".encode("iso8859-2"), "Łuk"),
        ("Encoding: CP1251\nAuthor: Ада\n".encode("cp1251"), "Ада"),
        ("Encoding: GB18030\nAuthor: 艾达\n".encode("gb18030"), "艾达"),
        ("Encoding:\nAuthor: Ærø\n".encode(), "Ærø"),
    ],
)
def test_the_declared_encoding_counts(text: bytes, author: str) -> None:
    """Without a declared one it is UTF-8, or else Latin 1, as Windows has it."""
    assert read_fields(text)["Author"] == author


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"Package: a\n\nPackage: b\n", "goes on after an empty line, at line 3: R reads nothing of that"),
        (b"Package: a\n \nPackage: b\n", "goes on after an empty line, at line 3: R reads nothing of that"),
        (b"Package: a\n\n  more\n", "goes on after an empty line, at line 3: R reads nothing of that"),
        (b"Package: a\nnonsense\n", "has a line 2 that is no field: 'nonsense'"),
        (b"Package: a\n# comment: x\n", "has a line 2 that is no field: '# comment: x'"),
        (b"Package : a\n", "has a line 1 that is no field: 'Package : a'"),
        (b": a\n", "has a line 1 that is no field: ': a'"),
        ("Päckage: a\n".encode(), "has a line 1 that is no field: 'Päckage: a'"),
        (b"  a\nPackage: a\n", "begins with a line that goes on, but with nothing before it: '  a'"),
        (b"Package: a\nPackage: a\n", "has the field 'Package' twice: programs differ in which one counts"),
        (b"\xef\xbb\xbfPackage: a\n", "begins with a byte order mark, which R takes for a part of the first field"),
        ("Package: a\n".encode("utf-16"), "has the control character '\\x00' in line 1"),
        (b"Package: a\rVersion: 1.0\r", "has the control character '\\r' in line 1"),
        (b"Package: a\nTitle: \x1b[31m\n", "has the control character '\\x1b' in line 2"),
        (b"Title: a\x0cb\n", "has the control character '\\x0c' in line 1"),
        (b"Title: a\x7f\n", "has the control character '\\x7f' in line 1"),
        (b"Encoding: UTF-8\nAuthor: \xe6\n", "says that it is in the encoding 'utf-8', and is not"),
        (b"Encoding: ASCII\nAuthor: \xe6\n", "says that it is in the encoding 'ascii', and is not"),
    ],
)
def test_what_cannot_be_read_in_one_way_is_refused(data: bytes, reason: str) -> None:
    """One line says why."""
    with pytest.raises(ValueError, match=r".") as caught:
        read_fields(data)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    "name",
    [
        *("none-such", "utf-16", "utf-7", "hz", "cp037", "idna", "punycode", "unicode_escape", "raw_unicode_escape"),
        *("rot13", "base64", "undefined", "UTF-8\xe9", "../utf_8", "a" * 50),
    ],
)
def test_encodings_in_which_ascii_is_not_ascii_are_unknown(name: str) -> None:
    """R would read another text than is read here."""
    with pytest.raises(ValueError, match="which is not known here: use UTF-8"):
        read_fields(f"Encoding: {name}\nPackage: a\n".encode("latin-1"))


@pytest.mark.parametrize(
    "data",
    [
        b"Encoding:" + b" " * 8_000_000 + b"x",
        b"Package: a\n" * 700_000,
        b"A:\n" + b" .\n" * 2_000_000,
        b"a" * 8_000_000,
        b"\n" * 8_000_000,
        b"\r\n" * 4_000_000 + b"x",
        b"A: " + b" \t" * 4_000_000 + b"x",
    ],
)
def test_hostile_lengths_take_little_time(data: bytes) -> None:
    """The time grows with the length, not with its square."""
    start = time.perf_counter()
    with contextlib.suppress(ValueError):
        read_fields(data)
    assert time.perf_counter() - start < 5
