"""The pool: archive files by their sha256, where Git LFS looks for them."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

from repogen.model.names import Sha256
from repogen.store.sync import sync_filesystem


class Pool:
    """A folder of immutable files, ``aa/bb/<sha256>``, each 0444."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: Sha256) -> Path:
        """Where the file with that digest lies, or would lie."""
        return Path(f"{self.folder}/{sha256[:2]}/{sha256[2:4]}/{sha256}")

    def holds(self, sha256: Sha256, size: int) -> bool:
        """Is a file of that digest and size there?"""
        try:
            return self.path(sha256).stat().st_size == size
        except OSError:
            return False

    def take(self, spooled: Path, sha256: Sha256) -> None:
        """Move a spooled file, whose digest the caller has computed, into the pool.

        The move is a rename where both are on one file system, so nobody sees half a file; it is on the
        disk after the next sync of the store.
        """
        place = self.path(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        spooled.chmod(0o444)
        try:
            spooled.replace(place)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy_beside(spooled, place)
            spooled.unlink()

    def drop(self, sha256: Sha256) -> bool:
        """Take a file out for good; it is gone from the disk when this returns. Was it there?"""
        place = self.path(sha256)
        try:
            place.unlink()
        except FileNotFoundError:
            return False
        sync_filesystem(place.parent)
        return True


def _copy_beside(origin: Path, place: Path) -> None:
    descriptor, beside = tempfile.mkstemp(dir=place.parent, prefix=".")
    try:
        with os.fdopen(descriptor, "wb") as target, origin.open("rb") as source:
            shutil.copyfileobj(source, target, 1 << 20)
        Path(beside).chmod(0o444)
        Path(beside).replace(place)
    except BaseException:
        Path(beside).unlink()
        raise
