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

    @property
    def place(self) -> str:
        """Where it lies below the folder of its release: its file name, in the folder of its target if it has one."""
        return f"{self.record.target}/{self.record.filename}" if self.record.target else self.record.filename


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """All distributions of one project in one source, sorted by file name and target."""

    key: ProjectKey
    source: str
    entries: tuple[Entry, ...]
