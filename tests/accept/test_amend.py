"""Yanking: which files a version or a name means, and what is left as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from repogen.errors import NotFound
from repogen.model.names import ProjectKey
from repogen.store import Store
from tests.factories import make_sdist, make_wheel
from tests.stores import add, mark, new_store


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
