"""Wheels and sdists: what is taken from good ones, and all that is wrong with bad ones."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from repogen.ecosystems.python import Python
from repogen.errors import InvalidUpload, Problem
from tests.factories import make_metadata, make_sdist, make_wheel, tar_gz_bytes, zip_bytes

PYTHON = Python()


def problems(path: Path, filename: str | None = None) -> tuple[Problem, ...]:
    """What is wrong with an archive."""
    with pytest.raises(InvalidUpload) as caught:
        PYTHON.inspect(filename or path.name, path)
    assert caught.value.filename == (filename or path.name)
    assert all(problem.text.isprintable() for problem in caught.value.problems)
    return caught.value.problems


def codes(path: Path, filename: str | None = None) -> list[str]:
    """The codes of what is wrong with an archive."""
    return [problem.code for problem in problems(path, filename)]


def test_a_wheel_tells_what_it_is(tmp_path: Path) -> None:
    """Name, version and facts come from METADATA, whose bytes are kept."""
    extra = [("Requires-Python", ">=3.8,\n <4"), ("Summary", "An example")]
    metadata = make_metadata("My.Example", "1.0", extra=extra, description="Text")
    path = make_wheel(tmp_path, "My.Example", "1.0", metadata=metadata, tag="py2.py3-none-any")
    found = PYTHON.inspect(path.name, path)
    assert (found.name, found.version, found.kind, found.metadata) == ("My.Example", "1.0", "wheel", metadata)
    assert found.warnings == ()
    assert found.facts == {
        "requires_python": ">=3.8, <4",
        "metadata_version": "2.1",
        "metadata_sha256": hashlib.sha256(metadata).hexdigest(),
        "public_metadata": True,
        "summary": "An example",
        "tags": "py2.py3-none-any",
    }


@pytest.mark.parametrize("fmt", ["tar.gz", "zip"])
def test_an_sdist_tells_what_it_is(fmt: str, tmp_path: Path) -> None:
    """Name, version and facts come from PKG-INFO in the one directory."""
    path = make_sdist(tmp_path, "example", "1.0", fmt=fmt)
    found = PYTHON.inspect(path.name, path)
    assert (found.name, found.version, found.kind) == ("example", "1.0", "sdist")
    assert found.metadata == make_metadata("example", "1.0", metadata_version="2.2")
    assert found.facts["requires_python"] is None
    assert PYTHON.has_public_metadata(found.facts)


def test_metadata_of_an_old_sdist_is_not_published(tmp_path: Path) -> None:
    """What a build may change is no promise to an installer."""
    old = make_sdist(tmp_path, "example", "1.0", metadata_version="2.1")
    assert not PYTHON.has_public_metadata(PYTHON.inspect(old.name, old).facts)
    dynamic = make_sdist(tmp_path, "example", "1.0", extra_metadata=[("Dynamic", "Requires-Dist")])
    assert not PYTHON.has_public_metadata(PYTHON.inspect(dynamic.name, dynamic).facts)


@pytest.mark.parametrize(
    "make",
    [
        lambda path: make_wheel(path, "PyYAML", filename="PyYAML-1.0-py3-none-any.whl"),
        lambda path: make_sdist(path, "PyYAML", filename="PyYAML-1.0.tar.gz", root="PyYAML-1.0"),
        lambda path: make_sdist(path, "a.b", filename="a-b-1.0.tar.gz", root="a.b-1.0"),
        lambda path: make_sdist(path, "a", "1.0.post1", filename="a-1.0-1.tar.gz", root="a-1.0-1"),
    ],
)
def test_another_spelling_is_kept_with_a_warning(make: Callable[[Path], Path], tmp_path: Path) -> None:
    """Names of old tools are accepted; the uploader is told the spelling of today."""
    path = make(tmp_path)
    (warning,) = PYTHON.inspect(path.name, path).warnings
    assert warning.startswith(f"file name {path.name!r} is kept; the standard spelling is")


def test_local_and_equal_versions_are_accepted(tmp_path: Path) -> None:
    """A local version is a version, and 1.0 in the file name is 1.0.0 in the metadata."""
    local = make_wheel(tmp_path, "example", "1.0+cpu.1")
    assert PYTHON.inspect(local.name, local).version == "1.0+cpu.1"
    equal = make_wheel(tmp_path, "example", "1.0.0", filename="example-1.0-py3-none-any.whl")
    assert PYTHON.inspect(equal.name, equal).version == "1.0.0"


def test_the_name_must_be_that_of_the_metadata(tmp_path: Path) -> None:
    """A wheel under a name or a version of another is refused with both reasons."""
    path = make_wheel(tmp_path, "example", "1.0")
    assert codes(path, "other-2.0-py3-none-any.whl") == ["name-mismatch", "version-mismatch"]
    path = make_sdist(tmp_path, "example", "1.0")
    assert codes(path, "example-1.1.tar.gz") == ["version-mismatch"]


def test_the_directory_must_be_that_of_the_metadata(tmp_path: Path) -> None:
    """What installers look for by name must have that name."""
    path = make_wheel(tmp_path, "example", "1.0", metadata=make_metadata("other", "1.0"))
    assert codes(path, "other-1.0-py3-none-any.whl") == ["dist-info"]
    assert codes(make_sdist(tmp_path, "example", "1.0", root="example")) == ["sdist-root"]
    assert codes(make_sdist(tmp_path, "example", "1.0", root="example-1.1")) == ["sdist-root"]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Nobody has to upload five times to learn five things."""
    metadata = b"Metadata-Version: 9.0\nName: a b\nVersion: 1.0\nVersion: 2.0\nRequires-Python: 3\n"
    assert codes(make_wheel(tmp_path, metadata=metadata)) == [
        "metadata-repeated",
        "metadata-name",
        "requires-python",
        "metadata-format",
        "name-mismatch",
        "dist-info",
    ]


