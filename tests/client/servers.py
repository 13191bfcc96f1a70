"""Servers on this machine that answer as a test says: well, badly, or with bytes that are no answer."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SOURCES = {
    "sources": [
        {"name": "local-python", "type": "python", "description": "", "more": [1]},
        {"name": "local-r", "type": "r", "description": ""},
    ],
    "of_a_later_version": True,
}


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def filename(self) -> str:
        """The name of the file in an upload form."""
        found = re.search(rb'filename="([^"]+)"\r\nContent-Type: application/octet-stream', self.body)
        assert found
        return found[1].decode()


@dataclass(frozen=True)
class Reply:
    """What is answered."""

    body: str = ""
    status: int = 200
    type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Stub:
    """A server that keeps what it was asked."""

    port: int
    asked: list[Asked]
    scheme: str = "http"

    @property
    def address(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def uploads(self) -> list[Asked]:
        return [one for one in self.asked if one.method in ("POST", "PUT")]


def as_json(value: Any, status: int = 200) -> Reply:
    """A JSON document."""
    return Reply(json.dumps(value), status, "application/json")


def good(asked: Asked) -> Reply:
    """What a receiver says that has nothing yet, and takes everything."""
    if asked.path == "/__api__/v1/sources":
        return as_json(SOURCES)
    if asked.method == "GET":
        return Reply("there is no such page", 404)
    name = asked.path.rpartition("/")[2].removesuffix(".asc") if asked.method == "PUT" else asked.filename
    return Reply(f"{name}: {'signed' if asked.method == 'PUT' else 'added'}")


@contextmanager
def stub(answer: Callable[[Asked], Reply] = good, *, tls: ssl.SSLContext | None = None) -> Iterator[Stub]:
    """A server that reads each request to its end and answers it."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            one = Asked(self.command, self.path, dict(self.headers), body)
            asked.append(one)
            reply = answer(one)
            data = reply.body.encode()
            self.send_response(reply.status, reply.body.splitlines()[0][:80] if reply.body else None)
            for name, value in {"Content-Type": reply.type, "Content-Length": str(len(data)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = handle_one  # noqa: N815  the names are http.server's

        def log_message(self, *_: Any) -> None:
            """The tests ask for what was asked."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A client that goes away is what some tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Stub(server.server_address[1], asked, "https" if tls else "http")
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@contextmanager
def raw(handle: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that hands each connection to ``handle``, and closes it then."""
    listening = socket.create_server(("127.0.0.1", 0))

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            handle(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listening.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)


def read_head(connection: socket.socket) -> bytes:
    """The request line and the headers of a request, and what came along with them of its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            break
        data += piece
    return data
