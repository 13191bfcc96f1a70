"""The corpus of the benchmarks is made of good distributions, and filled stores are as uploads would leave them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.corpus import corpus
from benchmarks.processes import alternate
from benchmarks.r_corpus import Tarball, tarballs
from benchmarks.r_indexes import r_indexes
from benchmarks.subjects import BY, SOURCE, fill, fill_r, incoming, known, known_r, make_home
from benchmarks.table import Row, table
from repogen.accept import examine
from repogen.ecosystems import ecosystem_of
from repogen.model.names import ProjectKey
from tests.conftest import Client
from tests.stores import NOW


def test_corpus_is_good(tmp_path: Path) -> None:
    """What the benchmarks take for known is what examining the archives finds, without a warning."""
    for made in corpus(10):
        arrived = incoming(made, tmp_path)
        found = examine(arrived, ecosystem_of("python"))
        assert found.record(uploaded=NOW, by=BY) == known(made, arrived).record(uploaded=NOW, by=BY)
        assert (found.inspected.metadata, found.inspected.warnings) == (made.metadata, ())


def test_corpus_of_r_is_good(tmp_path: Path) -> None:
    """The same for R packages, of which some have C code, a README or a NEWS."""
    for made in tarballs(9):
        arrived = incoming(made, tmp_path)
        found = examine(arrived, ecosystem_of("r"))
        assert found.record(uploaded=NOW, by=BY) == known_r(made, arrived).record(uploaded=NOW, by=BY)
        assert (found.inspected.metadata, found.inspected.warnings) == (made.metadata, ())


def test_larger_corpus_begins_with_smaller() -> None:
    """Names and bytes are the same every time."""
    assert list(corpus(10)) == list(corpus(20))[:10]
    assert list(tarballs(10)) == list(tarballs(20))[:10]


def test_filled_store_can_be_built(tmp_path: Path) -> None:
    """A home that was filled at once shows all of its files."""
    home = make_home(tmp_path / "home")
    lines = fill(home, corpus(20))
    assert len(lines) == 20
    project = home.store.newest().project(SOURCE, ProjectKey("acme-cache-1"))
    assert project is not None
    home.publish()
    home.generator.close()
    index = (home.site / "python/latest/simple/acme-cache-1/index.html").read_text()
    assert [entry.record.filename for entry in project.entries if f">{entry.record.filename}<" not in index] == []
    assert len(project.entries) == 10


def test_tools_of_r_index_the_same(tmp_path: Path, client: Client) -> None:
    """Both sides list the same packages: the corpus, and those that were added one by one."""
    client("Rscript")
    home, tools = make_home(tmp_path / "home"), tmp_path / "tools"
    fill_r(home, tarballs(20), tools)
    rows = list(r_indexes(home, 20, rounds=1, full_rounds=1, more=1, folder=tmp_path, tools=tools))
    assert [row.job for row in rows if row.peer and len(row.theirs) != 1] == []
    assert _listed(home.site / "r/latest/src/contrib") == _listed(tools) == {_title(made) for made in tarballs(22)}


def test_peer_that_fails_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    """It has nothing to show in its row, and the comparison goes on."""

    def fails(turn: int) -> float:
        if turn == 1:
            raise RuntimeError("answered 500")
        return 1

    ours, theirs = alternate(range(3), float, fails)
    assert (ours, theirs) == ([0, 1, 2], [])
    assert capsys.readouterr().err == "a peer failed: answered 500\n"
    row = Row(job="upload", unit="ms", peer="other", ours=ours, theirs=theirs)
    assert "| upload | ms | 1.00 [0.00-2.00] | other | failed |  |" in table([row])


def test_table_says_how_many_times_better() -> None:
    """Above 1 repogen is better, be it less of a cost or more of a rate."""
    cost = Row(job="build", unit="s", peer="other", ours=[1, 2, 3], theirs=[4, 4, 5])
    rate = Row(job="upload", unit="per s", peer="other", ours=[10], theirs=[20], more_is_better=True)
    assert (cost.ratio, rate.ratio) == (2, 0.5)
    assert "| build | s | 2.00 [1.00-3.00] | other | 4.00 [4.00-5.00] | **2 x** |" in table([cost, rate])


def _listed(folder: Path) -> set[str]:
    return set(re.findall(r"^Package: .*\nVersion: .*", (folder / "PACKAGES").read_text(), re.MULTILINE))


def _title(made: Tarball) -> str:
    return f"Package: {made.name}\nVersion: {made.version}"
