"""Every upload tool publishes by its recipe, and shows its user what the receiver says."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conformance.instance import Instance, fetch
from tests.conformance.programs import clean, run, wait_until
from tests.conformance.recipes import commands, files, put_in
from tests.conformance.uploaders import UPLOADERS, Workplace
from tests.conftest import Client
from tests.factories import make_sdist, make_wheel

pytestmark = pytest.mark.conformance


@pytest.fixture(params=UPLOADERS)
def work(request: pytest.FixtureRequest, client: Client, tmp_path: Path) -> Workplace:
    """A workplace with each of the tools in turn."""
    return workplace(request.param, client, tmp_path)


def workplace(name: str, client: Client, folder: Path) -> Workplace:
    """A workplace with one tool."""
    return Workplace(uploader=UPLOADERS[name], client=client, folder=folder)


def named(work: Workplace, what: str) -> tuple[str, list[str]]:
    """A project of this tool's own for a test, and the names of its files."""
    name = f"tool-{work.uploader.name.replace('.', '-')}-{what}"
    stem = f"{name.replace('-', '_')}-1.0"
    return name, [f"{stem}-py3-none-any.whl", f"{stem}.tar.gz"]


def uploads(instance: Instance, log: int, source: str = "local-python") -> list[str]:
    """How each upload since that place in the log was answered."""
    return re.findall(rf'"POST /upload/pypi/{source}" (\d+)', instance.log[log:])


def test_publish(work: Workplace, instance: Instance, token: str) -> None:
    """Wheel and sdist of a project are in the index when the tool is done, and it may send the same bytes again."""
    name, made = named(work, "both")
    work.write_project(name)
    work.build()
    log = len(instance.log)

    work.publish(instance.address, token)

    found = instance.files(name)
    assert sorted(found) == sorted(made)
    assert [instance.download(name, file) for file in made] == [(work.dist / file).read_bytes() for file in made]
    assert uploads(instance, log) == ["200", "200"]

    before, log = instance.history("%H"), len(instance.log)
    work.publish(instance.address, token)

    assert instance.files(name) == found
    assert instance.history("%H") == before
    # Hatch has asked, and knows that it has nothing to send.
    assert uploads(instance, log) == ([] if work.uploader.name == "hatch" else ["200", "200"])


def test_other_bytes(work: Workplace, instance: Instance, token: str, tmp_path: Path) -> None:
    """Other bytes under a name that is there stay outside, and the user reads why."""
    name, made = named(work, "other")
    instance.twine(make_wheel(tmp_path, name), make_sdist(tmp_path, name), token=token)
    before = instance.files(name)
    assert sorted(before) == sorted(made)
    work.write_project(name)
    work.build()

    ran = work.publish(instance.address, token, status=None)

    assert instance.files(name) == before
    if work.uploader.name == "hatch":
        assert [f"dist/{file} ... already exists" in ran.screen for file in made] == [True, True]
    else:
        assert ran.status != 0
        assert re.search(r"File already exists \('\S+-1\.0\S+', with sha256 [0-9a-f]{64}\)", ran.screen)


def test_bad_metadata(work: Workplace, instance: Instance, token: str) -> None:
    """What is wrong with a file is shown with the value that is wrong."""
    name, _ = named(work, "metadata")
    work.write_project(name, url="javascript:alert(1)")
    work.build()

    # Flit looks at the address by itself, unless it is told not to.
    ran = work.publish(instance.address, token, status=None, env={"FLIT_ALLOW_INVALID": "1"})

    assert ran.status != 0
    assert "the field 'project-url' has 'javascript:alert(1)', which is code and no address: use https" in ran.screen
    assert instance.files(name) == {}


@pytest.fixture(scope="session")
def r_only(instance: Instance) -> str:
    """A token that is good for another source."""
    return instance.token("local-r")


@pytest.fixture
def ready(work: Workplace) -> Workplace:
    """A workplace where wheel and sdist of a project lie in ``dist/``."""
    name, _ = named(work, "refused")
    work.write_project(name)
    work.dist.mkdir()
    make_wheel(work.dist, name)
    make_sdist(work.dist, name)
    return work


def test_no_good_token(ready: Workplace, instance: Instance) -> None:
    """A token that is none: 401, and what is wrong with it."""
    ran = ready.publish(instance.address, "no.such.token", status=None)

    assert ran.status != 0
    assert "401" in ran.screen
    assert "the token is not valid" in ran.screen


def test_token_of_another_source(ready: Workplace, instance: Instance, r_only: str) -> None:
    """A token for another source: 403, and which source it is not for."""
    ran = ready.publish(instance.address, r_only, status=None)

    assert ran.status != 0
    assert "403" in ran.screen
    assert "this token may not upload to source 'local-python'" in ran.screen


def test_unknown_source(ready: Workplace, instance: Instance, token: str) -> None:
    """A source that is not there: 404, and those that are."""
    ran = ready.publish(instance.address, token, source="lokal-python", status=None)

    assert ran.status != 0
    assert "404" in ran.screen
    assert re.search(r"no source named 'lokal-python'; sources: .*local-python", ran.screen)


@pytest.mark.parametrize("name", ["flit", "hatch"])
def test_address_of_the_page(name: str, instance: Instance, token: str, client: Client, tmp_path: Path) -> None:
    """The address at which Flit and Hatch tell their users to look leads to the project's page."""
    work = workplace(name, client, tmp_path)
    project, _ = named(work, "page")
    work.write_project(project)
    work.build()

    ran = work.publish(instance.address, token)

    (address,) = set(re.findall(rf"\S+/upload/pypi/local-python/{project}\S*", ran.screen))
    answer = fetch(instance.port, urlsplit(address).path)
    assert answer.status == 302
    wait_until(lambda: instance.get(answer.headers["Location"]).status == 200, "the page")


