"""uv publishes, and installs by JSON."""

from __future__ import annotations

import sys
import tomllib
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.conformance.installers import imported, uv_install
from tests.conformance.instance import Instance
from tests.conformance.programs import Ran, clean, run
from tests.conformance.webservers import plain
from tests.conftest import Client
from tests.factories import make_sdist, make_wheel

pytestmark = pytest.mark.conformance


def publish(instance: Instance, token: str, *files: Path, status: int = 0, **env: str) -> Ran:
    """``uv publish`` with a token."""
    settings = clean(
        UV_PUBLISH_URL=f"{instance.address}/upload/pypi/local-python",
        UV_PUBLISH_TOKEN=token,
        UV_NO_CONFIG="1",
        UV_CACHE_DIR=files[0].parent / "uv-cache",
        **env,
    )
    return run(instance.client("uv"), "publish", "--trusted-publishing", "never", *files, env=settings, status=status)


def test_publish(instance: Instance, token: str, tmp_path: Path) -> None:
    """A wheel and an sdist are in the simple index when uv is done."""
    publish(instance, token, make_wheel(tmp_path, "uv-both"), make_sdist(tmp_path, "uv-both"))
    assert sorted(instance.files("uv-both")) == ["uv_both-1.0-py3-none-any.whl", "uv_both-1.0.tar.gz"]


def test_other_bytes(instance: Instance, token: str, tmp_path: Path) -> None:
    """Why a file was refused is shown by uv, too."""
    publish(instance, token, make_wheel(tmp_path, "uv-other"))
    ran = publish(instance, token, make_wheel(tmp_path, "uv-other", files={"more.py": b""}), status=2)
    assert "File already exists ('uv_other-1.0-py3-none-any.whl', with sha256 " in ran.screen


def test_bad_token(instance: Instance, tmp_path: Path) -> None:
    """With a token that is none, uv says what is wrong with it."""
    ran = publish(instance, "no.such.token", make_wheel(tmp_path, "uv-bad-token"), status=2)
    assert "401" in ran.screen
    assert "token" in ran.screen
    assert instance.files("uv-bad-token") == {}


def test_check_url(instance: Instance, token: str, tmp_path: Path) -> None:
    """With the simple index to check against, uv skips what is there and refuses other bytes by itself."""
    made = make_wheel(tmp_path, "uv-check")
    publish(instance, token, made, UV_PUBLISH_CHECK_URL=instance.index)
    before = instance.requests("POST /upload/pypi/local-python")
    ran = publish(instance, token, made, UV_PUBLISH_CHECK_URL=instance.index)
    assert "already exists, skipping" in ran.screen
    other = make_wheel(tmp_path, "uv-check", files={"more.py": b""})
    publish(instance, token, other, UV_PUBLISH_CHECK_URL=instance.index, status=2)
    assert instance.requests("POST /upload/pypi/local-python") == before


def test_install(instance: Instance, token: str, client: Client, tmp_path: Path) -> None:
    """A project comes with its dependency, both taken from the JSON index and by their metadata."""
    whole = make_wheel(tmp_path, "uv-whole", extra_metadata=[("Requires-Dist", "uv.part<2")])
    publish(
        instance, token, whole, make_wheel(tmp_path, "uv-part", "1.5+local.1"), make_wheel(tmp_path, "uv-part", "2")
    )
    uv_install(client, tmp_path / "there", instance.index, "uv-whole")
    assert imported(tmp_path / "there", "uv_whole") == "1.0"
    assert imported(tmp_path / "there", "uv_part") == "1.5+local.1"
    assert any(line.startswith("GET /python/latest/simple/uv-part/ 200") for line in instance.requests("/uv-part/"))
    assert any(line.endswith(".whl.metadata 200") for line in instance.requests("/uv_whole-1.0"))


def test_yanked(instance: Instance, token: str, client: Client, tmp_path: Path) -> None:
    """A yanked release is passed over, but for whoever names that very version, who is told the reason."""
    publish(instance, token, make_wheel(tmp_path, "uv-yanked"), make_wheel(tmp_path, "uv-yanked", "2.0"))
    instance.repogen("yank", "uv-yanked", "2.0", "--source", "local-python", "--reason", "eats <data>")
    uv_install(client, tmp_path / "newest", instance.index, "uv-yanked")
    assert imported(tmp_path / "newest", "uv_yanked") == "1.0"
    ran = uv_install(client, tmp_path / "named", instance.index, "uv-yanked==2.0")
    assert imported(tmp_path / "named", "uv_yanked") == "2.0"
    assert "eats <data>" in ran.screen
    instance.repogen("unyank", "uv-yanked", "2.0", "--source", "local-python")
    uv_install(client, tmp_path / "unyanked", instance.index, "--refresh", "uv-yanked")
    assert imported(tmp_path / "unyanked", "uv_yanked") == "2.0"


def test_exclude_newer(instance: Instance, token: str, client: Client, tmp_path: Path) -> None:
    """By the time of upload, uv keeps to what was there at a given time."""
    made = make_wheel(tmp_path, "uv-newer")
    publish(instance, token, made)
    uploaded = datetime.fromisoformat(instance.files("uv-newer")[made.name]["upload-time"])
    before, after = (f"{uploaded + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}" for seconds in (-2, 2))
    ran = uv_install(client, tmp_path / "before", instance.index, "--exclude-newer", before, "uv-newer", status=1)
    assert "uv-newer" in ran.screen
    uv_install(client, tmp_path / "after", instance.index, "--exclude-newer", after, "uv-newer")
    assert imported(tmp_path / "after", "uv_newer") == "1.0"


def test_project_with_explicit_index(instance: Instance, token: str, client: Client, tmp_path: Path) -> None:
    """In a uv project an explicit index serves the names that it is named for, and no other index is asked for them."""
    publish(instance, token, make_wheel(tmp_path, "uv-explicit"))
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    elsewhere.mkdir()
    (project / "pyproject.toml").write_text(
        '[project]\nname = "app"\nversion = "0.1"\nrequires-python = ">=3.11"\n'
        '[tool.uv.sources]\nuv-explicit = { index = "team" }\n'
        f'[[tool.uv.index]]\nname = "team"\nurl = "{instance.index}"\nexplicit = true\n'
    )
    with plain(elsewhere) as other:
        env = clean(UV_DEFAULT_INDEX=other.address, UV_CACHE_DIR=tmp_path / "cache", UV_PYTHON=sys.executable)
        run(client("uv"), "add", "uv-explicit", env=env, cwd=project)
        run(client("uv"), "lock", "--check", env=env, cwd=project)
    assert other.requests == []
    locked = tomllib.loads((project / "uv.lock").read_text())
    (package,) = [one for one in locked["package"] if one["name"] == "uv-explicit"]
    (file,) = instance.files("uv-explicit").values()
    assert package["source"] == {"registry": instance.index}
    assert package["wheels"][0]["hash"] == f"sha256:{file['hashes']['sha256']}"
    assert package["wheels"][0]["size"] == file["size"]
    text = "import uv_explicit; print(uv_explicit.__version__)"
    assert run(project / ".venv" / "bin" / "python", "-c", text).out == "1.0\n"
