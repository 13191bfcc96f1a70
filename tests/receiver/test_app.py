"""Who may do what, and what is answered, over real sockets."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest

from repogen.accept import Incoming
from repogen.errors import Busy, DiskFull, InvalidUpload, Problem, StoreError
from repogen.receiver.app import Receiver
from tests.receiver.house import House
from tests.receiver.wire import FORM, WHEEL, ask, basic, encode, head, post_head, raw, send_form, upload_form

UPLOAD = "/upload/pypi/local-python"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiJ4In0.c2VjcmV0LXNpZ25hdHVyZQ"


@pytest.mark.parametrize("path", [UPLOAD, UPLOAD + "/"])
def test_an_upload_arrives(house: House, port: int, path: str) -> None:
    """With and without the slash: 200, the receipt as reason and body, and the spool is empty again."""
    answer = send_form(port, upload_form(b"wheel bytes"), path=path)
    assert (answer.status, answer.reason) == (200, f"added {WHEEL} to local-python")
    assert answer.text == answer.reason
    assert house.files[WHEEL].digests["sha256"] == hashlib.sha256(b"wheel bytes").hexdigest()
    assert (house.senders[0].subject, house.senders[0].token) == ("ci", "t-writer")
    assert list(house.spool.iterdir()) == []


def test_a_bearer_token_is_as_good(port: int) -> None:
    """The token may come as Basic or as Bearer."""
    assert send_form(port, upload_form(), Authorization="Bearer good.writer.token").status == 200


@pytest.mark.parametrize(
    ("path", "token", "status", "words"),
    [
        (UPLOAD, None, 401, ""),
        (UPLOAD, "not.a.token", 401, "not good"),
        ("/upload/pypi/unknown", None, 401, ""),
        ("/upload/pypi/unknown", "good.reader.token", 404, "no source named 'unknown'"),
        ("/upload/pypi/local-r", "good.r.token", 404, "packages of type r; they are sent to /upload/r/local-r"),
        ("/upload/pypi/other-python", "good.writer.token", 403, "other-python"),
        (UPLOAD, "good.reader.token", 403, "local-python"),
        (UPLOAD, "good.writer.token", 413, "allowed"),
        ("/upload/pypi", "good.writer.token", 404, ""),
        ("/upload/pypi/", "good.writer.token", 404, ""),
        ("/upload/pypi//local-python", "good.writer.token", 404, ""),
        ("/upload/pypi/local-python//", "good.writer.token", 404, ""),
        ("/upload/pypi/..%2Flocal-python", "good.writer.token", 404, "no source named '..%2Flocal-python'"),
        ("/upload/pypi/a%0D%0AX-Evil:%201", "good.writer.token", 404, "no source named 'a\\r\\nX-Evil: 1'"),
        ("/upload/pypi/%E2%98%83", "good.writer.token", 404, "\\u2603"),
    ],
)
def test_the_order_of_judgement(house: House, port: int, path: str, token: str | None, status: int, words: str) -> None:
    """401, 404, 403, 413, each before anything of the body counts."""
    headers = {"Content-Type": "text/nonsense", "Content-Length": str(1 << 40), **(basic(token) if token else {})}
    answer = ask(port, "POST", path, headers=headers)
    assert (answer.status, answer.text) == (status, answer.reason)
    assert words in answer.text
    assert "X-Evil" not in answer.headers
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert (house.files, list(house.spool.iterdir())) == ({}, [])


def test_a_form_is_judged_last(port: int) -> None:
    """What is wrong with the form comes after all else, as 400."""
    assert ask(port, "POST", UPLOAD, headers={"Content-Type": "text/plain", **basic()}, body=b"x").status == 400


def test_the_same_name_with_other_bytes(port: int) -> None:
    """The words that upload tools look for stand in the reason and in the body."""
    assert send_form(port, upload_form(b"one")).status == 200
    answer = send_form(port, upload_form(b"two"))
    assert (answer.status, answer.text) == (400, answer.reason)
    assert answer.text.startswith("File already exists (")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidUpload([Problem("a", "one"), Problem("b", "two \u2603\r\nX-Evil: 1")]), 400),
        (Busy("somebody else is writing"), 503),
        (StoreError("cannot be written"), 503),
        (DiskFull("no room"), 507),
        (OSError(errno.ENOSPC, "No space left on device"), 507),
        (OSError(errno.EIO, "Input/output error"), 503),
        (RuntimeError("a bug"), 500),
    ],
)
def test_a_failure_is_answered_and_leaves_nothing(house: House, port: int, error: Exception, status: int) -> None:
    """Whatever accepting raises becomes a status and one line; the next upload is not affected."""

    def fail(incoming: Incoming) -> None:
        assert incoming.spooled.exists()
        raise error

    house.accepting = fail
    answer = send_form(port, upload_form())
    assert (answer.status, answer.text) == (status, answer.reason)
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert "X-Evil" not in answer.headers
    assert list(house.spool.iterdir()) == []
    house.accepting = None
    assert send_form(port, upload_form()).status == 200


def test_a_spool_that_is_gone_is_said_as_such(house: House, port: int) -> None:
    """A spool that cannot be written answers 503 and names no path."""
    house.spool.rmdir()
    answer = send_form(port, upload_form())
    assert answer.status == 503
    assert str(house.root) not in answer.text


def test_a_store_that_cannot_be_read_refuses_tokens(house: House, start: Any) -> None:
    """Where tokens cannot be looked up nobody gets in, and nobody is told that their token is bad."""

    class Closed(House):
        def authenticate(self, token: str) -> Any:  # noqa: ARG002
            raise StoreError("tokens cannot be read")

    with start(Receiver(Closed(root=house.root).wiring())) as server:
        assert send_form(server.port, upload_form()).status == 503


@pytest.mark.parametrize("action", ["submit", "doc_upload", "remove_pkg", "anything"])
def test_other_actions_do_nothing(house: House, port: int, action: str) -> None:
    """The form's older verbs are refused; nothing is ever removed by one."""
    send_form(port, upload_form())
    answer = send_form(port, encode([(":action", action), ("name", "example"), ("version", "1.0")]))
    assert answer.status == 400
    assert list(house.files) == [WHEEL]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "GET", "HEAD"])
