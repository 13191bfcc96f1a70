"""The laws of the generating half, over generated histories of a store."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from repogen.accept.examine import Incoming
from repogen.ecosystems import ecosystem_of
from repogen.store import Store
from repogen.store.paths import project_path
from tests.factories import make_sdist, make_wheel
from tests.histories import (
    Arrange,
    Build,
    RemoveRepository,
    RenameRepository,
    RenameSource,
    Step,
    Write,
    played,
    source_name,
)
from tests.links import broken_links
from tests.stores import (
    CONFIG,
    OTHER_SIGNATURE,
    SIGNATURE,
    add,
    build,
    commit,
    incoming,
    mark,
    new_store,
    site_files,
)

PROJECTS = ("alpha", "Team.Beta")
VERSIONS = ("1.0", "1.0.0", "2.0rc1", "1!3.0+local.1")
#: What a version depends on: from one to the next this begins, ends, and moves into an extra.
REQUIRES = {
    "1.0": ["alpha >=1 ; extra == 'x'"],
    "1.0.0": ["alpha"],
    "2.0rc1": [],
    "1!3.0+local.1": ["team-beta", "alpha"],
}
README = "# A title\n\nSome *text*, <script>alert(1)</script>, [a link](https://example.org/) and ![an image](x.png).\n"


@dataclass(frozen=True)
class Add:
    """Upload a file; flavours of one file differ in their bytes and not in their metadata."""

    source: str
    project: str
    version: str
    kind: Literal["wheel", "sdist"]
    flavour: int = 0
    signature: bytes | None = None
    readme: str = ""

    def play(self, store: Store, folder: Path) -> None:
        add(store, source_name(store, self.source), [self.arrived(folder)])

    def arrived(self, folder: Path) -> Incoming:
        make = make_wheel if self.kind == "wheel" else make_sdist
        file = make(
            folder,
            self.project,
            self.version,
            files={"flavour.py": b"# %d\n" % self.flavour},
            description=self.readme,
            extra_metadata=[
                ("Description-Content-Type", "text/markdown"),
                *(("Requires-Dist", text) for text in REQUIRES[self.version]),
            ],
        )
        return incoming(file, signature=self.signature)


@dataclass(frozen=True)
class Yank:
    """Mark a release, or take the mark back."""

    source: str
    project: str
    version: str
    reason: str | None

    def play(self, store: Store, _: Path) -> None:
        mark(store, source_name(store, self.source), self.project, self.version, self.reason)


@dataclass(frozen=True)
class Remove:
    """Delete a project by hand, with all its files."""

    source: str
    project: str

    def play(self, store: Store, _: Path) -> None:
        key = ecosystem_of("python").project_key(self.project)
        commit(store, {project_path(source_name(store, self.source), key): None})


History = list[Step]

sources = st.sampled_from(["n1", "f1"])
projects = st.sampled_from(PROJECTS)
versions = st.sampled_from(VERSIONS)
repositories = st.sampled_from(["python", "mixed", "third"])
adds = st.builds(
    Add,
    source=sources,
    project=projects,
    version=versions,
    kind=st.sampled_from(["wheel", "sdist"]),
    flavour=st.integers(0, 1),
    signature=st.sampled_from([None, SIGNATURE, OTHER_SIGNATURE]),
)
changes = st.one_of(
    st.builds(Yank, sources, projects, versions, st.sampled_from([None, "", "broken <b>&\"'"])),
    st.builds(Remove, sources, projects),
    st.builds(RenameSource, sources, st.sampled_from(["near", "far", "elsewhere"])),
    st.builds(
        Arrange, repositories, st.permutations(["n1", "f1"]).map(tuple) | st.sampled_from([("n1",), ("f1",), ()])
    ),
    st.builds(RenameRepository, repositories, repositories),
    st.builds(RemoveRepository, repositories),
    st.builds(Write, st.just("templates/simple/index.html"), st.sampled_from([b"{{ keys|length }} projects\n", None])),
    st.builds(Write, st.just("repogen.toml"), st.sampled_from([CONFIG, b"format = 'none'\n"])),
)
histories = st.lists(adds | changes | st.just(Build()), min_size=2, max_size=9)

#: Both sources have a file of one name, with other bytes and the same metadata: its second publishing is not its first.
TWINS: History = [
    Add("n1", "alpha", "1.0", "wheel", 0, SIGNATURE),
    Add("f1", "alpha", "1.0", "wheel", 1, SIGNATURE),
    Build(),
    Arrange("mixed", ("n1", "f1")),
]
#: A release under two spellings of its version.
SPELLINGS: History = [
    Add("n1", "alpha", "1.0.0", "sdist"),
    Add("n1", "alpha", "1.0", "wheel"),
    Build(),
    Yank("n1", "alpha", "1", ""),
]

#: The last project goes in the very build that makes every page anew.
LAST_ONE: History = [
    Add("n1", "alpha", "1.0", "wheel"),
    Build(),
    Remove("n1", "alpha"),
    Arrange("mixed", ("n1", "f1")),
]

#: A project gets a release in the very build in which one that its older releases depend on appears.
RELINKED: History = [
    Add("n1", "Team.Beta", "1.0", "wheel"),
    Build(),
    Add("n1", "alpha", "1.0", "wheel"),
    Add("n1", "Team.Beta", "2.0rc1", "wheel"),
]


@settings(max_examples=40)
@given(histories)
@example(TWINS)
@example(SPELLINGS)
@example(LAST_ONE)
@example(RELINKED)
def test_incremental_is_full(history: History) -> None:
    """After any history the site that followed it step by step is, byte for byte, the site made from nothing."""
    with played([*history, Build()]) as (store, folder):
        build(store, folder / "fresh", grace=0)

        assert site_files(folder / "site") == site_files(folder / "fresh")


@settings(max_examples=20)
@given(histories)
@example(TWINS)
def test_every_link_resolves(history: History) -> None:
    """Each link of the site leads to a file of the site, and that has the hash which the link states."""
    with played([*history, Build()]) as (_, folder):
        assert broken_links(site_files(folder / "site")) == []


@settings(max_examples=15)
@given(histories)
def test_the_plan_between_a_commit_and_itself_is_empty(history: History) -> None:
    """To build the same commit again writes no file."""
    with played([*history, Build()]) as (store, folder):
        again = build(store, folder / "site", grace=0)

        assert [(part.full, part.written) for part in again] == [(False, 0), (False, 0)]


@settings(max_examples=20)
@given(
    st.lists(adds, min_size=2, max_size=5, unique_by=lambda one: (one.source, one.project, one.kind, one.version[:3])),
    st.randoms(use_true_random=False),
)
def test_the_order_of_uploads_changes_nothing(uploads: list[Add], shuffle: random.Random) -> None:
    """The same files, uploaded at one time in any order, make the same site."""
    shuffled = uploads.copy()
    shuffle.shuffle(shuffled)

    with played([*uploads, Build()]) as (_, one), played([*shuffled, Build()]) as (_, other):
        assert site_files(one / "site") == site_files(other / "site")


def test_the_same_bytes_on_any_machine(tmp_path: Path) -> None:
    """Locale, time zone, hash seed and umask leave no trace in the site."""
    store = new_store(tmp_path)
    for step in (
        *TWINS[:2],
        Add("n1", "Team.Beta", "2.0rc1", "sdist", readme=README),
        Yank("n1", "alpha", "1", "böse"),
    ):
        step.play(store, tmp_path)
    machines = {
        "one": ({"LC_ALL": "C", "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "1"}, 0o022),
        "other": ({"LC_ALL": "C.UTF-8", "TZ": "America/St_Johns", "PYTHONHASHSEED": "4242"}, 0o077),
    }
    for name, (variables, umask) in machines.items():
        shutil.rmtree(tmp_path / "derived", ignore_errors=True)
        command = [sys.executable, "-m", "repogen", "--home", str(tmp_path), "--site", str(tmp_path / name), "build"]
        subprocess.run(command, env=os.environ | variables, umask=umask, check=True, capture_output=True)

    assert site_files(tmp_path / "one")
    assert site_files(tmp_path / "one") == site_files(tmp_path / "other")
