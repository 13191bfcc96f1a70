"""``repogen copy``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from repogen.cli.administering import administration, is_remote
from repogen.cli.home import WAIT, Home, StoreFolder, now
from repogen.cli.output import note, note_undo, say
from repogen.cli.pushing import Push, pushing


def copy(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The project.")],
    version: Annotated[str, typer.Argument(help="Its version.")],
    origin: Annotated[str, typer.Option("--from", help="The source that has it.")],
    to: Annotated[str, typer.Option("--to", help="The source that it is copied to.")],
    store: StoreFolder = None,
    push: Push = False,
) -> None:
    """Copy a release into another source: the same files, with their signatures."""
    home: Home = context.obj.elsewhere(store=store)
    if is_remote(home, push=push):
        with administration(home) as receiver:
            done = receiver.copy(origin, project=name, version=version, to=to)
    else:
        done = _copy_here(home, name, version, origin, to, push=push)
    for file in done["files"]:
        say(f"{file['status']}: {file['filename']}")
        for warning in file["warnings"]:
            note(f"warning: {file['filename']}: {warning}")
    for line in done["notes"]:
        note(f"note: {line}")
    if done["commit"]:
        note_undo(done["commit"], here=not home.address)
    else:
        say("nothing had to change")


def _copy_here(home: Home, name: str, version: str, origin: str, to: str, *, push: bool) -> dict[str, Any]:
    """The same as a receiver would answer."""
    from repogen.accept import copying

    with pushing(home, push) as land:
        config = home.store.newest().good_config()
        receipt = land(
            lambda: home.store.write(
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
        )
    home.publish()
    return receipt.document
