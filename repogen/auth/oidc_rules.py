"""Rules of trusted publishing held against the claims of a job. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from repogen.auth.oidc import Identity
from repogen.errors import NotPermitted
from repogen.model.names import one_line
from repogen.model.publishers import OWNERSHIP, PATTERNS, Rule

_MAX_VALUE = 300
#: Longest claim, in characters, that is held against a pattern.
_MAX_WILD = 1000
_WILDCARD = re.compile(r"(\*\*?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """A job as commits name it: whose it is, its workflow ("" where not known) and the URL of its run ("")."""

    subject: str
    publisher: str
    workflow: str = ""
    run: str = ""


def matching(rules: Sequence[Rule], identity: Identity) -> tuple[Rule, ...]:
    """The rules that the identity meets, one at the least.

    Raises NotPermitted, which says what the nearest rule for the same project misses; rules for the projects of
    others are not spoken of.
    """
    candidates = [rule for rule in rules if rule.issuer == identity.issuer]
    found = tuple(rule for rule in candidates if not _misses(rule.claims, identity.claims))
    if found:
        return found
    own = [rule for rule in candidates if not _misses(_owners(rule), identity.claims)]
    if own:
        nearest = min(own, key=lambda rule: len(_misses(rule.claims, identity.claims)))
        misses = "; ".join(_misses(nearest.claims, identity.claims))
        raise NotPermitted(f"the rule {nearest.name} does not let this job publish: {misses}")
    names = OWNERSHIP[identity.issuer.kind] or ("sub",)
    stated = f"{names[0]} {_shown(identity.claims.get(names[0]))}"
    raise NotPermitted(f"no rule lets the {stated} of the issuer {identity.issuer.name} publish here")


def fits(pattern: str, text: str, *, wild: bool) -> bool:
    """Is ``text`` what a rule says, to the letter?

    Where it is ``wild``, ``*`` stands for any characters but ``/``, also for none, and ``**`` for any characters.
    """
    if not wild:
        return pattern == text
    if len(text) > _MAX_WILD:
        return False
    # Where in the text the pattern so far can end. A regular expression could take for ever on a branch name.
    ends = {0}
    for part in _WILDCARD.split(pattern):
        if part == "*":
            ends = {end for start in ends for end in range(start, _segment_end(text, start) + 1)}
        elif part == "**":
            ends = set(range(min(ends, default=len(text) + 1), len(text) + 1))
        else:
            ends = {start + len(part) for start in ends if text.startswith(part, start)}
    return len(text) in ends


def describe(identity: Identity) -> Publisher:
    """Who publishes, in the words of the issuer's kind."""
    name, claims = identity.issuer.name, identity.claims
    project = workflow = run = ""
    match identity.issuer.kind:
        case "github":
            project, workflow = _line(claims, "repository"), _line(claims, "workflow_ref")
            if number := _line(claims, "run_id"):
                run = f"{_github(identity.issuer.url)}/{_path(project)}/actions/runs/{_path(number)}"
                attempt = _line(claims, "run_attempt")
                run += f"/attempts/{_path(attempt)}" if attempt else ""
        case "gitlab":
            project, workflow = _line(claims, "project_path"), _line(claims, "ci_config_ref_uri")
            if number := _line(claims, "job_id"):
                run = f"{identity.issuer.url.rstrip('/')}/{_path(project)}/-/jobs/{_path(number)}"
        case "oidc":
            pass
    project = project or one_line(identity.subject, limit=_MAX_VALUE // 2)
    return Publisher(subject=f"{project} ({name})", publisher=f"{name} {project}", workflow=workflow, run=run)


def _segment_end(text: str, start: int) -> int:
    end = text.find("/", start)
    return len(text) if end < 0 else end


def _owners(rule: Rule) -> Mapping[str, str]:
    """The claims of a rule that say whose project it is for; all, where the kind of the issuer does not tell."""
    owners = {claim: value for claim, value in rule.claims.items() if claim in OWNERSHIP[rule.issuer.kind]}
    return owners or ({"sub": rule.claims["sub"]} if "sub" in rule.claims else rule.claims)


def _misses(wanted: Mapping[str, str], claims: Mapping[str, Any]) -> list[str]:
    misses = []
    for claim, pattern in wanted.items():
        text = _plain(claims.get(claim))
        if text is None or not fits(pattern, text, wild=claim in PATTERNS):
            has = "has none" if claim not in claims else f"says {_shown(claims[claim])}"
            misses.append(f"it wants {claim} {pattern!r}, the token {has}")
    return misses


def _plain(value: object) -> str | None:
    """A claim as text: GitLab writes some as numbers."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else None


def _line(claims: Mapping[str, Any], name: str) -> str:
    return one_line(_plain(claims.get(name)) or "", limit=_MAX_VALUE)


def _path(text: str) -> str:
    return quote(text, safe="/-._~")


def _github(url: str) -> str:
    """Where the pages of a GitHub are, from the URL of its issuer: github.com, a tenant at ghe.com, or a server."""
    host = urlsplit(url).netloc
    if host == "token.actions.githubusercontent.com":
        return "https://github.com"
    return f"https://{host.removeprefix('token.actions.')}"


def _shown(value: object) -> str:
    return one_line(repr(value), limit=200)
