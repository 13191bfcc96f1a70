"""The upload form, byte by byte."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest

from repogen.accept import Incoming
from repogen.errors import InvalidUpload, TooLarge
from repogen.receiver.forms import MAX_PARTS, MAX_TEXT, PYPI_FORM, R_FORM, Fields, read_form
from tests.receiver.wire import BOUNDARY, FORM, WHEEL, Part, encode, upload_form

DATA = b"wheel bytes"
SHA256 = hashlib.sha256(DATA).hexdigest()
MD5 = hashlib.md5(DATA).hexdigest()
BLAKE2 = hashlib.blake2b(DATA, digest_size=32).hexdigest()
FILE: Part = ("content", (WHEEL, DATA))
ARMOUR = "-----BEGIN PGP SIGNATURE-----\n\niHUE\n-----END PGP SIGNATURE-----\n"


class Dripping(io.BytesIO):
    """A body that comes in pieces of ``size`` bytes."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self._size = size

    def read(self, size: int | None = -1, /) -> bytes:
        """At most a piece."""
        return super().read(self._size if size is None or size < 0 else min(size, self._size))


def request(body: bytes, *, piece: int = 1 << 20, **environ: Any) -> dict[str, Any]:
    """The WSGI environment of an upload that comes in pieces."""
    return {
        "CONTENT_TYPE": FORM,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": Dripping(body, piece),
        **environ,
    }


def read(body: bytes, spool: Path, *, fields: Fields = PYPI_FORM, limit: int = 1 << 20, **environ: Any) -> Incoming:
    """Read a form that is good."""
    with read_form(request(body, **environ), fields, spool=spool, limit=limit) as incoming:
        assert incoming.spooled.parent == spool
        assert incoming.spooled.stat().st_mode & 0o777 == 0o600
        assert incoming.spooled.stat().st_size == incoming.size
    return incoming


def refused(body: bytes, spool: Path, **environ: Any) -> str:
    """What is said of a form that is not good: at once, or together with what its file is found to be."""
    with pytest.raises(InvalidUpload) as raised:
        raise InvalidUpload(read(body, spool, **environ).problems)
    assert list(spool.iterdir()) == []
    return str(raised.value)


def test_a_minimal_form_is_enough(tmp_path: Path) -> None:
    """A file and nothing else is an upload; its bytes and sha256 are known, and nothing is stated of it."""
    incoming = read(encode([FILE]), tmp_path)
    assert (incoming.filename, incoming.size) == (WHEEL, len(DATA))
    assert incoming.digests == {"sha256": SHA256}
    assert incoming.stated.digests == {}
    assert (incoming.stated.name, incoming.stated.version, incoming.stated.kind) == (None, None, None)
    assert (incoming.signature, incoming.attestations) == (None, None)
    assert list(tmp_path.iterdir()) == []


def test_everything_a_form_states_is_read(tmp_path: Path) -> None:
    """Name, version, type, digests, signature and attestations are taken; other fields are read past."""
    body = encode(
        [
            (":action", "file_upload"),
            ("protocol_version", "1"),
            ("metadata_version", "2.4"),
            ("name", "example"),
            ("version", "1.0"),
            ("filetype", "bdist_wheel"),
            ("classifiers", "A"),
            ("classifiers", "B"),
            ("md5_digest", MD5),
            ("sha256_digest", SHA256.upper()),
            ("gpg_signature", (f"{WHEEL}.asc", ARMOUR.encode())),
            ("attestations", '[{"version": 1}]'),
            ("blake2_256_digest", BLAKE2),
            FILE,
        ]
    )
    incoming = read(body, tmp_path)
    assert (incoming.stated.name, incoming.stated.version, incoming.stated.kind) == ("example", "1.0", "wheel")
    assert incoming.stated.digests == {"md5": MD5, "sha256": SHA256, "blake2_256": BLAKE2}
    assert incoming.digests == {"md5": MD5, "sha256": SHA256, "blake2_256": BLAKE2}
    assert incoming.signature == ARMOUR.encode()
    assert incoming.attestations == b'[{"version": 1}]'


def test_what_is_stated_after_the_file_is_computed_too(tmp_path: Path) -> None:
    """Digests and attestations may follow the file, as uv sends them."""
    incoming = read(encode([FILE, ("md5_digest", MD5), ("attestations", "[]")]), tmp_path)
    assert incoming.digests == {"md5": MD5, "sha256": SHA256}
    assert incoming.attestations == b"[]"


