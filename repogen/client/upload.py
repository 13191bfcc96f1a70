"""One file on its way to a receiver: what is there of it, and the request that brings the rest."""

from __future__ import annotations

import html
import os
import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from repogen.client.connection import Connection, Sending, Stopped, is_success
from repogen.ecosystems import ecosystem_of
from repogen.errors import InvalidUpload, NotFound, Problem
from repogen.model.digests import Digester
from repogen.model.names import SourceType
from repogen.model.signatures import MAX_SIGNATURE_BYTES

_PLACES: Mapping[SourceType, str] = {"python": "/upload/pypi", "r": "/upload/r"}
#: The fields of the two forms: for the file, and for its signature.
_FIELDS: Mapping[SourceType, tuple[str, str]] = {"python": ("content", "gpg_signature"), "r": ("file", "signature")}
_PIECE = 1 << 20
_LINK = re.compile(r'<a href="#sha256=([0-9a-f]{64})"([^>]*)>([^<]+)</a>')
_STATUS = re.compile(r"(.+?): (added|signed|unchanged)(?:; (.*))?\Z", re.DOTALL)

#: Called with how many bytes of a file are on their way; it starts at 0 again with each try.
Moved = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A distribution for a source, with its signature if there is one; or a signature that is sent alone.

    ``path`` is None for the latter: the file is there already. ``distribution`` as for
    :meth:`repogen.ecosystems.Ecosystem.inspect`.
    """

    source: str
    type: SourceType
    filename: str
    path: Path | None
    signature: Path | None = None
    distribution: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What became of a parcel: ``added``, ``signed`` or ``unchanged``, and what the receiver said besides."""

    status: str
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """A file that the receiver has."""

    filename: str
    sha256: str
    signed: bool


