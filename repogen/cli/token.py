"""``repogen token``."""

from __future__ import annotations

from typing import Annotated

import typer

from repogen.accept.tokens import all_tokens, find_token, list_token, revoke_token
from repogen.auth.grants import judge
from repogen.auth.times import parse_lifetime, stamp
from repogen.auth.tokens import EVERY, SCOPES, Token, issue, jti_of, state
from repogen.cli.home import WAIT, Home, now
from repogen.cli.output import Format, Output, note, print_json, say, table
from repogen.config import Config
from repogen.errors import UsageError
from repogen.store import paths

app = typer.Typer(help="Tokens: who may upload what.", no_args_is_help=True)


@app.command()
def create(
    context: typer.Context,
    description: Annotated[str, typer.Option(help="What it is for; shown in lists.")],
    sources: Annotated[str, typer.Option(help="Names with commas between, or '*': for sources:write.")] = "",
    repos: Annotated[str, typer.Option(help="Names with commas between, or '*': for repos:read.")] = "",
    scope: Annotated[list[str] | None, typer.Option(help=f"{', '.join(SCOPES)}; default sources:write.")] = None,
    expires: Annotated[str, typer.Option(help="30d, 12h, 90m ... or never.")] = "30d",
    user: Annotated[str | None, typer.Option(help="Whose it is: the author of its commits.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on standard error.")] = False,
) -> None:
    """Issue a token. Its text goes to standard output, this once."""
    home: Home = context.obj
    lifetime = parse_lifetime(expires)
    config = home.store.newest().good_config()
    issued = issue(
        home.keyring,
        subject=user if user is not None else home.user.subject,
        description=description,
        scopes={one: _ids(config, SCOPES.get(one, ""), sources, repos) for one in scope or ["sources:write"]},
        issuer=config.address,
        now=now(),
        lifetime=lifetime,
    )
    home.store.write(lambda writer: list_token(writer, issued.token, by=home.user, now=now()), wait=WAIT)
    typer.echo(issued.text)
    if not quiet:
        end = f"until {stamp(issued.token.expires)}" if issued.token.expires else "for ever"
        note(f"token {issued.token.jti} is good {end}; keep the text above now, it cannot be shown again")
        if lifetime is None:
            note("warning: it never expires; revoke it when it is not needed any more")


@app.command("list")
def list_tokens(
    context: typer.Context,
    expired: Annotated[bool, typer.Option("--expired", help="The expired ones.")] = False,
    revoked: Annotated[bool, typer.Option("--revoked", help="The revoked ones.")] = False,
    output: Output = Format.TEXT,
) -> None:
    """The active tokens, or those that are not good any more."""
    home: Home = context.obj
    revision = home.store.newest()
    config, time = revision.good_config(), now()
    wanted = {name for name, chosen in (("expired", expired), ("revoked", revoked)) if chosen} or {"active"}
    found = sorted(all_tokens(revision), key=lambda token: (token.issued, token.jti))
    rows = [_row(token, state(token, time), config) for token in found if state(token, time) in wanted]
    if output is Format.JSON:
        print_json(rows)
    else:
        columns = ("jti", "user", "grants", "expires", "state", "description")
        table([column.upper() for column in columns], [[row[column] or "never" for column in columns] for row in rows])


@app.command()
def revoke(
    context: typer.Context,
    token: Annotated[str, typer.Argument(metavar="JTI|TOKEN", help="Its id, '-' to read it from standard input.")],
) -> None:
    """End a token: every request that starts from now on is refused."""
    home: Home = context.obj
    jti = jti_of(_given(token))
    revoked = home.store.write(lambda writer: revoke_token(writer, jti, by=home.user, now=now()), wait=WAIT)
    say(f"revoked token {jti} of {revoked.subject}")


@app.command()
def verify(
    context: typer.Context,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Its text, '-' to read it from standard input.")] = "-",
    output: Output = Format.TEXT,
) -> None:
    """Tell whether a token is good now, and for what."""
    home: Home = context.obj
    # First the text: where it comes through a pipe, the store may list it only then.
    text = _given(token)
    revision = home.store.newest()
    claims = judge(
        text,
        keyring=home.keyring,
        lookup=lambda jti: revision.read(paths.token_path(jti)),
        now=now(),
    )
    row = _row(find_token(revision, claims.jti), "active", revision.good_config())
    if output is Format.JSON:
        print_json(row)
    else:
        say(f"the token {row['jti']} of {row['user']} is good until {row['expires'] or 'revoked'}: {row['grants']}")


def _given(token: str) -> str:
    return (typer.get_text_stream("stdin").read(1 << 16) if token == "-" else token).strip()


def _ids(config: Config, kind: str, sources: str, repos: str) -> list[str]:
    given = {"source": sources, "repository": repos}.get(kind, "")
    names = [name.strip() for name in given.split(",") if name.strip()]
    if kind and not names:
        option = "--sources" if kind == "source" else "--repos"
        raise UsageError(f"{option} names no {kind}", hint=f"name them with commas between, or {EVERY!r} for every one")
    if kind == "source":
        return [EVERY if name == EVERY else config.source(name).id for name in names]
    return [EVERY if name == EVERY else config.repository(name).id for name in names]


def _row(token: Token, condition: str, config: Config) -> dict[str, str]:
    names = {source.id: source.name for source in config.sources.values()}
    names |= {repository.id: repository.name for repository in config.repositories.values()}
    grants = [
        " ".join((scope, ",".join(names.get(one, one) for one in identifiers))).strip()
        for scope, identifiers in token.scopes.items()
    ]
    return {
        "jti": token.jti,
        "user": token.subject,
        "description": token.description,
        "grants": "; ".join(grants),
        "issued": stamp(token.issued),
        "expires": stamp(token.expires) if token.expires else "",
        "revoked": stamp(token.revoked.at) if token.revoked else "",
        "state": condition,
    }
