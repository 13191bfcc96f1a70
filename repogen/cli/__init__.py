"""The command line: parse, call, print. Each module holds the commands of one noun."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from repogen.cli import (
    add,
    administering,
    archive,
    build,
    catalog,
    copy,
    init,
    key,
    remove,
    repo,
    revert,
    serve,
    source,
    token,
    yank,
)
from repogen.cli.home import ADDRESSES, Home
from repogen.cli.output import note
from repogen.errors import RepogenError, StoreError, UsageError

app = typer.Typer(
    name="repogen",
    help="A package repository for Python and R, built from a Git store.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("init")(init.init)
app.add_typer(source.app, name="source")
app.add_typer(repo.app, name="repo")
app.add_typer(token.app, name="token")
app.add_typer(key.app, name="key")
app.command("add")(add.add)
app.command("list")(catalog.list_projects)
app.command("show")(catalog.show)
app.command("yank")(yank.yank)
app.command("unyank")(yank.unyank)
app.command("archive")(archive.archive)
app.command("remove")(remove.remove)
app.command("copy")(copy.copy)
app.command("revert")(revert.revert)
app.command("verify")(administering.verify)
app.command("build")(build.build)
app.command("serve")(serve.serve)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"repogen {version('repogen')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    home: Annotated[Path, typer.Option(envvar="REPOGEN_HOME", help="The home to work on.")] = Path(),
    store: Annotated[Path | None, typer.Option(help="The store, where it is not HOME/store.git.")] = None,
    site: Annotated[Path | None, typer.Option(help="The site, where it is not HOME/site.")] = None,
    address: Annotated[
        str, typer.Option(metavar="URL", envvar=list(ADDRESSES), help="The receiver to talk to, instead of a home.")
    ] = "",
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Tell the version and exit.")
    ] = False,
) -> None:
    """A package repository for Python and R, built from a Git store."""
    given = {name for name in ("home", "store", "address") if _is_given(context, name)}
    if "address" in given and given & {"home", "store"}:
        raise UsageError(
            "--address and a home cannot be had together", hint="leave out --address, or --home and --store"
        )
    found = Home.at(home.absolute(), store=store and store.absolute(), site=site and site.absolute())
    # What stands on the command line wins over the environment.
    context.obj = replace(
        found,
        address="" if given & {"home", "store"} else address,
        named="address" not in given and home != Path(),
    )


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def main() -> None:
    """Run the command line; what repogen refuses is one line on standard error and an exit status of its own."""
    try:
        app()
    except RepogenError as error:
        note(f"repogen: {error}")
        sys.exit(error.exit_status)
    except OSError as error:
        place = f": {str(error.filename)!r}" if error.filename else ""
        note(f"repogen: {error.strerror or error}{place}")
        sys.exit(StoreError.exit_status)
