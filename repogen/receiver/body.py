"""The bytes of a request body, piece by piece and never more than allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from repogen.errors import InvalidUpload, Problem, TooLarge

#: How much is asked of the socket, hashed and written at a time.
PIECE = 256 << 10

_LENGTH = re.compile(r"[0-9]{1,18}")


def open_body(environ: dict[str, Any], *, limit: int) -> Iterator[bytes]:
    """Non-empty pieces of the body of a WSGI request.

    Raises TooLarge at once where the request announces more than ``limit`` bytes, and later where more
    arrive; InvalidUpload where the body has no stated end or is compressed, and later where it ends early.
    """
    length = _announced(environ)
    if length is not None and length > limit:
        raise TooLarge(f"the upload has {length} bytes, {limit} are allowed")
    encoding = environ.get("HTTP_CONTENT_ENCODING", "")
    if encoding.lower() not in ("", "identity"):
        raise _invalid("content-encoding", f"the content encoding {encoding!r} is not taken; send the body as it is")
    if length is None and not environ.get("wsgi.input_terminated"):
        raise _invalid("body-length", "the request states no length of its body")
    return _pieces(environ["wsgi.input"], length, limit)


def _announced(environ: dict[str, Any]) -> int | None:
    text = environ.get("CONTENT_LENGTH", "")
    if not text:
        return None
    if not _LENGTH.fullmatch(text):
        raise _invalid("body-length", f"the content length {text!r} is not a number")
    return int(text)


def _pieces(source: Any, length: int | None, limit: int) -> Iterator[bytes]:
    read = 0
    while length is None or read < length:
        try:
            piece = source.read(PIECE if length is None else min(PIECE, length - read))
        except OSError as error:
            reason = "nothing more came" if isinstance(error, TimeoutError) else "the connection broke"
            raise _invalid("body-incomplete", f"the upload ended early after {read} bytes: {reason}") from error
        if not piece:
            break
        read += len(piece)
        if read > limit:
            raise TooLarge(f"the upload is larger than the {limit} bytes that are allowed")
        yield piece
    if length is not None and read < length:
        raise _invalid("body-incomplete", f"the upload ended early: {read} of {length} bytes came")


def _invalid(code: str, text: str) -> InvalidUpload:
    return InvalidUpload([Problem(code, text)])
