"""``repogen add`` from elsewhere: a process of its own that knows an address and a token, and a receiver."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from tests.conformance.instance import Instance
from tests.conformance.programs import Ran, clean, run, wait_until
from tests.conformance.tls import authority, terminated
from tests.factories import make_metadata, make_sdist, make_wheel
from tests.r_packages import make_r_binary, make_r_source
from tests.stores import SIGNATURE

pytestmark = pytest.mark.conformance

MANY = 500
LARGE = 300 << 20


def command(instance: Instance, *arguments: str | Path) -> list[str | Path]:
    return [instance.client("repogen"), "add", *arguments]


def settings(instance: Instance, token: str, **more: str | Path) -> dict[str, str]:
    """All that is known of the receiver elsewhere. No repogen of that machine has a home."""
    return clean(**{"REPOGEN_ADDRESS": instance.address, "REPOGEN_TOKEN": token, **more})


def add(instance: Instance, *arguments: str | Path, token: str, status: int = 0, **more: str | Path) -> Ran:
    ran = run(*command(instance, *arguments), env=settings(instance, token, **more), status=status)
    assert token not in ran.screen
    return ran


def signed(path: Path) -> Path:
    path.with_name(f"{path.name}.asc").write_bytes(SIGNATURE)
    return path


def test_a_folder_with_both(own: Instance, tmp_path: Path) -> None:
    """Python and R files find their sources, with signatures; a second run sends nothing."""
    dist = tmp_path / "dist"
    dist.mkdir()
    signed(make_wheel(dist))
    make_sdist(dist)
    signed(make_r_source(dist, "statty"))
    token = own.token("*")

    first = add(own, "--source", "local-python,local-r", dist, token=token)
    second = add(own, "--source", "local-python", "--source", "local-r", "--path", dist, token=token)

    assert first.out.splitlines()[-1] == "3 of 3 files: 3 added"
    assert set(own.files("example")) == {"example-1.0-py3-none-any.whl", "example-1.0.tar.gz"}
    assert own.download("example", "example-1.0-py3-none-any.whl", ".asc") == SIGNATURE
    assert own.get("/r/latest/src/contrib/statty_1.0.tar.gz.asc").body == SIGNATURE
    assert b"Package: statty" in own.get("/r/latest/src/contrib/PACKAGES").body
    assert second.out.splitlines()[-1] == "3 of 3 files: 3 unchanged"
    assert len(own.requests("POST")) == 3
    assert own.requests("PUT") == []


def test_signatures_that_follow(own: Instance, tmp_path: Path) -> None:
    """R's goes by itself, Python's with the file that lies beside it."""
    wheel, package = make_wheel(tmp_path), make_r_source(tmp_path, "statty")
    token = own.token("*")
    add(own, "--source", "local-python,local-r", wheel, package, token=token)

    signatures = [signed(path).with_name(f"{path.name}.asc") for path in (wheel, package)]
    ran = add(own, "--source", "local-python,local-r", *signatures, token=token)

    assert set(ran.out.splitlines()[:2]) == {f"signed: {wheel.name}", f"signed: {package.name}"}
    assert own.download("example", wheel.name, ".asc") == SIGNATURE
    assert own.get("/r/latest/src/contrib/statty_1.0.tar.gz.asc").body == SIGNATURE


def test_binaries_for_two_platforms(own: Instance, tmp_path: Path) -> None:
    """The same bytes are another file for another platform."""
    binary, token = make_r_binary(tmp_path), own.token("local-r")

    for name in ("jammy-x86_64", "noble-x86_64"):
        assert "added: " in add(own, "--source", "local-r", "--distribution", name, binary, token=token).out

    for name in ("jammy", "noble"):
        assert b"Built: " in own.get(f"/r/latest/bin/linux/{name}-x86_64/4.2/src/contrib/PACKAGES").body


def test_other_bytes(instance: Instance, token: str, tmp_path: Path) -> None:
    """They are refused with a status of their own; a job that does not mind passes over them."""
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    add(instance, "--source", "local-python", make_wheel(old, "taken"), token=token)
    files = [make_wheel(new, "taken", files={"x.py": b""}), make_wheel(new, "untaken")]

    refused = add(instance, "--source", "local-python", files[0], token=token, status=4)
    passed = add(instance, "--source", "local-python", *files, "--succeed-on-existing", token=token)

    assert "repogen: File already exists ('taken-1.0-py3-none-any.whl', with sha256 " in refused.screen
    assert passed.out.splitlines()[-1] == "2 of 2 files: 1 added, 1 exists"
    assert "untaken-1.0-py3-none-any.whl" in instance.files("untaken")


def test_what_is_no_distribution(instance: Instance, token: str, tmp_path: Path) -> None:
    """The receiver's reasons reach the screen, in one line."""
    bad = tmp_path / "bad-1.0-py3-none-any.whl"
    bad.write_bytes(b"no zip")

    ran = add(instance, "--source", "local-python", bad, token=token, status=3)

    (line,) = [line for line in ran.lines if line]
    assert line.startswith("repogen: bad-1.0-py3-none-any.whl: ")


