"""The laws of what is added, marked, copied, removed and taken back, in any order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from repogen.accept.decide import file_identity
from repogen.ecosystems import ecosystem_of
from repogen.errors import RepogenError
from repogen.model.names import CommitId, SourceType, TreeId
from repogen.model.record import Record
from repogen.model.tombstone import Tombstone
from repogen.store import Store
from repogen.store.revision import Revision
from tests.factories import make_wheel
from tests.histories import RenameSource, Step, config_of, played, source_name
from tests.r_packages import make_r_source
from tests.stores import (
    SIGNATURE,
    add,
    copy_release,
    drop_bytes,
    history,
    incoming,
    mark,
    renamed,
    shelve,
    take_out,
    undo,
)

CONFIG = b"""\
format = 1
[sources.near]
id = "n1"
type = "python"
[sources.far]
id = "f1"
type = "python"
[sources.r]
id = "r1"
type = "r"
[sources.r-far]
id = "r2"
type = "r"
"""


@cache
def archive(kind: SourceType, version: str, variant: int, build: str) -> tuple[str, bytes]:
    """The name and the bytes of a file; two variants of one have different bytes, builds are different files."""
    files = {"variant.txt": str(variant).encode()}
    with TemporaryDirectory() as folder:
        if kind == "python":
            path = make_wheel(Path(folder), version=version, build=build, files=files)
        else:
            path = make_r_source(Path(folder), version=version, files=files)
        return path.name, path.read_bytes()


@dataclass(frozen=True)
class Add:
    """Add a file, with or without a signature."""

    source: str
    version: str
    variant: int
    signed: bool = False
    build: str = ""

    def play(self, store: Store, folder: Path) -> None:
        source = source_name(store, self.source)
        name, data = archive(config_of(store).source(source).type, self.version, self.variant, self.build)
        (folder / "arrived").write_bytes(data)
        one = incoming(folder / "arrived", signature=SIGNATURE if self.signed else None)
        add(store, source, [renamed(one, name)])


@dataclass(frozen=True)
class Mark:
    """Yank, or archive."""

    source: str
    version: str
    reason: str | None

    def play(self, store: Store, _: Path) -> None:
        source = source_name(store, self.source)
        if config_of(store).source(source).type == "python":
            mark(store, source, "example", self.version, self.reason)
        else:
            shelve(store, source, "example", self.version)


@dataclass(frozen=True)
class Remove:
    """Remove a release or all of the project; drop the bytes, or keep them."""

    source: str
    version: str | None
    purge: bool = False

    def play(self, store: Store, _: Path) -> None:
        removal = take_out(store, source_name(store, self.source), "example", self.version)
        if self.purge:
            drop_bytes(store, removal)


@dataclass(frozen=True)
class Copy:
    """Copy a release."""

    origin: str
    to: str
    version: str

    def play(self, store: Store, _: Path) -> None:
        copy_release(
            store, "example", self.version, origin=source_name(store, self.origin), to=source_name(store, self.to)
        )


@dataclass(frozen=True)
class Undo:
    """Revert one of the newest commits; then that, and that in turn: each must bring back what was before."""

    back: int

    def play(self, store: Store, _: Path) -> None:
        commits = history(store)
        before = sources(store)
        if self.back >= len(commits) or undo(store, commits[self.back]).commit is None:
            return
        after = sources(store)
        try:
            undo(store, "HEAD")
            assert sources(store) == before
            undo(store, "HEAD")
            assert sources(store) == after
        except RepogenError as error:
            raise AssertionError(f"what was just undone cannot be done again: {error}") from error


def sources(store: Store) -> TreeId | None:
    return store.newest().folder_id("sources")


places = st.sampled_from(["n1", "f1", "r1", "r2"])
versions = st.sampled_from(["1.0", "1.0.0", "2.0"])
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(Add, places, versions, st.integers(0, 1), st.booleans(), st.sampled_from(["", "1"])),
    st.builds(Add, places, versions, st.integers(0, 1), st.booleans(), st.sampled_from(["", "1"])),
    st.builds(Mark, places, versions, st.none() | st.just("broken")),
    st.builds(Remove, places, st.none() | versions, st.booleans()),
    st.builds(Copy, places, places, versions),
    st.builds(Undo, st.integers(0, 4)),
    st.builds(RenameSource, places, st.sampled_from(["near", "other", "third"])),
)


@settings(max_examples=40)
@given(st.lists(steps, max_size=14))
@example([Add("n1", "1.0", 0), Remove("n1", None), Add("n1", "1.0.0", 1), Undo(0)])
@example([Add("n1", "1.0", 0), Undo(0), Remove("n1", None), RenameSource("n1", "other"), Add("n1", "1.0", 1)])
@example(
    [
        Add("n1", "1.0.0", 0),
        Remove("n1", "1.0"),
        Add("n1", "1.0", 0, build="1"),
        Undo(1),
        Add("n1", "1.0", 1, build="1"),
    ]
)
@example([Add("r1", "1.0", 0, signed=True), Copy("r1", "r2", "1.0"), Remove("r1", None, purge=True), Undo(0)])
def test_a_name_stands_for_the_same_bytes_for_ever(steps: list[Step]) -> None:
    """Whatever happens to a file, no other takes its place; what was purged was needed by nobody."""
    with played(steps, CONFIG) as (store, _):
        taken = [names(store.at(CommitId(commit))) for commit in reversed(history(store))]
        for before, after in pairwise(taken):
            assert before.items() <= after.items()
        for source in config_of(store).sources:
            for key, _ in store.newest().projects(source):
                project = store.newest().project(source, key)
                assert project is not None
                assert [one for one in project.entries if store.lacks(one.record.sha256, one.record.size)] == []


def names(revision: Revision) -> dict[tuple[str, tuple[str, str]], str]:
    """The sha256 that each name of a source stands for, of files that are there and of those that were removed."""
    found: dict[tuple[str, tuple[str, str]], str] = {}
    for source in revision.good_config().sources.values():
        ecosystem = ecosystem_of(source.type)
        project = revision.project(source.name, ecosystem.project_key("example"))
        there: list[Record | Tombstone] = [one.record for one in project.entries] if project else []
        gone = revision.tombstones(source.name, ecosystem.project_key("example")).values()
        for one in [*there, *gone]:
            name = source.id, file_identity(ecosystem, one.target, one.filename)
            assert name not in found
            found[name] = one.sha256
    return found
