"""Judging tokens: what comes with a request, and what it permits."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from repogen.auth.compact import MAX_TEXT, encode_segment
from repogen.auth.grants import Claims, credentials, judge
from repogen.auth.keys import Key, Keyring, create_keyring, load_keyring, retire, rotate
from repogen.auth.tokens import Issued, Token, claims_of, dump_token, issue, revoke
from repogen.errors import NotAuthenticated, StoreError
from repogen.model.record import Submitter

NOW = datetime(2026, 11, 22, 18, 45, 34, 123456, tzinfo=UTC)
SECOND = NOW.replace(microsecond=0)
SECRET = b"s" * 32
KEYRING = Keyring(keys=(Key(kid="one", secret=SECRET, created=SECOND),))
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def make(keyring: Keyring = KEYRING, lifetime: timedelta | None = timedelta(days=30)) -> Issued:
    """A token for sources a and b."""
    return issue(
        keyring,
        subject="ci",
        description="for tests",
        scopes={"sources:write": ["a", "b"]},
        issuer="",
        now=NOW,
        lifetime=lifetime,
    )


def listing(*tokens: Token) -> Callable[[str], bytes | None]:
    """A store that lists these tokens."""
    return {token.jti: dump_token(token) for token in tokens}.get


def refusal(
    text: str, lookup: Callable[[str], bytes | None], *, now: datetime = NOW, keyring: Keyring = KEYRING
) -> str:
    """Why the token is refused."""
    with pytest.raises(NotAuthenticated) as caught:
        judge(text, keyring=keyring, lookup=lookup, now=now)
    return caught.value.message


def no_lookup(jti: str) -> bytes | None:
    """A store that must not be asked."""
    pytest.fail(f"the store was asked for {jti!r}")


def signed(payload: object, header: object = None, secret: bytes = SECRET) -> str:
    """A text with a good signature over any header and payload."""
    parts = [{"alg": "HS256", "kid": "one", "typ": "JWT"} if header is None else header, payload]
    segments = [encode_segment(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in parts]
    body = ".".join(segments)
    algorithm = jwt.get_algorithm_by_name("HS256")
    return f"{body}.{encode_segment(algorithm.sign(body.encode(), algorithm.prepare_key(secret)))}"


def test_good_token() -> None:
    """A listed token is good and says who and what, with and without an end."""
    for made in (make(), make(lifetime=None)):
        claims = judge(made.text, keyring=KEYRING, lookup=listing(make().token, made.token), now=NOW)
        assert claims == Claims(jti=made.token.jti, subject="ci", scopes={"sources:write": ("a", "b")})


def test_helper_signs_as_issue_does() -> None:
    """The texts that the tests below make by hand would be good, were they not changed."""
    made = make()
    text = signed(claims_of(made.token))
    assert judge(text, keyring=KEYRING, lookup=listing(made.token), now=NOW).jti == made.token.jti


@pytest.mark.parametrize(
    ("scopes", "granted"),
    [
        ({}, set()),
        ({"sources:write": ("a",)}, {("sources:write", "a")}),
        ({"sources:write": ("*",)}, {("sources:write", "a"), ("sources:write", "b")}),
        ({"repos:read": ("a",)}, {("repos:read", "a")}),
        ({"repos:read": ("*",)}, {("repos:read", "a"), ("repos:read", "b")}),
        ({"sources:write": ("b",), "repos:read": ("a",)}, {("sources:write", "b"), ("repos:read", "a")}),
        (
            {"global:admin": ()},
            {("sources:write", "a"), ("sources:write", "b"), ("repos:read", "a"), ("repos:read", "b")}
            | {("global:admin", "")},
        ),
        ({"sources:write": ("aa",)}, set()),
        ({"blocklist:admin": ("*",)}, set()),
    ],
)
def test_what_a_grant_permits(scopes: dict[str, tuple[str, ...]], granted: set[tuple[str, str]]) -> None:
    """Each scope covers its own ids, * all of its kind, and administration everything."""
    claims = Claims(jti="0" * 32, subject="ci", scopes=scopes)
    permitted = {("sources:write", i) for i in "ab" if claims.permits("sources:write", i)}
    permitted |= {("repos:read", i) for i in "ab" if claims.permits("repos:read", i)}
    permitted |= {("global:admin", "")} if claims.permits("global:admin") else set()
    assert permitted == granted


def test_revoked_in_every_spelling() -> None:
    """No other spelling of a revoked token is good, and none of a good one either."""
    made = make()
    revoked = revoke(made.token, now=NOW, by=Submitter(subject="root"))
    assert refusal(made.text, listing(revoked)) == "the token has been revoked"
    last = ALPHABET[ALPHABET.index(made.text[-1]) ^ 1]
    head, payload, signature = made.text.split(".")
    spellings = [
        made.text + "=",
        made.text[:-1] + last,
        made.text + " ",
        " " + made.text,
        made.text + "\n",
        made.text + "\x00",
        made.text + "\u200b",
        made.text + ".",
        f"{head}=.{payload}.{signature}",
        f"{head}.{payload}==.{signature}",
        f"{head}.{payload}\n.{signature}",
        f"{head}..{signature}",
        f"{head}.{payload}.",
        f"{head}.{payload}",
        made.text.upper(),
    ]
    for spelling in spellings:
        assert refusal(spelling, no_lookup) == "the token is not valid"


def test_other_alphabet() -> None:
    """A signature with - and _ is refused when it is spelled with + and /."""
    made = make()
    while not {"-", "_"} & set(made.text.rpartition(".")[2]):
        made = make()
    assert refusal(made.text.replace("-", "+").replace("_", "/"), no_lookup) == "the token is not valid"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "typ": "JWT", "kid": "one"},
        {"alg": "nOnE", "typ": "JWT", "kid": "one"},
        {"alg": "hs256", "typ": "JWT", "kid": "one"},
        {"alg": "HS384", "typ": "JWT", "kid": "one"},
        {"alg": "HS512", "typ": "JWT", "kid": "one"},
        {"alg": "RS256", "typ": "JWT", "kid": "one"},
        {"alg": ["HS256"], "typ": "JWT", "kid": "one"},
        {"alg": "HS256", "typ": "JWT"},
        {"alg": "HS256", "kid": "one"},
        {"alg": "HS256", "typ": "JWT", "kid": "../../dev/null"},
        {"alg": "HS256", "typ": "JWT", "kid": "' OR 1"},
        {"alg": "HS256", "typ": "JWT", "kid": None},
        {"alg": "HS256", "typ": "JWT", "kid": ["one"]},
        {"alg": "HS256", "typ": "JWT", "kid": {"one": 1}},
        {"alg": "HS256", "typ": "JWT", "kid": "one", "crit": ["exp"]},
        {"alg": "HS256", "typ": "JWT", "kid": "one", "b64": False, "crit": ["b64"]},
        {"alg": "HS256", "typ": "JWT", "kid": "one", "jku": "http://127.0.0.1:9/keys"},
        {"alg": "HS256", "typ": "JWT", "kid": "one", "x5u": "http://127.0.0.1:9/keys"},
        {"alg": "HS256", "typ": "JWT", "kid": "one", "jwk": {"kty": "oct", "k": "c2VjcmV0"}},
        [],
        "HS256",
        1,
        b"{",
        b"\xff\xfe",
        b"[" * 4000,
        b'{"alg":' * 500,
        b"1" * 4400,
    ],
    ids=str,
)
def test_headers_that_repogen_does_not_write(header: object) -> None:
    """Another algorithm, key or parameter in the header is refused, even under a good signature."""
    assert refusal(signed(claims_of(make().token), header), no_lookup) == "the token is not valid"


def test_unsigned_and_signed_by_others() -> None:
    """An empty, a cut and another key's signature are refused before the store is asked."""
    made = make()
    body = made.text.rpartition(".")[0]
    other = Keyring(keys=(Key(kid="one", secret=b"x" * 32, created=SECOND),))
    for text in (f"{body}.AA", made.text[:-4], make(other).text, signed(claims_of(made.token), secret=b"t" * 32)):
        assert refusal(text, no_lookup) == "the token is not valid"


