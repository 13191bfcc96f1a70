"""A project as the store holds it at one commit."""

from __future__ import annotations

from dataclasses import dataclass

from repogen.model.names import BlobId, ProjectKey
from repogen.model.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One distribution: its record, and where its texts lie in the store (None: there is none)."""

    record: Record
    metadata: BlobId | None
    signature: BlobId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """All distributions of one project in one source, sorted by file name."""

    key: ProjectKey
    source: str
    entries: tuple[Entry, ...]
