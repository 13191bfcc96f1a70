"""What must not be used again: minted tokens that were burnt, and identity tokens for which one was minted.

A SQLite file beside the signing keys, so that a restart forgets nothing; what has expired by itself is dropped.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from repogen.errors import DiskFull, RepogenError, StoreError

_TABLE = "CREATE TABLE IF NOT EXISTS burnt (id TEXT PRIMARY KEY, expires REAL NOT NULL) WITHOUT ROWID"
#: How long another process that writes is waited for, in seconds.
_WAIT = 5.0


class Burnt:
    """The ids that are used up. It may be asked from any thread and process."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, identifier: str, *, expires: float, now: datetime) -> bool:
        """Remember an id until ``expires`` (seconds since 1970), durably. False where it was there already.

        Raises StoreError, DiskFull.
        """
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_TABLE)
            connection.execute("DELETE FROM burnt WHERE expires < ?", (now.timestamp(),))
            added = connection.execute("INSERT OR IGNORE INTO burnt VALUES (?, ?)", (identifier, expires)).rowcount
            connection.execute("COMMIT")
        return added == 1

    def has(self, identifier: str) -> bool:
        """Was it remembered, and has not expired since? Raises StoreError."""
        if not self._path.exists():
            return False
        with self._opened() as connection:
            connection.execute(_TABLE)
            found = connection.execute("SELECT 1 FROM burnt WHERE id = ?", (identifier,)).fetchone()
        return found is not None

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            if not self._path.exists():
                os.close(os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
            with closing(sqlite3.connect(self._path, timeout=_WAIT, isolation_level=None)) as connection:
                # An answer that says burnt must hold through a power cut, the name of a new file too.
                connection.execute("PRAGMA synchronous = EXTRA")
                yield connection
        except (sqlite3.Error, OSError) as error:
            full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
            kind: type[RepogenError] = DiskFull if full else StoreError
            raise kind(f"the tokens that were burnt cannot be kept or looked up: {error}") from None