@pytest.mark.parametrize(
    "payload",
    [
        [],
        "text",
        None,
        b"{",
        b"\xff",
        b"[" * 4000,
        b'{"aud":"repogen","jti":' + b"1" * 4400 + b"}",
        {},
        {"aud": "repogen"},
        {"aud": "repogen", "jti": 1},
        {"aud": "repogen", "jti": ""},
        {"aud": "repogen", "jti": ["0" * 32]},
        {"aud": "repogen", "jti": "../../../../etc/passwd"},
        {"aud": "repogen", "jti": "0" * 31},
        {"aud": "repogen", "jti": "0" * 32 + "\n"},
        {"aud": "repogen", "jti": "\u200b" + "0" * 32},
        {"aud": "repogen", "jti": "\u0660" * 32},
        {"aud": "repogen", "jti": "A" * 32},
        {"jti": "0" * 32},
        {"aud": "other", "jti": "0" * 32},
        {"aud": None, "jti": "0" * 32},
        {"aud": {"repogen": 1}, "jti": "0" * 32},
        {"aud": [1], "jti": "0" * 32},
        {"aud": "repogen", "jti": "0" * 32, "sub": 1},
    ],
    ids=lambda payload: str(payload)[:60],
)
def test_payloads_that_name_no_token(payload: object) -> None:
    """Under a good signature, too, nothing but a plain id is looked up, and nothing crashes."""
    assert refusal(signed(payload), no_lookup) == "the token is not valid"


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"exp": "1e999"},
        {"exp": float("inf")},
        {"exp": []},
        {"exp": 10**30},
        {"exp": str(int(SECOND.timestamp()))},
        {"iat": 0},
        {"iat": "now"},
        {"nbf": 0},
        {"sub": "root"},
        {"scopes": {"sources:write": "*"}},
        {"scopes": {"sources:write": ["a", "b", "c"]}},
        {"scopes": {"sources:write": ["a"]}},
        {"scopes": {"global:admin": []}},
        {"scopes": "*"},
        {"scopes": None},
        {"aud": ["repogen"]},
        {"admin": True},
    ],
    ids=str,
)
def test_signed_but_never_issued(changes: dict[str, Any]) -> None:
    """A claim that differs from the record, even under a good signature, is refused."""
    made = make()
    text = signed(claims_of(made.token) | changes)
    assert refusal(text, listing(made.token)) == "the token is not as it was issued"


