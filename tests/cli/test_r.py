"""R packages by the command line: what is added, listed and shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from repogen.store import Store
from tests.cli.conftest import Cli
from tests.r_packages import make_r_binary, make_r_source
from tests.stores import SIGNATURE

CONTRIB = "site/r/latest/src/contrib"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A folder with two source packages, one of them signed, and what else lies around."""
    folder = tmp_path / "dist"
    folder.mkdir()
    signed = make_r_source(folder, "tidy", "1.0")
    signed.with_name(f"{signed.name}.asc").write_bytes(SIGNATURE)
    make_r_source(folder, "MASS.extra", "1.0-3", files={"README.md": b"# Extra\n\n" + b"Long. " * 500})
    (folder / "data.tar.gz").write_bytes(b"no package")
    (folder / "PACKAGES").touch()
    return folder


def test_a_folder(cli: Cli, dist: Path) -> None:
    """What is named as an R package is taken, each with the signature beside it, and is in PACKAGES."""
    ran = cli("add", "--source", "local-r", dist)

    assert ran.out.splitlines() == [
        "added: MASS.extra_1.0-3.tar.gz",
        "added: tidy_1.0.tar.gz",
        f"commit {Store(cli.home / 'store.git').head()[:12]}",
    ]
    assert ran.err == ""
    contrib = cli.home / CONTRIB
    packages = (contrib / "PACKAGES").read_text()
    assert "Package: tidy\nVersion: 1.0\n" in packages
    assert "Package: MASS.extra\nVersion: 1.0-3\n" in packages
    assert (contrib / "tidy_1.0.tar.gz").read_bytes() == (dist / "tidy_1.0.tar.gz").read_bytes()
    assert (contrib / "tidy_1.0.tar.gz.asc").read_bytes() == SIGNATURE
    assert not (contrib / "MASS.extra_1.0-3.tar.gz.asc").exists()


def test_a_signature_alone(cli: Cli, dist: Path, tmp_path: Path) -> None:
    """It joins the package that is there, on the site as well."""
    cli("add", "--source", "local-r", dist)
    signature = tmp_path / "MASS.extra_1.0-3.tar.gz.asc"
    signature.write_bytes(SIGNATURE)

    ran = cli("add", "--source", "local-r", signature)

    assert ran.out.splitlines()[0] == "signed: MASS.extra_1.0-3.tar.gz"
    assert (cli.home / CONTRIB / signature.name).read_bytes() == SIGNATURE


def test_binaries(cli: Cli, dist: Path, tmp_path: Path) -> None:
    """One for Windows says itself what it is for, one for a Linux is told; both are listed with their platform."""
    windows = make_r_binary(tmp_path, "tidy", platform="windows")
    linux = make_r_binary(tmp_path, "tidy", compiled=True)
    refused = cli("add", "--source", "local-r", linux, status=3)
    assert "tidy_1.0.tar.gz: " in refused.err
    assert "distribution" in refused.err

    cli("add", "--source", "local-r", windows)
    cli("add", "--source", "local-r", linux, "--distribution", "jammy")
    cli("add", "--source", "local-r", dist)

    lines = [line.split() for line in cli("list", "tidy").out.splitlines()]
    assert lines[0] == ["SOURCE", "FILENAME", "SIZE", "UPLOADED", "BY", "TARGET"]
    assert sorted((line[1], *line[5:]) for line in lines[1:]) == [
        ("tidy_1.0.tar.gz",),
        ("tidy_1.0.tar.gz", "linux-jammy-x86_64-4.2"),
        ("tidy_1.0.zip", "windows-4.2"),
    ]
    assert (cli.home / "site/r/latest/bin/linux/jammy-x86_64/4.2/src/contrib/PACKAGES").is_file()
    assert (cli.home / "site/r/latest/bin/windows/contrib/4.2/tidy_1.0.zip").is_file()


def test_a_signature_of_a_binary(cli: Cli, tmp_path: Path) -> None:
    """Where files for two platforms have one name, the platform says which is meant."""
    linux = make_r_binary(tmp_path, "tidy", compiled=True)
    for distribution in ("jammy", "noble"):
        cli("add", "--source", "local-r", linux, "--distribution", distribution)
    signature = tmp_path / "tidy_1.0.tar.gz.asc"
    signature.write_bytes(SIGNATURE)

    refused = cli("add", "--source", "local-r", signature, status=3)
    cli("add", "--source", "local-r", signature, "--distribution", "noble")

    assert "for several platforms" in refused.err
    rows = cli("show", "tidy", "-o", "json").json
    assert {row["target"]: row["signed"] for row in rows} == {
        "linux-jammy-x86_64-4.2": False,
        "linux-noble-x86_64-4.2": True,
    }


def test_a_platform_means_nothing_for_what_has_none(cli: Cli, dist: Path) -> None:
    """A source package with one is refused: somebody took it for a binary."""
    assert "tidy_1.0.tar.gz: " in cli("add", "--source", "local-r", dist, "--distribution", "jammy", status=3).err


def test_what_is_recorded_is_shown(cli: Cli, dist: Path) -> None:
    """A fact a line; of a README its size, and all of it as JSON."""
    cli("add", "--source", "local-r", dist)

    text = cli("show", "MASS.extra").out
    (row,) = cli("show", "MASS.extra", "-o", "json").json

    assert "version: 1.0-3\n" in text
    assert f"digests.md5: {row['digests']['md5']}\n" in text
    assert "facts.title: An Example\n" in text
    assert "facts.readme.name: README.md\n" in text
    assert f"facts.readme.text: ({len(row['facts']['readme']['text'])} characters)\n" in text
    assert "Long. " * 500 in row["facts"]["readme"]["text"]
    assert max(map(len, text.splitlines())) < 200


def test_equal_versions_are_one(cli: Cli, dist: Path) -> None:
    """However they are spelled: R would take one for the other."""
    cli("add", "--source", "local-r", dist)

    assert len(cli("show", "MASS.extra", "1.0.3", "-o", "json").json) == 1
    assert cli("list", "--source", "local-r", "-o", "json").json == [
        {"source": "local-r", "type": "r", "name": "MASS.extra", "versions": ["1.0-3"]},
        {"source": "local-r", "type": "r", "name": "tidy", "versions": ["1.0"]},
    ]
    assert "no project 'mass.extra'" in cli("show", "mass.extra", status=7).err
