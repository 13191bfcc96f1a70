"""From a list of files to a site, and one file more: repogen and dumb-pypi."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

from benchmarks.corpus import PER_PROJECT, Made, wheel
from benchmarks.processes import Ran, alternate, run, settle
from benchmarks.subjects import BY, SOURCE, dumb_pypi_line, incoming, known, repogen
from benchmarks.table import Row
from repogen.accept import Request
from repogen.accept.landing import Landing
from repogen.cli.home import Home, now

_WAIT = 60
_MORE = 20
_LIST, _BEFORE = "files.jsonl", "files-before.jsonl"


def builds(home: Home, lines: list[str], *, rounds: int, folder: Path, peers: Path) -> Iterator[Row]:
    """All comparisons of builds, with a home that holds the files of which ``lines`` is the list for dumb-pypi."""
    files = len(lines)
    write_list(folder / _LIST, lines)
    yield from _full(home, files, rounds, folder, peers)
    later = iter([wheel(number % (files // PER_PROJECT), f"2.{number}") for number in range(2 * rounds + _MORE)])
    yield from _one_more(home, files, rounds, folder, peers, lines, later)


def write_list(place: Path, lines: list[str]) -> None:
    """Write JSON lines."""
    place.write_text("".join(f"{line}\n" for line in lines))


def _full(home: Home, files: int, rounds: int, folder: Path, peers: Path) -> Iterator[Row]:
    output = folder / "dumb-pypi"

    def ours(_: int) -> Ran:
        rmtree(home.site)
        rmtree(home.own / "derived", ignore_errors=True)
        settle()
        return run(repogen(home.root, "build", "--full"))

    def theirs(_: int) -> Ran:
        rmtree(output, ignore_errors=True)
        settle()
        return run(_dumb_pypi(peers, folder))

    mine, other = alternate(range(rounds), ours, theirs)
    name = f"full build, {files:,} files"
    yield _row(name, "s", [ran.seconds for ran in mine], [ran.seconds for ran in other])
    yield _row(f"{name}: memory", "MiB", [ran.memory for ran in mine], [ran.memory for ran in other])


def _one_more(
    home: Home, files: int, rounds: int, folder: Path, peers: Path, lines: list[str], later: Iterator[Made]
) -> Iterator[Row]:
    landing = Landing(home.store, publish=lambda _: None, clock=now, wait=_WAIT)
    more = list(lines)

    def ours(_: int) -> float:
        landing.land(_request(home, next(later)))
        settle()
        return 1000 * run(repogen(home.root, "build")).seconds

    def theirs(_: int) -> float:
        (folder / _LIST).replace(folder / _BEFORE)
        made = next(later)
        more.append(dumb_pypi_line(made, "0" * 64))
        write_list(folder / _LIST, more)
        settle()
        return 1000 * run(_dumb_pypi(peers, folder, "--previous-package-list-json", folder / _BEFORE)).seconds

    mine, other = alternate(range(rounds), ours, theirs)
    name = f"one file into {files:,}"
    yield _row(f"{name}: the command `build`", "ms", mine, other)
    published, paged = _in_process(home, later)
    yield _row(f"{name}: within `serve`, until clients see it", "ms", published, other)
    yield _row(f"{name}: within `serve`, its pages", "ms", paged, other)


def _in_process(home: Home, later: Iterator[Made]) -> tuple[list[float], list[float]]:
    """Milliseconds from a file that was found good to its index, durable; and from there to its pages."""
    generator = home.generator
    generator.build(wait=_WAIT)

    def publish(wait: float) -> None:
        generator.build_indexes(wait=wait)

    landing = Landing(home.store, publish=publish, clock=now, wait=_WAIT)
    published, paged = [], []
    for made in later:
        request = _request(home, made)
        settle()
        begun = time.perf_counter()
        landing.land(request)
        seen = time.perf_counter()
        generator.build_pages(wait=_WAIT)
        published.append(1000 * (seen - begun))
        paged.append(1000 * (time.perf_counter() - seen))
    generator.close()
    return published, paged


def _request(home: Home, made: Made) -> Request:
    source = home.store.newest().good_config().source(SOURCE)
    return Request(source=source, by=BY, distributions=(known(made, incoming(made, home.spool)),))


def _dumb_pypi(peers: Path, folder: Path, *more: str | Path) -> list[str | Path]:
    output, files = folder / "dumb-pypi", folder / _LIST
    places: list[str | Path] = ["--package-list-json", files, "--output-dir", output, "--packages-url", "../../files"]
    return [peers / "bin/dumb-pypi", *places, *more]


def _row(job: str, unit: str, ours: list[float], theirs: list[float]) -> Row:
    return Row(job=job, unit=unit, peer="dumb-pypi", ours=ours, theirs=theirs)
