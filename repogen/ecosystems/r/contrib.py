"""The lists of an R repository: ``PACKAGES`` in three forms in each contrib directory, and ``Meta/archive.rds``.

A listing says for each list, by its folder, what stands there of one project; folders and rows alternate, with the
ASCII file separator between them. Lists of 20,000 projects are made on every upload, so they come to no more than
cutting and joining such texts: as JSON these alone would take longer to read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from posixpath import normpath

from repogen.ecosystems.r import rds, rows, targets
from repogen.ecosystems.r.versions import version_key
from repogen.model.catalog import Entry, Project
from repogen.model.names import ProjectKey
from repogen.model.pages import Page
from repogen.model.record import Record

SOURCES = "latest/src/contrib"
META = f"{SOURCES}/Meta"
ARCHIVE = f"{META}/archive.rds"
_LINUX = "latest/bin/linux/"
_BETWEEN = "\x1c"
#: A version as R compares it: equal for two spellings of one.
Version = tuple[int, ...]
# Four times as fast as gzip's own choice, and a fifth larger: these lists are written on every upload.
_LEVEL = 2
_MODE = 0o444
_MOMENT = {"class": rds.characters(("POSIXct", "POSIXt"))}


def listing(project: Project, metadata: Callable[[Entry], bytes]) -> str:
    """What the lists say of a project; ``metadata`` reads the DESCRIPTION of a distribution.

    ``src/contrib`` has each source package that is not archived, newest first: R takes the newest that suits it, others
    the first one. A folder of Linux binaries is a repository by itself and has each version, as a binary where there
    is one; other folders of binaries have the newest one. What is superseded or archived, ``Meta`` has, oldest first.
    """
    newest_first = sorted(project.entries, key=lambda entry: version_key(entry.record.version), reverse=True)
    sources = [entry for entry in newest_first if entry.record.kind == "source"]
    current = [entry for entry in sources if not entry.record.archived]
    listed: dict[Version, str] = {}
    for entry in current:
        place = f"Archive/{entry.record.name}" if listed else rows.HERE
        listed[version_key(entry.record.version)] = rows.row(entry.record, metadata(entry), place=place)
    folders = {SOURCES: "".join(listed.values())}
    if past := [entry for entry in reversed(sources) if entry not in current[:1]]:
        folders[META] = "".join(_archived(entry.record) for entry in past)
    for contrib, binaries in _by_contrib(newest_first).items():
        built = {
            version_key(entry.record.version): rows.row(entry.record, metadata(entry))
            for entry in binaries
            if not entry.record.archived
        }
        folders[contrib] = _merged(built, listed) if contrib.startswith(_LINUX) else next(iter(built.values()), "")
    return _BETWEEN.join(text for pair in folders.items() for text in pair)


def lists(listings: Mapping[ProjectKey, str]) -> Sequence[Page]:
    """The lists; the forms of each stand side by side.

    What is archived is told before the rows of ``src/contrib`` stop naming it.
    """
    projects = [_folders(text) for text in listings.values()]
    pages: list[Page] = []
    if past := {key: folders[META] for key, folders in zip(listings, projects, strict=True) if META in folders}:
        pages.append(_archive(past))
    pages += _packages(SOURCES, "".join([folders.get(SOURCES, "") for folders in projects]))
    for contrib in sorted({folder for folders in projects for folder in folders} - {SOURCES, META}):
        otherwise = SOURCES if contrib.startswith(_LINUX) else ""
        pages += _packages(contrib, "".join([folders.get(contrib, folders.get(otherwise, "")) for folders in projects]))
    return pages


def list_paths(listings: Iterable[str]) -> frozenset[str]:
    """The paths of the pages that :func:`lists` makes: of ``src/contrib`` always, of others once they have a file."""
    folders = {SOURCES}.union(folder for text in listings for folder in text.split(_BETWEEN)[::2])
    archive = {ARCHIVE} if META in folders else set()
    return frozenset(archive | {path for folder in folders - {META} for path in _forms(folder)})


def _by_contrib(entries: Sequence[Entry]) -> Mapping[str, Sequence[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.record.kind == "binary":
            found.setdefault(targets.contrib(entry.record.target), []).append(entry)
    return found


def _merged(built: Mapping[Version, str], listed: Mapping[Version, str]) -> str:
    either = {**listed, **built}
    return "".join(either[version] for version in sorted(either, reverse=True))


def _archived(record: Record) -> str:
    cells = (f"{record.name}/{record.filename}", record.size, datetime.fromisoformat(record.uploaded).timestamp())
    return "".join(f"{cell}{rows.END}" for cell in cells)


def _folders(text: str) -> dict[str, str]:
    parts = text.split(_BETWEEN)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _forms(contrib: str) -> tuple[str, str, str]:
    return f"{contrib}/PACKAGES", f"{contrib}/PACKAGES.gz", f"{contrib}/PACKAGES.rds"


def _packages(contrib: str, joined: str) -> Iterable[Page]:
    table = rows.table(joined)
    ways = {place: _way(contrib, place) for place in set(table.places)}
    paths = [ways[place] for place in table.places]
    fields = rows.COLUMNS if contrib == SOURCES else rows.FIELDS
    columns = {name: [cell or None for cell in table.fields[name]] for name in fields}
    if any(paths):
        columns["Path"] = paths
    records = [f"{dcf}Path: {path}\n" if path else dcf for dcf, path in zip(table.records, paths, strict=True)]
    plain = "\n".join(records).encode()
    matrix = rds.document(rds.character_matrix(columns, named_by="Package"))
    bodies = (plain, _gzip(plain), _gzip(matrix))
    return (Page(path=path, body=body) for path, body in zip(_forms(contrib), bodies, strict=True))


def _way(contrib: str, place: str) -> str | None:
    """How R gets from the list to the folder of a file: no way for one that stands beside the list."""
    if not place or (contrib == SOURCES and place == rows.HERE):
        return None
    if contrib == SOURCES:
        return place
    # Within the snapshot, whatever it is called.
    snapshot, _, sources = SOURCES.partition("/")
    return normpath(f"{'../' * contrib.removeprefix(snapshot).count('/')}{sources}/{place}")


def _archive(past: Mapping[ProjectKey, str]) -> Page:
    """A named list with a data frame for each project, as R's ``file.info`` describes files."""
    frames = rds.generic_list([_files(text) for text in past.values()], {"names": rds.characters(list(past))})
    return Page(path=ARCHIVE, body=_gzip(rds.document(frames)))


