"""What the client asks of the API, and what it makes of answers that are not as they should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from repogen.client.administration import Administration
from repogen.errors import Busy, FileExists, NotFound, NotPermitted, StoreError, Unreachable
from tests.client.conftest import Connect
from tests.client.servers import Asked, Reply, as_json, stub

ASK: dict[str, Callable[[Administration], Any]] = {
    "own_token": lambda api: api.own_token(),
    "tokens": lambda api: api.tokens({"active"}),
    "create_token": lambda api: api.create_token(description="x", scopes={}, expires="30d", user=None),
    "revoke_token": lambda api: api.revoke_token("0" * 32),
    "sources": lambda api: api.sources(),
    "repositories": lambda api: api.repositories(),
    "yank": lambda api: api.yank("s", project="p", which="1.0", reason=""),
    "unyank": lambda api: api.unyank("s", project="p", which="1.0"),
    "archive": lambda api: api.archive("s", project="p", version=None),
    "remove": lambda api: api.remove("s", project="p", which=None, distribution=None, comment="x", purge=True),
    "copy": lambda api: api.copy("s", project="p", version="1.0", to="t"),
}


def answering(status: int, document: Any) -> Callable[[Asked], Reply]:
    return lambda _: as_json(document, status)


@pytest.mark.parametrize("question", ASK)
@pytest.mark.parametrize("document", [[], {}, {"files": {}, "tokens": {}, "sources": [1], "repositories": [{}]}, 1])
def test_an_answer_that_is_not_understood(connect: Connect, question: str, document: Any) -> None:
    """One line that names the versions, and no traceback; what only has more than is known is fine."""
    with stub(answering(200, document)) as server:
        api = Administration(connect(server.address))
        if question in ("own_token", "revoke_token") and isinstance(document, dict):
            assert ASK[question](api) == document
        else:
            with pytest.raises(Unreachable, match="is not understood; compare the versions"):
                ASK[question](api)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "not-permitted", NotPermitted),
        (404, "not-found", NotFound),
        (503, "busy", Busy),
        (503, "store", StoreError),
    ],
)
def test_a_refusal_is_the_error_that_it_stands_for(
    connect: Connect, status: int, code: str, kind: type[Exception]
) -> None:
    """With its words and its hint, as it would be said on the machine of the store."""
    refused = {"error": code, "message": "no such thing", "hint": "try another"}
    with stub(answering(status, refused)) as server, pytest.raises(kind, match=r"no such thing; try another$"):
        Administration(connect(server.address)).sources()


def test_a_name_that_is_taken(connect: Connect) -> None:
    """A copy meets what an upload meets."""
    error = FileExists("a.whl", sha256="0" * 64)
    document = {"error": error.code, "message": error.message, "hint": error.hint}
    with stub(answering(400, document)) as server, pytest.raises(FileExists, match="File already exists"):
        ASK["copy"](Administration(connect(server.address)))


def test_a_token_is_asked_for_once(connect: Connect) -> None:
    """Where the answer is lost, another request would make another token; all else is asked for again."""
    with stub(answering(503, {"error": "busy", "message": "busy", "hint": ""})) as server:
        api = Administration(connect(server.address))
        with pytest.raises(Busy):
            ASK["create_token"](api)
        assert len(server.asked) == 1
        with pytest.raises(Busy):
            ASK["yank"](api)
        assert len(server.asked) == 4


def test_names_stay_names(connect: Connect) -> None:
    """Whatever a source is called, it is one segment of the address."""
    with stub(answering(200, {"commit": None, "files": []})) as server:
        Administration(connect(server.address)).unyank("../a?b#c", project="p", which="1.0")
    assert server.asked[0].path == "/__api__/v1/sources/..%2Fa%3Fb%23c/unyank"
    assert json.loads(server.asked[0].body) == {"project": "p", "which": "1.0"}
