"""The rows of R's package lists: what ``PACKAGES`` says of one package (``help("write_PACKAGES")``, WRE 1.1.1).

A row is kept as text, so that a list of 20,000 rows is made by cutting and joining texts: its cells, each ended by the
ASCII unit separator, in the order *record* (the row as DCF), :data:`FIELDS` and *place*. No cell holds a control
character but tabs and newlines. An empty cell is NA. The place is the folder of the file below ``src/contrib`` (``.``:
there itself), and empty for a file that stands beside the list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from repogen.ecosystems.r.dcf import read_fields
from repogen.model.record import Record

#: The columns of every list: those of ``tools::write_PACKAGES``, in its order, and one more that installers use.
COLUMNS = (
    *("Package", "Version", "Priority", "Depends", "Imports", "LinkingTo", "Suggests", "Enhances"),
    *("License", "License_is_FOSS", "License_restricts_use", "OS_type", "Archs", "MD5sum", "NeedsCompilation"),
    "SystemRequirements",
)
#: What the row of a binary says besides.
BUILT = "Built"
FIELDS = (*COLUMNS, BUILT)
#: The place of a file that stands in ``src/contrib`` itself.
HERE = "."

END = "\x1f"
_WIDTH = 1 + len(FIELDS) + 1
# A control character in a list would end a line or, as NUL, a string of R early.
_CONTROLS = {code: " " for code in (*range(32), 127) if chr(code) not in "\t\n"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows by their cells: ``records`` and ``places`` of each, and by field a cell of each."""

    records: Sequence[str]
    fields: Mapping[str, Sequence[str]]
    places: Sequence[str]


def row(record: Record, metadata: bytes, *, place: str = "") -> str:
    """The row of a distribution whose DESCRIPTION is ``metadata``.

    Names and versions are those that the file is called by, and the two facts that DESCRIPTION does not tell, or
    not for certain, are the record's.
    """
    described = {
        **read_fields(metadata),
        "Package": record.name,
        "Version": record.version,
        "MD5sum": record.digests.get("md5", ""),
        "NeedsCompilation": str(record.facts.get("needs_compilation") or ""),
    }
    fields = {name: cell(described[name]) if described.get(name) else "" for name in FIELDS}
    dcf = "".join(f"{name}: {_folded(value)}\n" for name, value in fields.items() if value)
    return "".join(f"{each}{END}" for each in (dcf, *fields.values(), place))


def table(rows: str) -> Table:
    """Joined rows, cut into cells."""
    cells = rows.split(END)
    records, *fields, places = (cells[start:-1:_WIDTH] for start in range(_WIDTH))
    return Table(records=records, fields=dict(zip(FIELDS, fields, strict=True)), places=places)


def cell(value: str) -> str:
    """A value as R's ``read.dcf`` reads it again from DCF: lines without blanks around them, none empty at either end.

    A line of one dot stands for an empty one.
    """
    first, *others = (line.strip(" \t") for line in value.translate(_CONTROLS).split("\n"))
    return "\n".join([first, *("" if line == "." else line for line in others)]).strip("\n")


def _folded(value: str) -> str:
    first, *others = value.split("\n")
    return "\n ".join([first, *(line or "." for line in others)])
