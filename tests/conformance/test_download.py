"""A machine with curl and Python, and nothing else: the command line comes from the receiver."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conformance.instance import Instance
from tests.conformance.programs import clean, run
from tests.conftest import Client
from tests.factories import make_wheel

pytestmark = pytest.mark.conformance


def test_fetch_and_add(instance: Instance, token: str, client: Client, tmp_path: Path) -> None:
    """The lines of the how-to page: fetched by curl under its name, it adds a wheel on a bare Python."""
    env = clean(REPOGEN_ADDRESS=instance.address, REPOGEN_TOKEN=token)
    fetch = '"$0" -sSfLOJH "Authorization: Bearer $REPOGEN_TOKEN" "$REPOGEN_ADDRESS/__api__/download"'
    run("sh", "-c", fetch, client("curl"), env=env, cwd=tmp_path)
    make_wheel(tmp_path, "by-zipapp", "1.0")
    python = (sys.executable, "-I", "-S", "repogen.pyz")

    ran = run(*python, "add", "by_zipapp-1.0-py3-none-any.whl", "--source", "local-python", env=env, cwd=tmp_path)

    assert ran.out == "added: by_zipapp-1.0-py3-none-any.whl\n"
    assert list(instance.files("by-zipapp")) == ["by_zipapp-1.0-py3-none-any.whl"]
    assert token not in ran.screen
