"""What went wrong, or well, as a response: one line of text, in the status line and in the body.

twine shows the reason phrase, uv the body, so both carry the same words. The words are printable ASCII,
the part of latin-1 on which every client agrees, and cannot break out of their line.
"""

from __future__ import annotations

import errno
import json
import logging
import secrets
from http import HTTPStatus
from typing import Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response

from repogen.errors import Busy, DiskFull, RepogenError, StoreError
from repogen.model.names import one_line

#: Proxies take a whole response head of 4 KiB at the least: the reason phrase must leave room.
MAX_REASON = 1000
MAX_TEXT = 16_000

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_log = logging.getLogger(__name__)


def line(text: str, *, limit: int = MAX_TEXT) -> str:
    r"""``text`` as one line of printable ASCII, at most ``limit`` long: controls as ``?``, the rest as ``\u2603``."""
    safe = one_line(text, limit=limit).encode("ascii", "backslashreplace").decode()
    return safe if len(safe) <= limit else safe[: limit - 3] + "..."


def say(status: int, text: str) -> Response:
    """A ``text/plain`` answer that says ``text`` twice; never cached."""
    reason = line(text, limit=MAX_REASON) or HTTPStatus(status).phrase
    response = Response(line(text), status=f"{status} {reason}", content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def say_json(status: int, document: Any) -> Response:
    """A JSON answer for a program; never cached."""
    response = Response(json.dumps(document), status=status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def refusal(error: Exception) -> Response:
    """The answer to a request that raised ``error``. What nobody foresaw goes to the log, under an id."""
    if isinstance(error, HTTPException):
        return _http_refusal(error)
    if isinstance(error, OSError):
        error = storage_error(error)
    if not isinstance(error, RepogenError):
        number = secrets.token_hex(4)
        _log.error("internal error %s", number, exc_info=error)
        return say(500, f"internal error {number}; the log of the server has the details under this number")
    if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("%s: %s", error.code, line(str(error)))
    response = say(error.http_status, str(error))
    if error.http_status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Basic realm="repogen", charset="UTF-8"'
    if error.http_status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(Busy.retry_after)
    return response


def _http_refusal(error: HTTPException) -> Response:
    if not isinstance(error, MethodNotAllowed):
        return say(error.code or 500, error.name.lower())
    allowed = ", ".join(sorted(error.valid_methods or ()))
    # Who sends a file to a wrong place, as to the folder that it will be in, is told the right one.
    addresses = "Python's files are POSTed to /upload/pypi/SOURCE, R's are PUT to /upload/r/SOURCE/"
    response = say(405, f"this method is not allowed here; allowed: {allowed}; {addresses}")
    response.headers["Allow"] = allowed
    return response


def storage_error(error: OSError) -> RepogenError:
    """What the sender is told of a failure of the server's disk, which goes to the log."""
    # The text leaves out the path: the sender is not to learn how the server's disk is laid out.
    _log.error("storage error", exc_info=error)
    reason = error.strerror or type(error).__name__
    if error.errno in _NO_ROOM:
        return DiskFull(f"no room left on the server's disk ({reason})")
    return StoreError(f"the server cannot read or write its storage now ({reason})", hint="try again later")