def test_claims_left_out() -> None:
    """Without exp a token that ends does not become one for ever; without scopes it grants nothing."""
    made = make()
    for name in ("exp", "iat", "sub", "scopes"):
        claims = {key: value for key, value in claims_of(made.token).items() if key != name}
        assert refusal(signed(claims), listing(made.token)) == "the token is not as it was issued"


def test_address_may_change() -> None:
    """The issuer is the address at that time, and another one does not end a token."""
    made = make()
    text = signed(claims_of(made.token) | {"iss": "https://old.example.org"})
    assert judge(text, keyring=KEYRING, lookup=listing(made.token), now=NOW).jti == made.token.jti


def test_unlisted() -> None:
    """A good signature is not enough: the store has to list the token."""
    assert refusal(make().text, listing(make().token)) == "the token is not known to this store"


@pytest.mark.parametrize("data", [b"", b"{}", b"garbage", b"\x00" * 100, dump_token(make().token)])
def test_record_that_cannot_be_read(data: bytes) -> None:
    """A damaged record, or another token's, closes: the store is at fault, and nobody is let in."""
    with pytest.raises(StoreError):
        judge(make().text, keyring=KEYRING, lookup=lambda _: data, now=NOW)


def test_list_that_cannot_be_read() -> None:
    """Where the store cannot tell, the error is the store's."""

    def broken(jti: str) -> bytes | None:
        raise StoreError(f"tokens/{jti} cannot be read")

    with pytest.raises(StoreError, match="cannot be read"):
        judge(make().text, keyring=KEYRING, lookup=broken, now=NOW)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (SECOND - timedelta(days=365), "the token was issued in the future"),
        (SECOND - timedelta(minutes=10), "the token was issued in the future"),
        (SECOND - timedelta(seconds=31), "the token was issued in the future"),
        (SECOND - timedelta(seconds=30), ""),
        (SECOND, ""),
        (SECOND + timedelta(minutes=10), ""),
        (SECOND + timedelta(days=30, microseconds=-1), ""),
        (SECOND + timedelta(days=30), "the token has expired"),
        (SECOND + timedelta(days=30, seconds=30), "the token has expired"),
        (datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC), "the token has expired"),
        (datetime(2400, 2, 29, tzinfo=UTC), "the token has expired"),
    ],
)
def test_clocks(now: datetime, expected: str) -> None:
    """A token may come from a clock 30 s ahead, and ends without leeway."""
    made = make()
    if expected:
        assert refusal(made.text, listing(made.token), now=now) == expected
    else:
        assert judge(made.text, keyring=KEYRING, lookup=listing(made.token), now=now).jti == made.token.jti


