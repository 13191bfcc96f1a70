"""CI jobs publish without a stored secret: uv and PDM as they are, an issuer over TLS, and ``repogen serve``."""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.conformance import recipes
from tests.conformance.instance import Instance, serving
from tests.conformance.programs import Ran, clean, run
from tests.conformance.tls import Authority, authority, terminated
from tests.conftest import Client
from tests.factories import make_sdist, make_wheel
from tests.issuer import AUDIENCE, GITHUB, GITLAB, Forge, forging, private_key

pytestmark = pytest.mark.conformance

RULES = """
[trusted_publishing]
audience = "{audience}"

[trusted_publishing.issuers.github]
url = "{url}"

[trusted_publishing.rules.example]
issuer = "github"
sources = ["local-python"]

[trusted_publishing.rules.example.claims]
repository = "acme/example"
workflow_ref = "acme/example/.github/workflows/release.yml@refs/tags/*"
environment = "release"

[trusted_publishing.issuers.ours]
kind = "gitlab"
url = "{gitlab}"

[trusted_publishing.rules.tools]
issuer = "ours"
claims = {{ project_path = "acme/tools/example", ref_protected = "true" }}
sources = ["local-python"]
lifetime = "5m"
"""


@dataclass
class Forges:
    """An instance behind TLS, and the two forges whose jobs it trusts."""

    instance: Instance
    authority: Authority
    port: int
    github: Forge
    gitlab: Forge

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def url(self) -> str:
        """Where a job uploads."""
        return f"{self.address}/upload/pypi/local-python"

    def github_job(self, **more: str | Path) -> dict[str, str]:
        """The environment of a job of GitHub that may ask for its identity."""
        return clean(
            CI="true",
            GITHUB_ACTIONS="true",
            ACTIONS_ID_TOKEN_REQUEST_URL=f"{self.github.url}/token?api-version=2.0",
            ACTIONS_ID_TOKEN_REQUEST_TOKEN="the-right-to-ask",
            SSL_CERT_FILE=self.authority.file,
            **more,
        )

    def gitlab_job(self, **more: str | Path) -> dict[str, str]:
        """The environment of a job of GitLab with ``id_tokens``."""
        token = self.gitlab.token(aud=AUDIENCE)
        return clean(
            CI="true",
            GITLAB_CI="true",
            PACKAGES_EXAMPLE_COM_ID_TOKEN=token,
            SSL_CERT_FILE=self.authority.file,
            **more,
        )

    def uv(self, env: dict[str, str], *files: Path, status: int = 0) -> Ran:
        """``uv publish`` without any credentials."""
        settings = {"UV_PUBLISH_URL": self.url, "UV_NO_CONFIG": "1", "UV_CACHE_DIR": str(files[0].parent / "uv-cache")}
        return run(
            self.instance.client("uv"),
            *("publish", "--trusted-publishing", "always"),
            *files,
            env=env | settings,
            status=status,
        )

    def commit(self) -> dict[str, str]:
        """The newest commit: its author, its subject and its trailers."""
        git = ("git", "-C", self.instance.home / "store.git", "log", "-1", "--format=%an%n%B", "main")
        author, subject, _, *trailers = run(*git).out.rstrip().splitlines()
        return {"author": author, "subject": subject, **dict(line.split(": ", 1) for line in trailers)}


@pytest.fixture(scope="module")
def forges(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forges]:
    """All of it in service; the rules were pushed to the store while it served."""
    folder = tmp_path_factory.mktemp("trusted")
    made = authority(folder)
    with (
        forging(made.context) as github,
        forging(made.context) as gitlab,
        pytest.MonkeyPatch.context() as patch,
    ):
        gitlab.keys, gitlab.claims = {"curve": private_key("EC")}, dict(GITLAB)
        patch.setenv("SSL_CERT_FILE", str(made.file))
        with serving(folder / "home", client) as instance, terminated(made.context, lambda: instance.port) as port:
            push_rules(instance, RULES.format(audience=AUDIENCE, url=github.url, gitlab=gitlab.url))
            yield Forges(instance, made, port, github, gitlab)


@pytest.fixture(autouse=True)
def as_before(forges: Forges) -> None:
    """Each test starts with the jobs that the rules are for."""
    forges.github.claims, forges.gitlab.claims = dict(GITHUB), dict(GITLAB)


def push_rules(instance: Instance, text: str) -> None:
    """Add to ``repogen.toml`` as the how-to page says: clone, edit, commit, push."""
    clone = instance.home.parent / "clone"
    run("git", "clone", "-q", instance.home / "store.git", clone, env=clean(GIT_LFS_SKIP_SMUDGE="1"))
    with (clone / "repogen.toml").open("a") as file:
        file.write(text)
    run("git", "commit", "-q", "-am", "Trust the release workflow", cwd=clone)
    run("git", "push", "-q", cwd=clone)


