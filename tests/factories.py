"""Small distributions made from literals: real archives that pip installs, with the same bytes every time."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

#: A PEP 517 backend of a few lines that lies in the sdist itself, so that building one needs no network.
BACKEND = b'''\
"""Build a wheel of the modules beside this file."""

import email
import pathlib
import zipfile

HERE = pathlib.Path(__file__).parent


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    metadata = (HERE / "PKG-INFO").read_bytes()
    headers = email.message_from_bytes(metadata)
    stem = "%s-%s" % (headers["Name"].replace("-", "_").replace(".", "_").lower(), headers["Version"])
    texts = {path.relative_to(HERE).as_posix(): path.read_bytes() for path in sorted(HERE.glob("*/__init__.py"))}
    texts[stem + ".dist-info/METADATA"] = metadata
    texts[stem + ".dist-info/WHEEL"] = (
        b"Wheel-Version: 1.0\\nGenerator: in-tree\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    )
    record = stem + ".dist-info/RECORD"
    texts[record] = "".join(name + ",,\\n" for name in [*texts, record]).encode()
    with zipfile.ZipFile(pathlib.Path(wheel_directory, stem + "-py3-none-any.whl"), "w") as archive:
        for name, data in texts.items():
            archive.writestr(name, data)
    return stem + "-py3-none-any.whl"
'''
PYPROJECT = b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def make_metadata(
    name: str = "example",
    version: str = "1.0",
    *,
    metadata_version: str = "2.1",
    extra: Sequence[tuple[str, str]] = (),
    description: str = "",
) -> bytes:
    """The bytes of METADATA or PKG-INFO; ``extra`` are more header lines, in order."""
    headers = [("Metadata-Version", metadata_version), ("Name", name), ("Version", version), *extra]
    return "".join(f"{key}: {value}\n" for key, value in headers).encode() + f"\n{description}".encode()


def make_wheel(
    directory: Path,
    name: str = "example",
    version: str = "1.0",
    *,
    metadata_version: str = "2.1",
    tag: str = "py3-none-any",
    build: str = "",
    extra_metadata: Sequence[tuple[str, str]] = (),
    description: str = "",
    files: Mapping[str, bytes] | None = None,
    filename: str | None = None,
    metadata: bytes | None = None,
) -> Path:
    """Write a wheel that holds a module named after the project, and ``files``; ``metadata`` replaces METADATA."""
    stem = f"{_module(name)}-{version.replace('-', '_')}"
    if metadata is None:
        metadata = make_metadata(
            name, version, metadata_version=metadata_version, extra=extra_metadata, description=description
        )
    interpreters, abis, platforms = tag.split("-")
    tags = [f"{i}-{a}-{p}" for i in interpreters.split(".") for a in abis.split(".") for p in platforms.split(".")]
    wheel = f"Wheel-Version: 1.0\nGenerator: factories\nRoot-Is-Purelib: {'true' if abis == 'none' else 'false'}\n"
    members = {
        f"{_module(name)}/__init__.py": f"__version__ = {version!r}\n".encode(),
        **(files or {}),
        f"{stem}.dist-info/METADATA": metadata,
        f"{stem}.dist-info/WHEEL": (wheel + "".join(f"Tag: {each}\n" for each in tags)).encode(),
    }
    record = f"{stem}.dist-info/RECORD"
    members[record] = "".join(f"{path},{_hash(data)},{len(data)}\n" for path, data in members.items()).encode()
    members[record] += f"{record},,\n".encode()
    path = directory / (filename or f"{stem}{f'-{build}' if build else ''}-{tag}.whl")
    path.write_bytes(zip_bytes(members.items()))
    return path


def make_sdist(
    directory: Path,
    name: str = "example",
    version: str = "1.0",
    *,
    metadata_version: str = "2.2",
    extra_metadata: Sequence[tuple[str, str]] = (),
    description: str = "",
    files: Mapping[str, bytes] | None = None,
    filename: str | None = None,
    metadata: bytes | None = None,
    root: str | None = None,
    fmt: str = "tar.gz",
) -> Path:
    """Write an sdist (``fmt``: ``tar.gz`` or ``zip``) that pip can build without a network.

    Paths of ``files`` are relative to the ``root`` directory; ``metadata`` replaces PKG-INFO.
    """
    stem = f"{_module(name)}-{version.replace('-', '_')}"
    root = stem if root is None else root
    if metadata is None:
        metadata = make_metadata(
            name, version, metadata_version=metadata_version, extra=extra_metadata, description=description
        )
    members = {
        "PKG-INFO": metadata,
        "pyproject.toml": PYPROJECT,
        "backend.py": BACKEND,
        f"{_module(name)}/__init__.py": f"__version__ = {version!r}\n".encode(),
        **(files or {}),
    }
    rooted = [(f"{root}/{path}", data) for path, data in members.items()]
    path = directory / (filename or f"{stem}.{fmt}")
    path.write_bytes(zip_bytes(rooted) if fmt == "zip" else tar_gz_bytes(rooted))
    return path


def zip_bytes(members: Iterable[tuple[str, bytes]], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of ``(name, bytes)``, all of one date."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = compression
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


def tar_bytes(members: Iterable[tuple[str | tarfile.TarInfo, bytes]]) -> bytes:
    """A tar archive of ``(name or header, bytes)``, all of one date."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in members:
            entry = tarfile.TarInfo(name) if isinstance(name, str) else name
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def tar_gz_bytes(members: Iterable[tuple[str | tarfile.TarInfo, bytes]]) -> bytes:
    """The same as :func:`tar_bytes`, through gzip without a time in its header."""
    return gzip.compress(tar_bytes(members), mtime=0)


def _module(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _hash(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"
