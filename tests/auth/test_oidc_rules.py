"""Rules held against what a job says of itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repogen.auth.oidc import Identity
from repogen.auth.oidc_rules import Publisher, describe, fits, matching
from repogen.errors import NotPermitted
from repogen.model.publishers import KNOWN_ISSUERS, Issuer, Rule
from tests.issuer import GITHUB, GITLAB

GITHUB_ISSUER, GITLAB_ISSUER = KNOWN_ISSUERS["github"], KNOWN_ISSUERS["gitlab"]
BUILDS = Issuer(name="builds", url="https://builds.example.com", kind="oidc")


def rule(name: str = "example", issuer: Issuer = GITHUB_ISSUER, **claims: str) -> Rule:
    stated = claims or {"repository": "acme/example"}
    return Rule(name=name, issuer=issuer, claims=stated, sources=("near",), lifetime=timedelta(minutes=15))


def identity(issuer: Issuer = GITHUB_ISSUER, *, base: dict[str, Any] = GITHUB, **claims: Any) -> Identity:
    stated = {name: value for name, value in (base | claims).items() if value is not None}
    return Identity(issuer=issuer, subject=str(stated["sub"]), claims=stated, expires=0, uid="x")


def refusal(rules: list[Rule], who: Identity) -> str:
    with pytest.raises(NotPermitted) as caught:
        matching(rules, who)
    return caught.value.message


def test_all_rules_that_are_met() -> None:
    """Each rule whose claims the job has all counts; rules of other issuers and other projects do not."""
    met = [
        rule("whole", repository="acme/example"),
        rule("tags", repository="acme/example", ref="refs/tags/v*", environment="release"),
        rule("owner", repository_owner_id="17"),
    ]
    others = [rule("else", repository="acme/other"), rule("gitlab", GITLAB_ISSUER, repository="acme/example")]
    assert matching([*others, *met], identity()) == tuple(met)


def test_a_number_is_its_text() -> None:
    """What an issuer writes as a number or as true is compared as text."""
    who = identity(GITLAB_ISSUER, base=GITLAB, protected=True)
    claims = {"project_path": "acme/tools/example", "runner_id": "12270835", "protected": "true"}
    assert matching([rule(issuer=GITLAB_ISSUER, **claims)], who)


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"environment": "staging"}, "it wants environment 'release', the token says 'staging'"),
        ({"environment": None}, "it wants environment 'release', the token has none"),
        ({"environment": "Release"}, "it wants environment 'release', the token says 'Release'"),
        ({"environment": ["release"]}, "it wants environment 'release', the token says ['release']"),
        ({"ref": "refs/heads/main"}, "it wants ref 'refs/tags/*', the token says 'refs/heads/main'"),
        (
            {"ref": None, "environment": "\n"},
            "it wants ref 'refs/tags/*', the token has none; it wants environment 'release', the token says '\\n'",
        ),
    ],
    ids=str,
)
def test_what_a_rule_for_the_same_project_misses(claims: dict[str, Any], words: str) -> None:
    """The refusal names each claim, what the rule wants and what the token says."""
    wanted = rule(repository="acme/example", ref="refs/tags/*", environment="release")
    text = refusal([rule("secret", repository="acme/secret"), wanted], identity(**claims))
    assert text == f"the rule example does not let this job publish: {words}"


def test_the_nearest_rule_is_told() -> None:
    """Of several rules for a project, the one that misses least is spoken of."""
    far = rule("far", repository="acme/example", ref="refs/heads/x", environment="y")
    near = rule("near", repository="acme/example", environment="y")
    assert refusal([far, near], identity()).startswith("the rule near ")


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (identity(repository="evil/example"), "no rule lets the repository 'evil/example' of the issuer github"),
        (identity(repository="acme/Example"), "no rule lets the repository 'acme/Example' of the issuer github"),
        (identity(repository=None), "no rule lets the repository None of the issuer github"),
        (
            identity(GITLAB_ISSUER, base=GITLAB),
            "no rule lets the project_path 'acme/tools/example' of the issuer gitlab",
        ),
        (identity(BUILDS, base={"sub": "x"}), "no rule lets the sub 'x' of the issuer builds"),
    ],
    ids=str,
)
def test_other_rules_are_not_told(who: Identity, words: str) -> None:
    """Who has no rule learns what it said itself, and nothing of the rules of others."""
    rules = [
        rule("secret", repository="acme/secret", environment="hidden"),
        rule("secret2", GITLAB_ISSUER, project_path="acme/secret"),
        rule("secret3", BUILDS, sub="secret"),
        rule("secret4", BUILDS, team="secret"),
    ]
    text = refusal(rules, who)
    assert text == f"{words} publish here"
    assert "secret" not in text


@pytest.mark.parametrize(
    ("pattern", "text", "good"),
    [
        ("refs/tags/v1", "refs/tags/v1", True),
        ("refs/tags/v1", "refs/tags/v10", False),
        ("refs/tags/*", "refs/tags/v1.0", True),
        ("refs/tags/*", "refs/tags/", True),
        ("refs/tags/*", "refs/tags/a/b", False),
        ("refs/tags/*", "refs/heads/v1", False),
        ("refs/tags/**", "refs/tags/a/b", True),
        ("refs/tags/v*.*", "refs/tags/v1.2.3", True),
        ("refs/tags/v*.*", "refs/tags/v1", False),
        ("a**b*c", "a/b/b-c", True),
        ("a**b*c", "a/b/b/c", False),
        ("a*b**", "ab", True),
        ("a.c", "abc", False),
        ("a[b]c", "abc", False),
        ("a?c", "abc", False),
        ("a*", "a\n", True),
        ("repo:acme/*:ref:**", "repo:acme/x:ref:refs/heads/main", True),
        ("repo:acme/*:ref:**", "repo:acme/x/y:ref:refs/heads/main", False),
        ("a***b", "a/x/b", True),
        ("**", "a" * 2000, False),
        ("x", "", False),
    ],
)
def test_patterns(pattern: str, text: str, good: bool) -> None:  # noqa: FBT001
    """``*`` keeps to one segment, ``**`` does not, and nothing else is special."""
    assert fits(pattern, text, wild=True) == good


@given(st.text(alphabet="a/*.", max_size=12))
def test_a_text_without_wildcards_fits_itself_alone(text: str) -> None:
    """Where nothing is wild, only the same text fits."""
    assert fits(text, text, wild=False)
    assert not fits(text, text + "a", wild=False)
    assert fits("**", text, wild=True)
    assert fits(text.replace("*", ""), text, wild=True) == ("*" not in text)


def test_patterns_take_no_time() -> None:
    """A branch name that is made to be slow to match is not."""
    assert not fits("a" + "*a" * 20 + "b", "a" * 1000, wild=True)


def test_github() -> None:
    """A job of GitHub is named by repository, workflow and the address of its run."""
    assert describe(identity()) == Publisher(
        subject="acme/example (github)",
        publisher="github acme/example",
        workflow="acme/example/.github/workflows/release.yml@refs/tags/v1.0",
        run="https://github.com/acme/example/actions/runs/9001/attempts/2",
    )


@pytest.mark.parametrize(
    ("url", "pages"),
    [
        ("https://token.actions.githubusercontent.com/acme", "https://github.com"),
        ("https://token.actions.acme.ghe.com", "https://acme.ghe.com"),
        ("https://github.example.com/_services/token", "https://github.example.com"),
    ],
)
def test_other_githubs(url: str, pages: str) -> None:
    """An enterprise, a tenant and a server of one's own have their pages elsewhere."""
    issuer = replace(GITHUB_ISSUER, url=url)
    assert describe(identity(issuer, run_attempt=None)).run == f"{pages}/acme/example/actions/runs/9001"


