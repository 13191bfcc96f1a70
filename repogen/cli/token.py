"""``repogen token``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from repogen.cli.administering import administration, is_remote
from repogen.cli.home import WAIT, Home, now
from repogen.cli.output import Format, Output, note, print_json, say, table
from repogen.errors import UsageError

app = typer.Typer(help="Tokens: who may upload what.", no_args_is_help=True)


@app.command()
def create(
    context: typer.Context,
    description: Annotated[str, typer.Option(help="What it is for; shown in lists.")],
    sources: Annotated[str, typer.Option(help="Names with commas between, or '*': for sources:write.")] = "",
    repos: Annotated[str, typer.Option(help="Names with commas between, or '*': for repos:read.")] = "",
    scope: Annotated[
        list[str] | None, typer.Option(help="sources:write, repos:read, global:admin; default sources:write.")
    ] = None,
    expires: Annotated[str, typer.Option(help="30d, 12h, 90m ... or never.")] = "30d",
    user: Annotated[str | None, typer.Option(help="Whose it is: the author of its commits.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on standard error.")] = False,
) -> None:
    """Issue a token. Its text goes to standard output, this once."""
    home: Home = context.obj
    scopes = {one: _names(one, sources, repos) for one in scope or ["sources:write"]}
    if is_remote(home):
        with administration(home) as receiver:
            text, row = receiver.create_token(description=description, scopes=scopes, expires=expires, user=user)
    else:
        text, row = _create_here(home, description=description, scopes=scopes, expires=expires, user=user)
    typer.echo(text)
    if not quiet:
        end = f"until {row['expires']}" if row["expires"] else "for ever"
        note(f"token {row['jti']} is good {end}; keep the text above now, it cannot be shown again")
        if not row["expires"]:
            note("warning: it never expires; revoke it when it is not needed any more")


def _create_here(
    home: Home, *, description: str, scopes: dict[str, list[str]], expires: str, user: str | None
) -> tuple[str, dict[str, str]]:
    from repogen.accept.tokens import bound, list_token, token_row
    from repogen.auth.times import parse_lifetime
    from repogen.auth.tokens import issue

    lifetime = parse_lifetime(expires)
    config = home.store.newest().good_config()
    issued = issue(
        home.keyring,
        subject=user if user is not None else home.user.subject,
        description=description,
        scopes=bound(config, scopes),
        issuer=config.address,
        now=now(),
        lifetime=lifetime,
    )
    home.store.write(lambda writer: list_token(writer, issued.token, by=home.user, now=now()), wait=WAIT)
    return issued.text, token_row(issued.token, config, now())


@app.command("list")
def list_tokens(
    context: typer.Context,
    expired: Annotated[bool, typer.Option("--expired", help="The expired ones.")] = False,
    revoked: Annotated[bool, typer.Option("--revoked", help="The revoked ones.")] = False,
    output: Output = Format.TEXT,
) -> None:
    """The active tokens, or those that are not good any more."""
    home: Home = context.obj
    wanted = {name for name, chosen in (("expired", expired), ("revoked", revoked)) if chosen} or {"active"}
    if is_remote(home):
        with administration(home) as receiver:
            rows = receiver.tokens(wanted)
    else:
        rows = _rows_here(home, wanted)
    if output is Format.JSON:
        print_json(rows)
    else:
        columns = ("jti", "user", "grants", "expires", "state", "description")
        cells = [[str(row.get(column) or "never") for column in columns] for row in rows]
        table([column.upper() for column in columns], cells)


def _rows_here(home: Home, wanted: set[str]) -> list[dict[str, Any]]:
    from repogen.accept.tokens import all_tokens, token_row

    revision = home.store.newest()
    config, time = revision.good_config(), now()
    found = sorted(all_tokens(revision), key=lambda token: (token.issued, token.jti))
    return [row for row in (token_row(token, config, time) for token in found) if row["state"] in wanted]


@app.command()
def revoke(
    context: typer.Context,
    token: Annotated[str, typer.Argument(metavar="JTI|TOKEN", help="Its id, '-' to read it from standard input.")],
) -> None:
    """End a token: every request that starts from now on is refused."""
    from repogen.auth.ids import jti_of

    home: Home = context.obj
    jti = jti_of(_given(token))
    if is_remote(home):
        with administration(home) as receiver:
            user = receiver.revoke_token(jti).get("user")
    else:
        from repogen.accept.tokens import revoke_token

        revoked = home.store.write(lambda writer: revoke_token(writer, jti, by=home.user, now=now()), wait=WAIT)
        user = revoked.subject
    say(f"revoked token {jti} of {user}")


@app.command()
def verify(
    context: typer.Context,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Its text, '-' to read it from standard input.")] = "-",
    output: Output = Format.TEXT,
) -> None:
    """Tell whether a token is good now, and for what."""
    from repogen.accept.tokens import find_token, token_row
    from repogen.auth.grants import judge
    from repogen.store import paths

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
    row = token_row(find_token(revision, claims.jti), revision.good_config(), now())
    if output is Format.JSON:
        print_json(row)
    else:
        say(f"the token {row['jti']} of {row['user']} is good until {row['expires'] or 'revoked'}: {row['grants']}")


def _given(token: str) -> str:
    return (typer.get_text_stream("stdin").read(1 << 16) if token == "-" else token).strip()


def _names(scope: str, sources: str, repos: str) -> list[str]:
    """What is named for a scope."""
    option, given, kind = {
        "sources:write": ("--sources", sources, "source"),
        "repos:read": ("--repos", repos, "repository"),
    }.get(scope, ("", "", ""))
    names = [name.strip() for name in given.split(",") if name.strip()]
    if option and not names:
        raise UsageError(f"{option} names no {kind}", hint="name them with commas between, or '*' for every one")
    return names
