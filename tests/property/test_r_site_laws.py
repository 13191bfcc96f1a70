"""The laws of the generating half for R: over generated histories of packages, platforms, marks and removals."""

from __future__ import annotations

import gzip
import hashlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from repogen.accept.amend import archive
from repogen.accept.removal import remove
from repogen.accept.reverting import revert
from repogen.model.inspected import Stated
from repogen.store import Store
from tests.histories import Arrange, Build, RenameSource, Step, config_of, played, source_name
from tests.links import broken_links
from tests.r_packages import make_r_binary, make_r_source
from tests.stores import ALICE, NOW, OTHER_SIGNATURE, SIGNATURE, add, build, incoming, site_files

CONFIG = b"""\
format = 1

[sources.near]
id = "n1"
type = "r"

[sources.far]
id = "f1"
type = "r"

[repositories.r]
id = "p1"
type = "r"
sources = ["near"]

[repositories.mixed]
id = "m1"
type = "r"
sources = ["far", "near"]
"""
History = list[Step]
Platform = Literal["source", "windows", "macos", "linux"]

#: What a version depends on: from one to the next this begins, ends, and changes its field.
NEEDS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("data.table", "1.0"): {"Imports": "MASS (>= 1.0)"},
    ("data.table", "1.0-1"): {"Imports": "MASS", "Suggests": "MASS"},
    ("MASS", "2.0"): {"Suggests": "data.table"},
}


@dataclass(frozen=True)
class Add:
    """Upload a package; flavours of one file differ in their bytes and not in what the index says, but for MD5."""

    source: str
    package: str
    version: str
    platform: Platform = "source"
    flavour: int = 0
    signature: bytes | None = None

    def play(self, store: Store, folder: Path) -> None:
        more = NEEDS.get((self.package, self.version), {})
        files = {"inst/flavour": b"%d" % self.flavour, "NEWS.md": b"# News\n\n* A *change*.\n"}
        stated = Stated()
        if self.platform == "source":
            file = make_r_source(folder, self.package, self.version, fields=more, files=files)
        else:
            file = make_r_binary(
                folder, self.package, self.version, platform=self.platform, fields=more, files=files, compiled=True
            )
            stated = Stated(distribution="jammy") if self.platform == "linux" else stated
        add(store, source_name(store, self.source), [incoming(file, stated=stated, signature=self.signature)])


@dataclass(frozen=True)
class Archive:
    """Archive a package, or a version of it."""

    source: str
    package: str
    version: str | None

    def play(self, store: Store, _: Path) -> None:
        source = config_of(store).source(source_name(store, self.source))
        store.write(
            lambda writer: archive(writer, source=source, name=self.package, version=self.version, by=ALICE, now=NOW),
            wait=10,
        )


@dataclass(frozen=True)
class Remove:
    """Remove a version, or all of a package."""

    source: str
    package: str
    version: str | None

    def play(self, store: Store, _: Path) -> None:
        source = config_of(store).source(source_name(store, self.source))
        store.write(
            lambda writer: remove(
                writer, source=source, name=self.package, which=self.version, comment="bad", by=ALICE, now=NOW
            ),
            wait=10,
        )


@dataclass(frozen=True)
class Revert:
    """Undo what happened last."""

    def play(self, store: Store, _: Path) -> None:
        store.write(lambda writer: revert(writer, store=store, commit=store.head(), by=ALICE, now=NOW), wait=10)


sources = st.sampled_from(["n1", "f1"])
packages = st.sampled_from(["MASS", "data.table"])
versions = st.sampled_from(["1.0", "1.0-1", "2.0"])
platforms: st.SearchStrategy[Platform] = st.sampled_from(["source", "source", "windows", "macos", "linux"])
adds = st.builds(
    Add, sources, packages, versions, platforms, st.integers(0, 1), st.sampled_from([None, SIGNATURE, OTHER_SIGNATURE])
)
changes = st.one_of(
    st.builds(Archive, sources, packages, versions | st.none()),
    st.builds(Remove, sources, packages, versions | st.none()),
    st.just(Revert()),
    st.builds(RenameSource, sources, st.sampled_from(["near", "far", "elsewhere"])),
    st.builds(
        Arrange,
        st.sampled_from(["r", "mixed", "third"]),
        st.permutations(["n1", "f1"]).map(tuple) | st.sampled_from([("n1",), ("f1",), ()]),
        st.just("r"),
    ),
)
histories = st.lists(adds | changes | st.just(Build()), min_size=2, max_size=9)

