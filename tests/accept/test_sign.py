"""Signatures that come after their file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from repogen.accept import Receipt
from repogen.accept.landing import Landing
from repogen.accept.sign import Signing
from repogen.errors import InvalidUpload, NotFound
from repogen.store import Store
from repogen.store.paths import project_path
from tests.factories import make_wheel
from tests.stores import ALICE, NOW, OTHER_SIGNATURE, SIGNATURE, add, commit, history, new_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return new_store(tmp_path)


def sign(store: Store, filename: str, signature: bytes = SIGNATURE, distribution: str | None = None) -> Receipt:
    """Send a signature of a file in the source ``near``."""
    source = store.newest().good_config().source("near")
    landing = Landing(store, publish=lambda _: None, clock=lambda: NOW, wait=10)
    return landing.land(
        Signing(source=source, by=ALICE, filename=filename, signature=signature, distribution=distribution)
    )


def test_a_signature_finds_its_file(store: Store, tmp_path: Path) -> None:
    """It is committed beside the file, verbatim, in the words of an upload that brings one."""
    add(store, "near", [make_wheel(tmp_path)])

    receipt = sign(store, "example-1.0-py3-none-any.whl")

    assert receipt.commit == store.head()
    assert receipt.text == "example-1.0-py3-none-any.whl: signed"
    revision = store.newest()
    key = next(key for key, _ in revision.projects("near"))
    assert revision.read(f"{project_path('near', key)}/1.0/example-1.0-py3-none-any.whl.asc") == SIGNATURE, (
        "beside the file"
    )
    message = subprocess.run(
        ["git", "-C", str(store.path), "log", "-1", "--format=%an: %B", "main"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert message.startswith(
        "alice: sign example 1.0 in near (1 file)\n\nSource: near\nProject: example\nVersion: 1.0\n"
    )


def test_another_spelling_means_the_same_file(store: Store, tmp_path: Path) -> None:
    """As for an upload, equal names and versions are one."""
    add(store, "near", [make_wheel(tmp_path, "Example", "1.0")])
    assert sign(store, "EXAMPLE-1.0.0-py3-none-any.whl").text == "example-1.0-py3-none-any.whl: signed"


def test_the_first_signature_is_kept(store: Store, tmp_path: Path) -> None:
    """The same again changes nothing; another one is told about and not stored."""
    add(store, "near", [make_wheel(tmp_path)])
    sign(store, "example-1.0-py3-none-any.whl")
    before = history(store)

    assert sign(store, "example-1.0-py3-none-any.whl").text == "example-1.0-py3-none-any.whl: unchanged"
    other = sign(store, "example-1.0-py3-none-any.whl", OTHER_SIGNATURE)

    assert other.outcomes[0].warnings == ("another signature is there already and was kept",)
    assert other.text == "example-1.0-py3-none-any.whl: unchanged; another signature is there already and was kept"
    assert history(store) == before


@pytest.mark.parametrize("filename", ["example-2.0-py3-none-any.whl", "other-1.0-py3-none-any.whl", "x", "", "../x"])
def test_no_file_no_signature(store: Store, tmp_path: Path, filename: str) -> None:
    """The name is told, and that the file comes first."""
    add(store, "near", [make_wheel(tmp_path)])
    with pytest.raises(NotFound, match="has no file") as caught:
        sign(store, filename)
    assert repr(filename) in caught.value.message
    assert caught.value.hint == "send the file itself, with or before its .asc"


def test_what_is_no_signature_is_refused(store: Store, tmp_path: Path) -> None:
    """Its form is judged before the file is looked for."""
    add(store, "near", [make_wheel(tmp_path)])
    with pytest.raises(InvalidUpload) as caught:
        sign(store, "example-1.0-py3-none-any.whl", b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n")
    assert [problem.code for problem in caught.value.problems] == ["signature-private-key"]


def test_a_source_that_went_takes_no_signature(store: Store, tmp_path: Path) -> None:
    """It is known by its id: a new one of its name is not meant."""
    add(store, "near", [make_wheel(tmp_path)])
    source = store.newest().good_config().source("near")
    commit(store, {"repogen.toml": b'format = 1\n[sources.near]\nid = "n2"\ntype = "python"\n'})
    landing = Landing(store, publish=lambda _: None, clock=lambda: NOW, wait=10)
    with pytest.raises(NotFound, match="has been removed"):
        landing.land(Signing(source=source, by=ALICE, filename="example-1.0-py3-none-any.whl", signature=SIGNATURE))
