"""Reading zip archives (APPNOTE.TXT 6.3.10, the parts that wheels use).

The central directory is believed only where a reader that goes from local header to local header would see
the same: the members follow each other without gap or overlap from the first byte to the directory, both
headers of each agree, and the directory is followed by the end records and nothing else.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from repogen.archives.contents import LIMITS, Collector, Contents, Kind, Limits, refusal, shown
from repogen.archives.tars import looks_like_tar

_CENTRAL = struct.Struct("<4s4BHHHHLLLHHHHHLL")
_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_END = struct.Struct("<4sHHHHLLH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQHHLLQQQQ")
_CENTRAL_MARK, _LOCAL_MARK, _DESCRIPTOR_MARK = b"PK\x01\x02", b"PK\x03\x04", b"PK\x07\x08"
_END_MARK, _END64_MARK, _LOCATOR_MARK = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"

_SENTINEL = 0xFFFFFFFF
_ENCRYPTED, _DESCRIPTOR, _UTF8 = 0x2041, 0x0008, 0x0800
_STORED, _DEFLATED = 0, 8
_UNIX = 3
_ZIP64_EXTRA, _NAME_EXTRA = 0x0001, 0x7075
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class _Directory:
    entries: int
    offset: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    offset: int
    mode: int


def read_zip(path: Path, wanted: Callable[[str], bool], limits: Limits = LIMITS) -> Contents:
    """Name the members of a zip archive and read the texts whose path is ``wanted``.

    Only these are decompressed (and their CRC checked). Raises InvalidUpload with what is wrong.
    """
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        directory = _find_directory(stream, size)
        if directory.entries > limits.members:
            raise refusal("too-many-members", f"the archive has more than {limits.members} members")
        collector = Collector(limits)
        spans: list[tuple[int, int]] = []
        unpacked = 0
        for entry in _entries(stream, directory, collector):
            data_at, end = _check_local(stream.fileno(), entry, directory.offset)
            spans.append((entry.offset, end))
            unpacked += entry.unpacked
            limits.check_unpacked(unpacked, size)
            kind = _kind(entry, collector)
            member = collector.member(entry.name, kind, encoding="utf-8" if entry.flags & _UTF8 else "cp437")
            if kind == "file" and member and wanted(member) and collector.has_room(member, entry.unpacked):
                collector.text(member, _unpack(stream.fileno(), entry, data_at))
        _check_spans(spans, directory.offset)
        if looks_like_tar(_read_at(stream.fileno(), 512, 0)):
            raise refusal("polyglot", "the archive is a zip and a tar at once")
        return collector.contents()


def begins_as_zip(path: Path) -> bool:
    """Is a file without a telling name to be read as a zip archive?"""
    with path.open("rb") as stream:
        return stream.read(4) == _LOCAL_MARK


def _find_directory(stream: BinaryIO, size: int) -> _Directory:
    file = stream.fileno()
    tail = _read_at(file, min(size, _END.size + 0xFFFF), max(0, size - _END.size - 0xFFFF))
    found = tail.rfind(_END_MARK)
    if found < 0 or found + _END.size > len(tail):
        if _read_at(file, 4, 0) == _LOCAL_MARK:
            raise refusal("archive-truncated", "the zip archive has no end: the file is truncated")
        raise refusal("not-an-archive", "the file is not a zip archive")
    _, disk, start_disk, here, entries, length, offset, comment = _END.unpack_from(tail, found)
    if found + _END.size + comment != len(tail):
        raise refusal("polyglot", "bytes follow the end of the zip archive, or its comment is cut short")
    if b"PK" in tail[found + _END.size :]:
        raise refusal("polyglot", "the comment of the zip archive holds parts of another one")
    end = size - len(tail) + found
    narrow = (disk, start_disk, here, entries, length, offset)
    locator = _read_at(file, _LOCATOR.size, end - _LOCATOR.size) if end >= _LOCATOR.size else b""
    if locator.startswith(_LOCATOR_MARK):
        end -= _LOCATOR.size + _END64.size
        wide = _end64(file, locator, end)
        masks = (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, _SENTINEL, _SENTINEL)
        if any(short not in (full, mask) for short, full, mask in zip(narrow, wide, masks, strict=True)):
            raise refusal("ambiguous-archive", "the two end records of the zip archive disagree")
        narrow = wide
    disk, start_disk, here, entries, length, offset = narrow
    if disk or start_disk or here != entries:
        raise refusal("ambiguous-archive", "the zip archive is a part of a larger one")
    if offset + length != end:
        raise refusal("polyglot", "bytes precede the zip archive, or its directory is not where it says")
    return _Directory(entries=entries, offset=offset, end=end)


def _end64(file: int, locator: bytes, expected: int) -> tuple[int, int, int, int, int, int]:
    _, disk, offset, disks = _LOCATOR.unpack(locator)
    record = _read_at(file, _END64.size, expected) if expected >= 0 else b""
    if disk or disks > 1 or offset != expected or len(record) < _END64.size:
        raise refusal("ambiguous-archive", "the zip64 end record is not where it should be")
    mark, length, _, _, disk, start_disk, here, entries, directory, start = _END64.unpack(record)
    if mark != _END64_MARK or length != _END64.size - 12:
        raise refusal("ambiguous-archive", "the zip64 end record is malformed")
    return disk, start_disk, here, entries, directory, start


def _entries(stream: BinaryIO, directory: _Directory, collector: Collector) -> Iterator[_Entry]:
    stream.seek(directory.offset)
    at = directory.offset
    for _ in range(directory.entries):
        header = stream.read(_CENTRAL.size)
        if len(header) < _CENTRAL.size or not header.startswith(_CENTRAL_MARK):
            raise refusal("ambiguous-archive", "the directory of the zip archive is malformed")
        fields = _CENTRAL.unpack(header)
        system, flags, method, crc, packed, unpacked = fields[2], fields[5], fields[6], *fields[9:12]
        name_length, extra_length, comment_length, disk, _, attributes, offset = fields[12:]
        rest = name_length + extra_length + comment_length
        at += _CENTRAL.size + rest
        if at > directory.end:
            raise refusal("ambiguous-archive", "the directory of the zip archive is longer than it says")
        collector.charge(rest)
        text = stream.read(rest)
        name, extra = text[:name_length], _extra(text[name_length : name_length + extra_length])
        if disk:
            raise refusal("ambiguous-archive", "the zip archive is a part of a larger one")
        unicode_name = extra.get(_NAME_EXTRA)
        if unicode_name is not None and unicode_name[5:] != name:
            raise refusal("ambiguous-archive", f"member {shown(name)} has two names")
        unpacked, packed, offset = _widened((unpacked, packed, offset), extra.get(_ZIP64_EXTRA, b""))
        yield _Entry(
            name=name,
            flags=flags,
            method=method,
            crc=crc,
            packed=packed,
            unpacked=unpacked,
            offset=offset,
            mode=attributes >> 16 if system == _UNIX else 0,
        )
    if at != directory.end:
        raise refusal("ambiguous-archive", "the directory of the zip archive has more entries than it says")


def _extra(data: bytes) -> dict[int, bytes]:
    """Extra fields by id (APPNOTE 4.5)."""
    fields: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        number, length = struct.unpack_from("<HH", data, at) if at + 4 <= len(data) else (0, len(data))
        at += 4 + length
        if at > len(data):
            raise refusal("ambiguous-archive", "an extra field of the zip archive is malformed")
        if number in fields and number in (_ZIP64_EXTRA, _NAME_EXTRA):
            raise refusal("ambiguous-archive", "an extra field of the zip archive is there twice")
        fields[number] = data[at - length : at]
    return fields


def _widened(narrow: tuple[int, ...], wide: bytes) -> tuple[int, ...]:
    """Numbers of a header with those from its zip64 extra field, which holds the overflown ones or the first ones."""
    if len(wide) % 8 == 0:
        numbers = struct.unpack(f"<{len(wide) // 8}Q", wide)
        if len(numbers) == narrow.count(_SENTINEL):
            each = iter(numbers)
            return tuple(next(each) if number == _SENTINEL else number for number in narrow)
        padded = numbers + narrow[len(numbers) :]
        if len(padded) == len(narrow) and all(n in (p, _SENTINEL) for n, p in zip(narrow, padded, strict=True)):
            return padded
    raise refusal("ambiguous-archive", "the zip64 sizes of a member disagree")


def _check_local(file: int, entry: _Entry, limit: int) -> tuple[int, int]:
    """Where the data of an entry begins and where the entry ends. Raises InvalidUpload if the headers disagree."""
    header = _read_at(file, _LOCAL.size, entry.offset)
    if len(header) < _LOCAL.size or not header.startswith(_LOCAL_MARK):
        raise refusal("ambiguous-archive", f"member {shown(entry.name)} is not where the directory says")
    _, _, flags, method, _, _, crc, packed, unpacked, name_length, extra_length = _LOCAL.unpack(header)
    data_at = entry.offset + _LOCAL.size + name_length + extra_length
    end = data_at + entry.packed
    if end > limit:
        raise refusal("ambiguous-archive", f"member {shown(entry.name)} runs over the end of the data")
    text = _read_at(file, name_length + extra_length, entry.offset + _LOCAL.size)
    wide = _extra(text[name_length:]).get(_ZIP64_EXTRA)
    unpacked, packed = _widened((unpacked, packed), wide or b"")
    stated: tuple[int, ...] = (crc, packed, unpacked)
    expected = (entry.crc, entry.packed, entry.unpacked)
    if flags & _DESCRIPTOR:
        end += _descriptor_length(file, entry, end, "<LLL" if wide is None else "<LQQ")
        stated = tuple(full if number == 0 else number for number, full in zip(stated, expected, strict=True))
    same_flags = not (flags ^ entry.flags) & (_ENCRYPTED | _DESCRIPTOR | _UTF8)
    if text[:name_length] != entry.name or method != entry.method or stated != expected or not same_flags:
        raise refusal("ambiguous-archive", f"member {shown(entry.name)}: its header and the directory disagree")
    return data_at, end


def _descriptor_length(file: int, entry: _Entry, at: int, form: str) -> int:
    """The length of the data descriptor behind the data of an entry (APPNOTE 4.3.9)."""
    if entry.method == _STORED and entry.packed:
        raise refusal(
            "ambiguous-archive", f"member {shown(entry.name)} is stored without saying beforehand how long it is"
        )
    try:
        record = struct.pack(form, entry.crc, entry.packed, entry.unpacked)
    except struct.error:
        record = b""
    found = _read_at(file, len(record) + 4, at)
    if record and found == _DESCRIPTOR_MARK + record:
        return len(found)
    if record and found.startswith(record):
        return len(record)
    raise refusal(
        "ambiguous-archive", f"member {shown(entry.name)}: the record behind its data and the directory disagree"
    )


def _check_spans(spans: list[tuple[int, int]], end: int) -> None:
    at = 0
    for start, stop in [*sorted(spans), (end, end)]:
        if start < at:
            raise refusal("ambiguous-archive", "members of the zip archive overlap")
        if start > at:
            raise refusal("polyglot", "the zip archive holds bytes that belong to no member")
        at = stop


def _kind(entry: _Entry, collector: Collector) -> Kind:
    if entry.flags & _ENCRYPTED:
        collector.problem("encrypted", f"member {shown(entry.name)} is encrypted")
    elif entry.method not in (_STORED, _DEFLATED):
        text = f"member {shown(entry.name)} is compressed by method {entry.method}; use deflate"
        collector.problem("unsupported-compression", text)
    elif entry.method == _STORED and entry.packed != entry.unpacked:
        raise refusal("ambiguous-archive", f"member {shown(entry.name)} has two sizes")
    else:
        kind = stat.S_IFMT(entry.mode)
        if entry.name.endswith(b"/"):
            if entry.unpacked:
                collector.problem("unsafe-member", f"member {shown(entry.name)} is a directory that holds data")
            return "directory"
        if kind == stat.S_IFLNK:
            return "link"
        if kind in (0, stat.S_IFREG):
            return "file"
        collector.problem("unsafe-member", f"member {shown(entry.name)} is neither a file nor a directory")
    return "other"


def _unpack(file: int, entry: _Entry, at: int) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    out = bytearray()
    left = entry.packed
    try:
        while left:
            chunk = _read_at(file, min(left, _CHUNK), at)
            at, left = at + len(chunk), left - len(chunk)
            out += chunk if entry.method == _STORED else inflater.decompress(chunk, entry.unpacked + 1 - len(out))
            if len(out) > entry.unpacked or inflater.unconsumed_tail or inflater.unused_data or not chunk:
                break
    except zlib.error:
        out.clear()
    whole = not left and (entry.method == _STORED or (inflater.eof and not inflater.unused_data))
    if not whole or len(out) != entry.unpacked or zlib.crc32(out) != entry.crc:
        raise refusal(
            "archive-damaged", f"member {shown(entry.name)} is damaged: its data is not what the directory says"
        )
    return bytes(out)


def _read_at(file: int, count: int, offset: int) -> bytes:
    return os.pread(file, count, offset)
