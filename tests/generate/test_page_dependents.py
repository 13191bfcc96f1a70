"""Who depends on a project stands on its page, and follows what others say as it follows its own files."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest

from repogen.model.names import ProjectKey
from repogen.model.record import dump_record
from repogen.store import Store
from repogen.store.paths import project_path
from tests.factories import make_wheel
from tests.r_packages import make_r_binary, make_r_source
from tests.stores import CONFIG, add, build, commit, mark, new_store, site_files


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two projects: ``base``, and ``app``, which needs nothing yet."""
    store = new_store(tmp_path)
    add(store, "near", [make_wheel(tmp_path, "base"), make_wheel(tmp_path, "app")])
    return store


def upload(store: Store, name: str, version: str, requires: Sequence[str]) -> None:
    folder = store.path.parent
    add(store, "near", [make_wheel(folder, name, version, extra_metadata=[("Requires-Dist", one) for one in requires])])


def dependents(site: Path, name: str = "base", repository: str = "python") -> list[tuple[str, str]]:
    """Text and target of every link in the section."""
    page = (site / repository / "packages" / name / "index.html").read_text()
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    return [(link.text, link.get("href")) for link in tree.findall('.//section[@id="dependents"]//a')]


def follow(store: Store, site: Path) -> set[str]:
    """Bring the site to the store's head, see that it is what a full build gives, and tell which pages changed."""
    before = site_files(site) if site.exists() else {}
    build(store, site, grace=0)
    after = site_files(site)
    fresh = site.with_name(f"{site.name}-fresh")
    build(store, fresh, grace=0, full=True)
    assert site_files(fresh) == after
    return {path for path in after if "/packages/" in path and before.get(path) != after[path]}


def test_a_page_follows_who_depends_on_it(store: Store, tmp_path: Path) -> None:
    """A release that begins to depend on a project, or ceases to, changes that project's page, and none of versions."""
    site = tmp_path / "site"
    follow(store, site)
    assert dependents(site) == []

    upload(store, "app", "2.0", ["Base>=1"])
    changed = follow(store, site)
    assert dependents(site) == dependents(site, repository="mixed") == [("app", "../../packages/app/index.html")]
    assert {path for path in changed if path.startswith("python/packages/base/")} == {"python/packages/base/index.html"}

    upload(store, "app", "3.0", ["other"])
    follow(store, site)
    assert dependents(site) == []

    mark(store, "near", "app", "3.0", "broken")
    follow(store, site)
    assert [name for name, _ in dependents(site)] == ["app"]

    commit(store, {project_path("near", ProjectKey("app")): None})
    follow(store, site)
    assert dependents(site) == []


def test_pages_that_tell_the_same_stay(store: Store, tmp_path: Path) -> None:
    """A release that depends on what the one before did changes no page of others."""
    site = tmp_path / "site"
    upload(store, "app", "2.0", ["base"])
    follow(store, site)
    upload(store, "app", "3.0", ["base>=1"])

    assert {path.split("/")[2] for path in follow(store, site)} == {"app"}


def test_extras_and_spellings(store: Store, tmp_path: Path) -> None:
    """What an extra needs stands under it; a project is called as it calls itself now; none depends on itself."""
    site = tmp_path / "site"
    upload(store, "base", "2.0", ["base[x]"])
    upload(store, "app", "2.0", ["base; extra == 'x'"])
    follow(store, site)
    page = (site / "python/packages/base/index.html").read_text()
    assert "With the extra <code>x</code>" in page
    assert [name for name, _ in dependents(site)] == ["app"]

    upload(store, "App", "3.0", ["base"])
    follow(store, site)
    assert [name for name, _ in dependents(site)] == ["App"]


def test_a_dependency_that_comes_later_is_linked_both_ways(store: Store, tmp_path: Path) -> None:
    """The project that was named before it was there knows its dependents at once, also in an incremental build."""
    site = tmp_path / "site"
    upload(store, "app", "2.0", ["later"])
    follow(store, site)
    assert "packages/later/" not in (site / "python/packages/app/index.html").read_text()

    upload(store, "later", "1.0", [])
    follow(store, site)
    assert [name for name, _ in dependents(site, "later")] == ["app"]
    assert "packages/later/" in (site / "python/packages/app/index.html").read_text()


def test_lists_are_in_the_order_of_the_alphabet(tmp_path: Path) -> None:
    """Capitals make no difference for people."""
    config = CONFIG.replace(b'"python"', b'"r"')
    store, site = new_store(tmp_path, config), tmp_path / "site"
    add(store, "near", [make_r_source(tmp_path, name) for name in ("zoo", "MASS", "abc", "Zeta")])
    follow(store, site)
    links = html5lib.parse((site / "python" / "index.html").read_text(), namespaceHTMLElements=False)

    assert [link.text for link in links.findall(".//tbody//a")] == ["abc", "MASS", "Zeta", "zoo"]


def test_archived_packages_depend_on_nothing(tmp_path: Path) -> None:
    """Reverse dependencies of R packages come by field, in the order of DESCRIPTION; an archived one has none."""
    store, site = new_store(tmp_path, CONFIG.replace(b'"python"', b'"r"')), tmp_path / "site"
    fields = {"Imports": "base1", "Suggests": "base1, other", "Depends": "R (>= 3.5)"}
    add(store, "near", [make_r_source(tmp_path, "base1"), make_r_source(tmp_path, "app", fields=fields)])
    follow(store, site)
    assert [name for name, _ in dependents(site, "base1")] == ["app", "app"]

    folder = project_path("near", ProjectKey("app")) + "/1.0/app_1.0.tar.gz.json"
    revision = store.newest()
    (entry,) = revision.entries(revision.project_id("near", ProjectKey("app")))
    commit(store, {folder: dump_record(replace(entry.record, archived=True))})
    follow(store, site)
    assert dependents(site, "base1") == []
    assert "This package is archived." in (site / "python/packages/app/index.html").read_text()


def test_the_repository_page_follows_the_platforms(tmp_path: Path) -> None:
    """It tells those that there are binaries for, also when another project changes, and none that went."""
    store, site = new_store(tmp_path, CONFIG.replace(b'"python"', b'"r"')), tmp_path / "site"
    page = site / "python" / "index.html"
    add(store, "near", [make_r_source(tmp_path, "app"), make_r_binary(tmp_path, "tea", platform="windows")])
    follow(store, site)
    assert "by itself: Windows, R 4.2." in page.read_text()

    add(store, "near", [make_r_source(tmp_path, "other")])
    follow(store, site)
    assert "by itself: Windows, R 4.2." in page.read_text()

    commit(store, {project_path("near", ProjectKey("tea")): None})
    follow(store, site)
    assert "Windows, R" not in page.read_text()


def test_derived_data_that_is_gone_or_damaged_costs_only_time(store: Store, tmp_path: Path) -> None:
    """Without it, or with nonsense in it, the pages are the same."""
    site = tmp_path / "site"
    upload(store, "app", "2.0", ["base"])
    build(store, site, grace=0)
    with sqlite3.connect(tmp_path / "derived" / "derived.sqlite") as connection:
        connection.execute("UPDATE derived SET text = substr(text, 3) WHERE kind = 'needs'")
    connection.close()
    upload(store, "app", "3.0", [])
    follow(store, site)
    assert dependents(site) == []
