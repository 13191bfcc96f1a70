"""Yanking and archiving: which files a version or a name means, and what is left as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from repogen.errors import NotFound, UsageError
from repogen.model.names import ProjectKey
from repogen.store import Store
from tests.factories import make_sdist, make_wheel
from tests.r_packages import make_r_binary, make_r_source
from tests.stores import add, history, incoming, mark, new_store, shelve


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store whose source ``near`` has example 1.0 (wheel and sdist, the sdist as 1.0.0) and 2.0."""
    store = new_store(tmp_path)
    add(store, "near", [make_wheel(tmp_path), make_sdist(tmp_path, version="1.0.0")])
    add(store, "near", [make_wheel(tmp_path, version="2.0")])
    return store


def marks(store: Store) -> dict[str, str | None]:
    project = store.newest().project("near", ProjectKey("example"))
    assert project is not None
    return {entry.record.filename.removeprefix("example-"): entry.record.yanked for entry in project.entries}


@pytest.mark.parametrize("version", ["1.0", "1", "v1.0.0"])
def test_a_version_means_all_its_files(store: Store, version: str) -> None:
    """In whatever spelling, a release is yanked whole, with its reason."""
    changed = mark(store, "near", "EXAMPLE", version, "broken")

    assert changed == ("example-1.0-py3-none-any.whl", "example-1.0.0.tar.gz")
    assert marks(store) == {
        "1.0-py3-none-any.whl": "broken",
        "1.0.0.tar.gz": "broken",
        "2.0-py3-none-any.whl": None,
    }


def test_a_file_means_itself(store: Store) -> None:
    """One file of a release can be yanked; without a reason the mark is empty."""
    mark(store, "near", "example", "example-1.0.0.tar.gz", "")

    assert marks(store) == {"1.0-py3-none-any.whl": None, "1.0.0.tar.gz": "", "2.0-py3-none-any.whl": None}


def test_the_same_mark_again_changes_nothing(store: Store) -> None:
    """No commit is made for what is so already; another reason is a change."""
    mark(store, "near", "example", "2.0", "broken")
    before = store.head()

    assert mark(store, "near", "example", "2.0", "broken") == ()
    assert mark(store, "near", "example", "1.0", None) == ()
    assert store.head() == before
    assert mark(store, "near", "example", "2.0", "worse") == ("example-2.0-py3-none-any.whl",)
    assert mark(store, "near", "example", "2.0", None) == ("example-2.0-py3-none-any.whl",)
    assert set(marks(store).values()) == {None}


@pytest.mark.parametrize(
    ("source", "name", "which", "message"),
    [
        ("near", "nothing", "1.0", "no project 'nothing' in source 'near'"),
        ("far", "example", "1.0", "no project 'example' in source 'far'"),
        ("near", "example", "3.0", "'example' has no version or file '3.0' in source 'near'; versions: 1.0, 2.0"),
        ("near", "example", "x\ny", r"'example' has no version or file 'x\ny' in source 'near'; versions: 1.0, 2.0"),
        ("near", "../../tokens", "1.0", "no project '../../tokens' in source 'near'"),
        ("near", "", "1.0", "no project '' in source 'near'"),
        ("near", "a/b", "", "no project 'a/b' in source 'near'"),
    ],
)
def test_what_is_not_there(store: Store, source: str, name: str, which: str, message: str) -> None:
    """A project, a version or a file that is not there is named, escaped, and nothing is committed."""
    before = store.head()

    with pytest.raises(NotFound) as caught:
        mark(store, source, name, which, "broken")

    assert str(caught.value) == message
    assert store.head() == before


@pytest.fixture
def r_store(tmp_path: Path) -> Store:
    """A store whose source ``near`` has the R package example, 1.0 as source and for Windows, and 2.0."""
    store = new_store(tmp_path, b"format = 1\n[sources.near]\nid = 'n1'\ntype = 'r'\n")
    add(store, "near", [incoming(make_r_source(tmp_path)), incoming(make_r_binary(tmp_path, platform="windows"))])
    add(store, "near", [make_r_source(tmp_path, version="2.0")])
    return store


def archived(store: Store) -> dict[str, bool]:
    project = store.newest().project("near", ProjectKey("example"))
    assert project is not None
    return {entry.place: entry.record.archived for entry in project.entries}


def test_a_project_is_archived_whole(r_store: Store) -> None:
    """Every file of every release gets the mark, in one commit; again, there is nothing to do."""
    marked = shelve(r_store, "near", "example")

    assert marked.commit == r_store.head()
    assert archived(r_store) == {
        "example_1.0.tar.gz": True,
        "windows-4.2/example_1.0.zip": True,
        "example_2.0.tar.gz": True,
    }
    again = shelve(r_store, "near", "example")
    assert (again.commit, again.filenames) == (None, ())
    assert len(history(r_store)) == 4


def test_a_release_is_archived(r_store: Store, tmp_path: Path) -> None:
    """In whatever spelling, and for every platform; what is uploaded later is not concerned."""
    assert shelve(r_store, "near", "example", "1-0").filenames == ("example_1.0.tar.gz", "example_1.0.zip")
    add(r_store, "near", [make_r_source(tmp_path, version="1.1")])

    assert [place for place, mark in archived(r_store).items() if not mark] == [
        "example_1.1.tar.gz",
        "example_2.0.tar.gz",
    ]


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("Example", None, "no project 'Example' in source 'near'"),
        ("example", "3.0", "'example' has no version or file '3.0' in source 'near'; versions: 1.0, 2.0"),
        (
            "example",
            "example_1.0.zip",
            "'example' has no version 'example_1.0.zip' in source 'near'; files are archived by whole releases",
        ),
    ],
)
def test_what_cannot_be_archived(r_store: Store, name: str, version: str | None, message: str) -> None:
    """R's names are what they are, letter by letter; a file by itself is not archived."""
    with pytest.raises(NotFound) as caught:
        shelve(r_store, "near", name, version)

    assert str(caught.value) == message


def test_each_ecosystem_has_its_own_mark(tmp_path: Path) -> None:
    """Python knows no archive and R no yanking: who asks for it learns what there is."""
    config = b"format = 1\n[sources.python]\ntype = 'python'\n[sources.r]\ntype = 'r'\n"
    store = new_store(tmp_path, config)

    with pytest.raises(
        UsageError, match="Python packages cannot be archived; yank them: repogen yank example VERSION --source python"
    ):
        shelve(store, "python", "example")
    with pytest.raises(
        UsageError, match="R packages cannot be yanked; archive them: repogen archive example --source r"
    ):
        mark(store, "r", "example", "1.0", "broken")
