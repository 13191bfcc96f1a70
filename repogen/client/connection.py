"""A connection to a receiver: requests that carry the token, are tried again where that helps, and go nowhere else."""

from __future__ import annotations

import random
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Self

import httpx

from repogen.client.access import Access
from repogen.client.answers import Answer
from repogen.client.retrying import DELAYS, asked_delay, is_passing, reason, unreachable
from repogen.errors import UsageError

#: How long nothing may come or go, in seconds. A large file is looked into before the receiver answers.
TIMEOUT = httpx.Timeout(60.0, connect=15.0, read=300.0, pool=None)
#: How much of an answer is read.
MAX_ANSWER = 32 << 20
#: A question is dropped sooner than a file: somebody waits to hear that the address is wrong.
_TRIES_OF_A_QUESTION = 3

_PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class Stopped(Exception):
    """The wait for another try was ended from outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A request that is made anew for each try. ``content`` is called for the arguments of httpx that give the body."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    content: Callable[[], Mapping[str, Any]] = dict
    #: The file that it is about, in a line about another try.
    what: str = ""


class Connection:
    """May be used by several threads at once; ``stopping`` ends all waiting."""

    def __init__(
        self,
        access: Access,
        *,
        environ: Mapping[str, str],
        clock: Callable[[], datetime],
        notice: Callable[[str], None],
        timeout: httpx.Timeout = TIMEOUT,
        delays: Sequence[float] = DELAYS,
    ) -> None:
        self.access = access
        self.stopping = threading.Event()
        self._clock, self._notice, self._delays = clock, notice, delays
        self._by_proxy = any(environ.get(name) or environ.get(name.lower()) for name in _PROXY_VARIABLES)
        try:
            self._http = httpx.Client(
                verify=_trust(access, environ),
                timeout=timeout,
                follow_redirects=False,
                headers={
                    "Authorization": f"Bearer {access.token}",
                    "User-Agent": "repogen",
                    "Accept": "application/json, text/plain;q=0.9, text/html;q=0.5",
                    "Accept-Encoding": "identity",
                },
            )
        except (ValueError, ImportError):
            # The text of the error would show the setting, and with it the password of the proxy.
            raise UsageError(
                "the proxy that the environment names cannot be used", hint=f"look at {', '.join(_PROXY_VARIABLES)}"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Any = None, absent: Any = ...
    ) -> Any:
        """Ask the receiver something: JSON goes there and comes back (None for an empty answer).

        ``path`` begins with a slash. With ``absent`` given, that is the answer where there is nothing (404, and 405
        of a receiver that does not know the question). Raises the error that the answer stands for, or Unreachable.
        """
        sending = Sending(
            method=method,
            path=path,
            query=query or {},
            content=dict if body is None else lambda: {"json": body},
        )
        answer = self.ask(sending)
        if answer.status in (404, 405) and absent is not ...:
            return absent
        if not is_success(answer):
            raise answer.refusal()
        return None if answer.status == HTTPStatus.NO_CONTENT else answer.value

    def ask(self, sending: Sending) -> Answer:
        """Make a request that has no large body, a few times if need be. Raises Unreachable."""
        return self.send(sending, tries=_TRIES_OF_A_QUESTION)

    def send(self, sending: Sending, *, tries: int | None = None) -> Answer:
        """Make a request until an answer comes that is not worth another try. Raises Unreachable, Stopped."""
        left = iter(self._delays if tries is None else self._delays[: tries - 1])
        while True:
            delay = next(left, None)
            try:
                answer = self._once(sending)
            except httpx.RequestError as error:
                if delay is None or not is_passing(error):
                    raise unreachable(error, self.access.address, by_proxy=self._by_proxy) from error
                why, asked = f"cannot talk to {self.access.address}: {reason(error)}", 0.0
            else:
                if delay is None or not is_passing(answer.status):
                    return answer
                why, asked = f"the receiver answered {answer.status}", asked_delay(answer.headers, self._clock())
            # Not all that were sent away at once should come back at once.
            pause = max(delay * random.uniform(0.75, 1.25), asked)  # noqa: S311
            self._notice(f"{f'{sending.what}: ' if sending.what else ''}{why}; trying again in {pause:.1f} s")
            if self.stopping.wait(pause):
                raise Stopped

    def _once(self, sending: Sending) -> Answer:
        url = self.access.address + sending.path
        try:
            request = self._http.build_request(sending.method, url, params=sending.query or None, **sending.content())
        except (httpx.InvalidURL, UnicodeError):
            raise UsageError("the address of the receiver is no URL", hint="correct REPOGEN_ADDRESS") from None
        response = self._http.send(request, stream=True)
        with closing(response):
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                if len(body) > MAX_ANSWER:
                    break
        return Answer(response, bytes(body[:MAX_ANSWER]), self.access)


def is_success(answer: Answer) -> bool:
    """Is the status one of those that say yes?"""
    return HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES


def _trust(access: Access, environ: Mapping[str, str]) -> ssl.SSLContext:
    """Whom to believe: the files that the environment names, or else what the system and certifi know."""
    if access.address.startswith("http:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # nobody: reading what the system knows takes 40 ms
    named = {name: file for name in _CA_VARIABLES if (file := environ.get(name))}
    if not named:
        context = httpx.create_ssl_context()
        context.load_default_certs()
        return context
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for name, file in named.items():
        try:
            context.load_verify_locations(file)
        except OSError:  # an SSLError is one
            text = f"{name} names {file!r}, which holds no certificates"
            raise UsageError(text, hint="name a file in PEM form") from None
    return context
