"""What looking into an archive tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """A distribution as its archive states it.

    ``filename`` is the name that it is kept under: as sent, or the ecosystem's own for a file without one.
    ``target`` sets distributions of one file name apart that were built for different platforms ("" for all
    others): 1 to 100 of ``a-z 0-9 . _ -``, the name of a folder in the store. ``metadata`` are the verbatim bytes
    of METADATA, PKG-INFO or DESCRIPTION; ``facts`` what the record keeps for the ecosystem (JSON values);
    ``warnings`` one-line texts for the person who uploads.
    """

    filename: str
    name: str
    version: str
    kind: str
    metadata: bytes
    target: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What an upload says of its file; None: it did not say.

    Forms are unreliable: these are only compared with the archive, never stored. But for ``distribution``, the
    platform that an R binary was built for: its archive does not tell all of that. ``digests`` maps a hashlib name
    (``md5``, ``sha256``) or ``blake2_256`` to hex digits.
    """

    name: str | None = None
    version: str | None = None
    kind: str | None = None
    distribution: str | None = None
    digests: Mapping[str, str] = field(default_factory=dict)


#: What a file on its own says: nothing.
NOTHING_STATED = Stated()
