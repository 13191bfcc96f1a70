"""Zip archives: what is read, and what is refused because two readers could differ or one could be hurt."""

from __future__ import annotations

import contextlib
import io
import struct
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from repogen.archives import Limits, begins_as_zip, read_zip
from repogen.errors import InvalidUpload
from tests.factories import zip_bytes


@dataclass(frozen=True, kw_only=True)
class Member:
    """One member as a zip archive states it, twice; every number can lie."""

    name: bytes = b"a.txt"
    local_name: bytes | None = None
    data: bytes = b"hello"
    packed: bytes | None = None
    method: int = 0
    flags: int = 0
    crc: int | None = None
    size: int | None = None
    local_size: int | None = None
    offset: int | None = None
    extra: bytes = b""
    central_extra: bytes = b""
    comment: bytes = b""
    tail: bytes = b""
    mode: int = 0o100644


def build(
    *members: Member,
    prefix: bytes = b"",
    gap: bytes = b"",
    comment: bytes = b"",
    suffix: bytes = b"",
    count: int | None = None,
    end_records: bytes = b"",
) -> bytes:
    """A zip archive, written out by hand."""
    body, directory = io.BytesIO(), io.BytesIO()
    body.write(prefix)
    for member in members:
        start = body.tell() if member.offset is None else member.offset
        packed = member.data if member.packed is None else member.packed
        crc = zlib.crc32(member.data) if member.crc is None else member.crc
        size = len(member.data) if member.size is None else member.size
        local_size = size if member.local_size is None else member.local_size
        local_name = member.name if member.local_name is None else member.local_name
        stated = (0, 0, 0) if member.flags & 8 else (crc, len(packed), local_size)
        head = struct.pack("<HHHHLLL", member.flags, member.method, 0, 33, *stated)
        sizes = struct.pack("<HH", len(local_name), len(member.extra))
        body.write(b"PK\x03\x04\x14\0" + head + sizes + local_name + member.extra + packed + member.tail)
        head = struct.pack("<HHHHLLL", member.flags, member.method, 0, 33, crc, len(packed), size)
        sizes = struct.pack("<HHHHH", len(member.name), len(member.central_extra), len(member.comment), 0, 0)
        where = struct.pack("<LL", member.mode << 16, start)
        directory.write(b"PK\x01\x02\x14\x03\x14\0" + head + sizes + where)
        directory.write(member.name + member.central_extra + member.comment)
    body.write(gap)
    start = body.tell()
    total = len(members) if count is None else count
    body.write(directory.getvalue() + end_records)
    body.write(b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, total, total, directory.tell(), start, len(comment)))
    return body.getvalue() + comment + suffix


