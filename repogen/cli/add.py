"""``repogen add``: files of this machine into a source, of the store that is here or over a receiver."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from repogen.cli.home import Home, StoreFolder
from repogen.cli.output import Format, Output
from repogen.cli.pushing import Push
from repogen.errors import UsageError


def add(
    context: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument(metavar="PATH...", help="Files, or folders of files.")] = None,
    source: Annotated[
        list[str], typer.Option(help="The source to add to; one of each type for packages of both.")
    ] = ...,  # type: ignore[assignment]
    path: Annotated[list[str] | None, typer.Option(help="The same as PATH, several with commas between.")] = None,
    file_in: Annotated[Path | None, typer.Option(metavar="FILE", help="A file with one PATH a line.")] = None,
    distribution: Annotated[
        str | None, typer.Option(metavar="NAME", help="The platform that R binaries were built for, such as jammy.")
    ] = None,
    succeed_on_existing: Annotated[
        bool, typer.Option("--succeed-on-existing", help="Pass over files whose name has other bytes already.")
    ] = False,
    store: StoreFolder = None,
    push: Push = False,
    output: Output = Format.TEXT,
) -> None:
    """Add distributions, each with the FILE.asc beside it.

    Here they are one commit: all of them, or none. Sent to a receiver (REPOGEN_ADDRESS), each is one. Of a file that
    is in the source already, its FILE.asc alone can be added.
    """
    from repogen.cli.picking import named_paths, named_sources

    home: Home = context.obj.elsewhere(store=store)
    sources, named = named_sources(source), named_paths(files or [], path or [], file_in)
    if home.address:
        from repogen.cli.sending import send

        if push:
            raise UsageError("--push is for a checkout of a store", hint="leave it out, or name the store with --store")
        send(home, named, sources, distribution=distribution, succeed_on_existing=succeed_on_existing, output=output)
    else:
        from repogen.cli.adding import add_here

        add_here(
            home,
            named,
            sources,
            distribution=distribution,
            succeed_on_existing=succeed_on_existing,
            push=push,
            output=output,
        )
