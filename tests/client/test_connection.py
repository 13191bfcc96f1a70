"""Requests to servers that answer well, badly, or not at all."""

from __future__ import annotations

import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from repogen.client.connection import Sending, Stopped
from repogen.errors import (
    Busy,
    ConfigError,
    DiskFull,
    FileExists,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    RepogenError,
    StoreError,
    TooLarge,
    Unreachable,
    UsageError,
)
from tests.client.conftest import TOKEN, Connect
from tests.client.servers import Asked, Reply, as_json, raw, read_head, stub
from tests.conformance.tls import authority

EXISTS = f"File already exists ('a.whl', with sha256 {'0' * 64}); raise the version"
LOGIN = "<!DOCTYPE html><html><head><title>Sign in &amp; go on</title></head></html>"


def test_the_token_and_the_question(connect: Connect) -> None:
    """The token goes as Bearer, JSON goes there and comes back."""
    with stub(lambda _: as_json({"done": True})) as server:
        answer = connect(server.address).call("POST", "/__api__/v1/x", query={"a": "b c"}, body={"name": "x"})

    (asked,) = server.asked
    assert answer == {"done": True}
    assert (asked.method, asked.path, asked.body) == ("POST", "/__api__/v1/x?a=b+c", b'{"name":"x"}')
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"


def test_an_empty_answer(connect: Connect) -> None:
    """204 has no value."""
    with stub(lambda _: Reply("", 204)) as server:
        assert connect(server.address).call("DELETE", "/x") is None


@pytest.mark.parametrize("status", [404, 405])
def test_what_is_absent(connect: Connect, status: int) -> None:
    """A question that an older receiver does not know can have an answer of the client's own."""
    with stub(lambda _: Reply("not here", status)) as server:
        assert connect(server.address).call("GET", "/x", absent=()) == ()


@pytest.mark.parametrize(
    ("reply", "family", "said"),
    [
        (Reply("no such thing", 400), UsageError, "no such thing"),
        (Reply("the token has expired", 401), NotAuthenticated, "the token has expired; put a good token into REPOGEN"),
        (Reply("this token may not", 403), NotPermitted, "this token may not"),
        (Reply("no source named 'x'", 404), NotFound, "no source named 'x'"),
        (Reply("the upload has 9 bytes", 413), TooLarge, "the upload has 9 bytes"),
        (Reply("internal error 1234", 500), RepogenError, "internal error 1234"),
        (Reply("no room left", 507), DiskFull, "no room left"),
        (Reply("a teapot", 418), Unreachable, "a teapot"),
        (Reply("", 405), Unreachable, "the receiver answered 405"),
        (Reply("two\nlines\x1b[2J", 400), UsageError, "two?lines?[2J"),
        (Reply(f"what is {TOKEN}?", 400), UsageError, "what is (the token)?"),
        (as_json({"code": "config", "message": "repogen.toml: format: is missing"}, 500), ConfigError, "format"),
        (as_json({"code": "not-found", "message": "no token"}, 404), NotFound, "no token"),
        (as_json({"error": "store", "message": "broken", "hint": "git fsck"}, 500), StoreError, "broken; git fsck"),
        (as_json({"error": "usage", "message": "no field 'x'", "hint": ""}, 400), UsageError, "no field 'x'"),
        (as_json({"error": "file-exists", "message": EXISTS}, 400), FileExists, EXISTS),
        (as_json({"title": "Bad", "detail": "worse"}, 400), UsageError, "worse; Bad"),
        (as_json({"message": "failed", "errors": [{"description": "why"}, 5]}, 403), NotPermitted, "failed; why"),
        (as_json([1, 2], 400), UsageError, "the receiver answered 400"),
    ],
)
def test_refusals(connect: Connect, reply: Reply, family: type[RepogenError], said: str) -> None:
    """What the receiver says is what people read, as the error of its family; never with the token."""
    with stub(lambda _: reply) as server, pytest.raises(family) as caught:
        connect(server.address).call("GET", "/x")

    assert type(caught.value) is family
    assert said in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("reply", "family", "said"),
    [
        (Reply(LOGIN, 200, "text/html"), Unreachable, "is not repogen (200 OK, a page titled 'Sign in & go on')"),
        (Reply(LOGIN, 403, "text/html"), NotPermitted, "a proxy before http"),
        (Reply(LOGIN, 401, "text/html"), NotAuthenticated, "a proxy before http"),
        (Reply(LOGIN, 404, "text/html"), NotFound, "there is no repogen at http"),
        (Reply(LOGIN, 413, "text/html"), TooLarge, "raise its limit, which nginx calls client_max_body_size"),
        (Reply(LOGIN, 500, "text/html"), Unreachable, "is not repogen (500 Internal Server Error, a page titled"),
        (Reply(f"<title>{TOKEN}</title>", 200, "text/html"), Unreachable, "a page titled '(the token)'"),
        (Reply("x" * 100, 200, "application/octet-stream"), Unreachable, "is not repogen (200 OK)"),
        (Reply("ok", 200), Unreachable, "is not repogen (200 OK)"),
        (Reply('{"half": ', 200, "application/json"), Unreachable, "is no JSON; something on the way broke it off"),
        (Reply("[" * 100_000, 200, "application/json"), Unreachable, "is no JSON"),
        (Reply("", 599, "text/html"), Unreachable, "is not repogen (599)"),
    ],
)
def test_somebody_else_answers(connect: Connect, reply: Reply, family: type[RepogenError], said: str) -> None:
    """A page for people, of a proxy or another web server, is never taken for an answer."""
    with stub(lambda _: reply) as server, pytest.raises(family) as caught:
        connect(server.address).call("GET", "/x")

    assert said in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects(connect: Connect, status: int) -> None:
    """They are not followed: the token would go where nobody meant it to go."""
    with stub() as elsewhere:
        reply = Reply("moved", status, headers={"Location": f"{elsewhere.address}/{TOKEN}"})
        with stub(lambda _: reply) as server, pytest.raises(Unreachable) as caught:
            connect(server.address).call("GET", "/x")

    assert elsewhere.asked == []
    assert f"redirects to {elsewhere.address}/(the token), where the token is not sent" in str(caught.value)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_another_try(connect: Connect, notices: list[str], status: int) -> None:
    """A server that is busy for now is asked again, and people are told why it takes longer."""
    replies = [Reply("busy", status), Reply(LOGIN, status, "text/html"), as_json(1)]
    with stub(lambda _: replies.pop(0)) as server:
        assert connect(server.address).call("GET", "/x") == 1

    assert notices == [f"the receiver answered {status}; trying again in 0.0 s"] * 2


