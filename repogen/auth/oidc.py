"""Identity tokens (OpenID Connect Core 1.0, 2), with which a CI job says which job it is: judged, never believed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt

from repogen.auth.compact import decode_segment
from repogen.auth.grants import LEEWAY
from repogen.errors import NotAuthenticated
from repogen.model.names import one_line
from repogen.model.publishers import Issuer

#: Longest identity token, in characters: those of GitLab list every group of a user.
MAX_IDENTITY = 32_000
#: What a signature may be made with: never ``none``, and no secret that two sides share.
ALGORITHMS = ("RS256", "ES256")

_INVALID = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)
# The clock comes in as an argument; issuer and audience are compared more strictly than PyJWT does.
_OPTIONS: Any = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}

#: The public key of an issuer that has that ``kid`` and is for that algorithm.
FindKey = Callable[[Issuer, str, str], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What an issuer says of a job, verified. ``uid`` is the same for every spelling of one token."""

    issuer: Issuer
    subject: str
    claims: Mapping[str, Any]
    expires: float
    uid: str


def identify(text: str, *, issuers: Mapping[str, Issuer], audience: str, find_key: FindKey, now: datetime) -> Identity:
    """Who the token says it is, if one of ``issuers`` (by URL) signed that for ``audience`` and it is good at ``now``.

    No issuer is asked for keys (``find_key``) before the token names it, an algorithm of ours and a key. Raises
    NotAuthenticated with one short reason, and what ``find_key`` raises.
    """
    header, unverified = _decoded(text)
    issuer = issuers.get(_text(unverified, "iss"))
    if issuer is None:
        raise NotAuthenticated(f"no rule is for identities of the issuer {_shown(unverified.get('iss'))}")
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise NotAuthenticated(f"the signature algorithm {_shown(algorithm)} is not one of {', '.join(ALGORITHMS)}")
    # What is said to be critical must be understood (RFC 7515, 4.1.11); nothing is.
    if "crit" in header:
        raise NotAuthenticated("the identity token has critical extensions, which are not understood")
    key = find_key(issuer, _text(header, "kid"), algorithm)
    try:
        claims = jwt.decode(text, key, algorithms=[algorithm], options=_OPTIONS)
    except _INVALID:
        raise NotAuthenticated("the signature of the identity token is not good") from None
    if claims.get("iss") != issuer.url:
        raise NotAuthenticated("the identity token is not valid")
    stated = claims.get("aud")
    if stated not in (audience, [audience]):
        raise NotAuthenticated(f"the identity token is for the audience {_shown(stated)}, not for {audience!r}")
    expires = _check_times(claims, now.timestamp())
    uid = claims.get("jti")
    # Without an id: what was signed, since a signature can have several spellings.
    uid = uid if isinstance(uid, str) and uid else text.split(".")[1]
    return Identity(
        issuer=issuer, subject=_text(claims, "sub"), claims=claims, expires=expires, uid=f"{issuer.url} {uid}"
    )


def _decoded(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, before anything is known of the signature."""
    if len(text) > MAX_IDENTITY:
        raise NotAuthenticated(f"the identity token is longer than {MAX_IDENTITY} characters")
    try:
        header, payload, _signature = text.split(".")
        values = json.loads(decode_segment(header)), json.loads(decode_segment(payload))
    except _INVALID:
        values = None, None
    if not isinstance(values[0], dict) or not isinstance(values[1], dict):
        raise NotAuthenticated("this is no identity token: it is not a JWT")
    return values


def _check_times(claims: Mapping[str, Any], now: float) -> float:
    """When the token ends. Raises NotAuthenticated."""
    leeway = LEEWAY.total_seconds()
    hint = "compare the clocks of the machines"
    expires, issued = _time(claims, "exp"), _time(claims, "iat")
    if expires <= now - leeway:
        raise NotAuthenticated("the identity token has expired")
    if issued > now + leeway:
        raise NotAuthenticated("the identity token was issued in the future", hint=hint)
    if "nbf" in claims and _time(claims, "nbf") > now + leeway:
        raise NotAuthenticated("the identity token is not valid yet", hint=hint)
    return expires


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    # Every comparison with a NaN, which JSON of Python knows, is false.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1 << 40:
        raise NotAuthenticated(f"the identity token states no time as {name}")
    return value


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise NotAuthenticated(f"the identity token states no {name}")
    return value


def _shown(value: object) -> str:
    return one_line(repr(value), limit=200)
