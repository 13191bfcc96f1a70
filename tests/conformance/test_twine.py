"""twine uploads, and shows what the receiver says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.instance import Instance
from tests.conformance.programs import clean, run
from tests.conftest import Client
from tests.factories import make_sdist, make_wheel

pytestmark = pytest.mark.conformance


def test_wheel_and_sdist(instance: Instance, token: str, tmp_path: Path) -> None:
    """A wheel and an sdist are in the simple index when twine is done, and each is a commit of the token's user."""
    made = [make_wheel(tmp_path, "twine-both"), make_sdist(tmp_path, "twine-both")]
    instance.twine(*made, token=token)
    found = instance.files("twine-both")
    assert sorted(found) == ["twine_both-1.0-py3-none-any.whl", "twine_both-1.0.tar.gz"]
    assert [found[path.name]["size"] for path in made] == [path.stat().st_size for path in made]
    assert (
        sum(line == "tester: add twine-both 1.0 to local-python (1 file)" for line in instance.history("%an: %s")) == 2
    )


def test_slash_at_the_end(instance: Instance, token: str, tmp_path: Path) -> None:
    """The upload address with a slash at its end is the same."""
    instance.twine(make_wheel(tmp_path, "twine-slash"), token=token, source="local-python/")
    assert len(instance.files("twine-slash")) == 1


def test_signature_beside(instance: Instance, token: str, gnupg: Path, client: Client, tmp_path: Path) -> None:
    """An ``.asc`` that is named along with its file is served beside it, byte for byte."""
    made = make_wheel(tmp_path, "twine-beside")
    run(client("gpg"), "--batch", "--armor", "--detach-sign", made, env=clean(GNUPGHOME=gnupg))
    signature = tmp_path / f"{made.name}.asc"
    instance.twine(made, signature, token=token)
    found = instance.files("twine-beside")[made.name]
    assert found["gpg-sig"] is True
    assert instance.download("twine-beside", made.name, ".asc") == signature.read_bytes()


def test_sign(instance: Instance, token: str, gnupg: Path, tmp_path: Path) -> None:
    """``twine upload --sign`` signs with the key of whoever uploads."""
    made = make_sdist(tmp_path, "twine-sign")
    instance.twine("--sign", made, token=token, GNUPGHOME=gnupg)
    found = instance.files("twine-sign")[made.name]
    assert found["gpg-sig"] is True
    assert instance.download("twine-sign", made.name, ".asc") == (tmp_path / f"{made.name}.asc").read_bytes()


def test_signature_later(instance: Instance, token: str, gnupg: Path, tmp_path: Path) -> None:
    """A signature is added by sending the same bytes again with it."""
    made = make_wheel(tmp_path, "twine-later")
    instance.twine(made, token=token)
    assert instance.files("twine-later")[made.name]["gpg-sig"] is False
    instance.twine("--sign", made, token=token, GNUPGHOME=gnupg)
    assert instance.files("twine-later")[made.name]["gpg-sig"] is True


def test_same_bytes_again(instance: Instance, token: str, tmp_path: Path) -> None:
    """The same bytes again are fine, and change nothing."""
    made = make_wheel(tmp_path, "twine-again")
    instance.twine(made, token=token)
    before = instance.history("%H")
    instance.twine(made, token=token)
    assert instance.history("%H") == before


def test_other_bytes(instance: Instance, token: str, tmp_path: Path) -> None:
    """Other bytes under the same name are refused in the words that upload tools look for."""
    instance.twine(make_wheel(tmp_path, "twine-other"), token=token)
    first = instance.files("twine-other")
    made = make_wheel(tmp_path, "twine-other", files={"more.py": b""})
    ran = instance.twine(made, token=token, status=1)
    assert "File already exists ('twine_other-1.0-py3-none-any.whl', with sha256 " in ran.screen
    assert instance.files("twine-other") == first


def test_bad_token(instance: Instance, tmp_path: Path) -> None:
    """With a token that is none, twine says so."""
    ran = instance.twine(make_wheel(tmp_path, "twine-bad-token"), token="no.such.token", status=1)
    assert "HTTPError: 401 Unauthorized" in ran.screen
    assert "token" in ran.screen.rpartition("/upload/pypi/local-python ")[2]
    assert instance.files("twine-bad-token") == {}


def test_token_of_another_source(instance: Instance, tmp_path: Path) -> None:
    """A token for one source does not open another."""
    instance.repogen("source", "create", "another-python", "--type", "python")
    ran = instance.twine(make_wheel(tmp_path, "twine-grant"), token=instance.token("another-python"), status=1)
    assert "this token may not upload to source 'local-python'" in ran.screen
    assert instance.files("twine-grant") == {}


def test_unknown_source(instance: Instance, token: str, tmp_path: Path) -> None:
    """A source that does not exist is named, and those that do."""
    ran = instance.twine(make_wheel(tmp_path, "twine-source"), token=token, source="lokal-python", status=1)
    assert "no source named 'lokal-python'; sources: " in ran.screen


def test_revoked_token(instance: Instance, tmp_path: Path) -> None:
    """A revoked token is refused from the next request on."""
    revoked = instance.token()
    made = make_wheel(tmp_path, "twine-revoked")
    instance.twine(made, token=revoked)
    instance.repogen("token", "revoke", revoked)
    ran = instance.twine(make_wheel(tmp_path, "twine-revoked", "2.0"), token=revoked, status=1)
    assert "HTTPError: 401 Unauthorized" in ran.screen
    assert "revoked" in ran.screen
    assert list(instance.files("twine-revoked")) == [made.name]


def test_invalid_file(instance: Instance, token: str, tmp_path: Path) -> None:
    """All that is wrong is said at once, nothing of the file stays, and the next good upload is not disturbed."""
    before = instance.history("%H")
    bad = make_wheel(tmp_path, "twine-invalid", filename="other-3.0-py3-none-any.whl")
    ran = instance.twine(bad, token=token, status=1)
    (reason,) = [line for line in ran.lines if "'other'" in line]
    assert "'3.0'" in reason
    assert instance.history("%H") == before
    assert instance.spooled == []
    instance.twine(make_wheel(tmp_path, "twine-invalid"), token=token)
    assert list(instance.files("twine-invalid")) == ["twine_invalid-1.0-py3-none-any.whl"]
    assert instance.spooled == []