def test_uv_from_github(forges: Forges, tmp_path: Path) -> None:
    """A wheel and an sdist go in, with attestations; history says which run it was; the token is burnt."""
    wheel, sdist = make_wheel(tmp_path, "oidc-uv"), make_sdist(tmp_path, "oidc-uv")
    attestation = wheel.with_name(f"{wheel.name}.publish.attestation")
    attestation.write_text('{"version": 1, "envelope": {}, "verification_material": {}}')
    ran = forges.uv(forges.github_job(), wheel, sdist, attestation)
    instance = forges.instance
    assert sorted(instance.files("oidc-uv")) == [wheel.name, sdist.name]
    told = forges.commit()
    assert told["author"] == "acme/example (github)"
    assert told["Publisher"] == "github acme/example"
    assert told["Workflow"] == "acme/example/.github/workflows/release.yml@refs/tags/v1.0"
    assert told["Run"].endswith("/acme/example/actions/runs/9001/attempts/2")
    assert len(told["Token"]) == 32
    asked = [line for line in instance.requests("/_/oidc/") if "/_/oidc/" in line]
    assert asked[-3:] == ["GET /_/oidc/audience 200", "POST /_/oidc/mint-token 200", "POST /_/oidc/burn-token 202"]
    (minted,) = [word for word in ran.screen.split() if word.startswith("::add-mask::")]
    token = minted.removeprefix("::add-mask::")
    instance.tokens.append(token)
    again = httpx.get(f"{instance.address}/__api__/verify-auth", headers={"Authorization": f"Bearer {token}"})
    assert (again.status_code, again.text) == (401, "the token has been burnt")
    kept = run("git", "-C", instance.home / "store.git", "ls-tree", "-r", "--name-only", "main").out
    assert f"{wheel.name}.attestations" in kept


def test_uv_from_gitlab(forges: Forges, tmp_path: Path) -> None:
    """The same for a job of GitLab, whose issuer signs with an elliptic curve."""
    wheel = make_wheel(tmp_path, "oidc-gitlab")
    forges.uv(forges.gitlab_job(), wheel)
    assert list(forges.instance.files("oidc-gitlab")) == [wheel.name]
    told = forges.commit()
    assert told["author"] == "acme/tools/example (ours)"
    assert told["Publisher"] == "ours acme/tools/example"
    assert told["Run"] == f"{forges.gitlab.url}/acme/tools/example/-/jobs/8222997048"


def test_uv_tries_by_itself(forges: Forges, tmp_path: Path) -> None:
    """In a job that may ask for its identity, ``uv publish`` needs no option at all."""
    wheel = make_wheel(tmp_path, "oidc-automatic")
    env = forges.github_job(UV_PUBLISH_URL=forges.url, UV_NO_CONFIG="1", UV_CACHE_DIR=tmp_path / "cache")
    run(forges.instance.client("uv"), "publish", wheel, env=env)
    assert list(forges.instance.files("oidc-automatic")) == [wheel.name]


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"environment": "staging"}, "it wants environment 'release', the token says 'staging'"),
        ({"repository": "evil/example"}, "no rule lets the repository 'evil/example' of the issuer github publish"),
        (
            {"workflow_ref": "acme/example/.github/workflows/release.yml@refs/heads/main"},
            "it wants workflow_ref 'acme/example/.github/workflows/release.yml@refs/tags/*'",
        ),
        ({"exp": 1_700_000_000}, "the identity token has expired"),
    ],
    ids=str,
)
def test_uv_shows_why_not(forges: Forges, tmp_path: Path, claims: dict[str, object], words: str) -> None:
    """A job that meets no rule publishes nothing, and its log says which claim is to blame."""
    forges.github.claims |= claims
    ran = forges.uv(forges.github_job(), make_wheel(tmp_path, "oidc-refused"), status=2)
    assert words in ran.screen
    assert forges.instance.files("oidc-refused") == {}


def test_pdm_from_github(forges: Forges, client: Client, tmp_path: Path) -> None:
    """PDM publishes a wheel and an sdist, over the scheme that its address has."""
    (tmp_path / "dist").mkdir()
    wheel, sdist = make_wheel(tmp_path / "dist", "oidc-pdm"), make_sdist(tmp_path / "dist", "oidc-pdm")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "oidc-pdm"\nversion = "1.0"\n')
    env = forges.github_job(
        PDM_PUBLISH_REPO=forges.url,
        PDM_PUBLISH_CA_CERTS=forges.authority.file,
        PDM_CHECK_UPDATE="0",
        REQUESTS_CA_BUNDLE=forges.authority.file,
    )
    run(client("pdm"), "publish", "--no-build", env=env, cwd=tmp_path)
    assert sorted(forges.instance.files("oidc-pdm")) == [wheel.name, sdist.name]
    assert forges.commit()["Publisher"] == "github acme/example"


