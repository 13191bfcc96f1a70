"""How a long list of projects is cut into pieces, so that one upload rewrites one piece.

Both cuts depend on the names alone, never on their number of place in the list: a new project changes the
piece it falls into and no other.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from repogen.model.names import ProjectKey, shard

#: Up to so many projects stand on the repository's own page.
ONE_PAGE = 200
_MEAN = 128
#: The id of the first range; no project can have this name.
FIRST = "_"


@dataclass(frozen=True, slots=True)
class Range:
    """Neighbours in the alphabet that share a browse page. ``id`` is part of the page's URL."""

    id: str
    keys: tuple[ProjectKey, ...]


def ranges(keys: Sequence[ProjectKey]) -> tuple[Range, ...]:
    """The browse pages of a repository, in order; none where one page holds all. ``keys`` come in its order."""
    if len(keys) <= ONE_PAGE:
        return ()
    starts = [0] + [place for place, key in enumerate(keys) if place and _opens(key)]
    ends = [*starts[1:], len(keys)]
    return tuple(
        Range(keys[start] if start else FIRST, tuple(keys[start:end])) for start, end in zip(starts, ends, strict=True)
    )


def shard_count(projects: int) -> int:
    """In how many files the search data of so many projects lies: 1, 16 or 256."""
    return 1 if projects <= 1_000 else 16 if projects <= 16_000 else 256


def shard_of(key: ProjectKey, count: int) -> int:
    """Which of ``count`` files has a project, counted from 0."""
    return int(shard(key), 16) * count // 256


def _opens(key: ProjectKey) -> bool:
    # Multiplied, as neighbours in the alphabet have neighbouring check sums.
    return (zlib.crc32(key.encode()) * 0x9E3779B1 >> 16) % _MEAN == 0
