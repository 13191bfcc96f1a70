"""``repogen build``."""

from __future__ import annotations

from typing import Annotated

import typer

from repogen.cli.home import WAIT, Home, SiteFolder, StoreFolder
from repogen.cli.output import Format, Output, note, print_json, say
from repogen.errors import ConfigError


def build(
    context: typer.Context,
    full: Annotated[
        bool, typer.Option("--full", help="Write every file anew and take out what does not belong.")
    ] = False,
    files: Annotated[
        bool, typer.Option("--files", help="Of a checkout: publish archives too that files_base serves.")
    ] = False,
    store: StoreFolder = None,
    site: SiteFolder = None,
    output: Output = Format.TEXT,
) -> None:
    """Bring the site to the head of the store."""
    home: Home = context.obj.elsewhere(store=store, site=site)
    try:
        home.store.newest().config()
    except ConfigError as error:
        note(f"warning: {error}; the last good configuration goes on")
    generator = home.make_generator(files=True) if files else home.generator
    parts = dict(zip(("indexes", "pages"), generator.build(wait=WAIT, full=full), strict=True))
    if output is Format.JSON:
        rows = {
            name: {"commit": part.commit, "full": part.full, "written": part.written} for name, part in parts.items()
        }
        print_json({"site": str(home.site), **rows})
        return
    for name, part in parts.items():
        how = "built in full" if part.full else "up to date" if not part.written else "updated"
        say(f"{name}: {how}, {part.written} files written, commit {part.commit[:12]}")
