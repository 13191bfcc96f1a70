"""Tar archives: what is read, and what is refused because two readers could differ or one could be hurt."""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from repogen.archives import Limits, read_tar_gz
from repogen.errors import InvalidUpload
from tests.factories import tar_bytes, tar_gz_bytes, zip_bytes

END = bytes(1024)


def header(name: str | bytes = "a/b.txt", *, size: int | bytes = 0, kind: bytes = b"0", **fields: Any) -> bytes:
    """One header block, written out by hand: V7 fields, the ustar mark, a prefix."""
    raw = name if isinstance(name, bytes) else name.encode()
    block = bytearray(512)
    block[: len(raw)] = raw
    block[100:124] = b"0000644\0" * 3
    block[124:136] = size if isinstance(size, bytes) else b"%011o\0" % size
    block[136:148] = b"00000000000\0"
    block[156:157] = kind
    target = fields.get("target", b"")
    block[157 : 157 + len(target)] = target
    magic = fields.get("magic", b"ustar\x0000")
    block[257 : 257 + len(magic)] = magic
    prefix = fields.get("prefix", b"")
    block[345 : 345 + len(prefix)] = prefix
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + sum(block[156:]) + 256)
    return bytes(block)


def member(data: bytes, name: str | bytes = "a/b.txt", **fields: Any) -> bytes:
    """A header and its data, padded."""
    return header(name, size=len(data), **fields) + data + bytes(-len(data) % 512)


def pax(*records: bytes, kind: bytes = b"x") -> bytes:
    """A pax header of ``key=value`` records."""
    data = b""
    for record in records:
        length = len(record) + 3
        length += len(str(length)) - 1
        data += b"%d %s\n" % (length, record)
    return member(data, "pax", kind=kind)


def everything(_: str) -> bool:
    """Every text is wanted."""
    return True


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., list[str]]:
    """Read bytes as a gzip-compressed tar archive and tell the codes of the problems."""

    def read(data: bytes, limits: Limits | None = None) -> list[str]:
        path = tmp_path / "archive"
        path.write_bytes(data)
        start = time.perf_counter()
        with pytest.raises(InvalidUpload) as caught:
            read_tar_gz(path, everything, limits or Limits())
        assert time.perf_counter() - start < 2
        texts = [problem.text for problem in caught.value.problems]
        assert all(text.isprintable() and len(text) < 500 for text in texts)
        return [problem.code for problem in caught.value.problems]

    return read


def test_only_wanted_texts_are_read(tmp_path: Path) -> None:
    """All members are named, and the texts that were asked for are handed out."""
    path = tmp_path / "a.tar.gz"
    path.write_bytes(tar_gz_bytes([("a/b.txt", b"hello"), ("a/c.txt", b"c" * 1000)]))
    contents = read_tar_gz(path, lambda name: name == "a/c.txt")
    assert contents.members == {"a/b.txt": "file", "a/c.txt": "file"}
    assert contents.texts == {"a/c.txt": b"c" * 1000}


@pytest.mark.parametrize(
    ("names", "respelled"),
    [(["./", "a/", "a/b.txt"], ""), (["a/b.txt", "./a/c", "a//d"], "'./a/c'"), (["a/./b"], "'a/./b'")],
)
def test_names_that_are_more_than_a_path_are_told(names: list[str], respelled: str, tmp_path: Path) -> None:
    """They are read as the path that they lead to, and the first of them is named."""
    path = tmp_path / "a.tar.gz"
    data = b"".join(header(name, kind=b"5" if name.endswith("/") else b"0") for name in names)
    path.write_bytes(gzip.compress(data + END))
    assert read_tar_gz(path, everything).respelled == respelled


LONG = "a/" + "long/" * 40 + "ä.txt"
GOOD = [
    member(b"hello") + END,
    member(b"hello"),
    member(b"hello") + END * 10,
    member(b"hello", magic=b"") + END,
    member(b"hello", magic=b"ustar  \0") + END,
    member(b"hello", kind=b"\0") + END,
    member(b"hello", "./a/b.txt") + END,
    member(b"hello", "b.txt", prefix=b"a") + END,
    header("a/", kind=b"5") + header("a/", kind=b"5") + member(b"hello") + END,
    header("a/", kind=b"\0") + member(b"hello") + END,
    pax(b"comment=made by a version control system", kind=b"g") + member(b"hello") + END,
    pax(b"path=" + LONG.encode(), b"mtime=1.5") + member(b"hello") + END,
    member(LONG.encode() + b"\0", "././@LongLink", kind=b"L") + member(b"hello") + END,
    header(size=b"\x80" + bytes(10) + b"\x05") + b"hello".ljust(512, b"\0") + END,
]


