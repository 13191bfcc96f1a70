"""``repogen archive``."""

from __future__ import annotations

from typing import Annotated

import typer

from repogen.accept import amend
from repogen.cli.home import WAIT, Home, now
from repogen.cli.output import note_undo, say


def archive(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The project.")],
    source: Annotated[str, typer.Option(help="The source that holds it.")],
    version: Annotated[str | None, typer.Argument(help="Only this version.")] = None,
) -> None:
    """Take an R package out of the current index; it can still be had from the archive."""
    home: Home = context.obj
    found = home.store.newest().good_config().source(source)
    marked = home.store.write(
        lambda writer: amend.archive(writer, source=found, name=name, version=version, by=home.user, now=now()),
        wait=WAIT,
    )
    home.publish()
    for filename in marked.filenames:
        say(f"archived {filename}")
    if marked.commit:
        note_undo(marked.commit)
    else:
        say(f"nothing to do: {name if version is None else f'{version} of {name}'} is archived already")