def wheel(tmp_path: Path, *members: tuple[str, bytes]) -> Path:
    """A wheel of only these members."""
    path = tmp_path / "example-1.0-py3-none-any.whl"
    path.write_bytes(zip_bytes(members))
    return path


METADATA = ("example-1.0.dist-info/METADATA", make_metadata())
WHEEL = ("example-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
RECORD = ("example-1.0.dist-info/RECORD", b"")


def test_a_wheel_needs_its_three_files(tmp_path: Path) -> None:
    """METADATA, WHEEL and RECORD must be regular files of the one dist-info directory."""
    assert PYTHON.inspect("example-1.0-py3-none-any.whl", wheel(tmp_path, METADATA, WHEEL, RECORD)).name == "example"
    assert codes(wheel(tmp_path, METADATA)) == ["dist-info", "dist-info"]
    assert codes(wheel(tmp_path, WHEEL, RECORD)) == ["dist-info"]
    assert codes(wheel(tmp_path)) == ["dist-info"]
    assert codes(wheel(tmp_path, ("deeper/example-1.0.dist-info/METADATA", b""))) == ["dist-info"]
    two = ("Example-1.0.dist-info/METADATA", make_metadata(version="2.0"))
    assert codes(wheel(tmp_path, METADATA, WHEEL, RECORD, two)) == ["dist-info"]
    many = [(f"a{number}-1.0.dist-info/METADATA", b"") for number in range(50)]
    (problem,) = problems(wheel(tmp_path, *many))
    assert problem.text.endswith("and 47 more")


def test_a_wheel_of_an_unknown_format_is_refused(tmp_path: Path) -> None:
    """Installers refuse a wheel of a major version that they do not know, so it need not be published."""
    for text in (b"", b"Wheel-Version: 2.0\n", b"X: Wheel-Version: 1.0\n"):
        assert codes(wheel(tmp_path, METADATA, (WHEEL[0], text), RECORD)) == ["wheel-version"]


def test_large_metadata_is_refused(tmp_path: Path) -> None:
    """Metadata is read up to 8 MiB."""
    path = make_wheel(tmp_path, description="x" * (8 << 20))
    assert codes(path) == ["member-too-large"]


def sdist(tmp_path: Path, *members: tuple[str | tarfile.TarInfo, bytes]) -> Path:
    """An sdist of only these members."""
    path = tmp_path / "example-1.0.tar.gz"
    path.write_bytes(tar_gz_bytes(members))
    return path


def test_an_sdist_needs_one_directory(tmp_path: Path) -> None:
    """Two directories, or a file beside the one, leave open what the sdist is."""
    good = ("example-1.0/PKG-INFO", make_metadata())
    assert codes(sdist(tmp_path, good, ("other-1.0/PKG-INFO", make_metadata("other")))) == ["sdist-root"]
    assert codes(sdist(tmp_path, good, ("evil", b""))) == ["sdist-root"]
    assert codes(sdist(tmp_path, ("PKG-INFO", make_metadata()))) == ["no-metadata"]
    (problem,) = problems(sdist(tmp_path, ("example-1.0/setup.py", b"")))
    assert problem.code == "no-metadata"
    assert "build it again" in problem.text
    nested = ("example-1.0/example.egg-info/PKG-INFO", make_metadata())
    assert codes(sdist(tmp_path, nested)) == ["no-metadata"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
def test_metadata_must_be_a_regular_file(kind: bytes, tmp_path: Path) -> None:
    """PKG-INFO that is a link or a directory is never followed."""
    entry = tarfile.TarInfo("example-1.0/PKG-INFO")
    entry.type, entry.linkname = kind, "example-1.0/other" if kind == tarfile.LNKTYPE else "other"
    assert codes(sdist(tmp_path, ("example-1.0/other", make_metadata()), (entry, b""))) == ["no-metadata"]


def test_a_link_within_the_tree_is_harmless(tmp_path: Path) -> None:
    """Real sdists hold relative links."""
    entry = tarfile.TarInfo("example-1.0/docs/README")
    entry.type, entry.linkname = tarfile.SYMTYPE, "../README"
    path = sdist(tmp_path, ("example-1.0/PKG-INFO", make_metadata()), (entry, b""))
    assert PYTHON.inspect(path.name, path).name == "example"


@pytest.mark.parametrize(
    ("filename", "data", "code"),
    [
        ("example-1.0-py3-none-any.whl", b"not a zip", "not-an-archive"),
        ("example-1.0.tar.gz", b"not a tar", "not-an-archive"),
        ("example-1.0.zip", gzip.compress(b"not a zip", mtime=0), "not-an-archive"),
        ("example-1.0.tar.gz", gzip.compress(b"not a tar" * 100, mtime=0), "not-an-archive"),
        ("../example-1.0.tar.gz", b"", "filename"),
        ("example.exe", b"MZ", "filename"),
    ],
)
def test_what_is_no_distribution_is_refused(filename: str, data: bytes, code: str, tmp_path: Path) -> None:
    """The problem of the archive or of its name is the answer, with the name that was sent."""
    path = tmp_path / "spooled"
    path.write_bytes(data)
    assert codes(path, filename) == [code]


def test_metadata_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are named with their place."""
    (problem,) = problems(make_wheel(tmp_path, metadata=make_metadata(extra=[("Author", "x")]) + b"\xff"))
    assert problem.code == "metadata-encoding"
    assert "is not UTF-8 (byte 60)" in problem.text
