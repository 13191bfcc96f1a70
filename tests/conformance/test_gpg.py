"""gpg verifies a published signature."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.instance import Instance
from tests.conformance.programs import clean, run
from tests.conftest import Client
from tests.factories import make_sdist, make_wheel
from tests.r_packages import make_r_source

pytestmark = pytest.mark.conformance


def test_verify(instance: Instance, token: str, gnupg: Path, client: Client, tmp_path: Path) -> None:
    """What twine signed and sent is good when it is downloaded again, and both indexes say that it is signed."""
    made = [make_wheel(tmp_path, "gpg-both"), make_sdist(tmp_path, "gpg-both")]
    instance.twine("--sign", *made, token=token, GNUPGHOME=gnupg)
    page = instance.get("/python/latest/simple/gpg-both/", "text/html").body.decode()
    assert page.count('data-gpg-sig="true"') == 2
    folder = tmp_path / "downloaded"
    folder.mkdir()
    for filename, file in instance.files("gpg-both").items():
        assert file["gpg-sig"] is True
        (folder / filename).write_bytes(instance.download("gpg-both", filename))
        (folder / f"{filename}.asc").write_bytes(instance.download("gpg-both", filename, ".asc"))
        verify(client, gnupg, folder, filename)


def test_verify_r(instance: Instance, gnupg: Path, client: Client, tmp_path: Path) -> None:
    """A signature is good beside each place of an R package, also once another version has taken the first place."""
    made = [make_r_source(tmp_path, "gpg.signed", version) for version in ("1.0", "1.1")]
    for path in made:
        run(client("gpg"), "--batch", "--armor", "--detach-sign", path, env=clean(GNUPGHOME=gnupg))
        instance.repogen("add", "--source", "local-r", path)
    for number, place in enumerate(("src/contrib", "src/contrib/Archive/gpg.signed")):
        folder = tmp_path / str(number)
        folder.mkdir()
        for filename in (path.name for path in made):
            for name in (filename, f"{filename}.asc"):
                (folder / name).write_bytes(instance.get(f"/r/latest/{place}/{name}").body)
            verify(client, gnupg, folder, filename)


def verify(client: Client, gnupg: Path, folder: Path, filename: str) -> None:
    """The signature of a file is good, says gpg."""
    ran = run(
        *(client("gpg"), "--batch", "--status-fd", "1", "--verify", f"{filename}.asc", filename),
        env=clean(GNUPGHOME=gnupg),
        cwd=folder,
    )
    assert "GOODSIG" in ran.out
    assert "VALIDSIG" in ran.out
