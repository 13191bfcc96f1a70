"""Digests by the names that upload forms and indexes use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Protocol


class _Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...


#: Algorithm name -> length of its hex form. ``blake2_256`` is blake2b with a 32 byte digest (as PyPI's forms).
HEX_LENGTHS: Mapping[str, int] = {"md5": 32, "sha256": 64, "blake2_256": 64}


def new_hash(algorithm: str) -> _Hash:
    """A fresh hash object for one of :data:`HEX_LENGTHS`."""
    if algorithm == "blake2_256":
        return hashlib.blake2b(digest_size=32)
    return hashlib.new(algorithm, usedforsecurity=False)


class Digester:
    """Several digests over one stream, in one pass."""

    def __init__(self, algorithms: Iterable[str]) -> None:
        self._hashes = {algorithm: new_hash(algorithm) for algorithm in algorithms}
        self.size = 0

    def update(self, data: bytes | memoryview) -> None:
        self.size += len(data)
        for hash_ in self._hashes.values():
            hash_.update(data)

    def digests(self) -> dict[str, str]:
        """Algorithm -> lower-case hex digits."""
        return {algorithm: hash_.hexdigest() for algorithm, hash_ in self._hashes.items()}
