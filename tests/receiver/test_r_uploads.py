"""R packages over real sockets: as the body of a PUT, as a form, and their signatures."""

from __future__ import annotations

import hashlib
import logging
import socket
import time
from typing import Any
from urllib.parse import quote

import pytest

from repogen.config import Config
from tests.receiver.house import CONFIG, NAMELESS, House
from tests.receiver.wire import FORM, Answer, ask, basic, encode, head, put, raw, receive_all

UPLOAD = "/upload/r/local-r"
PACKAGE = "tidy_1.0.tar.gz"
DATA = b"package bytes"
ARMOUR = b"-----BEGIN PGP SIGNATURE-----\n\niHUE\n-----END PGP SIGNATURE-----\n"
TOKEN = f"Authorization: {basic('good.r.token')['Authorization']}"


def post(port: int, body: bytes, path: str = UPLOAD) -> Answer:
    """Upload a form."""
    return ask(port, "POST", path, headers={"Content-Type": FORM, **basic("good.r.token")}, body=body)


def nothing_kept(house: House) -> bool:
    """Neither a file nor a signature was accepted, and the spool is empty."""
    return (house.files, house.signings, list(house.spool.iterdir())) == ({}, [], [])


@pytest.mark.parametrize(
    ("path", "filename", "distribution"),
    [
        (f"{UPLOAD}/{PACKAGE}", PACKAGE, None),
        (f"{UPLOAD}/{PACKAGE}/", PACKAGE, None),
        (f"{UPLOAD}/tidy%5F1.0.tar.gz", PACKAGE, None),
        (UPLOAD, "", None),
        (f"{UPLOAD}/", "", None),
        (f"{UPLOAD}/{PACKAGE}?distribution=jammy", PACKAGE, "jammy"),
        (f"{UPLOAD}/?distribution=big-sur-arm64", "", "big-sur-arm64"),
        (f"{UPLOAD}?distribution=", "", None),
        (f"{UPLOAD}/{PACKAGE}?other=1", PACKAGE, None),
    ],
)
def test_a_package_is_the_body(house: House, port: int, path: str, filename: str, distribution: str | None) -> None:
    """200 and the receipt; the address says its name and its platform, and both may be left out."""
    answer = put(port, path, DATA)

    kept = filename or NAMELESS
    assert (answer.status, answer.reason) == (200, f"added {kept} to local-r")
    assert answer.text == answer.reason
    one = house.files[kept]
    assert (one.filename, one.size, one.stated.distribution) == (filename, len(DATA), distribution)
    assert one.digests == {"sha256": hashlib.sha256(DATA).hexdigest(), "md5": hashlib.md5(DATA).hexdigest()}
    assert (house.senders[0].subject, house.senders[0].token) == ("rci", "t-r")
    assert list(house.spool.iterdir()) == []


@pytest.mark.parametrize("path", [UPLOAD, f"{UPLOAD}/"])
def test_a_package_comes_as_a_form(house: House, port: int, path: str) -> None:
    """Its file, its signature and the platform that it was built for."""
    signature = ("signature", (f"{PACKAGE}.asc", ARMOUR))
    answer = post(port, encode([("distribution", "jammy"), signature, ("file", (PACKAGE, DATA))]), path)

    assert (answer.status, answer.text) == (200, f"added {PACKAGE} to local-r")
    one = house.files[PACKAGE]
    assert (one.stated.distribution, one.signature, one.digests["md5"]) == (
        "jammy",
        ARMOUR,
        hashlib.md5(DATA).hexdigest(),
    )


def test_a_bearer_token_is_as_good(port: int) -> None:
    """The token may come as Basic or as Bearer."""
    assert put(port, f"{UPLOAD}/{PACKAGE}", Authorization="Bearer good.r.token").status == 200


def test_a_signature_follows_its_file(house: House, port: int) -> None:
    """Under the name of the file and ``.asc``; not before the file is there."""
    early = put(port, f"{UPLOAD}/{PACKAGE}.asc", ARMOUR)
    assert (early.status, early.text) == (404, f"there is no file '{PACKAGE}'")
    put(port, f"{UPLOAD}/{PACKAGE}", DATA)

    answer = put(port, f"{UPLOAD}/{PACKAGE}.asc?distribution=jammy", ARMOUR)

    assert (answer.status, answer.text) == (200, f"signed {PACKAGE}")
    (signing,) = house.signings
    assert (signing.source.name, signing.filename, signing.signature) == ("local-r", PACKAGE, ARMOUR)
    assert (signing.distribution, signing.by.token) == ("jammy", "t-r")


