"""The same site behind nginx and behind ``python -m http.server``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance.installers import INSTALLERS, imported
from tests.conformance.instance import JSON, Instance, fetch
from tests.conformance.programs import clean, run, wait_until
from tests.conformance.webservers import free_port, listens, nginx, plain
from tests.conftest import Client
from tests.factories import make_sdist, make_wheel

pytestmark = pytest.mark.conformance

SERVERS = pytest.mark.parametrize("server", ["nginx", "http.server"])
BY_EACH = pytest.mark.parametrize("installer", INSTALLERS)


@dataclass(frozen=True)
class Front:
    """The servers in front of one site, by their ports."""

    instance: Instance
    ports: dict[str, int]

    def index(self, server: str, repository: str = "python") -> str:
        """The simple index at one of the servers."""
        return f"http://127.0.0.1:{self.ports[server]}/{repository}/latest/simple/"


@pytest.fixture(scope="module")
def front(instance: Instance, token: str, client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A project with a dependency, and what falls through, behind all servers."""
    folder = tmp_path_factory.mktemp("front")
    instance.twine(
        make_wheel(folder, "static-whole", extra_metadata=[("Requires-Dist", "static-part")]),
        make_wheel(folder, "static-part", "1.0+abc"),
        make_sdist(folder, "static-source"),
        token=token,
    )
    elsewhere = folder / "simple" / "static-elsewhere"
    elsewhere.mkdir(parents=True)
    made = make_wheel(elsewhere, "static-elsewhere")
    (elsewhere / "index.html").write_text(f'<!DOCTYPE html><a href="{made.name}">{made.name}</a>')
    site, port = instance.home / "site", free_port()
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "http.server",
        "--bind",
        "127.0.0.1",
        "--directory",
        site,
        str(port),
    ]
    with (folder / "http.log").open("wb") as log, plain(folder) as other:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            fallback = {"python": f"{other.address}/simple"}
            with nginx(client, folder, site=site, upstream=instance.port, fallback=fallback) as front:
                wait_until(lambda: listens(port), "http.server")
                yield Front(instance, {"nginx": front, "http.server": port})
        finally:
            process.terminate()
            process.wait(10)


@SERVERS
@BY_EACH
def test_install(front: Front, server: str, installer: str, client: Client, tmp_path: Path) -> None:
    """Both installers take a project and its dependency from plain files."""
    INSTALLERS[installer](client, tmp_path / "there", front.index(server), "static-whole")
    assert imported(tmp_path / "there", "static_whole") == "1.0"
    assert imported(tmp_path / "there", "static_part") == "1.0+abc"


@SERVERS
@BY_EACH
def test_sdist(front: Front, server: str, installer: str, client: Client, tmp_path: Path) -> None:
    """An sdist is found, and built, from plain files too."""
    INSTALLERS[installer](client, tmp_path / "there", front.index(server), "Static.Source")
    assert imported(tmp_path / "there", "static_source") == "1.0"


@BY_EACH
def test_fallback_behind_nginx(front: Front, installer: str, client: Client, tmp_path: Path) -> None:
    """A redirect of nginx sends those who look for a project that the repository lacks to its fallback."""
    INSTALLERS[installer](client, tmp_path / "there", front.index("nginx"), "static-elsewhere")
    assert imported(tmp_path / "there", "static_elsewhere") == "1.0"


def test_same_answers(front: Front) -> None:
    """Behind nginx the indexes are the same bytes of the same type as from ``repogen serve``, in each form."""
    for accept in (JSON, "application/vnd.pypi.simple.v1+html", "text/html", "*/*"):
        for path in ("/python/latest/simple/", "/python/latest/simple/static-whole/"):
            one, other = front.instance.get(path, accept), fetch(front.ports["nginx"], path, accept)
            assert (one.status, one.body) == (other.status, other.body)
            assert one.headers["Content-Type"].split(";")[0] == other.headers["Content-Type"].split(";")[0]
            assert one.headers["Cache-Control"] == other.headers["Cache-Control"]
            assert one.headers["Vary"] == other.headers["Vary"]


def test_upload_through_nginx(front: Front, client: Client, token: str, tmp_path: Path) -> None:
    """What twine uploads through nginx is there at once; a refusal keeps its words."""
    made = make_wheel(tmp_path, "static-upload")
    command: list[str | Path] = [client("twine"), "upload", "--disable-progress-bar", "--repository-url"]
    command.append(f"http://127.0.0.1:{front.ports['nginx']}/upload/pypi/local-python")
    env = clean(TWINE_USERNAME="__token__", TWINE_PASSWORD=token)
    run(*command, made, env=env)
    assert fetch(front.ports["nginx"], "/python/latest/simple/static-upload/").status == 200
    ran = run(*command, make_wheel(tmp_path, "static-upload", files={"more.py": b""}), env=env, status=1)
    assert "File already exists ('static_upload-1.0-py3-none-any.whl', with sha256 " in ran.screen
