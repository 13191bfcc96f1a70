"""The tokens that trusted publishing mints: short-lived, in no list, good by their signature alone.

Type and audience are others than those of a token that the store lists, and each is read by rules of its own: neither
can pass for the other, whatever else they say.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from repogen.auth.compact import MAX_TEXT, decode_compact
from repogen.auth.ids import is_jti
from repogen.auth.keys import ALGORITHM, Keyring
from repogen.auth.times import whole_second
from repogen.auth.tokens import EVERY, MAX_SUBJECT
from repogen.errors import NotAuthenticated, UsageError
from repogen.model.names import one_line

#: What explicit typing (RFC 8725, 3.11) tells such a token by.
TYPE = "repogen-minted+jwt"
AUDIENCE = "repogen-minted"
#: No token lives longer, whatever it says.
MAX_LIFETIME = timedelta(hours=1)
#: What a token may say of its job, and the trailers that commits say it in.
TRAILERS = ("Publisher", "Workflow", "Run")

_FIELDS = {"aud", "exp", "iat", "iss", "jti", "publisher", "scopes", "sub"}
_INVALID = (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError, RecursionError)
_OPTIONS: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Minted:
    """A minted token: its ``text`` for the job, and what it says. ``sources`` are ids, times UTC to the second."""

    text: str = field(repr=False)
    jti: str
    subject: str
    sources: tuple[str, ...]
    issued: datetime
    expires: datetime
    publisher: tuple[tuple[str, str], ...]


def mint(
    keyring: Keyring,
    *,
    subject: str,
    sources: Collection[str],
    publisher: Collection[tuple[str, str]],
    issuer: str,
    now: datetime,
    lifetime: timedelta,
) -> Minted:
    """Make a token for the sources of these ids, signed by the newest key.

    ``publisher`` are trailers of ``TRAILERS``, ``issuer`` is the public address or "". Raises UsageError where it would
    be too long.
    """
    issued = whole_second(now)
    key = keyring.newest
    payload = {
        "aud": AUDIENCE,
        "exp": int((issued + min(lifetime, MAX_LIFETIME)).timestamp()),
        "iat": int(issued.timestamp()),
        "iss": issuer or AUDIENCE,
        "jti": secrets.token_hex(16),
        "publisher": dict(publisher),
        "scopes": {"sources:write": sorted(sources)},
        "sub": one_line(subject, limit=MAX_SUBJECT),
    }
    text = jwt.encode(payload, key.secret, algorithm=ALGORITHM, headers={"kid": key.kid, "typ": TYPE})
    if len(text) > MAX_TEXT:
        raise UsageError(
            f"the token would be longer than {MAX_TEXT} characters", hint="let the rule name fewer sources"
        )
    return read_minted(text, keyring)


def is_minted(text: str) -> bool:
    """Does the text say of itself that it is a minted token?"""
    try:
        return bool(json.loads(decode_compact(text)[0])["typ"] == TYPE)
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


def read_minted(text: str, keyring: Keyring) -> Minted:
    """What a token says that was minted here, also one that has ended. Raises NotAuthenticated for any other text."""
    try:
        header = json.loads(decode_compact(text)[0])
        key = keyring.find(header["kid"])
        if key is None or header != {"alg": ALGORITHM, "kid": key.kid, "typ": TYPE}:
            raise ValueError("no key for this header")
        claims = jwt.decode(text, key.secret, algorithms=[ALGORITHM], audience=AUDIENCE, options=_OPTIONS)
        minted = Minted(
            text=text,
            jti=claims["jti"],
            subject=claims["sub"],
            sources=tuple(claims["scopes"]["sources:write"]),
            issued=datetime.fromtimestamp(claims["iat"], UTC),
            expires=datetime.fromtimestamp(claims["exp"], UTC),
            publisher=tuple((name, claims["publisher"][name]) for name in TRAILERS if name in claims["publisher"]),
        )
        texts = [minted.subject, *minted.sources, *(value for _, value in minted.publisher)]
        good = (
            claims.keys() == _FIELDS
            and len(claims["scopes"]) == 1
            and len(claims["publisher"]) == len(minted.publisher)
        )
        good = good and is_jti(minted.jti) and all(isinstance(one, str) for one in texts)
        if not good or EVERY in minted.sources or minted.expires - minted.issued > MAX_LIFETIME:
            raise ValueError("not as it is minted")
    except _INVALID:
        raise NotAuthenticated("the token is not valid") from None
    return minted
