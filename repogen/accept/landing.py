"""Requests that are ready together land together: chained commits, one ref update, one sync, one publish."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from repogen.accept import Receipt, Request, accept
from repogen.accept.sign import Signing, sign
from repogen.errors import Busy, ConfigError, DiskFull, RepogenError, StoreError
from repogen.store import Store
from repogen.store.faults import storage_errors
from repogen.store.writer import Writer

#: What the newer requests of a group have at least, in seconds, after a long wait of the one that lands them.
_LEAST = 2.0


class _Ticket:
    """A request on its way, and what became of it."""

    def __init__(self, request: Request | Signing) -> None:
        self.request = request
        self.result: Receipt | Exception | None = None


class Landing:
    """Where requests of many threads queue up. A lone request waits for nobody.

    ``publish`` returns when clients can see the head of the store; it is handed the seconds that it may
    wait for others. ``clock`` gives aware times. ``wait`` bounds, in seconds, all waiting of a request.
    """

    def __init__(
        self, store: Store, *, publish: Callable[[float], None], clock: Callable[[], datetime], wait: float
    ) -> None:
        self._store = store
        self._publish = publish
        self._clock = clock
        self._wait = wait
        self._queue: list[_Ticket] = []
        self._queue_lock = threading.Lock()
        self._turn = threading.Lock()

    def land(self, request: Request | Signing) -> Receipt:
        """Commit and publish a request, together with all others that wait at that moment.

        Raises what :func:`repogen.accept.accept` and :func:`repogen.accept.sign.sign` raise; Busy; StoreError or
        DiskFull, also where the commit stands but could not be published: then the same request again succeeds
        once it can.
        """
        ticket = _Ticket(request)
        with self._queue_lock:
            self._queue.append(ticket)
        deadline = time.monotonic() + self._wait
        if not self._turn.acquire(timeout=self._wait):
            with self._queue_lock:
                if ticket in self._queue:
                    self._queue.remove(ticket)
                    raise Busy("the store is busy", hint="try again in a moment")
            self._turn.acquire()
        try:
            # Whoever had the turn before may have landed this request along with its own.
            if ticket.result is None:
                with self._queue_lock:
                    group, self._queue = self._queue, []
                self._land_group(group, max(deadline, time.monotonic() + _LEAST))
        finally:
            self._turn.release()
        if isinstance(ticket.result, Receipt):
            return ticket.result
        raise ticket.result or StoreError("the request was not landed")

    def _land_group(self, group: list[_Ticket], deadline: float) -> None:
        landed = False
        try:
            self._store.write(lambda writer: self._chain(group, writer), wait=_left(deadline))
            landed = True
            with _committed(), storage_errors("the site could not be written"):
                self._publish(_left(deadline))
        except Exception as error:  # noqa: BLE001  each thread that waits is told, whatever it was
            for ticket in group:
                # What a request was refused for may be another one that has not landed either.
                if not landed or isinstance(ticket.result, Receipt):
                    ticket.result = error

    def _chain(self, group: list[_Ticket], writer: Writer) -> None:
        for ticket in group:
            try:
                match ticket.request:
                    case Signing():
                        ticket.result = sign(ticket.request, writer=writer, now=self._clock())
                    case Request():
                        ticket.result = accept(ticket.request, writer=writer, store=self._store, now=self._clock())
            except RepogenError as error:
                ticket.result = error


@contextmanager
def _committed() -> Iterator[None]:
    """Say with whatever error there is that the upload itself is safe."""
    try:
        yield
    except (Busy, StoreError, DiskFull, ConfigError) as error:
        text = f"the upload is committed, but could not be published: {error.message}"
        raise type(error)(text, hint=error.hint) from error


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())
