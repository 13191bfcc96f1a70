"""Every upload tool finds the token wherever docs/how-to.md says that it looks, over TLS as on a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.instance import Instance
from tests.conformance.recipes import commands, files, put_in, table
from tests.conformance.tls import authority
from tests.conformance.uploaders import UPLOADERS, Workplace
from tests.conformance.webservers import nginx
from tests.conftest import Client
from tests.factories import make_wheel

pytestmark = pytest.mark.conformance

ELSEWHERE = "Keep the token elsewhere"
#: What the table says: (title of a tool, where it looks), but for the environment, where its own recipe puts the token.
PLACES = [
    (title, place)
    for title, row in table(ELSEWHERE).items()
    for place, cell in row.items()
    if cell and place != "environment"
]


@pytest.fixture(scope="module")
def secure(instance: Instance, client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of nginx in front of the receiver, and the certificate of the authority that vouches for it."""
    folder = tmp_path_factory.mktemp("tls")
    trusted = authority(folder)
    server = folder / "server.pem"
    site = instance.home / "site"
    with nginx(client, folder, site=site, upstream=instance.port, fallback={}, certificate=(server, server)) as port:
        yield f"https://127.0.0.1:{port}", trusted.file


def prepared(name: str, what: str, client: Client, folder: Path) -> tuple[Workplace, str]:
    """A workplace with a project in ``dist/``, and the project's name."""
    work = Workplace(uploader=UPLOADERS[name], client=client, folder=folder)
    project = f"token-{name.replace('.', '-')}-{what.strip('.')}"
    work.write_project(project)
    if work.uploader.build:
        work.dist.mkdir()
        make_wheel(work.dist, project)
    return work, project


def trusting(work: Workplace, file: Path) -> dict[str, str | Path]:
    """The variable that the recipe for such a server has for this tool."""
    (block,) = commands("A certificate of your own authority")
    (variable,) = re.findall(rf"export (\w+)=\S+ +# {work.uploader.title}$", block, re.MULTILINE)
    return {variable: file}


@pytest.mark.parametrize("name", UPLOADERS)
def test_environment(
    name: str, instance: Instance, token: str, secure: tuple[str, Path], client: Client, tmp_path: Path
) -> None:
    """The recipe of the tool works with TLS, and so do the words of a refusal."""
    work, project = prepared(name, "tls", client, tmp_path)
    address, certificate = secure
    trust = trusting(work, certificate)

    work.publish(address, token, env=trust)
    stranger = work.publish(address, "no.such.token", status=None, env=trust)

    assert instance.files(project)
    # Hatch asks first, and does not send what is there; that it may not ask is no news to it.
    assert stranger.status != 0
    assert "the token is not valid" in stranger.screen


@pytest.mark.parametrize(
    ("name", "env"),
    [
        ("uv", {"UV_PUBLISH_USERNAME": "__token__", "UV_PUBLISH_PASSWORD": "TOKEN", "UV_PUBLISH_TOKEN": None}),
        (
            "poetry",
            {
                "POETRY_PYPI_TOKEN_ACME": "TOKEN",
                "POETRY_HTTP_BASIC_ACME_USERNAME": None,
                "POETRY_HTTP_BASIC_ACME_PASSWORD": None,
            },
        ),
    ],
)
def test_other_variables(
    name: str, env: dict[str, str | None], instance: Instance, token: str, client: Client, tmp_path: Path
) -> None:
    """Variables that do the same as those of the recipe."""
    work, project = prepared(name, "variables", client, tmp_path)
    changes = [f"export {key}={value}" if value else f"unset {key}" for key, value in env.items()]
    *lines, last = commands(f"With {work.uploader.title}")[0].splitlines()

    recipe = put_in("\n".join([*lines, *changes, last]), address=instance.address, token="no.such.token")
    work.shell(re.sub("=TOKEN$", f"={token}", recipe, flags=re.MULTILINE))

    assert instance.files(project)


@pytest.mark.parametrize(("title", "place"), PLACES)
def test_place(
    title: str,
    place: str,
    instance: Instance,
    token: str,
    secure: tuple[str, Path],
    client: Client,
    tmp_path: Path,
) -> None:
    """What the recipe for this place says publishes, with the token typed in where a program asks for it."""
    work, project = prepared(title.lower(), place, client, tmp_path)
    address, certificate = secure
    heading = f"The token in {place}"
    work.home.mkdir()
    if place.startswith("."):
        (text,) = files(heading, {".pypirc": "ini", ".netrc": "netrc"}[place])
        (work.home / place).write_text(put_in(text, address=address, token=token))
        (work.home / place).chmod(0o600)
    env = trusting(work, certificate) | (work.keyring if place == "keyring" else {})
    lines = [line for block in commands(heading) for line in block.splitlines()]
    mine = [line for line in lines if re.search(rf"(?:^|\s)(?:{work.uploader.program}|keyring) ", line)]

    for line in mine:
        work.shell(put_in(line, address=address, token=token), typed=f"{token}\n", env=env)

    assert instance.files(project)