def test_other_methods_do_nothing(house: House, port: int, method: str) -> None:
    """405 with the methods that are allowed; an override header changes nothing."""
    answer = ask(port, method, UPLOAD, headers={**basic(), "X-HTTP-Method-Override": "POST"})
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert house.files == {}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "OPTIONS"])
def test_the_site_is_read_only(house: House, port: int, method: str) -> None:
    """Nothing but GET and HEAD is answered for a page."""
    (house.site / "index.html").write_text("page")
    answer = ask(port, method, "/index.html", headers=basic())
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert (house.site / "index.html").read_text() == "page"


def test_hatch_finds_what_is_there(port: int) -> None:
    """A list of the source's files of one project, for a token that may write there; 404 where there is none."""
    send_form(port, upload_form())
    listing = f"{UPLOAD}/%2Bsimple/Example/"
    answer = ask(port, "GET", listing, headers=basic())
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f'{hashlib.sha256(b"wheel bytes").hexdigest()}" data-gpg-sig="false">{WHEEL}</a>' in answer.text
    assert ask(port, "GET", f"{UPLOAD}/+simple/none/", headers=basic()).status == 404
    assert ask(port, "GET", listing).status == 401
    assert ask(port, "GET", listing, headers=basic("good.reader.token")).status == 403
    assert ask(port, "GET", "/upload/pypi/unknown/+simple/x/", headers=basic()).status == 404