@pytest.mark.parametrize("data", GOOD)
def test_good_archives_are_read_as_tarfile_reads_them(data: bytes, tmp_path: Path) -> None:
    """Every form that real tools write gives the members that Python's tarfile sees."""
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(data))
    contents = read_tar_gz(path, everything)
    with tarfile.open(path) as archive:
        files = {entry.name.removeprefix("./"): archive.extractfile(entry) for entry in archive if entry.isfile()}
    assert contents.texts.keys() == files.keys()
    assert list(contents.texts.values()) == [b"hello"]


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_what_tarfile_writes_is_read(form: int, tmp_path: Path) -> None:
    """Links, directories and names too long for a header, in all forms that Python writes."""
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz", format=form) as archive:
        for name, kind, target in [
            ("a", tarfile.DIRTYPE, ""),
            ("a/" + "d" * 60 + "/" + "f" * 60, tarfile.REGTYPE, ""),
            ("a/up/link", tarfile.SYMTYPE, "../other/./x"),
            ("a/same", tarfile.LNKTYPE, "a/" + "d" * 60 + "/" + "f" * 60),
        ]:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, target[:100]
            archive.addfile(entry, io.BytesIO())
    assert list(read_tar_gz(path, everything).members.values()) == ["directory", "file", "link", "link"]


def test_a_link_has_no_text(tmp_path: Path) -> None:
    """A link is never followed, also where its text was asked for."""
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(member(b"x", "a/x") + header("a/PKG-INFO", kind=b"2", target=b"x") + END))
    contents = read_tar_gz(path, everything)
    assert contents.texts == {"a/x": b"x"}
    assert contents.members["a/PKG-INFO"] == "link"


HELLO = member(b"hello")
HOSTILE: Sequence[tuple[str, bytes, str]] = [
    ("nothing", b"", "not-an-archive"),
    ("text", b"hello\n" * 200, "not-an-archive"),
    ("gzip in gzip", gzip.compress(HELLO + END, mtime=0), "not-an-archive"),
    ("only zeros", END, "not-an-archive"),
    ("a size below zero", HELLO + header(size=b"\xff" * 11 + b"\x00"), "archive-damaged"),
    ("a size with a sign", HELLO + header(size=b"-0000001000\0"), "archive-damaged"),
    ("a size of Python's spelling", HELLO + header(size=b"0o1_000\0\0\0\0\0"), "archive-damaged"),
    ("a size beyond all", HELLO + header(size=b"\x80" + b"\xff" * 11), "archive-truncated"),
    ("a bad sum", HELLO + bytes(511) + b"x" + END, "archive-damaged"),
    ("half a header", HELLO + header()[:100], "archive-truncated"),
    ("half the data", header(size=2000) + bytes(1000), "archive-truncated"),
    ("a header for nothing", HELLO + pax(b"path=x"), "archive-truncated"),
    ("bytes after the end", HELLO + END + member(b"", "evil"), "polyglot"),
    ("a pax header of digits", member(b"9" * 60_000, kind=b"x") + HELLO + END, "ambiguous-archive"),
    ("a pax header of a MiB", member(b"9" * (1 << 20), kind=b"x") + HELLO + END, "unsafe-member"),
    ("a GNU name of a MiB", member(b"9" * (1 << 20), kind=b"L") + HELLO + END, "unsafe-member"),
    ("a pax record too long", member(b"99 path=x\n", kind=b"x") + HELLO + END, "ambiguous-archive"),
    ("a pax record of no length", member(b"0 path=x\n", kind=b"x") + HELLO + END, "ambiguous-archive"),
    ("a pax record of Arabic digits", member("\u0661\u0660 path=x\n".encode(), kind=b"x") + HELLO, "ambiguous-archive"),
    ("two paths in one header", pax(b"path=a", b"path=b") + HELLO + END, "ambiguous-archive"),
    ("two pax headers", pax(b"path=a") + pax(b"path=b") + HELLO + END, "ambiguous-archive"),
    ("two long names", member(b"a", kind=b"L") + member(b"b", kind=b"L") + HELLO + END, "ambiguous-archive"),
    ("a long name and a path", pax(b"path=a") + member(b"b", kind=b"L") + HELLO + END, "ambiguous-archive"),
    ("a global path", pax(b"path=a", kind=b"g") + HELLO + END, "ambiguous-archive"),
    ("a global header in between", pax(b"path=a") + pax(b"x=y", kind=b"g") + HELLO, "ambiguous-archive"),
    ("another size", pax(b"size=1024") + HELLO + END, "ambiguous-archive"),
    ("another charset", pax(b"hdrcharset=BINARY") + HELLO + END, "unsafe-member"),
    ("pax sparse", pax(b"GNU.sparse.major=1") + HELLO + END, "unsafe-member"),
    ("a NUL in a path", pax(b"path=a\0b") + HELLO + END, "unsafe-member"),
    ("a prefix out of place", member(b"", magic=b"ustar  \0", prefix=b"evil") + END, "ambiguous-archive"),
    ("a directory with data", member(b"hello", "a/", kind=b"5") + END, "ambiguous-archive"),
    ("a file named as a directory", member(b"hello", "a/") + END, "unsafe-member"),
    ("a file of no name", member(b"hello", "") + END, "unsafe-member"),
    ("twice", HELLO + HELLO + END, "duplicate-member"),
    ("a link to what is outside", header(kind=b"2", target=b"../../etc/passwd") + END, "unsafe-member"),
    ("a link to the root", header(kind=b"2", target=b"/etc/passwd") + END, "unsafe-member"),
    ("a hard link to what is outside", header(kind=b"1", target=b"a/../../b") + END, "unsafe-member"),
    ("a member below a file", member(b"hello", "a") + HELLO + END, "unsafe-member"),
    ("a member below a link", header("a", kind=b"2", target=b"c") + HELLO + END, "unsafe-member"),
    ("a FIFO", header(kind=b"6") + END, "unsafe-member"),
    ("a device", header(kind=b"3") + END, "unsafe-member"),
    ("GNU sparse", header(kind=b"S") + END, "unsafe-member"),
    ("an unknown type", header(kind=b"A") + END, "unsafe-member"),
    ("not UTF-8", member(b"", b"a/\xff") + END, "unsafe-member"),
    ("a very long name", pax(b"path=" + b"a/" * 5000 + b"b") + HELLO + END, "unsafe-member"),
    *[
        (f"the name {name!r}", member(b"", name) + END, "unsafe-member")
        for name in ("../x", "a/../../x", "/abs", "C:/x", "a\\..\\x")
    ],
]