def test_a_signature_is_small(house: House, port: int) -> None:
    """More than 16 KiB are refused, also where their number is not announced."""
    put(port, f"{UPLOAD}/{PACKAGE}")
    path = f"{UPLOAD}/{PACKAGE}.asc"
    assert put(port, path, b"x" * (16 << 10)).status == 200
    assert put(port, path, b"x" * ((16 << 10) + 1)).status == 413
    chunks = b"".join(b"1000\r\n%s\r\n" % (b"x" * 4096) for _ in range(5)) + b"0\r\n\r\n"
    assert raw(port, head("PUT", path, TOKEN, "Transfer-Encoding: chunked") + chunks).startswith(b"HTTP/1.1 413 ")
    assert len(house.signings) == 1


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize(
    ("source", "token", "status", "words"),
    [
        ("local-r", None, 401, ""),
        ("local-r", "not.a.token", 401, "not good"),
        ("unknown", None, 401, ""),
        ("unknown", "good.writer.token", 404, "no source named 'unknown'; sources: local-python, local-r"),
        ("local-python", None, 401, ""),
        ("local-python", "good.r.token", 404, "packages of type python; they are sent to /upload/pypi/local-python"),
        ("local-r", "good.writer.token", 403, "this token may not upload to source 'local-r'"),
        ("local-r", "good.reader.token", 403, "local-r"),
        ("local-r", "good.r.token", 413, "allowed"),
    ],
)
def test_the_order_of_judgement(
    house: House, port: int, method: str, source: str, token: str | None, status: int, words: str
) -> None:
    """401, 404, 403, 413, each before anything of the body counts; for a file, a signature and a form."""
    headers = {"Content-Type": FORM, "Content-Length": str(1 << 40), **(basic(token) if token else {})}
    names = ["", "/"] if method == "POST" else ["", "/", f"/{PACKAGE}", f"/{PACKAGE}.asc", "/a%2Fb"]
    for name in names:
        answer = ask(port, method, f"/upload/r/{source}{name}", headers=headers)
        assert (answer.status, answer.text) == (status, answer.reason)
        assert words in answer.text
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)
        assert "Location" not in answer.headers
    assert nothing_kept(house)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../x_1.0.tar.gz", None),
        ("a/x_1.0.tar.gz", None),
        ("..%2Fx_1.0.tar.gz", "the file name '..%2Fx_1.0.tar.gz' holds a path"),
        ("..%252fx_1.0.tar.gz", "holds a path"),
        ("..%5Cx_1.0.tar.gz", "holds a path"),
        ("C:%5Cx_1.0.zip", "holds a path"),
        ("a%00_1.0.tar.gz", "'a\\x00_1.0.tar.gz' holds characters that do not print"),
        ("a%0D%0AX-Evil:%201_1.0.tar.gz", "'a\\r\\nX-Evil: 1_1.0.tar.gz' holds characters that do not print"),
        ("a%1B[2J_1.0.tar.gz", "'a\\x1b[2J_1.0.tar.gz' holds characters"),
        (quote("a\u202e_1.0.tar.gz"), "'a\\u202e_1.0.tar.gz' holds characters"),
        ("a" * 249 + "_1.0.tar.gz", "longer than 255 bytes"),
        (quote("\u2603" * 100), "longer than 255 bytes"),
    ],
)
@pytest.mark.parametrize("ending", ["", ".asc"])
def test_hostile_names(house: House, port: int, name: str, words: str | None, ending: str) -> None:
    """What is no name of a file is refused in one line before the body is read, as a file and as a signature."""
    answer = raw(port, head("PUT", f"{UPLOAD}/{name}{ending}", TOKEN, "Content-Length: 13", "Connection: close") + DATA)

    status, _, rest = answer.removeprefix(b"HTTP/1.1 ").partition(b" ")
    assert status == (b"404" if words is None else b"400")
    assert (words or "there is no such page").removesuffix(".tar.gz'").encode() in rest.partition(b"\r\n")[0]
    assert b"\r\nX-Evil" not in answer
    assert nothing_kept(house)


