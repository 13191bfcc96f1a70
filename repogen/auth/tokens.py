"""Tokens: what the store keeps of one, and how one is made.

The text of a token is a JWT (RFC 7519) that its owner alone has. The store keeps the record of it, which
holds no secret and has the last word: a token lives while its record is listed, unrevoked and unexpired.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import jwt

from repogen.auth.compact import MAX_TEXT
from repogen.auth.ids import is_jti
from repogen.auth.keys import ALGORITHM, Keyring
from repogen.auth.times import parse_stamp, stamp, whole_second
from repogen.errors import UsageError
from repogen.model.names import one_line
from repogen.model.record import Submitter

FORMAT = 1
AUDIENCE = "repogen"
MAX_SUBJECT = 200
MAX_DESCRIPTION = 500

Scope = Literal["sources:write", "repos:read", "global:admin"]
#: Each scope, and what the ids beside it name: "" for a scope that takes none.
SCOPES: Mapping[str, str] = {"sources:write": "source", "repos:read": "repository", "global:admin": ""}
#: In place of ids: whatever there is, now and later.
EVERY = "*"

State = Literal["active", "expired", "revoked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """When a token was revoked, in UTC to the second, and by whom."""

    at: datetime
    by: Submitter


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The record of an issued token, as committed. Times are UTC to the second.

    ``scopes`` maps a scope to the immutable ids of what it is for: sorted, or ``("*",)`` for every one, or
    ``()`` for ``global:admin``. ``expires`` is None for a token without an end.
    """

    jti: str
    subject: str
    description: str
    scopes: Mapping[str, tuple[str, ...]]
    issued: datetime
    expires: datetime | None
    kid: str
    revoked: Revocation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A new token: ``text`` for its owner, shown once and kept nowhere, and the record for the store."""

    text: str = field(repr=False)
    token: Token


def issue(
    keyring: Keyring,
    *,
    subject: str,
    description: str,
    scopes: Mapping[str, Collection[str]],
    issuer: str,
    now: datetime,
    lifetime: timedelta | None,
) -> Issued:
    """Make a token, signed by the newest key. It is good once its record is committed.

    ``scopes`` maps each scope to ids (``["*"]`` for every one, none for ``global:admin``), ``issuer`` is the
    public address or "", ``lifetime`` None for no end. Raises UsageError.
    """
    issued = whole_second(now)
    key = keyring.newest
    token = Token(
        jti=secrets.token_hex(16),
        subject=_line(subject, "the user of a token", MAX_SUBJECT),
        description=_line(description, "the description of a token", MAX_DESCRIPTION),
        scopes=_checked_scopes(scopes),
        issued=issued,
        expires=None if lifetime is None else whole_second(issued + lifetime),
        kid=key.kid,
    )
    payload = {**claims_of(token), "iss": issuer or AUDIENCE}
    text = jwt.encode(payload, key.secret, algorithm=ALGORITHM, headers={"kid": key.kid})
    if len(text) > MAX_TEXT:
        raise UsageError(
            f"the token would be longer than {MAX_TEXT} characters, which not every web server lets through",
            hint=f"name less, or {EVERY!r}",
        )
    return Issued(text=text, token=token)


def claims_of(token: Token) -> dict[str, Any]:
    """What the JWT of that record says (RFC 7519, 4.1), all but ``iss``."""
    claims: dict[str, Any] = {
        "aud": AUDIENCE,
        "iat": int(token.issued.timestamp()),
        "jti": token.jti,
        "sub": token.subject,
        "scopes": _plain_scopes(token.scopes),
    }
    if token.expires is not None:
        claims["exp"] = int(token.expires.timestamp())
    return claims


def revoke(token: Token, *, now: datetime, by: Submitter) -> Token:
    """The record of the same token, revoked. The first revocation stands."""
    if token.revoked is not None:
        return token
    return replace(token, revoked=Revocation(at=whole_second(now), by=by))


def state(token: Token, now: datetime) -> State:
    """Whether the token is good at ``now``. Revocation counts whatever the clock says; expiry has no leeway."""
    if token.revoked is not None:
        return "revoked"
    if token.expires is not None and token.expires <= now:
        return "expired"
    return "active"


def dump_token(token: Token) -> bytes:
    """The record as JSON: UTF-8, sorted keys, one field a line, ending in a newline."""
    revoked = token.revoked and {
        "at": stamp(token.revoked.at),
        "by": {"subject": token.revoked.by.subject, "token": token.revoked.by.token},
    }
    document = {
        "format": FORMAT,
        "jti": token.jti,
        "subject": token.subject,
        "description": token.description,
        "scopes": _plain_scopes(token.scopes),
        "issued": stamp(token.issued),
        "expires": token.expires and stamp(token.expires),
        "kid": token.kid,
        "revoked": revoked,
    }
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def load_token(data: bytes) -> Token:
    """The inverse of :func:`dump_token`. Raises ValueError for anything else than a record of format 1.

    Nothing is guessed: a field that is missing, unknown or of another type makes the record unreadable, so
    that no mistake in a file turns into a token that is good.
    """
    try:
        document = json.loads(data)
        if document["format"] != FORMAT:
            raise ValueError(f"token format {document['format']!r}, this version reads {FORMAT}")
        revoked = document["revoked"]
        token = Token(
            jti=document["jti"],
            subject=document["subject"],
            description=document["description"],
            scopes={
                scope: (EVERY,) if identifiers == EVERY else tuple(identifiers)
                for scope, identifiers in document["scopes"].items()
            },
            issued=parse_stamp(document["issued"]),
            expires=None if document["expires"] is None else parse_stamp(document["expires"]),
            kid=document["kid"],
            revoked=None if revoked is None else _revocation(revoked),
        )
        same = json.loads(dump_token(token)) == document
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"not a token: {error!r}") from error
    texts = [token.subject, token.description, token.kid, *(each for ids in token.scopes.values() for each in ids)]
    if token.revoked is not None:
        texts += [token.revoked.by.subject, token.revoked.by.token]
    if not same or not is_jti(token.jti) or not all(isinstance(text, str) for text in texts):
        raise ValueError("not a token: a field is unknown or not as it is written")
    return token


def _revocation(document: Mapping[str, Any]) -> Revocation:
    by = document["by"]
    return Revocation(at=parse_stamp(document["at"]), by=Submitter(subject=by["subject"], token=by["token"]))


def _plain_scopes(scopes: Mapping[str, tuple[str, ...]]) -> dict[str, str | list[str]]:
    return {scope: EVERY if identifiers == (EVERY,) else list(identifiers) for scope, identifiers in scopes.items()}


def _checked_scopes(scopes: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    if not scopes:
        raise UsageError("a token needs a scope", hint=f"scopes: {', '.join(SCOPES)}")
    checked = {}
    for scope, given in sorted(scopes.items()):
        kind = SCOPES.get(scope)
        if kind is None:
            raise UsageError(f"no scope {scope!r}", hint=f"scopes: {', '.join(SCOPES)}")
        identifiers = tuple(sorted(set(given)))
        if identifiers and not kind:
            raise UsageError(f"{scope} is for everything", hint="name no sources or repositories with it")
        if kind and not identifiers:
            raise UsageError(f"{scope} names no {kind}", hint=f"name them, or {EVERY!r} for every one")
        if EVERY in identifiers and identifiers != (EVERY,):
            raise UsageError(f"{scope}: {EVERY!r} stands alone", hint="it covers every one already")
        checked[scope] = identifiers
    return checked


def _line(text: str, what: str, limit: int) -> str:
    text = text.strip()
    if not text or len(text) > limit or one_line(text) != text:
        raise UsageError(
            f"{what} must be 1 to {limit} printable characters on one line, not {one_line(text, limit=80)!r}"
        )
    return text
