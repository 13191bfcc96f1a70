"""Changes that are ready together land together: chained commits, one ref update, one sync, one publish."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from repogen.accept import Receipt, Request, accept
from repogen.accept.sign import Signing, sign
from repogen.errors import Busy, ConfigError, DiskFull, RepogenError, StoreError
from repogen.store import Store
from repogen.store.faults import storage_errors
from repogen.store.writer import Writer

#: What the newer requests of a group have at least, in seconds, after a long wait of the one that lands them.
_LEAST = 2.0


_Result = TypeVar("_Result")


class _Ticket:
    """A change on its way, and what became of it: ``done``, or an ``error``."""

    def __init__(self, verb: Callable[[Writer], Any]) -> None:
        self.verb = verb
        self.done = False
        self.result: Any = None
        self.error: Exception | None = None


class Landing:
    """Where changes of many threads queue up. A lone one waits for nobody.

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
        """Commit and publish what somebody sent in.

        Raises what :func:`repogen.accept.accept` and :func:`repogen.accept.sign.sign` raise, and what
        :meth:`carry_out` does; then the same request again succeeds once it can.
        """
        match request:
            case Signing():
                return self.carry_out(lambda writer: sign(request, writer=writer, now=self._clock()))
            case Request():
                return self.carry_out(
                    lambda writer: accept(request, writer=writer, store=self._store, now=self._clock())
                )

    def carry_out(self, verb: Callable[[Writer], _Result]) -> _Result:
        """Let ``verb`` commit, and publish that, together with all others that wait at that moment.

        A verb that raises has committed nothing; it may run again where somebody moved the branch. Raises what the
        verb raises; Busy; StoreError or DiskFull, also where the commit stands but could not be published.
        """
        ticket = _Ticket(verb)
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
            # Whoever had the turn before may have landed this one along with its own.
            if not ticket.done and ticket.error is None:
                with self._queue_lock:
                    group, self._queue = self._queue, []
                self._land_group(group, max(deadline, time.monotonic() + _LEAST))
        finally:
            self._turn.release()
        if ticket.error is not None:
            raise ticket.error
        if not ticket.done:
            raise StoreError("the change was not landed")
        result: _Result = ticket.result
        return result

    def _land_group(self, group: list[_Ticket], deadline: float) -> None:
        landed = False
        try:
            self._store.write(lambda writer: _chain(group, writer), wait=_left(deadline))
            landed = True
            with _committed(), storage_errors("the site could not be written"):
                self._publish(_left(deadline))
        except Exception as error:  # noqa: BLE001  each thread that waits is told, whatever it was
            for ticket in group:
                # What a change was refused for may be another one that has not landed either.
                if not landed or ticket.error is None:
                    ticket.error = error


def _chain(group: list[_Ticket], writer: Writer) -> None:
    for ticket in group:
        ticket.done, ticket.error = False, None
        try:
            ticket.result = ticket.verb(writer)
            ticket.done = True
        except RepogenError as error:
            ticket.error = error


@contextmanager
def _committed() -> Iterator[None]:
    """Say with whatever error there is that the change itself is safe."""
    try:
        yield
    except (Busy, StoreError, DiskFull, ConfigError) as error:
        text = f"the change is committed, but could not be published: {error.message}"
        raise type(error)(text, hint=error.hint) from error


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())
