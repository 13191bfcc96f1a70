"""The fields that name other packages (WRE 1.1.3).

R's own readers of these fields disagree with each other and with the manual. A package whose entries some of them
misread cannot be installed, and where it is R's version that they misread, ``available.packages()`` fails for the
whole repository. So an entry is accepted in the form that all of them read: ``name``, or ``name (op version)`` with a
blank before the version and none elsewhere within the parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from repogen.ecosystems.r.filenames import NAME
from repogen.ecosystems.r.versions import version_key
from repogen.errors import Problem

FIELDS = ("Depends", "Imports", "LinkingTo", "Suggests", "Enhances")

#: Fields in which a version of R makes ``R CMD INSTALL`` look for a package of that name.
_WITHOUT_R = frozenset({"Imports", "LinkingTo"})
_NO_R = "state the version of R that is needed in Depends"
_MAX_ENTRIES = 5000
_MAX_PROBLEMS = 10
_MAX_SHOWN = 100
_ENTRY = re.compile(r"([A-Za-z0-9.]+)(?:[ \t\n]*\((?:<=|>=|<|>|==|!=)[ \t\n]+([0-9.-]+)\))?\Z")


def judge_dependencies(fields: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with the entries of all the fields that a DESCRIPTION has; of many, the first."""
    left = _MAX_PROBLEMS
    for field in FIELDS:
        entries = _entries(fields.get(field, ""))
        if len(entries) > _MAX_ENTRIES:
            yield Problem("dependency", f"{field} names more than {_MAX_ENTRIES} packages")
            continue
        for entry in entries:
            try:
                name = _check_entry(entry)
                reason = _NO_R if name == "R" and field in _WITHOUT_R else ""
            except ValueError as error:
                reason = str(error)
            if reason:
                shown = repr(entry) if len(entry) <= _MAX_SHOWN else f"{entry[:_MAX_SHOWN]!r}..."
                yield Problem("dependency", f"{field} has the entry {shown}: {reason}")
                left -= 1
            if not left:
                return


def _entries(text: str) -> list[str]:
    entries = [entry.strip(" \t\n") for entry in text.split(",")]
    # R passes an empty last entry by, and no other.
    return entries if entries[-1] else entries[:-1]


def _check_entry(entry: str) -> str:
    """The name in an entry. Raises ValueError with one line on what is wrong with it."""
    parts = _ENTRY.match(entry)
    if not parts:
        raise ValueError("write 'name' or 'name (>= 1.0)', with a blank before the version")
    name, version = parts.groups()
    if name != "R" and not NAME.match(name):
        raise ValueError(f"{name!r} is not the name of a package")
    if version is not None:
        try:
            version_key(version)
        except ValueError as error:
            raise ValueError(f"{version!r} is not a version: {error}") from None
    return name
