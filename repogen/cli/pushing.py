"""``--push``: what a command commits in a checkout goes to where that was cloned from."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

import typer

from repogen.cli.home import WAIT, Home
from repogen.errors import Busy, StoreError, UsageError

if TYPE_CHECKING:
    from repogen.model.names import CommitId
    from repogen.store import Store
    from repogen.store.remote import Remote

Push = Annotated[bool, typer.Option("--push", help="Of a checkout: push it, to where that was cloned from.")]

_Result = TypeVar("_Result")
#: How often a push is tried, each time on the newest commit.
_ATTEMPTS = 30
#: How long a lost race is waited after, in seconds: at the first, and at the most.
_PAUSE, _LONGEST = 0.1, 3.0


class Land(Protocol):
    """Carries out what adds commits, and returns when they are where they belong."""

    def __call__(self, verb: Callable[[], _Result], /) -> _Result: ...


@contextmanager
def pushing(home: Home, wanted: bool) -> Iterator[Land]:
    """How commits of a command land: here, or (``wanted``) at the remote of the checkout as well.

    The checkout is brought to the newest commit of the remote first. Raises UsageError where that cannot be.
    """
    if not wanted:
        yield lambda verb: verb()
        return
    from repogen.store.locks import locked
    from repogen.store.remote import Remote

    store = home.store
    if store.is_bare:
        raise UsageError("only a checkout is pushed", hint="clone the store, and name the clone with --store")
    with locked(store.folder / "repogen-push.lock", wait=WAIT, what="the checkout"):
        yield _Pushing(store, Remote(store.path, environment=os.environ)).land


class _Pushing:
    """A checkout that is held, and its remote, whose newest commit is ``there``."""

    def __init__(self, store: Store, remote: Remote) -> None:
        self._store = store
        self._remote = remote
        self._there = self._follow()

    def land(self, verb: Callable[[], _Result]) -> _Result:
        """Let ``verb`` commit, and push. A race that was lost is run again, so the verb decides anew on the new head.

        Whatever is raised, the checkout is then as before.
        """
        from repogen.store.remote import LostRace

        for attempt in range(_ATTEMPTS):
            if attempt:
                # Not all at once again: each waits for a time of its own.
                time.sleep(random.uniform(0.5, 1) * min(_PAUSE * 1.5**attempt, _LONGEST))  # noqa: S311  no secret
                self._there = self._follow()
            base = self._store.head()
            try:
                result = verb()
                self._send(self._store.head())
            except LostRace:
                self._back_to(base)
            except BaseException:
                self._back_to(base)
                raise
            else:
                return result
        raise Busy(f"others were quicker to push, {_ATTEMPTS} times in a row", hint="try again in a moment")

    def _send(self, tip: CommitId) -> None:
        """Archives first: were the commit there before them, readers would meet pointers to nothing."""
        if tip == self._there:
            return
        new = self._store.at(tip).archives_since(self._there)
        # What is not here came from there, as a pointer only.
        self._remote.send_archives([sha256 for sha256 in new if self._store.pool.path(sha256).exists()])
        try:
            self._remote.send(tip)
        except StoreError:
            # Where the connection ended it may have arrived all the same.
            if not self._arrived(tip):
                raise

    def _arrived(self, tip: CommitId) -> bool:
        with suppress(StoreError):
            there = self._remote.fetch()
            return there is not None and self._store.at(there).descends_from(tip)
        return False

    def _back_to(self, base: CommitId) -> None:
        head = self._store.head()
        if head != base:
            self._store.move(before=head, after=base, wait=WAIT)

    def _follow(self) -> CommitId | None:
        """Bring the checkout to the newest commit of the remote, which is returned; its own commits are kept."""
        there, here = self._remote.fetch(), self._store.head()
        if there is None or self._store.at(here).descends_from(there):
            return there
        if not self._store.at(there).descends_from(here):
            raise UsageError(
                f"the checkout and its remote {self._remote.name!r} each have commits that the other does not have",
                hint="bring them together (git pull --rebase), or go on in a fresh clone",
            )
        self._store.move(before=here, after=there, wait=WAIT)
        return there