#: Two sources have a file of one name and size: the repository shows first the one, then the other, at one address.
TWINS: History = [
    Add("n1", "MASS", "1.0", "source", 0, SIGNATURE),
    Add("f1", "MASS", "1.0", "source", 1),
    Build(),
    Arrange("mixed", ("n1", "f1"), "r"),
]
#: The last binary for a platform goes, and with it the platform's index.
LAST_BINARY: History = [
    Add("n1", "MASS", "1.0"),
    Add("n1", "MASS", "1.0", "linux"),
    Add("n1", "data.table", "1.0", "windows"),
    Build(),
    Remove("n1", "data.table", None),
    Archive("n1", "MASS", None),
]
#: There is an archive, and then there is none.
NO_ARCHIVE: History = [Add("n1", "MASS", "1.0"), Add("n1", "MASS", "2.0"), Build(), Remove("n1", "MASS", "1.0")]


@settings(max_examples=40)
@given(histories)
@example(TWINS)
@example(LAST_BINARY)
@example(NO_ARCHIVE)
def test_incremental_is_full(history: History) -> None:
    """After any history the site that followed it step by step is, byte for byte, the site made from nothing."""
    with played([*history, Build()], CONFIG) as (store, folder):
        build(store, folder / "fresh", grace=0)

        assert site_files(folder / "site") == site_files(folder / "fresh")


@settings(max_examples=25)
@given(histories)
@example(LAST_BINARY)
def test_every_row_and_link_resolves(history: History) -> None:
    """What a row of any PACKAGES means is a file of that digest where R looks for it; links of pages resolve, too."""
    with played([*history, Build()], CONFIG) as (_, folder):
        site = site_files(folder / "site")

        assert broken_links(site) == []
        for path, body in site.items():
            if path.endswith("/PACKAGES"):
                assert gzip.decompress(site[f"{path}.gz"]) == body
                assert f"{path}.rds" in site
                for row in _rows(body):
                    _check_row(folder / "site", path, row)


@settings(max_examples=15)
@given(
    st.lists(adds, min_size=2, max_size=5, unique_by=lambda one: (one.source, one.package, one.version[:3])),
    st.randoms(use_true_random=False),
)
def test_the_order_of_uploads_changes_nothing(uploads: list[Add], shuffle: random.Random) -> None:
    """The same files, uploaded at one time in any order, make the same site."""
    shuffled = uploads.copy()
    shuffle.shuffle(shuffled)

    with played([*uploads, Build()], CONFIG) as (_, one), played([*shuffled, Build()], CONFIG) as (_, other):
        assert site_files(one / "site") == site_files(other / "site")


@settings(max_examples=15)
@given(histories)
def test_the_plan_between_a_commit_and_itself_is_empty(history: History) -> None:
    """To build the same commit again writes no file."""
    with played([*history, Build()], CONFIG) as (store, folder):
        again = build(store, folder / "site", grace=0)

        assert [(part.full, part.written) for part in again] == [(False, 0), (False, 0)]


def _rows(body: bytes) -> Iterator[Mapping[str, str]]:
    """The records of a PACKAGES file without the lines that go on from the one before."""
    for stanza in body.decode().split("\n\n"):
        lines = (line.partition(":") for line in stanza.splitlines() if not line.startswith((" ", "\t")))
        if row := {name: value.strip() for name, _, value in lines}:
            yield row


def _check_row(site: Path, path: str, row: Mapping[str, str]) -> None:
    """As install.packages does: the folder of the index, the row's Path, the package and its version."""
    folder = (site / path).parent
    extension = ".zip" if "/windows/" in path else ".tgz" if "/macosx/" in path else ".tar.gz"
    place = folder / row.get("Path", ".") / f"{row['Package']}_{row['Version']}{extension}"
    assert hashlib.md5(place.read_bytes()).hexdigest() == row["MD5sum"], (path, row)
