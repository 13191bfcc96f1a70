"""Administration from elsewhere, as docs/how-to.md says, by programs of their own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance import recipes
from tests.conformance.programs import Ran, clean, run
from tests.conftest import Client
from tests.served import Served, serve_home

pytestmark = pytest.mark.conformance


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A home that has what the recipes speak of."""
    with serve_home(tmp_path) as one:
        one.upload("acme-greetings", "1.1")
        one.upload("acme-greetings", "1.2", source="staging")
        yield one


def shell(served: Served, client: Client, script: str, *, token: str) -> Ran:
    """Run the lines of a recipe, where there is no home; they end at the first that fails."""
    (served.folder / "elsewhere").mkdir(exist_ok=True)
    script = recipes.put_in(script, address=f"http://127.0.0.1:{served.port}", token=token)
    path = f"{client('repogen').parent}:{client('curl').parent}:{os.environ['PATH']}"
    return run("sh", "-ec", script, env=clean(PATH=path, REPOGEN_TOKEN=token), cwd=served.folder / "elsewhere")


def test_from_elsewhere(served: Served, client: Client) -> None:
    """With a token for uploads: what it may take back, over the receiver and on the site at once."""
    where, what = recipes.commands("Administer from elsewhere")
    ran = shell(served, client, where + what, token=served.writer)
    assert "is a receiver of repogen" in ran.out
    assert "yanked acme_greetings-1.1-py3-none-any.whl" in ran.out
    assert list(served.index("acme-greetings")) == ["acme_greetings-1.2-py3-none-any.whl"]
    assert served.newest("%an") == "ci"


def test_tokens_from_elsewhere(served: Served, client: Client) -> None:
    """A token for everything, made here, makes and ends tokens there."""
    here, there = recipes.commands("Issue tokens from elsewhere")
    admin = shell(served, client, f"export REPOGEN_HOME={served.home.root}\n{here}", token="").out.strip()
    where, _ = recipes.commands("Administer from elsewhere")
    create, listed, revoke = there.splitlines(keepends=True)
    ran = shell(served, client, where + create + listed, token=admin)
    assert "is a receiver of repogen" in ran.out
    (jti,) = re.findall(r"^([0-9a-f]{32})  ci-greetings ", ran.out, re.MULTILINE)
    ran = shell(served, client, where + re.sub(r"[0-9a-f]{32}", jti, revoke), token=admin)
    assert f"revoked token {jti} of ci-greetings" in ran.out


def test_by_a_script(served: Served, client: Client) -> None:
    """With curl alone."""
    (script,) = recipes.commands("Administer by a script")
    assert '"files": ["acme_greetings-1.1-py3-none-any.whl"]' in shell(served, client, script, token=served.near).out
    (file,) = served.index("acme-greetings").values()
    assert file["yanked"] == "too formal"
