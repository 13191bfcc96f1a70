"""Distributions of R as a store holds them, the lists that are made of them, and a second reader of R's format."""

from __future__ import annotations

import gzip
import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from repogen.ecosystems.r import contrib
from repogen.model.catalog import Entry, Project
from repogen.model.names import BlobId, ProjectKey
from repogen.model.pages import Page
from repogen.model.record import Record, Submitter
from tests.r_packages import description_bytes

UPLOADED = "2026-01-02T03:04:05.250000Z"


@dataclass(frozen=True)
class Distribution:
    """An entry with the DESCRIPTION that the store has for it."""

    entry: Entry
    metadata: bytes

    @property
    def record(self) -> Record:
        return self.entry.record


def distribution(
    name: str = "example",
    version: str = "1.0",
    *,
    target: str = "",
    size: int = 1000,
    uploaded: str = UPLOADED,
    archived: bool = False,
    needs_compilation: str = "no",
    **fields: str,
) -> Distribution:
    """A source package, or with a ``target`` a binary; ``fields`` are more of its DESCRIPTION."""
    described = description_bytes({"Package": name, "Version": version, **fields})
    filename = f"{name}_{version}.tar.gz"
    record = Record(
        filename=filename,
        name=name,
        version=version,
        kind="binary" if target else "source",
        size=size,
        digests={"sha256": "0" * 64, "md5": hashlib.md5((filename + target).encode()).hexdigest()},
        uploaded=uploaded,
        by=Submitter(subject="ada"),
        target=target,
        archived=archived,
        facts={"needs_compilation": needs_compilation},
    )
    return of_record(record, described)


def of_record(record: Record, metadata: bytes) -> Distribution:
    """What the store would hold."""
    blob = BlobId(hashlib.sha1(metadata).hexdigest())
    return Distribution(Entry(record=record, metadata=blob, signature=None), metadata)


def archived(*distributions: Distribution) -> list[Distribution]:
    """The same ones after their project was archived."""
    return [
        replace(each, entry=replace(each.entry, record=replace(each.record, archived=True))) for each in distributions
    ]


def listings(distributions: Iterable[Distribution]) -> dict[ProjectKey, str]:
    """What the lists say of each project, sorted by key."""
    ordered = sorted(distributions, key=lambda each: (each.record.name, each.record.filename, each.record.target))
    found = {}
    for name, group in groupby(ordered, key=lambda each: each.record.name):
        members = list(group)
        texts = {each.entry.place: each.metadata for each in members}
        project = Project(key=ProjectKey(name), source="local-r", entries=tuple(each.entry for each in members))
        found[project.key] = contrib.listing(project, lambda entry, texts=texts: texts[entry.place])  # type: ignore[misc]
    return found


def pages(distributions: Iterable[Distribution]) -> dict[str, bytes]:
    """The lists by path, in the order in which they are published."""
    made: Sequence[Page] = contrib.lists(listings(distributions))
    return {page.path: page.body for page in made}


def write_site(folder: Path, distributions: Iterable[Distribution]) -> Path:
    """Write the lists into a folder, which is the repository."""
    for path, body in pages(distributions).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)
    return folder


@dataclass(frozen=True)
class Vector:
    """A value of R: a list of elements, with attributes."""

    values: list[Any]
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def rows(self) -> list[dict[str, str]]:
        """Of a character matrix: its rows, without what is NA."""
        names = [value[0] for value in self.attributes["dimnames"].values[1].values]
        count, width = self.attributes["dim"].values
        assert width == len(names)
        assert len(self.values) == count * width
        return [
            {name: value[0] for name, value in zip(names, self.values[row::count], strict=True) if value is not None}
            for row in range(count)
        ]


def read_rds(data: bytes) -> Vector:
    """What a gzip-compressed file of version 2 holds. A string comes with the flags of its encoding; None is NA."""
    plain = gzip.decompress(data)
    assert plain[:6] == b"X\n\x00\x00\x00\x02"
    value, end = _item(plain, 14)
    assert isinstance(value, Vector)
    assert end == len(plain)
    return value


def _item(data: bytes, at: int) -> tuple[Any, int]:
    flags, length = struct.unpack_from(">ii", data, at)
    kind, at = flags & 0xFF, at + 8
    if kind == 9:
        text = data[at : at + max(length, 0)].decode()
        return (None if length == -1 else (text, flags >> 12)), at + max(length, 0)
    if kind in (16, 19):
        values = []
        for _ in range(length):
            value, at = _item(data, at)
            values.append(value)
    else:
        code = {10: "i", 13: "i", 14: "d"}[kind]
        values = list(struct.unpack_from(f">{length}{code}", data, at))
        at += struct.calcsize(f">{length}{code}")
    attributes: dict[str, Any] = {}
    if flags & 0x200:
        while (word := struct.unpack_from(">i", data, at)[0]) != 254:
            assert (word, struct.unpack_from(">i", data, at + 4)[0]) == (0x402, 1)
            (name, _), at = _item(data, at + 8)
            attributes[name], at = _item(data, at)
        at += 4
    assert bool(flags & 0x100) == ("class" in attributes)
    return Vector(values, attributes), at
