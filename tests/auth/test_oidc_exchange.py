"""From the identity of a job to a token, and its end."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from repogen.auth.grants import Claims, judge
from repogen.auth.keys import Key, Keyring
from repogen.auth.oidc_burnt import Burnt
from repogen.auth.oidc_exchange import Exchange
from repogen.auth.oidc_keys import IssuerKeys
from repogen.auth.tokens import issue
from repogen.config import Config, Source
from repogen.errors import NotAuthenticated, NotFound, NotPermitted, StoreError, Unreachable
from repogen.model.publishers import Issuer, Rule, TrustedPublishing
from tests.issuer import AUDIENCE, Forge

NOW = datetime(2026, 11, 22, 18, 45, 34, tzinfo=UTC)
SOURCES = {name: Source(name=name, id=f"id-{name}", type="python") for name in ("near", "far", "other")}


@dataclass
class House:
    """What an exchange is given, to be changed by a test."""

    root: Path
    forge: Forge
    config: Config = field(default_factory=Config)
    keyring: Keyring = field(default_factory=lambda: Keyring(keys=(Key(kid="one", secret=b"s" * 32, created=NOW),)))
    now: datetime = NOW

    def rule(
        self, name: str = "example", *, minutes: int = 15, sources: tuple[str, ...] = ("near",), **claims: str
    ) -> Rule:
        return Rule(
            name=name,
            issuer=Issuer(name="github", url=self.forge.url, kind="github"),
            claims=claims or {"repository": "acme/example"},
            sources=sources,
            lifetime=timedelta(minutes=minutes),
        )

    def rules(self, *rules: Rule) -> None:
        publishing = TrustedPublishing(audience=AUDIENCE, rules=rules)
        self.config = Config(sources=SOURCES, address="https://packages.example.com", trusted_publishing=publishing)

    def exchange(self) -> Exchange:
        return Exchange(
            config=lambda: self.config,
            keyring=lambda: self.keyring,
            find_key=IssuerKeys().find,
            burnt=Burnt(self.root / "burnt.sqlite"),
            clock=lambda: self.now,
        )

    def token(self, **claims: Any) -> str:
        return self.forge.token(now=self.now.timestamp(), **claims)

    def judge(self, text: str, exchange: Exchange | None = None) -> Claims:
        burnt = (exchange or self.exchange()).is_burnt
        return judge(text, keyring=self.keyring, lookup=lambda _: None, burnt=burnt, now=self.now)


@pytest.fixture
def house(tmp_path: Path, forge: Forge) -> House:
    """One rule, for ``acme/example`` and the source ``near``."""
    made = House(root=tmp_path, forge=forge)
    made.rules(made.rule())
    return made


def test_minted(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """A job that meets a rule gets a token for the ids of its sources, and the log says which job."""
    caplog.set_level(logging.INFO)
    exchange = house.exchange()
    assert exchange.audience() == AUDIENCE
    minted = exchange.mint(house.token())
    claims = house.judge(minted.text, exchange)
    assert (claims.subject, claims.scopes) == ("acme/example (github)", {"sources:write": ("id-near",)})
    assert dict(claims.publisher)["Workflow"] == "acme/example/.github/workflows/release.yml@refs/tags/v1.0"
    assert dict(claims.publisher)["Run"].endswith("/acme/example/actions/runs/9001/attempts/2")
    assert minted.expires == NOW + timedelta(minutes=15)
    assert f"minted token {minted.jti} for acme/example (github) by example" in caplog.text
    assert minted.text not in caplog.text


def test_several_rules(house: House) -> None:
    """All rules that are met count together: every source, and the shortest life."""
    house.rules(
        house.rule("one"),
        house.rule("two", repository_owner="acme", sources=("far", "near"), minutes=5),
        house.rule("not", repository="acme/other", sources=("other",), minutes=1),
    )
    minted = house.exchange().mint(house.token())
    assert minted.sources == ("id-far", "id-near")
    assert minted.expires == NOW + timedelta(minutes=5)


def test_no_rule_no_token(house: House) -> None:
    """Without a rule that is met there is no token; without any rule, no issuer is asked."""
    with pytest.raises(NotPermitted, match="no rule lets the repository 'evil/example'"):
        house.exchange().mint(house.token(repository="evil/example"))
    house.forge.requests.clear()
    house.rules()
    for ask in (house.exchange().audience, lambda: house.exchange().mint(house.token())):
        with pytest.raises(NotFound, match="trusted publishing is not set up here"):
            ask()
    assert house.forge.requests == []


def test_a_rule_without_sources(house: House) -> None:
    """A rule whose sources are all gone mints nothing."""
    house.rules(house.rule(sources=()))
    with pytest.raises(NotPermitted, match="the rule example names no source"):
        house.exchange().mint(house.token())


def test_an_identity_mints_once(house: House) -> None:
    """A second token for one identity token is refused, after a restart too, until it has expired by itself."""
    token = house.token()
    house.exchange().mint(token)
    with pytest.raises(NotAuthenticated, match="minted for this identity token already; ask for a new one"):
        house.exchange().mint(token)
    house.now += timedelta(seconds=329)
    with pytest.raises(NotAuthenticated, match="already"):
        house.exchange().mint(token)
    house.now += timedelta(seconds=1)
    with pytest.raises(NotAuthenticated, match="expired"):
        house.exchange().mint(token)


def test_a_refused_identity_can_come_again(house: House) -> None:
    """What was refused for want of a rule, or for trouble here, is not used up."""
    token = house.token()
    rules = house.config
    house.rules(house.rule(repository="acme/other"))
    with pytest.raises(NotPermitted):
        house.exchange().mint(token)
    house.config = rules

    def closed() -> Keyring:
        raise StoreError("the signing keys cannot be used")

    broken = Exchange(
        config=lambda: house.config,
        keyring=closed,
        find_key=IssuerKeys().find,
        burnt=Burnt(house.root / "burnt.sqlite"),
        clock=lambda: house.now,
    )
    with pytest.raises(StoreError):
        broken.mint(token)
    assert house.exchange().mint(token).sources == ("id-near",)


def test_burnt(house: House) -> None:
    """A burnt token is refused at once and after a restart; burning it again is fine."""
    exchange = house.exchange()
    minted, other = exchange.mint(house.token()), exchange.mint(house.token())
    assert exchange.burn(minted.text).jti == minted.jti
    exchange.burn(minted.text)
    for asked in (exchange, house.exchange()):
        with pytest.raises(NotAuthenticated, match="the token has been burnt"):
            house.judge(minted.text, asked)
        assert house.judge(other.text, asked).jti == other.jti


def test_burning_what_has_ended(house: House) -> None:
    """A token that has expired can be burnt; nothing comes of it."""
    minted = house.exchange().mint(house.token())
    house.now += timedelta(hours=2)
    assert house.exchange().burn(minted.text).jti == minted.jti


def test_burning_what_was_not_minted(house: House) -> None:
    """A listed token is revoked, not burnt; other texts are none."""
    listed = issue(
        house.keyring,
        subject="ci",
        description="x",
        scopes={"sources:write": ["id-near"]},
        issuer="",
        now=NOW,
        lifetime=None,
    )
    for text in (listed.text, "x", house.token()):
        with pytest.raises(NotAuthenticated):
            house.exchange().burn(text)


def test_an_issuer_that_is_away(house: House) -> None:
    """Nothing is minted while its issuer cannot be asked."""
    house.forge.answers["/keys"] = (500, {}, b"")
    with pytest.raises(Unreachable):
        house.exchange().mint(house.token())
    assert not (house.root / "burnt.sqlite").exists()


def test_renamed_source(house: House) -> None:
    """The grant is bound to ids: a source of the same name that came later is another one."""
    minted = house.exchange().mint(house.token())
    house.config = replace(house.config, sources={"near": Source(name="near", id="new", type="python")})
    assert not house.judge(minted.text).permits("sources:write", "new")
    assert house.judge(minted.text).permits("sources:write", "id-near")


def test_burnt_tokens_that_cannot_be_kept(house: House) -> None:
    """Where it cannot be written that an identity was used, nothing is minted."""
    (house.root / "burnt.sqlite").write_bytes(b"damaged" * 1000)
    with pytest.raises(StoreError):
        house.exchange().mint(house.token())
