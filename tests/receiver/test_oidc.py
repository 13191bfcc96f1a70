"""Trusted publishing over HTTP, as uv, PDM and the publish action ask, and what they print of a refusal."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest

from repogen.model.publishers import Issuer, Rule, TrustedPublishing
from repogen.receiver.oidc import MAX_BODY
from tests.issuer import AUDIENCE, Forge, forging, private_key
from tests.receiver.house import CONFIG, LOCAL, WRITER, House
from tests.receiver.wire import Answer, ask, basic, encode, send_form, upload_form

MINT, BURN = "/_/oidc/mint-token", "/_/oidc/burn-token"


@pytest.fixture
def forge() -> Iterator[Forge]:
    """Whose jobs publish."""
    with forging() as served:
        yield served


@pytest.fixture
def trusting(house: House, forge: Forge) -> House:
    """A house with one rule: the repository ``acme/example``, in the environment ``release``, into ``local-python``."""
    rule = Rule(
        name="example",
        issuer=Issuer(name="github", url=forge.url, kind="github"),
        claims={"repository": "acme/example", "environment": "release"},
        sources=(LOCAL.name,),
        lifetime=timedelta(minutes=15),
    )
    house.config = replace(CONFIG, trusted_publishing=TrustedPublishing(audience=AUDIENCE, rules=(rule,)))
    return house


def post(port: int, path: str, document: Any) -> Answer:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return ask(port, "POST", path, headers={"Content-Type": "application/json"}, body=body)


def mint(port: int, forge: Forge, **claims: Any) -> Answer:
    return post(port, MINT, {"token": forge.token(**claims)})


def refusal(answer: Answer) -> tuple[int, str, str]:
    """Status, code and description of a refusal in PyPI's form."""
    document = json.loads(answer.body)
    (error,) = document["errors"]
    assert (document["message"], answer.headers["Content-Type"]) == ("Token request failed", "application/json")
    assert "token" not in document
    return answer.status, error["code"], error["description"]


def test_from_an_identity_to_an_upload(trusting: House, port: int, forge: Forge) -> None:
    """Audience, token, upload, burn: the four steps of a job, and the token is good for no fifth."""
    answer = ask(port, "GET", "/_/oidc/audience")
    assert (answer.status, json.loads(answer.body)) == (200, {"audience": AUDIENCE})
    answer = mint(port, forge)
    minted = json.loads(answer.body)
    assert (answer.status, minted["success"], answer.headers["Cache-Control"]) == (200, True, "no-store")
    assert minted["expires"] == jwt.decode(minted["token"], options={"verify_signature": False})["exp"]
    assert send_form(port, upload_form(), **basic(minted["token"])).status == 200
    (sender,) = trusting.senders
    assert sender.subject == "acme/example (github)"
    assert [name for name, _ in sender.publisher] == ["Publisher", "Workflow", "Run"]
    answer = post(port, BURN, {"token": minted["token"]})
    assert (answer.status, json.loads(answer.body)) == (202, {"success": True})
    assert post(port, BURN, {"token": minted["token"]}).status == 202
    answer = send_form(port, upload_form(), **basic(minted["token"]))
    assert (answer.status, answer.text) == (401, "the token has been burnt")


def test_only_the_sources_of_the_rule(trusting: House, port: int, forge: Forge) -> None:
    """Another source is as closed to a minted token as to any other."""
    token = json.loads(mint(port, forge).body)["token"]
    assert send_form(port, upload_form(), path="/upload/pypi/other-python", **basic(token)).status == 403
    assert ask(port, "GET", "/__api__/verify-auth?repo=python", headers=basic(token)).status == 403
    answer = ask(port, "GET", "/__api__/verify-auth", headers=basic(token))
    assert json.loads(answer.body)["subject"] == "acme/example (github)"
    assert trusting.files == {}


def test_not_set_up(house: House, port: int, forge: Forge) -> None:
    """Without rules all is off: 403, from which clients go on to other credentials, and no issuer is asked."""
    for answer in (ask(port, "GET", "/_/oidc/audience"), mint(port, forge)):
        assert refusal(answer) == (
            403,
            "not-enabled",
            "trusted publishing is not set up here: repogen.toml has no rule for it",
        )
    assert (forge.requests, house.files) == ([], {})


@pytest.mark.parametrize(
    ("claims", "status", "code", "words"),
    [
        ({"aud": "pypi"}, 422, "invalid-token", "for the audience 'pypi', not for 'packages.example.com'"),
        ({"iss": "https://evil.example.com"}, 422, "invalid-token", "of the issuer 'https://evil.example.com'"),
        ({"exp": 1_700_000_000}, 422, "invalid-token", "has expired"),
        ({"nbf": 4_000_000_000}, 422, "invalid-token", "is not valid yet"),
        ({"iat": 4_000_000_000}, 422, "invalid-token", "in the future; compare the clocks"),
        ({"key": private_key("RSA", 1)}, 422, "invalid-token", "the signature of the identity token is not good"),
        ({"kid": "first", "key": private_key("EC")}, 422, "invalid-token", "is not for ES256"),
        ({"kid": "second", "key": private_key("RSA", 1)}, 422, "invalid-token", "has no key 'second'"),
        ({"environment": "staging"}, 403, "invalid-publisher", "wants environment 'release', the token says 'staging'"),
        ({"repository": "evil/example"}, 403, "invalid-publisher", "no rule lets the repository 'evil/example'"),
        ({"repository": "a\r\nX-Evil: 1\u2603"}, 403, "invalid-publisher", "no rule lets the repository"),
    ],
    ids=itertools.count(),  # keys are made anew in each process
)
def test_identities_that_are_refused(
    trusting: House, port: int, forge: Forge, claims: dict[str, Any], status: int, code: str, words: str
) -> None:
    """Each with a status, a code and a text that names the cause; nothing is minted."""
    found = refusal(mint(port, forge, **claims))
    assert found[:2] == (status, code)
    assert words in found[2]
    assert found[2].isascii()
    assert "\n" not in found[2]
    assert not (trusting.root / "burnt.sqlite").exists()


