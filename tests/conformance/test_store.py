"""The standard Git and Git LFS read the whole of a store, and write what they may."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.conformance.instance import Instance
from tests.conformance.programs import run, wait_until
from tests.conftest import Client
from tests.factories import make_sdist, make_wheel

pytestmark = pytest.mark.conformance


def clone(client: Client, instance: Instance, folder: Path, *, lfs: bool) -> None:
    """Clone a store over ``file://``, and with ``lfs`` its archives too."""
    run(client("git"), "clone", f"file://{instance.home}/store.git", folder)
    if lfs:
        client("git-lfs")
        run("git", "lfs", "install", "--local", cwd=folder)
        run("git", "lfs", "pull", cwd=folder)


def test_clone_with_lfs(own: Instance, client: Client, tmp_path: Path) -> None:
    """A clone has every archive, signature and metadata file byte for byte, and Git finds nothing amiss."""
    signature = b"-----BEGIN PGP SIGNATURE-----\n\niHUEABYKAB0WIQ==\n=AbCd\n-----END PGP SIGNATURE-----\n"
    made = [make_wheel(tmp_path, "Store.Whole", "1.0+abc"), make_sdist(tmp_path, "store-source", fmt="zip")]
    (tmp_path / f"{made[0].name}.asc").write_bytes(signature)
    own.twine(*made, tmp_path / f"{made[0].name}.asc", token=own.token())
    own.repogen("yank", "store-source", "1.0", "--source", "local-python")
    clone(client, own, tmp_path / "clone", lfs=True)
    found = {path.name: path for path in (tmp_path / "clone" / "sources").rglob("*") if path.is_file()}
    for path in made:
        assert found[path.name].read_bytes() == path.read_bytes()
    assert found[f"{made[0].name}.asc"].read_bytes() == signature
    assert found[f"{made[0].name}.metadata"].read_bytes() == own.download("store-whole", made[0].name, ".metadata")
    record = json.loads(found[f"{made[0].name}.json"].read_bytes())
    assert record["digests"]["sha256"] == hashlib.sha256(made[0].read_bytes()).hexdigest()
    assert run("git", "status", "--porcelain", cwd=tmp_path / "clone").out == ""
    fsck = run("git", "-C", own.home / "store.git", "fsck", "--full", "--strict", "--no-dangling")
    assert fsck.screen == ""
    assert "Git LFS fsck OK" in run("git", "lfs", "fsck", cwd=tmp_path / "clone").screen


def test_history(own: Instance, client: Client, tmp_path: Path) -> None:
    """``git log`` reads as an audit log: who did what to which project, one line each, and with which token."""
    client("git")
    made = make_wheel(tmp_path, "store-audit")
    own.twine(made, token=own.token(user="Ann <ann@example.org>"))
    own.repogen("yank", "store-audit", "1.0", "--source", "local-python", "--reason", "broken\n\nToken: forged")
    own.repogen("unyank", "store-audit", made.name, "--source", "local-python")
    assert own.history()[:-2] == [
        "unyank store_audit-1.0-py3-none-any.whl in local-python (1 file)",
        "yank store-audit 1.0 from local-python (1 file)",
        "add store-audit 1.0 to local-python (1 file)",
    ]
    assert own.history()[-1] == "create the store"
    text = "\n".join(own.history("%an%n%(trailers:only,unfold)"))
    assert text.count("Sha256: " + hashlib.sha256(made.read_bytes()).hexdigest()) == 1
    assert "Project: store-audit\n" in text
    assert "Version: 1.0\n" in text
    assert "<" not in text
    assert "\nToken: forged" not in text


def test_push(own: Instance, client: Client, tmp_path: Path) -> None:
    """An edit of repogen.toml that is pushed is followed; after a bad one the last good goes on, and status says so."""
    token = own.token()
    own.twine(make_wheel(tmp_path, "store-push"), token=token)
    work = tmp_path / "work"
    clone(client, own, work, lfs=False)
    good = (work / "repogen.toml").read_text()
    mirrored = good + '\n[repositories.mirrored]\ntype = "python"\nsources = ["local-python"]\n'
    _push(work, mirrored)
    wait_until(lambda: own.project("store-push", "mirrored"), "the new repository", within=3)
    assert _status(own)["status"] == "ok"

    _push(work, mirrored + '\n[repositories.broken]\ntype = "python"\nsources = ["nowhere"]\n')
    wait_until(lambda: _status(own)["status"] == "degraded", "the status", within=3)
    assert _status(own)["trouble"].startswith("repogen.toml: repositories.broken.sources[0]: no source named 'nowhere'")
    own.twine(make_wheel(tmp_path, "store-push", "2.0"), token=token)
    found = own.project("store-push", "mirrored")
    assert found is not None
    assert found["versions"] == ["1.0", "2.0"]
    assert own.get("/broken/latest/simple/").status == 404
    assert own.log.count("no source named 'nowhere'") == 1

    run("git", "pull", "--rebase", cwd=work)
    _push(work, good)
    wait_until(lambda: _status(own)["status"] == "ok", "the status", within=3)
    assert _status(own)["trouble"] == ""


def _push(work: Path, config: str) -> None:
    (work / "repogen.toml").write_text(config)
    run("git", "commit", "--all", "--message", "edit by hand", cwd=work)
    run("git", "push", cwd=work)


def _status(instance: Instance) -> dict[str, str]:
    answer = instance.get("/__api__/status")
    assert answer.status == 200
    document: dict[str, str] = json.loads(answer.body)
    return document
