"""Connections and request bodies as cheroot should have them where no proxy stands in front.

cheroot leaves to a proxy: repeated and malformed headers that frame a message, chunks of any size, the
moment of ``100 Continue``, an answer that overtakes its request, and what goes on after a stop.
"""

from __future__ import annotations

import logging
import re
import socket
import time
from contextlib import suppress
from typing import Any

import cheroot.server

from repogen.errors import Busy

_TOKEN = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\r\n]*)?\r\n")
#: Headers of which two readers may believe different copies.
_SINGLE = {b"Authorization", b"Content-Length", b"Content-Type", b"Host", b"Transfer-Encoding", b"Expect"}
_MAX_CHUNK_LINE = 4096
_MAX_TRAILER_LINES = 100

#: How long a late sender is listened to after its answer, in seconds, and how long in silence.
LINGER = 30
LINGER_STOPPING = 2
LINGER_SILENCE = 5

_log = logging.getLogger(__name__)


class Headers(cheroot.server.HeaderReader):
    """Header fields, read strictly (RFC 9112, sections 5 and 6): a message has one reading or is refused."""

    def __init__(self) -> None:
        self.expects_continue = False

    def __call__(self, rfile: Any, hdict: dict[bytes, bytes] | None = None) -> dict[bytes, bytes]:
        """The fields into ``hdict``, by title-cased name. Raises ValueError, which becomes a 400."""
        fields: dict[bytes, bytes] = {} if hdict is None else hdict
        while (text := rfile.readline()) != b"\r\n":
            name, colon, value = text[:-2].partition(b":")
            value = value.strip(b" \t")
            if not text.endswith(b"\r\n") or not colon or not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
                raise ValueError("Illegal header line.")
            if b"_" in name:
                continue  # WSGI would not tell it from the name with a hyphen.
            key = name.title()
            if key in fields and key in _SINGLE:
                raise ValueError(f"Repeated header {key.decode()}.")
            fields[key] = b", ".join((fields[key], value)) if key in fields else value
        self._check_framing(fields)
        # Taken out, so that cheroot does not send the 100 before the application wants the body.
        self.expects_continue = fields.pop(b"Expect", b"").lower() == b"100-continue"
        return fields

    def _check_framing(self, fields: dict[bytes, bytes]) -> None:
        length, encoding = fields.get(b"Content-Length"), fields.get(b"Transfer-Encoding")
        if length is not None and encoding is not None:
            raise ValueError("Both Content-Length and Transfer-Encoding.")
        if length is not None and not _LENGTH.fullmatch(length):
            raise ValueError("Malformed Content-Length.")
        if encoding is not None and encoding.lower() != b"chunked":
            raise ValueError("Unknown Transfer-Encoding.")


class BrokenBody(ConnectionError):
    """The body of a request ended early or is not framed as announced."""


