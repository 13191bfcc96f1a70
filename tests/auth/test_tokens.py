"""Making tokens, and the records that the store keeps of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from repogen.auth.compact import MAX_TEXT
from repogen.auth.ids import jti_of
from repogen.auth.keys import Key, Keyring
from repogen.auth.tokens import Issued, Revocation, Token, dump_token, issue, load_token, revoke, state
from repogen.errors import UsageError
from repogen.model.record import Submitter

NOW = datetime(2026, 11, 22, 18, 45, 34, 123456, tzinfo=UTC)
SECOND = NOW.replace(microsecond=0)
KEYRING = Keyring(keys=(Key(kid="old", secret=bytes(32), created=NOW), Key(kid="new", secret=b"n" * 32, created=NOW)))
TOKEN = Token(
    jti="0123456789abcdef" * 2,
    subject="ci",
    description="uploads of the CI",
    scopes={"sources:write": ("a", "b"), "repos:read": ("*",), "global:admin": ()},
    issued=SECOND,
    expires=SECOND + timedelta(days=30),
    kid="new",
)
TEXT = b"""\
{
 "description": "uploads of the CI",
 "expires": "2026-12-22T18:45:34Z",
 "format": 1,
 "issued": "2026-11-22T18:45:34Z",
 "jti": "0123456789abcdef0123456789abcdef",
 "kid": "new",
 "revoked": null,
 "scopes": {
  "global:admin": [],
  "repos:read": "*",
  "sources:write": [
   "a",
   "b"
  ]
 },
 "subject": "ci"
}
"""


def make(
    scopes: Mapping[str, Collection[str]] | None = None,
    *,
    subject: str = "ci",
    description: str = "for tests",
    issuer: str = "",
    lifetime: timedelta | None = timedelta(days=30),
) -> Issued:
    """A token, by default for source a."""
    return issue(
        KEYRING,
        subject=subject,
        description=description,
        scopes={"sources:write": ["a"]} if scopes is None else scopes,
        issuer=issuer,
        now=NOW,
        lifetime=lifetime,
    )


def test_text_is_the_jwt_that_users_know() -> None:
    """HS256 by the newest key, whose id is in the header, and the claims of the design."""
    made = make({"sources:write": ["b", "a", "b"], "repos:read": ["*"]}, issuer="https://packages.example.org")
    assert jwt.get_unverified_header(made.text) == {"alg": "HS256", "typ": "JWT", "kid": "new"}
    claims = jwt.decode(made.text, b"n" * 32, ["HS256"], options={"verify_signature": True, "verify_aud": False})
    assert claims == {
        "aud": "repogen",
        "iss": "https://packages.example.org",
        "iat": int(SECOND.timestamp()),
        "exp": int(SECOND.timestamp()) + 30 * 86400,
        "jti": made.token.jti,
        "sub": "ci",
        "scopes": {"sources:write": ["a", "b"], "repos:read": "*"},
    }


def test_without_an_end_or_an_address() -> None:
    """A token for ever has no exp, and without an address the issuer is repogen."""
    made = make(lifetime=None)
    claims = jwt.decode(made.text, options={"verify_signature": False})
    assert "exp" not in claims
    assert claims["iss"] == "repogen"
    assert made.token.expires is None


def test_record_of_a_new_token() -> None:
    """The record says what was issued, to the second, and holds no part of the text."""
    made = make({"global:admin": []}, subject=" alice ", description="for M\u00fcller")
    assert made.token == Token(
        jti=made.token.jti,
        subject="alice",
        description="for M\u00fcller",
        scopes={"global:admin": ()},
        issued=SECOND,
        expires=SECOND + timedelta(days=30),
        kid="new",
    )
    assert len({make().token.jti for _ in range(20)}) == 20
    for part in made.text.split("."):
        assert part not in dump_token(made.token).decode()
        assert part not in repr(made)


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ({}, "needs a scope"),
        ({"sources:read": ["a"]}, "no scope 'sources:read'"),
        ({"sources:write": []}, "names no source"),
        ({"repos:read": []}, "names no repository"),
        ({"sources:write": ["*", "a"]}, "stands alone"),
        ({"global:admin": ["a"]}, "for everything"),
        ({"global:admin": ["*"]}, "for everything"),
        ({"sources:write": [f"{number:036d}" for number in range(200)]}, f"longer than {MAX_TEXT}"),
    ],
)
def test_scopes_that_say_nothing_or_too_much(scopes: dict[str, list[str]], expected: str) -> None:
    """A token that would grant nothing, or not clearly, is not made."""
    with pytest.raises(UsageError, match=expected.replace("*", r"\*")):
        make(scopes)


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\x00", "\x1b[2J", "a\u2028b", "\u202egnp", "\ud800", "x" * 501])
def test_words_that_would_garble_a_list(text: str) -> None:
    """The user and the description are one printable line."""
    with pytest.raises(UsageError, match=r"user of a token must be .* printable") as subject:
        make(subject=text)
    with pytest.raises(UsageError, match=r"description of a token must be .* printable") as description:
        make(description=text)
    assert str(subject.value).isprintable()
    assert str(description.value).isprintable()


def test_record_as_committed() -> None:
    """The bytes in the store are these, and read back to the same record."""
    assert dump_token(TOKEN) == TEXT
    assert load_token(TEXT) == TOKEN
    revoked = revoke(TOKEN, now=NOW, by=Submitter(subject="root", token="f" * 32))
    assert json.loads(dump_token(revoked))["revoked"] == {
        "at": "2026-11-22T18:45:34Z",
        "by": {"subject": "root", "token": "f" * 32},
    }
    assert load_token(dump_token(revoked)) == revoked


def changed(**fields: Any) -> bytes:
    """The record with other fields."""
    return json.dumps(json.loads(TEXT) | fields).encode()


REVOKED = {"at": "2026-11-22T18:45:34Z", "by": {"subject": "root", "token": ""}}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        TEXT[:100],
        json.dumps({name: value for name, value in json.loads(TEXT).items() if name != "revoked"}).encode(),
        changed(format=2),
        changed(revoked=False),
        changed(revoked=""),
        changed(revoked={}),
        changed(revoked=REVOKED | {"at": "once"}),
        changed(revoked=REVOKED | {"why": "lost"}),
        changed(revoked=REVOKED | {"by": {"subject": 1, "token": ""}}),
        changed(revoked_at="2026-11-22T18:45:34Z"),
        changed(expires="never"),
        changed(expires=0),
        changed(expires=""),
        changed(issued=None),
        changed(issued=1e999),
        changed(jti="../../etc/passwd"),
        changed(jti=TOKEN.jti.upper()),
        changed(jti=None),
        changed(kid=1),
        changed(subject=None),
        changed(subject="\ud800"),
        changed(description=["a"]),
        changed(scopes=None),
        changed(scopes=["sources:write"]),
        changed(scopes={"sources:write": "a"}),
        changed(scopes={"sources:write": "ab"}),
        changed(scopes={"sources:write": ["*"]}),
        changed(scopes={"sources:write": [1]}),
        changed(scopes={"sources:write": {"a": 1}}),
        changed(scopes={"sources:write": None}),
    ],
    ids=lambda data: data.decode(errors="replace")[:80],
)
def test_no_record(data: bytes) -> None:
    """Whatever is not exactly a record is no record, so a mistake in a file never makes a token good."""
    with pytest.raises(ValueError, match=r"."):
        load_token(data)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(days=-365), "active"),
        (timedelta(0), "active"),
        (timedelta(days=30, microseconds=-1), "active"),
        (timedelta(days=30), "expired"),
        (timedelta(days=5000), "expired"),
    ],
)
def test_state_follows_the_clock(after: timedelta, expected: str) -> None:
    """A token ends at its very second."""
    assert state(TOKEN, SECOND + after) == expected
    assert state(replace(TOKEN, expires=None), SECOND + after) == "active"


def test_revocation_needs_no_clock() -> None:
    """A revoked token is revoked before, at and after that time, also when expired, and once."""
    revoked = revoke(TOKEN, now=NOW, by=Submitter(subject="root"))
    assert revoked.revoked == Revocation(at=SECOND, by=Submitter(subject="root"))
    for now in (SECOND - timedelta(days=365), SECOND, SECOND + timedelta(days=365)):
        assert state(revoked, now) == "revoked"
    assert revoke(revoked, now=NOW + timedelta(days=1), by=Submitter(subject="other")) == revoked


def test_id_of_what_was_pasted() -> None:
    """An id, or a token with a line end, names the token; so does one whose key is gone."""
    made = make()
    assert jti_of(made.token.jti) == made.token.jti
    assert jti_of(f" {made.text}\n") == made.token.jti


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "0" * 31,
        "A" * 32,
        "../" * 11,
        "a.b.c",
        "e30.e30.AA",
        "e30.W10.AA",
        f"e30.{'W1tb' * 1000}.AA",
        "e30.eyJqdGkiOjF9.AA",
        "x" * 10_000,
    ],
)
def test_id_of_nothing(text: str) -> None:
    """What is neither is refused without being quoted: it may be a secret."""
    with pytest.raises(UsageError) as caught:
        jti_of(text)
    assert len(str(caught.value)) < 120
