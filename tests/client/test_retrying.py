"""What is worth another try, and when."""

from __future__ import annotations

import socket
import ssl

import httpx
import pytest

from repogen.client.retrying import asked_delay, is_passing, reason, unreachable
from tests.client.conftest import NOW


def caused(error: httpx.RequestError, cause: BaseException) -> httpx.RequestError:
    error.__cause__ = cause
    return error


def untrusted() -> httpx.RequestError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return caused(httpx.ConnectError("x"), error)


def no_tls() -> httpx.RequestError:
    error = ssl.SSLError(1, "wrong version number")
    error.reason = "WRONG_VERSION_NUMBER"
    return caused(httpx.ConnectError("x"), error)


@pytest.mark.parametrize(
    ("found", "again"),
    [
        (200, False),
        (400, False),
        (401, False),
        (404, False),
        (429, True),
        (500, False),
        (502, True),
        (503, True),
        (504, True),
        (507, False),
        (httpx.ConnectError("x"), True),
        (httpx.ConnectTimeout("x"), True),
        (httpx.ReadError("x"), True),
        (httpx.ReadTimeout("x"), True),
        (httpx.WriteError("x"), True),
        (httpx.RemoteProtocolError("x"), True),
        (httpx.ProxyError("x"), False),
        (httpx.LocalProtocolError("x"), False),
        (httpx.UnsupportedProtocol("x"), False),
        (caused(httpx.ConnectError("x"), ConnectionRefusedError(111, "Connection refused")), True),
        (caused(httpx.ConnectError("x"), socket.gaierror(socket.EAI_NONAME, "no")), False),
        (caused(httpx.ConnectError("x"), socket.gaierror(socket.EAI_AGAIN, "later")), True),
        (untrusted(), False),
        (no_tls(), False),
        (caused(httpx.ReadError("x"), ssl.SSLEOFError(8, "EOF occurred")), True),
    ],
)
def test_what_passes(found: httpx.RequestError | int, *, again: bool) -> None:
    """Broken connections and busy servers do; what was refused, or goes to the wrong place, does not."""
    assert is_passing(found) is again


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("5", 5),
        (" 5 ", 5),
        ("0", 0),
        ("-5", 0),
        ("1.5", 0),
        ("9" * 400, 60),
        ("Sun, 22 Nov 2026 18:45:44 GMT", 10),
        ("Sun, 22 Nov 2026 18:00:00 GMT", 0),
        ("Sun, 22 Nov 2099 18:00:00 GMT", 60),
        ("Sun, 22 Nov 2026 18:45:44", 0),
        ("soon", 0),
        ("\u0665", 0),
    ],
)
def test_how_long_a_server_asks_for(header: str | None, seconds: float) -> None:
    """Seconds or a date are heeded up to a minute; what is neither asks for nothing."""
    assert asked_delay({} if header is None else {"retry-after": header}, NOW) == seconds


@pytest.mark.parametrize(
    ("error", "words", "hint"),
    [
        (httpx.ConnectTimeout("x"), "nothing answers there", "REPOGEN_ADDRESS"),
        (httpx.ReadTimeout("x"), "no answer came in time", "goes on where it stopped"),
        (httpx.WriteTimeout("x"), "no answer came in time", "goes on where it stopped"),
        (httpx.RemoteProtocolError("x"), "broke off, or what answers is not HTTP", "goes on where it stopped"),
        (httpx.ProxyError("x"), "the proxy of the environment refuses", "REPOGEN_ADDRESS"),
        (httpx.DecodingError("x"), "the connection failed", "goes on"),
        (caused(httpx.ConnectError("x"), ConnectionRefusedError(111, "No")), "x: no; correct", "REPOGEN_ADDRESS"),
        (untrusted(), "its certificate is not good: self-signed certificate", "SSL_CERT_FILE"),
        (no_tls(), "no TLS came about: wrong version number", "http://"),
    ],
)
def test_the_reason_and_the_remedy(error: httpx.RequestError, words: str, hint: str) -> None:
    """One line has both."""
    said = str(unreachable(error, "https://x"))

    assert words in said
    assert hint in said
    assert reason(error) in said


def test_a_proxy_may_be_in_the_way() -> None:
    """Where the environment names one, the remedy does, too."""
    assert "NO_PROXY" in str(unreachable(httpx.ConnectError("x"), "https://x", by_proxy=True))
