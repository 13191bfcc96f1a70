"""Trusted publishing as ``repogen.toml`` states it: whose CI jobs may publish without a stored secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

IssuerKind = Literal["github", "gitlab", "oidc"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who signs identity tokens (OpenID Connect Core 1.0). ``url`` is what they state as ``iss``, to the letter.

    ``kind`` says what the other claims are called. ``jwks`` is the address of the keys, "" where the issuer's own
    discovery document names it.
    """

    name: str
    url: str
    kind: IssuerKind
    jwks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A job whose identity has all of these ``claims`` may write to ``sources`` (by name) for a ``lifetime``."""

    name: str
    issuer: Issuer
    claims: Mapping[str, str]
    sources: tuple[str, ...]
    lifetime: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedPublishing:
    """All rules, and the ``audience`` that identity tokens must be made for ("" where there are no rules)."""

    audience: str = ""
    rules: tuple[Rule, ...] = ()

    @property
    def issuers(self) -> Mapping[str, Issuer]:
        """The issuers that rules name, by URL: no other is ever asked for anything."""
        return {rule.issuer.url: rule.issuer for rule in self.rules}


#: Issuers that need not be written down.
KNOWN_ISSUERS: Mapping[str, Issuer] = {
    "github": Issuer(name="github", url="https://token.actions.githubusercontent.com", kind="github"),
    "gitlab": Issuer(name="gitlab", url="https://gitlab.com", kind="gitlab"),
}
#: The claims of each kind that say whose job it is; a rule states one at the least, and for other issuers any claim.
OWNERSHIP: Mapping[IssuerKind, tuple[str, ...]] = {
    "github": ("repository", "repository_id", "repository_owner", "repository_owner_id"),
    "gitlab": ("project_path", "project_id", "namespace_path", "namespace_id"),
    "oidc": (),
}
#: The claims that end in the name of a branch or tag: only in these is ``*`` a wildcard.
PATTERNS = frozenset({"ci_config_ref_uri", "job_workflow_ref", "ref", "ref_path", "sub", "workflow_ref"})
#: What is judged of every token, whatever the rules say.
STANDARD = frozenset({"aud", "exp", "iat", "iss", "jti", "nbf"})
