"""What repositories show, and which projects they show differently."""

from __future__ import annotations

from pathlib import Path

import pygit2
import pytest

from repogen.generate.view import Changed, Shown, View, all_changed, changes
from repogen.model.names import CommitId, ProjectKey, TreeId
from repogen.store import Store
from repogen.store.paths import project_path
from repogen.store.revision import Folder, Revision
from tests.stores import CONFIG, commit, new_store

MORE = CONFIG.replace(b'sources = ["far", "near"]', b'sources = ["near", "far"]')


class Counting(Revision):
    """A revision that counts what is read of it."""

    reads = 0

    def folder(self, tree: TreeId | None) -> Folder:
        self.reads += 1
        return super().folder(tree)

    def folder_id(self, path: str) -> TreeId | None:
        self.reads += 1
        return super().folder_id(path)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return new_store(tmp_path)


def hold(store: Store, *places: tuple[str, str], content: bytes = b"1") -> CommitId:
    """Let sources have projects, each with a file of that content."""
    files = {f"{project_path(source, ProjectKey(key))}/1.0/file": content for source, key in places}
    return commit(store, dict(files))


def view(store: Store, at: CommitId) -> View:
    return View.of(store.at(at))


def changed(store: Store, old: CommitId, new: CommitId, repository: str) -> dict[str, tuple[str | None, str | None]]:
    """Project -> the source that it came from, and the one that it comes from now."""
    now = view(store, new)
    found = changes(view(store, old), now, now.config.repositories[repository])
    return {one.key: (one.old.source if one.old else None, one.new.source if one.new else None) for one in found}


def test_the_first_source_that_has_a_project_wins(store: Store) -> None:
    """By project, in the order of the repository's list; what none of them has is not shown."""
    at = view(store, hold(store, ("near", "a"), ("near", "b"), ("far", "b"), ("far", "c")))
    mixed, python = at.config.repositories["mixed"], at.config.repositories["python"]

    assert {key: shown.source for key, shown in at.all_shown(mixed).items()} == {"a": "near", "b": "far", "c": "far"}
    assert {key: shown.source for key, shown in at.all_shown(python).items()} == {"a": "near", "b": "near"}
    for key in ("a", "b", "c", "d"):
        assert at.shown(mixed, ProjectKey(key)) == at.all_shown(mixed).get(ProjectKey(key))


def test_projects_come_sorted(store: Store) -> None:
    """However they are sharded."""
    at = view(store, hold(store, *(("near", f"team-{number}") for number in range(30))))

    keys = list(at.all_shown(at.config.repositories["python"]))
    assert keys == sorted(keys)
    assert len(keys) == 30


def test_what_was_uploaded_changed(store: Store) -> None:
    """A new project, new content and a project that is gone are changes of the repositories that show them."""
    one = hold(store, ("near", "a"), ("near", "b"), ("near", "c"))
    two = hold(store, ("near", "b"), content=b"2")
    three = hold(store, ("near", "d"))
    four = commit(store, {project_path("near", ProjectKey("a")): None})

    assert changed(store, one, two, "python") == {"b": ("near", "near")}
    assert changed(store, two, three, "mixed") == {"d": (None, "near")}
    assert changed(store, three, four, "python") == {"a": ("near", None)}
    assert changed(store, one, four, "mixed") == {"a": ("near", None), "b": ("near", "near"), "d": (None, "near")}


def test_nothing_changed_between_a_commit_and_itself(store: Store) -> None:
    """No project is named."""
    at = hold(store, ("near", "a"))

    assert changed(store, at, at, "mixed") == {}


def test_what_is_hidden_does_not_change_anything(store: Store) -> None:
    """New content in a source that does not win is no change; when the winner goes, it is one."""
    one = hold(store, ("near", "a"), ("far", "a"))
    two = hold(store, ("near", "a"), content=b"2")
    three = commit(store, {project_path("far", ProjectKey("a")): None})

    assert changed(store, one, two, "mixed") == {}
    assert changed(store, one, two, "python") == {"a": ("near", "near")}
    assert changed(store, two, three, "mixed") == {"a": ("far", "near")}
    assert changed(store, three, two, "mixed") == {"a": ("near", "far")}


def test_another_order_of_sources_changes_what_both_have(store: Store) -> None:
    """Projects that only one source has are shown as before."""
    one = hold(store, ("near", "a"), ("near", "b"), ("far", "b"))
    two = commit(store, {"repogen.toml": MORE})

    assert changed(store, one, two, "mixed") == {"b": ("far", "near")}


def test_a_source_that_is_no_longer_listed_takes_its_projects_along(store: Store) -> None:
    """The list of sources counts as much as their content, at the same time too."""
    one = hold(store, ("near", "a"), ("far", "b"))
    commit(store, {"repogen.toml": CONFIG.replace(b'sources = ["far", "near"]', b'sources = ["near"]')})
    two = hold(store, ("near", "c"))

    assert changed(store, one, two, "mixed") == {"b": ("far", None), "c": (None, "near")}


def test_a_new_repository_and_one_of_another_type_are_all_new(store: Store) -> None:
    """Under a name that the old configuration had for something else, everything is new."""
    one = hold(store, ("near", "a"))
    two = commit(store, {"repogen.toml": CONFIG.replace(b"[repositories.mixed]", b"[repositories.renamed]")})
    three = commit(store, {"repogen.toml": CONFIG.replace(b'"python"', b'"r"')})

    assert changed(store, one, two, "renamed") == {"a": (None, "near")}
    assert changed(store, one, two, "python") == {}
    assert changed(store, one, three, "python") == {"a": (None, "near")}


def test_from_nothing_everything_is_new(store: Store) -> None:
    """Without an old view every project is named."""
    at = view(store, hold(store, ("near", "a")))

    (found,) = all_changed(None, at, at.config.repositories["python"])
    tree = at.revision.project_id("near", ProjectKey("a"))
    assert tree is not None
    assert found == Changed(ProjectKey("a"), None, Shown("near", tree))


def test_the_walk_follows_what_changed(tmp_path: Path) -> None:
    """As many folders are read for one new file among ten projects as among a thousand, of a common prefix at that."""
    reads = []
    for size in (10, 1000):
        (tmp_path / str(size)).mkdir()
        store = new_store(tmp_path / str(size))
        before = hold(store, *(("near", f"team-tool-{number}") for number in range(size)))
        after = hold(store, ("near", "team-tool-7"), content=b"2")
        repository = pygit2.Repository(str(store.path))
        old, new = Counting(repository, before), Counting(repository, after)
        config = new.config()

        found = list(changes(View(old, config), View(new, config), config.repositories["mixed"]))

        assert [one.key for one in found] == ["team-tool-7"]
        reads.append((old.reads, new.reads))
    assert reads[0] == reads[1]
    assert sum(reads[0]) < 20


def test_a_broken_configuration_shows_what_the_last_good_one_did(store: Store) -> None:
    """What is shown goes on with it, and new files are shown as well."""
    one = hold(store, ("near", "a"))
    commit(store, {"repogen.toml": b"format = ["})
    two = hold(store, ("near", "b"))

    assert changed(store, one, two, "python") == {"b": (None, "near")}
