"""``files_base``: indexes and pages that lead to archives at another place."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from repogen.config import parse_config
from repogen.errors import ConfigError, StoreError
from repogen.generate.build import Built
from repogen.generate.generator import Generator
from repogen.model.pages import file_path
from repogen.store import Store
from tests.factories import make_wheel
from tests.links import broken_links
from tests.r_packages import make_r_source
from tests.stores import CONFIG, NOW, SIGNATURE, add, build, commit, incoming, new_store, site_files

ELSEWHERE = b'files_base = "https://cdn.example.org/acme/"\n'
R = b"""
[sources.r]
type = "r"

[repositories.r]
type = "r"
sources = ["r"]
"""


def build_indexes_only(store: Store, site: Path) -> tuple[Built, Built]:
    """Build as in a checkout: without the archives that are served elsewhere."""
    derived = store.path.with_name("derived")
    with closing(Generator(store, site=site, derived=derived, clock=lambda: NOW, grace=0, files=False)) as one:
        return one.build(wait=10)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with a signed wheel, whose archives are served elsewhere."""
    made = new_store(tmp_path, ELSEWHERE + CONFIG)
    add(made, "near", [incoming(make_wheel(tmp_path, "example", "1.0+abc"), signature=SIGNATURE)])
    return made


def drop_pool(store: Store) -> None:
    for path in store.pool.folder.glob("??/??/*"):
        path.unlink()


def test_links_lead_elsewhere(store: Store, tmp_path: Path) -> None:
    """Indexes and pages name the address below which another copy of the site has the repository's files."""
    site = tmp_path / "site"
    build(store, site)
    files = site_files(site)
    detail = json.loads(files["python/latest/simple/example/index.json"])
    (file,) = detail["files"]
    place = file_path(file["hashes"]["sha256"], "example-1.0%2Babc-py3-none-any.whl")

    url = f"https://cdn.example.org/acme/python/{place}"
    assert file["url"] == url
    assert f'href="{url}#sha256=' in files["python/latest/simple/example/index.html"].decode()
    page = files["python/packages/example/index.html"].decode()
    for link in (url, f"{url}.asc", f"{url}.metadata"):
        assert f'href="{link}"' in page
    mixed = json.loads(files["mixed/latest/simple/example/index.json"])
    assert mixed["files"][0]["url"] == url.replace("/python/", "/mixed/")


def test_no_byte_of_an_archive_is_needed(store: Store, tmp_path: Path) -> None:
    """Built without them, all but the files is as in a full site, and none of a file's companions is there."""
    full, site = tmp_path / "full", tmp_path / "site"
    build(store, full)
    drop_pool(store)
    build_indexes_only(store, site)

    expected = {path: data for path, data in site_files(full).items() if "/files/" not in path}
    assert site_files(site) == expected
    assert [link for link in broken_links(site_files(site)) if "cdn.example.org" not in link] == []
    add(store, "near", [make_wheel(tmp_path, "example", "2.0")])
    drop_pool(store)
    indexes, _ = build_indexes_only(store, site)
    assert not indexes.full
    assert "2.0" in site_files(site)["python/latest/simple/example/index.json"].decode()


def test_without_the_bytes_they_must_be_elsewhere(tmp_path: Path) -> None:
    """Without ``files_base`` a build needs the bytes, and says where they come from."""
    store = new_store(tmp_path)
    add(store, "near", [make_wheel(tmp_path, "example")])
    drop_pool(store)

    with pytest.raises(StoreError, match="in a checkout, run git lfs pull, or see files_base"):
        build_indexes_only(store, tmp_path / "site")


def test_the_place_changes(store: Store, tmp_path: Path) -> None:
    """When ``files_base`` comes, goes or changes, every link does, and files come back into the site or leave it."""
    site = tmp_path / "site"
    for config in (ELSEWHERE + CONFIG, CONFIG, ELSEWHERE.replace(b"cdn", b"new") + CONFIG):
        commit(store, {"repogen.toml": config})
        build_indexes_only(store, site)
        fresh = tmp_path / "fresh"
        build_indexes_only(store, fresh)
        assert site_files(site) == site_files(fresh)
        assert any("/files/" in path for path in site_files(site)) is (config == CONFIG)
        for path in sorted(fresh.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


def test_r_packages_stay(tmp_path: Path) -> None:
    """R looks for a package below the address of its list: its files are in the site, wherever others are."""
    store = new_store(tmp_path, ELSEWHERE + CONFIG + R)
    add(store, "r", [make_r_source(tmp_path, "example")])
    build_indexes_only(store, tmp_path / "site")

    assert "r/latest/src/contrib/example_1.0.tar.gz" in site_files(tmp_path / "site")
    drop_pool(store)
    with pytest.raises(StoreError, match="the pool has no file for r/latest/src/contrib/"):
        build_indexes_only(store, tmp_path / "other")


@pytest.mark.parametrize("value", ['"cdn.example.org"', '"https://cdn.example.org/?x=1"', "1"])
def test_what_is_no_place(value: str) -> None:
    """``files_base`` is an http or https URL."""
    with pytest.raises(ConfigError, match=r"repogen\.toml: files_base: must be"):
        parse_config(f"format = 1\nfiles_base = {value}\n".encode())
