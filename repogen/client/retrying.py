"""What is worth another try, after how long, and how it is said that none helped."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

from repogen.errors import Unreachable

#: Seconds before each further try. A server that is started anew is back within these.
DELAYS = (0.5, 1.0, 2.0, 4.0, 8.0)
#: The longest that a server may ask to be left alone, in seconds.
MAX_DELAY = 60.0

#: The first that fits.
_WORDS: Mapping[type[httpx.RequestError], str] = {
    httpx.ConnectTimeout: "nothing answers there",
    httpx.TimeoutException: "no answer came in time",
    httpx.ProxyError: "the proxy of the environment refuses the connection",
    httpx.RemoteProtocolError: "the connection broke off, or what answers is not HTTP",
    httpx.NetworkError: "the connection broke off",
}
_AGAIN = {429, 502, 503, 504}


def is_passing(found: httpx.RequestError | int) -> bool:
    """Can the same request go better in a moment? ``found`` is what went wrong, or the status of the answer."""
    if isinstance(found, int):
        return found in _AGAIN
    if isinstance(found, (httpx.ProxyError, httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.DecodingError)):
        return False
    below = list(_causes(found))
    if any(isinstance(error, ssl.SSLError) for error in below):
        # A connection that was cut is one of these, too.
        return any(isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)) for error in below)
    return not any(isinstance(error, socket.gaierror) and error.errno != socket.EAI_AGAIN for error in below)


def asked_delay(headers: Mapping[str, str], now: datetime) -> float:
    """The seconds that ``Retry-After`` asks for (RFC 9110, section 10.2.3); 0 where it is not there or not good."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MAX_DELAY)
    try:
        return min(max((parsedate_to_datetime(text) - now).total_seconds(), 0.0), MAX_DELAY)
    except (ValueError, TypeError):
        return 0.0


def reason(error: httpx.RequestError) -> str:
    """Why it did not go, in few words; never what was sent."""
    told = next(filter(None, map(_told, _causes(error))), "")
    return told or next((words for kind, words in _WORDS.items() if isinstance(error, kind)), "the connection failed")


def _told(below: BaseException) -> str:
    """What an error of the system or of TLS says."""
    match below:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not good: {below.verify_message}"
        case ssl.SSLError():
            return f"no TLS came about: {(below.reason or 'broken off').replace('_', ' ').lower()}"
        case socket.gaierror():
            return "no machine has this name"
        case ConnectionError():
            return (below.strerror or "").lower()
        case _:
            return ""


def unreachable(error: httpx.RequestError, address: str, *, by_proxy: bool = False) -> Unreachable:
    """The error to raise when there is no further try, with its remedy; ``by_proxy`` if a proxy may be in the way."""
    hint = "correct REPOGEN_ADDRESS, or try again later"
    if by_proxy:
        hint = "correct REPOGEN_ADDRESS, or HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
    for below in _causes(error):
        if isinstance(below, ssl.SSLCertVerificationError):
            hint = "name the file with your authority's certificate in SSL_CERT_FILE, or correct the address"
        elif isinstance(below, ssl.SSLError):
            hint = "does the address begin with http:// where it should, or is there a proxy in between?"
    if not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)):
        hint = "run the same command again, which goes on where it stopped, or correct REPOGEN_ADDRESS"
    return Unreachable(f"cannot talk to {address}: {reason(error)}", hint=hint)


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
