"""Trusted publishing in repogen.toml: what is read, and what each mistake is told as."""

from __future__ import annotations

from datetime import timedelta

import pytest

from repogen.auth.oidc import Identity
from repogen.auth.oidc_rules import matching
from repogen.config import parse_config
from repogen.errors import ConfigError
from repogen.model.publishers import KNOWN_ISSUERS, Issuer, Rule, TrustedPublishing
from tests.conformance import recipes

HEAD = """
format = 1
address = "https://packages.example.com:8443/team"
[sources]
near.type = "python"
r.type = "r"
"""
RULE = """
[trusted_publishing.rules.example]
issuer = "github"
claims = { repository = "acme/example", ref = "refs/tags/v*" }
sources = ["near", "r"]
"""


def read(text: str, head: str = HEAD) -> TrustedPublishing:
    return parse_config((head + text).encode()).trusted_publishing


def mistake(text: str, head: str = HEAD) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text, head)
    return str(caught.value).removeprefix("repogen.toml: trusted_publishing.")


def rule(**changes: str) -> str:
    """The rule with other settings; "" leaves one out."""
    settings = {
        "issuer": '"github"',
        "claims": '{ repository = "acme/example" }',
        "sources": '["near"]',
    }
    lines = [f"{key} = {value}" for key, value in (settings | changes).items() if value]
    return "\n".join(["[trusted_publishing.rules.example]", *lines, ""])


def test_nothing_is_trusted_by_itself() -> None:
    """Without rules there is no audience and no issuer."""
    assert read("") == TrustedPublishing(audience="", rules=())
    assert read('[trusted_publishing]\naudience = "x"') == TrustedPublishing()
    assert read("").issuers == {}


def test_a_rule() -> None:
    """GitHub is known, the audience is the host of the address, a token lives a quarter of an hour."""
    assert read(RULE) == TrustedPublishing(
        audience="packages.example.com:8443",
        rules=(
            Rule(
                name="example",
                issuer=KNOWN_ISSUERS["github"],
                claims={"repository": "acme/example", "ref": "refs/tags/v*"},
                sources=("near", "r"),
                lifetime=timedelta(minutes=15),
            ),
        ),
    )


