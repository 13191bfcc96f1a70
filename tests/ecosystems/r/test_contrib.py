"""The lists of an R repository: which rows stand where, and that their forms say the same."""

from __future__ import annotations

import gzip
import subprocess
import sys
from datetime import datetime

import pytest

from repogen.ecosystems.r import contrib
from repogen.ecosystems.r.rows import cell
from tests.r_index import Distribution, archived, distribution, listings, of_record, pages, read_rds

SOURCES = "latest/src/contrib"
LINUX = "latest/bin/linux/jammy-x86_64/4.2/src/contrib"
WINDOWS = "latest/bin/windows/contrib/4.2"


def rows(folder: str, *distributions: Distribution) -> list[dict[str, str]]:
    """What the ``PACKAGES.rds`` in a folder says."""
    return read_rds(pages(distributions)[f"{folder}/PACKAGES.rds"]).rows()


def versions(folder: str, *distributions: Distribution) -> list[tuple[str, str, str]]:
    """Package, version and path of each row, as far as it has them."""
    return [(row["Package"], row["Version"], row.get("Path", "")) for row in rows(folder, *distributions)]


def test_a_row_says_what_description_says() -> None:
    """Fields that are columns are taken over, the MD5 and whether it is compiled come from the record."""
    each = distribution(
        "MASS", "7.3-58", needs_compilation="yes", Depends="R (>= 3.3.0)", License="GPL-2 | GPL-3", Author="Ada"
    )
    assert rows(SOURCES, each) == [
        {
            "Package": "MASS",
            "Version": "7.3-58",
            "Depends": "R (>= 3.3.0)",
            "License": "GPL-2 | GPL-3",
            "MD5sum": each.record.digests["md5"],
            "NeedsCompilation": "yes",
        }
    ]
    assert pages([each])[f"{SOURCES}/PACKAGES"].decode() == (
        "Package: MASS\nVersion: 7.3-58\nDepends: R (>= 3.3.0)\nLicense: GPL-2 | GPL-3\n"
        f"MD5sum: {each.record.digests['md5']}\nNeedsCompilation: yes\n"
    )


def test_columns_are_those_of_r_and_system_requirements() -> None:
    """All columns stand there, in R's order, whether or not a row has them; rows are named by their package."""
    matrix = read_rds(pages([distribution()])[f"{SOURCES}/PACKAGES.rds"])
    names, columns = matrix.attributes["dimnames"].values
    assert names.values == [("example", 64)]
    assert " ".join(value for value, _ in columns.values) == (
        "Package Version Priority Depends Imports LinkingTo Suggests Enhances License License_is_FOSS "
        "License_restricts_use OS_type Archs MD5sum NeedsCompilation SystemRequirements"
    )


def test_values_of_several_lines_go_on_in_the_next_line() -> None:
    """An empty line within a value does not end the record."""
    body = pages([distribution(Imports="one,\n   two\n.\nthree")])[f"{SOURCES}/PACKAGES"].decode()
    assert "\nImports: one,\n two\n .\n three\n" in body


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  a  ", "a"),
        ("a \n\t b", "a\nb"),
        ("\n\na\n\n", "a"),
        ("a\n\nb", "a\n\nb"),
        ("a\n.\nb", "a\n\nb"),
        (".\n.x", ".\n.x"),
        (" \n.\n ", ""),
        ("a\x00b\x1fc\x1cd\re", "a b c d e"),
        ("a\tb", "a\tb"),
        ("\u2003a\u2003 ", "\u2003a\u2003"),
    ],
)
def test_a_cell_reads_the_same_from_dcf(value: str, expected: str) -> None:
    """Blanks and empty lines that reading would drop are gone, and so is what ends a line or a string early."""
    assert cell(value) == expected


def test_blank_values_are_missing() -> None:
    """Nothing but blanks is no value."""
    assert "Suggests" not in rows(SOURCES, distribution(Suggests="  "))[0]


def test_other_letters_are_utf_8() -> None:
    """In the text and, marked, in the matrix."""
    made = pages([distribution(SystemRequirements="libé (≥ 2)")])
    assert "SystemRequirements: libé (≥ 2)\n".encode() in made[f"{SOURCES}/PACKAGES"]
    assert ("libé (≥ 2)", 8) in read_rds(made[f"{SOURCES}/PACKAGES.rds"]).values