def deflated(data: bytes) -> bytes:
    """Raw deflate, as in a zip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def end64(entries: int, length: int, start: int, *, said: int | None = None) -> bytes:
    """The zip64 end record and its locator, behind a directory of ``length`` bytes at ``start``."""
    record = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, entries, length, start)
    return record + struct.pack("<4sLQL", b"PK\x06\x07", 0, start + length if said is None else said, 1)


def everything(_: str) -> bool:
    """Every text is wanted."""
    return True


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., list[str]]:
    """Read bytes as a zip archive and tell the codes of the problems."""

    def read(data: bytes, limits: Limits | None = None) -> list[str]:
        path = tmp_path / "archive"
        path.write_bytes(data)
        start = time.perf_counter()
        with pytest.raises(InvalidUpload) as caught:
            read_zip(path, everything, limits or Limits())
        assert time.perf_counter() - start < 1
        texts = [problem.text for problem in caught.value.problems]
        assert all(text.isprintable() and len(text) < 500 for text in texts)
        return [problem.code for problem in caught.value.problems]

    return read


def test_only_wanted_texts_are_read(tmp_path: Path) -> None:
    """All members are named, and the texts that were asked for are handed out."""
    path = tmp_path / "a.zip"
    path.write_bytes(zip_bytes([("a/", b""), ("a/b.txt", b"hello"), ("a/c.txt", b"c" * 1000)]))
    contents = read_zip(path, lambda name: name == "a/c.txt")
    assert contents.members == {"a": "directory", "a/b.txt": "file", "a/c.txt": "file"}
    assert contents.texts == {"a/c.txt": b"c" * 1000}


@pytest.mark.parametrize(("name", "respelled"), [("a/ä.txt", ""), ("a/", ""), ("./a.txt", "'./a.txt'")])
def test_names_that_are_more_than_a_path_are_told(name: str, respelled: str, tmp_path: Path) -> None:
    """They are read as the path that they lead to, and the first of them is named."""
    path = tmp_path / "a.zip"
    path.write_bytes(zip_bytes([(name, b"")]))
    assert read_zip(path, lambda _: False).respelled == respelled


def test_a_file_without_a_name_begins_as_a_zip(tmp_path: Path) -> None:
    """The first bytes tell how it is to be read."""
    path = tmp_path / "a"
    for data, expected in ((zip_bytes([("a", b"")]), True), (b"PK", False), (b"", False), (b"\x1f\x8b\x08\x00", False)):
        path.write_bytes(data)
        assert begins_as_zip(path) is expected


ZIP64_LOCAL = struct.pack("<HHQQ", 1, 16, 5, 5)
GOOD = [
    build(),
    build(Member(), Member(name=b"b", data=b"")),
    build(Member(method=8, packed=deflated(b"hello"))),
    build(Member(name="ä".encode(), flags=0x800)),
    build(Member(name=b"\x84.txt")),
    build(Member(comment=b"said of a member")),
    build(Member(), comment=b"40 digits of a commit"),
    build(Member(extra=ZIP64_LOCAL)),
    build(Member(extra=ZIP64_LOCAL, local_size=0xFFFFFFFF)),
    build(Member(mode=0)),
    build(Member(), end_records=end64(1, 51, 40)),
    build(
        Member(
            method=8,
            packed=deflated(b"hello"),
            flags=8,
            tail=b"PK\x07\x08" + struct.pack("<LLL", zlib.crc32(b"hello"), len(deflated(b"hello")), 5),
        )
    ),
]


@pytest.mark.parametrize("data", GOOD)
def test_good_archives_are_read_as_zipfile_reads_them(data: bytes, tmp_path: Path) -> None:
    """Every form that real tools write gives the members that Python's zipfile sees."""
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    contents = read_zip(path, everything)
    with zipfile.ZipFile(path) as archive:
        assert contents.texts == {entry.filename: archive.read(entry) for entry in archive.infolist()}


