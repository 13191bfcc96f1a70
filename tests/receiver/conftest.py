"""A receiver on a free port of this machine, in front of a house in memory."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from repogen.receiver.app import Receiver
from repogen.receiver.server import serve
from tests.receiver.house import House


@dataclass
class Running:
    """A server in a thread."""

    port: int
    stop: threading.Event
    thread: threading.Thread


@contextmanager
def running(app: Any, **options: Any) -> Iterator[Running]:
    """``app`` behind the real server; the context ends when the server has stopped."""
    stop = threading.Event()
    ports: queue.Queue[int] = queue.Queue()
    thread = threading.Thread(
        target=serve, args=(app,), kwargs={"host": "127.0.0.1", "port": 0, "ready": ports.put, "stop": stop, **options}
    )
    thread.start()
    try:
        yield Running(ports.get(timeout=10), stop, thread)
    finally:
        stop.set()
        thread.join(30)


@pytest.fixture(scope="session")
def start() -> Any:
    """Runs a server of one's own: a context manager that takes an application and the options of ``serve``."""
    return running


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house without files, with an empty site."""
    (tmp_path / "spool").mkdir()
    (tmp_path / "site").mkdir()
    return House(root=tmp_path)


@dataclass
class _Switch:
    """One server for all tests, as starting and stopping one takes a second."""

    port: int = 0
    receiver: Receiver | None = None

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        assert self.receiver is not None
        return self.receiver(environ, start_response)


@pytest.fixture(scope="session")
def switch() -> Iterator[_Switch]:
    """A server that answers for the house of the test that runs."""
    app = _Switch()
    with running(app, threads=4, timeout=3, drain=2) as server:
        app.port = server.port
        yield app


@pytest.fixture
def port(house: House, switch: _Switch) -> int:
    """Where the receiver of ``house`` answers."""
    switch.receiver = Receiver(house.wiring())
    return switch.port