def test_gitlab() -> None:
    """A job of GitLab is named by project, configuration and the address of the job."""
    issuer = replace(GITLAB_ISSUER, name="ours", url="https://gitlab.example.com")
    assert describe(identity(issuer, base=GITLAB)) == Publisher(
        subject="acme/tools/example (ours)",
        publisher="ours acme/tools/example",
        workflow="gitlab.com/acme/tools/example//.gitlab-ci.yml@refs/heads/main",
        run="https://gitlab.example.com/acme/tools/example/-/jobs/8222997048",
    )


def test_any_issuer() -> None:
    """A job of any other issuer is named by its subject."""
    who = identity(BUILDS, base={"sub": "organization:acme:pipeline:x"})
    named = "organization:acme:pipeline:x"
    assert describe(who) == Publisher(subject=f"{named} (builds)", publisher=f"builds {named}")


def test_hostile_claims() -> None:
    """Claims cannot break out of their line, nor out of the path of an address."""
    who = identity(repository="a\nToken: b", workflow_ref="x\r\ny" * 500, run_id="1?x#y\n z")
    named = describe(who)
    assert named.publisher == "github a?Token: b"
    assert len(named.workflow) == 300
    assert "\n" not in named.workflow
    assert named.run == "https://github.com/a%3FToken%3A%20b/actions/runs/1%3Fx%23y%3F%20z/attempts/2"
