"""``repogen key``."""

from __future__ import annotations

from typing import Annotated

import typer

from repogen.cli.home import Home, now
from repogen.cli.output import Format, Output, print_json, say, table

app = typer.Typer(help="The keys that tokens are signed with.", no_args_is_help=True)


@app.command("list")
def list_keys(context: typer.Context, output: Output = Format.TEXT) -> None:
    """The keys, oldest first; the last one signs, all of them verify."""
    from repogen.auth.times import stamp

    home: Home = context.obj
    rows = [{"kid": key.kid, "created": stamp(key.created)} for key in home.keyring.keys]
    if output is Format.JSON:
        print_json(rows)
    else:
        table(("KID", "CREATED"), [(row["kid"], row["created"]) for row in rows])


@app.command("rotate")
def rotate_key(context: typer.Context) -> None:
    """Sign with a new key from now on; tokens of the older ones stay good."""
    from repogen.auth.keys import rotate

    home: Home = context.obj
    say(f"signing with key {rotate(home.key_path, now()).newest.kid}")


@app.command("retire")
def retire_key(context: typer.Context, kid: Annotated[str, typer.Argument(help="Its id.")]) -> None:
    """Forget a key: every token that it signed is refused from now on."""
    from repogen.auth.keys import retire

    home: Home = context.obj
    retire(home.key_path, kid)
    say(f"retired key {kid}")
