"""The corpus of the benchmarks is made of good distributions, and filled stores are as uploads would leave them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.corpus import corpus
from benchmarks.subjects import BY, SOURCE, fill, incoming, known, make_home
from benchmarks.table import Row, table
from repogen.accept import examine
from repogen.ecosystems import ecosystem_of
from repogen.model.names import ProjectKey
from tests.stores import NOW


def test_corpus_is_good(tmp_path: Path) -> None:
    """What the benchmarks take for known is what examining the archives finds, without a warning."""
    for made in corpus(10):
        arrived = incoming(made, tmp_path)
        found = examine(arrived, ecosystem_of("python"))
        assert found.record(uploaded=NOW, by=BY) == known(made, arrived).record(uploaded=NOW, by=BY)
        assert (found.inspected.metadata, found.inspected.warnings) == (made.metadata, ())


def test_larger_corpus_begins_with_smaller() -> None:
    """Names and bytes are the same every time."""
    assert list(corpus(10)) == list(corpus(20))[:10]


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


def test_table_says_how_many_times_better() -> None:
    """Above 1 repogen is better, be it less of a cost or more of a rate."""
    cost = Row(job="build", unit="s", peer="other", ours=[1, 2, 3], theirs=[4, 4, 5])
    rate = Row(job="upload", unit="per s", peer="other", ours=[10], theirs=[20], more_is_better=True)
    assert (cost.ratio, rate.ratio) == (2, 0.5)
    assert "| build | s | 2.00 [1.00-3.00] | other | 4.00 [4.00-5.00] | **2 x** |" in table([cost, rate])
