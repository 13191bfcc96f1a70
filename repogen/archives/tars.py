"""Reading gzip-compressed tar archives (POSIX pax and ustar, the GNU and V7 forms of them) in one pass.

Written out instead of asking tarfile, whose answers depend on the Python at hand: sizes below zero, headers
of any length and regular expressions over them made it hang. Where programs that read tar are known to differ
(data behind a directory, two headers for one member, a global path), the archive is refused.
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from repogen.archives.contents import LIMITS, Collector, Contents, Kind, Limits, refusal, shown

_BLOCK = 512
_ZEROS = bytes(_BLOCK)
_CHUNK = 1 << 18
_GZIP_MARK = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
#: What a pax or GNU header may take: room for a path of 4096 bytes, a link as long and some attributes.
_HEADER_BYTES = 1 << 16
_OCTAL = re.compile(rb" *([0-7]*) *\Z")
_DIGITS = re.compile(rb"[0-9]{1,6}\Z")
_KINDS: dict[bytes, Kind] = {b"0": "file", b"\0": "file", b"1": "link", b"2": "link", b"5": "directory"}
_OTHERS = {b"3": "a device", b"4": "a device", b"6": "a FIFO", b"S": "a sparse file"}


def read_tar_gz(path: Path, wanted: Callable[[str], bool], limits: Limits = LIMITS) -> Contents:
    """Name the members of a gzip-compressed tar archive and read the texts whose path is ``wanted``.

    The whole stream is decompressed once, and so checked, without being kept. Raises InvalidUpload with what
    is wrong.
    """
    with path.open("rb") as stream:
        if stream.read(2) != _GZIP_MARK:
            raise refusal("not-an-archive", "the file is not a gzip-compressed tar archive")
        if zipfile.is_zipfile(stream):  # which pip asks first, whatever the file is called
            raise refusal("polyglot", "the archive is a tar and a zip at once")
        stream.seek(0)
        source = _Gunzip(stream, limits)
        collector = Collector(limits)
        for member in _members(source, collector):
            name = collector.member(member.name, member.kind, target=member.target, top=member.from_top)
            padding = -member.size % _BLOCK
            if member.kind == "file" and name and wanted(name) and collector.has_room(name, member.size):
                collector.text(name, source.exactly(member.size))
            else:
                source.skip(member.size)
            source.skip(padding)
        return collector.contents()


def looks_like_tar(block: bytes) -> bool:
    """Would a program take these first 512 bytes of a file for the header of a tar archive?"""
    return len(block) == _BLOCK and any(block) and _has_checksum(block)


class _Gunzip:
    """The bytes behind one gzip stream that takes the whole file (RFC 1952)."""

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self._stream = stream
        self._size = os.fstat(stream.fileno()).st_size
        self._limits = limits
        self._inflater = zlib.decompressobj(_GZIP_WINDOW)
        self._unpacked = 0
        self._buffer = b""
        self._at = 0

    def read(self, count: int) -> bytes:
        """Up to ``count`` bytes; fewer only at the end of the stream."""
        end = self._at + count
        if end <= len(self._buffer):
            data = self._buffer[self._at : end]
            self._at = end
            return data
        parts = [self._buffer[self._at :]]
        left = count - len(parts[0])
        self._buffer, self._at = b"", 0
        while left and (more := self._inflate()):
            parts.append(more[:left])
            self._buffer, self._at = more, min(left, len(more))
            left -= self._at
        return b"".join(parts)

    def exactly(self, count: int) -> bytes:
        """``count`` bytes. Raises InvalidUpload if the stream ends before."""
        data = self.read(count)
        if len(data) < count:
            raise refusal("archive-truncated", "the tar archive ends within a member: it is truncated")
        return data

    def skip(self, count: int) -> None:
        """Pass ``count`` bytes by. Raises InvalidUpload if the stream ends before."""
        while count:
            count -= len(self.exactly(min(count, _CHUNK)))

    def _inflate(self) -> bytes:
        while not self._inflater.eof:
            packed = self._inflater.unconsumed_tail or self._stream.read(_CHUNK)
            if not packed:
                raise refusal("archive-truncated", "the gzip stream has no end: the file is truncated")
            try:
                data = self._inflater.decompress(packed, _CHUNK)
            except zlib.error as error:
                raise refusal("archive-damaged", f"the gzip stream is damaged ({error})") from None
            self._unpacked += len(data)
            self._limits.check_unpacked(self._unpacked, self._size)
            if data:
                return data
        if self._inflater.unused_data or self._stream.read(1):
            raise refusal("polyglot", "bytes follow the end of the gzip stream")
        return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    name: bytes
    kind: Kind
    size: int
    target: bytes
    from_top: bool


def _members(source: _Gunzip, collector: Collector) -> Iterator[_Member]:
    """The members one by one; whoever iterates passes the data of each by."""
    pending: dict[bytes, bytes] = {}
    first = True
    while block := source.read(_BLOCK):
        if len(block) < _BLOCK:
            raise refusal("not-an-archive" if first else "archive-truncated", "the tar archive ends within a header")
        if block == _ZEROS:
            _check_end(source)
            break
        if not _has_checksum(block):
            raise refusal("not-an-archive" if first else "archive-damaged", "a header of the tar archive is not one")
        first = False
        kind, size = block[156:157], _number(block[124:136])
        if kind in b"xXgLK":
            if size > _HEADER_BYTES:
                raise refusal("unsafe-member", f"a header of the tar archive is longer than {_HEADER_BYTES} bytes")
            data = source.exactly(size)
            source.skip(-size % _BLOCK)
            collector.charge(size)
            _extend(pending, kind, data)
            continue
        member = _member(block, kind, size, pending, collector)
        collector.charge(len(member.name) + len(member.target))
        yield member
        pending.clear()
    if pending or first:
        raise refusal(
            "archive-truncated" if pending else "not-an-archive", "the tar archive ends before its first member"
        )


def _check_end(source: _Gunzip) -> None:
    while rest := source.read(_CHUNK):
        if rest.count(0) != len(rest):
            raise refusal("polyglot", "bytes follow the end of the tar archive")


def _has_checksum(block: bytes) -> bool:
    match = _OCTAL.match(block[148:156].split(b"\0", 1)[0])
    if not match or not match[1]:
        return False
    stated = int(match[1], 8)
    without = block[:148] + b" " * 8 + block[156:]
    return stated == sum(without) or stated == sum(struct.unpack("512b", without))


def _number(field: bytes) -> int:
    """A size: octal digits, or a big-endian number behind the byte 0x80 (GNU)."""
    if field.startswith(b"\x80"):
        return int.from_bytes(field[1:], "big")
    match = _OCTAL.match(field.split(b"\0", 1)[0])
    if not match:
        raise refusal("archive-damaged", f"a member of the tar archive has the size {field!r}")
    return int(match[1] or b"0", 8)


def _extend(pending: dict[bytes, bytes], kind: bytes, data: bytes) -> None:
    """Take an extension header into ``pending``, the fields of the member that follows."""
    if kind in b"LK":
        fields = {b"path" if kind == b"L" else b"linkpath": data.split(b"\0", 1)[0]}
    else:
        fields = _pax_fields(data)
        if any(key.startswith(b"GNU.sparse.") for key in fields):
            raise refusal("unsafe-member", "the tar archive holds a sparse file")
        if fields.get(b"hdrcharset", b"ISO-IR 10646 2000 UTF-8") != b"ISO-IR 10646 2000 UTF-8":
            raise refusal("unsafe-member", "the tar archive holds names that are not UTF-8")
    if kind == b"g":
        if pending or not fields.keys().isdisjoint((b"path", b"linkpath", b"size")):
            raise refusal(
                "ambiguous-archive", "the tar archive has a global header with paths or sizes, or out of place"
            )
        return
    if (pending and kind in b"xX") or not fields.keys().isdisjoint(pending):
        raise refusal("ambiguous-archive", "the tar archive has two headers for one member")
    pending.update(fields)


def _pax_fields(data: bytes) -> dict[bytes, bytes]:
    """The records of a pax header: each its length in digits, a space, ``key=value`` and a line feed."""
    fields: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        space = data.find(b" ", at, at + 7)
        length = int(data[at:space]) if space > at and _DIGITS.match(data[at:space]) else 0
        end = at + length
        key, equals, value = data[space + 1 : end - 1].partition(b"=")
        if end > len(data) or end <= space or data[end - 1 : end] != b"\n" or not equals or not key or key in fields:
            raise refusal("ambiguous-archive", "a pax header of the tar archive is malformed")
        fields[key] = value
        at = end
    return fields


def _member(block: bytes, kind: bytes, size: int, pending: dict[bytes, bytes], collector: Collector) -> _Member:
    name, prefix = block[:100].split(b"\0", 1)[0], block[345:500].split(b"\0", 1)[0]
    if prefix:
        if block[257:263] != b"ustar\0":
            raise refusal("ambiguous-archive", "a header of the tar archive has a prefix that its form does not know")
        name = prefix + b"/" + name
    name = pending.get(b"path", name)
    if pending.get(b"size", b"%d" % size) != b"%d" % size:
        raise refusal("ambiguous-archive", f"member {shown(name)} has two sizes")
    if kind == b"\0" and name.endswith(b"/"):
        kind = b"5"
    known = _KINDS.get(kind, "other")
    if known == "other":
        what = _OTHERS.get(kind, f"of the unknown type {kind!r}")
        collector.problem("unsafe-member", f"member {shown(name)} is {what}")
    if size and kind not in b"0\0":
        raise refusal("ambiguous-archive", f"member {shown(name)} is no file and holds data")
    if known == "file" and name.endswith(b"/"):
        collector.problem("unsafe-member", f"member {shown(name)} is a file with the name of a directory")
    target = pending.get(b"linkpath", block[157:257].split(b"\0", 1)[0]) if known == "link" else b""
    return _Member(name=name, kind=known, size=size, target=target, from_top=kind == b"1")
