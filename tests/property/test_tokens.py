"""Laws of tokens."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from repogen.auth.compact import decode_segment, encode_segment
from repogen.auth.grants import credentials, judge
from repogen.auth.ids import jti_of
from repogen.auth.keys import Key, Keyring
from repogen.auth.times import MAX_LIFETIME, parse_lifetime
from repogen.auth.tokens import Revocation, Token, dump_token, issue, load_token
from repogen.errors import NotAuthenticated, UsageError
from repogen.model.record import Submitter

NOW = datetime(2026, 11, 22, 18, 45, 34, tzinfo=UTC)
KEYRING = Keyring(keys=(Key(kid="one", secret=b"s" * 32, created=NOW),))
ISSUED = issue(
    KEYRING,
    subject="ci",
    description="for tests",
    scopes={"sources:write": ["*"]},
    issuer="",
    now=NOW,
    lifetime=timedelta(days=1),
)
STORE = {ISSUED.token.jti: dump_token(ISSUED.token)}

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

words = st.text(st.characters(exclude_categories=["Cs"]))
times = st.integers(0, 250_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
identifiers = st.one_of(
    st.just(("*",)), st.lists(words.filter(lambda word: word != "*"), unique=True).map(sorted).map(tuple)
)
tokens = st.builds(
    Token,
    jti=st.text("0123456789abcdef", min_size=32, max_size=32),
    subject=words,
    description=words,
    scopes=st.dictionaries(
        st.sampled_from(["sources:write", "repos:read", "global:admin", "later:scope"]), identifiers
    ),
    issued=times,
    expires=st.none() | times,
    kid=words,
    revoked=st.none() | st.builds(Revocation, at=times, by=st.builds(Submitter, subject=words, token=words)),
)


def refused(text: str) -> None:
    """Expect that a text is no token."""
    with pytest.raises(NotAuthenticated):
        judge(text, keyring=KEYRING, lookup=STORE.get, now=NOW)


@given(tokens)
def test_record_survives_writing_and_reading(token: Token) -> None:
    """A record reads back as it was written, and is written again byte for byte."""
    data = dump_token(token)
    assert load_token(data) == token
    assert dump_token(load_token(data)) == data


@given(st.binary() | words.map(str.encode))
def test_no_other_bytes_are_a_record(data: bytes) -> None:
    """Reading what is no record ends in ValueError, whatever the bytes."""
    with pytest.raises(ValueError, match=r"."):
        load_token(data)


@given(st.integers(0, len(ISSUED.text) - 1), st.characters())
def test_any_changed_character_is_refused(index: int, character: str) -> None:
    """A token with one character replaced, added or left out is refused."""
    text = ISSUED.text
    if character != text[index]:
        refused(text[:index] + character + text[index + 1 :])
    refused(text[:index] + character + text[index:])
    refused(text[:index] + text[index + 1 :])


def test_any_changed_bit_is_refused() -> None:
    """No character can be replaced by another of the alphabet, at any place."""
    for index, old in enumerate(ISSUED.text):
        if old != ".":
            refused(ISSUED.text[:index] + ALPHABET[ALPHABET.index(old) ^ 1] + ISSUED.text[index + 1 :])


@given(
    st.text()
    | st.lists(st.binary(min_size=1).map(encode_segment), min_size=3, max_size=3).map(".".join)
    | st.tuples(st.text(), st.text()).map(lambda ends: f"{ends[0]}.{ISSUED.text.split('.')[1]}.{ends[1]}")
)
@example("e30.e30.e30")
@example("")
@example("\ud800.\ud800.\ud800")
def test_any_text_is_refused_and_no_more(text: str) -> None:
    """Whatever text comes, the only error is that it is no token."""
    refused(text)


@given(st.none() | st.text() | st.text().map("Basic {}".format) | st.text().map("Bearer {}".format))
def test_any_header_is_a_text_or_refused(header: str | None) -> None:
    """Whatever header comes, it holds a text or is refused."""
    with contextlib.suppress(NotAuthenticated):
        assert credentials(header)


@given(st.text())
def test_any_pasted_text_is_an_id_or_a_usage_error(text: str) -> None:
    """Whatever is pasted, it names a token or is refused."""
    with pytest.raises(UsageError):
        jti_of(text)


@given(st.binary(min_size=1))
def test_one_spelling_of_bytes(data: bytes) -> None:
    """A segment reads back, and with another last character it is other bytes or refused."""
    text = encode_segment(data)
    assert decode_segment(text) == data
    for character in ALPHABET.replace(text[-1], "=+/\n"):
        with contextlib.suppress(ValueError):
            assert decode_segment(text[:-1] + character) != data


@given(st.from_regex(r"[0-9]{1,15}[smhdw]", fullmatch=True) | st.text(max_size=20))
def test_any_lifetime_is_bounded(text: str) -> None:
    """Whatever is written, it is a time that can be added to now, none, or refused."""
    with contextlib.suppress(UsageError):
        lifetime = parse_lifetime(text)
        assert lifetime is None or timedelta(0) < lifetime <= MAX_LIFETIME