HELLO = Member()
DESCRIBED = Member(method=8, packed=deflated(b"hello"), flags=8)
HOSTILE: Sequence[tuple[str, bytes, str]] = [
    ("nothing", b"", "not-an-archive"),
    ("text", b"hello", "not-an-archive"),
    ("the first half", build(HELLO)[:40], "archive-truncated"),
    ("one byte short", build(HELLO)[:-1], "archive-truncated"),
    ("bytes before", b"#!/bin/sh\n" + build(HELLO), "polyglot"),
    ("bytes before that offsets allow for", build(HELLO, prefix=b"\x89PNG"), "polyglot"),
    ("bytes after", build(HELLO, suffix=b"x"), "polyglot"),
    ("bytes between", build(HELLO, gap=b"hidden"), "polyglot"),
    ("two archives", build(HELLO) + build(HELLO), "polyglot"),
    ("an archive as comment", build(HELLO, comment=build(HELLO)), "polyglot"),
    ("parts of one as comment", build(HELLO, comment=b"PK\x01\x02"), "polyglot"),
    ("a directory too short", build(HELLO, HELLO, count=1), "ambiguous-archive"),
    ("a directory too long", build(HELLO, count=2), "ambiguous-archive"),
    ("offset to nowhere", build(replace(HELLO, offset=7)), "ambiguous-archive"),
    ("two names", build(replace(HELLO, local_name=b"b.txt")), "ambiguous-archive"),
    ("two sizes", build(replace(HELLO, method=8, packed=deflated(b"hello"), local_size=4)), "ambiguous-archive"),
    ("two sizes of a stored member", build(replace(HELLO, size=4)), "ambiguous-archive"),
    ("a size too small", build(replace(HELLO, method=8, packed=deflated(b"hello"), size=4)), "archive-damaged"),
    ("a size too large", build(replace(HELLO, method=8, packed=deflated(b"hello"), size=6)), "archive-damaged"),
    ("a wrong sum", build(replace(HELLO, crc=1)), "archive-damaged"),
    ("not deflate", build(replace(HELLO, method=8)), "archive-damaged"),
    ("deflate and more", build(replace(HELLO, method=8, packed=deflated(b"hello") + b"x")), "archive-damaged"),
    ("half of deflate", build(replace(HELLO, method=8, packed=deflated(b"hello")[:-2])), "archive-damaged"),
    ("a broken extra field", build(replace(HELLO, central_extra=b"\x01\0\xff\xff")), "ambiguous-archive"),
    ("half an extra field", build(replace(HELLO, extra=b"\x01\0")), "ambiguous-archive"),
    ("two zip64 fields", build(replace(HELLO, extra=ZIP64_LOCAL * 2)), "ambiguous-archive"),
    (
        "zip64 sizes that lie",
        build(replace(HELLO, extra=struct.pack("<HHQQ", 1, 16, 5, 9))),
        "ambiguous-archive",
    ),
    (
        "another name in Unicode",
        build(replace(HELLO, central_extra=struct.pack("<HHBL", 0x7075, 6, 1, 0) + b"b")),
        "ambiguous-archive",
    ),
    ("a descriptor that is not there", build(DESCRIBED), "ambiguous-archive"),
    ("a descriptor that lies", build(replace(DESCRIBED, tail=b"PK\x07\x08" + bytes(12))), "ambiguous-archive"),
    (
        "stored with a descriptor",
        build(replace(HELLO, flags=8, tail=struct.pack("<LLL", zlib.crc32(b"hello"), 5, 5))),
        "ambiguous-archive",
    ),
    ("a locator to elsewhere", build(HELLO, end_records=end64(1, 51, 40, said=3)), "ambiguous-archive"),
    ("two counts", build(HELLO, end_records=end64(2, 51, 40)), "ambiguous-archive"),
    ("two directories", build(HELLO, end_records=end64(1, 50, 41)), "ambiguous-archive"),
    ("encrypted", build(replace(HELLO, flags=1)), "encrypted"),
    ("bzip2", build(replace(HELLO, method=12)), "unsupported-compression"),
    ("twice", build(HELLO, HELLO), "duplicate-member"),
    ("twice after normalization", build(HELLO, replace(HELLO, name=b"./a.txt")), "duplicate-member"),
    ("as file and directory", build(HELLO, replace(HELLO, name=b"a.txt/", data=b"")), "duplicate-member"),
    ("a directory with data", build(replace(HELLO, name=b"a/")), "unsafe-member"),
    ("a FIFO", build(replace(HELLO, mode=0o010644)), "unsafe-member"),
    ("below a link", build(replace(HELLO, name=b"a", mode=0o120777), replace(HELLO, name=b"a/b")), "unsafe-member"),
    ("not UTF-8", build(replace(HELLO, name=b"\xff", flags=0x800)), "unsafe-member"),
    ("a very long name", build(replace(HELLO, name=b"a/" * 5000 + b"b")), "unsafe-member"),
    *[
        (f"the name {name!r}", build(replace(HELLO, name=name)), "unsafe-member")
        for name in (b"../x", b"a/../../x", b"/abs", b"C:\\x", b"C:x", b"a\\..\\x", b"a\0b", b"", b".")
    ],
]


@pytest.mark.parametrize(("data", "code"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_hostile_archives_are_refused(data: bytes, code: str, refused: Callable[..., list[str]]) -> None:
    """Whatever is broken, ambiguous or dangerous is named by its code, in time."""
    assert refused(data) == [code]


def test_any_truncation_is_refused(refused: Callable[..., list[str]]) -> None:
    """No proper beginning of an archive is one."""
    whole = zip_bytes([("a/b.txt", b"hello" * 100), ("a/c.txt", b"c")])
    for length in range(0, len(whole), 7):
        assert refused(whole[:length]) in (["archive-truncated"], ["not-an-archive"])


def test_flipped_bytes_never_crash(tmp_path: Path) -> None:
    """An archive with one byte changed is read, or refused as an upload: nothing else comes out."""
    whole = zip_bytes([("a/b.txt", b"hello" * 100), ("a/c.txt", b"c")])
    path = tmp_path / "a.zip"
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x81]) + whole[at + 1 :])
        with contextlib.suppress(InvalidUpload):
            read_zip(path, everything)


