"""``repogen copy``."""

from __future__ import annotations

from typing import Annotated

import typer

from repogen.accept import copying
from repogen.cli.home import WAIT, Home, now
from repogen.cli.output import note, note_undo, say


def copy(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The project.")],
    version: Annotated[str, typer.Argument(help="Its version.")],
    origin: Annotated[str, typer.Option("--from", help="The source that has it.")],
    to: Annotated[str, typer.Option("--to", help="The source that it is copied to.")],
) -> None:
    """Copy a release into another source: the same files, with their signatures."""
    home: Home = context.obj
    config = home.store.newest().good_config()
    receipt = home.store.write(
        lambda writer: copying.copy(
            writer,
            store=home.store,
            origin=config.source(origin),
            to=config.source(to),
            name=name,
            version=version,
            by=home.user,
            now=now(),
        ),
        wait=WAIT,
    )
    home.publish()
    for outcome in receipt.outcomes:
        say(f"{outcome.status}: {outcome.filename}")
        for warning in outcome.warnings:
            note(f"warning: {outcome.filename}: {warning}")
    for line in receipt.notes:
        note(f"note: {line}")
    if receipt.commit:
        note_undo(receipt.commit)
    else:
        say("nothing had to change")
