"""pip installs: from JSON indexes as ``repogen serve`` has them, and from HTML ones as plain files are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.conformance.installers import imported, pip_install
from tests.conformance.instance import Instance
from tests.conformance.programs import wait_until
from tests.conformance.webservers import plain
from tests.conftest import Client
from tests.factories import make_sdist, make_wheel

pytestmark = pytest.mark.conformance

REQUIRES = [("Requires-Python", ">=99")]
DEPENDENCIES = [
    ("Requires-Dist", "pip-part>=1.0"),
    ("Provides-Extra", "more"),
    ("Requires-Dist", "pip-odd; extra == 'more'"),
]


@dataclass(frozen=True)
class Published:
    """Where the same files can be installed from, and what the index says of them."""

    instance: Instance
    json: str
    html: str

    def index(self, form: str) -> str:
        """The address of the index in one form."""
        return {"json": self.json, "html": self.html}[form]


@pytest.fixture(scope="module")
def published(instance: Instance, token: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """What the tests of this module install."""
    folder = tmp_path_factory.mktemp("dist")
    made = [
        make_wheel(folder, "pip-whole", extra_metadata=DEPENDENCIES),
        make_wheel(folder, "pip-part"),
        make_wheel(folder, "pip-part", "2.0", extra_metadata=REQUIRES),
        make_wheel(folder, "pip-odd", "1!2.0+abc.1"),
        make_sdist(folder, "Pip.Source_Only"),
        make_wheel(folder, "pip-yanked"),
        make_wheel(folder, "pip-yanked", "2.0"),
    ]
    instance.twine(*made, token=token)
    instance.repogen("yank", "pip-yanked", "2.0", "--source", "local-python", "--reason", "eats <data>")
    with plain(instance.home / "site") as server:
        yield Published(instance, instance.index, f"{server.address}/python/latest/simple/")


FORMS = pytest.mark.parametrize("form", ["json", "html"])


@FORMS
def test_install(published: Published, form: str, client: Client, tmp_path: Path) -> None:
    """A project comes with its dependency, in the newest version that this Python may have."""
    pip_install(client, tmp_path / "there", published.index(form), "pip-whole")
    assert imported(tmp_path / "there", "pip_whole") == "1.0"
    assert imported(tmp_path / "there", "pip_part") == "1.0"


@FORMS
def test_extra_and_odd_version(published: Published, form: str, client: Client, tmp_path: Path) -> None:
    """An extra is known from the metadata; a version with an epoch and a local part is found."""
    pip_install(client, tmp_path / "there", published.index(form), "pip-whole[more]")
    assert imported(tmp_path / "there", "pip_odd") == "1!2.0+abc.1"


@FORMS
def test_sdist(published: Published, form: str, client: Client, tmp_path: Path) -> None:
    """An sdist is found under any spelling of its name, and built."""
    pip_install(client, tmp_path / "there", published.index(form), "PIP_source-ONLY")
    assert imported(tmp_path / "there", "pip_source_only") == "1.0"


@FORMS
def test_required_hashes(published: Published, form: str, client: Client, tmp_path: Path) -> None:
    """The hash that the index states is that of the file, and pip takes no other."""
    (file,) = published.instance.files("pip-odd").values()
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text(f"pip-odd==1!2.0+abc.1 --hash=sha256:{file['hashes']['sha256']}\n")
    bad.write_text(f"pip-odd==1!2.0+abc.1 --hash=sha256:{'0' * 64}\n")
    pip_install(client, tmp_path / "there", published.index(form), "--require-hashes", "-r", good)
    ran = pip_install(client, tmp_path / "bad", published.index(form), "--require-hashes", "-r", bad, status=1)
    assert "DO NOT MATCH" in ran.screen


@FORMS
def test_metadata_alone(published: Published, form: str, client: Client, tmp_path: Path) -> None:
    """To resolve, pip reads the metadata beside the wheels and downloads no wheel."""
    report = tmp_path / "report.json"
    index = published.index(form)
    with plain(published.instance.home / "site") as server:
        if form == "html":
            index = f"{server.address}/python/latest/simple/"
        before = len(published.instance.requests("/files/"))
        pip_install(client, tmp_path / "there", index, "--dry-run", "--report", report, "pip-whole")
        paths = [path for path in server.requests if "/files/" in path]
    if form == "json":
        paths = wait_until(lambda: _paths(published.instance, before), "two lines in the log")
    assert sorted(path.rpartition("/")[2] for path in paths) == [
        "pip_part-1.0-py3-none-any.whl.metadata",
        "pip_whole-1.0-py3-none-any.whl.metadata",
    ]
    found = json.loads(report.read_text())["install"]
    assert [one["metadata"]["name"] for one in found] == ["pip-whole", "pip-part"]


def _paths(instance: Instance, before: int) -> list[str] | None:
    paths = [line.split()[1] for line in instance.requests("/files/")[before:]]
    return paths if len(paths) >= 2 else None


@FORMS
def test_yanked(published: Published, form: str, client: Client, tmp_path: Path) -> None:
    """A yanked release is passed over, but for whoever names that very version, who is told the reason."""
    pip_install(client, tmp_path / "newest", published.index(form), "pip-yanked")
    assert imported(tmp_path / "newest", "pip_yanked") == "1.0"
    ran = pip_install(client, tmp_path / "named", published.index(form), "pip-yanked==2.0")
    assert imported(tmp_path / "named", "pip_yanked") == "2.0"
    assert "Reason for being yanked: eats <data>" in ran.screen


def test_uploaded_prior_to(published: Published, client: Client, tmp_path: Path) -> None:
    """By the time of upload, pip keeps to what was there at a given time."""
    (file,) = published.instance.files("pip-odd").values()
    uploaded = datetime.fromisoformat(file["upload-time"])
    before, after = (f"{uploaded + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S.%fZ}" for seconds in (-1, 1))
    ran = pip_install(client, tmp_path / "before", published.json, "--uploaded-prior-to", before, "pip-odd", status=1)
    assert "No matching distribution found for pip-odd" in ran.screen
    pip_install(client, tmp_path / "after", published.json, "--uploaded-prior-to", after, "pip-odd")
    assert imported(tmp_path / "after", "pip_odd") == "1!2.0+abc.1"


def test_fallback(published: Published, client: Client, tmp_path: Path) -> None:
    """A project that the repository lacks comes from its fallback; one that it has never does."""
    other = tmp_path / "other"
    for name in ("pip-elsewhere", "pip-part"):
        folder = other / "simple" / name
        folder.mkdir(parents=True)
        made = make_wheel(folder, name, "9.0")
        (folder / "index.html").write_text(f'<!DOCTYPE html><a href="{made.name}">{made.name}</a>')
    with plain(other) as server:
        options = ("--type", "python", "--source", "local-python", "--fallback", f"{server.address}/simple")
        published.instance.repogen("repo", "create", "with-fallback", *options)
        index = f"{published.instance.address}/with-fallback/latest/simple/"
        pip_install(client, tmp_path / "there", index, "pip-elsewhere", "pip-part")
    assert imported(tmp_path / "there", "pip_elsewhere") == "9.0"
    assert imported(tmp_path / "there", "pip_part") == "1.0"
    assert [path for path in server.requests if "pip-part" in path] == []