def test_a_list_is_utf_8_whatever_description_is() -> None:
    """A declared encoding counts for the DESCRIPTION only."""
    described = "Package: example\nVersion: 1.0\nEncoding: latin1\nSystemRequirements: libé\n".encode("latin-1")
    made = pages([of_record(distribution().record, described)])
    assert "SystemRequirements: libé\n".encode() in made[f"{SOURCES}/PACKAGES"]


def test_old_versions_follow_with_their_path() -> None:
    """Newest first as R orders versions, all but the newest below Archive; packages in the order of their bytes."""
    each = [distribution("b", version) for version in ("1.9", "1.10", "1.0-1")]
    assert versions(SOURCES, *each, distribution("a"), distribution("B")) == [
        ("B", "1.0", ""),
        ("a", "1.0", ""),
        ("b", "1.10", ""),
        ("b", "1.9", "Archive/b"),
        ("b", "1.0-1", "Archive/b"),
    ]
    assert pages(each)[f"{SOURCES}/PACKAGES"].count(b"\nPath: Archive/b\n") == 2


def test_archived_versions_have_no_row() -> None:
    """A later upload is current; what was archived before stays out of the list, and is archived still."""
    past = archived(distribution(version="1.0"), distribution(version="2.0"))
    assert versions(SOURCES, *past) == []
    assert versions(SOURCES, *past, distribution(version="1.5")) == [("example", "1.5", "")]
    files = read_rds(pages([*past, distribution(version="1.5")])[f"{SOURCES}/Meta/archive.rds"]).values[0]
    assert [name for name, _ in files.attributes["row.names"].values] == [
        "example/example_1.0.tar.gz",
        "example/example_2.0.tar.gz",
    ]


def test_the_archive_describes_files_as_r_does() -> None:
    """A data frame for each package that has past versions, oldest first; a file's time is that of its upload."""
    each = [distribution("b", version, size=size) for version, size in (("1.10", 10), ("1.9", 9), ("1.11", 11))]
    archive = read_rds(pages([distribution("a"), *each])[f"{SOURCES}/Meta/archive.rds"])
    assert archive.attributes["names"].values == [("b", 64)]
    (files,) = archive.values
    assert [name for name, _ in files.attributes["row.names"].values] == ["b/b_1.9.tar.gz", "b/b_1.10.tar.gz"]
    columns = dict(zip([name for name, _ in files.attributes["names"].values], files.values, strict=True))
    assert list(columns) == ["size", "isdir", "mode", "mtime", "ctime", "atime", "uid", "gid", "uname", "grname"]
    assert columns["size"].values == [9.0, 10.0]
    assert columns["mode"].values == [0o444, 0o444]
    assert columns["mtime"] == columns["ctime"] == columns["atime"]
    assert columns["mtime"].values == [datetime.fromisoformat("2026-01-02T03:04:05.25Z").timestamp()] * 2
    assert [value for value, _ in columns["mtime"].attributes["class"].values] == ["POSIXct", "POSIXt"]


def test_without_past_versions_there_is_no_archive() -> None:
    """Some clients fail on an empty one."""
    assert [path.rpartition("/")[2] for path in pages([distribution()])] == ["PACKAGES", "PACKAGES.gz", "PACKAGES.rds"]


def test_an_empty_repository_has_lists_of_nothing() -> None:
    """Clients read these rather than an error."""
    made = pages([])
    assert list(made) == [f"{SOURCES}/PACKAGES", f"{SOURCES}/PACKAGES.gz", f"{SOURCES}/PACKAGES.rds"]
    assert made[f"{SOURCES}/PACKAGES"] == gzip.decompress(made[f"{SOURCES}/PACKAGES.gz"]) == b""
    assert read_rds(made[f"{SOURCES}/PACKAGES.rds"]).attributes["dim"].values == [0, 16]


def test_records_are_apart_by_one_empty_line() -> None:
    """None stands at the end."""
    body = pages([distribution("a"), distribution("b")])[f"{SOURCES}/PACKAGES"].decode()
    assert [part.partition("\n")[0] for part in body.split("\n\n")] == ["Package: a", "Package: b"]
    assert body.endswith("NeedsCompilation: no\n")


