"""Locks between processes that die with their owner."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from repogen.errors import Busy

_PAUSE = 0.01


@contextmanager
def locked(path: Path, *, wait: float, what: str) -> Iterator[None]:
    """Hold the folder or the lock file ``path`` (made where missing), or raise Busy after ``wait`` seconds.

    ``flock`` belongs to the open file, so it excludes other threads as well as other processes and ends
    with its owner however that ends.
    """
    access = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    descriptor = os.open(path, access | os.O_CLOEXEC, 0o644)
    try:
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Busy(f"{what} is in use by another process", hint="try again in a moment") from None
                time.sleep(_PAUSE)
        yield
    finally:
        os.close(descriptor)
