"""What was measured, as one table of ratios."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The same job done by repogen and by a peer, once a round. ``more_is_better``: a rate, and not a cost.

    A ``peer`` that failed has no figures; "": there is none that does such a job.
    """

    job: str
    unit: str
    peer: str
    ours: Sequence[float]
    theirs: Sequence[float]
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times better repogen is, by the medians; below 1 it is worse. None: there is nothing to compare."""
        if not self.theirs:
            return None
        ours, theirs = median(self.ours), median(self.theirs)
        return ours / theirs if self.more_is_better else theirs / ours


def table(rows: Iterable[Row]) -> str:
    """The rows in Markdown: of each side the median, and from the least to the most."""
    lines = ["| job | unit | repogen | peer | | repogen is better by |", "|---|---|---|---|---|---|"]
    for row in rows:
        theirs = _spread(row.theirs) if row.theirs else "failed" if row.peer else ""
        better = f"**{row.ratio:.2g} x**" if row.ratio is not None else ""
        lines.append(f"| {' | '.join((row.job, row.unit, _spread(row.ours), row.peer, theirs, better))} |")
    return "\n".join(lines)


def machine(peers: Path) -> str:
    """What the figures were measured on, and with which versions of the peers."""
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    versions = re.findall(r"^(dumb-pypi|pypiserver|gunicorn)==(\S+)", peers.read_text(), re.MULTILINE)
    return ", ".join(
        [
            f"{os.cpu_count()} cores",
            f"{int(memory[1]) / 2**20:.0f} GB of memory" if memory else "memory unknown",
            f"Linux {'.'.join(platform.release().split('.')[:2])}",
            f"CPython {platform.python_version()}",
            *(f"{name} {version}" for name, version in versions),
            _r_version(),
        ]
    )


def _r_version() -> str:
    try:
        said = subprocess.run(["Rscript", "--version"], capture_output=True, text=True, check=True)
    except OSError:
        return "no R"
    found = re.search(r"version (\S+)", said.stdout + said.stderr)
    return f"R {found[1] if found else 'of an unknown version'}"


def _spread(values: Sequence[float]) -> str:
    return f"{_short(median(values))} [{_short(min(values))}-{_short(max(values))}]"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
