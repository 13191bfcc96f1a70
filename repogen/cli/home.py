"""A home on disk, and the objects that belong to it."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from repogen.auth.keys import Keyring, load_keyring
from repogen.errors import UsageError
from repogen.generate.generator import Generator
from repogen.model.names import one_line
from repogen.model.record import Submitter
from repogen.store import Store

#: How long a command waits for other writers and builders, in seconds.
WAIT = 60.0


def now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Home:
    """Where everything of one instance lies.

    ``root`` is a home as ``repogen init`` makes it. ``store_path`` and ``site`` can lie elsewhere: in a
    checkout of a store (a CI job) they are named one by one and the rest is kept beside Git's own files.
    """

    root: Path
    store_path: Path
    site: Path

    @classmethod
    def at(cls, root: Path, *, store: Path | None = None, site: Path | None = None) -> Home:
        return cls(root, store or root / "store.git", site or root / "site")

    @cached_property
    def store(self) -> Store:
        """The store. Raises UsageError where there is none."""
        if not self.store_path.is_dir():
            raise UsageError(
                f"there is no store at {str(self.store_path)!r}",
                hint="make a home with 'repogen init', or name one with --home or REPOGEN_HOME",
            )
        return Store(self.store_path)

    @property
    def own(self) -> Path:
        """The folder for what is neither store nor site. Raises UsageError where there is no store."""
        return self.root if self.store.path == self.root / "store.git" else self.store.folder / "repogen"

    @property
    def spool(self) -> Path:
        """The folder for files on their way into the pool."""
        folder = self.own / "spool"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def key_path(self) -> Path:
        return self.root / "signing.key"

    @property
    def keyring(self) -> Keyring:
        return load_keyring(self.key_path)

    @cached_property
    def generator(self) -> Generator:
        return Generator(self.store, site=self.site, derived=self.own / "derived", clock=now)

    @property
    def user(self) -> Submitter:
        """Whoever runs a command on this machine."""
        try:
            name = getpass.getuser()
        except (KeyError, OSError):
            name = f"uid {os.getuid()}"  # in a container the user may be none that the system knows
        return Submitter(subject=one_line(name))

    def publish(self) -> None:
        """Let the site follow the store."""
        self.generator.build(wait=WAIT)
