"""What looking into an archive tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """A distribution as its archive states it.

    ``metadata`` are the verbatim bytes of METADATA, PKG-INFO or DESCRIPTION; ``facts`` what the record
    keeps for the ecosystem (JSON values); ``warnings`` one-line texts for the person who uploads.
    """

    name: str
    version: str
    kind: str
    metadata: bytes
    facts: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What an upload form says of its file; None: the form did not say.

    Forms are unreliable: these are only compared with the archive, never stored.
    ``digests`` maps a hashlib name (``md5``, ``sha256``) or ``blake2_256`` to hex digits.
    """

    name: str | None = None
    version: str | None = None
    kind: str | None = None
    digests: Mapping[str, str] = field(default_factory=dict)


#: What a file on its own says: nothing.
NOTHING_STATED = Stated()
