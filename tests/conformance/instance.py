"""A home in service: made by the real command line, served by the real server, in processes of their own."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from tests.conformance.programs import Ran, clean, run, wait_until
from tests.conftest import Client

JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Instance:
    """One home, and its server while it runs. ``tokens`` are all that were issued."""

    home: Path
    client: Client
    tokens: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def index(self) -> str:
        """The simple index of the repository ``python``."""
        return f"{self.address}/python/latest/simple/"

    @property
    def log(self) -> str:
        """All that the server has printed, over all its runs."""
        return (self.home / "serve.log").read_text()

    @property
    def spooled(self) -> list[Path]:
        """The files on their way in."""
        return [path for path in (self.home / "spool").rglob("*") if path.is_file()]

    def repogen(self, *arguments: str | Path, status: int = 0) -> Ran:
        """Run a command on this home."""
        return run(self.client("repogen"), "--home", self.home, *arguments, status=status)

    def token(self, sources: str = "local-python", *, user: str = "tester") -> str:
        """A token that may upload to these sources."""
        options = ("--description", "conformance", "--user", user, "--sources", sources, "--expires", "1h", "-q")
        self.tokens.append(self.repogen("token", "create", *options).out.strip())
        return self.tokens[-1]

    def start(self) -> None:
        """Serve, on a port that is free now."""
        with (self.home / "serve.log").open("ab") as log:
            before = log.tell()
            command: list[str | Path] = [self.client("repogen"), "--home", self.home, "serve", "--port", "0"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=clean())
        ready = wait_until(lambda: self._ready(before), "the line that says where the server listens", within=30)
        self.port = int(ready[1])

    def _ready(self, before: int) -> re.Match[str] | None:
        assert self.process is not None
        assert self.process.poll() is None, self.log
        return re.search(r"^repogen listens on http://127\.0\.0\.1:(\d+)/$", self.log[before:], re.MULTILINE)

    def terminate(self) -> None:
        """Ask the server to stop, and go on."""
        assert self.process is not None
        self.process.terminate()

    def ended(self) -> None:
        """The server that was asked to stop does so in good order."""
        assert self.process is not None
        assert self.process.wait(30) == 0, self.log
        self.process = None

    def stop(self) -> None:
        """Stop the server."""
        self.terminate()
        self.ended()

    def kill(self) -> None:
        """End the server as a power cut would."""
        assert self.process is not None
        self.process.kill()
        assert self.process.wait(10) == -signal.SIGKILL
        self.process = None

    def twine(
        self, *arguments: str | Path, token: str, source: str = "local-python", status: int = 0, **env: str | Path
    ) -> Ran:
        """Upload with twine."""
        return run(
            self.client("twine"),
            "upload",
            "--disable-progress-bar",
            "--repository-url",
            f"{self.address}/upload/pypi/{source}",
            *arguments,
            env=clean(TWINE_USERNAME="__token__", TWINE_PASSWORD=token, **env),
            status=status,
        )

    def get(self, path: str, accept: str = "*/*") -> Answer:
        """One request, as it is."""
        return fetch(self.port, path, accept)

    def project(self, name: str, repository: str = "python") -> dict[str, Any] | None:
        """The simple index of a project as JSON; None where the repository does not have it."""
        answer = self.get(f"/{repository}/latest/simple/{name}/", JSON)
        if answer.status == 404:
            return None
        assert (answer.status, answer.headers["Content-Type"]) == (200, JSON)
        document: dict[str, Any] = json.loads(answer.body)
        return document

    def files(self, name: str) -> dict[str, dict[str, Any]]:
        """The files of a project in the simple index by their names; empty where there is no such project."""
        return {file["filename"]: file for file in (self.project(name) or {"files": []})["files"]}

    def download(self, project: str, filename: str, beside: str = "") -> bytes:
        """A file of a project where the index says it is, or what lies ``beside`` it: ``.asc``, ``.metadata``."""
        url = urlsplit(urljoin(f"{self.index}{project}/", self.files(project)[filename]["url"] + beside))
        answer = self.get(url.path)
        assert answer.status == 200, url
        return answer.body

    def requests(self, word: str) -> list[str]:
        """What clients asked for, as ``METHOD path status``: the lines of the access log that hold a word."""
        found = re.findall(r'repogen\.access INFO \S+ "(\S+ \S+)" (\d+)', self.log)
        return [f"{what} {status}" for what, status in found if word in what]

    def history(self, form: str = "%s") -> list[str]:
        """The log of the store, newest first."""
        return run("git", "-C", self.home / "store.git", "log", f"--format={form}", "main").out.splitlines()


def fetch(port: int, path: str, accept: str = "*/*") -> Answer:
    """GET something from this machine."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Accept": accept})
        answer = connection.getresponse()
        return Answer(answer.status, answer.reason, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


@contextmanager
def serving(home: Path, client: Client) -> Iterator[Instance]:
    """A new home in service. At the end the server must stop in good order, and no secret be found anywhere."""
    instance = Instance(home, client)
    run(client("repogen"), "init", home)
    instance.start()
    try:
        yield instance
        if instance.process:
            instance.stop()
    finally:
        if instance.process:
            instance.process.kill()
            instance.process.wait(10)
    assert "Traceback" not in instance.log, instance.log
    assert_no_secret(instance)


def assert_no_secret(instance: Instance) -> None:
    """Neither a token nor the key that signs them lies in the log, the store, the site or anything else kept."""
    key = (instance.home / "signing.key").read_text()
    secrets = [token.rpartition(".")[2] for token in instance.tokens]
    secrets += re.findall(r'"k": "([^"]+)"', key)
    assert len(secrets) > len(instance.tokens), "the form of signing.key is another"
    dumped = instance.home / "objects"
    with dumped.open("wb") as out:
        command: list[str | Path] = [
            "git",
            "-C",
            instance.home / "store.git",
            "cat-file",
            "--batch",
            "--batch-all-objects",
        ]
        subprocess.run(command, stdout=out, check=True)
    for path in instance.home.rglob("*"):
        if path.is_file() and path.name != "signing.key" and path.stat().st_size < 64 << 20:
            data = path.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in data], f"a secret in {path}"