@pytest.mark.parametrize(
    ("token", "query", "status"),
    [
        (None, "", 401),
        ("bad.token.text", "", 401),
        ("good.reader.token", "", 200),
        ("good.reader.token", "?repo=python", 200),
        ("good.reader.token", "?repo=mixed", 403),
        ("good.reader.token", "?repo=unknown", 403),
        ("good.writer.token", "?repo=python", 403),
    ],
)
def test_verify_auth(port: int, token: str | None, query: str, status: int) -> None:
    """Is this token good, and for that repository: with the statuses that an auth request understands."""
    answer = ask(port, "GET", f"/__api__/verify-auth{query}", headers=basic(token) if token else {})
    assert answer.status == status
    assert answer.headers["Cache-Control"] == "no-store"
    if status == 200:
        assert json.loads(answer.body) == {"subject": "dev", "id": "t-reader"}


def test_status_says_how_it_is(port: int) -> None:
    """Open to everybody, as JSON, without what other products put there."""
    answer = ask(port, "GET", "/__api__/status")
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.body) == {"state": "ok", "head": "1" * 40}


@pytest.mark.parametrize("path", ["/__api__/other", "/__api__/", "/upload/x", "/_/state", "/_", "/?__debugger__=yes"])
def test_unknown_addresses(port: int, path: str) -> None:
    """404, in one line of text."""
    answer = ask(port, "GET", path)
    assert (answer.status, answer.text) == (404, answer.reason)


def test_without_a_site_only_the_receiver_answers(house: House, start: Any) -> None:
    """``--no-site``: pages are somebody else's business."""
    (house.site / "index.html").write_text("page")
    with start(Receiver(house.wiring(with_site=False))) as server:
        assert ask(server.port, "GET", "/").status == 404
        assert ask(server.port, "GET", "/__api__/status").status == 200


def test_the_access_log_has_no_secret(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """One line a request with who it was, however hostile the path; never a token or a query."""
    with caplog.at_level(logging.INFO, logger="repogen.access"):
        hostile = "/a%0Ab%22c%E2%98%83%1B?token=good.writer.token"
        requests: list[Callable[[], Any]] = [
            lambda: send_form(port, upload_form()),
            lambda: ask(port, "GET", hostile, headers=basic("wrong.secret.token")),
            lambda: ask(port, "GET", "/" + "x" * 5000),
            lambda: ask(port, "DELETE", f"/__api__/v1/tokens/{JWT}", headers=basic()),
        ]
        for number, send in enumerate(requests, start=1):
            send()
            # The line is written when the answer is out, which the client may know a moment earlier.
            started = time.monotonic()
            while len(caplog.records) < number and time.monotonic() - started < 5:
                time.sleep(0.01)
    lines = [record.getMessage() for record in caplog.records if record.name == "repogen.access"]
    assert len(lines) == 4
    assert lines[0].startswith(f'127.0.0.1 "POST {UPLOAD}" 200 ')
    assert lines[0].endswith(" ci t-writer")
    assert lines[1].startswith('127.0.0.1 "GET /a%0Ab%22c%E2%98%83%1B" 404 ')
    assert lines[1].endswith(" - -")
    assert len(lines[2]) < 400
    assert '"DELETE /__api__/v1/tokens/(a%20token)" 403 ' in lines[3]
    assert JWT[:20] not in caplog.text
    for secret in ("token=", "good.writer", "wrong.secret", base64.b64encode(b"__token__").decode()):
        assert secret not in caplog.text


FRAMED = upload_form()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (post_head(len(FRAMED) - 30) + FRAMED, 400),
        (post_head(len(FRAMED) + 1000) + FRAMED, 400),
        (post_head(-1) + FRAMED, 400),
        (head("POST", UPLOAD, "Content-Length: 1e3") + FRAMED, 400),
        (head("POST", UPLOAD, "Content-Length: +10") + FRAMED, 400),
        (post_head(len(FRAMED), f"Content-Length: {len(FRAMED)}") + FRAMED, 400),
        (post_head(len(FRAMED), "Transfer-Encoding: chunked") + FRAMED, 400),
        (post_head(len(FRAMED), f"Authorization: {basic()['Authorization']}") + FRAMED, 400),
        (post_head(len(FRAMED), "Content-Encoding: gzip") + FRAMED, 400),
        (post_head(len(FRAMED), "X-Folded: one", " two") + FRAMED, 400),
        (post_head(len(FRAMED), "X-Header : one") + FRAMED, 400),
        (head("POST", UPLOAD, f"Content-Type: {FORM}", f"Authorization: {basic()['Authorization']}") + FRAMED, 400),
        (post_head(0) + FRAMED, 400),
        (post_head(len(FRAMED) - len("\r\n")) + FRAMED, 200),
    ],
)
def test_framing_that_lies_is_refused(house: House, port: int, data: bytes, status: int) -> None:
    """A body is what its one valid length says, or the request is refused and the next is not affected."""
    answer = raw(port, data, half_close=True)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert list(house.spool.iterdir()) == []
    assert len(house.files) == (status == 200)
    assert send_form(port, upload_form()).status == 200