def test_pdm_sends_its_signature_as_two_texts(tmp_path: Path) -> None:
    """The name of the signature, then its armour, both as text fields."""
    incoming = read(encode([("gpg_signature", f"{WHEEL}.asc"), ("gpg_signature", ARMOUR), FILE]), tmp_path)
    assert incoming.signature == ARMOUR.encode()


@pytest.mark.parametrize("value", ["", "UNKNOWN", "  "])
def test_empty_and_unknown_count_as_absent(tmp_path: Path, value: str) -> None:
    """Old clients send fields that they know nothing for."""
    names = ("name", "version", "filetype", "md5_digest", "sha256_digest", ":action", "protocol_version")
    incoming = read(encode([*((name, value) for name in names), FILE]), tmp_path)
    assert incoming.stated.name is None
    assert incoming.stated.digests == {}


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64, 1000])
def test_the_pieces_it_comes_in_do_not_matter(tmp_path: Path, piece: int) -> None:
    """A form means the same however the network cuts it, also right behind its last boundary."""
    data = b"\r\n--" + BOUNDARY[:-1].encode() + b"\r" * 5 + b"\r\n--bound" * 3
    incoming = read(upload_form(data, ("md5_digest", hashlib.md5(data).hexdigest())), tmp_path, piece=piece)
    assert incoming.digests["sha256"] == hashlib.sha256(data).hexdigest()


def test_large_texts_of_honest_packages_are_taken(tmp_path: Path) -> None:
    """A README of 2 MB and 3,000 requirements are no reason to refuse."""
    requirements: list[Part] = [("requires_dist", f"dependency{number}>=1.0") for number in range(3000)]
    read(encode([("description", "x" * 2_000_000), *requirements, FILE]), tmp_path)


@pytest.mark.parametrize(
    "parts",
    [
        [("description", b"x" * (MAX_TEXT + 1)), FILE],
        [("one", b"x" * MAX_TEXT), ("two", b"x" * MAX_TEXT), ("three", b"x"), FILE],
        [*[("c", "x")] * (MAX_PARTS + 1), FILE],
        [("content", (WHEEL, b"x" * 1025))],
    ],
    ids=["one text", "all texts", "parts", "file"],
)
def test_a_form_over_a_bound_is_too_large(tmp_path: Path, parts: list[Part]) -> None:
    """Each text, all texts, the number of parts and the file have a bound; nothing is left behind."""
    with pytest.raises(TooLarge):
        read(encode(parts), tmp_path, limit=1024)
    assert list(tmp_path.iterdir()) == []


def test_an_announced_size_is_judged_before_reading(tmp_path: Path) -> None:
    """A Content-Length over the limit is refused without a byte of the body."""
    with pytest.raises(TooLarge):
        read(b"", tmp_path, CONTENT_LENGTH=str(1 << 40), limit=1 << 20)


