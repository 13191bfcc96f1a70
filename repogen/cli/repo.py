"""``repogen repo``."""

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

app = typer.Typer(help="Repositories: what clients install from.", no_args_is_help=True)

Sources = Annotated[list[str], typer.Option("--source", help="A source; the first that has a project wins.")]
Description = Annotated[str | None, typer.Option(help="One line for people.")]
Fallback = Annotated[
    str | None, typer.Option(metavar="URL", help="The index that is asked for projects that this one lacks.")
]


@app.command()
def create(
    context: typer.Context,
    name: str,
    kind: Annotated[SourceType, typer.Option("--type", help="What it serves.")],
    source: Sources,
    description: Description = None,
    fallback: Fallback = None,
) -> None:
    """Add a repository of one or more sources."""
    from repogen.accept.configure import create_repository

    edit = create_repository(
        name,
        kind=kind,
        identifier=uuid.uuid4().hex,
        sources=source,
        description=description or "",
        fallback=fallback or "",
    )
    _commit(context.obj, edit, subject=f"create repository {name}")
    say(f"created repository {name}")


@app.command("list")
def list_repositories(context: typer.Context, output: Output = Format.TEXT) -> None:
    """The repositories and their sources, in order of precedence."""
    home: Home = context.obj
    if is_remote(home):
        with administration(home) as receiver:
            rows = receiver.repositories()
    else:
        from repogen.accept.configure import repository_rows

        rows = repository_rows(home.store.newest().good_config())
    if output is Format.JSON:
        print_json(rows)
    else:
        cells = [[str(row["name"]), str(row["type"]), ", ".join(row["sources"]), str(row["fallback"])] for row in rows]
        table(("NAME", "TYPE", "SOURCES", "FALLBACK"), cells)


@app.command()
def edit(
    context: typer.Context,
    name: str,
    new_name: Annotated[str | None, typer.Option("--name", help="Another name; URLs change with it.")] = None,
    source: Annotated[list[str] | None, typer.Option("--source", help="The sources, all anew, in order.")] = None,
    description: Description = None,
    fallback: Fallback = None,
) -> None:
    """Change a repository; what is not named stays, an empty text takes a setting away."""
    from repogen.accept.configure import edit_repository

    if new_name is None and not source and description is None and fallback is None:
        raise UsageError("nothing to change", hint="name a setting: --name, --source, --description or --fallback")
    edit = edit_repository(name, new_name=new_name, sources=source or None, description=description, fallback=fallback)
    _commit(context.obj, edit, subject=f"edit repository {name}")
    say(f"changed repository {new_name or name}")


@app.command()
def remove(context: typer.Context, name: str) -> None:
    """Take a repository away; its sources stay."""
    from repogen.accept.configure import remove_repository

    _commit(context.obj, remove_repository(name), subject=f"remove repository {name}")
    say(f"removed repository {name}")


def _commit(home: Home, edit: Edit, *, subject: str) -> None:
    from repogen.accept.configure import configure

    home.store.write(lambda writer: configure(writer, edit, subject=subject, by=home.user, now=now()), wait=WAIT)
    home.publish()
