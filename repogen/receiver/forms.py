"""Forms that bring a file (``multipart/form-data``, RFC 7578), read while they stream in.

The file goes to the spool and through its digests in one pass; no part of a form is held in memory
beyond the bounds below. Every field that :class:`Fields` does not name is read past.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    StrictParserError,
)
from werkzeug.http import parse_options_header

from repogen.accept import Incoming
from repogen.errors import InvalidUpload, Problem, TooLarge
from repogen.model.digests import HEX_LENGTHS
from repogen.model.inspected import Stated
from repogen.model.signatures import MAX_SIGNATURE_BYTES
from repogen.receiver.body import open_body
from repogen.receiver.files import Spooled, check_filename

MAX_TEXT = 8 << 20
MAX_TEXTS = 16 << 20
MAX_PARTS = 20_000
#: What a form may weigh beside its file: the texts, and about 800 bytes of headers for every part.
FORM_ALLOWANCE = 2 * MAX_TEXTS

_ABSENT = {"", "UNKNOWN"}
#: With these there is no one file to look into; all other problems are told together with the file's own.
_NO_FILE = {"content-missing", "content-repeated", "filename"}
_PLAIN_ENCODINGS = {"", "7bit", "8bit", "binary"}
_BOUNDARY = re.compile(r"[ -~]{0,69}[!-~]")
_PARAMETER = r';\s*(name|filename)=(?:"([^"]*)"|([\w.!#$&^`|~+-]+))\s*'
_DISPOSITION = re.compile(rf"form-data\s*(?:{_PARAMETER}){{1,2}}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What the fields of a form are called.

    ``named``: its file must have a name. ``stated`` are texts that :class:`Stated` knows under the same name.
    ``fixed`` maps fields to the one value that they may have, ``kinds`` the values of the field ``kind`` to an
    ecosystem's words, ``digests`` fields to names of algorithms.
    """

    file: str
    signature: str
    named: bool
    stated: frozenset[str]
    attestations: str | None = None
    kind: str | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> frozenset[str]:
        """The fields that are kept as texts."""
        return self.stated.union(self.digests, self.fixed, [self.kind] if self.kind else [])


#: The legacy upload form of PyPI.
PYPI_FORM = Fields(
    file="content",
    signature="gpg_signature",
    named=True,
    stated=frozenset({"name", "version"}),
    attestations="attestations",
    kind="filetype",
    kinds={"sdist": "sdist", "bdist_wheel": "wheel"},
    digests={f"{algorithm}_digest": algorithm for algorithm in HEX_LENGTHS},
    fixed={":action": "file_upload", "protocol_version": "1"},
)
#: repogen's own for R packages, of which a name is made where none is sent.
R_FORM = Fields(
    file="file",
    signature="signature",
    named=False,
    stated=frozenset({"distribution"}),
    digests={"sha256_digest": "sha256"},
)


@contextmanager
def read_form(
    environ: dict[str, Any], fields: Fields, *, spool: Path, limit: int, digests: Iterable[str] = ()
) -> Iterator[Incoming]:
    """The file that an upload request brings, spooled below ``spool`` (0600) for as long as the context is open.

    ``limit`` bounds the file, in bytes; ``digests`` are computed beside sha256 and those that the form states.
    Raises InvalidUpload with every problem of the form (a form that is broken off has one), TooLarge.
    """
    form = _Form(fields, spool=spool, limit=limit, digests={"sha256", *digests})
    try:
        pieces = open_body(environ, limit=limit + FORM_ALLOWANCE)
        _parse(pieces, _boundary(environ.get("CONTENT_TYPE", "")), form)
        yield form.incoming()
    finally:
        form.discard()


def _boundary(content_type: str) -> str:
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data":
        raise _invalid("form-type", f"an upload is sent as multipart/form-data, not as {kind!r}")
    if options.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise _invalid("form-charset", f"a form is UTF-8, not {options['charset']!r}")
    boundary = options.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise _invalid("form-boundary", "the form has no boundary of 1 to 70 printable ASCII characters")
    return boundary


