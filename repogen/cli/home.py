"""A home on disk, and the objects that belong to it."""

from __future__ import annotations

import getpass
import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from repogen.errors import UsageError
from repogen.model.names import ProjectKey, Sha256, one_line
from repogen.model.record import Submitter

if TYPE_CHECKING:
    from repogen.auth.keys import Keyring
    from repogen.generate.generator import Generator
    from repogen.store import Store

StoreFolder = Annotated[
    Path | None, typer.Option("--store", help="The store, where it is not HOME/store.git: a checkout of one, say.")
]
SiteFolder = Annotated[Path | None, typer.Option("--site", help="The site, where it is not HOME/site.")]

#: Where a receiver and the token for it are named. The second name of each lets a job move over that was written for
#: another product.
ADDRESSES = ("REPOGEN_ADDRESS", "PACKAGEMANAGER_ADDRESS")
TOKENS = ("REPOGEN_TOKEN", "PACKAGEMANAGER_TOKEN")
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
    A checkout has no site unless one is named (``site_named``), or built by ``repogen build``.
    ``address`` is that of the receiver to talk to instead ("": none), by commands that can; others work on the home
    where that is ``named``.
    """

    root: Path
    store_path: Path
    site: Path
    site_named: bool = False
    address: str = ""
    named: bool = True

    @classmethod
    def at(cls, root: Path, *, store: Path | None = None, site: Path | None = None) -> Home:
        return cls(root, store or root / "store.git", site or root / "site", site is not None)

    def elsewhere(self, *, store: Path | None, site: Path | None = None) -> Home:
        """The same, but for what is named here: options may stand before a command, or after it."""
        return replace(
            self,
            store_path=store.absolute() if store else self.store_path,
            site=site.absolute() if site else self.site,
            site_named=self.site_named or site is not None,
            address="" if store else self.address,
        )

    @cached_property
    def store(self) -> Store:
        """The store. Raises UsageError where there is none."""
        from repogen.store import Store

        if self.address and not self.named:
            raise UsageError(
                "this command works on a store that is here, not over a receiver",
                hint="name the home with --home or REPOGEN_HOME, or leave the address out",
            )
        if not self.store_path.is_dir():
            hint = "make a home with 'repogen init', or name one with --home or REPOGEN_HOME"
            if any(map(os.environ.get, TOKENS)):
                hint += f"; or name a receiver with {ADDRESSES[0]}, as there is a token for one"
            raise UsageError(f"there is no store at {str(self.store_path)!r}", hint=hint)
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
        from repogen.auth.keys import load_keyring

        return load_keyring(self.key_path)

    @cached_property
    def generator(self) -> Generator:
        return self.make_generator(files=self.store.is_bare)

    def make_generator(self, *, files: bool) -> Generator:
        """What builds the site; ``files``: with archives that ``files_base`` says are fetched from elsewhere."""
        from repogen.generate.generator import Generator

        return Generator(self.store, site=self.site, derived=self.own / "derived", clock=now, files=files)

    @property
    def user(self) -> Submitter:
        """Whoever runs a command on this machine."""
        try:
            name = getpass.getuser()
        except (KeyError, OSError):
            name = f"uid {os.getuid()}"  # in a container the user may be none that the system knows
        return Submitter(subject=one_line(name))

    def publish(self) -> None:
        """Let the site, where there is one, follow the store."""
        if self.site_named or self.store.is_bare:
            self.generator.build(wait=WAIT)

    def vacate(self, key: ProjectKey, archives: Collection[Sha256]) -> None:
        """Take archives of a project that are leaving the site, where there is one, out of it now."""
        if self.site_named or self.store.is_bare:
            self.generator.expel(key, archives, wait=WAIT)
