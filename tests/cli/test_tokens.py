"""``repogen token`` and ``repogen key``."""

from __future__ import annotations

import json
import os
import re
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest

from repogen.store import Store
from tests.cli.conftest import Cli

ENTRY = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\n")


def create(cli: Cli, *options: str, sources: str = "local-python") -> str:
    return cli("token", "create", "--description", "ci", "--sources", sources, "-q", *options).out.strip()


def claims(token: str) -> dict[str, object]:
    payload = token.split(".")[1]
    found: dict[str, object] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def test_quietly_a_token_is_all_that_is_printed(cli: Cli) -> None:
    """Standard output has the text and nothing else, for a variable of a script."""
    ran = cli("token", "create", "--description", "ci", "--sources", "local-python", "-q")

    assert ENTRY.fullmatch(ran.out)
    assert ran.err == ""


def test_notices_go_to_standard_error(cli: Cli) -> None:
    """How long it is good, that it is shown once, and a warning where it has no end."""
    limited = cli("token", "create", "--description", "ci", "--sources", "local-python", "--expires", "12h")
    endless = cli("token", "create", "--description", "ci", "--sources", "*", "--expires", "never")

    assert ENTRY.fullmatch(limited.out)
    assert ENTRY.fullmatch(endless.out)
    assert re.fullmatch(
        r"token [0-9a-f]{32} is good until \S+Z; keep the text above now, it cannot be shown again\n", limited.err
    )
    assert endless.err.splitlines()[1] == "warning: it never expires; revoke it when it is not needed any more"


def test_what_a_token_says(cli: Cli) -> None:
    """Whose it is, what for, by the ids of sources and repositories, and until when."""
    source = cli("source", "list", "-o", "json").json[0]["id"]
    repository = cli("repo", "list", "-o", "json").json[0]["id"]

    token = claims(
        create(cli, "--user", "al", "--scope", "sources:write", "--scope", "repos:read", "--repos", "python")
    )

    assert token["sub"] == "al"
    assert token["scopes"] == {"repos:read": [repository], "sources:write": [source]}
    assert isinstance(token["exp"], int)
    assert isinstance(token["iat"], int)
    assert token["exp"] - token["iat"] == 30 * 24 * 3600
    assert claims(create(cli))["sub"] == "tester"


def test_tokens_are_listed_by_what_became_of_them(cli: Cli) -> None:
    """The active ones, or those that are revoked; never their texts."""
    first, second = create(cli), create(cli, "--expires", "never", sources="*")
    cli("token", "revoke", first)

    (active,) = cli("token", "list", "-o", "json").json
    (revoked,) = cli("token", "list", "--revoked", "-o", "json").json
    assert (active["jti"], active["grants"], active["expires"]) == (claims(second)["jti"], "sources:write *", "")
    assert (revoked["jti"], revoked["state"], bool(revoked["revoked"])) == (claims(first)["jti"], "revoked", True)
    assert cli("token", "list", "--expired", "-o", "json").json == []
    table = cli("token", "list").out
    assert table.splitlines()[0].split() == ["JTI", "USER", "GRANTS", "EXPIRES", "STATE", "DESCRIPTION"]
    assert "never" in table
    assert second not in table + cli("token", "list", "-o", "json").out


