"""Identity tokens: which are believed."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from repogen.auth.oidc import MAX_IDENTITY, Identity, identify
from repogen.errors import NotAuthenticated
from repogen.model.publishers import Issuer
from tests.issuer import AUDIENCE, GITHUB, Forge, private_key

NOW = datetime(2026, 11, 22, 18, 45, 34, tzinfo=UTC)
ISSUER = Issuer(name="github", url="https://forge.example.com", kind="github")
OTHER = Issuer(name="other", url="https://other.example.com", kind="oidc")
FORGE = Forge(url=ISSUER.url)
KEY = private_key("RSA")


def known(issuer: Issuer, kid: str, algorithm: str) -> Any:
    """The keys of both issuers: the one has an RSA key, the other an EC key."""
    if (issuer, kid, algorithm) == (ISSUER, "first", "RS256"):
        return KEY.public_key()
    if (issuer, kid, algorithm) == (OTHER, "curve", "ES256"):
        return private_key("EC").public_key()
    raise NotAuthenticated("no such key")


def unasked(*_: object) -> Any:
    """Keys that must not be asked for."""
    pytest.fail("the issuer was asked for a key")


def judged(text: str, *, find_key: Any = known, now: datetime = NOW) -> Identity:
    issuers = {ISSUER.url: ISSUER, OTHER.url: OTHER}
    return identify(text, issuers=issuers, audience=AUDIENCE, find_key=find_key, now=now)


def refusal(text: str, **options: Any) -> str:
    with pytest.raises(NotAuthenticated) as caught:
        judged(text, **options)
    return caught.value.message


def token(**claims: Any) -> str:
    return FORGE.token(now=NOW.timestamp(), **claims)


def segment(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_good_identity() -> None:
    """A token of a known issuer, for this audience, within its time, is believed: all its claims."""
    identity = judged(token(jti="job-1"))
    assert (identity.issuer, identity.subject) == (ISSUER, GITHUB["sub"])
    assert GITHUB.items() <= identity.claims.items()
    assert identity.uid == "https://forge.example.com job-1"
    assert identity.expires == NOW.timestamp() + 300


def test_elliptic_curves() -> None:
    """ES256 is as good as RS256."""
    made = Forge(url=OTHER.url).token(now=NOW.timestamp(), key=private_key("EC"), kid="curve")
    assert judged(made).issuer == OTHER


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"iss": "https://evil.example.com"}, "no rule is for identities of the issuer 'https://evil.example.com'"),
        ({"iss": "https://forge.example.com/"}, "no rule is for identities of the issuer 'https://forge.example.com/'"),
        ({"iss": "HTTPS://forge.example.com"}, "no rule is for identities of the issuer"),
        ({"iss": None}, "the identity token states no iss"),
        ({"iss": ["https://forge.example.com"]}, "the identity token states no iss"),
        ({"aud": "pypi"}, "the identity token is for the audience 'pypi', not for 'packages.example.com'"),
        ({"aud": [AUDIENCE, "pypi"]}, "the identity token is for the audience"),
        ({"aud": AUDIENCE.upper()}, "the identity token is for the audience"),
        ({"aud": None}, "the identity token is for the audience None"),
        ({"exp": NOW.timestamp() - 31}, "the identity token has expired"),
        ({"exp": None}, "the identity token states no time as exp"),
        ({"exp": "4000000000"}, "the identity token states no time as exp"),
        ({"exp": True}, "the identity token states no time as exp"),
        ({"exp": float("nan")}, "the identity token states no time as exp"),
        ({"exp": float("inf")}, "the identity token states no time as exp"),
        ({"exp": 10**400}, "the identity token states no time as exp"),
        ({"iat": NOW.timestamp() + 31}, "the identity token was issued in the future"),
        ({"iat": None}, "the identity token states no time as iat"),
        ({"nbf": NOW.timestamp() + 31}, "the identity token is not valid yet"),
        ({"nbf": None, "sub": ""}, "the identity token states no sub"),
        ({"nbf": "x"}, "the identity token states no time as nbf"),
        ({"sub": 7}, "the identity token states no sub"),
    ],
    ids=str,
)
def test_claims_that_are_not_believed(claims: dict[str, Any], words: str) -> None:
    """Issuer and audience are compared to the letter, times with half a minute of leeway."""
    assert refusal(token(**claims)).startswith(words)


@pytest.mark.parametrize("claims", [{"aud": [AUDIENCE]}, {"exp": NOW.timestamp() - 29}, {"nbf": None}, {"jti": None}])
def test_claims_that_are_believed(claims: dict[str, Any]) -> None:
    """A list of this one audience, clocks that differ a little, and what may be left out."""
    assert judged(token(**claims)).subject == GITHUB["sub"]


def test_an_unknown_issuer_is_not_asked() -> None:
    """No key is looked for before the token names a known issuer and an algorithm of ours."""
    assert "no rule" in refusal(token(iss="https://evil.example.com"), find_key=unasked)
    assert "algorithm" in refusal(jwt.encode({"iss": ISSUER.url}, KEY, algorithm="RS512"), find_key=unasked)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS384", "PS256", "EdDSA", "", None, ["RS256"]])
def test_other_algorithms(algorithm: Any) -> None:
    """None, shared secrets and whatever else a header names: refused unread."""
    _, payload, signature = token().split(".")
    header = {"alg": algorithm, "kid": "first", "typ": "JWT"}
    assert "is not one of RS256, ES256" in refusal(f"{segment(header)}.{payload}.{signature}", find_key=unasked)


def test_the_public_key_as_a_secret() -> None:
    """A token that is signed with the public key as the secret of HS256 is refused."""
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    body = f"{segment({'alg': 'HS256', 'kid': 'first'})}.{token().split('.')[1]}"
    signature = jwt.get_algorithm_by_name("HS256").sign(body.encode(), public)
    assert "algorithm" in refusal(f"{body}.{segment(signature)}")


def test_other_keys() -> None:
    """What another key signed, or was changed after it was signed, is refused; so is a key that is not named."""
    assert refusal(token(key=private_key("RSA", 1))) == "the signature of the identity token is not good"
    head, payload, signature = token().split(".")
    forged = segment({**jwt.decode(token(), options={"verify_signature": False}), "repository": "evil/example"})
    assert refusal(f"{head}.{forged}.{signature}") == "the signature of the identity token is not good"
    assert refusal(f"{head}.{payload}.AA") == "the signature of the identity token is not good"
    unnamed = segment({"alg": "RS256", "typ": "JWT"})
    assert refusal(f"{unnamed}.{payload}.{signature}") == "the identity token states no kid"
    critical = segment({"alg": "RS256", "kid": "first", "crit": ["b64"], "b64": False})
    assert "critical" in refusal(f"{critical}.{payload}.{signature}")


def test_a_key_in_the_header_is_not_looked_at() -> None:
    """A token cannot bring its own key, nor say where to fetch one."""
    evil = private_key("RSA", 1)
    headers = {"kid": "first", "jku": "https://evil.example.com/keys", "jwk": {"kty": "RSA"}}
    text = jwt.encode({"iss": ISSUER.url, "aud": AUDIENCE}, evil, algorithm="RS256", headers=headers)
    assert refusal(text) == "the signature of the identity token is not good"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a.b",
        "....",
        "e30.e30.e30=",
        f"{segment([])}.{segment({})}.AA",
        f"{segment({})}.{segment([])}.AA",
        f"{segment(b'nonsense')}.{segment({})}.AA",
        f"{segment({})}.{segment(b'[' * 20_000)}.AA",
        "ä.e30.e30",
        "x" * (MAX_IDENTITY + 1),
    ],
    ids=lambda text: text[:20],
)
def test_texts_that_are_no_tokens(text: str) -> None:
    """Whatever is no JWT is refused with one reason."""
    assert "identity token" in refusal(text, find_key=unasked)


def test_one_token_has_one_uid() -> None:
    """Without an id, tokens are told apart by what was signed: another signature over it makes no other token."""
    first = token(jti=None)
    assert judged(first).uid == f"{ISSUER.url} {first.split('.')[1]}"


def test_the_leeway_ends() -> None:
    """The same token is good, and half a minute after its end no more."""
    made = token()
    assert judged(made, now=NOW + timedelta(seconds=329)).issuer == ISSUER
    assert refusal(made, now=NOW + timedelta(seconds=330)) == "the identity token has expired"
