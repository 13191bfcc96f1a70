"""Trusted publishing over HTTP: the three requests of PyPI's clients, and refusals in the JSON form that they print."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from werkzeug.wrappers import Response

from repogen.auth.grants import Claims
from repogen.auth.oidc_exchange import Exchange
from repogen.auth.oidc_minting import Minted
from repogen.errors import (
    Busy,
    InvalidUpload,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    RepogenError,
    TooLarge,
    UsageError,
)
from repogen.receiver.access import Visit
from repogen.receiver.answers import line
from repogen.receiver.body import open_body

MAX_BODY = 64 << 10

_log = logging.getLogger(__name__)


def audience(exchange: Exchange, _: Visit) -> Response:
    """What a job must have its identity token made for; 403 where there are no rules."""
    return _answered(lambda: _json(200, {"audience": exchange.audience()}))


def mint_token(exchange: Exchange, visit: Visit) -> Response:
    """An identity token in, a token for uploads out: ``{"success": true, "token": ..., "expires": seconds}``."""

    def answer() -> Response:
        minted = exchange.mint(_token(visit))
        _enter(visit, minted)
        document = {"success": True, "token": minted.text, "expires": int(minted.expires.timestamp())}
        return _json(200, document)

    return _answered(answer)


def burn_token(exchange: Exchange, visit: Visit) -> Response:
    """End a token that was minted; again is fine."""

    def answer() -> Response:
        _enter(visit, exchange.burn(_token(visit)))
        return _json(202, {"success": True})

    return _answered(answer)


def _token(visit: Visit) -> str:
    """The token in the body. Raises UsageError, InvalidUpload, TooLarge."""
    body = b"".join(open_body(visit.environ, limit=MAX_BODY))
    try:
        token = json.loads(body)["token"]
    except (ValueError, TypeError, KeyError, RecursionError):
        token = None
    if not isinstance(token, str) or not token:
        raise UsageError('the body is not a JSON object {"token": "..."}')
    return token.strip()


def _enter(visit: Visit, minted: Minted) -> None:
    """Let the access log say whose token it was."""
    visit.claims = Claims(jti=minted.jti, subject=minted.subject, scopes={})


def _answered(answer: Callable[[], Response]) -> Response:
    try:
        return answer()
    except RepogenError as error:
        return _refused(error)


def _refused(error: RepogenError) -> Response:
    match error:
        case UsageError() | InvalidUpload() | TooLarge():
            return _failed(422, "invalid-payload", error)
        case NotAuthenticated():
            return _failed(422, "invalid-token", error)
        case NotPermitted():
            return _failed(403, "invalid-publisher", error)
        case NotFound():
            # Clients know 403 as: there is such a thing here, and it is off.
            return _failed(403, "not-enabled", error)
        case _:
            _log.error("%s: %s", error.code, line(str(error)))
            return _failed(error.http_status, error.code, error)


def _failed(status: int, code: str, error: RepogenError) -> Response:
    text = line(str(error))
    response = _json(status, {"message": "Token request failed", "errors": [{"code": code, "description": text}]})
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(Busy.retry_after)
    return response


def _json(status: int, document: dict[str, Any]) -> Response:
    response = Response(json.dumps(document), status=status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
