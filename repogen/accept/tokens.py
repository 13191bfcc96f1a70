"""Tokens in the store: listed when they are issued, marked when they are revoked, each a commit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from repogen.accept.wording import token_trailer
from repogen.auth.tokens import Token, dump_token, is_jti, load_token, revoke
from repogen.errors import NotFound, StoreError
from repogen.model.record import Submitter
from repogen.store import paths
from repogen.store.revision import Revision
from repogen.store.writer import Writer


def list_token(writer: Writer, token: Token, *, by: Submitter, now: datetime) -> None:
    """Commit the record of a new token; from then on it is good."""
    writer.commit(
        {paths.token_path(token.jti): dump_token(token)},
        subject=f"issue token {token.jti} to {token.subject}",
        trailers=[("Scopes", _scopes(token)), *token_trailer(by)],
        author=by.subject,
        now=now,
    )


def revoke_token(writer: Writer, jti: str, *, by: Submitter, now: datetime) -> Token:
    """Commit the revocation of a token, unless it is revoked already. Returns its record. Raises NotFound."""
    before = find_token(writer.revision, jti)
    after = revoke(before, now=now, by=by)
    if after != before:
        writer.commit(
            {paths.token_path(jti): dump_token(after)},
            subject=f"revoke token {jti} of {after.subject}",
            trailers=token_trailer(by),
            author=by.subject,
            now=now,
        )
    return after


def find_token(revision: Revision, jti: str) -> Token:
    """The record of a token. Raises NotFound, or StoreError where it cannot be read."""
    data = revision.read(paths.token_path(jti)) if is_jti(jti) else None
    if data is None:
        raise NotFound(f"the store lists no token {jti!r}", hint="repogen token list shows the ids")
    return _load(data, paths.token_path(jti))


def all_tokens(revision: Revision) -> Iterator[Token]:
    """Every token that was ever issued. Raises StoreError for a record that cannot be read."""
    for path, blob in revision.files_below(revision.folder_id(paths.TOKENS)):
        yield _load(revision.blob(blob), f"{paths.TOKENS}/{path}")


def _load(data: bytes, path: str) -> Token:
    try:
        return load_token(data)
    except ValueError as error:
        raise StoreError(f"{path}: {error}", hint="git log -- PATH shows who changed it") from error


def _scopes(token: Token) -> str:
    return "; ".join(" ".join((scope, *identifiers)) for scope, identifiers in token.scopes.items())
