"""Programs under measurement: run to their end, or kept as servers; Linux tells what they used."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TypeVar

_PATIENCE = 60
_GLANCE = 0.02

Turn = TypeVar("Turn")
Took = TypeVar("Took")
TheyTook = TypeVar("TheyTook")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a program took: seconds, and the memory of all its processes at most, resident, in MiB. What it said."""

    seconds: float
    memory: float
    output: str


def run(command: Sequence[str | Path]) -> Ran:
    """Run a program. Raises RuntimeError with the end of its output where it fails."""
    ended = threading.Event()
    memory = [0.0]
    with tempfile.TemporaryFile() as output:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

        def watch() -> None:
            # What wait4 tells of memory is no less than what the parent had: a child begins as its copy.
            while not ended.wait(_GLANCE):
                memory.append(_memory(process.pid, "VmRSS:"))

        watcher = threading.Thread(target=watch)
        watcher.start()
        process.wait()
        seconds = time.perf_counter() - begun
        ended.set()
        watcher.join()
        output.seek(0)
        said = output.read().decode(errors="replace")
        if process.returncode:
            raise RuntimeError(f"{command[0]} failed: {said[-2000:]}")
    return Ran(seconds=seconds, memory=max(memory), output=said)


class Server:
    """A server that runs, with all of its processes. Memory is the sum of theirs, resident, in MiB."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self.port = port

    @property
    def idle(self) -> bool:
        """Has no process of it used the processor within a tenth of a second?"""
        before = self._ticks()
        time.sleep(0.1)
        return self._ticks() == before

    def memory(self) -> float:
        """What it holds now."""
        return _memory(self._process.pid, "VmRSS:")

    def forget_peak(self) -> None:
        """Let :meth:`peak` count from now on."""
        for pid in _tree(self._process.pid):
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def peak(self) -> float:
        """What its processes held at most, each for itself."""
        return _memory(self._process.pid, "VmHWM:")

    def _ticks(self) -> list[tuple[str, ...]]:
        stats = (Path(f"/proc/{pid}/stat").read_text() for pid in _tree(self._process.pid))
        return [tuple(stat.rpartition(")")[2].split()[11:13]) for stat in stats]


@contextmanager
def serving(command: Sequence[str | Path], port: int, env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run a server while the block runs; it is there when the port takes connections."""
    with tempfile.TemporaryFile() as output:
        environment = {**os.environ, **(env or {})}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
        try:
            _await(process, port, output.fileno())
            yield Server(process, port)
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def alternate(
    turns: Iterable[Turn], ours: Callable[[Turn], Took], theirs: Callable[[Turn], TheyTook]
) -> tuple[list[Took], list[TheyTook]]:
    """Both sides do the same in turn, each of them first in every other one: what slows the machine hits both.

    A peer that fails is told of, gets no turn more and has nothing to show: only that comparison is lost.
    """
    took: list[Took] = []
    they_took: list[TheyTook] | None = []

    def let_them(turn: Turn, before: list[TheyTook] | None) -> list[TheyTook] | None:
        try:
            return None if before is None else [*before, theirs(turn)]
        except (RuntimeError, OSError, HTTPException) as error:
            sys.stderr.write(f"a peer failed: {error}\n")
            return None

    for number, turn in enumerate(turns):
        if number % 2:
            they_took = let_them(turn, they_took)
        took.append(ours(turn))
        if not number % 2:
            they_took = let_them(turn, they_took)
    return took, they_took or []


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def settle(*servers: Server) -> None:
    """Return when nothing is left to do from before: files are on the disk, and the servers rest."""
    os.sync()
    deadline = time.monotonic() + _PATIENCE
    while not all([server.idle for server in servers]) and time.monotonic() < deadline:  # noqa: C419  each is looked at
        time.sleep(0.05)


def _await(process: subprocess.Popen[bytes], port: int, output: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"a server did not start: {os.pread(output, 2000, 0).decode(errors='replace')}")


def _memory(pid: int, field: str) -> float:
    found = 0
    for one in _tree(pid):
        with suppress(OSError):  # it has just ended
            rows = [row.split() for row in Path(f"/proc/{one}/status").read_text().splitlines()]
            found += sum(int(row[1]) for row in rows if row[0] == field)
    return found / 1024


def _tree(pid: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in children.read_text().split():
                yield from _tree(int(child))