def _parse(pieces: Iterable[bytes], boundary: str, form: _Form) -> None:
    parser = PushMultipartParser(boundary, strict=True)
    try:
        for piece in pieces:
            for event in _events(parser, piece):
                if isinstance(event, MultipartSegment):
                    form.begin(event)
                elif event is None:
                    form.end()
                else:
                    form.data(event)
        parser.close()
    except ParserLimitReached as error:
        raise _invalid("form-limit", f"the form cannot be read: {error}") from error
    except MultipartError as error:
        raise _invalid("form-broken", f"the form cannot be read: {error}") from error


def _events(parser: PushMultipartParser, piece: bytes) -> Iterator[MultipartSegment | bytes | None]:
    """What a piece brings. Behind the last boundary nothing is read (RFC 2046), in whatever pieces it comes."""
    if parser.closed:
        return
    try:
        yield from parser.parse(piece)
    except StrictParserError as error:
        try:
            parser.close()
        except MultipartError:
            raise error from None


@dataclass(slots=True)
class _Part:
    name: str
    filename: str | None
    kept: bytearray = field(default_factory=bytearray)
    size: int = 0


class _Form:
    """What is known of a form so far; its methods are called in the order of the parser's events."""

    def __init__(self, fields: Fields, *, spool: Path, limit: int, digests: set[str]) -> None:
        self._fields, self._kept = fields, fields.texts
        self._spool, self._limit, self._wanted = spool, limit, digests
        self._problems: list[Problem] = []
        self._texts: dict[str, str] = {}
        self._signature: list[_Part] = []
        self._attestations: list[_Part] = []
        self._content: Spooled | None = None
        self._filename: str | None = None
        self._part = _Part("", None)
        self._parts = self._weight = 0

    def begin(self, segment: MultipartSegment) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise TooLarge(f"the form has more than {MAX_PARTS} parts")
        self._part = part = self._open_part(segment)
        if part.name != self._fields.file:
            return
        if self._content is not None:
            self._mind("content-repeated", "the form has more than one file")
            part.name = ""
            return
        stated = {algorithm for key, algorithm in self._fields.digests.items() if key in self._texts}
        self._content = Spooled(self._spool, self._wanted | stated)
        self._filename = part.filename
        if (segment.content_type or "").startswith("image/"):
            self._mind("content-type", f"the file is sent as {segment.content_type!r}")

    def data(self, piece: bytes) -> None:
        part = self._part
        part.size += len(piece)
        if part.name == self._fields.file and self._content is not None:
            if part.size > self._limit:
                raise TooLarge(f"the file is larger than the {self._limit} bytes that are allowed")
            self._content.write(piece)
            return
        self._weight += len(piece)
        if part.size > MAX_TEXT or self._weight > MAX_TEXTS:
            raise TooLarge(f"the form has more text than {MAX_TEXT} bytes in a field or {MAX_TEXTS} in all")
        if part.name == self._fields.signature:
            part.kept += piece[: MAX_SIGNATURE_BYTES + 1 - len(part.kept)]
        elif part.name in self._kept or part.name == self._fields.attestations:
            part.kept += piece

    def end(self) -> None:
        part = self._part
        if part.name == self._fields.signature:
            self._signature.append(part)
        elif part.name == self._fields.attestations:
            self._attestations.append(part)
        elif part.name in self._kept:
            self._keep_text(part)

    def incoming(self) -> Incoming:
        """The whole form as one value. Raises InvalidUpload."""
        fields = self._fields
        for key, good in fields.fixed.items():
            if self._texts.get(key, good) != good:
                self._mind("form-field", f"{key} must be {good!r}, not {self._texts[key]!r}")
        kind = self._texts.get(fields.kind or "")
        if kind is not None and kind not in fields.kinds:
            self._mind("form-field", f"{fields.kind} must be one of {', '.join(fields.kinds)}, not {kind!r}")
        stated = {
            algorithm: digest for key, algorithm in fields.digests.items() if (digest := self._digest(key, algorithm))
        }
        filename = self._checked_filename()
        signature = self._checked_signature(filename)
        if self._content is None or any(problem.code in _NO_FILE for problem in self._problems):
            raise InvalidUpload(self._problems, filename=filename)
        return Incoming(
            filename=filename,
            spooled=self._content.path,
            size=self._content.size,
            digests=self._content.digests(stated),
            stated=Stated(
                name=self._texts.get("name"),
                version=self._texts.get("version"),
                kind=fields.kinds.get(kind or ""),
                distribution=self._texts.get("distribution"),
                digests=stated,
            ),
            signature=signature,
            attestations=bytes(self._attestations[0].kept) if len(self._attestations) == 1 else None,
            problems=tuple(self._problems),
        )

    def discard(self) -> None:
        if self._content is not None:
            self._content.discard()

    def _mind(self, code: str, text: str) -> None:
        self._problems.append(Problem(code, text))

    def _open_part(self, segment: MultipartSegment) -> _Part:
        disposition = segment.header("Content-Disposition")
        encoding = segment.header("Content-Transfer-Encoding", "")
        found = dict(_parameters(disposition))
        if encoding.lower() not in _PLAIN_ENCODINGS:
            self._mind("part-encoding", f"a part is encoded as {encoding!r}; send it as it is")
        if "name" not in found:
            self._mind("part-header", f"the part header {disposition!r} cannot be understood")
            # A header that hides what it names may hide the file, which must not be weighed as a text.
            return _Part(segment.name if segment.name == self._fields.file else "", None)
        return _Part(found["name"], found.get("filename"))

    def _keep_text(self, part: _Part) -> None:
        if part.filename is not None:
            self._mind("form-field", f"{part.name} must be a text, not a file")
            return
        try:
            text = part.kept.decode().strip()
        except UnicodeDecodeError:
            self._mind("form-field", f"{part.name} is not UTF-8")
            return
        if text in _ABSENT:
            return
        if part.name in self._texts:
            self._mind("form-field", f"{part.name} is stated twice")
        self._texts[part.name] = text

    def _digest(self, key: str, algorithm: str) -> str | None:
        text = self._texts.get(key)
        if text is None:
            return None
        if re.fullmatch(rf"[0-9a-fA-F]{{{HEX_LENGTHS[algorithm]}}}", text):
            return text.lower()
        self._mind("form-field", f"{key} must be {HEX_LENGTHS[algorithm]} hex digits, not {text[:100]!r}")
        return None

    def _checked_filename(self) -> str:
        name = self._filename or ""
        if self._content is None:
            self._mind("content-missing", f"the form has no file: the field {self._fields.file!r} is missing")
        elif not name and self._fields.named:
            self._mind("filename", "the file has no name")
        else:
            self._problems += check_filename(name)
        return name

    def _checked_signature(self, filename: str) -> bytes | None:
        """The armour out of one file part (twine), or out of two texts, its name and itself (pdm)."""
        parts = [part for part in self._signature if part.filename is not None or bytes(part.kept).strip()]
        match parts:
            case []:
                return None
            case [_Part(filename=str(name)) as armour]:
                pass
            case [_Part(filename=None) as title, _Part(filename=None) as armour]:
                name = title.kept.decode("utf-8", "replace")
            case _:
                text = f"{self._fields.signature} must be one file, or its name and then its text"
                self._mind("signature-form", text)
                return None
        if filename and name != f"{filename}.asc":
            self._mind("signature-name", f"the signature is named {name[:300]!r}, not {filename + '.asc'!r}")
        return bytes(armour.kept)


def _parameters(disposition: str) -> list[tuple[str, str]]:
    """The parameters of a Content-Disposition that has one spelling only: no escapes, no ``filename*``, nothing twice.

    Readers of such headers differ in what they make of the rest; a file name that two of them read
    differently is how a check is passed with one name and a file written under another.
    """
    if not _DISPOSITION.fullmatch(disposition):
        return []
    found = [(name, quoted or token) for name, quoted, token in re.findall(_PARAMETER, disposition, re.ASCII)]
    return found if len({name for name, _ in found}) == len(found) else []


def _invalid(code: str, text: str) -> InvalidUpload:
    return InvalidUpload([Problem(code, text)])
