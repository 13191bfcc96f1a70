"""The receiver that a command talks to in place of a store that is here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from repogen.cli.home import ADDRESSES, TOKENS, Home, now
from repogen.cli.output import note

if TYPE_CHECKING:
    from repogen.client.connection import Connection


def connect(home: Home) -> Connection:
    """A connection to the receiver at ``home.address``, to be closed by ``with``.

    Raises UsageError for settings that cannot be used, NotAuthenticated where there is no token.
    """
    from repogen.client.access import read_access
    from repogen.client.connection import Connection

    address_from = _set(ADDRESSES, os.environ)
    if os.environ.get(address_from, "") != home.address:
        address_from = "--address"
    token_from = _set(TOKENS, os.environ)
    access = read_access(home.address, os.environ.get(token_from, ""), address_from=address_from, token_from=token_from)
    if access.in_the_clear:
        host = urlsplit(access.address).hostname
        note(f"warning: http sends the token to {host} so that others on the way can read it; use https")
    return Connection(
        access, environ=os.environ, clock=now, notice=lambda text: note(f"warning: {access.without_token(text)}")
    )


def _set(names: tuple[str, ...], environ: Mapping[str, str]) -> str:
    """The first of these variables that is set; the first of all if none is."""
    return next((name for name in names if environ.get(name)), names[0])