@pytest.mark.parametrize(("data", "code"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_hostile_archives_are_refused(data: bytes, code: str, refused: Callable[..., list[str]]) -> None:
    """Whatever is broken, ambiguous or dangerous is named by its code, in time."""
    assert refused(gzip.compress(data)) == [code]


def test_what_is_no_single_gzip_stream_is_refused(refused: Callable[..., list[str]]) -> None:
    """A plain tar, a zip, a second stream and bytes after the first are no gzip-compressed tar archive."""
    whole = gzip.compress(HELLO + END)
    assert refused(HELLO + END) == ["not-an-archive"]
    assert refused(zip_bytes([("a", b"")])) == ["not-an-archive"]
    assert refused(whole + whole) == ["polyglot"]
    assert refused(whole + b"x") == ["polyglot"]
    assert refused(whole + zip_bytes([("a", b"")])) == ["polyglot"]
    assert refused(whole[:-8] + bytes(8)) == ["archive-damaged"]


def test_any_truncation_is_refused(refused: Callable[..., list[str]]) -> None:
    """No proper beginning of an archive is one."""
    whole = tar_gz_bytes([("a/b.txt", bytes(range(256)) * 9), ("a/c.txt", b"c")])
    for length in range(0, len(whole), 7):
        assert refused(whole[:length]) in (["archive-truncated"], ["not-an-archive"])


def test_flipped_bytes_never_crash(tmp_path: Path) -> None:
    """A tar with one byte of a header changed is read, or refused as an upload: nothing else comes out."""
    whole = tar_bytes([(LONG, b"hello"), ("a/c.txt", b"c")])
    path = tmp_path / "a.tar.gz"
    for at in range(2048):
        path.write_bytes(gzip.compress(whole[:at] + bytes([whole[at] ^ 0x81]) + whole[at + 1 :], 1))
        with contextlib.suppress(InvalidUpload):
            read_tar_gz(path, everything)


def test_limits_hold(refused: Callable[..., list[str]]) -> None:
    """Members, their names, one text, all texts and the unpacked whole are each bounded."""
    data = tar_gz_bytes([(f"{number}/{'x' * 50}", b"y" * 2000) for number in range(9)])
    assert refused(data, Limits(members=8)) == ["too-many-members"]
    assert refused(data, Limits(names_bytes=400)) == ["too-many-members"]
    assert refused(data, Limits(name_bytes=51)) == ["unsafe-member"] * 9
    assert refused(data, Limits(member_bytes=1999)) == ["member-too-large"] * 9
    assert refused(data, Limits(texts_bytes=2000 * 8)) == ["member-too-large"]
    assert refused(data, Limits(total_bytes=18_000)) == ["too-large-unpacked"]
    assert refused(data, Limits(free_bytes=0, ratio=2)) == ["too-large-unpacked"]


def test_bombs_are_bounded(refused: Callable[..., list[str]]) -> None:
    """Zeros without end, members and extension headers without number are given up early."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as stream:
        stream.write(header(size=1 << 30))
        for _ in range(128):
            stream.write(bytes(1 << 20))
    assert refused(packed.getvalue()) == ["too-large-unpacked"]
    few = Limits(members=20_000, ratio=10_000)
    assert refused(gzip.compress(header("a/", kind=b"5") * 30_000, 1), few) == ["too-many-members"]
    assert refused(gzip.compress(header(kind=b"g") * 30_000, 1), few) == ["too-many-members"]
