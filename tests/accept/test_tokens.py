"""Tokens in the store: listed, found, revoked, each change a commit."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from repogen.accept.tokens import all_tokens, find_token, list_token, revoke_token
from repogen.auth.tokens import Token
from repogen.errors import NotFound, StoreError
from repogen.model.record import Submitter
from repogen.store import Store
from repogen.store.paths import token_path
from tests.stores import ALICE, NOW, commit, new_store

JTI = "0123456789abcdef0123456789abcdef"
TOKEN = Token(
    jti=JTI,
    subject="ci",
    description="the pipeline",
    scopes={"sources:write": ("f1", "n1"), "global:admin": ()},
    issued=NOW.replace(microsecond=0),
    expires=None,
    kid="k1",
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = new_store(tmp_path)
    store.write(lambda writer: list_token(writer, TOKEN, by=Submitter(subject="root"), now=NOW), wait=1)
    return store


def message(store: Store) -> list[str]:
    command = ["git", "-C", str(store.path), "log", "-1", "--format=%B", "main"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.rstrip("\n").split("\n")


def revoke(store: Store, jti: str, *, later: int = 0) -> Token:
    now = NOW + timedelta(seconds=later)
    return store.write(lambda writer: revoke_token(writer, jti, by=ALICE, now=now), wait=1)


def test_a_token_is_listed(store: Store) -> None:
    """Its record is committed under its id and found again, and the log says what was granted."""
    assert find_token(store.newest(), JTI) == TOKEN
    assert list(all_tokens(store.newest())) == [TOKEN]
    assert message(store) == [f"issue token {JTI} to ci", "", "Scopes: sources:write f1 n1; global:admin"]


def test_a_token_is_revoked_once(store: Store) -> None:
    """The first revocation stands, with its time and who did it; a second one is no commit."""
    first = revoke(store, JTI)
    head = store.head()
    second = revoke(store, JTI, later=60)

    assert first.revoked is not None
    assert (first.revoked.at, first.revoked.by) == (NOW.replace(microsecond=0), ALICE)
    assert (second, store.head()) == (first, head)
    assert find_token(store.newest(), JTI) == first
    assert message(store) == [f"revoke token {JTI} of ci", "", f"Token: {ALICE.token}"]


@pytest.mark.parametrize("jti", ["f" * 32, "", "../" * 4, "x\ny", JTI.upper()])
def test_a_token_that_is_not_listed(store: Store, jti: str) -> None:
    """What the store does not list cannot be revoked; the id is escaped and never used as a path."""
    with pytest.raises(NotFound) as caught:
        revoke(store, jti)
    assert str(caught.value) == f"the store lists no token {jti!r}; repogen token list shows the ids"


def test_a_record_that_cannot_be_read_is_an_error(store: Store) -> None:
    """A damaged record is told with its path; it is not taken for a token that is not there."""
    commit(store, {token_path(JTI): b"{}"})

    with pytest.raises(StoreError, match=f"^{token_path(JTI)}: not a token"):
        find_token(store.newest(), JTI)
    with pytest.raises(StoreError, match=f"^{token_path(JTI)}: not a token"):
        list(all_tokens(store.newest()))