def test_without_a_length_the_stream_is_still_bounded(tmp_path: Path) -> None:
    """A chunked body that is no end of a file stops at the limit."""
    chunked: dict[str, Any] = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    with pytest.raises(TooLarge):
        read(upload_form(b"x" * 5000), tmp_path, limit=4000, **chunked)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([("name", "example")], "has no file"),
        ([("gpg_signature", (f"{WHEEL}.asc", b"x"))], "has no file"),
        ([("content", DATA)], "the file has no name"),
        ([("content", ("", DATA))], "the file has no name"),
        ([FILE, FILE], "more than one file"),
        ([FILE, ("content", "text")], "more than one file"),
        ([("content", ("../../x.whl", DATA))], "'../../x.whl' holds a path"),
        ([("content", ("/etc/x.whl", DATA))], "holds a path"),
        ([("content", ("..\\x.whl", DATA))], "holds a path"),
        ([("content", ("C:\\x.whl", DATA))], "holds a path"),
        ([("content", ("..%2Fx.whl", DATA))], "holds a path"),
        ([("content", ("a\x00.whl", DATA))], "'a\\x00.whl' holds characters"),
        ([("content", ("a\x1b.whl", DATA))], "'a\\x1b.whl' holds characters"),
        ([("content", ("a\u202e.whl", DATA))], "'a\\u202e.whl' holds characters"),
        ([("content", ("a\u200b.whl", DATA))], "'a\\u200b.whl' holds characters"),
        ([("content", ("a" * 252 + ".whl", DATA))], "longer than 255 bytes"),
        ([("content", ("a" * 3000 + ".whl", DATA))], "longer than 255 bytes"),
        ([(":action", "submit"), FILE], ":action must be 'file_upload', not 'submit'"),
        ([(":action", "doc_upload"), FILE], "not 'doc_upload'"),
        ([(":action", "remove_pkg"), FILE], "not 'remove_pkg'"),
        ([("protocol_version", "2"), FILE], "protocol_version must be '1', not '2'"),
        ([("filetype", "bdist_egg"), FILE], "filetype must be one of sdist, bdist_wheel, not 'bdist_egg'"),
        ([("md5_digest", "00"), FILE], "md5_digest must be 32 hex digits, not '00'"),
        ([("sha256_digest", "g" * 64), FILE], "sha256_digest must be 64 hex digits"),
        ([("name", "a"), ("name", "b"), FILE], "name is stated twice"),
        ([("name", ("name.txt", b"a")), FILE], "name must be a text"),
        ([("name", b"\xff\xfe"), FILE], "name is not UTF-8"),
        ([("gpg_signature", ("other.asc", b"x")), FILE], "the signature is named 'other.asc'"),
        ([("gpg_signature", "text alone"), FILE], "gpg_signature must be one file"),
        ([("gpg_signature", (f"{WHEEL}.asc", b"x"))] * 2 + [FILE], "gpg_signature must be one file"),
        ([("gpg_signature", "other.asc"), ("gpg_signature", ARMOUR), FILE], "the signature is named 'other.asc'"),
    ],
)
def test_a_bad_form_is_refused(tmp_path: Path, parts: list[Part], words: str) -> None:
    """Each thing that is wrong with a form is said, and nothing stays in the spool."""
    assert words in refused(encode(parts), tmp_path)


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    """Nobody has to upload four times to learn of four mistakes."""
    text = refused(
        encode([("protocol_version", "3"), ("filetype", "egg"), ("md5_digest", "x"), ("content", ("a/b", DATA))]),
        tmp_path,
    )
    assert text.count(";") == 3
    for word in ("protocol_version", "filetype", "md5_digest", "path"):
        assert word in text


@pytest.mark.parametrize(
    "header",
    [
        "form-data; name=\"content\"; filename*=utf-8''x.whl",
        f'form-data; name="content"; filename="{WHEEL}"; filename*=utf-8\'\'x.whl',
        f'form-data; name="content"; filename="{WHEEL}"; filename="x.whl"',
        'form-data; name="content"; filename="a\\"b.whl"',
        f'form-data; name="content"; name="name"; filename="{WHEEL}"',
        f'form-data; name="content"; filename="{WHEEL}" trailing',
    ],
)
def test_a_header_with_two_readings_is_refused(tmp_path: Path, header: str) -> None:
    """A part whose name depends on who reads it is no part of a good form."""
    body = upload_form().replace(f'form-data; name="content"; filename="{WHEEL}"'.encode(), header.encode())
    assert "cannot be understood" in refused(body, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"Content-Type: application/octet-stream\r\n", b"Content-Type: image/png\r\n", "image/png"),
        (b"Content-Type:", b"Content-Transfer-Encoding: base64\r\nContent-Type:", "'base64'"),
        (b"form-data", b"attachment", "cannot be read"),
        (b"Content-Type:", b"X: " + b"x" * 5000 + b"\r\nContent-Type:", "cannot be read"),
        (f"--{BOUNDARY}--".encode(), f"--{BOUNDARY}".encode(), "cannot be read"),
        (f"--{BOUNDARY}--\r\n".encode(), f"--{BOUNDARY}--\r\nmore".encode() + b"x" * 300, None),
    ],
)
def test_odd_parts(tmp_path: Path, old: bytes, new: bytes, words: str | None) -> None:
    """Encoded, mistyped and broken parts are refused; what lies behind the last boundary is no part."""
    body = upload_form().replace(old, new)
    if words is None:
        for piece in (1, 100, 1 << 20):
            assert read(body, tmp_path, piece=piece).digests["sha256"] == SHA256
    else:
        assert words in refused(body, tmp_path)