def test_the_compressed_form_is_the_text() -> None:
    """Without a time or a name in it, so that the same list has the same bytes."""
    made = pages([distribution()])
    packed = made[f"{SOURCES}/PACKAGES.gz"]
    assert gzip.decompress(packed) == made[f"{SOURCES}/PACKAGES"]
    assert packed[:10] == made[f"{SOURCES}/PACKAGES.rds"][:10] == bytes.fromhex("1f8b08000000000000ff")


def test_windows_and_macos_list_the_newest_binary() -> None:
    """One row for each package that has a binary, with what it was built for."""
    old, new = (
        distribution(version=version, target="windows-4.2", Built=f"R 4.2.{version[0]}; ; ; windows")
        for version in ("1.0", "2.0")
    )
    mac = distribution(version="1.0", target="macosx-big-sur-arm64-4.3", Built="R 4.3.0; ; ; unix")
    each = (distribution(version="3.0"), distribution("other"), old, new, mac)
    assert [(row["Version"], row["Built"]) for row in rows(WINDOWS, *each)] == [("2.0", "R 4.2.2; ; ; windows")]
    assert versions("latest/bin/macosx/big-sur-arm64/contrib/4.3", *each) == [("example", "1.0", "")]
    assert "Built" not in rows(SOURCES, *each)[0]


def test_a_folder_of_linux_binaries_lists_every_package() -> None:
    """The binary of a version where there is one, else the source package by the way to it."""
    binary = distribution("b", "1.0.1", target="linux-jammy-x86_64-4.2", Built="R 4.2.2; ; ; unix")
    each = [distribution("b", version) for version in ("2.0", "1.0-1", "1.0")]
    assert versions(LINUX, *each, binary, distribution("a")) == [
        ("a", "1.0", "../../../../../../src/contrib"),
        ("b", "2.0", "../../../../../../src/contrib"),
        ("b", "1.0.1", ""),
        ("b", "1.0", "../../../../../../src/contrib/Archive/b"),
    ]
    assert [row.get("Built") for row in rows(LINUX, *each, binary)] == [None, "R 4.2.2; ; ; unix", None]


def test_a_binary_needs_no_source_package() -> None:
    """It is listed with its kind and nowhere else."""
    binary = distribution("b", target="linux-jammy-x86_64-4.2")
    assert versions(LINUX, binary) == [("b", "1.0", "")]
    assert versions(SOURCES, binary) == []


def test_archiving_keeps_the_lists_of_a_folder_that_has_files() -> None:
    """Who installs from there still finds a repository."""
    binaries = archived(distribution("b", target="linux-jammy-x86_64-4.2"), distribution("b", target="windows-4.2"))
    assert versions(LINUX, *binaries, distribution("a")) == [("a", "1.0", "../../../../../../src/contrib")]
    assert versions(WINDOWS, *binaries) == []


def test_what_is_archived_is_told_before_rows_go() -> None:
    """The archive comes first, then the forms of each list side by side."""
    each = [distribution(), distribution(version="2.0"), distribution(target="windows-4.2")]
    assert list(pages(each)) == [
        f"{SOURCES}/Meta/archive.rds",
        *(f"{SOURCES}/PACKAGES{form}" for form in ("", ".gz", ".rds")),
        *(f"{WINDOWS}/PACKAGES{form}" for form in ("", ".gz", ".rds")),
    ]


def test_paths_are_known_without_making_the_pages() -> None:
    """Those that are made, whatever a repository has."""
    each = [distribution("b"), *archived(distribution("a")), distribution("c", target="linux-jammy-x86_64-4.2")]
    for chosen in ([], each[:1], each[:2], each):
        assert contrib.list_paths(listings(chosen).values()) == set(pages(chosen))


def test_bytes_do_not_depend_on_the_process() -> None:
    """Another hash seed, time zone and locale give the same lists."""
    program = (
        "import hashlib; from tests.r_index import distribution as d, pages\n"
        "each = [d('b', v, Depends='R') for v in ('1.0', '2.0')] + [d('b', target=t) for t in "
        "('windows-4.2', 'macosx-4.2', 'linux-jammy-x86_64-4.2')]\n"
        "print([(path, hashlib.sha256(body).hexdigest()) for path, body in pages(each).items()])"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C", "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(answers) == 1
