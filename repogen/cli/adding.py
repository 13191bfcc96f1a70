"""``repogen add`` into the store that is here: examined together, committed together."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from repogen.accept import Distribution, Incoming, Receipt, Request, examine
from repogen.accept.landing import Landing
from repogen.accept.sign import Signing
from repogen.cli.home import WAIT, Home, now
from repogen.cli.output import Format, note, print_json, say
from repogen.cli.picking import Picked, pick, signature_of
from repogen.cli.pushing import pushing
from repogen.cli.spool import own_folder
from repogen.ecosystems import ecosystem_of
from repogen.errors import FileExists, InvalidUpload, Problem, UsageError
from repogen.model.digests import Digester
from repogen.model.inspected import Stated
from repogen.model.signatures import MAX_SIGNATURE_BYTES
from repogen.store.faults import storage_errors

_PIECE = 1 << 20


def add_here(
    home: Home,
    named: Sequence[Path],
    sources: Sequence[str],
    *,
    distribution: str | None,
    succeed_on_existing: bool,
    push: bool,
    output: Format,
) -> None:
    """Add files to sources: a commit for each source, and one for each signature that comes alone.

    With ``succeed_on_existing`` files are passed over whose names other bytes have. Raises what ``accept`` raises.
    """
    with pushing(home, push) as land:
        config = home.store.newest().good_config()
        targets = {name: config.source(name) for name in sources}
        # The site never shows what the remote may yet refuse.
        publish = (lambda _: None) if push else (lambda _: home.publish())
        landing = Landing(home.store, publish=publish, clock=now, wait=WAIT)
        with ExitStack() as spooled, storage_errors("the files could not be added"):
            picked = pick(named, {name: target.type for name, target in targets.items()}, distribution=distribution)
            found = [one for one in picked if not one.alone]
            alone = [one for one in picked if one.alone]
            if found and alone:
                raise UsageError(
                    f"the signature {str(alone[0].path)!r} comes without its file",
                    hint="name the file too, or add signatures of what is there by a command of their own",
                )
            requests: list[Request | Signing] = [
                Signing(
                    source=targets[one.source],
                    by=home.user,
                    filename=one.filename,
                    signature=_signature(one.path),
                    distribution=distribution,
                )
                for one in alone
            ]
            if found:
                spool = spooled.enter_context(own_folder(home.spool, wait=WAIT))
                examined = _examined(found, distribution, spool, spooled)
                requests += [
                    Request(source=targets[name], by=home.user, distributions=tuple(distributions))
                    for name, distributions in examined.items()
                ]
            passed: list[FileExists] = []
            receipts = land(lambda: _landed(landing, requests, passed if succeed_on_existing else None))
    if push:
        home.publish()
    _report(receipts, passed, output)


def _landed(landing: Landing, requests: Sequence[Request | Signing], passed: list[FileExists] | None) -> list[Receipt]:
    """Land requests. ``passed`` takes what was in the way of single files; None: that ends it."""
    if passed is not None:
        passed.clear()  # a push that lost a race comes here again
    receipts = []
    for request in requests:
        left: Request | Signing | None = request
        while left is not None:
            try:
                receipts.append(landing.land(left))
                break
            except FileExists as error:
                if passed is None or isinstance(left, Signing):
                    raise
                passed.append(error)
                left = _without(left, error)
    return receipts


def _without(request: Request, error: FileExists) -> Request | None:
    """The request without the file that was in the way; None where nothing is left."""
    left = list(request.distributions)
    left.remove(next(one for one in left if one.filename == error.filename and one.sha256 != error.sha256))
    return replace(request, distributions=tuple(left)) if left else None


def _signature(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_SIGNATURE_BYTES + 1)


def _examined(
    found: Sequence[Picked], distribution: str | None, spool: Path, spooled: ExitStack
) -> dict[str, list[Distribution]]:
    """The distributions by source. Raises InvalidUpload with all problems of all files."""
    distributions: dict[str, list[Distribution]] = {}
    problems = []
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for one in progress.track(found, description="examining"):
            incoming = spooled.enter_context(_spooled(one, distribution, spool))
            try:
                distributions.setdefault(one.source, []).append(examine(incoming, ecosystem_of(one.type)))
            except InvalidUpload as error:
                problems += [Problem(each.code, f"{one.filename}: {each.text}") for each in error.problems]
    if problems:
        raise InvalidUpload(problems)
    return distributions


@contextmanager
def _spooled(one: Picked, distribution: str | None, spool: Path) -> Iterator[Incoming]:
    digester = Digester({"sha256", *ecosystem_of(one.type).extra_digests})
    descriptor, name = tempfile.mkstemp(dir=spool)
    try:
        with os.fdopen(descriptor, "wb") as copy, one.path.open("rb") as file:
            while piece := file.read(_PIECE):
                digester.update(piece)
                copy.write(piece)
        signature = signature_of(one.path)
        yield Incoming(
            filename=one.filename,
            spooled=Path(name),
            size=digester.size,
            digests=digester.digests(),
            stated=Stated(distribution=distribution if one.type == "r" else None),
            signature=_signature(signature) if signature.is_file() else None,
        )
    finally:
        Path(name).unlink(missing_ok=True)


def _report(receipts: Sequence[Receipt], passed: Sequence[FileExists], output: Format) -> None:
    outcomes = [outcome for receipt in receipts for outcome in receipt.outcomes]
    commits = [receipt.commit for receipt in receipts if receipt.commit]
    notes = list(dict.fromkeys(note for receipt in receipts for note in receipt.notes))
    if output is Format.JSON:
        rows = [{"filename": one.filename, "status": one.status, "warnings": list(one.warnings)} for one in outcomes]
        rows += [{"filename": one.filename, "status": "exists", "warnings": [str(one)]} for one in passed]
        print_json({"commit": commits[-1] if commits else None, "files": rows, "notes": notes})
        return
    for outcome in outcomes:
        say(f"{outcome.status}: {outcome.filename}")
        for warning in outcome.warnings:
            note(f"warning: {outcome.filename}: {warning}")
    for error in passed:
        say(f"exists: {error.filename}")
        note(f"note: {error}")
    for line in notes:
        note(f"note: {line}")
    for commit in commits:
        say(f"commit {commit[:12]}")
    if not commits:
        say("nothing had to change")
