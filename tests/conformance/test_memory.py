"""What a very large file costs the server."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from tests.conformance.instance import Instance
from tests.conformance.raw import Upload
from tests.factories import make_metadata

pytestmark = pytest.mark.conformance

SIZE = 1 << 30
PIECE = bytes(4 << 20)


def make_large_wheel(path: Path) -> None:
    """A wheel that holds a stored member of a gibibyte, written piece by piece."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        with archive.open(zipfile.ZipInfo("large/data.bin"), "w", force_zip64=True) as member:
            for _ in range(SIZE // len(PIECE)):
                digest.update(PIECE)
                member.write(PIECE)
        archive.writestr("large-1.0.dist-info/METADATA", make_metadata("large"))
        archive.writestr("large-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        listed = "large/data.bin,,\nlarge-1.0.dist-info/METADATA,,\nlarge-1.0.dist-info/WHEEL,,\n"
        archive.writestr("large-1.0.dist-info/RECORD", f"{listed}large-1.0.dist-info/RECORD,,\n")


def resident(instance: Instance, what: str) -> int:
    """Bytes of memory of the server: ``VmRSS`` now, ``VmHWM`` at most so far."""
    assert instance.process is not None
    lines = Path(f"/proc/{instance.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{what}:"))


def test_gibibyte(own: Instance, tmp_path: Path) -> None:
    """While a wheel of a gibibyte comes in and is published, the server takes less than 100 MiB more than when idle."""
    made = tmp_path / "large-1.0-py3-none-any.whl"
    make_large_wheel(made)
    idle = resident(own, "VmRSS")
    with Upload(own.port, made, token=own.token()) as upload:
        status, reason = upload.finish()
    assert status == 200, reason
    assert resident(own, "VmHWM") - idle < 100 << 20
    assert own.files("large")[made.name]["size"] == made.stat().st_size
    made.unlink()
    own.stop()
    for copy in own.home.rglob("*"):
        if copy.is_file() and copy.stat().st_size > SIZE:
            copy.unlink()
