"""The keys of issuers: found, kept, renewed, and never looked for elsewhere."""

from __future__ import annotations

import itertools
import json
import logging
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from repogen.auth.oidc_keys import MAX_AGE, MAX_ANSWER, MAX_KEYS, PAUSE, IssuerKeys
from repogen.errors import NotAuthenticated, Unreachable
from repogen.model.publishers import Issuer
from tests.issuer import DISCOVERY, Forge, forging, jwk, private_key


@dataclass
class Clock:
    """A clock that a test sets."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Seconds on no particular clock."""
    return Clock()


@pytest.fixture
def keys(clock: Clock) -> IssuerKeys:
    """Nothing is known yet."""
    return IssuerKeys(clock=clock)


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def issuer(forge: Forge, **more: Any) -> Issuer:
    return Issuer(name="forge", url=forge.url, kind="oidc", **more)


def answer(
    document: Any, status: int = 200, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    return status, headers or {}, document if isinstance(document, bytes) else json.dumps(document).encode()


def test_discovery(forge: Forge, keys: IssuerKeys) -> None:
    """The discovery document names the keys; they are asked for once."""
    for _ in range(3):
        found = keys.find(issuer(forge), "first", "RS256")
        assert found.public_numbers() == private_key("RSA").public_key().public_numbers()
    assert forge.requests == [DISCOVERY, "/keys"]


def test_an_address_for_the_keys(forge: Forge, keys: IssuerKeys) -> None:
    """Where the configuration names the keys, there is no discovery."""
    assert keys.find(issuer(forge, jwks=f"{forge.url}/keys"), "first", "RS256")
    assert forge.requests == ["/keys"]


def test_a_slash_at_the_end_of_the_issuer(forge: Forge, keys: IssuerKeys) -> None:
    """It is part of the name, and makes no second slash in the address."""
    forge.answers[DISCOVERY] = answer({"issuer": f"{forge.url}/", "jwks_uri": f"{forge.url}/keys"})
    assert keys.find(Issuer(name="forge", url=f"{forge.url}/", kind="oidc"), "first", "RS256")


def test_a_new_key(forge: Forge, keys: IssuerKeys, clock: Clock) -> None:
    """A key that is not known yet is asked for, and one that is gone is no longer good after an hour."""
    keys.find(issuer(forge), "first", "RS256")
    clock.now += PAUSE
    forge.keys = {"second": private_key("EC")}
    assert keys.find(issuer(forge), "second", "ES256")
    assert forge.requests.count("/keys") == 2
    with pytest.raises(NotAuthenticated, match="has no key 'first'"):
        keys.find(issuer(forge), "first", "RS256")


def test_keys_grow_old(forge: Forge, keys: IssuerKeys, clock: Clock) -> None:
    """After an hour the issuer is asked again, also for a key that was known."""
    keys.find(issuer(forge), "first", "RS256")
    clock.now += MAX_AGE
    forge.keys = {"second": private_key("EC")}
    with pytest.raises(NotAuthenticated, match="has no key 'first'"):
        keys.find(issuer(forge), "first", "RS256")


def test_made_up_keys_do_not_make_us_ask(forge: Forge, keys: IssuerKeys, clock: Clock) -> None:
    """However many tokens name keys that are not there: the issuer is asked twice a minute at the most."""
    for number in range(20):
        with pytest.raises(NotAuthenticated, match=f"the issuer forge has no key 'made-up-{number}'"):
            keys.find(issuer(forge), f"made-up-{number}", "RS256")
    assert forge.requests.count("/keys") == 1
    clock.now += PAUSE
    with pytest.raises(NotAuthenticated):
        keys.find(issuer(forge), "made-up", "RS256")
    assert forge.requests.count("/keys") == 2


def test_many_at_once(forge: Forge, keys: IssuerKeys) -> None:
    """Jobs that come together wait for one answer."""
    forge.delay = 0.2
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: keys.find(issuer(forge), "first", "RS256"), range(8)))
    assert len(found) == 8
    assert forge.requests == [DISCOVERY, "/keys"]