def test_a_chunked_body_is_taken(house: House, port: int) -> None:
    """In chunks of any size, with extensions and trailers; cut short it is refused."""
    pieces = [FRAMED[:1], FRAMED[1:100], FRAMED[100:]]
    body = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    start = head(
        "POST",
        UPLOAD,
        f"Content-Type: {FORM}",
        f"Authorization: {basic()['Authorization']}",
        "Transfer-Encoding: chunked",
    )
    good = body + b"0\r\nX-Trailer: 1\r\n\r\n"
    for broken in (body[:-10], body + b"zz\r\n", body, b"ffffffffffffffffff\r\n", body[:-2] + b"xx0\r\n\r\n"):
        assert raw(port, start + broken, half_close=True).startswith(b"HTTP/1.1 400 ")
        assert (house.files, list(house.spool.iterdir())) == ({}, [])
    both = raw(port, start + good + head("GET", "/__api__/status", "Connection: close"))
    assert both.startswith(b"HTTP/1.1 200 added ")
    assert both.count(b"HTTP/1.1 200 ") == 2
    assert list(house.files) == [WHEEL]


def test_a_cut_upload_leaves_nothing(house: House, port: int) -> None:
    """Wherever a client goes away, nothing is accepted or left, and the server goes on."""
    whole = post_head(len(FRAMED)) + FRAMED
    for cut in range(1, len(whole) - 1, len(whole) // 50):
        raw(port, whole[:cut], half_close=True)
    assert (house.files, list(house.spool.iterdir())) == ({}, [])
    assert send_form(port, upload_form()).status == 200


def test_a_bad_token_is_refused_whatever_it_looks_like(port: int) -> None:
    """Headers of every shape answer 401 or 400, never 500."""
    for value in ("", "Basic", "Basic !!!", "Basic " + "A" * 20000, "Bearer", "Digest x", "Basic \xe9\xe9"):
        answer = send_form(port, upload_form(), Authorization=value)
        assert answer.status == 401, value


@pytest.mark.parametrize(
    ("path", "location"),
    [
        (f"{UPLOAD}/Example.Package", "/python/packages/example-package/"),
        (f"{UPLOAD}/example/1.0/", "/python/packages/example/1.0/"),
        (f"{UPLOAD}/%0d%0aX-Evil:%201", None),
        (f"{UPLOAD}/..%2f..%2fx", None),
        ("/upload/pypi/nowhere/example", None),
    ],
)
def test_below_the_upload_address_is_the_way_to_the_page(port: int, path: str, location: str | None) -> None:
    """Hatch and Flit print the upload's address and the name as where to look; nobody is sent elsewhere."""
    answer = ask(port, "GET", path)

    if location:
        assert (answer.status, answer.headers["Location"]) == (302, location)
    else:
        assert answer.status in (302, 404)
        assert answer.headers.get("Location", "/python/packages/").startswith("/python/packages/")
        assert "X-Evil" not in answer.headers
