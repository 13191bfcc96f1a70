"""``repogen remove``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from repogen.cli.administering import administration, is_remote
from repogen.cli.home import WAIT, Home, StoreFolder, now
from repogen.cli.output import note, note_undo, say
from repogen.cli.pushing import Push, pushing
from repogen.errors import UsageError

if TYPE_CHECKING:
    from repogen.accept.removal import Removal


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
    store: StoreFolder = None,
    push: Push = False,
) -> None:
    """Take files out of the site; their names are never used again for other bytes."""
    home: Home = context.obj.elsewhere(store=store)
    if everything == (which is not None):
        raise UsageError("it is not clear what to remove", hint="name a version or a file, or add --all")
    if not comment.strip():
        raise UsageError("a removal needs a reason", hint="give it with --comment")
    if is_remote(home, push=push):
        with administration(home) as receiver:
            done = receiver.remove(
                source, project=name, which=which, distribution=distribution, comment=comment, purge=purge
            )
    else:
        done = _remove_here(home, name, which, source, distribution, comment, purge=purge, push=push)
    for filename in done["files"]:
        say(f"removed {filename}")
    if purge:
        _tell_purge(done)
    elif done["commit"]:
        note_undo(done["commit"], here=not home.address)
    else:
        say(f"nothing to do: {name if which is None else f'{which} of {name}'} is removed already")


def _tell_purge(done: dict[str, Any]) -> None:
    for one in done["purged"]:
        say(f"purged {one['filename']} (sha256 {one['sha256']})")
    for one in done["kept"]:
        say(f"kept the bytes of {one['filename']}: {', '.join(one['sources'])} has them, too")
    for filename in done["absent"]:
        say(f"nothing to do: the bytes of {filename} are gone already")
    if done["purged"]:
        note("the history keeps names and metadata; a site of an older commit lacks these files from now on")


def _remove_here(
    home: Home,
    name: str,
    which: str | None,
    source: str,
    distribution: str | None,
    comment: str,
    *,
    purge: bool,
    push: bool,
) -> dict[str, Any]:
    """The same as a receiver would answer."""
    from repogen.accept import removal

    if purge and push:
        raise UsageError("the bytes at a remote are not purged from here", hint="remove them, then purge in a home")
    with pushing(home, push) as land:
        found = home.store.newest().good_config().source(source)
        removed = land(
            lambda: home.store.write(
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
        )
    home.publish()
    done = {"commit": removed.commit, "files": [one.filename for one in removed.removed]}
    return done | (_purge(home, removed) if purge else {})


def _purge(home: Home, removed: Removal) -> dict[str, Any]:
    from repogen.accept import removal

    tombstones = [*removed.removed, *removed.before]
    purged = home.store.write(
        lambda writer: removal.purge(writer, store=home.store, key=removed.key, tombstones=tombstones), wait=WAIT
    )
    # What is purged must not be had for a while longer, as removed files can.
    home.vacate(removed.key, purged.gone)
    return purged.document
