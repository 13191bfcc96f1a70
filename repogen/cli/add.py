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
from repogen.accept.sign import Signing
from repogen.cli.home import WAIT, Home, now
from repogen.cli.output import Format, Output, note, print_json, say
from repogen.cli.spool import own_folder
from repogen.ecosystems import Ecosystem, ecosystem_of
from repogen.errors import InvalidUpload, Problem, UsageError
from repogen.model.digests import Digester
from repogen.model.inspected import Stated
from repogen.model.signatures import MAX_SIGNATURE_BYTES
from repogen.store import paths
from repogen.store.faults import storage_errors

_PIECE = 1 << 20


def add(
    context: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument(metavar="PATH...", help="Files, or folders of files.")] = None,
    source: Annotated[str, typer.Option(help="The source to add to.")] = ...,  # type: ignore[assignment]
    path: Annotated[list[str] | None, typer.Option(help="The same as PATH, several with commas between.")] = None,
    distribution: Annotated[
        str | None, typer.Option(metavar="NAME", help="The platform that R binaries were built for, such as jammy.")
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Add distributions, each with the FILE.asc beside it, as one commit: all of them, or none.

    Of a file that is in the source already, its FILE.asc alone can be added.
    """
    home: Home = context.obj
    target = home.store.newest().good_config().source(source)
    ecosystem = ecosystem_of(target.type)
    named = [*(files or []), *(Path(part) for text in path or [] for part in text.split(",") if part)]
    landing = Landing(home.store, publish=lambda _: home.publish(), clock=now, wait=WAIT)
    with ExitStack() as spooled, storage_errors("the files could not be added"):
        found, signatures = _found(named, ecosystem)
        requests: list[Request | Signing] = [
            Signing(
                source=target,
                by=home.user,
                filename=one.name.removesuffix(paths.SIGNATURE),
                signature=_signature(one),
                distribution=distribution,
            )
            for one in signatures
        ]
        if found:
            spool = spooled.enter_context(own_folder(home.spool, wait=WAIT))
            distributions = tuple(_examined(found, ecosystem, distribution, spool, spooled))
            requests.append(Request(source=target, by=home.user, distributions=distributions))
        _report([landing.land(one) for one in requests], output)


def _found(named: Iterable[Path], ecosystem: Ecosystem) -> tuple[list[Path], list[Path]]:
    """The distributions among what was named, or else the signatures of such as are in the source already."""
    found: list[Path] = []
    signatures: list[Path] = []
    for path in named:
        if path.is_dir():
            inside = [one for one in sorted(path.iterdir()) if one.is_file() and ecosystem.recognizes(one.name)]
            if not inside:
                raise UsageError(f"the folder {str(path)!r} holds no distribution", hint=_build_first(path))
            found += inside
        elif path.is_file():
            (signatures if path.name.endswith(paths.SIGNATURE) else found).append(path)
        else:
            raise UsageError(f"there is no file {str(path)!r}")
    # A shell's dist/* names the signatures too; each goes with its file.
    with_file = {path.with_name(path.name + paths.SIGNATURE) for path in found}
    alone = [path for path in dict.fromkeys(signatures) if path not in with_file]
    if not found and not alone:
        raise UsageError("nothing to add", hint="name files or folders, or use --path")
    if found and alone:
        raise UsageError(
            f"the signature {str(alone[0])!r} comes without its file",
            hint="name the file too, or add signatures of what is there by a command of their own",
        )
    return list(dict.fromkeys(found)), alone


def _build_first(folder: Path) -> str:
    """How to get a file to add out of a folder that holds what it is built from."""
    if (folder / "DESCRIPTION").is_file():
        return "it is the source of an R package: add what R CMD build makes of it"
    if (folder / "pyproject.toml").is_file():
        return "it is the source of a Python project: add what python -m build puts into its dist folder"
    return ""


def _signature(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_SIGNATURE_BYTES + 1)


def _examined(
    found: list[Path], ecosystem: Ecosystem, distribution: str | None, spool: Path, spooled: ExitStack
) -> list[Distribution]:
    distributions, problems = [], []
    with Progress(
        console=Console(stderr=True), transient=True, disable=not Console(stderr=True).is_terminal
    ) as progress:
        for path in progress.track(found, description="examining"):
            incoming = spooled.enter_context(_spooled(path, ecosystem, distribution, spool))
            try:
                distributions.append(examine(incoming, ecosystem))
            except InvalidUpload as error:
                problems += [Problem(one.code, f"{path.name}: {one.text}") for one in error.problems]
    if problems:
        raise InvalidUpload(problems)
    return distributions


@contextmanager
def _spooled(path: Path, ecosystem: Ecosystem, distribution: str | None, spool: Path) -> Iterator[Incoming]:
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
            stated=Stated(distribution=distribution),
            signature=_signature(signature) if signature.is_file() else None,
        )
    finally:
        Path(name).unlink(missing_ok=True)


def _report(receipts: list[Receipt], output: Format) -> None:
    outcomes = [outcome for receipt in receipts for outcome in receipt.outcomes]
    commits = [receipt.commit for receipt in receipts if receipt.commit]
    notes = [note for receipt in receipts for note in receipt.notes]
    if output is Format.JSON:
        rows = [{"filename": one.filename, "status": one.status, "warnings": one.warnings} for one in outcomes]
        print_json({"commit": commits[-1] if commits else None, "files": rows, "notes": notes})
        return
    for outcome in outcomes:
        say(f"{outcome.status}: {outcome.filename}")
        for warning in outcome.warnings:
            note(f"warning: {outcome.filename}: {warning}")
    for line in notes:
        note(f"note: {line}")
    for commit in commits:
        say(f"commit {commit[:12]}")
    if not commits:
        say("nothing had to change")
