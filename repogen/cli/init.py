"""``repogen init``."""

from __future__ import annotations

import shlex
import uuid
from pathlib import Path
from typing import Annotated

import typer

from repogen.accept.configure import create_repository, create_source, edited, new_config
from repogen.auth.keys import create_keyring
from repogen.cli.home import WAIT, Home, now
from repogen.cli.output import say
from repogen.errors import UsageError
from repogen.model.names import SourceType
from repogen.store import Store, paths

_FIRST: tuple[tuple[str, SourceType, str], ...] = (("local-python", "python", "python"), ("local-r", "r", "r"))


def init(
    context: typer.Context,
    home: Annotated[Path | None, typer.Argument(help="Where to make the home.", show_default="--home")] = None,
    address: Annotated[str, typer.Option(help="The public URL of the site, for set-up lines.")] = "",
    empty: Annotated[bool, typer.Option("--empty", help="Without sources and repositories.")] = False,
) -> None:
    """Make a home: a store, a signing key, a site."""
    place = Home.at(home.absolute()) if home is not None else context.obj
    if place.store_path.exists() or place.key_path.exists():
        raise UsageError(f"{str(place.root)!r} is a home already", hint="remove it or name another folder")
    config = new_config(address=address)
    if not empty:
        for source, kind, repository in _FIRST:
            config = edited(
                config,
                create_source(source, kind=kind, identifier=uuid.uuid4().hex),
                create_repository(repository, kind=kind, identifier=uuid.uuid4().hex, sources=[source]),
            )
    place.root.mkdir(parents=True, exist_ok=True)
    store = Store.create(place.store_path)
    create_keyring(place.key_path, now())
    files = {paths.CONFIG: config, paths.ATTRIBUTES: paths.GIT_ATTRIBUTES}
    store.write(
        lambda writer: writer.commit(files, subject="create the store", author=place.user.subject, now=now()), wait=WAIT
    )
    place.spool.mkdir(exist_ok=True)
    place.publish()
    say(f"made a home at {place.root}")
    if not empty:
        option = f"--home {shlex.quote(str(place.root))}"
        sources = ",".join(source for source, _, _ in _FIRST)
        say(f"next: repogen {option} token create --description me --sources {sources} --scope sources:write")