class TestHatch:
    """Hatch looks before it uploads."""

    def test_probe(self, instance: Instance, token: str, client: Client, tmp_path: Path) -> None:
        """It asks for the project by its normalized name, and sends only the files that are not there."""
        work = workplace("hatch", client, tmp_path)
        work.write_project("hatch-probe")
        work.dist.mkdir()
        wheel = make_wheel(work.dist, "Hatch.Probe", filename="hatch_probe-1.0-py3-none-any.whl")

        work.publish(instance.address, token)
        sdist = make_sdist(work.dist, "hatch-probe")
        ran = work.publish(instance.address, token)

        assert f"dist/{wheel.name} ... already exists" in ran.screen
        assert f"dist/{sdist.name} ... success" in ran.screen
        assert sorted(instance.files("hatch-probe")) == sorted([wheel.name, sdist.name])
        below = "GET /upload/pypi/local-python/+simple/hatch-probe/"
        assert instance.requests(below) == [f"{below} 404", f"{below} 200"]

    def test_removed_file(self, instance: Instance, token: str, client: Client, tmp_path: Path) -> None:
        """A name that was there and is removed is sent, and refused in words that Hatch shows."""
        instance.twine(make_wheel(tmp_path, "hatch-removed"), token=token)
        instance.repogen("remove", "hatch-removed", "1.0", "--source", "local-python", "--comment", "bad")
        work = workplace("hatch", client, tmp_path)
        work.write_project("hatch-removed")
        work.build()

        ran = work.publish(instance.address, token, status=1)

        assert "File already exists ('hatch_removed-1.0-py3-none-any.whl', with sha256 " in ran.screen


class TestPdm:
    """PDM shows more or less of an answer."""

    def test_reason_in_its_log(self, instance: Instance, client: Client, tmp_path: Path) -> None:
        """With its cache PDM shows no reason, but names a log that has it."""
        work = workplace("pdm", client, tmp_path)
        work.write_project("pdm-log")
        work.dist.mkdir()
        make_wheel(work.dist, "pdm-log")

        recipe = commands("With PDM")[0].replace(" PDM_NO_CACHE=1", "")
        text = put_in(recipe, address=instance.address, token="no.such.token")
        ran = work.shell(text, status=1)

        assert "401 Unauthorized" in ran.screen
        (log,) = re.findall(r"See (\S+) for detailed debug log", ran.screen)
        assert "the token is not valid" in Path(log).read_text()

    def test_signature(self, instance: Instance, token: str, client: Client, gnupg: Path, tmp_path: Path) -> None:
        """An ``.asc`` in ``dist/`` goes along."""
        work = workplace("pdm", client, tmp_path)
        work.write_project("pdm-signed")
        work.dist.mkdir()
        wheel = make_wheel(work.dist, "pdm-signed")
        run(client("gpg"), "--batch", "--armor", "--detach-sign", wheel, env=clean(GNUPGHOME=gnupg))

        work.publish(instance.address, token)

        signature = wheel.with_name(f"{wheel.name}.asc").read_bytes()
        assert instance.files("pdm-signed")[wheel.name]["gpg-sig"] is True
        assert instance.download("pdm-signed", wheel.name, ".asc") == signature


@pytest.mark.parametrize("name", ["twine-6.0", "poetry", "pdm"])
def test_skip_existing(name: str, instance: Instance, token: str, client: Client, tmp_path: Path) -> None:
    """Tools that are told to skip what exists know our refusal, say that they skip, and change nothing."""
    work = workplace(name, client, tmp_path)
    project, _ = named(work, "skip")
    instance.twine(make_wheel(tmp_path, project), token=token)
    before = instance.files(project)
    work.write_project(project)
    work.dist.mkdir()
    make_wheel(work.dist, project, files={"more.py": b""})

    ran = work.publish(instance.address, token, more="--skip-existing")

    assert "skipping" in ran.screen.lower()
    assert instance.files(project) == before


class TestUv:
    """uv compares with the simple index, where it is told of it."""

    def test_check_url(self, instance: Instance, token: str, client: Client, tmp_path: Path) -> None:
        """The recipe with ``--check-url`` skips the same bytes and refuses others, with nothing sent."""
        work = workplace("uv", client, tmp_path)
        work.write_project("uv-compared")
        work.build()
        work.publish(instance.address, token)
        log = len(instance.log)
        compared = put_in(commands("With uv")[1].replace("uv publish", ""), address=instance.address, token=token)

        same = work.publish(instance.address, token, more=compared)
        work.write_project("uv-compared", text="Another text.")
        work.build()
        other = work.publish(instance.address, token, more=compared, status=2)

        assert same.screen.count("already exists, skipping") == 2
        assert re.search(r"file do not match for \W?uv_compared-1\.0-py3-none-any\.whl", other.screen)
        assert uploads(instance, log) == []

    def test_index(self, instance: Instance, token: str, client: Client, tmp_path: Path) -> None:
        """What the recipe puts into ``pyproject.toml`` names the address and what to compare with."""
        work = workplace("uv", client, tmp_path)
        work.write_project("uv-index")
        with (work.project / "pyproject.toml").open("a") as file:
            file.write(put_in(files("With uv", "toml")[0], address=instance.address, token=token))
        work.build()

        work.shell("uv publish --index acme", env={"UV_PUBLISH_TOKEN": token})
        ran = work.shell("uv publish --index acme", env={"UV_PUBLISH_TOKEN": token})

        assert len(instance.files("uv-index")) == 2
        assert ran.screen.count("already exists, skipping") == 2
