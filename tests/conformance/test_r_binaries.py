"""Binary packages that R made, among source packages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance.curl import curl, outcome
from tests.conformance.instance import Instance, serving
from tests.conformance.rscript import R
from tests.conftest import Client
from tests.r_packages import make_r_binary, make_r_source

pytestmark = pytest.mark.conformance


@dataclass(frozen=True)
class Mixed:
    """Where the binaries for this R are, and what the tests ask about."""

    instance: Instance
    linux: str
    contrib: str
    binary: Path


@pytest.fixture(scope="module")
def mixed(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mixed]:
    """Source packages that need each other; the one with C code comes as a binary for this R as well."""
    folder = tmp_path_factory.mktemp("r-binaries")
    r = R(client, folder / "r")
    code = make_r_source(folder, "mixed.code", "1.0", compiled=True)
    binary = r.build(code)
    older = make_r_source(folder, "mixed.top", "0.9")
    top = make_r_source(folder, "mixed.top", "1.0", fields={"Imports": "mixed.code, mixed.end"})
    with serving(folder / "home", client) as instance:
        instance.repogen("add", "--source", "local-r", code, older, top, make_r_source(folder, "mixed.end"))
        below = "/?distribution=jammy"
        ran = curl(client, instance, "-T", binary, token=instance.token("local-r"), below=below)
        assert outcome(ran)[1] == 200, ran.out
        arch, series = r.value('R.version$arch, sub("[.][0-9]+$", "", getRversion())').split()
        linux = f"/r/latest/bin/linux/jammy-{arch}/{series}"
        yield Mixed(instance, f"{instance.address}{linux}", f"{linux}/src/contrib", binary)


def test_install(mixed: Mixed, r: R) -> None:
    """The folder of a distribution is a repository by itself: binaries where there are some, the rest from source."""
    assert r.available(mixed.linux) == {"mixed.code": "1.0", "mixed.top": "1.0", "mixed.end": "1.0"}
    ran = r.install(mixed.linux, "mixed.top")
    assert r.installed() == {"mixed.code": "1.0", "mixed.top": "1.0", "mixed.end": "1.0"}
    kinds = [line.split()[2].strip("*") for line in ran.lines if line.startswith("* installing *")]
    assert sorted(kinds) == ["binary", "source", "source"]
    assert r.call("mixed.code", "twice(3)") == "6"


def test_install_from_files(mixed: Mixed, r: R) -> None:
    """The same over ``file://``: the rows that lead to source packages lead there from any place."""
    site = mixed.instance.home / "site"
    r.install((site / mixed.linux.removeprefix(f"{mixed.instance.address}/")).as_uri(), "mixed.top")
    assert r.call("mixed.code", "twice(3)") == "6"


def test_the_same_bytes(mixed: Mixed) -> None:
    """The binary is published under the name that R asks for, and the source package beside it is another file."""
    assert mixed.instance.get(f"{mixed.contrib}/mixed.code_1.0.tar.gz").body == mixed.binary.read_bytes()
    source = mixed.instance.get("/r/latest/src/contrib/mixed.code_1.0.tar.gz")
    assert source.status == 200
    assert source.body != mixed.binary.read_bytes()


def test_source_stays_source(mixed: Mixed, r: R) -> None:
    """The repository itself goes on to offer source packages only."""
    ran = r.install(f"{mixed.instance.address}/r/latest", "mixed.code")
    assert "* installing *source* package" in ran.screen
    assert r.call("mixed.code", "twice(3)") == "6"


def test_install_version(mixed: Mixed, r: R, remotes: str) -> None:
    """A superseded version is found through the folder of a distribution, too."""
    r.run(f'{remotes}$install_version("mixed.top", "0.9", upgrade = "never")', mixed.linux)
    assert r.call("mixed.top", "mixed.top_version()") == "0.9"


def test_other_systems(own: Instance, r: R, tmp_path: Path) -> None:
    """Binaries for Windows and for macOS are where R looks for them on these."""
    version = r.value("format(getRversion())").rpartition(".")[0] + ".0"
    windows = make_r_binary(tmp_path, "elsewhere", platform="windows", compiled=True, r=version)
    mac = make_r_binary(tmp_path, "elsewhere", platform="macos", compiled=True, r=version)
    own.repogen("add", "--source", "local-r", windows, mac)
    repos = f"{own.address}/r/latest"
    for kind, path in {"win.binary": windows, "mac.binary.big-sur-arm64": mac}.items():
        there = r.value(f'contrib.url(getOption("repos"), "{kind}")', repos)
        (row,) = r.table(f'available.packages("{there}", filters = list())')
        assert (row["Package"], row["Version"], row["Repository"]) == ("elsewhere", "1.0", there)
        assert own.get(f"{there.removeprefix(own.address)}/{path.name}").body == path.read_bytes()
    assert r.available(repos) == {}


def test_empty_repository(own: Instance, r: R) -> None:
    """In a repository without a package R finds none, and nothing is wrong with that."""
    repos = f"{own.address}/r/latest"
    assert r.available(repos) == {}
    assert r.value("nrow(available.packages()), is.null(old.packages())", repos) == "0 TRUE"
