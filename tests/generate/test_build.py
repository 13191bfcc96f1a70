"""Bringing a site to a commit: step by step, from nothing, and after whatever happened to it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from repogen.errors import StoreError
from repogen.generate.state import load_state
from repogen.model.names import ProjectKey, Sha256
from repogen.store import Store
from repogen.store.paths import project_path
from tests.factories import make_sdist, make_wheel
from tests.links import broken_links
from tests.stores import CONFIG, NOW, SIGNATURE, add, build, commit, incoming, mark, new_store, site_files

SIMPLE = "python/latest/simple"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with one wheel."""
    store = new_store(tmp_path)
    add(store, "near", [make_wheel(tmp_path)])
    return store


@pytest.fixture
def site(store: Store, tmp_path: Path) -> Path:
    """The site of the store with one wheel."""
    build(store, tmp_path / "site")
    return tmp_path / "site"


def fresh(store: Store, tmp_path: Path) -> dict[str, bytes]:
    """What a site made from nothing holds."""
    build(store, tmp_path / "fresh", full=True, grace=0)
    return site_files(tmp_path / "fresh")


def test_the_first_build_is_full(store: Store, tmp_path: Path) -> None:
    """Both parts say so, and which commit they show."""
    parts = build(store, tmp_path / "site")

    assert [(part.full, part.commit) for part in parts] == [(True, store.head())] * 2
    assert all(part.written for part in parts)
    assert broken_links(site_files(tmp_path / "site")) == []


def test_the_next_build_writes_what_changed(store: Store, site: Path, tmp_path: Path) -> None:
    """A new file in one of two repositories: that file, and what names it."""
    before = site_files(site)
    add(store, "near", [make_wheel(tmp_path, "other")])

    indexes, pages = build(store, site)

    after = site_files(site)
    assert (indexes.full, pages.full) == (False, False)
    assert {path for path in before if after[path] != before[path]} >= {
        f"{repository}/latest/simple/index.{kind}" for repository in ("python", "mixed") for kind in ("html", "json")
    }
    assert not [path for path in before if "/example/" in path and after[path] != before[path]]
    assert after == fresh(store, tmp_path)


def test_a_full_build_writes_everything_anew(store: Store, site: Path, tmp_path: Path) -> None:
    """What somebody changed in the site is as it was, and nothing of it goes."""
    good = site_files(site)
    for path in (f"{SIMPLE}/index.html", f"{SIMPLE}/example/index.json"):
        (site / path).write_bytes(b"evil")

    indexes, pages = build(store, site, full=True)

    assert (indexes.full, pages.full) == (True, True)
    assert site_files(site) == good
    assert load_state(site, "indexes") == load_state(tmp_path / "site", "indexes")


def test_a_project_that_went_stays_for_the_grace_period(store: Store, site: Path) -> None:
    """Its pages and files can be fetched for ten minutes by clients with an older list, then they are gone."""
    commit(store, {project_path("near", ProjectKey("example")): None})
    gone = [path for path in site_files(site) if path.startswith("python/") and "example" in path]

    build(store, site)
    assert [path for path in gone if not (site / path).is_file()] == []
    assert b"example" not in (site / SIMPLE / "index.html").read_bytes()
    build(store, site, now=NOW + timedelta(seconds=599))
    assert [path for path in gone if not (site / path).is_file()] == []
    build(store, site, now=NOW + timedelta(seconds=600))

    assert [path for path in gone if (site / path).exists()] == []
    assert not (site / "python/files").exists()
    state = load_state(site, "indexes")
    assert state is not None
    assert state.leaving == {}


def test_what_comes_back_in_time_stays(store: Store, site: Path, tmp_path: Path) -> None:
    """A project that is there again within the grace period is not removed at its end."""
    commit(store, {project_path("near", ProjectKey("example")): None})
    build(store, site)
    add(store, "near", [make_wheel(tmp_path)])
    build(store, site, now=NOW + timedelta(seconds=60))
    build(store, site, now=NOW + timedelta(seconds=6000))

    assert site_files(site) == fresh(store, tmp_path)


