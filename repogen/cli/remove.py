"""``repogen remove``."""

from __future__ import annotations

from typing import Annotated

import typer

from repogen.accept import removal
from repogen.cli.home import WAIT, Home, now
from repogen.cli.output import note, note_undo, say
from repogen.errors import UsageError


def remove(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The project.")],
    source: Annotated[str, typer.Option(help="The source that holds it.")],
    comment: Annotated[str, typer.Option(help="Why; kept in the history.")],
    which: Annotated[str | None, typer.Argument(metavar="[VERSION|FILE]", help="A version, or one file of it.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole project.")] = False,
    distribution: Annotated[
        str | None, typer.Option(help="Only files for this platform (R binaries), such as jammy.")
    ] = None,
    purge: Annotated[bool, typer.Option("--purge", help="Also drop the bytes, at once and for good.")] = False,
) -> None:
    """Take files out of the site; their names are never used again for other bytes."""
    home: Home = context.obj
    if everything == (which is not None):
        raise UsageError("it is not clear what to remove", hint="name a version or a file, or add --all")
    if not comment.strip():
        raise UsageError("a removal needs a reason", hint="give it with --comment")
    found = home.store.newest().good_config().source(source)
    done = home.store.write(
        lambda writer: removal.remove(
            writer,
            source=found,
            name=name,
            which=which,
            distribution=distribution,
            comment=comment,
            by=home.user,
            now=now(),
        ),
        wait=WAIT,
    )
    home.publish()
    for tombstone in done.removed:
        say(f"removed {tombstone.filename}")
    if purge:
        _purge(home, done)
    elif done.commit:
        note_undo(done.commit)
    else:
        say(f"nothing to do: {name if which is None else f'{which} of {name}'} is removed already")


def _purge(home: Home, done: removal.Removal) -> None:
    purged = home.store.write(
        lambda writer: removal.purge(writer, store=home.store, key=done.key, tombstones=[*done.removed, *done.before]),
        wait=WAIT,
    )
    # What is purged must not be had for a while longer, as removed files can.
    gone = {tombstone.sha256 for tombstone in [*purged.dropped, *purged.absent]}
    home.generator.expel(done.key, gone, wait=WAIT)
    for tombstone in purged.dropped:
        say(f"purged {tombstone.filename} (sha256 {tombstone.sha256})")
    for tombstone, sources in purged.kept:
        say(f"kept the bytes of {tombstone.filename}: {', '.join(sources)} has them, too")
    for tombstone in purged.absent:
        say(f"nothing to do: the bytes of {tombstone.filename} are gone already")
    if purged.dropped:
        note("the history keeps names and metadata; a site of an older commit lacks these files from now on")