def test_after_2038() -> None:
    """A token for ever outlives 32-bit clocks."""
    made = make(lifetime=None)
    now = datetime(2400, 2, 29, tzinfo=UTC)
    assert judge(made.text, keyring=KEYRING, lookup=listing(made.token), now=now).jti == made.token.jti


def test_clock_that_jumps_back() -> None:
    """A token that was revoked stays so, whatever the clock says."""
    made = make()
    lookup = listing(revoke(made.token, now=NOW + timedelta(days=3), by=Submitter(subject="root")))
    for now in (NOW, NOW + timedelta(days=2), NOW + timedelta(days=3), NOW + timedelta(days=300)):
        assert refusal(made.text, lookup, now=now) == "the token has been revoked"


def test_rotation(tmp_path: Path) -> None:
    """A token is good under an older key until that key is retired, and new ones use the new key."""
    path = tmp_path / "signing.key"
    old = make(create_keyring(path, NOW))
    new = make(rotate(path, NOW))
    lookup = listing(old.token, new.token)
    assert old.token.kid != new.token.kid
    for made in (old, new):
        assert judge(made.text, keyring=load_keyring(path), lookup=lookup, now=NOW).jti == made.token.jti
    retire(path, old.token.kid)
    assert refusal(old.text, lookup, keyring=load_keyring(path)) == "the token is not valid"
    assert judge(new.text, keyring=load_keyring(path), lookup=lookup, now=NOW).jti == new.token.jti


def test_other_key_than_it_was_issued_with() -> None:
    """Whoever has an old key cannot sign again what a newer one signed."""
    old = Key(kid="old", secret=b"o" * 32, created=SECOND)
    keyring = Keyring(keys=(old, *KEYRING.keys))
    made = make(keyring)
    text = signed(claims_of(made.token), {"alg": "HS256", "kid": "old", "typ": "JWT"}, secret=old.secret)
    assert refusal(text, listing(made.token), keyring=keyring) == "the token is not as it was issued"


def test_no_refusal_quotes_the_token() -> None:
    """What is said of a token holds no part of it."""
    made = make()
    for lookup in (listing(), listing(replace(made.token, subject="x")), listing(replace(made.token, expires=SECOND))):
        reason = refusal(made.text, lookup)
        assert not any(part in reason for part in [*made.text.split("."), made.token.jti])


def test_very_long_text() -> None:
    """A text over the limit is refused at once."""
    assert refusal("a" * (MAX_TEXT + 1), no_lookup) == "the token is not valid"
    assert refusal("." * (10 << 20), no_lookup) == "the token is not valid"


