"""curl sends R packages: as the body, out of a pipe, as a form."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conformance.curl import curl, outcome
from tests.conformance.instance import Instance
from tests.conformance.programs import clean, run
from tests.conftest import Client
from tests.factories import tar_gz_bytes
from tests.r_packages import make_r_binary, make_r_source

pytestmark = pytest.mark.conformance

CONTRIB = "/r/latest/src/contrib"
LINUX = "/r/latest/bin/linux/jammy-x86_64/4.2/src/contrib"


def test_a_file_and_its_signature(
    instance: Instance, client: Client, r_token: str, gnupg: Path, tmp_path: Path
) -> None:
    """``curl -T FILE URL/``, and the same with what gpg made of it: both are there when curl is through."""
    made = make_r_source(tmp_path, "curl.one", "1.0-1")
    run(client("gpg"), "--batch", "--armor", "--detach-sign", made, env=clean(GNUPGHOME=gnupg))
    signature = made.with_name(f"{made.name}.asc")

    early = curl(client, instance, "-T", signature, token=r_token)
    added = curl(client, instance, "-T", made, token=r_token)
    again = curl(client, instance, "-T", made, token=r_token)
    signed = curl(client, instance, "-T", signature, token=r_token)

    assert outcome(early)[:2] == (
        f"source 'local-r' has no file '{made.name}'; send the file itself, with or before its .asc",
        404,
    )
    assert outcome(added)[:2] == (f"{made.name}: added", 200)
    assert outcome(again)[:2] == (f"{made.name}: unchanged", 200)
    assert outcome(signed)[:2] == (f"{made.name}: signed", 200)
    assert instance.get(f"{CONTRIB}/{made.name}").body == made.read_bytes()
    assert instance.get(f"{CONTRIB}/{made.name}.asc").body == signature.read_bytes()
    assert b"Package: curl.one\nVersion: 1.0-1\n" in instance.get(f"{CONTRIB}/PACKAGES").body
    assert "add curl.one 1.0-1 to local-r (1 file)" in instance.history()


def test_a_pipe(instance: Instance, client: Client, r_token: str, tmp_path: Path) -> None:
    """``curl -T - URL`` has no name to send: the package is named after its DESCRIPTION."""
    made = make_r_source(tmp_path, "curl.piped", "2.0")

    ran = curl(client, instance, "-T", "-", token=r_token, below="", stdin=made)

    assert outcome(ran)[:2] == (f"{made.name}: added", 200)


def test_a_form(instance: Instance, client: Client, r_token: str, tmp_path: Path) -> None:
    """``curl -F``, with the platform of a Linux binary."""
    made = make_r_binary(tmp_path, "curl.form", "1.0", compiled=True)

    refused = curl(client, instance, "-F", f"file=@{made}", token=r_token, below="")
    added = curl(client, instance, "-F", f"file=@{made}", "-F", "distribution=jammy", token=r_token, below="")

    assert outcome(refused)[1] == 400
    assert "distribution" in outcome(refused)[0]
    text, status = outcome(added)[:2]
    assert (text.startswith(f"{made.name}: added for linux-jammy-"), status) == (True, 200)
    assert instance.get(f"{LINUX}/{made.name}").body == made.read_bytes()


def test_a_platform_in_the_address(instance: Instance, client: Client, r_token: str, tmp_path: Path) -> None:
    """``curl -T FILE URL/?distribution=NAME``: whether curl adds the name of the file or not."""
    made = make_r_binary(
        tmp_path, "curl.linux", "1.0", compiled=True, filename="curl.linux_1.0_R_x86_64-pc-linux-gnu.tar.gz"
    )

    ran = curl(client, instance, "-T", made, token=r_token, below="/?distribution=jammy")

    assert outcome(ran)[1] == 200, ran.out
    assert instance.get(f"{LINUX}/curl.linux_1.0.tar.gz").body == made.read_bytes()


def test_a_large_file_is_sent_only_where_it_is_taken(
    instance: Instance, client: Client, token: str, r_token: str, tmp_path: Path
) -> None:
    """More than 1 MiB is announced first, and a refusal comes before a byte is sent."""
    made = make_r_source(tmp_path, "curl.large", files={"inst/data.bin": os.urandom(3 << 20)})

    stranger = curl(client, instance, "-T", made, token="no.such.token")
    other = curl(client, instance, "-T", made, token=token)
    added = curl(client, instance, "-T", made, token=r_token)

    assert outcome(stranger)[1:] == (401, 0)
    assert outcome(other) == ("this token may not upload to source 'local-r'", 403, 0)
    assert outcome(added) == (f"{made.name}: added", 200, made.stat().st_size)


def test_what_is_no_package(instance: Instance, client: Client, r_token: str, tmp_path: Path) -> None:
    """400 with all reasons in the body, which ``--fail-with-body`` shows; curl then ends with a status of its own."""
    made = tmp_path / "curl.bad_1.0.tar.gz"
    made.write_bytes(tar_gz_bytes([("curl.bad/DESCRIPTION", b"Package: curl.bad\nVersion: 1.0\n")]))
    before = instance.history()

    ran = curl(client, instance, "-T", made, token=r_token)

    text, status, _ = outcome(ran)
    assert status == 400
    for field in ("License", "Title", "Description"):
        assert field in text
    assert instance.history() == before
    assert instance.spooled == []


def test_other_bytes(instance: Instance, client: Client, r_token: str, tmp_path: Path) -> None:
    """Other bytes under the same name are refused, and so is the same version in another spelling."""
    made = make_r_source(tmp_path, "curl.other", "1.0")
    curl(client, instance, "-T", made, token=r_token)
    before = instance.history()
    kept = made.read_bytes()

    make_r_source(tmp_path, "curl.other", "1.0", files={"inst/more": b""})
    other = curl(client, instance, "-T", made, token=r_token)
    respelled = curl(client, instance, "-T", make_r_source(tmp_path, "curl.other", "1-00"), token=r_token)

    assert outcome(other)[1] == 400
    assert outcome(other)[0].startswith("File already exists ('curl.other_1.0.tar.gz', with sha256 ")
    assert outcome(respelled)[1] == 400
    assert outcome(respelled)[0].startswith("File already exists ('curl.other_1-00.tar.gz', with sha256 ")
    assert outcome(respelled)[0].endswith("; it is there as 'curl.other_1.0.tar.gz'")
    assert instance.history() == before
    assert instance.get(f"{CONTRIB}/{made.name}").body == kept


def test_a_source_that_is_not_there(
    instance: Instance, client: Client, token: str, r_token: str, tmp_path: Path
) -> None:
    """404 for a source that does not exist, and for one of Python packages, which says where to send to."""
    made = make_r_source(tmp_path, "curl.lost")

    unknown = curl(client, instance, "-T", made, token=r_token, source="lokal-r")
    other = curl(client, instance, "-T", made, token=token, source="local-python")

    assert outcome(unknown)[1] == 404
    assert "no source named 'lokal-r'; sources: " in outcome(unknown)[0]
    assert outcome(other)[:2] == (
        "source 'local-python' holds packages of type python; they are sent to /upload/pypi/local-python",
        404,
    )


def test_a_bearer(instance: Instance, client: Client, r_token: str, tmp_path: Path) -> None:
    """A token may come as ``Authorization: Bearer``; without one curl is told how to come again."""
    made = make_r_source(tmp_path, "curl.bearer")
    (tmp_path / "header").write_text(f"Authorization: Bearer {r_token}\n")
    command: list[str | Path] = [
        client("curl"),
        "--silent",
        "--include",
        "-T",
        made,
        f"{instance.address}/upload/r/local-r/",
    ]

    refused = run(*command)
    added = run(*command, "--header", f"@{tmp_path / 'header'}")

    assert "HTTP/1.1 401 " in refused.out
    assert 'WWW-Authenticate: Basic realm="' in refused.out
    assert added.out.endswith("curl.bearer_1.0.tar.gz: added")
