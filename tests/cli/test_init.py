"""``repogen init``: what a home is made of."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from repogen.config import parse_config
from repogen.store import Store
from tests.cli.conftest import Cli
from tests.links import broken_links
from tests.stores import site_files


def config(home: Path) -> str:
    data = Store(home / "store.git").newest().read("repogen.toml")
    assert data is not None
    return data.decode()


def test_a_home_has_everything(bare: Cli, home: Path) -> None:
    """Store, key, spool, and a site that can be served at once; what to do next is said."""
    ran = bare("init")

    assert sorted(path.name for path in home.iterdir()) == ["derived", "signing.key", "site", "spool", "store.git"]
    assert ran.out.splitlines()[0] == f"made a home at {home}"
    assert "token create --description me --sources local-python,local-r --scope sources:write" in ran.out
    parsed = parse_config(config(home).encode())
    assert {name: source.type for name, source in parsed.sources.items()} == {"local-python": "python", "local-r": "r"}
    assert {name: one.sources for name, one in parsed.repositories.items()} == {
        "python": ("local-python",),
        "r": ("local-r",),
    }
    assert Store(home / "store.git").newest().read(".gitattributes") is not None
    assert {"python/latest/simple/index.json", "r/latest/src/contrib/PACKAGES.rds"} <= site_files(home / "site").keys()
    assert broken_links(site_files(home / "site")) == []


def test_a_home_can_be_named(bare: Cli, tmp_path: Path) -> None:
    """A folder that is given wins over --home, and its parents are made."""
    bare("init", tmp_path / "a/b")

    assert (tmp_path / "a/b/store.git").is_dir()
    assert not bare.home.exists()


def test_an_empty_home(bare: Cli, home: Path) -> None:
    """Without sources and repositories there is nothing to make a token for."""
    ran = bare("init", "--empty", "--address", "https://packages.example/x/")

    assert ran.out == f"made a home at {home}\n"
    assert config(home).endswith('format = 1\naddress = "https://packages.example/x"\n')
    assert bare("source", "list", "-o", "json").json == []


def test_a_home_is_not_made_twice(cli: Cli, home: Path) -> None:
    """What is there stays as it is."""
    before = Store(home / "store.git").head()

    assert cli("init", status=2).err == f"repogen: '{home}' is a home already; remove it or name another folder\n"
    assert Store(home / "store.git").head() == before


def test_a_bad_address_makes_nothing(bare: Cli, home: Path) -> None:
    """A mistake is told before anything is written."""
    ran = bare("init", "--address", "packages", status=2)

    assert ran.err == "repogen: address: must be an http or https URL, not 'packages'\n"
    assert not home.exists()


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_the_key_is_private_and_the_site_is_not(bare: Cli, home: Path, mask: int) -> None:
    """Under any umask nobody else reads the key, and a web server reads the site."""
    before = os.umask(mask)
    try:
        bare("init")
    finally:
        os.umask(before)

    assert stat.S_IMODE((home / "signing.key").stat().st_mode) == 0o600
    public = [home / "site", *(path for path in (home / "site").rglob("*") if "_" not in path.parts)]
    assert {stat.S_IMODE(path.stat().st_mode) for path in public if path.is_dir()} == {0o755}
    assert {stat.S_IMODE(path.stat().st_mode) for path in public if path.is_file()} == {0o644}


def test_a_place_that_cannot_be_written_is_one_line(bare: Cli, tmp_path: Path) -> None:
    """A file in the way is named."""
    (tmp_path / "file").touch()

    assert bare("init", tmp_path / "file/home", status=11).err == f"repogen: Not a directory: '{tmp_path}/file/home'\n"