def basic(user: str, password: str) -> str:
    """The header that a client sends (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "header",
    [
        basic("__token__", "a.b.c"),
        basic("__token__", " a.b.c\r\n"),
        basic("__token__", "a.b.c").replace("Basic", "basic"),
        basic("__token__", "a.b.c").replace("Basic", "BASIC  "),
        "Bearer a.b.c",
        "bearer a.b.c",
        "BEARER  a.b.c ",
    ],
)
def test_credentials(header: str) -> None:
    """Basic with the user __token__ and Bearer are the same, in any case and with space around."""
    assert credentials(header) == "a.b.c"


def test_colons_belong_to_the_password() -> None:
    """The user name ends at the first colon (RFC 7617)."""
    assert credentials(basic("__token__", "a:b:c")) == "a:b:c"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "no token came with the request"),
        ("", "no token came with the request"),
        ("  ", "no token came with the request"),
        ("Bearer", "no token came with the request"),
        ("Bearer  ", "no token came with the request"),
        (basic("__token__", ""), "no token came with the request"),
        (basic("__token__", " \n"), "no token came with the request"),
        ("Basic", "the user name is not __token__"),
        (basic("alice", "a.b.c"), "the user name is not __token__"),
        (basic("", "a.b.c"), "the user name is not __token__"),
        (basic("__TOKEN__", "a.b.c"), "the user name is not __token__"),
        (basic("__token__\x00", "a.b.c"), "the user name is not __token__"),
        (basic("\U0001f511", "a.b.c"), "the user name is not __token__"),
        ("Basic " + base64.b64encode(b"__token__").decode(), "no token came with the request"),
        ("Basic a.b.c", "the Basic credentials are not base64"),
        ("Basic \u00e9\u00e9\u00e9\u00e9", "the Basic credentials are not base64"),
        ("Basic " + "\U0001f511" * 4, "the Basic credentials are not base64"),
        ("Basic X190b2tlbl9fOmE", "the Basic credentials are not base64"),
        (f"{basic('__token__', 'a.b.c')}, {basic('__token__', 'a.b.c')}", "the Basic credentials are not base64"),
        ("Digest username=x", "the Authorization header is neither Basic nor Bearer"),
        ("a.b.c", "the Authorization header is neither Basic nor Bearer"),
        ("Basic\tX190b2tlbl9fOmE=", "the Authorization header is neither Basic nor Bearer"),
        ("Basic " + "A" * (64 << 10), "the Authorization header is longer than 8192 characters"),
        ("Bearer " + "A" * (64 << 10), "the Authorization header is longer than 8192 characters"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_no_credentials(header: str | None, expected: str) -> None:
    """What holds no token is refused with the way to send one, and is not quoted."""
    with pytest.raises(NotAuthenticated) as caught:
        credentials(header)
    assert caught.value.message == expected
    assert caught.value.hint == "send the user name __token__ and the token as password, or the token as Bearer"


def test_two_bearers_are_none() -> None:
    """Two headers that a server joined, as HTTP says, are no token."""
    made = make()
    assert refusal(credentials(f"Bearer {made.text}, Bearer {made.text}"), no_lookup) == "the token is not valid"


def test_longest_token_fits_the_header() -> None:
    """The longest token that is issued comes through Basic, in a line that web servers let through."""
    scopes = {"sources:write": [f"{number:032d}" for number in range(118)]}
    made = issue(
        KEYRING, subject="ci", description="many", scopes=scopes, issuer="", now=NOW, lifetime=timedelta(days=1)
    )
    assert MAX_TEXT - 200 < len(made.text) <= MAX_TEXT
    header = basic("__token__", made.text)
    assert len(f"Authorization: {header}\r\n") <= 8192
    claims = judge(credentials(header), keyring=KEYRING, lookup=listing(made.token), now=NOW)
    assert len(claims.scopes["sources:write"]) == 118
