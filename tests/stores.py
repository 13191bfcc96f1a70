"""A store with two sources in two repositories, and what tests do with one."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from repogen.accept import Incoming, Receipt, Request, accept, examine
from repogen.accept.amend import Marked, archive, yank
from repogen.accept.copying import copy
from repogen.accept.removal import Purge, Removal, purge, remove
from repogen.accept.reverting import Reverted, revert
from repogen.ecosystems import ecosystem_of
from repogen.generate.build import GRACE, Built
from repogen.generate.generator import Generator
from repogen.generate.state import PRIVATE
from repogen.model.digests import Digester
from repogen.model.inspected import Stated
from repogen.model.names import CommitId
from repogen.model.record import Submitter
from repogen.store import Store
from repogen.store.writer import Change

NOW = datetime(2026, 11, 22, 18, 45, 34, 123456, tzinfo=UTC)
ALICE = Submitter(subject="alice", token="0" * 32)
CONFIG = b"""\
format = 1

[sources.near]
id = "n1"
type = "python"

[sources.far]
id = "f1"
type = "python"

[repositories.python]
id = "p1"
type = "python"
sources = ["near"]

[repositories.mixed]
id = "m1"
type = "python"
sources = ["far", "near"]
"""
SIGNATURE = b"-----BEGIN PGP SIGNATURE-----\n\nwnVhIHNpZ25hdHVyZQ==\n-----END PGP SIGNATURE-----\n"
OTHER_SIGNATURE = SIGNATURE.replace(b"wnVh", b"wnVi")


def new_store(folder: Path, config: bytes = CONFIG) -> Store:
    """``folder/store.git`` with one commit, that of its configuration."""
    store = Store.create(folder / "store.git")
    commit(store, {"repogen.toml": config})
    return store


def commit(store: Store, changes: dict[str, Change]) -> CommitId:
    """Change files of the store, as somebody would by hand."""
    return store.write(lambda writer: writer.commit(changes, subject="change", author="bob", now=NOW), wait=10)


def history(store: Store) -> list[str]:
    """The ids of all commits, newest first, as Git lists them."""
    listed = subprocess.run(
        ["git", "-C", str(store.path), "rev-list", "main"], check=True, capture_output=True, text=True
    )
    return listed.stdout.split()


def incoming(
    file: Path, *, name: str | None = None, stated: Stated | None = None, signature: bytes | None = None
) -> Incoming:
    """A file as it arrives, under its own name if no other is given; the file itself stays where it is."""
    spool = Path(tempfile.mkdtemp(dir=file.parent, prefix="spool-"))
    spooled = Path(shutil.copyfile(file, spool / "body"))
    digester = Digester({"md5", "sha256", "blake2_256"})
    digester.update(file.read_bytes())
    return Incoming(
        filename=name or file.name,
        spooled=spooled,
        size=digester.size,
        digests=digester.digests(),
        stated=stated or Stated(),
        signature=signature,
    )


def request(store: Store, source: str, files: Iterable[Incoming | Path], by: Submitter = ALICE) -> Request:
    """Files that were found good, on their way into a source."""
    target = store.newest().good_config().source(source)
    ecosystem = ecosystem_of(target.type)
    arrived = [incoming(file) if isinstance(file, Path) else file for file in files]
    return Request(source=target, by=by, distributions=tuple(examine(one, ecosystem) for one in arrived))


def add(
    store: Store, source: str, files: Sequence[Incoming | Path], *, by: Submitter = ALICE, now: datetime = NOW
) -> Receipt:
    """Commit files to a source, at a time of the test's choice."""
    ready = request(store, source, files, by)
    return store.write(lambda writer: accept(ready, writer=writer, store=store, now=now), wait=10)


def mark(store: Store, source: str, name: str, which: str, reason: str | None) -> tuple[str, ...]:
    """Yank, or with None as reason take it back."""
    target = store.newest().good_config().source(source)
    return store.write(
        lambda writer: yank(writer, source=target, name=name, which=which, reason=reason, by=ALICE, now=NOW), wait=10
    )


def shelve(store: Store, source: str, name: str, version: str | None = None) -> Marked:
    """Archive a project or a release of it."""
    target = store.newest().good_config().source(source)
    return store.write(
        lambda writer: archive(writer, source=target, name=name, version=version, by=ALICE, now=NOW), wait=10
    )


def take_out(
    store: Store,
    source: str,
    name: str,
    which: str | None = None,
    *,
    distribution: str | None = None,
    comment: str = "broken",
    now: datetime = NOW,
) -> Removal:
    """Remove a release, a file, or (None) a project."""
    target = store.newest().good_config().source(source)
    return store.write(
        lambda writer: remove(
            writer,
            source=target,
            name=name,
            which=which,
            distribution=distribution,
            comment=comment,
            by=ALICE,
            now=now,
        ),
        wait=10,
    )


def drop_bytes(store: Store, removal: Removal) -> Purge:
    """Purge what was removed."""
    tombstones = [*removal.removed, *removal.before]
    return store.write(lambda writer: purge(writer, store=store, key=removal.key, tombstones=tombstones), wait=10)


def copy_release(store: Store, name: str, version: str, *, origin: str, to: str, now: datetime = NOW) -> Receipt:
    """Copy a release from one source to another."""
    config = store.newest().good_config()
    sources = {"origin": config.source(origin), "to": config.source(to)}
    return store.write(
        lambda writer: copy(writer, store=store, **sources, name=name, version=version, by=ALICE, now=now), wait=10
    )


def undo(store: Store, commit: str, *, now: datetime = NOW) -> Reverted:
    """Revert a commit."""
    found = store.newest().find(commit)
    return store.write(lambda writer: revert(writer, store=store, commit=found, by=ALICE, now=now), wait=10)


def generator(store: Store, site: Path, *, now: datetime = NOW, grace: int = GRACE) -> Generator:
    """A generator of that site whose derived data lies beside the store."""
    return Generator(store, site=site, derived=store.path.with_name("derived"), clock=lambda: now, grace=grace)


def build(
    store: Store, site: Path, *, full: bool = False, now: datetime = NOW, grace: int = GRACE
) -> tuple[Built, Built]:
    """Bring both parts of the site to the head of the store."""
    with closing(generator(store, site, now=now, grace=grace)) as one:
        return one.build(wait=10, full=full)


def site_files(site: Path) -> dict[str, bytes]:
    """All that a web server would find, by path."""
    found = {path.relative_to(site).as_posix(): path for path in site.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in sorted(found.items()) if not name.startswith(f"{PRIVATE}/")}


def renamed(one: Incoming, filename: str) -> Incoming:
    """The same bytes under another name."""
    return replace(one, filename=filename)