def test_problems_are_told_together(refused: Callable[..., list[str]]) -> None:
    """Several members that cannot stand are all named."""
    data = build(replace(HELLO, name=b"../x"), replace(HELLO, name=b"b", flags=1), HELLO, HELLO)
    assert refused(data) == ["unsafe-member", "encrypted", "duplicate-member"]


def test_overlapping_members_are_refused(refused: Callable[..., list[str]]) -> None:
    """Many entries over one stream of data, each with a header of its own inside the data of the one before."""
    inner = struct.pack("<4sHHHHHLLLHH", b"PK\x03\x04", 20, 0, 0, 0, 33, zlib.crc32(b"x"), 1, 1, 1, 0) + b"bx"
    outer = replace(HELLO, name=b"a", data=inner)
    data = build(outer, replace(HELLO, name=b"b", data=b"x", offset=31))
    cut = data.index(b"PK\x03\x04", 40)
    directory = data.index(b"PK\x01\x02")
    shifted = data[:cut] + data[directory:-6] + struct.pack("<LH", cut, 0)
    assert refused(shifted) == ["ambiguous-archive"]


def test_an_archive_that_is_also_a_tar_is_refused(tmp_path: Path) -> None:
    """A tar header can begin with the bytes of a zip; programs that look for either would differ."""
    data = bytearray(build(replace(HELLO, data=bytes(1000), crc=0)))
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + sum(data[156:512]) + 8 * ord(" "))
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    assert tarfile.is_tarfile(path)
    with pytest.raises(InvalidUpload, match="a zip and a tar at once"):
        read_zip(path, lambda _: False)


def test_limits_hold(refused: Callable[..., list[str]]) -> None:
    """Members, their names, one text, all texts and the unpacked whole are each bounded."""
    data = zip_bytes([(f"{number}/{'x' * 50}", b"y" * 2000) for number in range(10)])
    assert refused(data, Limits(members=9)) == ["too-many-members"]
    assert refused(data, Limits(names_bytes=500)) == ["too-many-members"]
    assert refused(data, Limits(name_bytes=51)) == ["unsafe-member"] * 10
    assert refused(data, Limits(member_bytes=1999)) == ["member-too-large"] * 10
    assert refused(data, Limits(texts_bytes=2000 * 9)) == ["member-too-large"]
    assert refused(data, Limits(total_bytes=19_999)) == ["too-large-unpacked"]
    assert refused(data, Limits(free_bytes=0, ratio=2)) == ["too-large-unpacked"]


def test_a_bomb_costs_nothing(refused: Callable[..., list[str]]) -> None:
    """One MiB that says it unpacks to one GiB is refused without unpacking it."""
    assert refused(build(Member(method=8, packed=bytes(1 << 20), size=1 << 30))) == ["too-large-unpacked"]


def test_a_large_stored_member_costs_nothing(tmp_path: Path) -> None:
    """Members that nobody asked for are never read: a wheel of a GiB takes no longer than a small one."""
    path = tmp_path / "a.zip"
    size = 1 << 30
    name = b"lib.so"
    head = struct.pack("<HHHHLLL", 0, 0, 0, 33, 0, size, size)
    local = b"PK\x03\x04\x14\0" + head + struct.pack("<HH", len(name), 0) + name
    central = b"PK\x01\x02\x14\x03\x14\0" + head + struct.pack("<HHHHHLL", len(name), 0, 0, 0, 0, 0, 0) + name
    with path.open("wb") as stream:
        stream.write(local)
        stream.seek(size, io.SEEK_CUR)
        start = stream.tell()
        stream.write(central + b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 1, 1, len(central), start, 0))
    begun = time.perf_counter()
    assert read_zip(path, lambda _: False).members == {"lib.so": "file"}
    assert time.perf_counter() - begun < 1