@pytest.mark.parametrize("how", ["text", "jti", "stdin"])
def test_a_token_is_revoked(cli: Cli, how: str) -> None:
    """By its text, its id, or on standard input; from then on it is refused."""
    token = create(cli)
    assert cli("token", "verify", token).out.startswith(f"the token {claims(token)['jti']} of tester is good until ")

    given = {"text": token, "jti": str(claims(token)["jti"]), "stdin": "-"}[how]
    ran = cli("token", "revoke", given, stdin=f"{token}\n")

    assert ran.out == f"revoked token {claims(token)['jti']} of tester\n"
    assert cli("token", "verify", stdin=token, status=5).err == "repogen: the token has been revoked\n"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["create", "--description", "x"], 2, "--sources names no source; name them with commas between, or '*'"),
        (["create", "--description", "x", "--sources", "none"], 7, "no source named 'none'"),
        (["create", "--description", "x", "--scope", "repos:read", "--repos", "none"], 7, "no repository named 'none'"),
        (["create", "--description", "x", "--scope", "all"], 2, "no scope 'all'; scopes: sources:write, repos:read"),
        (["create", "--description", "", "--sources", "*"], 2, "the description of a token must be 1 to 500 printable"),
        (["create", "--description", "a\nb", "--sources", "*"], 2, "on one line, not 'a?b'"),
        (["create", "--description", "x", "--sources", "*", "--user", "\x1b[2J"], 2, "the user of a token must be"),
        (["create", "--description", "x", "--sources", "*", "--expires", "1y"], 2, "'1y' is not a lifetime"),
        (["create", "--description", "x", "--sources", "*", "--expires", "0d"], 2, "would expire at once"),
        (["revoke", "f" * 32], 7, f"the store lists no token '{'f' * 32}'"),
        (["revoke", "../../x"], 2, "neither the id nor the text of a token"),
        (["verify", "x.y.z"], 5, "the token is not valid"),
    ],
)
def test_what_cannot_be_is_refused(cli: Cli, arguments: list[str], status: int, message: str) -> None:
    """One line says why, and nothing is committed."""
    before = Store(cli.home / "store.git").head()

    assert message in cli("token", *arguments, status=status).err
    assert Store(cli.home / "store.git").head() == before


def test_a_removed_source_ends_its_tokens(cli: Cli) -> None:
    """A source that gets the name later is another one."""
    token = create(cli)
    cli("source", "remove", "local-python")
    cli("source", "create", "local-python", "--type", "python")

    (source,) = (row["id"] for row in cli("source", "list", "-o", "json").json if row["name"] == "local-python")
    assert source not in str(claims(token)["scopes"])
    assert "local-python" not in cli("token", "verify", token).out


def test_keys_rotate(cli: Cli) -> None:
    """The newest signs, all that are listed verify, and a key that is retired takes its tokens along."""
    old = create(cli)
    (first,) = cli("key", "list", "-o", "json").json

    said = cli("key", "rotate").out
    new = create(cli)

    kids = [row["kid"] for row in cli("key", "list", "-o", "json").json]
    assert kids[0] == first["kid"]
    assert said == f"signing with key {kids[1]}\n"
    assert [line.split()[0] for line in cli("key", "list").out.splitlines()] == ["KID", *kids]
    for token in (old, new):
        cli("token", "verify", token)
    assert cli("key", "retire", kids[0]).out == f"retired key {kids[0]}\n"
    assert cli("token", "verify", old, status=5).err == "repogen: the token is not valid\n"
    cli("token", "verify", new)


def test_a_key_that_is_not_there_is_escaped(cli: Cli) -> None:
    """Whatever it is called."""
    assert r"'\x1b[31m\n'" in cli("key", "retire", "\x1b[31m\n", status=7).err


@pytest.mark.parametrize("damage", [None, b"", b"{}", b"\xff"])
def test_keys_that_cannot_be_read_are_one_line(cli: Cli, damage: bytes | None) -> None:
    """A key file that is gone or damaged stops what needs it and nothing else; no secret is printed."""
    place = cli.home / "signing.key"
    place.unlink() if damage is None else place.write_bytes(damage)

    refused = cli("token", "create", "--description", "x", "--sources", "*", status=11)

    assert "signing.key" in refused.err
    cli("source", "list")


def test_a_key_that_others_can_read_is_no_secret(cli: Cli) -> None:
    """The file stays private when keys change, whatever the umask."""
    before = os.umask(0)
    try:
        cli("key", "rotate")
    finally:
        os.umask(before)
    assert Path(cli.home / "signing.key").stat().st_mode & 0o777 == 0o600
