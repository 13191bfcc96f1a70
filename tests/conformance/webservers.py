"""Other servers than repogen's own: plain files over HTTP, and nginx as in the example."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.conformance.programs import wait_until
from tests.conftest import Client

EXAMPLE = Path(__file__).parents[2] / "examples" / "nginx.conf"


@dataclass
class Plain:
    """A folder as Python's own ``http.server`` serves it: HTML indexes only. ``requests`` are the paths asked for."""

    address: str
    requests: list[str] = field(default_factory=list)


class _Recording(SimpleHTTPRequestHandler):
    def __init__(self, *arguments: Any, requests: list[str], **options: Any) -> None:
        self._requests = requests
        super().__init__(*arguments, **options)

    def log_message(self, *_: object) -> None:
        self._requests.append(self.path)


@contextmanager
def plain(folder: Path) -> Iterator[Plain]:
    """Serve a folder from a thread."""
    requests: list[str] = []
    handler = partial(_Recording, directory=str(folder), requests=requests)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield Plain(f"http://127.0.0.1:{server.server_port}", requests)
        finally:
            server.shutdown()


@contextmanager
def nginx(
    client: Client,
    folder: Path,
    *,
    site: Path,
    upstream: int,
    fallback: Mapping[str, str],
    certificate: tuple[Path, Path] | None = None,
) -> Iterator[int]:
    """The real nginx with the example's configuration, where its comments say to edit it: yields the port.

    ``folder`` is for nginx's own files, ``upstream`` the port of the receiver, ``fallback`` an index a repository.
    With a ``certificate`` and its key it speaks TLS.
    """
    port = free_port()
    conf = folder / "nginx.conf"
    text = _edited(folder, site=site, port=port, upstream=upstream, fallback=fallback)
    if certificate is not None:
        chain, key = certificate
        plain_line = f"listen 127.0.0.1:{port};"
        assert plain_line in text
        secure_lines = f"listen 127.0.0.1:{port} ssl; ssl_certificate {chain}; ssl_certificate_key {key};"
        text = text.replace(plain_line, secure_lines)
    conf.write_text(text)
    process = subprocess.Popen([client("nginx"), "-c", conf, "-g", "daemon off;"])
    try:
        wait_until(lambda: listens(port), "nginx")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def listens(port: int) -> bool:
    """Does somebody listen on a port of this machine?"""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _edited(folder: Path, *, site: Path, port: int, upstream: int, fallback: Mapping[str, str]) -> str:
    text = EXAMPLE.read_text()
    none = 'map $repository $fallback {\n        default "";\n'
    for old, new in {
        "user www-data;": "user root;" if os.getuid() == 0 else "",
        "root /srv/repogen/site;": f"root {site};",
        "/run/nginx": f"{folder}/nginx",
        "/var/log/nginx": str(folder),
        "/var/lib/nginx": str(folder),
        "127.0.0.1:4242": f"127.0.0.1:{upstream}",
        "listen 80;": f"listen 127.0.0.1:{port};",
        none: none + "".join(f"        {repository} {url};\n" for repository, url in fallback.items()),
    }.items():
        assert old in text
        text = text.replace(old, new)
    return text