def test_a_name_that_only_its_ecosystem_can_judge_goes_on(house: House, port: int) -> None:
    """Letters of other alphabets and bytes that are no UTF-8 are a text like any other for the receiver."""
    put(port, f"{UPLOAD}/d%C3%A9j%C3%A0_1.0.tar.gz")
    put(port, f"{UPLOAD}/%ff_1.0.tar.gz")

    assert list(house.files) == ["d\u00e9j\u00e0_1.0.tar.gz", "\ufffd_1.0.tar.gz"]


def test_a_form_in_the_body_of_a_put_is_told(house: House, port: int) -> None:
    """``curl -X PUT -F`` would have a form kept in place of the file."""
    answer = put(port, f"{UPLOAD}/{PACKAGE}", encode([("file", (PACKAGE, DATA))]), Content_Type=FORM)

    assert (answer.status, answer.text) == (
        400,
        "PUT takes the file itself as the body; a form is sent with POST",
    )
    assert nothing_kept(house)


def test_a_file_in_the_body_of_a_post_is_told(house: House, port: int) -> None:
    """``curl --data-binary`` sends no form."""
    answer = ask(port, "POST", UPLOAD, headers={"Content-Type": "application/gzip", **basic("good.r.token")}, body=DATA)

    assert answer.status == 400
    assert "multipart/form-data" in answer.text
    assert nothing_kept(house)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [(UPLOAD, "POST, PUT"), (f"{UPLOAD}/", "POST, PUT"), (f"{UPLOAD}/{PACKAGE}", "PUT"), (f"{UPLOAD}/x.asc", "PUT")],
)
def test_other_methods_do_nothing(house: House, port: int, path: str, allowed: str) -> None:
    """405 with those that are allowed; nothing can be read, removed or listed at this address."""
    for method in ("GET", "HEAD", "DELETE", "PATCH", "OPTIONS", *({"POST"} - set(allowed.split(", ")))):
        answer = ask(port, method, path, headers=basic("good.r.token"))
        assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    assert nothing_kept(house)


@pytest.mark.parametrize("path", ["/upload/r", "/upload/r/", "/upload/r//local-r", f"{UPLOAD}//", f"{UPLOAD}/a/b"])
def test_unknown_addresses(port: int, path: str) -> None:
    """404, never a redirect."""
    answer = put(port, path)
    assert (answer.status, answer.text) == (404, "there is no such page")


def test_the_limit_holds_for_a_body(house: House, port: int) -> None:
    """As many bytes as are allowed are taken; one more is too large, announced or not."""
    house.config = Config(sources=CONFIG.sources, repositories=CONFIG.repositories, upload_limit=100_000)
    path = f"{UPLOAD}/{PACKAGE}"
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (100_001, b"x" * 100_001)

    announced = put(port, path, b"x" * 100_001)
    chunked = raw(port, head("PUT", path, TOKEN, "Transfer-Encoding: chunked") + body)

    assert (announced.status, announced.text) == (413, "the upload has 100001 bytes, 100000 are allowed")
    assert chunked.startswith(b"HTTP/1.1 413 the upload is larger than the 100000 bytes that are allowed\r\n")
    assert nothing_kept(house)
    assert put(port, path, b"x" * 100_000).status == 200


@pytest.mark.parametrize(
    ("lines", "body", "words"),
    [
        (["Content-Length: 100"], DATA, b"the upload ended early: 13 of 100 bytes came"),
        (["Transfer-Encoding: chunked"], b"d\r\npackage by", b"the upload ended early after 0 bytes"),
        ([], DATA, b"the request states no length of its body"),
        (["Content-Length: 13", "Content-Encoding: gzip"], DATA, b"the content encoding 'gzip' is not taken"),
    ],
)
@pytest.mark.parametrize("ending", ["", ".asc"])
def test_a_body_that_is_not_whole_is_refused(
    house: House, port: int, lines: list[str], body: bytes, words: bytes, ending: str
) -> None:
    """Cut short, without an end or compressed: 400, nothing is kept, and the next upload is not affected."""
    answer = raw(port, head("PUT", f"{UPLOAD}/{PACKAGE}{ending}", TOKEN, *lines) + body, half_close=True)

    assert answer.startswith(b"HTTP/1.1 400 " + words)
    assert nothing_kept(house)
    assert put(port, f"{UPLOAD}/{PACKAGE}").status == 200


