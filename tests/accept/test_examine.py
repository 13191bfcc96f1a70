"""Looking into a file as it arrived: every statement about it is held against its archive."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from repogen.accept import Distribution, Incoming, examine
from repogen.ecosystems import ecosystem_of
from repogen.errors import InvalidUpload
from repogen.model.inspected import Stated
from repogen.model.record import Record, Submitter
from tests.factories import make_metadata, make_sdist, make_wheel
from tests.stores import SIGNATURE, incoming

PYTHON = ecosystem_of("python")


def problems(one: Incoming) -> list[tuple[str, str]]:
    with pytest.raises(InvalidUpload) as caught:
        examine(one, PYTHON)
    assert caught.value.filename == one.filename
    return [(problem.code, problem.text) for problem in caught.value.problems]


def test_a_good_file_becomes_a_distribution(tmp_path: Path) -> None:
    """Name, version and kind come from the archive, the version in its canonical spelling."""
    file = make_wheel(tmp_path, "Team.Tool", "1.0.0-RC1", filename="Team.Tool-1.0.0_RC1-py3-none-any.whl")

    found = examine(incoming(file), PYTHON)

    assert (found.key, found.version, found.inspected.kind) == ("team-tool", "1.0.0rc1", "wheel")
    assert found.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_the_record_holds_what_is_known(tmp_path: Path) -> None:
    """A record is made of the archive's facts, what was computed, and who sent it when: in UTC, to the microsecond."""
    file = make_sdist(tmp_path, extra_metadata=[("Summary", "An example"), ("Requires-Python", ">=3.9")])
    found: Distribution = examine(incoming(file), PYTHON)
    metadata = make_metadata(metadata_version="2.2", extra=[("Summary", "An example"), ("Requires-Python", ">=3.9")])

    record = found.record(uploaded=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), by=Submitter(subject="al", token="t1"))

    data = file.read_bytes()
    assert record == Record(
        filename="example-1.0.tar.gz",
        name="example",
        version="1.0",
        kind="sdist",
        size=len(data),
        digests={
            "md5": hashlib.md5(data).hexdigest(),
            "sha256": hashlib.sha256(data).hexdigest(),
            "blake2_256": hashlib.blake2b(data, digest_size=32).hexdigest(),
        },
        uploaded="2026-01-02T03:04:05.000000Z",
        by=Submitter(subject="al", token="t1"),
        facts={
            "metadata_sha256": hashlib.sha256(metadata).hexdigest(),
            "metadata_version": "2.2",
            "public_metadata": True,
            "requires_python": ">=3.9",
            "summary": "An example",
            "tags": "",
        },
    )


@pytest.mark.parametrize("offset", [0, 5, -11])
def test_times_are_recorded_in_utc(tmp_path: Path, offset: int) -> None:
    """A clock of whatever zone gives one recorded time."""
    found = examine(incoming(make_wheel(tmp_path)), PYTHON)
    uploaded = datetime(2026, 1, 2, 12, tzinfo=UTC).astimezone(timezone(timedelta(hours=offset)))

    assert found.record(uploaded=uploaded, by=Submitter(subject="al")).uploaded == "2026-01-02T12:00:00.000000Z"


@pytest.mark.parametrize("name", ["team-tool", "Team.Tool", "TEAM__tool", None])
@pytest.mark.parametrize("version", ["1.0rc1", "v1.0.0-RC.1", "1rc1", None])
def test_statements_are_compared_in_their_normal_form(tmp_path: Path, name: str | None, version: str | None) -> None:
    """Forms spell names, versions and digests as they like; equal is what means the same."""
    file = make_wheel(tmp_path, "Team.Tool", "1.0rc1")
    digests = {algorithm: digest.upper() for algorithm, digest in incoming(file).digests.items()}

    examine(incoming(file, stated=Stated(name=name, version=version, kind="wheel", digests=digests)), PYTHON)


def test_what_lies_is_told_at_once(tmp_path: Path) -> None:
    """Each statement that the archive contradicts is a problem, and so is a bad signature, in one answer."""
    file = make_wheel(tmp_path)
    digests = incoming(file).digests
    stated = Stated(name="other", version="2.0", kind="sdist", digests={"md5": "0" * 32, "sha256": digests["sha256"]})

    assert problems(incoming(file, stated=stated, signature=b"no armour")) == [
        ("digest-mismatch", f"the form states md5 '{'0' * 32}', the file that arrived has '{digests['md5']}'"),
        ("name-mismatch", "the form states the name 'other', the archive says 'example'"),
        ("version-mismatch", "the form states the version '2.0', the archive says '1.0'"),
        ("kind-mismatch", "the form states a sdist, the file is a wheel"),
        ("signature-armour", "the signature must be one PGP SIGNATURE block, it has 0 blocks"),
    ]


def test_a_bad_archive_does_not_hide_the_rest(tmp_path: Path) -> None:
    """What is no archive is told together with the digest that it does not have."""
    file = tmp_path / "example-1.0-py3-none-any.whl"
    file.write_bytes(b"no zip")
    stated = Stated(name="unknown", digests={"sha256": "0" * 64})

    assert [code for code, _ in problems(incoming(file, stated=stated))] == ["not-an-archive", "digest-mismatch"]


@pytest.mark.parametrize("version", ["1.0\nX: y", "", "one", "1.0.\u0661"])
def test_a_version_that_is_none_is_another_version(tmp_path: Path, version: str) -> None:
    """A form that states no version of PEP 440 contradicts the archive, on one line."""
    ((code, text),) = problems(incoming(make_wheel(tmp_path), stated=Stated(version=version)))

    assert code == "version-mismatch"
    assert "\n" not in text


def test_a_good_signature_is_carried_along(tmp_path: Path) -> None:
    """The armour stays as it was sent."""
    one = incoming(make_wheel(tmp_path), signature=SIGNATURE)

    assert examine(one, PYTHON).incoming.signature == SIGNATURE
