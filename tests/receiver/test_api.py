"""Administration over HTTP: who may, what happens in the store and on the site, what is answered."""

from __future__ import annotations

import errno
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from repogen.errors import ConfigError, DiskFull, FileExists, NotAuthenticated
from repogen.receiver.api import json_refusal
from repogen.store.locks import locked
from tests.r_packages import make_r_source
from tests.receiver.wire import ask, put
from tests.served import Served, serve_home


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all tests of this module, as each works on projects of its own."""
    with serve_home(tmp_path_factory.mktemp("api")) as one:
        yield one


def test_what_the_own_token_is(served: Served) -> None:
    """Its id, whose it is, what it is good for in the names of today, and until when."""
    status, row = served.call("GET", "token", token=served.near)
    assert (status, row["user"], row["grants"]) == (200, "near", "sources:write local-python")
    assert row["expires"].endswith("Z")
    assert served.call("GET", "token", token=served.reader)[1]["expires"] == ""


def test_sources_and_repositories(served: Served) -> None:
    """Any good token sees all of them."""
    status, document = served.call("GET", "sources", token=served.reader)
    assert status == 200
    assert [(row["name"], row["type"], row["repositories"]) for row in document["sources"]] == [
        ("local-python", "python", ["python"]),
        ("local-r", "r", ["r"]),
        ("staging", "python", ["tested"]),
    ]
    status, document = served.call("GET", "repositories", token=served.reader)
    assert [(row["name"], row["sources"]) for row in document["repositories"]] == [
        ("python", ["local-python"]),
        ("r", ["local-r"]),
        ("tested", ["staging"]),
    ]


def test_yank_and_back(served: Served) -> None:
    """The index says so when the answer comes, the commit is in the name of the token, and again changes nothing."""
    (name,) = served.upload("yanked-one", "1.0")
    body = {"project": "Yanked_One", "which": "1.0", "reason": "leaks"}

    status, done = served.call("POST", "sources/local-python/yank", body)
    assert (status, done) == (200, {"commit": served.newest("%H"), "files": [name]})
    assert served.index("yanked-one")[name]["yanked"] == "leaks"
    assert served.newest() == "ci: yank yanked_one 1.0 from local-python (1 file)".replace("yanked_one", "yanked-one")
    assert "Token: " in served.newest("%b")
    assert served.call("POST", "sources/local-python/yank", body) == (200, {"commit": None, "files": []})

    del body["reason"]
    assert served.call("POST", "sources/local-python/unyank", body)[1]["files"] == [name]
    assert not served.index("yanked-one")[name]["yanked"]


def test_archive(served: Served) -> None:
    """An R package leaves PACKAGES."""
    file = make_r_source(served.folder, "shelved", "1.0")
    answer = put(
        served.port,
        f"/upload/r/local-r/{file.name}",
        file.read_bytes(),
        Authorization=f"Bearer {served.writer}",
    )
    assert answer.status == 200
    assert "Package: shelved" in ask(served.port, "GET", "/r/latest/src/contrib/PACKAGES").text

    status, done = served.call("POST", "sources/local-r/archive", {"project": "shelved", "version": "1.0"})

    assert (status, done["files"]) == (200, [file.name])
    assert "Package: shelved" not in ask(served.port, "GET", "/r/latest/src/contrib/PACKAGES").text
    assert served.call("POST", "sources/local-r/archive", {"project": "shelved"})[1] == {"commit": None, "files": []}


def test_remove(served: Served) -> None:
    """A release, or all of a project, with the reason in the history."""
    first, second = served.upload("removed-one", "1.0", "2.0")
    path = "sources/local-python/remove"

    status, done = served.call("POST", path, {"project": "removed-one", "which": "1.0", "comment": "wrong"})
    assert (status, done) == (200, {"commit": served.newest("%H"), "files": [first]})
    assert list(served.index("removed-one")) == [second]
    assert "Comment: wrong" in served.newest("%b")
    assert served.call("POST", path, {"project": "removed-one", "all": True, "comment": "x"})[1]["files"] == [second]
    assert "removed-one" not in ask(served.port, "GET", "/python/latest/simple/").text
    assert served.call("POST", path, {"project": "removed-one", "all": True, "comment": "x"})[1]["commit"] is None


def test_only_an_admin_purges(served: Served) -> None:
    """What no revert brings back needs more than the right to upload; nothing is removed without it."""
    (name,) = served.upload("purged-one", "1.0")
    url = served.index("purged-one")[name]["url"].removeprefix("../../../")
    sha256 = served.index("purged-one")[name]["hashes"]["sha256"]
    body = {"project": "purged-one", "all": True, "comment": "a secret", "purge": True}

    status, refused = served.call("POST", "sources/local-python/remove", body)
    assert (status, refused["error"]) == (403, "not-permitted")
    assert list(served.index("purged-one")) == [name]

    status, done = served.call("POST", "sources/local-python/remove", body, token=served.admin)
    assert (status, done["files"], done["kept"], done["absent"]) == (200, [name], [], [])
    assert done["purged"] == [{"filename": name, "sha256": sha256}]
    assert ask(served.port, "GET", f"/python/{url}").status == 404
    assert not served.home.store.pool.path(sha256).exists()
    again = served.call("POST", "sources/local-python/remove", body, token=served.admin)[1]
    assert (again["commit"], again["files"], again["purged"], again["absent"]) == (None, [], [], [name])


def test_purging_ends_what_a_removal_began(served: Served) -> None:
    """A file that was removed without it is not served for a while longer once it is purged."""
    (name,) = served.upload("purged-later", "1.0")
    url = served.index("purged-later")[name]["url"].removeprefix("../../../")
    body: dict[str, Any] = {"project": "purged-later", "which": "1.0", "comment": "a secret"}
    served.call("POST", "sources/local-python/remove", body)
    assert ask(served.port, "GET", f"/python/{url}").status == 200

    done = served.call("POST", "sources/local-python/remove", body | {"purge": True}, token=served.admin)[1]

    assert [one["filename"] for one in done["purged"]] == [name]
    assert ask(served.port, "GET", f"/python/{url}").status == 404


def test_copy(served: Served) -> None:
    """From one source into another, where the token may write to both."""
    (name,) = served.upload("promoted", "1.0", source="staging")
    body = {"project": "promoted", "version": "1.0", "to": "local-python"}

    status, refused = served.call("POST", "sources/staging/copy", body, token=served.near)
    assert (status, refused["message"]) == (403, "this token may not change source 'staging'")
    status, done = served.call("POST", "sources/staging/copy", body)
    assert (status, done["files"], done["notes"]) == (200, [{"filename": name, "status": "added", "warnings": []}], [])
    assert done["commit"] == served.newest("%H")
    assert list(served.index("promoted")) == [name]
    assert served.call("POST", "sources/staging/copy", body)[1]["commit"] is None

    status, refused = served.call("POST", "sources/local-python/copy", body | {"to": "staging"}, token=served.near)
    assert (status, refused["message"]) == (403, "this token may not change source 'staging'")


def test_a_token_is_made_listed_and_revoked(served: Served) -> None:
    """Its text is in one answer and nowhere else; revoked, the next request with it is refused."""
    scopes = {"sources:write": ["staging"], "repos:read": ["*"]}
    status, made = served.call(
        "POST", "tokens", {"description": "CI", "scopes": scopes, "expires": "1h"}, token=served.admin
    )
    assert (status, made["token"]["user"], made["token"]["grants"]) == (
        201,
        "root",
        "repos:read *; sources:write staging",
    )
    assert served.call("GET", "token", token=made["text"])[1]["jti"] == made["token"]["jti"]

    listed = served.ask("GET", "tokens", token=served.admin)
    assert made["token"] in json.loads(listed.body)["tokens"]
    assert made["text"].rpartition(".")[2] not in listed.text

    path = f"tokens/{made['token']['jti']}"
    first = served.call("DELETE", path, token=served.admin)
    assert (first[0], first[1]["state"]) == (200, "revoked")
    assert served.call("DELETE", path, token=served.admin) == first
    assert served.call("GET", "token", token=made["text"])[0] == 401
    revoked = served.call("GET", "tokens?state=revoked&state=expired", token=served.admin)[1]["tokens"]
    assert [row["jti"] for row in revoked] == [made["token"]["jti"]]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "tokens"), ("POST", "tokens"), ("DELETE", "tokens/" + "0" * 32)],
)
def test_tokens_are_for_admins(served: Served, method: str, path: str) -> None:
    """Whoever may write to every source still makes no token."""
    status, refused = served.call(method, path, {"description": "x", "scopes": {"global:admin": []}})
    assert (status, refused["error"]) == (403, "not-permitted")


@pytest.mark.parametrize(
    ("path", "token", "status", "code", "words"),
    [
        ("sources/nowhere/yank", "", 401, "not-authenticated", "no token came"),
        ("sources/nowhere/yank", "x.y.z", 401, "not-authenticated", "not valid"),
        ("sources/nowhere/yank", "reader", 404, "not-found", "no source named 'nowhere'"),
        ("sources/staging/yank", "near", 403, "not-permitted", "'staging'"),
        ("sources/local-python/yank", "reader", 403, "not-permitted", "'local-python'"),
        ("sources/local-python/yank", "near", 413, "too-large", "65536 are allowed"),
    ],
)
def test_the_order_of_judgement(served: Served, path: str, token: str, status: int, code: str, words: str) -> None:
    """401, 404, 403, 413, each before anything of the body counts, in JSON."""
    text = {"near": served.near, "reader": served.reader}.get(token, token)
    answer = served.ask("POST", path, b"", token=text, **{"Content-Length": str(1 << 40)})
    document = json.loads(answer.body)
    assert (answer.status, document["error"]) == (status, code)
    assert words in document["message"]
    assert set(document) == {"error", "message", "hint"}
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


YANK = "sources/local-python/yank"
REMOVE = "sources/local-python/remove"
GOOD = {"project": "x", "which": "1.0"}


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        (YANK, b"", "the body is not JSON"),
        (YANK, b"{", "the body is not JSON"),
        (YANK, b"\xff", "the body is not JSON"),
        (YANK, b"[" * 60_000, "the body is not JSON"),
        (YANK, b'{"project": ' + b"9" * 5000 + b"}", "the body is not JSON"),
        (YANK, [], "not a JSON object"),
        (YANK, {"project": "x"}, "the field 'which' is missing"),
        (YANK, GOOD | {"project": 1}, "'project' must be 1 to 255 printable"),
        (YANK, GOOD | {"project": ""}, "'project' must be 1 to 255 printable"),
        (YANK, GOOD | {"which": "a\nb"}, "'which' must be 1 to 255 printable"),
        (YANK, GOOD | {"which": "\ud800"}, "'which' must be 1 to 255 printable"),
        (YANK, GOOD | {"reason": "x" * 501}, "'reason' must be 1 to 500 printable"),
        (YANK, GOOD | {"reason": "a\x1b[2J"}, "'reason' must be 1 to 500 printable"),
        (YANK, GOOD | {"reson": "x"}, "there is no field 'reson' here"),
        (REMOVE, GOOD, "the field 'comment' is missing"),
        (REMOVE, GOOD | {"comment": " "}, "'comment' must be 1 to 500 printable"),
        (REMOVE, {"project": "x", "comment": "x"}, "not clear what to remove"),
        (REMOVE, GOOD | {"all": True, "comment": "x"}, "not clear what to remove"),
        (REMOVE, GOOD | {"all": 1, "comment": "x"}, "'all' must be true or false"),
        (REMOVE, GOOD | {"comment": "x", "purge": "yes"}, "'purge' must be true or false"),
        ("sources/local-r/yank", GOOD, "R packages cannot be yanked"),
        ("sources/local-python/archive", {"project": "x"}, "Python packages cannot be archived"),
        ("sources/local-python/copy", {"project": "x", "version": "1", "to": "local-r"}, "of type"),
    ],
)
def test_a_body_that_is_not_as_it_must_be(served: Served, path: str, body: Any, words: str) -> None:
    """400 with the field, and nothing is committed."""
    before = served.newest("%H")
    status, refused = served.call("POST", path, body)
    assert (status, refused["error"]) == (400, "usage")
    assert words in refused["message"]
    assert served.newest("%H") == before


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"scopes": {}}, 400, "the field 'description' is missing"),
        ({"description": "x"}, 400, "the field 'scopes' is missing"),
        ({"description": "x", "scopes": {}}, 400, "a token needs a scope"),
        ({"description": "x", "scopes": []}, 400, "'scopes' must be an object of lists"),
        ({"description": "x", "scopes": {"all": ["x"]}}, 400, "no scope 'all'"),
        ({"description": "x", "scopes": {"sources:write": []}}, 400, "names no source"),
        ({"description": "x", "scopes": {"sources:write": [1]}}, 400, "'scopes' must be 1 to 255"),
        ({"description": "x", "scopes": {"sources:write": ["none"]}}, 404, "no source named 'none'"),
        ({"description": "x", "scopes": {"repos:read": ["none"]}}, 404, "no repository named 'none'"),
        ({"description": "x", "scopes": {"global:admin": ["a"]}}, 400, "global:admin is for everything"),
        ({"description": "x", "scopes": {"sources:write": ["*"]}, "expires": "1y"}, 400, "'1y' is not a lifetime"),
    ],
)
def test_a_token_that_cannot_be(served: Served, body: Any, status: int, words: str) -> None:
    """Is not made."""
    before = served.newest("%H")
    got, refused = served.call("POST", "tokens", body, token=served.admin)
    assert got == status
    assert words in refused["message"]
    assert served.newest("%H") == before


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_is_json(served: Served, kind: str) -> None:
    """What a form on a web page could send is refused."""
    answer = served.ask("POST", YANK, GOOD, **{"Content-Type": kind})
    assert (answer.status, json.loads(answer.body)["error"]) == (400, "usage")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "nothing", 404), ("POST", "sources", 405), ("GET", YANK, 405), ("DELETE", "tokens/x%2fy", 404)],
)
def test_other_addresses_are_refused_in_json(served: Served, method: str, path: str, status: int) -> None:
    """Also where there is nothing."""
    answer = served.ask(method, path, token=served.admin)
    assert (answer.status, set(json.loads(answer.body))) == (status, {"error", "message", "hint"})
    assert ("Allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("project", ["../../tokens", "a/b", ".", "..", "nothing", "\u2603"])
def test_a_project_that_is_not_there(served: Served, project: str) -> None:
    """Whatever it is called, it is looked for among the projects of the source and nowhere else."""
    for path, more in ((YANK, {"which": "1.0"}), (REMOVE, {"all": True, "comment": "x"})):
        status, refused = served.call("POST", path, {"project": project, **more})
        assert (status, refused["error"]) == (404, "not-found")


def test_a_store_that_is_held_is_busy(served: Served) -> None:
    """503 with a time to come back, and nothing is committed."""
    served.upload("busy-one", "1.0")
    before = served.newest("%H")
    with locked(served.home.store.folder / "repogen.lock", wait=1, what="the store"):
        answer = served.ask("POST", YANK, {"project": "busy-one", "which": "1.0"})
    assert (answer.status, json.loads(answer.body)["error"]) == (503, "busy")
    assert answer.headers["Retry-After"] == "5"
    assert served.newest("%H") == before


@pytest.mark.parametrize(
    ("error", "status", "code", "words"),
    [
        (NotAuthenticated("no token", hint="send one"), 401, "not-authenticated", "no token"),
        (FileExists("a.whl", sha256="0" * 64), 400, "file-exists", "File already exists"),
        (ConfigError("wrong", place="sources"), 503, "config", "repogen.toml: sources: wrong"),
        (DiskFull("full"), 507, "disk-full", "full"),
        (OSError(errno.ENOSPC, "No space left on device", "/srv/x"), 507, "disk-full", "no room left"),
        (OSError(errno.EIO, "Input/output error", "/srv/x"), 503, "store", "Input/output error"),
        (ZeroDivisionError("the secret detail"), 500, "error", "internal error"),
    ],
)
def test_an_error_as_json(
    error: Exception, status: int, code: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The code of its family, the words and the hint; never a path of the server, nor what only the log may know."""
    with caplog.at_level(logging.ERROR):
        response = json_refusal(error)
    document = json.loads(response.get_data())
    assert (response.status_code, document["error"]) == (status, code)
    assert words in document["message"]
    assert document["hint"] == ("send one" if status == 401 else document["hint"])
    assert not [secret for secret in ("/srv", "secret") if secret in response.get_data(as_text=True)]
    assert ("Retry-After" in response.headers) == (status == 503)
    assert response.headers["Cache-Control"] == "no-store"
