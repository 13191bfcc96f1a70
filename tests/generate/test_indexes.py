"""What clients read: which files and pages come out, and in which order."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from repogen.generate.derived import Derived
from repogen.generate.indexes import Indexes
from repogen.generate.publish import Output
from repogen.generate.view import View
from repogen.model.names import CommitId, ProjectKey
from repogen.model.pages import PoolFile, StoreFile
from repogen.store import Store
from repogen.store.paths import project_path
from tests.factories import make_sdist, make_wheel
from tests.stores import CONFIG, SIGNATURE, add, commit, incoming, mark, new_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return new_store(tmp_path)


def plan(store: Store, old: CommitId | None, repository: str = "python") -> tuple[list[Output], set[str]]:
    """What turns the repository of ``old`` into that of the head, and the paths that leave it."""
    new = View.of(store.newest())
    leaving: set[str] = set()
    before = View.of(store.at(old)) if old else None
    with closing(Derived(store.path.with_name("derived"))) as derived:
        outputs = list(Indexes("", derived).of_repository(new.config.repositories[repository], before, new, leaving))
    return outputs, leaving


def names(outputs: list[Output] | set[str]) -> list[str]:
    """Paths with ``#`` for the digests in them."""
    found = []
    for one in outputs:
        path = one if isinstance(one, str) else one.path
        found.append(f"#/{path.split('/')[4]}" if path.startswith("files/") else path.removeprefix("latest/simple/"))
    return found


def test_files_come_before_what_names_them(store: Store, tmp_path: Path) -> None:
    """First the archives of a project, then metadata and signatures, then its pages, and at the end the lists."""
    add(store, "near", [incoming(make_sdist(tmp_path), signature=SIGNATURE), make_wheel(tmp_path)])
    add(store, "near", [make_wheel(tmp_path, "other")])

    outputs, leaving = plan(store, None)

    assert names(outputs) == [
        "#/example-1.0-py3-none-any.whl",
        "#/example-1.0.tar.gz",
        "#/example-1.0-py3-none-any.whl.metadata",
        "#/example-1.0.tar.gz.metadata",
        "#/example-1.0.tar.gz.asc",
        "example/index.html",
        "example/index.json",
        "#/other-1.0-py3-none-any.whl",
        "#/other-1.0-py3-none-any.whl.metadata",
        "other/index.html",
        "other/index.json",
        "index.html",
        "index.json",
    ]
    kinds = [isinstance(one, PoolFile) + 2 * isinstance(one, StoreFile) for one in outputs[:6]]
    assert kinds == [1, 1, 2, 2, 2, 0]
    assert leaving == set()


def test_a_new_file_changes_its_own_project_alone(store: Store, tmp_path: Path) -> None:
    """Neither the files that are there, nor other projects, nor the list of names are written again."""
    add(store, "near", [make_wheel(tmp_path), make_wheel(tmp_path, "other")])
    before = store.head()
    add(store, "near", [make_wheel(tmp_path, version="2.0")])

    outputs, leaving = plan(store, before)

    assert names(outputs) == [
        "#/example-2.0-py3-none-any.whl",
        "#/example-2.0-py3-none-any.whl.metadata",
        "example/index.html",
        "example/index.json",
    ]
    assert leaving == set()


def test_a_mark_changes_the_pages_alone(store: Store, tmp_path: Path) -> None:
    """To yank writes no file."""
    add(store, "near", [make_wheel(tmp_path)])
    before = store.head()
    mark(store, "near", "example", "1.0", "broken")

    assert names(plan(store, before)[0]) == ["example/index.html", "example/index.json"]


def test_a_signature_that_comes_later_is_published(store: Store, tmp_path: Path) -> None:
    """The page that says signed comes after the signature."""
    add(store, "near", [make_wheel(tmp_path)])
    before = store.head()
    add(store, "near", [incoming(make_wheel(tmp_path), signature=SIGNATURE)])

    assert names(plan(store, before)[0])[-3:] == [
        "#/example-1.0-py3-none-any.whl.asc",
        "example/index.html",
        "example/index.json",
    ]


def test_another_winner_brings_its_own_files(store: Store, tmp_path: Path) -> None:
    """Files of the same names and metadata with other bytes come with all that lies beside them, the others leave."""
    add(store, "near", [incoming(make_wheel(tmp_path), signature=SIGNATURE)])
    before = store.head()
    add(store, "far", [incoming(make_wheel(tmp_path, files={"x.py": b""}), signature=SIGNATURE)])

    outputs, leaving = plan(store, before, "mixed")

    assert names(outputs) == [
        "#/example-1.0-py3-none-any.whl",
        "#/example-1.0-py3-none-any.whl.metadata",
        "#/example-1.0-py3-none-any.whl.asc",
        "example/index.html",
        "example/index.json",
    ]
    assert sorted(names(leaving)) == [
        "#/example-1.0-py3-none-any.whl",
        "#/example-1.0-py3-none-any.whl.asc",
        "#/example-1.0-py3-none-any.whl.metadata",
    ]
    assert leaving.isdisjoint(one.path for one in outputs)


def test_a_project_that_goes_leaves_with_its_pages(store: Store, tmp_path: Path) -> None:
    """The list no longer names it, and everything of it is named as leaving."""
    add(store, "near", [make_wheel(tmp_path)])
    before = store.head()
    commit(store, {project_path("near", ProjectKey("example")): None})

    outputs, leaving = plan(store, before)

    assert names(outputs) == ["index.html", "index.json"]
    assert sorted(names(leaving)) == [
        "#/example-1.0-py3-none-any.whl",
        "#/example-1.0-py3-none-any.whl.metadata",
        "example/index.html",
        "example/index.json",
    ]


def test_metadata_that_may_change_stays_in_the_store(store: Store, tmp_path: Path) -> None:
    """Of an sdist whose metadata a build may change, none is published (PEP 643)."""
    add(store, "near", [make_sdist(tmp_path, extra_metadata=[("Dynamic", "Requires-Dist")])])

    assert names(plan(store, None)[0])[0:2] == ["#/example-1.0.tar.gz", "example/index.html"]


def test_a_repository_without_projects_has_a_list(store: Store) -> None:
    """An empty list is a list: clients ask for it."""
    assert names(plan(store, None)[0]) == ["index.html", "index.json"]


def test_a_new_repository_has_a_list(store: Store) -> None:
    """Also where it begins without projects, and where its name was that of another type."""
    before = store.head()
    commit(store, {"repogen.toml": CONFIG + b"\n[repositories.new]\ntype = 'python'\n"})
    assert names(plan(store, before, "new")[0]) == ["index.html", "index.json"]

    commit(store, {"repogen.toml": CONFIG + b"\n[repositories.new]\ntype = 'r'\n"})
    before = store.head()
    commit(store, {"repogen.toml": CONFIG + b"\n[repositories.new]\ntype = 'python'\n"})
    assert names(plan(store, before, "new")[0]) == ["index.html", "index.json"]


def test_nothing_above_the_repositories(store: Store) -> None:
    """All that clients read lies within a repository."""
    with closing(Derived(store.path.with_name("derived"))) as derived:
        assert list(Indexes("", derived).of_site(None, View.of(store.newest()))) == []
