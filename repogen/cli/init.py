"""``repogen init``."""

from __future__ import annotations

import shlex
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from repogen.cli.home import WAIT, Home, StoreFolder, now
from repogen.cli.output import say
from repogen.cli.workflows import Host, workflow
from repogen.errors import UsageError
from repogen.model.names import SourceType

if TYPE_CHECKING:
    from repogen.store.writer import Writer

_FIRST: tuple[tuple[str, SourceType, str], ...] = (("local-python", "python", "python"), ("local-r", "r", "r"))


def init(
    context: typer.Context,
    home: Annotated[Path | None, typer.Argument(help="Where to make the home.", show_default="--home")] = None,
    address: Annotated[str, typer.Option(help="The public URL of the site, for set-up lines.")] = "",
    empty: Annotated[bool, typer.Option("--empty", help="Without sources and repositories.")] = False,
    ci: Annotated[Host | None, typer.Option(help="Add the CI workflow that builds the site for Pages.")] = None,
    store: StoreFolder = None,
) -> None:
    """Make a home: a store, a signing key, a site; or, in a checkout (--store), the store alone."""
    place = Home.at(home.absolute()) if home is not None else context.obj
    place = place.elsewhere(store=store)
    made = _store_files(address, empty=empty)
    added = dict([workflow(ci)]) if ci else {}
    if place.store_path != place.root / "store.git" or (ci and place.store_path.exists()):
        _complete(place, made, added)
    else:
        _make_home(place, made | added)
        if not empty:
            option = f"--home {shlex.quote(str(place.root))}"
            sources = ",".join(source for source, _, _ in _FIRST)
            say(f"next: repogen {option} token create --description me --sources {sources} --scope sources:write")


def _store_files(address: str, *, empty: bool) -> dict[str, bytes]:
    """What makes a tree a store, by path."""
    from repogen.accept.configure import create_repository, create_source, edited, new_config
    from repogen.store import paths

    config = new_config(address=address)
    if not empty:
        for source, kind, repository in _FIRST:
            config = edited(
                config,
                create_source(source, kind=kind, identifier=uuid.uuid4().hex),
                create_repository(repository, kind=kind, identifier=uuid.uuid4().hex, sources=[source]),
            )
    return {paths.CONFIG: config, paths.ATTRIBUTES: paths.GIT_ATTRIBUTES}


def _make_home(place: Home, files: dict[str, bytes]) -> None:
    from repogen.auth.keys import create_keyring
    from repogen.store import Store

    if place.store_path.exists() or place.key_path.exists():
        raise UsageError(f"{str(place.root)!r} is a home already", hint="remove it or name another folder")
    place.root.mkdir(parents=True, exist_ok=True)
    store = Store.create(place.store_path)
    create_keyring(place.key_path, now())
    store.write(
        lambda writer: writer.commit(files, subject="create the store", author=place.user.subject, now=now()), wait=WAIT
    )
    place.spool.mkdir(exist_ok=True)
    place.publish()
    say(f"made a home at {place.root}")


def _complete(place: Home, made: dict[str, bytes], added: dict[str, bytes]) -> None:
    """Commit what the store, or the checkout that is to become one, does not have; nothing is written over."""
    from repogen.store import paths

    def change(writer: Writer) -> list[str]:
        there = writer.revision if writer.tip else None
        is_store = there is not None and there.read(paths.CONFIG) is not None
        if is_store and not added:
            raise UsageError(f"{str(place.store_path)!r} is a store already", hint="add a workflow to it with --ci")
        files = added if is_store else made | added
        held = {path: there.read(path) if there else None for path in files}
        for path, data in held.items():
            if data not in (None, files[path]):
                raise UsageError(f"{path!r} is there already, and is another", hint="remove it, with a commit")
        missing = {path: data for path, data in files.items() if held[path] is None}
        if missing:
            subject = "build the site in a CI job" if is_store else "create the store"
            writer.commit(missing, subject=subject, author=place.user.subject, now=now())
        return list(missing)

    place.store.claim()
    committed = place.store.write(change, wait=WAIT)
    for path in committed:
        say(f"added {path}")
    if not committed:
        say("nothing had to change")
    elif not place.store.is_bare:
        say("next: git push origin main")
