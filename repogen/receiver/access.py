"""The access log: one line for every request, written when the last byte of its answer is out.

``client "METHOD path" status bytes milliseconds subject token-id``. Query strings are left out, and no
header is ever written: neither can carry a secret into the log. Nor can a token that somebody put into the path.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from werkzeug.wrappers import Request

from repogen.auth.grants import Claims
from repogen.receiver.answers import line

_MAX_PATH = 300
#: Every JWT begins with the same letters: a brace and a quote in base64url.
_TOKEN = re.compile(r"eyJ[\w.-]{20,}")
_log = logging.getLogger("repogen.access")


class Visit(Request):
    """One request, and what becomes known of its sender."""

    claims: Claims | None = None

    @property
    def target(self) -> str:
        """The path as it was sent, decoded once; ``path`` would fold leading slashes."""
        return (self.environ.get("PATH_INFO") or "/").encode("latin-1", "replace").decode("utf-8", "replace")


class Logged:
    """The body of an answer on its way out; closing it writes the line."""

    def __init__(self, chunks: Iterable[bytes], *, visit: Visit, status: int, started: float) -> None:
        self._chunks = chunks
        self._visit = visit
        self._status = status
        self._started = started
        self._sent = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._sent += len(chunk)
            yield chunk

    def close(self) -> None:
        """Free what the answer came from, and write the line."""
        try:
            if hasattr(self._chunks, "close"):
                self._chunks.close()
        finally:
            self._write()

    def _write(self) -> None:
        visit, claims = self._visit, self._visit.claims
        _log.info(
            '%s "%s %s" %d %d %dms %s %s',
            visit.remote_addr or "-",
            quote(visit.method)[:20],
            quote(_TOKEN.sub("(a token)", visit.target), safe="/:+!~@,=()")[:_MAX_PATH],
            self._status,
            self._sent,
            round((time.perf_counter() - self._started) * 1000),
            line(claims.subject, limit=100) if claims else "-",
            line(claims.jti, limit=100) if claims else "-",
        )