def _files(text: str) -> bytes:
    cells = text.split(rows.END)
    names, sizes, times = cells[0:-1:3], cells[1:-1:3], cells[2:-1:3]
    before, behind = _constant(len(names))
    moment = rds.doubles([float(time) for time in times], _MOMENT)
    changing = {"mtime": moment, "ctime": moment, "atime": moment}
    return rds.data_frame({"size": rds.doubles([float(size) for size in sizes]), **before, **changing, **behind}, names)


@lru_cache(maxsize=64)
def _constant(count: int) -> tuple[Mapping[str, bytes], Mapping[str, bytes]]:
    """The columns that say the same of every file, before and behind its times. Who owns it is not told."""
    unknown = rds.integers([None] * count)
    nobody = rds.characters([None] * count)
    mode = rds.integers([_MODE] * count, {"class": rds.characters(("octmode",))})
    return (
        {"isdir": rds.logicals([False] * count), "mode": mode},
        {"uid": unknown, "gid": unknown, "uname": nobody, "grname": nobody},
    )


def _gzip(data: bytes) -> bytes:
    """RFC 1952, with no time, name or system in it: the same bytes everywhere."""
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    return (
        header
        + zlib.compress(data, _LEVEL, wbits=-zlib.MAX_WBITS)
        + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
    )