def test_no_try_without_an_end(connect: Connect) -> None:
    """At last the answer stands."""
    with stub(lambda _: Reply("the store is held", 503)) as server, pytest.raises(Busy, match="the store is held"):
        connect(server.address).call("GET", "/x")

    assert len(server.asked) == 3


def test_the_server_says_when(connect: Connect, notices: list[str]) -> None:
    """``Retry-After`` is heeded, and a wait can be ended from outside."""
    with stub(lambda _: Reply("busy", 503, headers={"Retry-After": "30"})) as server:
        connection = connect(server.address)
        connection.stopping.set()
        with pytest.raises(Stopped):
            connection.send(Sending(method="GET", path="/x", what="a.whl"))

    assert notices == ["a.whl: the receiver answered 503; trying again in 30.0 s"]


def closes(_: socket.socket) -> None:
    """Nothing at all."""


def reads_and_closes(connection: socket.socket) -> None:
    """No answer."""
    read_head(connection)


def breaks_off(connection: socket.socket) -> None:
    """Half an answer."""
    read_head(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")


def is_no_http(connection: socket.socket) -> None:
    """Another protocol."""
    connection.sendall(b"220 mail.example.com ESMTP\r\n")
    read_head(connection)


def answers_with_a_flood_of_headers(connection: socket.socket) -> None:
    """A head without an end."""
    read_head(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(1000):
        connection.sendall(b"X-Flood: " + b"x" * 10_000 + b"\r\n")


@pytest.mark.parametrize(
    "handle",
    [closes, reads_and_closes, breaks_off, is_no_http, answers_with_a_flood_of_headers],
    ids=lambda h: h.__name__,
)
def test_servers_that_do_not_answer(connect: Connect, notices: list[str], handle: object) -> None:
    """After a few tries one line says so."""
    with raw(handle) as address, pytest.raises(Unreachable) as caught:  # type: ignore[arg-type]
        connect(address).call("GET", "/x")

    assert re.match(
        rf"cannot talk to {address}: (the connection broke off|connection reset by peer)", str(caught.value)
    )
    assert len(notices) == 2
    assert str(caught.value).isprintable()


def test_a_server_that_stalls(connect: Connect) -> None:
    """It is not waited for without an end."""

    def stall(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        connection.recv(1)

    with raw(stall) as address, pytest.raises(Unreachable, match="no answer came in time"):
        connect(address, read=0.2).call("GET", "/x")


def test_an_answer_without_an_end(connect: Connect) -> None:
    """What nobody reads to its end is cut, and is no JSON then."""

    def flood(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"')
        while True:
            connection.sendall(b"x" * (1 << 20))

    with raw(flood) as address, pytest.raises(Unreachable, match="is no JSON"):
        connect(address).call("GET", "/x")


def test_an_answer_before_the_end_of_the_body(connect: Connect) -> None:
    """A server that refuses a large body at once, and reads no more of it, is heard."""

    def refuse(connection: socket.socket) -> None:
        read_head(connection)
        text = b"the upload has 9 bytes"
        head = b"HTTP/1.1 413 x\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(
            text
        )
        connection.sendall(head + text)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 20):
            pass

    sending = Sending(method="PUT", path="/x", content=lambda: {"content": bytes(30 << 20)})
    with raw(refuse) as address:
        assert isinstance(connect(address).send(sending).refusal(), TooLarge)


def test_nobody_listens(connect: Connect) -> None:
    """Neither at the port, nor under the name."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable, match="connection refused; correct REPOGEN_ADDRESS"):
        connect(f"http://127.0.0.1:{port}").call("GET", "/x")
    with pytest.raises(Unreachable, match="no machine has this name; correct REPOGEN_ADDRESS"):
        connect("http://nobody.invalid").call("GET", "/x")


def test_tls(connect: Connect, tmp_path: Path) -> None:
    """An authority of one's own is named by the environment, under each of the usual names; else it is not trusted."""
    own = authority(tmp_path)
    with stub(lambda _: as_json(1), tls=own.context) as server:
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            assert connect(server.address, environ={name: str(own.file)}).call("GET", "/x") == 1
        with pytest.raises(Unreachable) as caught:
            connect(server.address).call("GET", "/x")

    assert "certificate is not good: unable to get local issuer certificate" in str(caught.value)
    assert "name the file with your authority's certificate in SSL_CERT_FILE" in str(caught.value)


def test_the_wrong_scheme(connect: Connect, tmp_path: Path) -> None:
    """TLS is spoken where there is none, and the other way round."""
    with stub(tls=authority(tmp_path).context) as server, pytest.raises(Unreachable):
        connect(server.address.replace("https", "http")).call("GET", "/x")
    with stub() as server, pytest.raises(Unreachable, match=r"no TLS came about: .*; does the address begin with http"):
        connect(server.address.replace("http", "https")).call("GET", "/x")


def test_certificates_that_are_none(connect: Connect, tmp_path: Path) -> None:
    """A file that is not there, or holds something else."""
    empty = tmp_path / "empty"
    empty.touch()
    for file in (empty, tmp_path / "none"):
        with pytest.raises(UsageError, match=r"SSL_CERT_FILE names '.*', which holds no certificates"):
            connect("https://x", environ={"SSL_CERT_FILE": str(file)})


def test_a_proxy(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's is used; one that cannot be used is not quoted, as it may hold a password."""
    with stub(lambda _: as_json(1)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.address)
        assert connect("http://packages.example.com").call("GET", "/x") == 1
        assert [one.path for one in proxy.asked] == ["http://packages.example.com/x"]
    monkeypatch.setenv("HTTP_PROXY", "gopher://al:secret@example.com")
    with pytest.raises(UsageError, match="the proxy that the environment names cannot be used") as caught:
        connect("http://packages.example.com")
    assert "secret" not in str(caught.value)


def test_a_connection_that_was_kept(connect: Connect) -> None:
    """One that the server has closed meanwhile costs a try, and no error."""

    def once(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n1")

    with raw(once) as address:
        connection = connect(address)
        for _ in range(3):
            assert connection.call("GET", "/x") == 1
            time.sleep(0.02)


def answer_late(asked: Asked) -> Reply:
    """After the client may have thought that nothing comes."""
    time.sleep(0.1)
    return as_json(asked.path)


def test_threads(connect: Connect) -> None:
    """One connection serves several threads at once."""
    with stub(answer_late) as server, ThreadPoolExecutor(8) as pool:
        connection = connect(server.address)
        found = pool.map(lambda number: connection.call("GET", f"/{number}"), range(16))

        assert list(found) == [f"/{number}" for number in range(16)]
