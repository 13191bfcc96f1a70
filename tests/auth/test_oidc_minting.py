"""Minted tokens: good by their signature, and never to be mistaken for listed ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from repogen.auth.compact import encode_segment
from repogen.auth.grants import Claims, judge
from repogen.auth.keys import Key, Keyring, create_keyring, retire, rotate
from repogen.auth.oidc_minting import AUDIENCE, TYPE, Minted, mint, read_minted
from repogen.auth.tokens import dump_token, issue
from repogen.errors import NotAuthenticated, StoreError, UsageError

NOW = datetime(2026, 11, 22, 18, 45, 34, 123456, tzinfo=UTC)
SECRET = b"s" * 32
KEYRING = Keyring(keys=(Key(kid="one", secret=SECRET, created=NOW.replace(microsecond=0)),))
PUBLISHER = (("Publisher", "github acme/example"), ("Run", "https://example.org/1"))


def make(keyring: Keyring = KEYRING, **changes: Any) -> Minted:
    values: dict[str, Any] = {
        "subject": "acme/example (github)",
        "sources": ["b", "a"],
        "publisher": PUBLISHER,
        "issuer": "https://packages.example.com",
        "now": NOW,
        "lifetime": timedelta(minutes=15),
    }
    return mint(keyring, **(values | changes))


def judged(
    text: str,
    *,
    keyring: Keyring = KEYRING,
    now: datetime = NOW,
    burnt: Callable[[str], bool] | None = lambda _: False,
    lookup: Callable[[str], bytes | None] = lambda _: None,
) -> Claims:
    return judge(text, keyring=keyring, lookup=lookup, burnt=burnt, now=now)


def refusal(text: str, **options: Any) -> str:
    with pytest.raises(NotAuthenticated) as caught:
        judged(text, **options)
    return caught.value.message


def signed(payload: object, header: object = None) -> str:
    parts = [{"alg": "HS256", "kid": "one", "typ": TYPE} if header is None else header, payload]
    body = ".".join(encode_segment(json.dumps(part).encode()) for part in parts)
    algorithm = jwt.get_algorithm_by_name("HS256")
    return f"{body}.{encode_segment(algorithm.sign(body.encode(), algorithm.prepare_key(SECRET)))}"


def payload_of(minted: Minted) -> dict[str, Any]:
    return jwt.decode(minted.text, options={"verify_signature": False})


def test_good_token() -> None:
    """It says who publishes, writes to its sources and nothing else, and needs no list."""
    minted = make()
    claims = judged(minted.text)
    assert claims == Claims(
        jti=minted.jti,
        subject="acme/example (github)",
        scopes={"sources:write": ("a", "b")},
        publisher=PUBLISHER,
    )
    assert claims.permits("sources:write", "a")
    assert not claims.permits("sources:write", "c")
    assert not claims.permits("sources:write", "*")
    assert not claims.permits("repos:read", "a")
    assert not claims.permits("global:admin")


def test_what_it_looks_like() -> None:
    """A JWT with the claims of every token of repogen, of a type and an audience of its own."""
    minted = make()
    assert jwt.get_unverified_header(minted.text) == {"alg": "HS256", "kid": "one", "typ": TYPE}
    seconds = int(NOW.timestamp())
    assert payload_of(minted) == {
        "aud": AUDIENCE,
        "exp": seconds + 900,
        "iat": seconds,
        "iss": "https://packages.example.com",
        "jti": minted.jti,
        "publisher": dict(PUBLISHER),
        "scopes": {"sources:write": ["a", "b"]},
        "sub": "acme/example (github)",
    }


def test_its_end() -> None:
    """It is good until the second of its end, and an hour at the most whatever is asked for."""
    minted = make()
    assert judged(minted.text, now=NOW + timedelta(minutes=15, microseconds=-123457)).jti == minted.jti
    assert refusal(minted.text, now=NOW + timedelta(minutes=15)) == "the token has expired"
    assert make(lifetime=timedelta(days=1)).expires == NOW.replace(microsecond=0) + timedelta(hours=1)


def test_the_clock_of_another_machine() -> None:
    """It may have been minted half a minute ahead, not more."""
    minted = make()
    assert judged(minted.text, now=NOW - timedelta(seconds=30)).jti == minted.jti
    assert refusal(minted.text, now=NOW - timedelta(seconds=31)) == "the token was issued in the future"


def test_burnt() -> None:
    """A burnt token is refused, and where that cannot be told too."""

    def unknown(_: str) -> bool:
        raise StoreError("cannot be read")

    minted = make()
    assert refusal(minted.text, burnt=lambda jti: jti == minted.jti) == "the token has been burnt"
    with pytest.raises(StoreError):
        judged(minted.text, burnt=unknown)
    assert "only the receiver can tell" in refusal(minted.text, burnt=None)


def test_keys_that_rotate(tmp_path: Path) -> None:
    """A new key does not end it, the retirement of its key does."""
    path = tmp_path / "signing.key"
    first = create_keyring(path, NOW)
    minted = make(first)
    rotated = rotate(path, NOW)
    assert judged(minted.text, keyring=rotated).jti == minted.jti
    assert refusal(minted.text, keyring=retire(path, first.newest.kid)) == "the token is not valid"


def test_it_cannot_pass_for_a_listed_token() -> None:
    """Not even where the store lists a token of its id: with the other type, or the other audience, it is none."""
    minted = make()
    listed = issue(
        KEYRING, subject=minted.subject, description="x", scopes={"global:admin": []}, issuer="", now=NOW, lifetime=None
    )
    record = dump_token(replace(listed.token, jti=minted.jti))
    payload = payload_of(minted)
    plain = {"alg": "HS256", "kid": "one", "typ": "JWT"}
    for text in (
        signed(payload, plain),
        signed({**payload, "aud": "repogen"}, plain),
        signed({**payload, "aud": ["repogen", AUDIENCE]}, plain),
    ):
        assert refusal(text, lookup=lambda _: record) in {"the token is not valid", "the token is not as it was issued"}


def test_a_listed_token_cannot_pass_for_it() -> None:
    """A token that was revoked does not come back by another type in its header."""
    listed = issue(
        KEYRING,
        subject="ci",
        description="x",
        scopes={"sources:write": ["a"]},
        issuer="",
        now=NOW,
        lifetime=timedelta(minutes=5),
    )
    payload = jwt.decode(listed.text, options={"verify_signature": False})
    assert refusal(signed(payload)) == "the token is not valid"
    with pytest.raises(NotAuthenticated):
        read_minted(listed.text, KEYRING)


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "repogen"},
        {"aud": None},
        {"exp": None},
        {"exp": 10**20},
        {"exp": float("nan")},
        {"exp": int(NOW.timestamp()) + 3601},
        {"iat": "x"},
        {"jti": "x"},
        {"jti": None},
        {"sub": None},
        {"sub": 7},
        {"scopes": {"sources:write": ["*"]}},
        {"scopes": {"sources:write": ["a", 1]}},
        {"scopes": {"sources:write": "a", "global:admin": []}},
        {"scopes": {"global:admin": []}},
        {"scopes": []},
        {"publisher": {"Token": "x"}},
        {"publisher": {"Run": ["x"]}},
        {"publisher": "Run"},
        {"more": 1},
    ],
    ids=str,
)
def test_payloads_that_are_not_minted(change: dict[str, Any]) -> None:
    """Under a good signature, too, it must say exactly what is minted."""
    payload = {name: value for name, value in (payload_of(make()) | change).items() if value is not None}
    assert refusal(signed(payload)) == "the token is not valid"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "kid": "one", "typ": TYPE},
        {"alg": "HS512", "kid": "one", "typ": TYPE},
        {"alg": "HS256", "kid": "two", "typ": TYPE},
        {"alg": "HS256", "kid": "one", "typ": TYPE, "crit": []},
        {"alg": "HS256", "typ": TYPE},
        {"alg": "HS256", "kid": ["one"], "typ": TYPE},
    ],
    ids=str,
)
def test_headers_that_are_not_minted(header: dict[str, Any]) -> None:
    """Another algorithm, another key, or anything more in the header is refused."""
    assert refusal(signed(payload_of(make()), header)) == "the token is not valid"


def test_a_changed_token() -> None:
    """What was changed after it was signed is refused."""
    head, payload, signature = make().text.split(".")
    other = make(sources=["c"]).text.split(".")[1]
    assert refusal(f"{head}.{other}.{signature}") == "the token is not valid"
    assert refusal(f"{head}.{payload}.{signature}=") != ""


def test_too_many_sources() -> None:
    """A token that web servers would not let through is not made."""
    with pytest.raises(UsageError, match="longer than"):
        make(sources=[f"{number:032}" for number in range(200)])


def test_the_text_does_not_show() -> None:
    """The text of a token is in no representation of it, so in no log either."""
    minted = make()
    assert minted.text not in repr(minted)
