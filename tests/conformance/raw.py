"""An upload over a bare socket, so that a test has the pace in its hands."""

from __future__ import annotations

import base64
import socket
from http.client import HTTPResponse
from pathlib import Path
from types import TracebackType
from typing import Self

_BOUNDARY = "boundary-of-the-form"
_FIELDS = {":action": "file_upload", "protocol_version": "1"}
_PIECE = 1 << 20


class Upload:
    """One upload form on its way: ``send_half``, then ``finish``, or ``finish`` alone. Leaving it hangs up."""

    def __init__(self, port: int, made: Path, *, token: str) -> None:
        part = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; name="
        fields = "".join(f'{part}"{name}"\r\n\r\n{value}\r\n' for name, value in _FIELDS.items())
        before = f'{fields}{part}"content"; filename="{made.name}"\r\n\r\n'
        self._end = f"\r\n--{_BOUNDARY}--\r\n".encode()
        credentials = base64.b64encode(f"__token__:{token}".encode()).decode()
        head = (
            "POST /upload/pypi/local-python HTTP/1.1",
            "Host: localhost",
            f"Authorization: Basic {credentials}",
            f"Content-Type: multipart/form-data; boundary={_BOUNDARY}",
            f"Content-Length: {len(before) + made.stat().st_size + len(self._end)}",
        )
        self._start = "\r\n".join([*head, "", before]).encode()
        self._made = made
        self._sent = 0
        self._connection = socket.create_connection(("127.0.0.1", port), timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def send_half(self) -> None:
        """Send the first half of the file."""
        self._send(self._made.stat().st_size // 2)

    def finish(self) -> tuple[int, str]:
        """Send the rest; the answer's status and reason."""
        self._send(self._made.stat().st_size)
        self._connection.sendall(self._end)
        response = HTTPResponse(self._connection, method="POST")
        try:
            response.begin()
            return response.status, response.reason
        finally:
            response.close()

    def _send(self, until: int) -> None:
        self._connection.sendall(self._start)
        self._start = b""
        with self._made.open("rb") as file:
            file.seek(self._sent)
            while self._sent < until:
                piece = file.read(min(_PIECE, until - self._sent))
                self._connection.sendall(piece)
                self._sent += len(piece)
