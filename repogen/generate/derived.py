"""Derived data that is dear to make again: rendered READMEs, list entries. Deleting it changes only the time."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

#: So many keys stand in one question; SQLite takes 999 everywhere.
_AT_ONCE = 500

_log = logging.getLogger(__name__)


class Derived:
    """A table of texts below ``folder``, keyed by kind and by the id of all that the text was made from.

    Safe to share between threads and processes. A table that cannot be used is as good as an empty one.
    """

    def __init__(self, folder: Path) -> None:
        self._place = folder / "derived.sqlite"
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._open()
        except (OSError, sqlite3.Error) as error:
            _log.warning("derived data is not kept: %s", error)

    def get(self, kind: str, key: str) -> str | None:
        """The text, or None where it has to be made."""
        if self._connection is None:
            return None
        with self._lock:
            try:
                row = self._connection.execute("SELECT text FROM derived WHERE kind = ? AND key = ?", (kind, key))
                found = row.fetchone()
            except sqlite3.Error as error:
                _log.warning("derived data cannot be read: %s", error)
                return None
        return str(found[0]) if found else None

    def get_many(self, kind: str, keys: Sequence[str]) -> dict[str, str]:
        """The texts of one kind that are there, by key."""
        found: dict[str, str] = {}
        if self._connection is None:
            return found
        with self._lock:
            try:
                for start in range(0, len(keys), _AT_ONCE):
                    some = keys[start : start + _AT_ONCE]
                    marks = ",".join("?" * len(some))
                    query = f"SELECT key, text FROM derived WHERE kind = ? AND key IN ({marks})"  # noqa: S608
                    found.update(self._connection.execute(query, (kind, *some)))
            except sqlite3.Error as error:
                _log.warning("derived data cannot be read: %s", error)
        return found

    def put(self, kind: str, key: str, text: str) -> None:
        """Keep a text."""
        if self._connection is None:
            return
        with self._lock:
            try:
                self._connection.execute("INSERT OR REPLACE INTO derived VALUES (?, ?, ?)", (kind, key, text))
            except sqlite3.Error as error:
                _log.warning("derived data cannot be kept: %s", error)

    def keep_only(self, prefix: str, *, kinds: Sequence[str]) -> None:
        """Of these kinds, forget every text whose key does not begin with ``prefix``: an older generator made it."""
        if self._connection is None:
            return
        with self._lock:
            try:
                for kind in kinds:
                    self._connection.execute(
                        "DELETE FROM derived WHERE kind = ? AND substr(key, 1, ?) != ?", (kind, len(prefix), prefix)
                    )
            except sqlite3.Error as error:
                _log.warning("derived data cannot be dropped: %s", error)

    def save(self) -> None:
        """Write what was put."""
        if self._connection is not None:
            with self._lock:
                try:
                    self._connection.commit()
                except sqlite3.Error as error:
                    _log.warning("derived data cannot be kept: %s", error)

    def close(self) -> None:
        """Save and let go of the file."""
        self.save()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> None:
        connection = sqlite3.connect(self._place, timeout=5, check_same_thread=False)
        try:
            # Losing the newest rows in a power cut costs only time.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            columns = "kind TEXT, key TEXT, text TEXT, PRIMARY KEY (kind, key)"
            connection.execute(f"CREATE TABLE IF NOT EXISTS derived ({columns}) WITHOUT ROWID")
            connection.commit()
        except sqlite3.DatabaseError:
            connection.close()
            raise
        self._connection = connection
