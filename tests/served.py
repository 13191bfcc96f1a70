"""A home that is served in this process, over a real socket, and what tests ask of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from repogen.cli import app
from repogen.cli.home import Home
from repogen.cli.serving import Instance
from repogen.receiver.app import Receiver
from tests.factories import make_wheel
from tests.receiver.conftest import running
from tests.receiver.wire import Answer, ask, basic, send_form, upload_form


@dataclass
class Served:
    """Where it is, and a token of each kind: of all rights, for all sources, for ``local-python``, for reading."""

    home: Home
    folder: Path
    port: int
    admin: str
    writer: str
    near: str
    reader: str

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> tuple[int, Any]:
        """Status and JSON of a request, by the writer unless another token is given ("" for none)."""
        answer = self.ask(method, path, body, token=token)
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status, json.loads(answer.body)

    def ask(self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str) -> Answer:
        """The same as an answer; bytes are sent as they are."""
        token = self.writer if token is None else token
        fields = {"Content-Type": "application/json", **(basic(token) if token else {}), **headers}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        return ask(self.port, method, f"/__api__/v1/{path}", headers=fields, body=data)

    def upload(self, name: str, *versions: str, source: str = "local-python") -> list[str]:
        """Wheels of a project; their file names."""
        files = [make_wheel(self.folder, name, version) for version in versions]
        for file in files:
            answer = send_form(
                self.port,
                upload_form(file.read_bytes(), filename=file.name),
                path=f"/upload/pypi/{source}",
                Authorization=f"Bearer {self.admin}",
            )
            assert answer.status == 200, answer.text
        return [file.name for file in files]

    def index(self, name: str, repository: str = "python") -> dict[str, Any]:
        """The files of a project in the index, by name."""
        accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
        answer = ask(self.port, "GET", f"/{repository}/latest/simple/{name}/", headers=accept)
        return {file["filename"]: file for file in json.loads(answer.body)["files"]} if answer.status == 200 else {}

    def newest(self, form: str = "%an: %s") -> str:
        """The newest commit."""
        command = ["git", "-C", str(self.home.store_path), "log", "-1", f"--format={form}", "main"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def serve_home(folder: Path) -> Iterator[Served]:
    """A new home below ``folder``, with a third source ``staging`` in a repository ``tested``."""
    root = folder / "home"

    def repogen(*arguments: str) -> str:
        ran = CliRunner().invoke(app, ["--home", str(root), *arguments], catch_exceptions=False)
        assert ran.exit_code == 0, ran.output
        return ran.stdout.strip()

    def token(user: str, *options: str) -> str:
        return repogen("token", "create", "--description", "a test", "--user", user, *options, "-q")

    repogen("init")
    repogen("source", "create", "staging", "--type", "python")
    repogen("repo", "create", "tested", "--type", "python", "--source", "staging")
    home = Home.at(root)
    instance = Instance(home, home.spool)
    instance.start()
    try:
        with running(Receiver(instance.wiring(site=True)), threads=4) as server:
            yield Served(
                home=home,
                folder=folder,
                port=server.port,
                admin=token("root", "--scope", "global:admin"),
                writer=token("ci", "--sources", "local-python,local-r,staging"),
                near=token("near", "--sources", "local-python"),
                reader=token("dev", "--scope", "repos:read", "--repos", "python", "--expires", "never"),
            )
    finally:
        instance.stop()
