"""Putting the files of a site where they are served, each whole and by rename."""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from repogen.errors import StoreError
from repogen.generate.state import PRIVATE
from repogen.model.names import BlobId
from repogen.model.pages import Page, PoolFile, StoreFile, Templated
from repogen.store.pool import Pool

_log = logging.getLogger(__name__)

Output = Page | Templated | PoolFile | StoreFile

#: A step of a path that leads elsewhere, or a character that means something else to some system or client.
_UNSAFE = re.compile(r"(?:^|/)(?:\.|/|$)|[\\\x00-\x1f\x7f]")


class Publisher:
    """Writes outputs below ``site``; the caller keeps others from using the same ``staging`` meanwhile.

    That is a folder on the site's file system where files are until they are complete; what a crash left
    there is taken away. ``render`` makes the bytes of a templated page, ``blob`` those of a blob.
    """

    def __init__(
        self,
        site: Path,
        *,
        staging: Path,
        pool: Pool,
        blob: Callable[[BlobId], bytes],
        render: Callable[[Templated], bytes],
    ) -> None:
        self._site = site
        self._pool = pool
        self._blob = blob
        self._render = render
        self._copies = False
        self._made: set[str] = set()
        self._staging = staging
        staging.mkdir(parents=True, exist_ok=True)
        for leftover in staging.iterdir():
            leftover.unlink()
        self.written: set[str] = set()

    def publish(self, outputs: Iterable[Output]) -> None:
        """Write every output in the order in which they come."""
        for output in outputs:
            self.written.add(output.path)
            match output:
                case Page():
                    self._write(output.path, output.body)
                case Templated():
                    self._write(output.path, self._render(output))
                case StoreFile():
                    self._write(output.path, self._blob(output.blob))
                case PoolFile():
                    self._link(output)

    def _place(self, path: str) -> str:
        # Names come from records, which anybody may have written who can push to the store.
        if _UNSAFE.search(path):
            raise StoreError(
                f"the site cannot have a file at {path!r}", hint="find the record in the store that says so"
            )
        folder = path.rpartition("/")[0]
        if folder not in self._made:
            make_folder(self._site / folder)
            self._made.add(folder)
        return f"{self._site}/{path}"

    def _write(self, path: str, body: bytes) -> None:
        with self._whole(self._place(path)) as staging:
            staging.write_bytes(body)
            staging.chmod(0o644)

    def _link(self, file: PoolFile) -> None:
        origin, place = self._pool.path(file.sha256), self._place(file.path)
        try:
            if not self._stands(file, origin, place):
                with self._whole(place) as staging:
                    self._link_or_copy(origin, staging)
        except FileNotFoundError as error:
            raise StoreError(
                f"the pool has no file for {file.path}",
                hint="in a checkout, run git lfs pull, or see files_base; else upload the same file again",
            ) from error

    def _stands(self, file: PoolFile, origin: Path, place: str) -> bool:
        """Is the file there already, or after this?"""
        if not self._copies:
            with suppress(OSError):
                os.link(origin, place)  # whole at once, where nothing is in the way
                return True
        try:
            there = os.lstat(place)
        except FileNotFoundError:
            return False
        known = origin.stat()
        # A place that is named after the content never has another one; of others only the inode tells.
        same_size = file.sha256 in file.path and there.st_size == known.st_size
        return same_size or os.path.samestat(there, known)

    @contextmanager
    def _whole(self, place: str) -> Iterator[Path]:
        """Another name for a file until it is complete; what fails leaves nothing under it."""
        staging = self._staging / str(len(self.written))
        try:
            yield staging
            staging.replace(place)
        except BaseException:
            staging.unlink(missing_ok=True)
            raise

    def _link_or_copy(self, origin: Path, staging: Path) -> None:
        if not self._copies:
            try:
                os.link(origin, staging)
                return
            except OSError as error:
                if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES):
                    raise
                self._copies = error.errno != errno.EMLINK
                _log.warning("files are copied into the site, hard links are not possible here: %s", error.strerror)
        shutil.copyfile(origin, staging)
        staging.chmod(0o444)


def make_folder(folder: Path) -> None:
    """Make a folder of the site, which a web server of another user can read whatever the umask here."""
    try:
        folder.mkdir()
        folder.chmod(0o755)
    except FileNotFoundError:
        make_folder(folder.parent)
        make_folder(folder)
    except FileExistsError:
        if not folder.is_dir():
            raise


def moved(output: Output, folder: str) -> Output:
    """The same output below a folder."""
    return replace(output, path=f"{folder}/{output.path}")


def strangers(site: Path, places: Iterable[str], expected: set[str]) -> Iterator[str]:
    """The files at or below ``places`` of a site that are not among the ``expected`` paths."""
    for place in places:
        if place not in expected and (site / place).is_file():
            yield place
        for folder, _, names in os.walk(site / place):
            below = folder[len(f"{site}/") :]
            yield from (path for name in names if (path := f"{below}/{name}") not in expected)


def remove(site: Path, path: str) -> None:
    """Take a file out of the site, and the folders that are empty then."""
    if ".." in Path(path).parts or path.startswith("/"):
        raise StoreError(f"{path!r} is no file of the site", hint="find the record in the store that says so")
    place = site / path
    place.unlink(missing_ok=True)
    for folder in place.parents:
        if folder == site or folder.name == PRIVATE:
            return
        try:
            folder.rmdir()
        except OSError:
            return
