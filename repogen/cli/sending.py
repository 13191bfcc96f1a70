"""``repogen add`` over a receiver: what is not there is sent, several files at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self, get_args

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from repogen.cli.home import Home
from repogen.cli.output import Format, note, print_json, say
from repogen.cli.picking import Picked, Types, pick, signature_of
from repogen.cli.remote import connect
from repogen.client.batch import Result, send_all
from repogen.client.connection import Connection
from repogen.client.upload import Parcel, Uploads
from repogen.errors import FileExists, NotFound, RepogenError, StoreError, UsageError
from repogen.model.names import SourceType, one_line


def send(
    home: Home,
    named: Sequence[Path],
    sources: Sequence[str],
    *,
    distribution: str | None,
    succeed_on_existing: bool,
    output: Format,
) -> None:
    """Send files to sources. What was refused is told of each file, and decides the exit status.

    Raises what concerns all files alike, before anything is sent.
    """
    with connect(home) as connection:
        picked = pick(named, source_types(connection, sources), distribution=distribution)
        parcels = [_parcel(one, distribution) for one in picked]
        report = _Report(parcels, succeed_on_existing=succeed_on_existing, output=output)
        with _Bars(parcels) as bars:
            for result in send_all(Uploads(connection), parcels, watcher=bars, stopping=connection.stopping):
                report.take(result, at_once=not bars.shown)
        report.finish(told=not bars.shown)


def source_types(connection: Connection, names: Sequence[str]) -> Types:
    """What the sources of these names hold, as far as the receiver tells. Raises NotFound for one that is not there."""
    document = connection.call("GET", "/__api__/v1/sources", absent=None)
    listed = document.get("sources") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        # A receiver that does not tell; whether one is there at all, every one tells.
        if connection.call("GET", "/__api__/verify-auth", absent=None) is None:
            raise NotFound(f"there is no repogen at {connection.access.address}", hint="correct REPOGEN_ADDRESS")
        if len(names) > 1:
            text = "the receiver does not tell what its sources hold"
            raise UsageError(text, hint="name one source at a time")
        return dict.fromkeys(names)
    known = {one.get("name"): one.get("type") for one in listed if isinstance(one, dict)}
    for name in names:
        if name not in known:
            there = ", ".join(sorted(str(one) for one in known)) or "none"
            raise NotFound(f"no source named {name!r}", hint=one_line(f"sources: {there}"))
    return {name: _type(known[name]) for name in names}


def _type(text: Any) -> SourceType | None:
    return next((kind for kind in get_args(SourceType) if kind == text), None)


def _parcel(one: Picked, distribution: str | None) -> Parcel:
    distribution = distribution if one.type == "r" else None
    path, signature = one.path, signature_of(one.path)
    if one.alone:
        path, signature = one.path.with_name(one.filename), one.path
    # The form for Python takes no signature without its file, which is sent again then: the same bytes are no news.
    with_file = not one.alone or (one.type == "python" and path.is_file())
    return Parcel(
        source=one.source,
        type=one.type,
        filename=one.filename,
        path=path if with_file else None,
        signature=signature if signature.is_file() else None,
        distribution=distribution,
    )


class _Report:
    """What is told of each file: at once where nothing else is on the screen, and as a whole for scripts."""

    def __init__(self, parcels: Sequence[Parcel], *, succeed_on_existing: bool, output: Format) -> None:
        self._parcels = parcels
        self._lenient, self._output = succeed_on_existing, output
        self._results: dict[int, Result] = {}
        self._notes: dict[str, None] = {}

    def take(self, result: Result, *, at_once: bool) -> None:
        self._results[result.number] = result
        if at_once:
            self._tell(result)

    def finish(self, *, told: bool) -> None:
        """Tell what was not told, then how it went in all. Raises Exit where not all is well."""
        results = [self._results[number] for number in sorted(self._results)]
        for result in () if told else results:
            self._tell(result)
        if self._output is Format.JSON:
            rows = [self._row(number) for number in range(len(self._parcels))]
            print_json({"commit": None, "files": rows, "notes": list(self._notes)})
        stopped = next((one.error for one in results if one.stops_all and one.error), None)
        refused = [one.error for one in results if self._status(one) == "refused" and not one.stops_all and one.error]
        counts = self._counts()
        if stopped is not None:
            note(f"repogen: {_words(stopped)}")
            if counts:
                note(f"{counts}; the same command goes on from there")
        elif self._output is Format.TEXT and len(self._parcels) > 1:
            say(counts) if not refused else note(counts)
        if error := stopped or next(iter(refused), None):
            raise typer.Exit(error.exit_status if isinstance(error, RepogenError) else StoreError.exit_status)

    def _tell(self, result: Result) -> None:
        """What concerns one file."""
        filename, status = self._parcels[result.number].filename, self._status(result)
        if result.arrival is not None:
            notes = [text for text in result.arrival.notes if text not in self._notes]
            self._notes.update(dict.fromkeys(notes))
            if self._output is Format.TEXT:
                say(f"{status}: {filename}")
                for warning in result.arrival.warnings:
                    note(f"warning: {filename}: {warning}")
                for text in notes:
                    note(f"note: {text}")
        elif status == "exists":
            if self._output is Format.TEXT:
                say(f"exists: {filename}")
                note(f"note: {_words(result.error)}")
        elif not result.stops_all:
            # A name that is in the text already need not stand before it.
            words = _words(result.error)
            note(f"repogen: {words}" if filename in words else f"repogen: {filename}: {words}")

    def _status(self, result: Result) -> str:
        if result.arrival is not None:
            return result.arrival.status
        return "exists" if self._lenient and isinstance(result.error, FileExists) else "refused"

    def _counts(self) -> str:
        found = [self._status(one) for one in self._results.values() if not one.stops_all]
        parts = [f"{found.count(status)} {status}" for status in dict.fromkeys(sorted(found))]
        return f"{len(found)} of {len(self._parcels)} files: {', '.join(parts)}" if parts else ""

    def _row(self, number: int) -> Mapping[str, Any]:
        parcel, result = self._parcels[number], self._results.get(number)
        row = {"filename": parcel.filename, "source": parcel.source}
        if result is None:
            return row | {"status": "not sent", "warnings": []}
        if result.arrival is not None:
            return row | {"status": result.arrival.status, "warnings": list(result.arrival.warnings)}
        status, words = self._status(result), _words(result.error)
        if status == "exists":
            return row | {"status": status, "warnings": [words]}
        code = result.error.code if isinstance(result.error, RepogenError) else StoreError.code
        return row | {"status": status, "warnings": [], "error": {"code": code, "text": words}}


class _Bars:
    """A bar for each file that is on its way and one for all, on a terminal; elsewhere nothing."""

    def __init__(self, parcels: Sequence[Parcel]) -> None:
        console = Console(stderr=True)
        self.shown = console.is_terminal
        self._sizes = [one.path.stat().st_size if one.path is not None else 0 for one in parcels]
        self._sent = [0] * len(parcels)
        self._tasks: dict[int, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console,
            transient=True,
            redirect_stdout=False,
            disable=not self.shown,
        )
        self._all = self._progress.add_task(f"{len(parcels)} files", total=sum(self._sizes))

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def starts(self, number: int, parcel: Parcel) -> None:
        name = one_line(parcel.filename, limit=60)
        self._tasks[number] = self._progress.add_task(name, total=self._sizes[number])

    def moves(self, number: int, sent: int) -> None:
        self._progress.update(self._tasks[number], completed=sent)
        self._progress.advance(self._all, sent - self._sent[number])
        self._sent[number] = sent

    def ends(self, number: int) -> None:
        self._progress.remove_task(self._tasks.pop(number))
        self._progress.advance(self._all, self._sizes[number] - self._sent[number])


def _words(error: RepogenError | OSError | None) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror or error}: {error.filename!r}" if error.filename else str(error.strerror or error)
    return str(error)
