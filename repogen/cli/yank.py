"""``repogen yank`` and ``repogen unyank``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from repogen.cli.administering import administration, is_remote
from repogen.cli.home import WAIT, Home, StoreFolder, now
from repogen.cli.output import say
from repogen.cli.pushing import Push, pushing

Name = Annotated[str, typer.Argument(help="The project.")]
Which = Annotated[str, typer.Argument(metavar="VERSION|FILE", help="A version, or one file of it.")]
InSource = Annotated[str, typer.Option("--source", help="The source that holds it.")]


def yank(
    context: typer.Context,
    name: Name,
    which: Which,
    source: InSource,
    reason: Annotated[str, typer.Option(help="Shown to everybody who installs it.")] = "",
    store: StoreFolder = None,
    push: Push = False,
) -> None:
    """Mark a release or a file: only installed where a client names that very version."""
    _mark(context.obj.elsewhere(store=store), name, which, source, reason, push=push)


def unyank(
    context: typer.Context,
    name: Name,
    which: Which,
    source: InSource,
    store: StoreFolder = None,
    push: Push = False,
) -> None:
    """Take the mark back."""
    _mark(context.obj.elsewhere(store=store), name, which, source, None, push=push)


def _mark(home: Home, name: str, which: str, source: str, reason: str | None, *, push: bool) -> None:
    if is_remote(home, push=push):
        changed = _mark_there(home, name, which, source, reason)
    else:
        changed = _mark_here(home, name, which, source, reason, push=push)
    verb = "unyanked" if reason is None else "yanked"
    for filename in changed:
        say(f"{verb} {filename}")
    if not changed:
        say(f"nothing to do: {which} of {name} is {verb} already")


def _mark_there(home: Home, name: str, which: str, source: str, reason: str | None) -> Sequence[str]:
    with administration(home) as receiver:
        if reason is None:
            done = receiver.unyank(source, project=name, which=which)
        else:
            done = receiver.yank(source, project=name, which=which, reason=reason)
    files: list[str] = done["files"]
    return files


def _mark_here(home: Home, name: str, which: str, source: str, reason: str | None, *, push: bool) -> Sequence[str]:
    from repogen.accept import amend

    with pushing(home, push) as land:
        found = home.store.newest().good_config().source(source)
        changed = land(
            lambda: home.store.write(
                lambda writer: amend.yank(
                    writer, source=found, name=name, which=which, reason=reason, by=home.user, now=now()
                ),
                wait=WAIT,
            )
        )
    home.publish()
    return changed
