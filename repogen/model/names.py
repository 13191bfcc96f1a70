"""Names and identifiers, and the types that prove they were checked."""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from typing import Literal, NewType

from repogen.errors import UsageError

SourceType = Literal["python", "r"]
SOURCE_TYPES: tuple[SourceType, ...] = ("python", "r")

#: The id of a Git commit, tree or blob: 40 lower-case hex digits.
CommitId = NewType("CommitId", str)
TreeId = NewType("TreeId", str)
BlobId = NewType("BlobId", str)
#: 64 lower-case hex digits.
Sha256 = NewType("Sha256", str)
#: A project's name as its ecosystem normalizes it: the key in the store and in URLs.
ProjectKey = NewType("ProjectKey", str)

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?\Z")
RESERVED_REPOSITORIES = frozenset(
    {"_", "__api__", "upload", "static", "index.html", "404.html", "favicon.ico", "robots.txt", "sitemap.xml"}
)
MAX_FILENAME_BYTES = 255


def check_name(name: str, *, what: str, reserved: frozenset[str] = frozenset()) -> str:
    """Return ``name`` if it can name a source or a repository, else raise UsageError.

    1 to 63 characters out of ``a-z 0-9 . _ -``, a letter or digit at both ends: safe as a path, in a URL
    and on a file system that folds case.
    """
    if not _NAME.match(name):
        raise UsageError(
            f"{name!r} cannot name a {what}",
            hint="use 1 to 63 of a-z, 0-9, '.', '_' and '-', with a letter or digit at both ends",
        )
    if name in reserved:
        raise UsageError(f"{name!r} is reserved and cannot name a {what}")
    return name


@functools.lru_cache(maxsize=1 << 17)
def shard(key: str) -> str:
    """The two hex digits that a key is filed under: the start of the sha256 of its lower-case UTF-8 form.

    So names that a file system may take for one another are neighbours.
    """
    return hashlib.sha256(key.lower().encode("utf-8", "surrogatepass")).hexdigest()[:2]


def one_line(text: str, *, limit: int = 1000) -> str:
    """``text`` on one line: control, format and separator characters become ``?``, a long end becomes ``...``."""
    safe = "".join(char if char == " " or unicodedata.category(char)[0] not in "CZ" else "?" for char in text)
    return safe if len(safe) <= limit else safe[: limit - 3] + "..."
