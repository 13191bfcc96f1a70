"""How commands print: text for people, JSON for scripts, one line for what went wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from repogen.model.names import one_line


class Format(StrEnum):
    """What ``-o`` takes."""

    TEXT = "text"
    JSON = "json"


Output = Annotated[Format, typer.Option("--output", "-o", help="text for people, json for scripts.")]


def say(text: str) -> None:
    """A line on standard output; whatever was sent in by others stays on it."""
    typer.echo(one_line(text, limit=4000))


def note(text: str) -> None:
    """A line on standard error."""
    typer.echo(one_line(text, limit=4000), err=True)


def note_undo(commit: str, *, here: bool = True) -> None:
    """How to take the commit back, for people; ``here``: on the machine of the store."""
    note(f"undo {'' if here else 'on the machine of the store '}with: repogen revert {commit[:12]}")


def print_json(value: Any) -> None:
    """A value as JSON on standard output."""
    json.dump(value, sys.stdout, indent=2, ensure_ascii=True)
    sys.stdout.write("\n")


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows in columns as wide as their widest cell."""
    cells = [[one_line(cell, limit=200) for cell in row] for row in (headings, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
    for row in cells:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
