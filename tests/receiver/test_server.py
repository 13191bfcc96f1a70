"""The server by itself: what holds without a proxy in front, over real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from repogen.errors import UsageError
from repogen.receiver.app import Receiver
from repogen.receiver.server import serve
from tests.receiver.house import House
from tests.receiver.wire import WHEEL, ask, basic, encode, head, post_head, raw, receive_all, send_form, upload_form

BODY = upload_form()


def connect(port: int) -> socket.socket:
    """A connection to the server."""
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def test_the_application_starts_before_the_body_is_in(start: Any) -> None:
    """A body is read while it is sent."""
    pieces: list[bytes] = []
    first = threading.Event()

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        pieces.append(environ["wsgi.input"].read(5))
        first.set()
        pieces.append(environ["wsgi.input"].read(100))
        start_response("200 Read As It Came", [("Content-Length", "0")])
        return []

    with start(app, threads=2) as server, connect(server.port) as connection:
        connection.sendall(head("POST", "/", "Content-Length: 10", "Connection: close") + b"first")
        assert first.wait(5)
        connection.sendall(b"after")
        assert receive_all(connection).startswith(b"HTTP/1.1 200 Read As It Came\r\n")
    assert pieces == [b"first", b"after"]


@pytest.mark.parametrize("keeps_sending", [True, False])
@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), (basic("good.reader.token"), 403), ({**basic(), "Content-Length": str(1 << 40)}, 413)],
)
def test_an_early_answer_arrives(
    house: House, port: int, headers: dict[str, str], status: int, *, keeps_sending: bool
) -> None:
    """Who is refused before the body reads why, whether it goes on sending 30 MB first or stops at once."""
    lines = [f"{name}: {value}" for name, value in {"Content-Length": str(30 << 20), **headers}.items()]
    with connect(port) as connection:
        connection.sendall(head("POST", "/upload/pypi/local-python", *lines))
        if keeps_sending:
            for _ in range(30):
                connection.sendall(b"x" * (1 << 20))
        assert receive_all(connection).startswith(f"HTTP/1.1 {status} ".encode())
    assert list(house.spool.iterdir()) == []


def test_an_answer_is_not_held_back_by_the_body(port: int) -> None:
    """A 401 comes at once, not after what was announced."""
    started = time.monotonic()
    with connect(port) as connection:
        connection.sendall(head("POST", "/upload/pypi/local-python", "Content-Length: 1000000"))
        assert connection.recv(100).startswith(b"HTTP/1.1 401 ")
    assert time.monotonic() - started < 1


def test_a_body_is_asked_for_when_it_is_wanted(port: int) -> None:
    """``100 Continue`` comes after the token was judged good, and not at all for a bad one."""
    with connect(port) as connection:
        connection.sendall(post_head(len(BODY), "Expect: 100-continue", "Connection: close"))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        assert receive_all(connection).startswith(b"HTTP/1.1 200 added ")
    refused = raw(port, head("POST", "/upload/pypi/local-python", "Content-Length: 10", "Expect: 100-continue"))
    assert refused.startswith(b"HTTP/1.1 401 ")
    assert b"100 Continue" not in refused


def test_a_connection_serves_many_requests(port: int) -> None:
    """Keep-alive, also after uploads and refused forms."""
    good = post_head(len(BODY)) + BODY
    bad = encode([("name", "x")])
    stream = good + post_head(len(bad)) + bad + head("GET", "/unknown") + good
    answers = raw(port, stream + head("GET", "/__api__/status", "Connection: close"))
    statuses = [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"400", b"404", b"200", b"200"]


def test_a_body_of_a_get_is_ignored(port: int) -> None:
    """It is not taken for the next request."""
    hidden = head("GET", "/__api__/status")
    answers = raw(port, head("GET", "/unknown", f"Content-Length: {len(hidden)}") + hidden)
    assert answers.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"GET / HTTP/1.1\r\nX: a\rb\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: a\x00b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n: a\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET //evil.example/simple HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 413),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/3.0\r\n\r\n", 505),
    ],
)
def test_malformed_messages_are_refused(port: int, data: bytes, status: int) -> None:
    """One message has one reading; what two readers could read differently ends the connection."""
    answer = raw(port, data + head("GET", "/__api__/status"))
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert answer.count(b"HTTP/1.1 ") == 1


def test_headers_with_underscores_are_no_headers(start: Any) -> None:
    """Nobody passes off one header as another."""
    seen: dict[str, str] = {}

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        seen.update({name: value for name, value in environ.items() if name.startswith("HTTP_X")})
        start_response("200 OK", [("Content-Length", "0")])
        return []

    with start(app, threads=1) as server:
        ask(server.port, "GET", "/", headers={"X_Forwarded_For": "1", "X-Real": "2", "x-real": "3"})
    assert seen == {"HTTP_X_REAL": "2, 3"}


def test_the_server_names_no_version(port: int) -> None:
    """An attacker learns nothing to look up."""
    assert ask(port, "GET", "/unknown").headers["Server"] == "repogen"


def test_silent_connections_cost_no_thread(start: Any, house: House) -> None:
    """Connections on which nothing was said do not keep the others from being served."""
    with start(Receiver(house.wiring()), threads=2, timeout=5, drain=1) as server:
        silent = [connect(server.port) for _ in range(20)]
        started = time.monotonic()
        assert ask(server.port, "GET", "/__api__/status").status == 200
        assert time.monotonic() - started < 1
        for connection in silent:
            connection.close()


def test_silent_clients_are_given_up(start: Any, house: House) -> None:
    """A sender that falls silent gets an answer after the timeout, and what it sent is gone."""
    with start(Receiver(house.wiring()), threads=2, timeout=0.5, drain=1) as server:
        with connect(server.port) as connection:
            connection.sendall(post_head(1000) + BODY[:200])
            assert receive_all(connection).startswith(b"HTTP/1.1 400 the upload ended early after 0 bytes: nothing")
        with connect(server.port) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost:")
            assert receive_all(connection).startswith(b"HTTP/1.1 408 ")
        with connect(server.port) as connection:
            assert receive_all(connection) == b""
    assert list(house.spool.iterdir()) == []


def test_an_upload_under_way_finishes_after_a_stop(start: Any, house: House) -> None:
    """A stop takes no new connection, lets the upload end, and then the server is gone."""
    with start(Receiver(house.wiring()), threads=2, drain=10) as server:
        with connect(server.port) as connection:
            connection.sendall(post_head(len(BODY)) + BODY[:100])
            time.sleep(0.2)
            server.stop.set()
            time.sleep(1)
            with pytest.raises(ConnectionError):
                connect(server.port)
            connection.sendall(BODY[100:])
            answer = receive_all(connection)
        assert answer.startswith(b"HTTP/1.1 200 added ")
        assert b"Connection: close" in answer
        server.thread.join(5)
        assert not server.thread.is_alive()
    assert list(house.files) == [WHEEL]


@pytest.mark.parametrize("sends_on", [False, True])
def test_an_upload_that_does_not_end_is_refused_after_a_stop(start: Any, house: House, *, sends_on: bool) -> None:
    """After the time to drain an upload gets 503, whether its sender is silent or sends for ever."""
    done = threading.Event()
    with start(Receiver(house.wiring()), threads=2, drain=1) as server, connect(server.port) as connection:
        connection.sendall(post_head(300 << 20) + BODY[:-30])

        def send_on() -> None:
            try:
                while sends_on and not done.wait(0.01):
                    connection.sendall(b"x" * 65536)
            except OSError:
                pass

        sender = threading.Thread(target=send_on)
        sender.start()
        time.sleep(0.2)
        started = time.monotonic()
        server.stop.set()
        answer = receive_all(connection)
        done.set()
        sender.join()
        server.thread.join(10)
        assert not server.thread.is_alive()
    assert answer.startswith(b"HTTP/1.1 503 the server is stopping")
    assert b"Retry-After" in answer
    assert time.monotonic() - started < 6
    assert (house.files, list(house.spool.iterdir())) == ({}, [])


def test_what_is_being_committed_is_answered_after_a_stop(start: Any, house: House) -> None:
    """An upload that is all there is committed and acknowledged, however long that takes."""
    house.accepting = lambda _: time.sleep(2)
    with start(Receiver(house.wiring()), threads=2, drain=0.5) as server, connect(server.port) as connection:
        connection.sendall(post_head(len(BODY)) + BODY)
        time.sleep(0.3)
        server.stop.set()
        assert receive_all(connection).startswith(b"HTTP/1.1 200 added ")
    assert list(house.files) == [WHEEL]


def test_a_download_that_stalls_does_not_hold_a_stop(start: Any, house: House) -> None:
    """Who does not read what it asked for is cut off when the time to drain is over."""
    (house.site / "large").write_bytes(b"x" * (50 << 20))
    with start(Receiver(house.wiring()), threads=2, drain=1) as server, connect(server.port) as connection:
        connection.sendall(head("GET", "/large"))
        connection.recv(100)
        server.stop.set()
        server.thread.join(5)
        assert not server.thread.is_alive()


def test_a_port_that_is_taken_is_one_line() -> None:
    """The error says which address, and why not."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1 port {port}: .*in use"):
            serve(lambda *_: [], host="127.0.0.1", port=port, ready=lambda _: None, stop=threading.Event())