def test_a_chunked_body_is_taken(house: House, port: int) -> None:
    """As ``curl -T -`` sends what comes out of a pipe."""
    start = head("PUT", UPLOAD, TOKEN, "Transfer-Encoding: chunked", "Connection: close")

    answer = raw(port, start + b"8\r\npackage \r\n5\r\nbytes\r\n0\r\n\r\n")

    assert answer.startswith(f"HTTP/1.1 200 added {NAMELESS} to local-r\r\n".encode())
    assert house.files[NAMELESS].digests["sha256"] == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize(
    ("token", "name", "length", "status"),
    [
        ("not.a.token", PACKAGE, 2 << 20, 401),
        ("good.writer.token", PACKAGE, 2 << 20, 403),
        ("good.r.token", PACKAGE, 1 << 40, 413),
        ("good.r.token", "a%2Fb", 2 << 20, 400),
        ("good.r.token", f"{PACKAGE}.asc", 2 << 20, 413),
    ],
)
def test_who_waits_to_be_asked_is_refused_before(port: int, token: str, name: str, length: int, status: int) -> None:
    """With ``Expect: 100-continue``, as curl sends it, a refusal comes in place of the 100, and no byte is sent."""
    lines = [f"Authorization: {basic(token)['Authorization']}", f"Content-Length: {length}", "Expect: 100-continue"]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head("PUT", f"{UPLOAD}/{name}", *lines))
        answer = connection.recv(65536)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


def test_who_waits_to_be_asked_is_asked(house: House, port: int) -> None:
    """One 100, then the answer to what came after it."""
    lines = [TOKEN, f"Content-Length: {len(DATA)}", "Expect: 100-continue", "Connection: close"]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head("PUT", f"{UPLOAD}/{PACKAGE}", *lines))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(DATA)
        assert receive_all(connection).startswith(b"HTTP/1.1 200 added ")
    assert list(house.files) == [PACKAGE]


def test_the_same_name_with_other_bytes(port: int) -> None:
    """In the words of every other upload."""
    assert put(port, f"{UPLOAD}/{PACKAGE}", b"one").status == 200
    answer = put(port, f"{UPLOAD}/{PACKAGE}", b"two")
    assert (answer.status, answer.text) == (400, answer.reason)
    assert answer.text.startswith("File already exists (")


def test_the_log_says_who_it_was(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """The path without what follows the question mark, and the token's subject and id."""
    with caplog.at_level(logging.INFO, logger="repogen.access"):
        put(port, f"{UPLOAD}/{PACKAGE}?distribution=jammy")
        started = time.monotonic()
        # The line of a request that another test has made may come late.
        while not (lines := [one.getMessage() for one in caplog.records if " 200 " in one.getMessage()]):
            assert time.monotonic() - started < 5
            time.sleep(0.01)
    line: Any = lines[0]
    assert line.startswith(f'127.0.0.1 "PUT {UPLOAD}/{PACKAGE}" 200 ')
    assert line.endswith(" rci t-r")


def test_files_of_a_package(port: int) -> None:
    """Who is to upload can ask what is there, as with Python."""
    listing = f"{UPLOAD}/+simple/tidy/"
    answer = ask(port, "GET", listing, headers=basic("good.r.token"))

    assert (answer.status, answer.text) == (404, "source 'local-r' has no project 'tidy'")
    assert ask(port, "GET", listing).status == 401
    assert ask(port, "GET", listing, headers=basic()).status == 403
    assert ask(port, "GET", "/upload/r/local-python/+simple/tidy/", headers=basic()).status == 404


@pytest.mark.parametrize("stated", [hashlib.sha256(DATA).hexdigest(), "0" * 64, "none"])
def test_a_form_states_the_hash(house: House, port: int, stated: str) -> None:
    """A file that was changed on its way is refused."""
    answer = post(port, encode([("sha256_digest", stated), ("file", (PACKAGE, DATA))]))

    good = stated == hashlib.sha256(DATA).hexdigest()
    assert answer.status == (200 if good else 400)
    assert (PACKAGE in house.files) is good