def test_what_comes_back_later_is_written_again(store: Store, site: Path, tmp_path: Path) -> None:
    """Also when its files had left the site for good."""
    commit(store, {project_path("near", ProjectKey("example")): None})
    build(store, site, grace=0)
    add(store, "near", [make_wheel(tmp_path)])
    build(store, site, grace=0)

    assert site_files(site) == fresh(store, tmp_path)


def test_a_repository_that_is_removed_leaves(store: Store, site: Path, tmp_path: Path) -> None:
    """After the grace period nothing of it is left, not even its folder."""
    commit(store, {"repogen.toml": CONFIG.partition(b"[repositories.mixed]")[0]})

    build(store, site)
    assert (site / "mixed/latest/simple/index.html").is_file()
    build(store, site, now=NOW + timedelta(seconds=600))

    assert not (site / "mixed").exists()
    assert site_files(site) == fresh(store, tmp_path)


@pytest.mark.parametrize("kind", ["python", "r"])
def test_a_repository_with_another_name_or_type(store: Store, site: Path, tmp_path: Path, kind: str) -> None:
    """A renamed one is a new one and the old one leaves; one of another type shows nothing of what it was."""
    new = CONFIG.partition(b"[repositories.mixed]")[0] + b"[repositories.%s]\ntype = '%s'\n"
    commit(store, {"repogen.toml": new % (b"mixed" if kind == "r" else b"new", kind.encode())})

    build(store, site, grace=0)

    assert site_files(site) == fresh(store, tmp_path)


def test_other_bytes_under_a_name_take_the_place_of_the_old(store: Store, site: Path, tmp_path: Path) -> None:
    """When another source wins, its file comes and the other one leaves, though both have one name."""
    old = [path for path in site_files(site) if path.startswith("mixed/files/")]
    add(store, "far", [make_wheel(tmp_path, files={"x.py": b""})])

    build(store, site, grace=0)

    assert [path for path in old if (site / path).exists()] == []
    assert site_files(site) == fresh(store, tmp_path)


@pytest.mark.parametrize("damage", [None, b"{", b'{"commit": "%s"}' % (b"0" * 40)])
def test_without_a_state_everything_is_built_anew(
    store: Store, site: Path, tmp_path: Path, damage: bytes | None
) -> None:
    """Where the site does not know what it is, it is made from nothing, and what does not belong goes."""
    for part in ("indexes", "pages"):
        place = site / "_" / f"{part}.json"
        place.unlink() if damage is None else place.write_bytes(damage)
    (site / SIMPLE / "left-behind").mkdir()
    (site / SIMPLE / "left-behind/index.html").touch()

    parts = build(store, site, grace=0)

    assert [part.full for part in parts] == [True, True]
    assert site_files(site) == fresh(store, tmp_path)


def test_a_site_of_a_commit_that_is_not_there_is_built_anew(store: Store, site: Path, tmp_path: Path) -> None:
    """A site of another store, or of a history that was rewritten, is no ground to build on."""
    place = site / "_" / "indexes.json"
    place.write_text(json.dumps({**json.loads(place.read_bytes()), "commit": "0" * 40}))

    indexes, _ = build(store, site)

    assert indexes.full
    assert site_files(site) == fresh(store, tmp_path)


def test_another_generator_builds_everything_anew(store: Store, site: Path) -> None:
    """A template that clients' pages are made with rebuilds all; one for people's pages rebuilds those."""
    commit(store, {"templates/simple/index.html": b"{{ keys|join(', ') }}"})
    indexes, pages = build(store, site)
    assert (indexes.full, pages.full) == (True, True)
    assert (site / SIMPLE / "index.html").read_bytes() == b"example"

    commit(store, {"templates/static/extra.css": b"body {}"})
    indexes, pages = build(store, site)
    assert (indexes.full, pages.full) == (False, True)
    assert (site / "static/extra.css").read_bytes() == b"body {}"

    commit(store, {"templates": None})
    indexes, _ = build(store, site)
    assert indexes.full
    assert b"<!DOCTYPE html>" in (site / SIMPLE / "index.html").read_bytes()