def test_a_server_that_dies_does_not_end_well() -> None:
    """What ends a thread of the server ends the server, and not as if it had been asked to stop."""

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:  # noqa: ARG001
        raise SystemExit

    def knock(port: int) -> None:
        threading.Thread(target=raw, args=(port, head("GET", "/"))).start()

    with pytest.raises(RuntimeError, match="a thread of the server died"):
        serve(app, host="127.0.0.1", port=0, ready=knock, stop=threading.Event(), threads=2, drain=1)


def test_a_client_that_leaves_frees_its_thread(house: House, start: Any) -> None:
    """A connection that is cut in the middle of a body costs its thread no time."""
    with start(Receiver(house.wiring()), threads=1, drain=1) as server:
        for _ in range(5):
            with connect(server.port) as connection:
                connection.sendall(post_head(1 << 20) + BODY[:-20])
        started = time.monotonic()
        assert send_form(server.port, BODY).status == 200
        assert time.monotonic() - started < 1
    assert list(house.spool.iterdir()) == []


def test_memory_does_not_grow_with_the_file(house: House, port: int) -> None:
    """300 MB arrive in less than 60 MiB."""
    size, piece = 300 << 20, b"x" * (1 << 20)
    front, _, rear = upload_form(b"@").partition(b"@\r\n")
    rear = b"\r\n" + rear
    send_form(port, upload_form(b"x" * (1 << 20), filename="first-1.0-py3-none-any.whl"))
    peak = 0

    def send() -> Iterator[bytes]:
        yield post_head(len(front) + size + len(rear), "Connection: close") + front
        for _ in range(size // len(piece)):
            yield piece
        yield rear

    before = resident()
    with connect(port) as connection:
        for number, data in enumerate(send()):
            connection.sendall(data)
            if number % 10 == 0:
                peak = max(peak, resident())
        assert receive_all(connection).startswith(b"HTTP/1.1 200 ")
    assert house.files[WHEEL].size == size
    assert peak - before < 60 << 20


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
