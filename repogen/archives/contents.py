"""What an archive holds, how much of it may be read, and which names a member may have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from repogen.errors import InvalidUpload, Problem

#: ``other`` is what no archive may hold: it is refused at the end.
Kind = Literal["file", "directory", "link", "other"]

_DRIVE = re.compile(r"[A-Za-z]:")
#: So many problems tell enough of one archive.
_MAX_PROBLEMS = 10
_SHOWN_BYTES = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one archive may cost to read; all sizes in bytes.

    ``members`` counts the extension headers of a tar too. ``names_bytes`` is the sum over all members of their
    names (in a zip with extra fields and comments, in a tar with extension headers).
    ``member_bytes`` is the size of one text that is asked for and ``texts_bytes`` that of all of them;
    ``total_bytes`` is the unpacked size of everything. Beyond ``free_bytes``, an archive may not unpack to more
    than ``ratio`` times its own size.
    """

    members: int = 100_000
    name_bytes: int = 4096
    names_bytes: int = 32 << 20
    member_bytes: int = 8 << 20
    texts_bytes: int = 32 << 20
    total_bytes: int = 16 << 30
    free_bytes: int = 64 << 20
    ratio: int = 100

    def check_unpacked(self, unpacked: int, packed: int) -> None:
        """Raise InvalidUpload (``too-large-unpacked``) if ``packed`` bytes may not become ``unpacked`` bytes."""
        if unpacked > self.total_bytes:
            raise refusal("too-large-unpacked", f"the archive unpacks to more than {self.total_bytes} bytes")
        if unpacked > self.free_bytes and unpacked > self.ratio * packed:
            raise refusal("too-large-unpacked", f"the archive unpacks to more than {self.ratio} times its size")


LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The members of an archive by path (relative, ``/``, no end slash), and the texts that were asked for.

    A path that was asked for and is no regular file has no text. ``respelled`` is the first name in the archive that
    is more than a path (``./a``, ``a//b``), as a message shows it: not all programs find it by its path. "": none is.
    """

    members: Mapping[str, Kind]
    texts: Mapping[str, bytes]
    respelled: str = ""


def refusal(code: str, text: str) -> InvalidUpload:
    """What to raise to give up on an archive."""
    return InvalidUpload([Problem(code, text)])


def shown(name: bytes) -> str:
    """The name of a member as a message shows it: quoted, escaped and not too long."""
    start = repr(name[:_SHOWN_BYTES].decode("utf-8", "replace"))
    return start if len(name) <= _SHOWN_BYTES else f"{start}..."


class Collector:
    """Gathers members and texts; the problems of single members are raised together at the end."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._members: dict[str, Kind] = {}
        self._texts: dict[str, bytes] = {}
        self._respelled = ""
        self._members_left = limits.members
        self._names_left = limits.names_bytes
        self._texts_left = limits.texts_bytes
        self._problems: list[Problem] = []

    def problem(self, code: str, text: str) -> None:
        """Note a problem. Raises InvalidUpload once there are many."""
        self._problems.append(Problem(code, text))
        if len(self._problems) >= _MAX_PROBLEMS:
            raise InvalidUpload(self._problems)

    def charge(self, names_bytes: int) -> None:
        """Count one more member, named in so many bytes. Raises InvalidUpload when it is too much."""
        self._members_left -= 1
        self._names_left -= names_bytes
        if self._members_left < 0:
            raise refusal("too-many-members", f"the archive has more than {self._limits.members} members")
        if self._names_left < 0:
            raise refusal(
                "too-many-members", f"the names of the members take more than {self._limits.names_bytes} bytes"
            )

    def member(
        self, name: bytes, kind: Kind, *, encoding: str = "utf-8", target: bytes = b"", top: bool = False
    ) -> str:
        """Add a member and return its path, or "" for what has none: the top directory, or a name that cannot stand.

        ``target`` is where a link leads, from its own directory or (``top``) from the top of the archive.
        """
        try:
            path = _path(name, encoding, self._limits.name_bytes)
            if target:
                _check_target(path, target, top=top)
        except ValueError as error:
            self.problem("unsafe-member", f"member {shown(name)}: {error}")
            return ""
        if not path:
            if kind != "directory":
                self.problem("unsafe-member", f"member {shown(name)}: it has no name")
            return ""
        before = self._members.get(path)
        if before and not before == kind == "directory":
            self.problem("duplicate-member", f"member {shown(name)} is there twice")
            return ""
        self._members[path] = kind
        self._respelled = self._respelled or ("" if name.decode(encoding).removesuffix("/") == path else shown(name))
        return path

    def has_room(self, path: str, size: int) -> bool:
        """May a text of that size be read? If not, it is noted as a problem."""
        if size > min(self._limits.member_bytes, self._texts_left):
            self.problem(
                "member-too-large", f"member {shown(path.encode())} is larger than {self._limits.member_bytes} bytes"
            )
            return False
        self._texts_left -= size
        return True

    def text(self, path: str, data: bytes) -> None:
        """Keep the text of a member that :meth:`has_room` let in."""
        self._texts[path] = data

    def contents(self) -> Contents:
        """All that was gathered. Raises InvalidUpload if any problem was noted."""
        for path in self._members:
            folder = path
            while folder := folder.rpartition("/")[0]:
                if (kind := self._members.get(folder)) in ("link", "file"):
                    self.problem("unsafe-member", f"member {shown(path.encode())} lies below a {kind}")
        if self._problems:
            raise InvalidUpload(self._problems)
        return Contents(members=self._members, texts=self._texts, respelled=self._respelled)


def _path(name: bytes, encoding: str, longest: int) -> str:
    if len(name) > longest:
        raise ValueError(f"its name is longer than {longest} bytes")
    text = _decode(name, encoding, "its name")
    steps = [step for step in text.split("/") if step not in ("", ".")]
    if ".." in steps:
        raise ValueError("its name leads out of the archive")
    return "/".join(steps)


def _check_target(path: str, target: bytes, *, top: bool) -> None:
    depth = 0 if top else path.count("/")
    for step in _decode(target, "utf-8", "the target of the link").split("/"):
        depth += {"": 0, ".": 0, "..": -1}.get(step, 1)
        if depth < 0:
            raise ValueError("the link leads out of the archive")


def _decode(raw: bytes, encoding: str, what: str) -> str:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError(f"{what} is not UTF-8") from None
    if "\0" in text or "\\" in text:
        raise ValueError(f"{what} holds a NUL or a backslash")
    if text.startswith("/") or _DRIVE.match(text):
        raise ValueError(f"{what} is absolute")
    return text
