"""``repogen revert``."""

from __future__ import annotations

from typing import Annotated

import typer

from repogen.cli.home import WAIT, Home, StoreFolder, now
from repogen.cli.output import note_undo, say
from repogen.cli.pushing import Push, pushing


def revert(
    context: typer.Context,
    commit: Annotated[str, typer.Argument(help="Its id, or the first digits of it.")],
    store: StoreFolder = None,
    push: Push = False,
) -> None:
    """Undo a commit that added, signed, marked, copied or removed files, by a new commit."""
    from repogen.accept import reverting

    home: Home = context.obj.elsewhere(store=store)
    with pushing(home, push) as land:
        found = home.store.newest().find(commit)
        done = land(
            lambda: home.store.write(
                lambda writer: reverting.revert(writer, store=home.store, commit=found, by=home.user, now=now()),
                wait=WAIT,
            )
        )
    home.publish()
    for filename in done.removed:
        say(f"removed {filename}")
    for filename in done.restored:
        say(f"restored {filename}")
    if done.commit:
        say(f"reverted {found[:12]}: {done.subject}")
        note_undo(done.commit)
    else:
        say(f"nothing to do: {found[:12]} is undone already")