def test_the_publish_action(forges: Forges, tmp_path: Path) -> None:
    """What the publish action for PyPI does, step by step; twine takes the token that it gets."""
    instance, context = forges.instance, ssl.create_default_context(cafile=forges.authority.file)
    with httpx.Client(base_url=forges.address, verify=context, timeout=10) as http:
        audience = http.get("/_/oidc/audience").raise_for_status().json()["audience"]
        identity = httpx.get(f"{forges.github.url}/token?api-version=2.0&audience={audience}", verify=context).json()[
            "value"
        ]
        minted = http.post("/_/oidc/mint-token", json={"token": identity}).raise_for_status().json()
        instance.tokens.append(minted["token"])
        instance.twine(make_wheel(tmp_path, "oidc-action"), token=minted["token"])
        assert list(instance.files("oidc-action")) == ["oidc_action-1.0-py3-none-any.whl"]
        refused = http.post("/_/oidc/mint-token", json={"token": identity})
        assert (refused.status_code, refused.json()["message"]) == (422, "Token request failed")
        assert [error["code"] for error in refused.json()["errors"]] == ["invalid-token"]


def test_by_hand(forges: Forges, tmp_path: Path) -> None:
    """The recipe of the how-to page for any other CI: curl for the token, twine for the files."""
    (tmp_path / "dist").mkdir()
    wheel = make_wheel(tmp_path / "dist", "oidc-by-hand")
    (script,) = recipes.commands("Publish from any other CI without a secret")
    ca = forges.authority.file
    env = clean(
        ID=forges.github.token(aud=AUDIENCE),
        PATH=f"{forges.instance.client('twine').parent}:{os.environ['PATH']}",
        CURL_CA_BUNDLE=ca,
        REQUESTS_CA_BUNDLE=ca,
    )
    script = recipes.put_in(script, address=forges.address, token="")
    run("sh", "-ec", script, env=env, cwd=tmp_path)
    assert list(forges.instance.files("oidc-by-hand")) == [wheel.name]
    assert forges.instance.requests("/_/oidc/")[-1] == "POST /_/oidc/burn-token 202"


def test_burnt_tokens_outlive_a_restart(forges: Forges, tmp_path: Path) -> None:
    """Neither a burnt token nor a used identity comes back when the server does; other minted tokens stay good."""
    instance = forges.instance
    identity = forges.github.token(aud=AUDIENCE)
    texts = [mint(instance, identity), mint(instance, forges.github.token(aud=AUDIENCE))]
    httpx.post(f"{instance.address}/_/oidc/burn-token", json={"token": texts[0]}).raise_for_status()
    instance.kill()
    instance.start()
    reused = httpx.post(f"{instance.address}/_/oidc/mint-token", json={"token": identity})
    assert "already" in reused.json()["errors"][0]["description"]
    instance.twine(make_wheel(tmp_path, "oidc-restart"), token=texts[0], status=1)
    assert instance.files("oidc-restart") == {}
    instance.twine(make_wheel(tmp_path, "oidc-restart"), token=texts[1])
    assert len(instance.files("oidc-restart")) == 1


def test_keys_that_rotate(forges: Forges, tmp_path: Path) -> None:
    """The retirement of the signing key ends what it minted; the issuer's own new key is found by itself."""
    instance = forges.instance
    text = mint(instance, forges.github.token(aud=AUDIENCE))
    (old,) = json.loads(instance.repogen("key", "list", "-o", "json").out)
    instance.repogen("key", "rotate")
    instance.repogen("key", "retire", old["kid"])
    ran = instance.twine(make_wheel(tmp_path, "oidc-retired"), token=text, status=1)
    assert "401" in ran.screen
    assert mint(instance, forges.github.token(aud=AUDIENCE))


def mint(instance: Instance, identity: str) -> str:
    """A token for an identity."""
    answer = httpx.post(f"{instance.address}/_/oidc/mint-token", json={"token": identity})
    assert answer.status_code == 200, answer.text
    instance.tokens.append(answer.json()["token"])
    return instance.tokens[-1]


def test_not_set_up(forges: Forges, instance: Instance, token: str, client: Client, tmp_path: Path) -> None:
    """Where there are no rules, a job is told so if it asks for it; with a token it publishes as ever."""
    wheel = make_wheel(tmp_path, "oidc-off")
    with terminated(forges.authority.context, lambda: instance.port) as port:
        env = forges.github_job(
            UV_PUBLISH_URL=f"https://localhost:{port}/upload/pypi/local-python",
            UV_NO_CONFIG="1",
            UV_CACHE_DIR=tmp_path / "cache",
        )
        ran = run(client("uv"), "publish", "--trusted-publishing", "always", wheel, env=env, status=2)
        assert "403 FORBIDDEN" in ran.screen
        ran = run(client("uv"), "publish", wheel, env=env, status=2)
        assert "Missing credentials" in ran.screen
        run(client("uv"), "publish", wheel, env=env | {"UV_PUBLISH_TOKEN": token})
    assert list(instance.files("oidc-off")) == [wheel.name]
