"""What R's half of the protocol says of names, files and places."""

from __future__ import annotations

import pytest

from repogen.ecosystems import ecosystem_of, same_version
from repogen.ecosystems.r import R
from repogen.errors import InvalidUpload
from repogen.model.record import Record, Submitter

ECOSYSTEM = R()


def record(filename: str, kind: str = "binary", target: str = "") -> Record:
    """The record of a file of the package MASS."""
    return Record(
        filename=filename,
        name="MASS",
        version="7.3-58",
        kind=kind,
        target=target,
        size=1,
        digests={"sha256": "0" * 64},
        uploaded="2024-01-31T12:00:00.000000Z",
        by=Submitter(subject="ada"),
    )


def test_r_is_an_ecosystem() -> None:
    """Sources of the type r have its rules."""
    assert isinstance(ecosystem_of("r"), R)


def test_names_and_versions_are_kept_as_spelled() -> None:
    """Clients put file names together from them; equal versions are known all the same."""
    assert ECOSYSTEM.project_key("MASS") == "MASS"
    assert ECOSYSTEM.canonical_version("1.03-0") == "1.03-0"
    assert same_version(ECOSYSTEM, "1.03-0", "1.3")
    assert not same_version(ECOSYSTEM, "1.0", "1")
    assert not ECOSYSTEM.is_prerelease("0.0.0.9000")


def test_file_names() -> None:
    """A name of a file tells package and version; other files of a folder are passed by."""
    assert ECOSYSTEM.stated_by("MASS_7.3-58_R_x86_64-pc-linux-gnu.tar.gz") == ("MASS", "7.3-58")
    assert ECOSYSTEM.file_key("MASS_1.0.1.tar.gz") == ECOSYSTEM.file_key("MASS_1.0-1.tar.gz")
    assert ECOSYSTEM.recognizes("MASS_7.3-58.zip")
    assert not ECOSYSTEM.recognizes("example-1.0.tar.gz")
    assert not ECOSYSTEM.recognizes("my_example-1.0.tar.gz")
    with pytest.raises(InvalidUpload):
        ECOSYSTEM.stated_by("MASS.tar.gz")


@pytest.mark.parametrize(
    ("filename", "kind", "target", "places", "words"),
    [
        (
            "MASS_7.3-58.tar.gz",
            "source",
            "",
            ("latest/src/contrib/Archive/MASS/MASS_7.3-58.tar.gz", "latest/src/contrib/MASS_7.3-58.tar.gz"),
            "",
        ),
        (
            "MASS_7.3-58.zip",
            "binary",
            "windows-4.2",
            ("latest/bin/windows/contrib/4.2/MASS_7.3-58.zip",),
            "Windows, R 4.2",
        ),
        (
            "MASS_7.3-58.tgz",
            "binary",
            "macosx-big-sur-arm64-4.3",
            ("latest/bin/macosx/big-sur-arm64/contrib/4.3/MASS_7.3-58.tgz",),
            "macOS big-sur-arm64, R 4.3",
        ),
        (
            "MASS_7.3-58_R_x86_64-pc-linux-gnu.tar.gz",
            "binary",
            "linux-jammy-x86_64-4.2",
            ("latest/bin/linux/jammy-x86_64/4.2/src/contrib/MASS_7.3-58.tar.gz",),
            "jammy x86_64, R 4.2",
        ),
    ],
)
def test_places_and_platforms(filename: str, kind: str, target: str, places: tuple[str, ...], words: str) -> None:
    """Each file stands where R asks for it, under the name that R asks for."""
    assert ECOSYSTEM.file_places(record(filename, kind, target)) == places
    assert ECOSYSTEM.remarks(record(filename, kind, target)) == ()
    assert (ECOSYSTEM.platform(target).words if target else "") == words


@pytest.mark.parametrize(
    ("filename", "kind", "target"),
    [("..", "source", ""), ("MASS_7.3-58.zip", "binary", "windows-.."), ("MASS.zip", "binary", "windows-4.2")],
)
def test_a_record_that_was_pushed_by_hand_leads_nowhere(filename: str, kind: str, target: str) -> None:
    """No place is made of what was never accepted."""
    with pytest.raises((InvalidUpload, ValueError)):
        ECOSYSTEM.file_places(record(filename, kind, target))
