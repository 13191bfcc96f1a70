"""``repogen yank`` and ``repogen unyank``."""

from __future__ import annotations

from typing import Annotated

import typer

from repogen.accept import amend
from repogen.cli.home import WAIT, Home, now
from repogen.cli.output import say

Name = Annotated[str, typer.Argument(help="The project.")]
Which = Annotated[str, typer.Argument(metavar="VERSION|FILE", help="A version, or one file of it.")]
InSource = Annotated[str, typer.Option("--source", help="The source that holds it.")]


def yank(
    context: typer.Context,
    name: Name,
    which: Which,
    source: InSource,
    reason: Annotated[str, typer.Option(help="Shown to everybody who installs it.")] = "",
) -> None:
    """Mark a release or a file: only installed where a client names that very version."""
    _mark(context.obj, name, which, source, reason)


def unyank(context: typer.Context, name: Name, which: Which, source: InSource) -> None:
    """Take the mark back."""
    _mark(context.obj, name, which, source, None)


def _mark(home: Home, name: str, which: str, source: str, reason: str | None) -> None:
    found = home.store.newest().good_config().source(source)
    changed = home.store.write(
        lambda writer: amend.yank(writer, source=found, name=name, which=which, reason=reason, by=home.user, now=now()),
        wait=WAIT,
    )
    home.publish()
    verb = "unyanked" if reason is None else "yanked"
    for filename in changed:
        say(f"{verb} {filename}")
    if not changed:
        say(f"nothing to do: {which} of {name} is {verb} already")
