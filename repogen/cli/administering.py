"""Commands that change or list what is there, over a receiver; and ``repogen verify``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from repogen.cli.home import Home
from repogen.cli.output import Format, Output, print_json, say
from repogen.cli.remote import connect
from repogen.errors import UsageError

if TYPE_CHECKING:
    from repogen.client.administration import Administration


def is_remote(home: Home, *, push: bool = False) -> bool:
    """Is a receiver to do it? Raises UsageError where a checkout is to be pushed all the same."""
    if home.address and push:
        raise UsageError("--push is for a checkout of a store", hint="leave it out, or name the store with --store")
    return bool(home.address)


@contextmanager
def administration(home: Home) -> Iterator[Administration]:
    """The receiver at ``home.address``, to be asked for as long as the context is open."""
    from repogen.client.administration import Administration

    with connect(home) as connection:
        yield Administration(connection)


def verify(context: typer.Context, output: Output = Format.TEXT) -> None:
    """Tell whether the receiver can be reached, and whether REPOGEN_TOKEN is good there, and for what."""
    home: Home = context.obj
    if not is_remote(home):
        raise UsageError(
            f"there is no address of a receiver: commands work on the home {str(home.root)!r}",
            hint="put the address into REPOGEN_ADDRESS and the token into REPOGEN_TOKEN",
        )
    with administration(home) as receiver:
        row = receiver.own_token()
    if output is Format.JSON:
        print_json({"address": home.address, **row})
    else:
        say(f"{home.address} is a receiver of repogen")
        expires, grants = row.get("expires") or "revoked", row.get("grants")
        say(f"the token {row.get('jti')} of {row.get('user')} is good until {expires}: {grants}")
