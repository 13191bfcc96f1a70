"""A file on its way in: its name judged, its bytes hashed while they go to the spool.

And the requests whose body is the file itself, or its signature, with nothing around it.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from werkzeug.http import parse_options_header

from repogen.accept import Incoming
from repogen.errors import InvalidUpload, Problem
from repogen.model.digests import Digester
from repogen.model.inspected import Stated
from repogen.model.names import MAX_FILENAME_BYTES
from repogen.model.signatures import MAX_SIGNATURE_BYTES
from repogen.receiver.body import PIECE, open_body

# The server leaves an encoded slash of an address as it is, so that it does not become one.
_PATH = re.compile(r"[/\\]|%2f|%5c", re.IGNORECASE)


class Spooled:
    """The file on its way into the spool (0600), hashed as it goes by."""

    def __init__(self, spool: Path, algorithms: set[str]) -> None:
        descriptor, path = tempfile.mkstemp(dir=spool, prefix="upload-")
        self.path = Path(path)
        self._file: BinaryIO = os.fdopen(descriptor, "wb")
        self._digester = Digester(algorithms)

    @property
    def size(self) -> int:
        return self._digester.size

    def write(self, piece: bytes) -> None:
        self._digester.update(piece)
        self._file.write(piece)

    def digests(self, also: Iterable[str] = ()) -> dict[str, str]:
        """All digests, after everything was written; a second pass makes those of ``also`` that came too late."""
        self._file.close()
        digests = self._digester.digests()
        late = Digester(set(also) - set(digests))
        if late.digests():
            with self.path.open("rb") as file:
                while piece := file.read(PIECE):
                    late.update(piece)
        return digests | late.digests()

    def discard(self) -> None:
        with suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)


def check_filename(name: str) -> tuple[Problem, ...]:
    """Why ``name`` is not one that any file is kept under; what it must be besides, its ecosystem knows."""
    if len(name.encode("utf-8", "replace")) > MAX_FILENAME_BYTES:
        text = f"the file name is longer than {MAX_FILENAME_BYTES} bytes: {name[:100]!r}..."
    elif _PATH.search(name):
        text = f"the file name {name!r} holds a path"
    elif not name.isprintable():
        text = f"the file name {name!r} holds characters that do not print"
    else:
        return ()
    return (Problem("filename", text),)


@contextmanager
def read_file(
    environ: dict[str, Any],
    *,
    filename: str,
    distribution: str | None,
    spool: Path,
    limit: int,
    digests: Iterable[str] = (),
) -> Iterator[Incoming]:
    """The file that is the body of a request, spooled below ``spool`` for as long as the context is open.

    ``filename`` and ``distribution`` are what the address says of it ("", None: nothing). ``limit`` and ``digests`` as
    in :func:`repogen.receiver.forms.read_form`. Raises InvalidUpload, TooLarge.
    """
    pieces = open_body(environ, limit=limit)
    problems = list(check_filename(filename))
    if parse_options_header(environ.get("CONTENT_TYPE", ""))[0] == "multipart/form-data":
        problems.append(Problem("form-type", "PUT takes the file itself as the body; a form is sent with POST"))
    if problems:
        raise InvalidUpload(problems, filename=filename)
    spooled = Spooled(spool, {"sha256", *digests})
    try:
        for piece in pieces:
            spooled.write(piece)
        yield Incoming(
            filename=filename,
            spooled=spooled.path,
            digests=spooled.digests(),
            size=spooled.size,
            stated=Stated(distribution=distribution),
        )
    finally:
        spooled.discard()


def read_signature(environ: dict[str, Any], *, filename: str) -> bytes:
    """The signature of the file ``filename`` that is the body of a request. Raises InvalidUpload, TooLarge."""
    pieces = open_body(environ, limit=MAX_SIGNATURE_BYTES)
    if problems := check_filename(filename):
        raise InvalidUpload(problems, filename=filename)
    return b"".join(pieces)
