"""What the system and libgit2 report, as errors of repogen."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import pygit2

from repogen.errors import DiskFull, StoreError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """Raise DiskFull or StoreError, naming ``what`` was being done, in place of OSError and GitError."""
    try:
        yield
    except OSError as error:
        # libgit2 reports what the system said in words only.
        full = error.errno in _FULL or "no space left" in str(error).lower()
        raise _full(what) if full else StoreError(f"{what}: {error.strerror or error}") from error
    except pygit2.GitError as error:
        raise _full(what) if "no space left" in str(error).lower() else StoreError(f"{what}: {error}") from error


def _full(what: str) -> DiskFull:
    return DiskFull(f"{what}: no space left on the disk", hint="free some space and try again")
