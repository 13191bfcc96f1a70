"""repogen and its peers do the same jobs in turn, on the same files; one table tells how they compare."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.builds import builds
from benchmarks.corpus import corpus
from benchmarks.r_corpus import tarballs
from benchmarks.r_indexes import r_indexes
from benchmarks.subjects import fill, fill_r, make_home
from benchmarks.table import Row, machine, table
from benchmarks.uploads import uploads
from repogen.cli.home import Home

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done with an index of so many files of Python. A turn of uploads lasts ``seconds``; 0: there are none."""

    files: int
    rounds: int
    seconds: float = 0
    large: int = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanR:
    """What is done with an index of so many R packages, ``files``. The whole of it is made ``full_rounds`` times."""

    files: int
    rounds: int
    full_rounds: int


_QUICK = (Plan(files=1_000, rounds=3, seconds=2), PlanR(files=1_000, rounds=3, full_rounds=2))
_ALL = (
    Plan(files=1_000, rounds=5, seconds=5),
    Plan(files=10_000, rounds=3, seconds=5),
    Plan(files=50_000, rounds=2),
    PlanR(files=1_000, rounds=5, full_rounds=5),
    PlanR(files=20_000, rounds=3, full_rounds=1),
)


def main() -> None:
    """Run, and print the table to standard output; what has been measured so far goes to standard error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 files and shorter turns, within four minutes")
    parser.add_argument("--files", type=int, help="only with an index of so many files")
    parser.add_argument("--type", choices=("python", "r"), help="only with packages of this type")
    parser.add_argument("--peers", type=Path, default=_HERE.parent / ".venv-bench", help="the environment of the peers")
    parser.add_argument("--folder", type=Path, help="where to work, else the system's folder for temporary files")
    options = parser.parse_args()
    plans: tuple[Plan | PlanR, ...] = _QUICK if options.quick else _ALL
    if options.type:
        plans = tuple(plan for plan in plans if isinstance(plan, PlanR) == (options.type == "r"))
    if options.files:
        sizes = sorted({plan.files for plan in plans})
        plans = tuple(plan for plan in plans if plan.files == options.files) or parser.error(
            f"--files is one of {sizes}"
        )
    rows = []
    begun = time.monotonic()
    for plan in plans:
        for row in measured(plan, peers=options.peers.absolute(), folder=options.folder):
            sys.stderr.write(f"{time.monotonic() - begun:5.0f} s  {row.job}\n")
            rows.append(row)
    sys.stdout.write(f"{machine(_HERE / 'peers.txt')}\n\n{table(rows)}\n")


def measured(plan: Plan | PlanR, *, peers: Path, folder: Path | None) -> Iterator[Row]:
    """Do all comparisons of a plan in a new folder below ``folder``, which is taken away at the end."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="repogen-bench-") as name:
        place = Path(name)
        home = make_home(place / "home")
        match plan:
            case Plan():
                yield from _measured(plan, home, place, peers)
            case PlanR():
                tools = place / "tools"
                fill_r(home, tarballs(plan.files), tools)
                rounds, full_rounds = plan.rounds, plan.full_rounds
                yield from r_indexes(
                    home, plan.files, rounds=rounds, full_rounds=full_rounds, folder=place, tools=tools
                )


def _measured(plan: Plan, home: Home, place: Path, peers: Path) -> Iterator[Row]:
    lines = fill(home, corpus(plan.files))
    yield from builds(home, lines, rounds=plan.rounds, folder=place, peers=peers)
    if plan.seconds:
        yield from uploads(
            home,
            lines,
            rounds=plan.rounds,
            seconds=plan.seconds,
            large=plan.large,
            folder=place,
            peers=peers,
        )


if __name__ == "__main__":
    main()
