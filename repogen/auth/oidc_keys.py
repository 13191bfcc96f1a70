"""The public keys of issuers: found by discovery (OpenID Connect Discovery 1.0, 4) and kept for an hour.

Nothing is fetched but the discovery document of an issuer that a rule names and its key set; the addresses come from
``repogen.toml``, or from that document where it keeps to the issuer's own host. Redirects are not followed.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt

from repogen.errors import NotAuthenticated, Unreachable
from repogen.model.names import one_line
from repogen.model.publishers import Issuer

#: How long keys are good without asking again, in seconds.
MAX_AGE = 3600.0
#: How long an issuer is left alone after it was asked, in seconds, whatever tokens come meanwhile.
PAUSE = 30.0
#: Seconds without a byte, and for a whole answer.
SILENCE = 5.0
TOTAL = 10.0
MAX_ANSWER = 512 << 10
MAX_KEYS = 100

_DISCOVERY = "/.well-known/openid-configuration"
#: What each algorithm's key is, and the only members that are read of one (RFC 7518, 6): none is private.
_MEMBERS: Mapping[str, tuple[str, ...]] = {"RS256": ("kty", "n", "e"), "ES256": ("kty", "crv", "x", "y")}
_KINDS: Mapping[str, tuple[str | None, str | None]] = {"RS256": ("RSA", None), "ES256": ("EC", "P-256")}
#: A shorter RSA key is weak, a longer one takes long to reckon with.
_RSA_BITS = range(2048, 8192 + 1)

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Kept:
    """What is known of one issuer: keys by id, and when (on the clock) they came and were last asked for."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fetched: float | None = None
    asked: float | None = None


class IssuerKeys:
    """The keys of all issuers. It may be asked from any thread; one at a time asks an issuer."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[Issuer, _Kept] = {}
        self._lock = threading.Lock()

    def find(self, issuer: Issuer, kid: str, algorithm: str) -> Any:
        """The public key of that id, for that algorithm (RS256, ES256).

        An id that is not known makes the issuer be asked again, unless it was within ``PAUSE``. Raises NotAuthenticated
        where the issuer has no such key, Unreachable where it cannot be asked.
        """
        with self._lock:
            kept = self._kept.setdefault(issuer, _Kept())
        key = self._known(kept, kid)
        if key is None:
            if not kept.lock.acquire(timeout=SILENCE):
                raise _unreachable(issuer)
            try:
                key = self._known(kept, kid) or self._asked(kept, issuer, kid)
            finally:
                kept.lock.release()
        return _public_key(key, algorithm)

    def _known(self, kept: _Kept, kid: str) -> Mapping[str, Any] | None:
        fresh = kept.fetched is not None and self._clock() - kept.fetched < MAX_AGE
        return kept.keys.get(kid) if fresh else None

    def _asked(self, kept: _Kept, issuer: Issuer, kid: str) -> Mapping[str, Any]:
        now = self._clock()
        if kept.asked is None or now - kept.asked >= PAUSE:
            kept.asked = now
            try:
                kept.keys = _fetch_keys(issuer)
            except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
                # The sender is not to learn what this machine can reach.
                _log.error("the keys of issuer %s cannot be had: %s", issuer.name, one_line(str(error) or repr(error)))
                raise _unreachable(issuer) from None
            kept.fetched = now
        elif kept.fetched != kept.asked:
            raise _unreachable(issuer)
        if kid not in kept.keys:
            raise NotAuthenticated(f"the issuer {issuer.name} has no key {one_line(repr(kid), limit=100)}")
        return kept.keys[kid]


def _unreachable(issuer: Issuer) -> Unreachable:
    return Unreachable(
        f"the issuer {issuer.name} cannot be asked for its keys now",
        hint="the receiver's log says why; try again in a minute",
    )


def _fetch_keys(issuer: Issuer) -> Mapping[str, Mapping[str, Any]]:
    """The keys that may sign, by id. Raises ValueError, OSError or what httpx raises."""
    # Anew each time, as it is done once an hour: a new CA counts without a restart. Certificates are those of the
    # system, and those that SSL_CERT_FILE or SSL_CERT_DIR name, or else certifi's.
    trusted = httpx.create_ssl_context()
    trusted.load_default_certs()
    local = urlsplit(issuer.url).scheme == "http"
    with httpx.Client(
        verify=trusted,
        timeout=SILENCE,
        follow_redirects=False,
        trust_env=not local,
        headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "repogen"},
    ) as client:
        address = issuer.jwks or _discovered(client, issuer)
        document = _fetch(client, address)
    entries = document.get("keys")
    if not isinstance(entries, list) or len(entries) > MAX_KEYS:
        raise ValueError(f"{address} is no key set of at most {MAX_KEYS} keys")
    keys = {}
    for entry in entries:
        if isinstance(entry, dict) and isinstance(kid := entry.get("kid"), str) and entry.get("use", "sig") == "sig":
            keys[kid] = entry
    return keys


def _discovered(client: httpx.Client, issuer: Issuer) -> str:
    document = _fetch(client, issuer.url.rstrip("/") + _DISCOVERY)
    address = document.get("jwks_uri")
    if document.get("issuer") != issuer.url:
        raise ValueError(f"the discovery document is of the issuer {document.get('issuer')!r}, not {issuer.url!r}")
    if not isinstance(address, str) or urlsplit(address)[:2] != urlsplit(issuer.url)[:2]:
        # A document must not send this machine to any address it likes.
        raise ValueError(f"its keys lie at another host: {address!r}; if that is right, name it as jwks of the issuer")
    return address


def _fetch(client: httpx.Client, address: str) -> dict[str, Any]:
    deadline = time.monotonic() + TOTAL
    data = bytearray()
    with client.stream("GET", address) as response:
        if response.status_code != httpx.codes.OK:
            raise ValueError(f"{address} answers {response.status_code}")
        for piece in response.iter_raw():
            data += piece
            if len(data) > MAX_ANSWER:
                raise ValueError(f"{address} answers more than {MAX_ANSWER} bytes")
            if time.monotonic() > deadline:
                raise ValueError(f"{address} takes longer than {TOTAL:.0f} s")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ValueError(f"{address} answers no JSON object")  # noqa: TRY004  what is wrong is a value from outside
    return document


def _public_key(entry: Mapping[str, Any], algorithm: str) -> Any:
    """The key of a JWK (RFC 7517), for one algorithm alone. Raises NotAuthenticated."""
    kind = entry.get("kty"), entry.get("crv") if entry.get("kty") == "EC" else None
    if kind != _KINDS[algorithm] or entry.get("alg", algorithm) != algorithm:
        raise NotAuthenticated(f"the key that the identity token names is not for {algorithm}")
    try:
        members = {name: entry[name] for name in _MEMBERS[algorithm]}
        key = jwt.get_algorithm_by_name(algorithm).from_jwk(members)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError):
        key = None
    if key is None or (algorithm == "RS256" and key.key_size not in _RSA_BITS):
        raise NotAuthenticated("the key that the identity token names cannot be used")
    return key
