"""Many parcels, several at a time. What stops one may stop all, and what arrived has arrived."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from repogen.client.connection import Stopped
from repogen.client.upload import Arrival, Parcel, Uploads
from repogen.errors import InvalidUpload, NotFound, RepogenError, TooLarge, UsageError

#: How many files are on their way at once.
AT_ONCE = 4

#: What a receiver says of one file, and nothing about the next.
_OF_ONE_FILE = (InvalidUpload, TooLarge, UsageError, OSError)


class Watcher(Protocol):
    """Is told how a parcel fares, from any thread."""

    def starts(self, number: int, parcel: Parcel) -> None: ...
    def moves(self, number: int, sent: int) -> None: ...
    def ends(self, number: int) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How it went with parcel ``number``: exactly one of ``arrival`` and ``error``.

    ``stops_all``: the rest would meet the same error.
    """

    number: int
    arrival: Arrival | None = None
    error: RepogenError | OSError | None = None
    stops_all: bool = False


def send_all(
    uploads: Uploads, parcels: Sequence[Parcel], *, watcher: Watcher, stopping: threading.Event, at_once: int = AT_ONCE
) -> Iterator[Result]:
    """Send parcels, and tell of each when it is done, in the order in which they end.

    After an error that the rest would meet as well, no more are begun, and only what has been sent whole is awaited:
    the others have no result. The threads die with the program, so that it can end at any time.
    """
    todo: queue.SimpleQueue[tuple[int, Parcel]] = queue.SimpleQueue()
    done: queue.SimpleQueue[Result | None] = queue.SimpleQueue()
    for numbered in enumerate(parcels):
        todo.put(numbered)

    def work() -> None:
        try:
            while not stopping.is_set():
                result = _sent(uploads, *todo.get_nowait(), watcher)
                if result is not None:
                    if result.stops_all:
                        stopping.set()
                    done.put(result)
        except queue.Empty:
            pass
        finally:
            done.put(None)

    workers = min(at_once, len(parcels))
    for number in range(workers):
        threading.Thread(target=work, name=f"upload-{number}", daemon=True).start()
    while workers:
        result = _next(done)
        if result is None:
            workers -= 1
        else:
            yield result


def _sent(uploads: Uploads, number: int, parcel: Parcel, watcher: Watcher) -> Result | None:
    """The result, or None for what was stopped."""
    watcher.starts(number, parcel)
    try:
        arrival = uploads.upload(parcel, lambda sent: watcher.moves(number, sent))
    except Stopped:
        return None
    except (RepogenError, OSError) as error:
        # There may be a file for the next signature.
        of_one = isinstance(error, _OF_ONE_FILE) or (isinstance(error, NotFound) and parcel.path is None)
        return Result(number=number, error=error, stops_all=not of_one)
    finally:
        watcher.ends(number)
    return Result(number=number, arrival=arrival)


def _next(done: queue.SimpleQueue[Result | None]) -> Result | None:
    while True:
        try:
            # On some systems Ctrl-C is not noticed in a wait without an end.
            return done.get(timeout=0.5)
        except queue.Empty:
            continue
