"""``repogen source``."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated

import typer

from repogen.cli.administering import administration, is_remote
from repogen.cli.home import WAIT, Home, now
from repogen.cli.output import Format, Output, print_json, say, table
from repogen.errors import UsageError
from repogen.model.names import SourceType

if TYPE_CHECKING:
    from repogen.accept.configure import Edit
    from repogen.store.writer import Writer

app = typer.Typer(help="Sources: what uploads go to and tokens are made for.", no_args_is_help=True)


@app.command()
def create(
    context: typer.Context,
    name: str,
    kind: Annotated[SourceType, typer.Option("--type", help="What it holds.")],
    description: Annotated[str, typer.Option(help="One line for people.")] = "",
) -> None:
    """Add a source."""
    from repogen.accept.configure import create_source

    edit = create_source(name, kind=kind, identifier=uuid.uuid4().hex, description=description)
    _commit(context.obj, edit, subject=f"create source {name}")
    say(f"created source {name}")


@app.command("list")
def list_sources(context: typer.Context, output: Output = Format.TEXT) -> None:
    """The sources, and the repositories that show them."""
    home: Home = context.obj
    if is_remote(home):
        with administration(home) as receiver:
            rows = receiver.sources()
    else:
        from repogen.accept.configure import source_rows

        rows = source_rows(home.store.newest().good_config())
    if output is Format.JSON:
        print_json(rows)
    else:
        table(
            ("NAME", "TYPE", "REPOSITORIES", "DESCRIPTION"),
            [(row["name"], row["type"], ", ".join(row["repositories"]), row["description"]) for row in rows],
        )


@app.command()
def rename(context: typer.Context, old: str, new: str) -> None:
    """Give a source another name; tokens keep working."""
    from repogen.accept.configure import rename_source

    _commit(context.obj, rename_source(old, new), subject=f"rename source {old} to {new}", moved=(old, new))
    say(f"renamed source {old} to {new}")


@app.command()
def remove(
    context: typer.Context,
    name: str,
    with_distributions: Annotated[
        bool, typer.Option("--with-distributions", help="Also where it holds distributions; history keeps them.")
    ] = False,
) -> None:
    """Take a source away, and out of every repository; its tokens end."""
    from repogen.accept.configure import remove_source

    home: Home = context.obj
    if next(home.store.newest().projects(name), None) is not None and not with_distributions:
        raise UsageError(f"source {name!r} holds distributions", hint="add --with-distributions to remove them as well")
    _commit(home, remove_source(name), subject=f"remove source {name}", moved=(name, None))
    say(f"removed source {name}")


def _commit(home: Home, edit: Edit, *, subject: str, moved: tuple[str, str | None] | None = None) -> None:
    from repogen.accept.configure import configure, source_moves

    def change(writer: Writer) -> None:
        moves = source_moves(writer, *moved) if moved else {}
        configure(writer, edit, subject=subject, by=home.user, now=now(), moves=moves)

    home.store.write(change, wait=WAIT)
    home.publish()
