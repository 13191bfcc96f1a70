"""``repogen add``: files of this machine into a source, without a server."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from repogen.accept import Distribution, Incoming, Receipt, Request, examine
from repogen.accept.landing import Landing
from repogen.cli.home import WAIT, Home, now
from repogen.cli.output import Format, Output, note, print_json, say
from repogen.cli.spool import own_folder
from repogen.ecosystems import Ecosystem, ecosystem_of
from repogen.errors import InvalidUpload, Problem, UsageError
from repogen.model.digests import Digester
from repogen.store import paths
from repogen.store.faults import storage_errors

_PIECE = 1 << 20


def add(
    context: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument(metavar="PATH...", help="Files, or folders of files.")] = None,
    source: Annotated[str, typer.Option(help="The source to add to.")] = ...,  # type: ignore[assignment]
    path: Annotated[list[str] | None, typer.Option(help="The same as PATH, several with commas between.")] = None,
    output: Output = Format.TEXT,
) -> None:
    """Add distributions, each with the FILE.asc beside it, as one commit: all of them, or none."""
    home: Home = context.obj
    target = home.store.newest().good_config().source(source)
    ecosystem = ecosystem_of(target.type)
    named = [*(files or []), *(Path(part) for text in path or [] for part in text.split(",") if part)]
    with ExitStack() as spooled, storage_errors("the files could not be added"):
        found = _found(named, ecosystem)
        spool = spooled.enter_context(own_folder(home.spool, wait=WAIT))
        distributions = _examined(found, ecosystem, spool, spooled)
        landing = Landing(home.store, publish=lambda _: home.publish(), clock=now, wait=WAIT)
        receipt = landing.land(Request(source=target, by=home.user, distributions=tuple(distributions)))
    _report(receipt, output)


def _found(named: Iterable[Path], ecosystem: Ecosystem) -> list[Path]:
    found: list[Path] = []
    for path in named:
        if path.is_dir():
            inside = [one for one in sorted(path.iterdir()) if one.is_file() and ecosystem.recognizes(one.name)]
            if not inside:
                raise UsageError(f"the folder {str(path)!r} holds no distribution")
            found += inside
        elif path.is_file():
            # A shell's dist/* names the signatures too; each goes with its file.
            if not path.name.endswith(paths.SIGNATURE):
                found.append(path)
        else:
            raise UsageError(f"there is no file {str(path)!r}")
    if not found:
        raise UsageError("nothing to add", hint="name files or folders, or use --path")
    return list(dict.fromkeys(found))


def _examined(found: list[Path], ecosystem: Ecosystem, spool: Path, spooled: ExitStack) -> list[Distribution]:
    distributions, problems = [], []
    with Progress(
        console=Console(stderr=True), transient=True, disable=not Console(stderr=True).is_terminal
    ) as progress:
        for path in progress.track(found, description="examining"):
            incoming = spooled.enter_context(_spooled(path, ecosystem, spool))
            try:
                distributions.append(examine(incoming, ecosystem))
            except InvalidUpload as error:
                problems += [Problem(one.code, f"{path.name}: {one.text}") for one in error.problems]
    if problems:
        raise InvalidUpload(problems)
    return distributions


@contextmanager
def _spooled(path: Path, ecosystem: Ecosystem, spool: Path) -> Iterator[Incoming]:
    digester = Digester({"sha256", *ecosystem.extra_digests})
    descriptor, name = tempfile.mkstemp(dir=spool)
    try:
        with os.fdopen(descriptor, "wb") as copy, path.open("rb") as file:
            while piece := file.read(_PIECE):
                digester.update(piece)
                copy.write(piece)
        signature = path.with_name(path.name + paths.SIGNATURE)
        yield Incoming(
            filename=path.name,
            spooled=Path(name),
            size=digester.size,
            digests=digester.digests(),
            signature=signature.read_bytes() if signature.is_file() else None,
        )
    finally:
        Path(name).unlink(missing_ok=True)


def _report(receipt: Receipt, output: Format) -> None:
    if output is Format.JSON:
        rows = [{"filename": one.filename, "status": one.status, "warnings": one.warnings} for one in receipt.outcomes]
        print_json({"commit": receipt.commit, "files": rows, "notes": receipt.notes})
        return
    for outcome in receipt.outcomes:
        say(f"{outcome.status}: {outcome.filename}")
        for warning in outcome.warnings:
            note(f"warning: {outcome.filename}: {warning}")
    for line in receipt.notes:
        note(f"note: {line}")
    say(f"commit {receipt.commit[:12]}" if receipt.commit else "nothing had to change")
