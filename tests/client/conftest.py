"""Connections to servers of the test's own, which wait for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

import httpx
import pytest

from repogen.client.access import Access
from repogen.client.connection import Connection

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiJ4In0.c2VjcmV0LXNpZ25hdHVyZQ"
NOW = datetime(2026, 11, 22, 18, 45, 34, tzinfo=UTC)

Connect = Callable[..., Connection]


@pytest.fixture
def notices() -> list[str]:
    """What people are told while the client waits."""
    return []


@pytest.fixture
def connect(notices: list[str]) -> Iterator[Connect]:
    """``connect(address)`` is a connection that waits for 0 s between its tries, of which it has three."""
    with ExitStack() as stack:

        def make(
            address: str, *, delays: Sequence[float] = (0, 0), read: float = 10, environ: dict[str, str] | None = None
        ) -> Connection:
            return stack.enter_context(
                Connection(
                    Access(address=address, token=TOKEN),
                    environ=environ or {},
                    clock=lambda: NOW,
                    notice=notices.append,
                    timeout=httpx.Timeout(read, connect=5, pool=None),
                    delays=delays,
                )
            )

        yield make
