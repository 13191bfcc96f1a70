"""From a folder of R packages to PACKAGES in three forms, and one package more: repogen and the tools of R."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

from benchmarks.processes import Ran, alternate, run, settle
from benchmarks.r_corpus import Tarball, tarball
from benchmarks.subjects import BY, R_SOURCE, incoming, repogen
from benchmarks.table import Row
from repogen.accept import Request, examine
from repogen.accept.landing import Landing
from repogen.cli.home import Home, now
from repogen.ecosystems import ecosystem_of

_WAIT = 60
_MORE = 20
_PEER = Path(__file__).with_name("peer.R")
_UPDATE, _LAX = "update_PACKAGES", "update_PACKAGES, strict = FALSE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """Milliseconds that one package more took within a process that stays, from the file on: each up to there."""

    committed: float
    seen: float
    paged: float


def r_indexes(
    home: Home, packages: int, *, rounds: int, full_rounds: int, more: int = _MORE, folder: Path, tools: Path
) -> Iterator[Row]:
    """All comparisons, with a home of so many ``packages`` that lie in the folder ``tools``, too, for those of R.

    Within the process, so many ``more`` are added.
    """
    yield from _full(home, packages, full_rounds, tools)
    yield from _one_more(home, packages, rounds, more, folder, tools)


def _full(home: Home, packages: int, rounds: int, tools: Path) -> Iterator[Row]:
    def index(_: int) -> tuple[float, float]:
        _forget(home, home.site)
        linked = _built(home)
        # As the tools of R meet them: the archives lie where they are served, the lists are to be made.
        _forget(home)
        return linked, _built(home)

    def write(_: int) -> tuple[float, Ran]:
        for list_ in tools.glob("PACKAGES*"):
            list_.unlink()
        settle()
        return _r("write", tools)

    def command(_: int) -> Ran:
        _forget(home, home.site)
        return run(repogen(home.root, "build", "--full"))

    mine, other = alternate(range(rounds), index, write)
    name = f"index of {packages:,} R packages"
    inside = [theirs for theirs, _ in other]
    yield _row(f"{name}, archives in place", "s", [listed for _, listed in mine], "write_PACKAGES", inside)
    yield _row(f"{name}, and the archives put in place", "s", [linked for linked, _ in mine], "write_PACKAGES", inside)
    ran = [command(turn) for turn in range(rounds)]
    whole = [theirs for _, theirs in other]
    name = f"{name}, and all pages: the command `build`"
    yield _row(name, "s", [one.seconds for one in ran], "write_PACKAGES", [one.seconds for one in whole])
    yield _row(f"{name}: memory", "MiB", [one.memory for one in ran], "write_PACKAGES", [one.memory for one in whole])


def _one_more(home: Home, packages: int, rounds: int, more: int, folder: Path, tools: Path) -> Iterator[Row]:
    later, later_there = (map(tarball, itertools.count(packages)) for _ in range(2))

    def add(_: int) -> float:
        made = next(later)
        place = folder / made.filename
        place.write_bytes(made.archive)
        settle()
        return 1000 * run(repogen(home.root, "add", place, "--source", R_SOURCE)).seconds

    def update(_: int) -> list[tuple[float, Ran]]:
        took = []
        for job in ("update", "update-lax"):
            made = next(later_there)
            (tools / made.filename).write_bytes(made.archive)
            settle()
            took.append(_r(job, tools))
        return took

    mine, other = alternate(range(rounds), add, update)
    added = _in_process(home, itertools.islice(later, more))
    seen, paged = [one.seen for one in added], [one.paged for one in added]
    name = f"one R package into {packages:,}"
    for nth, peer in enumerate((_UPDATE, _LAX)):
        inside = [1000 * took[nth][0] for took in other]
        whole = [1000 * took[nth][1].seconds for took in other]
        yield _row(f"{name}: within the process, until clients see it", "ms", seen, peer, inside)
        yield _row(f"{name}: within the process, and its page", "ms", paged, peer, inside)
        yield _row(f"{name}: the command `add`", "ms", mine, peer, whole)
    yield _row(f"{name}: of that, to examine and commit", "ms", [one.committed for one in added])
    yield _row(f"{name}: of that, to publish the index", "ms", [one.seen - one.committed for one in added])


def _in_process(home: Home, later: Iterator[Tarball]) -> list[Added]:
    """Add packages as ``repogen serve`` does, where everything that is loaded once is there."""
    generator, ecosystem = home.generator, ecosystem_of("r")
    generator.build(wait=_WAIT)
    source = home.store.newest().good_config().source(R_SOURCE)
    marks: list[float] = []

    def publish(wait: float) -> None:
        marks.append(time.perf_counter())
        generator.build_indexes(wait=wait)

    landing = Landing(home.store, publish=publish, clock=now, wait=_WAIT)
    added = []
    for made in later:
        arrived = incoming(made, home.spool)
        settle()
        begun = time.perf_counter()
        landing.land(Request(source=source, by=BY, distributions=(examine(arrived, ecosystem),)))
        seen = time.perf_counter()
        generator.build_pages(wait=_WAIT)
        paged = time.perf_counter()
        committed, seen, paged = (1000 * (mark - begun) for mark in (marks.pop(), seen, paged))
        added.append(Added(committed=committed, seen=seen, paged=paged))
    generator.close()
    return added


def _forget(home: Home, *more: Path) -> None:
    for folder in (home.own / "derived", *more):
        rmtree(folder)
    settle()


def _built(home: Home) -> float:
    """Seconds for all of the index by a generator that knows nothing yet."""
    generator = Home.at(home.root).generator
    begun = time.perf_counter()
    generator.build_indexes(wait=_WAIT, full=True)
    seconds = time.perf_counter() - begun
    generator.close()
    return seconds


def _r(job: str, tools: Path) -> tuple[float, Ran]:
    """Let R do a job: the seconds that it took within R, and what the whole process took."""
    ran = run(["Rscript", "--vanilla", _PEER, job, tools])
    return float(ran.output.split()[-1]), ran


def _row(job: str, unit: str, ours: Sequence[float], peer: str = "", theirs: Sequence[float] = ()) -> Row:
    return Row(job=job, unit=unit, peer=peer, ours=ours, theirs=theirs)