def test_tokens_that_are_not_good(instance: Instance, tmp_path: Path) -> None:
    """Revoked, of another receiver, for another source: each is told, and what to do."""
    wheel = make_wheel(tmp_path, "unwelcome")
    revoked, reading = instance.token(), instance.token("local-r")
    instance.repogen("token", "revoke", revoked)
    foreign = instance.token()[:-2] + "xx"
    for token, status, said in (
        (revoked, 5, "put a good token into REPOGEN_TOKEN"),
        (foreign, 5, "put a good token into REPOGEN_TOKEN"),
        (reading, 6, "this token may not upload to source 'local-python'"),
    ):
        ran = add(instance, "--source", "local-python", wheel, token=token, status=status)
        (line,) = [line for line in ran.lines if line]
        assert said in line
    assert instance.files("unwelcome") == {}


def test_over_tls(instance: Instance, token: str, tmp_path: Path) -> None:
    """With the authority named it goes; without, the line says what to name."""
    own = authority(tmp_path)
    wheel = make_wheel(tmp_path, "private")
    with terminated(own.context, lambda: instance.port) as port:
        address = f"https://localhost:{port}"
        refused = add(instance, "--source", "local-python", wheel, token=token, status=13, REPOGEN_ADDRESS=address)
        arguments = ("--source", "local-python", wheel)
        add(instance, *arguments, token=token, REPOGEN_ADDRESS=address, REQUESTS_CA_BUNDLE=own.file)

    assert "SSL_CERT_FILE" in refused.screen
    assert wheel.name in instance.files("private")


def test_killed_in_the_middle(own: Instance, tmp_path: Path) -> None:
    """Of a folder of 500 files nothing is lost that was acknowledged, and the same command completes it."""
    for number in range(MANY):
        make_wheel(tmp_path, f"many-{number}")
    arguments, env = ("--source", "local-python", tmp_path), settings(own, own.token())
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(command(own, *arguments), env=env, stdout=out, stderr=subprocess.STDOUT)
    wait_until(lambda: (tmp_path / "out").read_bytes().count(b"\n") > 100, "a hundred files", within=60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    acknowledged = [line.removeprefix("added: ") for line in (tmp_path / "out").read_text().split("\n")[:-1]]
    # What the server was about to take when the client went away, it may take or drop.
    time.sleep(1)
    before = own.requests("POST")

    assert 100 < len(acknowledged) < MANY
    for name in acknowledged[::10]:
        assert name in own.files(name.partition("-1.0")[0].replace("_", "-"))
    ran = run(*command(own, *arguments), env=env)

    counts = ran.out.splitlines()[-1]
    assert counts.startswith(f"{MANY} of {MANY} files: ")
    assert int(counts.rpartition(" unchanged")[0].rpartition(" ")[2]) >= len(acknowledged)
    assert len(own.requests("POST")) - len(before) <= MANY - len(acknowledged)
    listed = own.get("/python/latest/simple/").body
    assert all(f'href="many-{number}/"'.encode() in listed for number in range(MANY))


def test_the_receiver_is_killed(own: Instance, tmp_path: Path) -> None:
    """The command ends and says how far it came; when the receiver is back, the same command goes on."""
    for number in range(60):
        make_wheel(tmp_path, f"few-{number}", files={"few/data": os.urandom(1 << 18)})
    token = own.token()
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            command(own, "--source", "local-python", tmp_path), env=settings(own, token), stdout=out, stderr=out
        )
    wait_until(lambda: (tmp_path / "out").read_bytes().count(b"\n") > 10, "ten files", within=60)
    own.kill()
    assert process.wait(60) == 13
    told = (tmp_path / "out").read_text()
    acknowledged = [line.removeprefix("added: ") for line in told.splitlines() if line.startswith("added: ")]
    assert "trying again in" in told
    assert f"repogen: cannot talk to {own.address}: " in told
    assert told.splitlines()[-1].endswith("; the same command goes on from there")

    own.start()
    for name in acknowledged:
        assert name in own.files(name.partition("-1.0")[0].replace("_", "-"))
    ran = add(own, "--source", "local-python", tmp_path, token=token)

    assert ran.out.splitlines()[-1].startswith("60 of 60 files: ")


def test_memory(own: Instance, tmp_path: Path) -> None:
    """A file of 300 MB never lies in memory."""
    large = tmp_path / "large-1.0-py3-none-any.whl"
    with zipfile.ZipFile(large, "w", zipfile.ZIP_STORED) as archive:
        with archive.open(zipfile.ZipInfo("large/data.bin"), "w") as member:
            for _ in range(LARGE >> 22):
                member.write(os.urandom(1 << 22))
        archive.writestr("large-1.0.dist-info/METADATA", make_metadata("large"))
        archive.writestr("large-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        listed = "".join(f"large-1.0.dist-info/{name},,\n" for name in ("METADATA", "WHEEL", "RECORD"))
        archive.writestr("large-1.0.dist-info/RECORD", f"large/data.bin,,\n{listed}")

    process = subprocess.Popen(
        command(own, "--source", "local-python", large), env=settings(own, own.token()), stdout=subprocess.DEVNULL
    )
    highest = 0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        highest = max([highest, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))])
        time.sleep(0.02)

    assert process.returncode == 0
    assert own.files("large")[large.name]["size"] == large.stat().st_size
    assert 0 < highest < 100 << 10, f"{highest} KiB"
