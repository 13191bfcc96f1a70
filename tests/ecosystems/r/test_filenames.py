"""File names of R packages."""

from __future__ import annotations

import pytest

from repogen.ecosystems.r.filenames import Filename, parse_filename
from repogen.errors import InvalidUpload


@pytest.mark.parametrize(
    ("filename", "parts"),
    [
        ("MASS_7.3-58.2.tar.gz", Filename(name="MASS", version="7.3-58.2", extension=".tar.gz")),
        ("data.table_1.14.8.zip", Filename(name="data.table", version="1.14.8", extension=".zip")),
        ("R6_2.5.1.tgz", Filename(name="R6", version="2.5.1", extension=".tgz")),
        (
            "a1_1.0_R_x86_64-pc-linux-gnu.tar.gz",
            Filename(name="a1", version="1.0", extension=".tar.gz", platform="x86_64-pc-linux-gnu"),
        ),
    ],
)
def test_parts(filename: str, parts: Filename) -> None:
    """Name and version, and what tells a binary."""
    assert parse_filename(filename) == parts
    assert parts.text == filename


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MASS_1.0.1.tar.gz", "MASS_1.0-1.tar.gz"),
        ("MASS_1.0.tar.gz", "MASS_1.00.0.tar.gz"),
        ("MASS_0.0.tar.gz", "MASS_0-0.tar.gz"),
        ("MASS_1.0_R_x86_64-pc-linux-gnu.tar.gz", "MASS_1.0.tar.gz"),
    ],
)
def test_names_of_one_file_have_one_key(one: str, other: str) -> None:
    """The spelling of the version and the platform make no difference; the key is a file name itself."""
    assert parse_filename(one).key == parse_filename(other).key
    assert parse_filename(parse_filename(one).key).key == parse_filename(one).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MASS_1.0.tar.gz", "mass_1.0.tar.gz"),
        ("MASS_1.0.tar.gz", "MASS_1.0.zip"),
        ("MASS_1.0.tar.gz", "MASS_1.0.1.tar.gz"),
    ],
)
def test_other_files_have_other_keys(one: str, other: str) -> None:
    """R tells names apart by case."""
    assert parse_filename(one).key != parse_filename(other).key


@pytest.mark.parametrize(
    "filename",
    [
        *("MASS.tar.gz", "MASS_1.0.tar.bz2", "MASS_1.0.tar.xz", "MASS-1.0.tar.gz", "MASS_1.0.whl", "MASS_.tar.gz", ""),
        *("../MASS_1.0.tar.gz", "a/MASS_1.0.tar.gz", "MASS_1.0.tar.gz\n", "MÄSS_1.0.tar.gz", "MASS_1.0_R_a/b.tar.gz"),
        *("M_1.0.tar.gz", ".MASS_1.0.tar.gz", "1MASS_1.0.tar.gz", "MASS._1.0.tar.gz", "_1.0.zip", "MASS_1.tar.gz"),
        *("MASS_1..0.tar.gz", "MASS_1.0_R_x86_64.zip", "MASS_1.99999999999.tar.gz", "a" * 250 + "_1.0.tar.gz"),
    ],
)
def test_what_is_no_name_of_an_r_package(filename: str) -> None:
    """The refusal is one line that shows the name."""
    with pytest.raises(InvalidUpload) as caught:
        parse_filename(filename)
    (problem,) = caught.value.problems
    assert problem.code == "filename"
    assert problem.text.isprintable()
    assert len(problem.text) < 500
