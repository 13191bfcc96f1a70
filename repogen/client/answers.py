"""What a receiver answers, as values and errors; and what answers in its place.

Between a client and a receiver stand proxies, log-in pages and wrong addresses. All of them speak HTTP, and
none of them may be taken for a receiver: it says what it says in ``text/plain`` and JSON, never in HTML.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx

from repogen.client.access import Access
from repogen.errors import (
    Busy,
    ConfigError,
    DiskFull,
    FileExists,
    InvalidUpload,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    Problem,
    RepogenError,
    StoreError,
    TooLarge,
    Unreachable,
    UsageError,
)
from repogen.model.names import one_line

_FAMILIES: Mapping[int, type[RepogenError]] = {
    400: UsageError,
    401: NotAuthenticated,
    403: NotPermitted,
    404: NotFound,
    413: TooLarge,
    429: Busy,
    500: RepogenError,
    503: Busy,
    507: DiskFull,
}
_CODES: Mapping[str, type[RepogenError]] = {
    one.code: one
    for one in (
        *(UsageError, NotAuthenticated, NotPermitted, NotFound, TooLarge),
        *(Busy, ConfigError, StoreError, DiskFull, InvalidUpload, FileExists),
    )
}
#: The wording of FileExists is an interface.
_EXISTS = re.compile(r"File already exists \((.+), with sha256 ([0-9a-f]{64})\)(?:; (.*))?", re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>([^<]*)</title", re.IGNORECASE)
#: Where a JSON answer keeps its words, here and elsewhere (RFC 9457, and what frameworks do).
_WORDS = ("message", "hint", "error", "detail", "title")
_MAX_SHOWN = 2000


class Answer:
    """One whole answer: its status, what it is said in, and the bytes, of which there are not too many."""

    def __init__(self, response: httpx.Response, body: bytes, access: Access) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self._body = body
        self._access = access
        self._kind: str = response.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The words of the receiver. Raises Unreachable where they are not its own."""
        if self._kind != "text/plain":
            raise self._foreign()
        return self._shown(self._body.decode("utf-8", "replace"))

    @property
    def page(self) -> str:
        """An HTML page, for the one question that is answered by one. Raises Unreachable."""
        if self._kind != "text/html":
            raise self._foreign()
        return self._body.decode("utf-8", "replace")

    @property
    def value(self) -> Any:
        """What the JSON says. Raises Unreachable where it is none."""
        if not self._is_json:
            raise self._foreign()
        try:
            return json.loads(self._body)
        except (ValueError, RecursionError):
            raise Unreachable(
                f"the answer of {self._access.address} is no JSON", hint="something on the way broke it off"
            ) from None

    def refusal(self, *, bad: type[RepogenError] = UsageError) -> RepogenError:
        """What an answer says that is no success, as the error that it stands for; ``bad`` is what 400 means."""
        if self.status in (401, 403, 404, 413) and not self._is_own:
            return self._refused_by_another()
        if HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST:
            return self._redirect()
        if not self._is_own:
            return self._foreign()
        text, code = self._said()
        family = _CODES.get(code) or ({**_FAMILIES, 400: bad}.get(self.status, Unreachable))
        if not text:
            text = f"the receiver answered {self.status}"
        if family is Busy and self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            text = f"the receiver cannot take it now: {text}"
        if family is NotAuthenticated:
            return NotAuthenticated(text, hint="put a good token into REPOGEN_TOKEN")
        return _made(family, text)

    @property
    def _is_json(self) -> bool:
        return self._kind == "application/json" or self._kind.endswith("+json")

    @property
    def _is_own(self) -> bool:
        return self._kind == "text/plain" or self._is_json

    def _said(self) -> tuple[str, str]:
        """The words of a refusal, and its code where it states one."""
        if self._kind == "text/plain":
            return self.text, ""
        value = self.value
        if not isinstance(value, dict):
            return "", ""
        error, message, hint = (value.get(key) for key in ("error", "message", "hint"))
        if isinstance(error, str) and isinstance(message, str):
            # The form of the receiver's own API: a code, and words for people.
            return self._shown(f"{message}; {hint}" if hint else message), error
        codes = [code for key in ("error", "code") if isinstance(code := value.get(key), str) and code in _CODES]
        words = [text for key in _WORDS if isinstance(text := value.get(key), str) and text not in codes]
        errors = value.get("errors")
        if isinstance(errors, list):
            found = [one.get("description") or one.get("message") for one in errors if isinstance(one, dict)]
            words += [text for text in found if isinstance(text, str)]
        return self._shown("; ".join(dict.fromkeys(filter(None, words)))), next(iter(codes), "")

    def _shown(self, text: str) -> str:
        return one_line(self._access.without_token(text.strip()), limit=_MAX_SHOWN)

    def _page_words(self) -> str:
        """What stands in the way, as far as it tells: ``502 Bad Gateway, a page "Sign in"``."""
        phrase = next((one.phrase for one in HTTPStatus if one == self.status), "")
        words = f"{self.status} {phrase}".strip()
        title = _TITLE.search(self._body[:65536].decode("utf-8", "replace"))
        shown = self._shown(html.unescape(title[1])) if title else ""
        return f"{words}, a page titled {shown[:100]!r}" if shown else words

    def _foreign(self) -> Unreachable:
        return Unreachable(
            f"what answers at {self._access.address} is not repogen ({self._page_words()})",
            hint="correct REPOGEN_ADDRESS, or look at the proxy in between",
        )

    def _refused_by_another(self) -> RepogenError:
        words = self._page_words()
        if self.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return TooLarge(
                f"a proxy before the receiver refuses the file ({words})",
                hint="raise its limit, which nginx calls client_max_body_size",
            )
        if self.status == HTTPStatus.NOT_FOUND:
            return NotFound(f"there is no repogen at {self._access.address} ({words})", hint="correct REPOGEN_ADDRESS")
        return _FAMILIES[self.status](
            f"a proxy before {self._access.address} refuses the request ({words})",
            hint="ask who runs it, or correct REPOGEN_ADDRESS",
        )

    def _redirect(self) -> Unreachable:
        place = self._shown(self.headers.get("location", ""))[:300] or "nowhere"
        return Unreachable(
            f"{self._access.address} redirects to {place}, where the token is not sent",
            hint="if that is the receiver, put its address into REPOGEN_ADDRESS",
        )


def _made(family: type[RepogenError], text: str) -> RepogenError:
    exists = _EXISTS.match(text)
    if exists:
        return FileExists(exists[1].strip("'\""), sha256=exists[2], hint=exists[3] or "")
    if issubclass(family, InvalidUpload):
        return InvalidUpload([Problem(InvalidUpload.code, text)])
    if family is ConfigError:
        return ConfigError(text.removeprefix("repogen.toml: "))
    return family(text)
