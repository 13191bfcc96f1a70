"""``GET /__api__/download``: the remote command line as one file, for machines on which nothing is installed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from werkzeug.wrappers import Response

from repogen.auth.grants import Claims
from repogen.errors import UsageError
from repogen.receiver.access import Visit

_SYSTEMS = ("windows", "darwin", "linux")


@dataclass(frozen=True, slots=True)
class Program:
    """A file to run, and the name to keep it under."""

    filename: str
    data: bytes


def download(program: Callable[[], Program], authenticate: Callable[[Visit], Claims], visit: Visit) -> Response:
    """The file, for any good token; ``?os=`` may name a system, and all get the same."""
    authenticate(visit)
    system = visit.args.get("os")
    if system is not None and system not in _SYSTEMS:
        raise UsageError("os is none of windows, darwin, linux")
    found = program()
    response = Response(found.data, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{found.filename}"'
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
