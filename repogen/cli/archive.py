"""``repogen archive``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from repogen.cli.administering import administration, is_remote
from repogen.cli.home import WAIT, Home, StoreFolder, now
from repogen.cli.output import note_undo, say
from repogen.cli.pushing import Push, pushing


def archive(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The project.")],
    source: Annotated[str, typer.Option(help="The source that holds it.")],
    version: Annotated[str | None, typer.Argument(help="Only this version.")] = None,
    store: StoreFolder = None,
    push: Push = False,
) -> None:
    """Take an R package out of the current index; it can still be had from the archive."""
    home: Home = context.obj.elsewhere(store=store)
    if is_remote(home, push=push):
        with administration(home) as receiver:
            done = receiver.archive(source, project=name, version=version)
        filenames, commit = done["files"], done.get("commit")
    else:
        filenames, commit = _archive_here(home, name, source, version, push=push)
    for filename in filenames:
        say(f"archived {filename}")
    if commit:
        note_undo(commit, here=not home.address)
    else:
        say(f"nothing to do: {name if version is None else f'{version} of {name}'} is archived already")


def _archive_here(
    home: Home, name: str, source: str, version: str | None, *, push: bool
) -> tuple[Sequence[str], str | None]:
    from repogen.accept import amend

    with pushing(home, push) as land:
        found = home.store.newest().good_config().source(source)
        marked = land(
            lambda: home.store.write(
                lambda writer: amend.archive(writer, source=found, name=name, version=version, by=home.user, now=now()),
                wait=WAIT,
            )
        )
    home.publish()
    return marked.filenames, marked.commit
