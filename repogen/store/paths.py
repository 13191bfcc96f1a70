"""Where things lie in the tree of a store of format 1."""

from __future__ import annotations

import re

from repogen.model.names import ProjectKey, Sha256, shard

CONFIG = "repogen.toml"
ATTRIBUTES = ".gitattributes"
SOURCES = "sources"
REMOVED = "removed"
TOKENS = "tokens"
TEMPLATES = "templates"

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*+oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,18})\n"
)

#: What an archive's name may end in; these lie in the pool, the tree holds Git LFS pointers.
ARCHIVE_SUFFIXES = (".whl", ".tar.gz", ".zip", ".tgz")
SIGNATURE = ".asc"
METADATA = ".metadata"
RECORD = ".json"
ATTESTATIONS = ".attestations"

#: Nothing but archives is changed between the tree and a checkout: ``-text`` keeps line ends.
GIT_ATTRIBUTES = (
    "* -text\n" + "".join(f"sources/**/*{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in ARCHIVE_SUFFIXES)
).encode()


def source_path(source: str) -> str:
    """The folder of a source."""
    return f"{SOURCES}/{source}"


def project_path(source: str, key: ProjectKey) -> str:
    """The folder of a project. Sharded by hash, so that names with a common prefix spread evenly."""
    return f"{SOURCES}/{source}/{shard(key)}/{key}"


def source_tombstones_path(source: str) -> str:
    """The folder of the tombstones of a source."""
    return f"{REMOVED}/{source}"


def tombstones_path(source: str, key: ProjectKey) -> str:
    """The folder of a project's tombstones, by version as in the project's own.

    Apart from the project, so that a project is there exactly if it has distributions.
    """
    return f"{REMOVED}/{source}/{shard(key)}/{key}"


def tombstone_path(record: str) -> str:
    """The file of the tombstone that takes the place of the record at that path."""
    return REMOVED + record.removeprefix(SOURCES)


def files_of(tombstone: str) -> tuple[str, ...]:
    """Every file that a distribution can have, given the path of its tombstone; the first is its archive."""
    archive = SOURCES + tombstone.removeprefix(REMOVED).removesuffix(RECORD)
    return archive, *(archive + suffix for suffix in (METADATA, RECORD, SIGNATURE, ATTESTATIONS))


def token_path(jti: str) -> str:
    """The file of an issued token."""
    return f"{TOKENS}/{shard(jti)}/{jti}.json"


def lfs_pointer(sha256: Sha256, size: int) -> bytes:
    """The text that stands for an archive in the tree (Git LFS specification, version 1)."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


def read_pointer(data: bytes) -> tuple[Sha256 | None, int]:
    """The digest and the size that a pointer names; None and 0 for a text that is none."""
    match = _POINTER.match(data)
    return (Sha256(match[1].decode()), int(match[2])) if match else (None, 0)