@pytest.mark.usefixtures("trusting")
def test_other_algorithms(port: int, forge: Forge) -> None:
    """A token without a signature, or signed with a shared secret, is refused for that."""
    claims = {"iss": forge.url, "aud": AUDIENCE}
    for text in (jwt.encode(claims, "", algorithm="none"), jwt.encode(claims, "s" * 32, algorithm="HS256")):
        status, code, words = refusal(post(port, MINT, {"token": text}))
        assert (status, code) == (422, "invalid-token")
        assert "is not one of RS256, ES256" in words
    assert forge.requests == []


@pytest.mark.usefixtures("trusting")
def test_an_issuer_that_is_away(port: int, forge: Forge, caplog: pytest.LogCaptureFixture) -> None:
    """503 and a time to come again; the reason is in the log alone."""
    forge.answers["/keys"] = (500, {}, b"")
    answer = mint(port, forge)
    status, code, words = refusal(answer)
    assert (status, code) == (503, "unreachable")
    assert words.startswith("the issuer github cannot be asked for its keys now")
    assert int(answer.headers["Retry-After"]) > 0
    assert "answers 500" in caplog.text


def test_what_was_used_cannot_be_kept(trusting: House, port: int, forge: Forge) -> None:
    """Where it cannot be remembered that an identity was used, no token is given out."""
    (trusting.root / "burnt.sqlite").write_bytes(b"damaged" * 1000)
    status, code, words = refusal(mint(port, forge))
    assert (status, code) == (503, "store")
    assert str(trusting.root) not in words


@pytest.mark.usefixtures("trusting")
def test_an_identity_mints_once(port: int, forge: Forge) -> None:
    """The second time, it is refused."""
    body = {"token": forge.token()}
    assert post(port, MINT, body).status == 200
    status, code, words = refusal(post(port, MINT, body))
    assert (status, code) == (422, "invalid-token")
    assert "already" in words


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("path", [MINT, BURN])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"token",
        b'"token"',
        b"\xff\xfe",
        b"[" * 50_000,
        b'{"token": null}',
        b'{"token": ["x"]}',
        b'{"token": ""}',
        b'{"token": "' + b"x" * MAX_BODY + b'"}',
        encode([("token", "x")]),
    ],
    ids=lambda body: str(body)[:20],
)
def test_bodies_that_are_none(port: int, path: str, body: bytes) -> None:
    """Whatever is not a JSON object with a token is refused as such."""
    assert refusal(post(port, path, body))[:2] == (422, "invalid-payload")


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("text", ["x", "a.b.c", "good.writer.token", "x" * 10_000, "\udcff\u2603"])
def test_texts_that_are_no_tokens(port: int, text: str) -> None:
    """Neither an identity nor a minted token: refused, with a text that does not repeat it."""
    for path in (MINT, BURN):
        answer = post(port, path, {"token": text})
        assert refusal(answer)[:2] == (422, "invalid-token")
        assert json.dumps(text)[1:-1] not in answer.text.replace("identity token", "")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/_/oidc/audience"), ("GET", MINT), ("GET", BURN), ("PUT", MINT)]
)
def test_other_methods(port: int, method: str, path: str) -> None:
    """What is asked in another way is not done."""
    assert ask(port, method, path, body=b"").status == 405


def test_other_paths(port: int) -> None:
    """Beside the three there is nothing, and not a page of the site either."""
    assert ask(port, "GET", "/_/oidc").status == 404
    assert ask(port, "GET", "/_/oidc/github/mint-token").status == 404


def test_the_log_names_the_job(trusting: House, port: int, forge: Forge, caplog: pytest.LogCaptureFixture) -> None:
    """The access log has subject and id of the token that was minted, and neither token's text."""
    caplog.set_level(logging.INFO)
    text = forge.token()
    minted = json.loads(post(port, MINT, {"token": text}).body)["token"]
    jti = jwt.decode(minted, options={"verify_signature": False})["jti"]
    lines = [record.message for record in caplog.records if record.name == "repogen.access"]
    assert lines[-1].endswith(f"acme/example (github) {jti}")
    assert text.rpartition(".")[2] not in caplog.text
    assert minted.rpartition(".")[2] not in caplog.text
    assert trusting.authenticate(minted).jti == jti


@pytest.mark.usefixtures("trusting")
def test_other_tokens_stay(port: int) -> None:
    """A listed token is not ended by whoever asks for it to be burnt."""
    refusal(post(port, BURN, {"token": "good.writer.token"}))
    assert send_form(port, upload_form()).status == 200
    assert WRITER.publisher == ()


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("attestations", ["[]", '[{"version": 1}]', "not JSON", "{", ""])
def test_attestations_do_no_harm(house: House, port: int, forge: Forge, attestations: str) -> None:
    """What a client attests along with a trusted upload is kept as it is, whatever it says."""
    token = json.loads(mint(port, forge).body)["token"]
    answer = send_form(port, upload_form(b"bytes", ("attestations", attestations)), **basic(token))
    assert answer.status == 200
    assert [file.attestations for file in house.files.values()] == [attestations.encode()]