def test_junk_leaves_with_a_full_build(store: Store, site: Path, tmp_path: Path) -> None:
    """Also what a build left that was killed; but no sooner than anything else that leaves."""
    for path in ("python/latest/junk.html", "python/files/aa/.repogen-0", "python/packages/no/index.html"):
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).touch()
    (site / "gone/latest/simple").mkdir(parents=True)
    (site / "gone/latest/simple/index.html").touch()

    build(store, site, full=True)
    assert (site / "python/latest/junk.html").is_file()
    build(store, site, now=NOW + timedelta(seconds=600))

    assert site_files(site) == fresh(store, tmp_path)
    assert not (site / "gone").exists()


def test_a_build_that_is_interrupted_is_completed(store: Store, tmp_path: Path) -> None:
    """What stands in the way of one file stops the build; once it is gone, the next build does all the rest."""
    site = tmp_path / "site"
    build(store, site)
    add(store, "near", [make_wheel(tmp_path, "aaa"), make_wheel(tmp_path, "zzz")])
    project = store.newest().project("near", ProjectKey("zzz"))
    assert project is not None
    sha256: Sha256 = project.entries[0].record.sha256
    lost = store.pool.path(sha256).rename(tmp_path / "lost")

    with pytest.raises(StoreError, match=r"the pool has no file for .*zzz"):
        build(store, site)
    assert b"zzz" not in (site / SIMPLE / "index.html").read_bytes()
    assert (site / SIMPLE / "aaa/index.html").is_file()
    lost.rename(store.pool.path(sha256))
    mark(store, "near", "aaa", "1.0", "broken")
    indexes, _ = build(store, site)

    assert not indexes.full
    assert site_files(site) == fresh(store, tmp_path)


def test_a_page_never_names_what_is_not_there(store: Store, site: Path, tmp_path: Path) -> None:
    """In the middle of a build that stops, every link of the site still resolves."""
    add(store, "near", [incoming(make_sdist(tmp_path), signature=SIGNATURE), make_wheel(tmp_path, version="2.0")])
    project = store.newest().project("near", ProjectKey("example"))
    assert project is not None
    for entry in project.entries[1:]:
        lost = store.pool.path(entry.record.sha256)
        hidden = lost.rename(tmp_path / "hidden")

        with pytest.raises(StoreError):
            build(store, site)

        assert broken_links(site_files(site)) == []
        hidden.rename(lost)
    build(store, site)
    assert broken_links(site_files(site)) == []


def test_unreadable_derived_data_costs_only_time(store: Store, site: Path, tmp_path: Path) -> None:
    """A table that is damaged, or gone, changes no byte."""
    add(store, "near", [make_wheel(tmp_path, version="2.0", description="*hello*")])
    for damage in (b"no database", b""):
        for path in (tmp_path / "derived").glob("derived.sqlite*"):
            path.unlink()
        (tmp_path / "derived" / "derived.sqlite").write_bytes(damage)
        build(store, site)
        build(store, tmp_path / "again", full=True)

        assert site_files(site) == site_files(tmp_path / "again")


def test_a_long_list_is_followed_as_well(tmp_path: Path) -> None:
    """Where projects are listed on several pages, one that comes, goes or changes leaves the site of a full build."""
    store, site = new_store(tmp_path), tmp_path / "site"
    add(store, "near", [make_wheel(tmp_path, f"team-{number}") for number in range(203)])
    build(store, site, grace=0)
    assert list(site.glob("python/browse/*/index.html"))

    for change in (
        lambda: add(store, "near", [make_wheel(tmp_path, "team-50x")]),
        lambda: mark(store, "near", "team-70", "1.0", "broken"),
        lambda: commit(store, {project_path("near", ProjectKey("team-0")): None}),
        lambda: commit(store, {project_path("near", ProjectKey(f"team-{number}")): None for number in range(1, 9)}),
    ):
        change()
        build(store, site, grace=0)
        assert site_files(site) == fresh(store, tmp_path)

    assert not list(site.glob("python/browse/*/index.html"))
    assert broken_links(site_files(site)) == []
