"""Tokens in the store: listed when they are issued, marked when they are revoked, each a commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from repogen.accept.wording import token_trailer
from repogen.auth.ids import is_jti
from repogen.auth.times import stamp
from repogen.auth.tokens import EVERY, SCOPES, Token, dump_token, load_token, revoke, state
from repogen.config import Config
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


def bound(config: Config, named: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Scopes for names, as scopes for the immutable ids behind them. Raises NotFound.

    What else is wrong with them, :func:`repogen.auth.tokens.issue` says.
    """
    return {scope: [_id(config, SCOPES.get(scope, ""), name) for name in names] for scope, names in named.items()}


def grants_text(scopes: Mapping[str, Sequence[str]], config: Config) -> str:
    """What a token is good for, with the names of today: ``repos:read python; sources:write a,b``."""
    names = {source.id: source.name for source in config.sources.values()}
    names |= {repository.id: repository.name for repository in config.repositories.values()}
    return "; ".join(
        " ".join((scope, ",".join(names.get(one, one) for one in identifiers))).strip()
        for scope, identifiers in scopes.items()
    )


def token_row(token: Token, config: Config, now: datetime) -> dict[str, str]:
    """All that is shown of a token, in words; "" for a time that there is none of."""
    return {
        "jti": token.jti,
        "user": token.subject,
        "description": token.description,
        "grants": grants_text(token.scopes, config),
        "issued": stamp(token.issued),
        "expires": stamp(token.expires) if token.expires else "",
        "revoked": stamp(token.revoked.at) if token.revoked else "",
        "state": state(token, now),
    }


def _id(config: Config, kind: str, name: str) -> str:
    if name == EVERY or not kind:
        return name
    return config.source(name).id if kind == "source" else config.repository(name).id


def _load(data: bytes, path: str) -> Token:
    try:
        return load_token(data)
    except ValueError as error:
        raise StoreError(f"{path}: {error}", hint="git log -- PATH shows who changed it") from error


def _scopes(token: Token) -> str:
    return "; ".join(" ".join((scope, *identifiers)) for scope, identifiers in token.scopes.items())
