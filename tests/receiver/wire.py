"""HTTP by hand: what well-behaved client libraries would not send."""

from __future__ import annotations

import base64
import http.client
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

BOUNDARY = "boundary7f3a"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
WHEEL = "example-1.0-py3-none-any.whl"

#: Name and value; a value that is a tuple is a file: its name and its bytes.
Part = tuple[str, str | bytes | tuple[str, bytes]]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


def basic(token: str = "good.writer.token") -> dict[str, str]:
    """The header that a client sends for a token."""
    return {"Authorization": "Basic " + base64.b64encode(f"__token__:{token}".encode()).decode()}


def encode(parts: Iterable[Part]) -> bytes:
    """A form in the spelling of requests and urllib3."""
    out = []
    for name, value in parts:
        filename, data = value if isinstance(value, tuple) else (None, value)
        out.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode())
        if filename is not None:
            out.append(f'; filename="{filename}"\r\nContent-Type: application/octet-stream'.encode())
        out += [b"\r\n\r\n", data.encode() if isinstance(data, str) else data, b"\r\n"]
    return b"".join([*out, f"--{BOUNDARY}--\r\n".encode()])


def upload_form(data: bytes = b"wheel bytes", *more: Part, filename: str = WHEEL) -> bytes:
    """The least that an upload needs, and ``more`` before its file."""
    return encode([(":action", "file_upload"), ("protocol_version", "1"), *more, ("content", (filename, data))])


def ask(
    port: int, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> Answer:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if body is not None and "Content-Length" not in (headers or {}):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        found = Answer(response.status, response.reason, dict(response.getheaders()), response.read())
    finally:
        connection.close()
    return found


def send_form(port: int, body: bytes, *, path: str = "/upload/pypi/local-python", **headers: str) -> Answer:
    """Upload a form; ``headers`` replace or join those that a client sends."""
    fields = {"Content-Type": FORM, **basic(), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return ask(port, "POST", path, headers=fields, body=body)


def put(port: int, path: str, body: bytes = b"package bytes", **headers: str) -> Answer:
    """Upload a body as it is; ``headers`` replace or join those that a client sends."""
    fields = {**basic("good.r.token"), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return ask(port, "PUT", path, headers=fields, body=body)


def raw(port: int, data: bytes, *, half_close: bool = False) -> bytes:
    """Send ``data`` as it is and return everything that comes until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        return receive_all(connection)


def receive_all(connection: socket.socket) -> bytes:
    """Everything that comes until the other side closes."""
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def head(method: str, path: str, *lines: str) -> bytes:
    """The head of a request."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def post_head(length: int, *lines: str) -> bytes:
    """The head of an upload of ``length`` bytes."""
    token = f"Authorization: {basic()['Authorization']}"
    return head(
        "POST", "/upload/pypi/local-python", token, f"Content-Type: {FORM}", f"Content-Length: {length}", *lines
    )
