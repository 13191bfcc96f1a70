"""Trusted publishing: the identity of a CI job in, a token that may write for some minutes out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from repogen.auth.grants import LEEWAY
from repogen.auth.keys import Keyring
from repogen.auth.oidc import FindKey, identify
from repogen.auth.oidc_burnt import Burnt
from repogen.auth.oidc_minting import TRAILERS, Minted, mint, read_minted
from repogen.auth.oidc_rules import describe, matching
from repogen.config import Config
from repogen.errors import NotAuthenticated, NotFound, NotPermitted

_log = logging.getLogger(__name__)


class Exchange:
    """Mints and burns tokens. All methods may be called from any thread.

    ``config`` and ``keyring`` give those of the moment, ``clock`` an aware time.
    """

    def __init__(
        self,
        *,
        config: Callable[[], Config],
        keyring: Callable[[], Keyring],
        find_key: FindKey,
        burnt: Burnt,
        clock: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._keyring = keyring
        self._find_key = find_key
        self._burnt = burnt
        self._clock = clock

    def audience(self) -> str:
        """What identity tokens must be made for. Raises NotFound where ``repogen.toml`` has no rules."""
        publishing = self._config().trusted_publishing
        if not publishing.rules:
            raise NotFound("trusted publishing is not set up here: repogen.toml has no rule for it")
        return publishing.audience

    def mint(self, text: str) -> Minted:
        """A token for the sources of all rules that an identity token meets; each identity token mints one.

        Raises NotFound as :meth:`audience` does, NotAuthenticated for a bad identity token, NotPermitted where no rule
        is met, Unreachable, and StoreError where keys or burnt tokens cannot be read or written.
        """
        audience, config, now = self.audience(), self._config(), self._clock()
        publishing = config.trusted_publishing
        identity = identify(text, issuers=publishing.issuers, audience=audience, find_key=self._find_key, now=now)
        rules = matching(publishing.rules, identity)
        sources = {config.source(name).id for rule in rules for name in rule.sources}
        names = ", ".join(rule.name for rule in rules)
        if not sources:
            raise NotPermitted(f"the rule {names} names no source")
        job = describe(identity)
        said = zip(TRAILERS, (job.publisher, job.workflow, job.run), strict=True)
        minted = mint(
            self._keyring(),
            subject=job.subject,
            sources=sources,
            publisher=[(name, value) for name, value in said if value],
            issuer=config.address,
            now=now,
            lifetime=min(rule.lifetime for rule in rules),
        )
        # Last, so that a job can come again with what was refused for another reason.
        until = identity.expires + LEEWAY.total_seconds()
        if not self._burnt.add(f"identity {identity.uid}", expires=until, now=now):
            raise NotAuthenticated("a token was minted for this identity token already", hint="ask for a new one")
        _log.info("minted token %s for %s by %s: %s", minted.jti, minted.subject, names, job.run or job.publisher)
        return minted

    def burn(self, text: str) -> Minted:
        """End a minted token, also one that has ended. Raises NotAuthenticated for any other text, StoreError."""
        minted = read_minted(text, self._keyring())
        self._burnt.add(f"minted {minted.jti}", expires=minted.expires.timestamp(), now=self._clock())
        return minted

    def is_burnt(self, jti: str) -> bool:
        """Was the minted token of that id burnt? Raises StoreError."""
        return self._burnt.has(f"minted {jti}")
