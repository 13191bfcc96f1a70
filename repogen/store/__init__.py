"""The store: a Git repository that holds every distribution. Git is spoken nowhere else.

pygit2 reads and writes objects directly. The host has no say: its Git configuration is not read,
``GIT_*`` variables and hooks are ignored.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import pygit2

from repogen.errors import Busy, StoreError, UsageError
from repogen.model.names import CommitId, Sha256
from repogen.store.faults import storage_errors
from repogen.store.locks import locked
from repogen.store.pool import Pool
from repogen.store.revision import Revision
from repogen.store.sync import sync_file, sync_filesystem
from repogen.store.worktree import follow
from repogen.store.writer import Writer

BRANCH = "refs/heads/main"

_Result = TypeVar("_Result")
_ATTEMPTS = 5
_PAUSE = 0.02
#: A lock of the branch that a living Git holds is gone after so many seconds.
_SETTLED = 1.0

for _level in ("SYSTEM", "XDG", "GLOBAL", "PROGRAMDATA"):
    pygit2.settings.search_path[pygit2.enums.ConfigLevel[_level]] = ""
# The check of a repository's owner guards against its hooks and configuration, of which nothing is run here.
pygit2.settings.owner_validation = False


class _Moved(Exception):
    """Somebody else moved the branch meanwhile."""


class Store:
    """A store at ``path``: a bare repository, or a checkout of one. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._threads = threading.local()
        self.folder = Path(self._repository.path)
        self.pool = Pool(self.folder / "lfs" / "objects")

    @staticmethod
    def create(path: Path) -> Store:
        """A new bare store without a commit. Raises UsageError where something is there already."""
        if path.exists():
            raise UsageError(f"{str(path)!r} exists already")
        repository = pygit2.init_repository(str(path), bare=True, initial_head="main")
        # A push must neither rewrite the history that is the audit log nor bring broken objects.
        for key in ("receive.denyNonFastForwards", "receive.denyDeletes", "receive.fsckObjects"):
            repository.config[key] = True
        # "git gc --prune=now" would take the objects of a commit that is just being written, and with them the store.
        repository.config["core.repositoryFormatVersion"] = 1
        repository.config["extensions.preciousObjects"] = True
        repository.config["gc.auto"] = 0
        return Store(path)

    def head(self) -> CommitId:
        """The newest commit. Raises StoreError where there is none or it cannot be read."""
        found = self._head()
        if found is None:
            hint = "" if self.is_bare else "check it out: git checkout -B main"
            raise StoreError(f"the store {str(self.path)!r} has no commit on its branch main", hint=hint)
        return found

    def at(self, commit: CommitId) -> Revision:
        """The store as it was at ``commit``."""
        return Revision(self._repository, commit)

    def newest(self) -> Revision:
        """The store as it is now."""
        return self.at(self.head())

    def lacks(self, sha256: Sha256, size: int) -> bool:
        """Are the bytes of a distribution gone? A checkout need not have them: they are where it came from."""
        return self.is_bare and not self.pool.holds(sha256, size)

    @property
    def is_bare(self) -> bool:
        """Is it a home's store, and not a checkout of one?"""
        return self._repository.is_bare

    def claim(self) -> None:
        """Make main the branch of a checkout that has no commit yet. Raises UsageError where another one has some."""
        if self._head() is None and not self.is_bare:
            if not self._repository.head_is_unborn:
                raise UsageError("the checkout has no branch main", hint="a store is one: git checkout -B main")
            self._repository.set_head(BRANCH)

    def write(self, change: Callable[[Writer], _Result], *, wait: float) -> _Result:
        """Let ``change`` add commits and land them: durable, by one ref update.

        ``change`` runs alone among all processes that use this method; it runs again, on the new head,
        where somebody moved the branch meanwhile by other means (a push). Raises Busy after ``wait``
        seconds of others holding the store, StoreError or DiskFull where it cannot be written.
        """
        deadline = time.monotonic() + wait
        lock = locked(self.folder / "repogen.lock", wait=wait, what="the store")
        with storage_errors("the store could not be written"), lock:
            for _ in range(_ATTEMPTS):
                writer = Writer(self._repository, self._head())
                result = change(writer)
                with suppress(_Moved):
                    if writer.tip is not None and writer.tip != writer.base:
                        self._land(writer.base, writer.tip, deadline)
                    return result
        raise Busy("the store's branch is moved by somebody else all the time", hint="try again in a moment")

    def move(self, *, before: CommitId, after: CommitId, wait: float) -> None:
        """Bring the branch of a checkout from one commit to another, both of which are here, and its files along.

        Raises Busy where the branch is not at ``before``, or after ``wait`` seconds of others holding the store.
        """
        lock = locked(self.folder / "repogen.lock", wait=wait, what="the store")
        with storage_errors("the store could not be written"), lock:
            try:
                self._land(before, after, time.monotonic() + wait)
            except _Moved:
                raise Busy("somebody else works in the same checkout", hint="use one checkout a job") from None

    def _land(self, base: CommitId | None, tip: CommitId, deadline: float) -> None:
        # Objects and pool first: were the ref durable before them, a power cut would leave it dangling.
        sync_filesystem(self.folder)
        with self._work_tree_at(tip, instead_of=base):
            self._move_branch(base, tip, deadline)
        sync_file(self.folder / BRANCH)

    @contextmanager
    def _work_tree_at(self, tip: CommitId, *, instead_of: CommitId | None) -> Iterator[None]:
        """Bring the work tree of a checkout to ``tip``, and back where the branch does not get there.

        It goes ahead of the branch: were it behind after a crash, the next ``git commit`` would take back
        what it lacks.
        """
        # Where another branch is checked out (or none, as in many CI jobs), the files there are not ours.
        if self.is_bare or self._repository.lookup_reference("HEAD").target != BRANCH:
            yield
            return
        follow(self._repository, before=instead_of, after=tip)
        try:
            yield
        except BaseException:
            if instead_of is not None:
                follow(self._repository, before=tip, after=instead_of)
            raise

    def _move_branch(self, base: CommitId | None, tip: CommitId, deadline: float) -> None:
        """Compare and swap, under Git's own lock of the branch. Raises _Moved where it is not at ``base``."""
        lock = self.folder / f"{BRANCH}.lock"
        with self._moving(lock):
            self._swap(base, tip, lock, deadline)

    @contextmanager
    def _moving(self, lock: Path) -> Iterator[None]:
        """Leave a mark meanwhile. One that is there is of a process that was killed, and so is Git's lock after it.

        The caller keeps all others out that leave such marks. A lock without a mark is some Git command's, and stays.
        """
        mark = self.folder / "repogen.moving"
        with suppress(FileNotFoundError):
            left = lock.stat()
            if left.st_mtime_ns >= mark.stat().st_mtime_ns:
                time.sleep(_SETTLED)
                if os.path.samestat(lock.stat(), left):
                    lock.unlink()
        mark.touch()
        try:
            yield
        finally:
            mark.unlink()

    def _swap(self, base: CommitId | None, tip: CommitId, lock: Path, deadline: float) -> None:
        while True:
            try:
                with self._repository.transaction() as transaction:
                    transaction.lock_ref(BRANCH)
                    if self._head() != base:
                        raise _Moved
                    transaction.set_target(BRANCH, pygit2.Oid(hex=tip), message="repogen")
                    return
            except pygit2.GitError:
                if not lock.exists():
                    raise
                if time.monotonic() >= deadline:
                    raise Busy(
                        f"the store's branch is locked by Git ({BRANCH}.lock)",
                        hint="if no git command is running on the store, remove that file",
                    ) from None
                time.sleep(_PAUSE)

    def _head(self) -> CommitId | None:
        try:
            return CommitId(str(self._repository.lookup_reference(BRANCH).target))
        except KeyError:
            return None
        except pygit2.GitError as error:
            raise StoreError(f"the branch main of {str(self.path)!r} cannot be read: {error}") from error

    @property
    def _repository(self) -> pygit2.Repository:
        """One handle a thread: libgit2's are not made for sharing."""
        repository: pygit2.Repository | None = getattr(self._threads, "repository", None)
        if repository is None:
            flags = pygit2.enums.RepositoryOpenFlag.NO_SEARCH
            try:
                repository = pygit2.Repository(str(self.path), flags)
            except pygit2.GitError as error:
                raise StoreError(f"no store at {str(self.path)!r}: {error}") from error
            self._threads.repository = repository
        return repository