class Uploads:
    """Sends parcels over one connection; may be used by several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._listings: dict[tuple[str, str], Future[tuple[There, ...]]] = {}
        self._lock = threading.Lock()

    def upload(self, parcel: Parcel, moved: Moved) -> Arrival:
        """Send what the receiver does not have. Raises what it refuses, Unreachable, Stopped, OSError."""
        signature = _signature(parcel.signature) if parcel.signature else None
        if parcel.path is None:
            assert signature is not None
            return self._sign(parcel, signature)
        sha256 = self._sha256(parcel.path)
        if parcel.distribution is None and self._is_there(parcel, sha256, signed=signature is not None):
            return Arrival(status="unchanged")
        return self._send(parcel, parcel.path, sha256, signature, moved)

    def _send(self, parcel: Parcel, path: Path, sha256: str, signature: bytes | None, moved: Moved) -> Arrival:
        file_field, signature_field = _FIELDS[parcel.type]
        fields = {":action": "file_upload", "protocol_version": "1"} if parcel.type == "python" else {}
        fields["sha256_digest"] = sha256
        if parcel.distribution is not None:
            fields["distribution"] = parcel.distribution
        with path.open("rb") as file:
            watched = _Watched(file, parcel.filename, moved, self._connection.stopping)
            parts: list[tuple[str, Any]] = []
            if signature is not None:
                parts.append((signature_field, (f"{parcel.filename}.asc", signature, "application/pgp-signature")))
            parts.append((file_field, (parcel.filename, watched, "application/octet-stream")))
            sending = Sending(
                method="POST",
                path=f"{_PLACES[parcel.type]}/{quote(parcel.source, safe='')}",
                content=lambda: {"data": fields, "files": parts},
                what=parcel.filename,
            )
            return _arrived(self._connection, sending)

    def _sign(self, parcel: Parcel, signature: bytes) -> Arrival:
        if parcel.type == "python":
            text = f"the signature of {parcel.filename!r} comes without its file"
            raise NotFound(text, hint="put the file beside it: Python files and signatures are sent together")
        sending = Sending(
            method="PUT",
            path=f"{_PLACES[parcel.type]}/{quote(parcel.source, safe='')}/{quote(parcel.filename, safe='')}.asc",
            query={"distribution": parcel.distribution} if parcel.distribution is not None else {},
            content=lambda: {"content": signature},
            what=f"{parcel.filename}.asc",
        )
        return _arrived(self._connection, sending)

    def _sha256(self, path: Path) -> str:
        digester = Digester(["sha256"])
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                if self._connection.stopping.is_set():
                    raise Stopped
                digester.update(piece)
        return digester.digests()["sha256"]

    def _is_there(self, parcel: Parcel, sha256: str, *, signed: bool) -> bool:
        """Does the receiver have this file, under this name in any spelling, and a signature if there is one here?"""
        ecosystem = ecosystem_of(parcel.type)
        try:
            name, _ = ecosystem.stated_by(parcel.filename)
            key = ecosystem.file_key(parcel.filename)
        except InvalidUpload:
            return False  # the receiver says best what is wrong with a name, and may know more of them
        for one in self._listing(parcel, ecosystem.project_key(name)):
            if one.sha256 == sha256 and (one.signed or not signed) and _key(parcel.type, one.filename) == key:
                return True
        return False

    def _listing(self, parcel: Parcel, project: str) -> tuple[There, ...]:
        """The files of a project, asked for once however many of them there are to send."""
        with self._lock:
            future = self._listings.get((parcel.source, project))
            mine = future is None
            future = self._listings.setdefault((parcel.source, project), Future())
        if mine:
            try:
                future.set_result(self._ask(parcel, project))
            except BaseException as error:
                future.set_exception(error)
                raise
        return future.result()

    def _ask(self, parcel: Parcel, project: str) -> tuple[There, ...]:
        source = quote(parcel.source, safe="")
        path = f"{_PLACES[parcel.type]}/{source}/+simple/{quote(project, safe='')}/"
        answer = self._connection.ask(Sending(method="GET", path=path, what=parcel.filename))
        if answer.status in (404, 405):
            return ()  # no such project yet; or a receiver that does not tell, and gets all files
        if not is_success(answer):
            raise answer.refusal()
        return tuple(
            There(filename=html.unescape(filename), sha256=sha256, signed='data-gpg-sig="true"' in more)
            for sha256, more, filename in _LINK.findall(answer.page)
        )


class _Watched:
    """A file whose reading is watched, and can be stopped. It must be as long to its end as it was at first."""

    def __init__(self, file: BinaryIO, filename: str, moved: Moved, stopping: threading.Event) -> None:
        self._file, self._filename, self._moved, self._stopping = file, filename, moved, stopping
        self._size = os.fstat(file.fileno()).st_size
        self._read = 0

    def read(self, size: int = -1) -> bytes:
        if self._stopping.is_set():
            raise Stopped
        piece = self._file.read(size)
        self._read += len(piece)
        if self._read > self._size or (not piece and self._read < self._size):
            text = f"the file {self._filename!r} changed while it was sent; send it again"
            raise InvalidUpload([Problem("file-changed", text)], filename=self._filename)
        self._moved(self._read)
        return piece

    def seek(self, offset: int, whence: int = 0) -> int:
        self._read = self._file.seek(offset, whence)
        return self._read

    def tell(self) -> int:
        return self._file.tell()

    def fileno(self) -> int:
        return self._file.fileno()


def _arrived(connection: Connection, sending: Sending) -> Arrival:
    answer = connection.send(sending)
    if not is_success(answer):
        raise answer.refusal(bad=InvalidUpload)
    return read_receipt(answer.text)


def read_receipt(text: str) -> Arrival:
    """What the one line of an answer says: ``FILE: added; a note; FILE: a warning``.

    A line in other words, of a receiver to come, is a note as a whole: its status said yes.
    """
    said = _STATUS.match(text)
    if not said:
        return Arrival(status="added", notes=(text,) if text else ())
    # The receiver may know the file under another spelling of its name.
    name, status, rest = said.groups()
    before, *warnings = f"; {rest or ''}".split(f"; {name}: ")
    notes = tuple(filter(None, before.removeprefix("; ").split("; ")))
    return Arrival(status=status, warnings=tuple(warnings), notes=notes)


def _key(kind: SourceType, filename: str) -> str:
    try:
        return ecosystem_of(kind).file_key(filename)
    except InvalidUpload:
        return filename


def _signature(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_SIGNATURE_BYTES + 1)
    if len(data) > MAX_SIGNATURE_BYTES:
        text = f"the signature {path.name!r} is larger than {MAX_SIGNATURE_BYTES} bytes"
        raise InvalidUpload([Problem("signature-too-large", text)], filename=path.name)
    return data
