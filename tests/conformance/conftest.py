"""A home in service for the whole run, and a key that signs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.instance import Instance, serving
from tests.conformance.programs import clean, run
from tests.conformance.rscript import R, find_package, literal
from tests.conftest import Client


@pytest.fixture(scope="session")
def instance(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A home that all tests share; each uploads projects of its own."""
    with serving(tmp_path_factory.mktemp("instance") / "home", client) as served:
        yield served


@pytest.fixture(scope="session")
def token(instance: Instance) -> str:
    """A token for ``local-python``."""
    return instance.token()


@pytest.fixture(scope="session")
def r_token(instance: Instance) -> str:
    """A token for ``local-r``."""
    return instance.token("local-r")


@pytest.fixture
def own(client: Client, tmp_path: Path) -> Iterator[Instance]:
    """A home of one's own, for what would disturb the others."""
    with serving(tmp_path / "home", client) as served:
        yield served


@pytest.fixture
def r(client: Client, tmp_path: Path) -> R:
    """R with an empty library."""
    return R(client, tmp_path / "r")


@pytest.fixture(scope="session")
def remotes(client: Client) -> str:
    """R code for the functions of remotes, which is no part of R."""
    return f'loadNamespace("remotes", lib.loc = {literal(find_package(client, "remotes"))})'


@pytest.fixture(scope="session")
def gnupg(client: Client) -> Iterator[Path]:
    """The folder of a GnuPG that has one throw-away key. Its path is short: GnuPG makes sockets there."""
    folder = Path(tempfile.mkdtemp(prefix="gnupg"))
    env = clean(GNUPGHOME=folder)
    run(
        *(client("gpg"), "--batch", "--passphrase", "", "--quick-generate-key"),
        *("Tester <tester@example.org>", "ed25519", "sign", "1d"),
        env=env,
    )
    yield folder
    run("gpgconf", "--kill", "all", env=env)
    shutil.rmtree(folder, ignore_errors=True)  # the agent takes its sockets away itself, maybe at this moment