class Body:
    """``wsgi.input`` of a body with a stated length. A read of less than was asked for means: it is cut."""

    def __init__(self, request: Request, length: int) -> None:
        self._request = request
        self._source = request.conn.rfile
        self._left = length

    @property
    def complete(self) -> bool:
        """Whether all of it was read."""
        return not self._left

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, fewer only at the end. Raises Busy once a stop waits no longer."""
        want = self._left if size < 0 else min(size, self._left)
        if not want:
            return b""
        data = self._take(want)
        self._left -= len(data)
        return data

    def _take(self, want: int) -> bytes:
        self._request.wants_body()
        data = bytearray(want)
        view, got = memoryview(data), 0
        if self._source.has_data():
            early = self._source.read1(want)
            view[: len(early)], got = early, len(early)
        # Past cheroot's buffer, which is pure Python and takes five times as long.
        while got < want and (more := self._request.conn.socket.recv_into(view[got:])):
            got += more
        if self._request.server.gave_up():
            raise Busy("the server is stopping", hint="send it again")
        return bytes(view[:got])


class ChunkedBody(Body):
    """``wsgi.input`` of a chunked body (RFC 9112, section 7.1)."""

    def __init__(self, request: Request) -> None:
        super().__init__(request, 0)
        self._ended = False

    @property
    def complete(self) -> bool:
        """Whether it was read through its last chunk."""
        return self._ended

    def read(self, size: int = -1) -> bytes:
        """As :meth:`Body.read`. Raises BrokenBody where the body is cut."""
        pieces: list[bytes] = []
        got = 0
        while (size < 0 or got < size) and not self._ended:
            if not self._left:
                self._next_chunk()
                continue
            piece = self._take(self._left if size < 0 else min(size - got, self._left))
            if not piece:
                raise BrokenBody("the chunked body ended early")
            pieces.append(piece)
            got += len(piece)
            self._left -= len(piece)
            if not self._left and self._line() != b"\r\n":
                raise BrokenBody("a chunk is longer than it says")
        return b"".join(pieces)

    def _next_chunk(self) -> None:
        self._request.wants_body()
        found = _CHUNK.fullmatch(self._line())
        if not found:
            raise BrokenBody("a chunk has no size")
        self._left = int(found[1], 16)
        if not self._left:
            self._skip_trailers()

    def _skip_trailers(self) -> None:
        for _ in range(_MAX_TRAILER_LINES):
            if self._line() == b"\r\n":
                self._ended = True
                return
        raise BrokenBody("the chunked body has no end")

    def _line(self) -> bytes:
        line: bytes = self._source.readline(_MAX_CHUNK_LINE)
        return line


class Request(cheroot.server.HTTPRequest):
    """One request, with a body that is read when the application wants it."""

    def __init__(self, server: Any, conn: Connection) -> None:
        super().__init__(server, conn)
        self.header_reader = self._headers = Headers()

    def read_request_headers(self) -> bool:
        """As cheroot's, and no chunks before the version of HTTP that has them."""
        good = bool(super().read_request_headers())  # type: ignore[no-untyped-call]
        if good and b"Transfer-Encoding" in self.inheaders and not self.chunked_read:
            self.simple_response("400 Bad Request", "Transfer-Encoding before HTTP/1.1.")
            return False
        return good

    def respond(self) -> None:
        """Let the application answer."""
        length = int(self.inheaders.get(b"Content-Length", 0))
        self.rfile = ChunkedBody(self) if self.chunked_read else Body(self, length)
        self.conn.receives = not self.rfile.complete
        self.server.gateway(self).respond()
        self.ensure_headers_sent()
        if self.chunked_write:
            self.conn.wfile.write(b"0\r\n\r\n")

    def wants_body(self) -> None:
        """The application reads: a client that waits to be asked for its body is asked, once."""
        if self._headers.expects_continue:
            self._headers.expects_continue = False
            self.conn.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def send_headers(self) -> None:
        """As cheroot's, but an answer never waits for the rest of its request: the connection ends with it."""
        if not self.rfile.complete:
            self.close_connection = True
            self.conn.answered_early = True
        super().send_headers()

    def simple_response(self, status: Any, msg: str = "") -> None:
        """Answer in place of the application; nothing that follows on the connection can be trusted."""
        _log.info("%s: %s %s", self.conn.remote_addr, status, msg)
        self.conn.answered_early = True
        super().simple_response(status, msg)


class Connection(cheroot.server.HTTPConnection):
    """One connection, which sees to it that its last answer arrives."""

    RequestHandlerClass = Request
    answered_early = False
    receives = False

    def close(self) -> None:
        """Never raises: a worker of cheroot's would die of it."""
        with suppress(OSError):
            if self.answered_early:
                self._linger()
        with suppress(OSError):
            super().close()
        with suppress(OSError, ValueError):
            self.wfile.close()

    def give_up(self) -> None:
        """Wake the thread that serves this connection. An answer to an upload may still go out."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RD if self.receives else socket.SHUT_RDWR)

    def _linger(self) -> None:
        """Read and drop what is still being sent.

        Closing now would reset the connection, and a reset makes the peer's system drop the answer before
        its program has seen it (RFC 9112, section 9.6).
        """
        self.socket.shutdown(socket.SHUT_WR)
        self.socket.settimeout(1)
        dropped = bytearray(64 << 10)
        started, silent = time.monotonic(), 0
        while silent < LINGER_SILENCE:
            if time.monotonic() - started > (LINGER if self.server.ready else LINGER_STOPPING):
                return
            try:
                if not self.socket.recv_into(dropped):
                    return
                silent = 0
            except TimeoutError:
                silent += 1