def test_a_part_without_a_content_type_is_taken(tmp_path: Path) -> None:
    """Flit and uv state no type for the file."""
    read(upload_form().replace(b"Content-Type: application/octet-stream\r\n", b""), tmp_path)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"CONTENT_TYPE": ""}, "multipart/form-data"),
        ({"CONTENT_TYPE": "application/x-www-form-urlencoded"}, "multipart/form-data"),
        ({"CONTENT_TYPE": "multipart/form-data"}, "no boundary"),
        ({"CONTENT_TYPE": "multipart/form-data; boundary=" + "x" * 71}, "no boundary"),
        ({"CONTENT_TYPE": FORM + "; charset=utf-16"}, "UTF-8"),
        ({"CONTENT_TYPE": "multipart/form-data; boundary=other"}, "cannot be read"),
        ({"HTTP_CONTENT_ENCODING": "gzip"}, "content encoding 'gzip'"),
        ({"CONTENT_LENGTH": "-1"}, "not a number"),
        ({"CONTENT_LENGTH": "1e3"}, "not a number"),
        ({"CONTENT_LENGTH": ""}, "states no length"),
        ({"CONTENT_LENGTH": "100000"}, "ended early"),
        ({"CONTENT_LENGTH": "200"}, "cannot be read"),
    ],
)
def test_a_request_that_is_no_form(tmp_path: Path, environ: dict[str, str], words: str) -> None:
    """What frames the form is judged as the form is."""
    assert words in refused(upload_form(), tmp_path, **environ)


def test_a_body_cut_anywhere_is_refused(tmp_path: Path) -> None:
    """No prefix of a form passes for a whole one."""
    body = upload_form(b"x" * 500)
    end = len(body) - len("\r\n")
    for cut in range(0, end, end // 50):
        refused(body[:cut], tmp_path)
        refused(body[:cut], tmp_path, CONTENT_LENGTH=str(len(body)))


PACKAGE = "tidy_1.0.tar.gz"
R_FILE: Part = ("file", (PACKAGE, DATA))


def test_the_form_for_r_has_fields_of_its_own(tmp_path: Path) -> None:
    """A file, its signature and the platform that it was built for; PyPI's fields mean nothing there."""
    signature: Part = ("signature", (f"{PACKAGE}.asc", ARMOUR.encode()))
    others: list[Part] = [(":action", "submit"), ("name", "example"), ("filetype", "egg"), ("gpg_signature", "x")]

    incoming = read(encode([("distribution", " jammy "), signature, *others, R_FILE]), tmp_path, fields=R_FORM)

    assert (incoming.filename, incoming.size, incoming.signature) == (PACKAGE, len(DATA), ARMOUR.encode())
    assert (incoming.stated.name, incoming.stated.distribution, incoming.attestations) == (None, "jammy", None)
    assert (incoming.digests, incoming.problems) == ({"sha256": SHA256}, ())


@pytest.mark.parametrize("part", [("file", DATA), ("file", ("", DATA))])
def test_an_r_package_needs_no_name(tmp_path: Path, part: Part) -> None:
    """It is named after what is found inside, and so may its signature be called anything."""
    incoming = read(encode([("signature", ("-.asc", ARMOUR.encode())), part]), tmp_path, fields=R_FORM)

    assert (incoming.filename, incoming.signature, incoming.problems) == ("", ARMOUR.encode(), ())


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([("content", (PACKAGE, DATA))], "the field 'file' is missing"),
        ([("signature", (f"{PACKAGE}.asc", b"x"))], "the field 'file' is missing"),
        ([R_FILE, R_FILE], "more than one file"),
        ([("file", ("a/b_1.0.tar.gz", DATA))], "'a/b_1.0.tar.gz' holds a path"),
        ([R_FILE, ("distribution", "jammy"), ("distribution", "noble")], "distribution is stated twice"),
        ([R_FILE, ("distribution", b"\xff")], "distribution is not UTF-8"),
        ([R_FILE, ("signature", ("other.asc", b"x"))], "the signature is named 'other.asc'"),
        ([R_FILE, ("signature", ARMOUR)], "signature must be one file"),
    ],
)
def test_a_bad_form_for_r_is_refused(tmp_path: Path, parts: list[Part], words: str) -> None:
    """By the same rules, in the words of its own fields."""
    assert words in refused(encode(parts), tmp_path, fields=R_FORM)
