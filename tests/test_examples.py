"""What lies in examples/ works as it stands there, but for the places that its comments say to edit."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conformance.programs import run, wait_until
from tests.conformance.tls import authority
from tests.conformance.webservers import free_port, nginx
from tests.conftest import Client

EXAMPLES = Path(__file__).parent.parent / "examples"
JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
PIP = f"{JSON}, {HTML}; q=0.1, text/html; q=0.01"

SITE = {
    "index.html": "<!DOCTYPE html>repositories",
    "static/site.css": "body {}",
    "_/state.json": "{}",
    "python/latest/simple/index.html": "list as html",
    "python/latest/simple/index.json": "list as json",
    "python/latest/simple/example/index.html": "project as html",
    "python/latest/simple/example/index.json": "project as json",
    "python/files/aa/bb/cc/example-1.0-py3-none-any.whl": "0123456789",
    "python/files/aa/bb/cc/example-1.0-py3-none-any.whl.asc": "signature",
    "r/latest/src/contrib/PACKAGES": "Package: example",
    "r/latest/src/contrib/PACKAGES.gz": "list, compressed",
}

Get = Callable[..., HTTPResponse]


class Upstream(BaseHTTPRequestHandler):
    """A receiver that refuses every upload in words of its own."""

    def do_POST(self) -> None:
        """Read the upload, and refuse it."""
        size = len(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(400, "File already exists ('example-1.0.tar.gz')")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(f"{self.path} {size}".encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def get(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Get]:
    """Ask nginx, configured as in the example, in front of :data:`SITE` and :class:`Upstream`."""
    folder = tmp_path_factory.mktemp("nginx")
    for name, text in SITE.items():
        path = folder / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with ThreadingHTTPServer(("127.0.0.1", 0), Upstream) as upstream:
        threading.Thread(target=upstream.serve_forever).start()
        fallback = {"python": "https://index.example.org/simple"}
        try:
            with nginx(client, folder, site=folder / "site", upstream=upstream.server_port, fallback=fallback) as port:

                def ask(path: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> HTTPResponse:
                    connection = HTTPConnection("127.0.0.1", port, timeout=10)
                    named = {name.replace("_", "-"): value for name, value in headers.items()}
                    connection.request(method, path, body=body, headers={"Connection": "close", **named})
                    return connection.getresponse()

                yield ask
        finally:
            upstream.shutdown()


@pytest.mark.conformance
class TestNginx:
    """nginx serves the site as ``repogen serve`` does, and the receiver behind it."""

    @pytest.mark.parametrize(
        ("accept", "content_type", "text"),
        [
            (PIP, JSON, "project as json"),
            ("application/vnd.pypi.simple.latest+json", JSON, "project as json"),
            (HTML, f"{HTML}; charset=utf-8", "project as html"),
            (f"{JSON};q=0, text/html", "text/html; charset=utf-8", "project as html"),
            ("text/html", "text/html; charset=utf-8", "project as html"),
            ("*/*", "text/html; charset=utf-8", "project as html"),
        ],
    )
    def test_form_by_accept(self, get: Get, accept: str, content_type: str, text: str) -> None:
        """One address answers in the form that the client takes."""
        answer = get("/python/latest/simple/example/", Accept=accept)
        assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)
        assert answer.read().decode() == text
        assert answer.headers["Vary"] == "Accept"
        assert answer.headers["Cache-Control"] == "max-age=0, must-revalidate"

    def test_list_by_accept(self, get: Get) -> None:
        """The list of projects has the same forms."""
        assert get("/python/latest/simple/", Accept=PIP).read() == b"list as json"
        assert get("/python/latest/simple/").read() == b"list as html"

    def test_json_by_name(self, get: Get) -> None:
        """The file of the JSON form is of its type under its own name, too."""
        assert get("/python/latest/simple/index.json").headers["Content-Type"] == JSON

    def test_list_of_r_packages(self, get: Get) -> None:
        """The list of R packages is a text to read; its compressed forms are files and never unpacked on the way."""
        assert get("/r/latest/src/contrib/PACKAGES").headers["Content-Type"] == "text/plain; charset=utf-8"
        sent = get("/r/latest/src/contrib/PACKAGES.gz", Accept_Encoding="gzip").headers
        assert (sent["Content-Type"], sent["Content-Encoding"]) == ("application/octet-stream", None)
        assert sent["Cache-Control"] == "max-age=0, must-revalidate"

    def test_pages_are_safe(self, get: Get) -> None:
        """A page may load from its own site only, and is asked for again each time."""
        answer = get("/")
        assert answer.status == 200
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; ")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "max-age=0, must-revalidate"

    def test_unchanged_page(self, get: Get) -> None:
        """A client that has the page is told so."""
        path = "/python/latest/simple/example/"
        tag = get(path, Accept=PIP).headers["ETag"]
        assert get(path, Accept=PIP, If_None_Match=tag).status == 304

    def test_file(self, get: Get) -> None:
        """A file is immutable, comes in ranges and is no text; its signature is."""
        path = "/python/files/aa/bb/cc/example-1.0-py3-none-any.whl"
        answer = get(path, Range="bytes=2-4")
        assert (answer.status, answer.read()) == (206, b"234")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert get(path + ".asc").headers["Content-Type"] == "text/plain; charset=utf-8"
        assert get(path, method="HEAD").headers["Content-Length"] == "10"

    @pytest.mark.parametrize(
        "path",
        [
            "/_/state.json",
            "/_/state.json/simple/",
            "/.simple/json/python/latest/simple/",
            "/python/.git/config",
            "/python/files/",
            "/python/files/aa/bb/cc/missing.whl",
            "/r/latest/simple/missing/",
            "/python/latest/simple/Missing_Project/",
            "/python/latest/simple/%2e%2e/",
        ],
    )
    def test_absent(self, get: Get, path: str) -> None:
        """What is not for readers, and what is not there, is 404 and not to be kept."""
        answer = get(path, Accept=PIP)
        assert (answer.status, answer.headers["Cache-Control"]) == (404, None)

    def test_fallback(self, get: Get) -> None:
        """A project that is nowhere here is looked for where the repository says; one that is here never is."""
        answer = get("/python/latest/simple/missing-project/", Accept=PIP)
        assert (answer.status, answer.headers["Location"]) == (302, "https://index.example.org/simple/missing-project/")
        assert get("/python/latest/simple/example/").status == 200

    def test_slash(self, get: Get) -> None:
        """An address without its slash leads to the one with it."""
        answer = get("/python/latest/simple/example")
        assert (answer.status, answer.headers["Location"]) == (301, "/python/latest/simple/example/")

    @pytest.mark.parametrize("path", ["/upload/pypi/local-python", "/_/oidc/mint-token", "/__api__/v1/x"])
    def test_receiver(self, get: Get, path: str) -> None:
        """What the receiver says arrives with its own reason phrase, however large the upload."""
        answer = get(path, method="POST", body=bytes(3 << 20))
        assert (answer.status, answer.reason) == (400, "File already exists ('example-1.0.tar.gz')")
        assert answer.read().decode() == f"{path} {3 << 20}"
        assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
        assert "Content-Security-Policy" not in answer.headers


def test_nginx_with_tls(client: Client, tmp_path: Path) -> None:
    """With the lines for TLS in place of the one without, nginx takes the configuration."""
    text = (EXAMPLES / "nginx.conf").read_text()
    authority(tmp_path)
    for old, new in {
        "user www-data;": "",
        "listen 80;": "",
        "#   listen 443": "listen 443",
        "#   ssl_cert": "ssl_cert",
        "/etc/ssl/packages.example.org.pem": f"{tmp_path}/server.pem",
        "/etc/ssl/private/packages.example.org.key": f"{tmp_path}/server.pem",
        "/run/nginx": f"{tmp_path}/nginx",
        "/var/log/nginx": str(tmp_path),
        "/var/lib/nginx": str(tmp_path),
    }.items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "nginx.conf").write_text(text)
    done = subprocess.run(
        [client("nginx"), "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_service(tmp_path: Path) -> None:
    """The command of the systemd unit starts on the home that its head makes, and stops on SIGTERM without an error."""
    lines = (EXAMPLES / "repogen.service").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    program, *arguments = shlex.split(settings["ExecStart"])
    assert program == "/opt/repogen/bin/repogen"
    assert settings["Environment"] == "REPOGEN_HOME=/srv/repogen"
    repogen = [sys.executable, "-m", "repogen"]
    subprocess.run([*repogen, "init", tmp_path / "home"], check=True, capture_output=True)
    arguments[arguments.index("4242")] = "0"
    with subprocess.Popen(
        [*repogen, *arguments],
        env=os.environ | {"REPOGEN_HOME": str(tmp_path / "home")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("repogen listens on http://127.0.0.1:")
        process.terminate()
        assert process.wait(30) == 0


@pytest.mark.conformance
def test_demo(client: Client) -> None:
    """``make demo`` goes all the way with Python and R and leaves nothing behind."""
    for name in ("gpg", "curl", "Rscript"):
        client(name)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    result = subprocess.run(
        ["sh", EXAMPLES / "demo.sh"],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Hello, pip" in result.stdout
    assert "Hello, uv" in result.stdout
    assert "Welcome, R" in result.stdout
    assert "add acme-hello 1.0.0 to local-python" in result.stdout
    assert "add acme.welcome 1.0.0 to local-r" in result.stdout


@pytest.mark.conformance
def test_run(client: Client, tmp_path: Path) -> None:
    """``make run`` serves, and prints lines for R that work as they are."""
    for name in ("curl", "Rscript"):
        client(name)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    printed = tmp_path / "printed"
    with printed.open("wb") as screen:
        process = subprocess.Popen(
            ["sh", EXAMPLES / "run.sh", "demo", str(free_port())],
            env=os.environ | {"PATH": path},
            cwd=tmp_path,
            stdout=screen,
            stderr=screen,
        )
    try:
        wait_until(lambda: "repogen listens on" in printed.read_text(), "the server", within=30)
        lines = [line for line in printed.read_text().splitlines() if line.startswith("  ")]
        start = next(number for number, line in enumerate(lines) if "R CMD build" in line)
        token = next(line for line in lines if "TWINE_PASSWORD=" in line)
        ran = run("sh", "-e", "-c", "\n".join([token, *lines[start:]]), cwd=tmp_path)
        assert '[1] "Welcome, R"' in ran.out
    finally:
        process.terminate()
        process.wait(10)