def test_everything_that_can_be_said() -> None:
    """Issuers of one's own, one in place of a known one, the audience and the life of a token."""
    publishing = read(
        """
        [trusted_publishing]
        audience = "repogen-acme"

        [trusted_publishing.issuers.github]
        url = "https://github.example.com/_services/token"

        [trusted_publishing.issuers.builds]
        url = "https://builds.example.com/"
        jwks = "https://keys.example.com/all"

        [trusted_publishing.issuers.local]
        url = "http://127.0.0.1:8080"
        kind = "gitlab"

        [trusted_publishing.rules.one]
        issuer = "github"
        claims = { repository_owner_id = "17" }
        sources = []
        lifetime = "1m"

        [trusted_publishing.rules.two]
        issuer = "builds"
        claims = { sub = "team:acme:**" }
        sources = ["near"]
        lifetime = "60m"

        [trusted_publishing.rules.three]
        issuer = "local"
        claims = { project_id = "1", "x.y" = "z" }
        """
    )
    builds = Issuer(name="builds", url="https://builds.example.com/", kind="oidc", jwks="https://keys.example.com/all")
    assert publishing.audience == "repogen-acme"
    assert [(one.name, one.sources, one.lifetime.total_seconds()) for one in publishing.rules] == [
        ("one", (), 60),
        ("two", ("near",), 3600),
        ("three", (), 900),
    ]
    assert publishing.issuers == {
        "https://github.example.com/_services/token": Issuer(
            name="github", url="https://github.example.com/_services/token", kind="github"
        ),
        "https://builds.example.com/": builds,
        "http://127.0.0.1:8080": Issuer(name="local", url="http://127.0.0.1:8080", kind="gitlab"),
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (rule(issuer='"bitbucket"'), "rules.example.issuer: no issuer named 'bitbucket'; issuers: github, gitlab"),
        (rule(issuer=""), "rules.example.issuer: is missing"),
        (rule(claims=""), "rules.example.claims: is missing"),
        (
            rule(claims="{}"),
            "rules.example.claims: must state one of repository, repository_id, repository_owner, repository_owner_id",
        ),
        (
            rule(claims='{ workflow = "Release", ref = "refs/heads/main" }'),
            "rules.example.claims: must state one of repository, repository_id, repository_owner, repository_owner_id",
        ),
        (
            rule(issuer='"gitlab"', claims='{ repository = "acme/example" }'),
            "rules.example.claims: must state one of project_path, project_id, namespace_path, namespace_id",
        ),
        (
            rule(claims='{ repository = "" }'),
            "rules.example.claims.repository: must be a string that is not empty, not ''",
        ),
        (
            rule(claims="{ repository_id = 17 }"),
            "rules.example.claims.repository_id: must be a string that is not empty, not 17",
        ),
        (
            rule(claims='{ repository = "acme/*" }'),
            "rules.example.claims.repository: has no wildcards; '*' is one only in ci_config_ref_uri, job_workflow_ref",
        ),
        (
            rule(claims='{ repository = "acme/example", sub = "*:main" }'),
            "rules.example.claims.sub: must not begin with a wildcard: '*:main'",
        ),
        (
            rule(claims='{ repository = "acme/example", iss = "x" }'),
            "rules.example.claims.iss: is judged of every token, and is no claim for a rule",
        ),
        (rule(sources='["far"]'), "rules.example.sources[0]: no source named 'far'"),
        (rule(sources='["near", "near"]'), "rules.example.sources[1]: source 'near' is listed twice"),
        (rule(sources='["*"]'), "rules.example.sources[0]: no source named '*'"),
        (rule(lifetime='"0m"'), "rules.example.lifetime: must be 1m to 60m, not '0m'"),
        (rule(lifetime='"61m"'), "rules.example.lifetime: must be 1m to 60m, not '61m'"),
        (rule(lifetime='"never"'), "rules.example.lifetime: must be 1m to 60m, not 'never'"),
        (rule(lifetime="15"), "rules.example.lifetime: must be a string, not 15"),
        (rule(environment='"release"'), "rules.example.environment: unknown key"),
        (rule().replace("example]", "Example]"), "rules.Example: 'Example' cannot name a rule; use 1 to 63 of"),
        ("[trusted_publishing]\nrules = 7", "rules: must be a table, not 7"),
        ("[trusted_publishing.rules]\nx = 7", "rules.x: must be a table, not 7"),
        ("[trusted_publishing]\nfoo = 7", "foo: unknown key"),
        ('[trusted_publishing]\naudience = "a b"\n' + rule(), "audience: must be 1 to 200 printable ASCII characters"),
        ('[trusted_publishing]\naudience = ""\n' + rule(), "audience: must be 1 to 200 printable ASCII characters"),
    ],
    ids=lambda text: text[-40:],
)
def test_mistakes(text: str, told: str) -> None:
    """Each is named with its place; above all a rule that would trust everybody is none."""
    assert mistake(text).startswith(told)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ('kind = "github"', "issuers.x.url: is missing"),
        ('url = ""', "issuers.x.url: must be an https URL"),
        ('url = "issuer.example.com"', "issuers.x.url: must be an http or https URL, not 'issuer.example.com'"),
        ('url = "http://issuer.example.com"', "issuers.x.url: must be an https URL (http at 127.0.0.1 or [::1] only)"),
        ('url = "http://localhost"', "issuers.x.url: must be an https URL (http at 127.0.0.1 or [::1] only)"),
        (
            'url = "http://127.0.0.1.example.com"',
            "issuers.x.url: must be an https URL (http at 127.0.0.1 or [::1] only)",
        ),
        (
            'url = "http://127.0.0.1@example.com"',
            "issuers.x.url: must be an https URL (http at 127.0.0.1 or [::1] only)",
        ),
        ('url = "https://me@example.com"', "issuers.x.url: must be an https URL (http at 127.0.0.1 or [::1] only)"),
        ('url = "file:///etc/passwd"', "issuers.x.url: must be an http or https URL"),
        ('url = "https://x.example.com?a=b"', "issuers.x.url: must be an http or https URL"),
        ('url = "https://x.example.com"\njwks = "http://y.example.com"', "issuers.x.jwks: must be an https URL"),
        ('url = "https://x.example.com"\nkind = "bitbucket"', "issuers.x.kind: must be one of github, gitlab, oidc"),
        ('url = "https://x.example.com"\nsecret = "y"', "issuers.x.secret: unknown key"),
        ('url = "https://gitlab.com"', "issuers.x.url: is the URL of the issuer 'gitlab'"),
    ],
)
def test_mistakes_of_issuers(settings: str, told: str) -> None:
    """Keys come over a way that nobody can answer on in place of the issuer."""
    assert mistake(f"[trusted_publishing.issuers.x]\n{settings}").startswith(told)


@pytest.mark.parametrize(
    ("title", "claims"),
    [
        (
            "Publish from GitHub Actions without a secret",
            {
                "repository": "acme/greetings",
                "workflow_ref": "acme/greetings/.github/workflows/release.yml@refs/tags/v1.0",
                "environment": "release",
            },
        ),
        (
            "Publish from GitLab CI without a secret",
            {"project_path": "acme/greetings", "ref_protected": "true", "ref_type": "tag"},
        ),
        (
            "Publish from any other CI without a secret",
            {"sub": "organization:acme:pipeline:greetings:ref:refs/tags/v1.0"},
        ),
    ],
)
def test_the_recipes(title: str, claims: dict[str, str]) -> None:
    """The rules of the how-to page can be used as they stand there, and let in the jobs that they are for."""
    (text,) = recipes.files(title, "toml")
    publishing = read(text, HEAD.replace("near", "local-python"))
    (one,) = publishing.rules
    met = Identity(issuer=one.issuer, subject="x", claims=claims, expires=0, uid="x")
    assert matching(publishing.rules, met) == (one,)


def test_an_audience_is_needed() -> None:
    """Without an address there is nothing to take the audience from."""
    head = HEAD.replace('address = "https://packages.example.com:8443/team"', "")
    assert mistake(rule(), head).endswith(
        "not ''; name one, such as packages.example.com; without it, the host of address is taken"
    )
    assert read("[trusted_publishing]\n", head) == TrustedPublishing()