def test_known_keys_wait_for_nobody(forge: Forge, keys: IssuerKeys, clock: Clock) -> None:
    """While an issuer takes its time to answer for one token, others with a known key are judged."""
    keys.find(issuer(forge), "first", "RS256")
    clock.now += PAUSE
    forge.delay = 1
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(keys.find, issuer(forge), "x", "RS256")
        while len(forge.requests) < 3:
            time.sleep(0.01)
        assert keys.find(issuer(forge), "first", "RS256")
        assert not asking.done()
    assert isinstance(asking.exception(), NotAuthenticated)


@pytest.mark.parametrize(
    ("path", "reply", "reason"),
    [
        (DISCOVERY, answer({}, 404), "answers 404"),
        (DISCOVERY, answer({}, 500), "answers 500"),
        (DISCOVERY, answer(b"<html>"), "no JSON object"),
        (DISCOVERY, answer(b"\xff\xfe"), "no JSON object"),
        (DISCOVERY, answer([]), "no JSON object"),
        (DISCOVERY, answer({}), "of the issuer None"),
        (DISCOVERY, answer({"issuer": "https://evil.example.com"}), "of the issuer 'https://evil.example.com'"),
        ("/keys", answer({}), "no key set"),
        ("/keys", answer({"keys": {}}), "no key set"),
        ("/keys", answer({"keys": [{}] * (MAX_KEYS + 1)}), "no key set"),
        ("/keys", answer(b" " * (MAX_ANSWER + 1)), "more than"),
        ("/keys", answer(b"[" * 100_000), "no JSON object"),
        ("/keys", answer(b"\x1f\x8b", 200, {"Content-Encoding": "gzip"}), "no JSON object"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_answers_that_are_none(
    forge: Forge,
    keys: IssuerKeys,
    caplog: pytest.LogCaptureFixture,
    path: str,
    reply: tuple[int, dict[str, str], bytes],
    reason: str,
) -> None:
    """The log has the reason; who sent the token learns only that the issuer cannot be asked, and soon again."""
    forge.answers[path] = reply
    for _ in range(2):
        with pytest.raises(Unreachable, match="the issuer forge cannot be asked for its keys now; the "):
            keys.find(issuer(forge), "first", "RS256")
    assert [reason in record.message for record in caplog.records] == [True]
    assert forge.requests.count(path) == 1


def test_back_again(forge: Forge, keys: IssuerKeys, clock: Clock) -> None:
    """An issuer that did not answer is asked again after a pause."""
    forge.answers["/keys"] = answer({}, 503)
    with pytest.raises(Unreachable):
        keys.find(issuer(forge), "first", "RS256")
    forge.answers.clear()
    clock.now += PAUSE
    assert keys.find(issuer(forge), "first", "RS256")


def test_old_keys_do_not_outlive_an_outage(forge: Forge, keys: IssuerKeys, clock: Clock) -> None:
    """Keys that are an hour old are not used because their issuer cannot be asked for newer ones."""
    keys.find(issuer(forge), "first", "RS256")
    forge.answers["/keys"] = answer({}, 503)
    clock.now += MAX_AGE
    with pytest.raises(Unreachable):
        keys.find(issuer(forge), "first", "RS256")


@pytest.mark.parametrize("path", [DISCOVERY, "/keys"])
def test_redirects_are_not_followed(forge: Forge, keys: IssuerKeys, path: str) -> None:
    """No answer sends this machine elsewhere."""
    with forging() as other:
        forge.answers[path] = answer(b"", 302, {"Location": f"{other.url}{path}"})
        with pytest.raises(Unreachable):
            keys.find(issuer(forge), "first", "RS256")
        assert other.requests == []


@pytest.mark.parametrize("where", ["http://169.254.169.254/keys", "file:///etc/passwd", "https:keys", None, "http://["])
def test_a_discovery_document_keeps_to_its_host(forge: Forge, keys: IssuerKeys, where: object) -> None:
    """Keys at another host must be named in the configuration."""
    forge.answers[DISCOVERY] = answer({"issuer": forge.url, "jwks_uri": where})
    with pytest.raises(Unreachable):
        keys.find(issuer(forge), "first", "RS256")
    with forging() as other:
        forge.answers[DISCOVERY] = answer({"issuer": forge.url, "jwks_uri": f"{other.url}/keys"})
        with pytest.raises(Unreachable):
            IssuerKeys().find(issuer(forge), "first", "RS256")
        assert other.requests == []
        assert keys.find(issuer(forge, jwks=f"{other.url}/keys"), "first", "RS256")


def test_nobody_there(keys: IssuerKeys) -> None:
    """A port that is closed, a name that does not exist, a host without TLS."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with forging() as plain:
        for url in (f"http://127.0.0.1:{port}", "https://issuer.invalid", plain.url.replace("http:", "https:")):
            with pytest.raises(Unreachable):
                keys.find(Issuer(name="forge", url=url, kind="oidc"), "first", "RS256")


def test_silence(keys: IssuerKeys, silent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who says nothing is not waited for."""
    monkeypatch.setattr("repogen.auth.oidc_keys.SILENCE", 0.2)
    with pytest.raises(Unreachable):
        keys.find(Issuer(name="forge", url=f"http://127.0.0.1:{silent}", kind="oidc"), "first", "RS256")


def test_no_proxy_for_this_machine(forge: Forge, keys: IssuerKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment is not asked for an issuer at 127.0.0.1."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert keys.find(issuer(forge), "first", "RS256")


def _weak() -> dict[str, Any]:
    return jwk(rsa.generate_private_key(65537, 1024), "first")


@pytest.mark.parametrize(
    ("entry", "algorithm", "words"),
    [
        (jwk(private_key("RSA"), "first"), "ES256", "is not for ES256"),
        (jwk(private_key("EC"), "first"), "RS256", "is not for RS256"),
        (jwk(private_key("RSA"), "first", alg="PS256"), "RS256", "is not for RS256"),
        (jwk(private_key("EC"), "first", crv="P-384"), "ES256", "is not for ES256"),
        (jwk(private_key("EC"), "first", x="AA"), "ES256", "cannot be used"),
        (jwk(private_key("RSA"), "first", n=None), "RS256", "cannot be used"),
        (jwk(private_key("RSA"), "first", n="!"), "RS256", "cannot be used"),
        ({"kid": "first", "kty": "RSA"}, "RS256", "cannot be used"),
        ({"kid": "first", "kty": "oct", "k": "c2VjcmV0"}, "RS256", "is not for RS256"),
        (jwk(private_key("RSA"), "first", use="enc"), "RS256", "has no key"),
        ({"kid": 1, "kty": "RSA"}, "RS256", "has no key"),
        (_weak(), "RS256", "cannot be used"),
        ("first", "RS256", "has no key"),
    ],
    ids=itertools.count(),  # keys are made anew in each process
)
def test_keys_that_are_not_used(forge: Forge, keys: IssuerKeys, entry: Any, algorithm: str, words: str) -> None:
    """A key is used for its own algorithm only, for signatures only, and not where it is weak or malformed."""
    forge.answers["/keys"] = answer({"keys": [entry]})
    with pytest.raises(NotAuthenticated, match=words):
        keys.find(issuer(forge), "first", algorithm)


def test_a_bad_key_does_not_spoil_the_others(forge: Forge, keys: IssuerKeys) -> None:
    """What is not understood in a key set is passed over."""
    good = jwk(private_key("RSA"), "first")
    del good["alg"], good["use"]
    entries = [7, {"kty": "OKP", "kid": "new"}, {"kid": "odd", "kty": "RSA"}, good]
    forge.answers["/keys"] = answer({"keys": entries})
    assert keys.find(issuer(forge), "first", "RS256")


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_certificate_file_that_is_not_there(
    keys: IssuerKeys, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """A mistake in the environment is one line in the log, and no token."""
    monkeypatch.setenv(name, "/nonexistent/ca.pem")
    with caplog.at_level(logging.ERROR), pytest.raises(Unreachable):
        keys.find(Issuer(name="forge", url="https://issuer.invalid", kind="oidc"), "first", "RS256")
    assert len(caplog.records) == 1
