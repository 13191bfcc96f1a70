"""Judging a token: from the header of a request to what it permits."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt

from repogen.auth.compact import decode_compact
from repogen.auth.ids import is_jti
from repogen.auth.keys import ALGORITHM, Key, Keyring
from repogen.auth.oidc_minting import is_minted, read_minted
from repogen.auth.tokens import AUDIENCE, EVERY, Scope, claims_of, load_token, state
from repogen.errors import NotAuthenticated, StoreError

#: The user name that says: the password is a token.
USER = "__token__"
#: How far ahead the clock of the machine may be that issued a token.
LEEWAY = timedelta(seconds=30)
MAX_HEADER = 8192

_HOW = f"send the user name {USER} and the token as password, or the token as Bearer"
#: What PyJWT and what lies under it raise for hostile texts, some of it only under a good signature.
_INVALID = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)
# The clock comes in as an argument, so the times are judged here and not by PyJWT, which reads the system's.
_OPTIONS: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token that was judged good says: its id, whose it is, and scope -> ids.

    ``publisher`` is what a token of trusted publishing says of its job, as trailers for commits. ``expires`` is when
    the token ends (None: never).
    """

    jti: str
    subject: str
    scopes: Mapping[str, tuple[str, ...]]
    publisher: tuple[tuple[str, str], ...] = ()
    expires: datetime | None = field(default=None, compare=False)

    def permits(self, scope: Scope, identifier: str = "") -> bool:
        """Whether the grant covers the thing of that immutable id ("" for ``global:admin``).

        ``global:admin`` covers all: who has it can issue a token for anything.
        """
        if "global:admin" in self.scopes:
            return True
        granted = self.scopes.get(scope, ())
        return EVERY in granted or identifier in granted


def credentials(authorization: str | None) -> str:
    """The text of the token in an ``Authorization`` header: Basic (RFC 7617) or Bearer (RFC 6750).

    Space around the token is dropped, since secrets of CI systems often end in a newline. Raises
    NotAuthenticated, whose text never quotes the header.
    """
    scheme, _, rest = (authorization or "").strip(" \t").partition(" ")
    if not scheme:
        raise NotAuthenticated("no token came with the request", hint=_HOW)
    if len(rest) > MAX_HEADER:
        raise NotAuthenticated(f"the Authorization header is longer than {MAX_HEADER} characters", hint=_HOW)
    match scheme.lower():
        case "basic":
            text = _password(rest)
        case "bearer":
            text = rest
        case _:
            raise NotAuthenticated("the Authorization header is neither Basic nor Bearer", hint=_HOW)
    text = text.strip(" \t\r\n")
    if not text:
        raise NotAuthenticated("no token came with the request", hint=_HOW)
    return text


def judge(
    text: str,
    *,
    keyring: Keyring,
    lookup: Callable[[str], bytes | None],
    burnt: Callable[[str], bool] | None = None,
    now: datetime,
) -> Claims:
    """What the token permits, if it is good at ``now``.

    ``lookup`` gives the bytes of a token's record by jti, None where the store lists none, and raises
    StoreError where it cannot tell. ``burnt`` says so of a token that trusted publishing minted; without it, none of
    these is good. Raises NotAuthenticated with one short reason, or StoreError.
    """
    if is_minted(text):
        return _judge_minted(text, keyring, burnt, now)
    return _judge_listed(text, keyring, lookup, now)


def _judge_listed(text: str, keyring: Keyring, lookup: Callable[[str], bytes | None], now: datetime) -> Claims:
    key, signed = _verified(text, keyring)
    jti = signed.get("jti")
    if not is_jti(jti):
        raise NotAuthenticated("the token is not valid")
    data = lookup(jti)
    if data is None:
        raise NotAuthenticated("the token is not known to this store")
    try:
        token = load_token(data)
    except ValueError:
        raise StoreError(f"the record of token {jti} cannot be read") from None
    if token.jti != jti:
        raise StoreError(f"the record of token {jti} is of another token")
    # The address of a repogen may change; all else that was signed is what the store says was issued.
    signed.pop("iss", None)
    if token.kid != key.kid or signed != claims_of(token):
        raise NotAuthenticated("the token is not as it was issued")
    match state(token, now):
        case "revoked":
            raise NotAuthenticated("the token has been revoked")
        case "expired":
            raise NotAuthenticated("the token has expired")
        case "active":
            pass
    if token.issued > now + LEEWAY:
        raise NotAuthenticated("the token was issued in the future", hint="compare the clocks of the machines")
    return Claims(jti=jti, subject=token.subject, scopes=token.scopes, expires=token.expires)


def _judge_minted(text: str, keyring: Keyring, burnt: Callable[[str], bool] | None, now: datetime) -> Claims:
    minted = read_minted(text, keyring)
    if burnt is None:
        raise NotAuthenticated("the token was minted for one upload, and only the receiver can tell whether it is good")
    if minted.expires <= now:
        raise NotAuthenticated("the token has expired")
    if minted.issued > now + LEEWAY:
        raise NotAuthenticated("the token was issued in the future", hint="compare the clocks of the machines")
    if burnt(minted.jti):
        raise NotAuthenticated("the token has been burnt")
    scopes = {"sources:write": minted.sources}
    return Claims(
        jti=minted.jti,
        subject=minted.subject,
        scopes=scopes,
        publisher=minted.publisher,
        expires=minted.expires,
    )


def _password(encoded: str) -> str:
    try:
        decoded = base64.b64decode(encoded.strip(" \t"), validate=True).decode("latin-1")
    except ValueError:
        raise NotAuthenticated("the Basic credentials are not base64", hint=_HOW) from None
    user, _, password = decoded.partition(":")
    if user != USER:
        raise NotAuthenticated(f"the user name is not {USER}", hint=_HOW)
    return password


def _verified(text: str, keyring: Keyring) -> tuple[Key, dict[str, Any]]:
    """The key that signed the text, and what was signed."""
    try:
        header = json.loads(decode_compact(text)[0])
        key = keyring.find(header["kid"])
        # A header with anything that repogen does not write (another alg, crit, b64, jku ...) is refused unread.
        if key is None or header != {"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}:
            raise ValueError("no key for this header")
        return key, jwt.decode(text, key.secret, algorithms=[ALGORITHM], audience=AUDIENCE, options=_OPTIONS)
    except (*_INVALID, KeyError):
        raise NotAuthenticated("the token is not valid") from None
