"""What makes R files one or two: names, versions under R's rules, and platforms."""

from __future__ import annotations

from pathlib import Path

import pytest

from repogen.accept.examine import Incoming
from repogen.errors import FileExists, InvalidUpload
from repogen.model.inspected import Stated
from repogen.store import Store
from tests.r_packages import make_r_binary, make_r_source
from tests.stores import add, incoming, new_store

CONFIG = b'format = 1\n[sources.near]\nid = "n1"\ntype = "r"\n'


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return new_store(tmp_path, CONFIG)


def linux(folder: Path, distribution: str, *, r: str = "4.2.2") -> Incoming:
    """A Linux binary of example 1.0 as it arrives, under the name of the source package."""
    file = make_r_binary(folder, platform="linux", r=r, compiled=True)
    return incoming(file, stated=Stated(distribution=distribution))


def files(store: Store) -> list[str]:
    """The archives of the source, from the version on."""
    revision = store.newest()
    found = dict(revision.files_below(revision.folder_id("sources/near")))
    return [path.split("/", 2)[2] for path in found if f"{path}.json" in found]


def test_one_name_for_several_platforms(store: Store, tmp_path: Path) -> None:
    """A source package and Linux binaries for two distributions share a file name and are three files."""
    add(store, "near", [make_r_source(tmp_path)])
    add(store, "near", [linux(tmp_path, "jammy")])
    add(store, "near", [linux(tmp_path, "bookworm")])

    assert files(store) == [
        "1.0/example_1.0.tar.gz",
        "1.0/linux-bookworm-x86_64-4.2/example_1.0.tar.gz",
        "1.0/linux-jammy-x86_64-4.2/example_1.0.tar.gz",
    ]
    with pytest.raises(FileExists):
        add(store, "near", [linux(tmp_path, "jammy", r="4.2.3")])


def test_the_answer_names_the_platform(store: Store, tmp_path: Path) -> None:
    """A slip in the name of a distribution is seen at once."""
    text = add(store, "near", [linux(tmp_path, "jamy")]).text
    assert text.startswith("example_1.0.tar.gz: added for linux-jamy-x86_64-4.2; ")


@pytest.mark.parametrize("version", ["1.0-1", "1.00.1", "1.0.1.0"])
def test_equal_versions_are_one_release(store: Store, tmp_path: Path, version: str) -> None:
    """What R takes for the same version is the same file name, in another spelling."""
    add(store, "near", [make_r_source(tmp_path, version="1.0.1")])
    with pytest.raises(FileExists, match=r"it is there as 'example_1\.0\.1\.tar\.gz'"):
        add(store, "near", [make_r_source(tmp_path, version=version)])


def test_names_that_differ_in_case_only(store: Store, tmp_path: Path) -> None:
    """They are refused in one source, of one batch as well; the text names the one that is there."""
    add(store, "near", [make_r_source(tmp_path, "Example")])
    with pytest.raises(InvalidUpload, match="'example' cannot be told from 'Example'") as caught:
        add(store, "near", [make_r_source(tmp_path, "example")])
    assert [problem.code for problem in caught.value.problems] == ["name-case"]
    with pytest.raises(InvalidUpload, match="cannot be told from"):
        add(store, "near", [make_r_source(tmp_path, "other"), make_r_source(tmp_path, "Other")])
    add(store, "near", [make_r_source(tmp_path, "Example", "1.1")])
