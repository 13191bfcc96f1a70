"""R's lists, over whatever a DESCRIPTION can say and whatever a repository can hold."""

from __future__ import annotations

import gzip
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from repogen.ecosystems.r import contrib, rds
from repogen.ecosystems.r.dcf import read_fields
from repogen.ecosystems.r.rows import COLUMNS, cell
from repogen.ecosystems.r.versions import version_key
from tests.r_index import Distribution, distribution, listings, pages, read_rds

SOURCES = "latest/src/contrib"
TARGETS = ("", "windows-4.2", "macosx-big-sur-arm64-4.3", "linux-jammy-x86_64-4.2", "linux-noble-x86_64-4.4")

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
words = st.text(st.sampled_from("ab .:#\t\n\u00e9\u00a0\u2003"), max_size=12)
names = st.sampled_from(["a", "B", "b", "c.d"])
versions = st.sampled_from(["0.9", "1.0", "1.0-1", "1.9", "1.10", "2.0.0.9000"])


def written(value: str) -> str:
    """A value as it can stand in a DESCRIPTION."""
    first, *others = value.split("\n")
    return "\n".join([first, *(line if line.strip(" \t") else "." for line in others)])


distributions = st.lists(
    st.builds(
        distribution,
        names,
        versions,
        target=st.sampled_from(TARGETS),
        archived=st.booleans(),
        size=st.integers(0, 2**40),
        Imports=words.map(written),
        SystemRequirements=words.map(written),
    ),
    max_size=12,
    unique_by=lambda each: (each.record.name, each.record.version, each.record.target),
)


@given(st.lists(st.none() | texts), st.lists(st.none() | texts))
def test_a_matrix_survives_writing_and_reading(one: list[str | None], other: list[str | None]) -> None:
    """Every cell is read as it was written, and says whether it is ASCII."""
    length = min(len(one), len(other))
    columns = {"one": one[:length], "other": other[:length]}
    matrix = read_rds(gzip.compress(rds.document(rds.character_matrix(columns, named_by="one"))))
    assert matrix.values == [
        None if value is None else (value, 64 if value.isascii() else 8)
        for column in columns.values()
        for value in column
    ]


@given(texts)
def test_a_cell_is_stable(value: str) -> None:
    """What was made a cell is one, and has no line that would end a record or begin a field."""
    made = cell(value)
    assert cell(made) == made
    first, *others = made.split("\n")
    assert (first == "") <= (made == "")
    assert all(line == line.strip(" \t") and line != "." for line in others)
    assert not set(made) & {chr(code) for code in range(32)} - {"\t", "\n"}


@given(distributions)
def test_the_forms_of_a_list_agree(each: list[Distribution]) -> None:
    """The text, read record by record, has the rows of the matrix, and the compressed form is the text."""
    made = pages(each)
    for path in made:
        if path.endswith("/PACKAGES"):
            records = made[path].split(b"\n\n") if made[path] else []
            assert [read_fields(record) for record in records] == read_rds(made[f"{path}.rds"]).rows()
            assert gzip.decompress(made[f"{path}.gz"]) == made[path]


@given(distributions)
def test_each_version_is_listed_or_archived(each: list[Distribution]) -> None:
    """A source package has a row unless it is archived, and a place in the archive unless it is current."""
    made = pages(each)
    sources = [one.record for one in each if one.record.kind == "source"]
    rows = read_rds(made[f"{SOURCES}/PACKAGES.rds"]).rows()
    assert {(row["Package"], row["Version"]) for row in rows} == {
        (record.name, record.version) for record in sources if not record.archived
    }
    current = {(row["Package"], row["Version"]) for row in rows if "Path" not in row}
    archive = read_rds(made[f"{SOURCES}/Meta/archive.rds"]).values if f"{SOURCES}/Meta/archive.rds" in made else []
    assert {name for files in archive for name, _ in files.attributes["row.names"].values} == {
        f"{record.name}/{record.filename}" for record in sources if (record.name, record.version) not in current
    }


@given(distributions)
def test_rows_come_by_name_and_newest_first(each: list[Distribution]) -> None:
    """In every list; and one row of a package stands beside a list of source packages, the newest."""
    made = pages(each)
    for path in made:
        if path.endswith("/PACKAGES.rds"):
            rows = read_rds(made[path]).rows()
            assert rows == sorted(
                sorted(rows, key=lambda row: version_key(row["Version"]), reverse=True), key=lambda row: row["Package"]
            )
    rows = read_rds(made[f"{SOURCES}/PACKAGES.rds"]).rows()
    beside = [row["Package"] for row in rows if "Path" not in row]
    assert beside == list(dict.fromkeys(row["Package"] for row in rows))


@given(distributions, st.randoms())
def test_lists_depend_on_what_is_there_alone(each: list[Distribution], chance: Random) -> None:
    """Not on the order of anything; and their paths are known from the listings."""
    assert pages(chance.sample(each, len(each))) == pages(each)
    assert contrib.list_paths(listings(each).values()) == set(pages(each))


@given(distributions)
def test_columns_stand_in_one_order(each: list[Distribution]) -> None:
    """Those that every list has, then what a binary was built for, then the path."""
    made = pages(each)
    for path in made:
        if path.endswith("/PACKAGES.rds"):
            _, columns = read_rds(made[path]).attributes["dimnames"].values
            built = () if path.startswith(SOURCES) else ("Built",)
            assert tuple(name for name, _ in columns.values) in {(*COLUMNS, *built), (*COLUMNS, *built, "Path")}
