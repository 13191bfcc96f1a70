"""The fields that name other packages: what all readers of R read alike, and nothing else."""

from __future__ import annotations

import time

import pytest

from repogen.ecosystems.r.dependencies import FIELDS, judge_dependencies


def texts(field: str, value: str) -> list[str]:
    """What is wrong with a field, problem by problem."""
    problems = list(judge_dependencies({field: value}))
    assert all(problem.code == "dependency" for problem in problems)
    return [problem.text for problem in problems]


@pytest.mark.parametrize(
    "value",
    [
        *("", "R", "R (>= 3.0)", "R(>= 3.0)", "R (>=\n3.0)", "R\n(>= 3.0)", "R (>= 3-0)", "R  (>=\t03.0)", "methods"),
        *("R (>= 3.0), R (< 9.0)", "R (>= 3.5.0), methods,\nstats (>= 3.0)", "data.table, R6", "a1 (!= 1.0)", "NA"),
        *("a1 (< 1.0), a1 (> 0.5)", "a1 (== 1.0-1)", "a1 (<= 1.0)", "a1,", "a1 ,\n", "R.utils"),
    ],
)
def test_what_all_readers_understand_is_good(value: str) -> None:
    """Blanks and line ends may stand around a name and behind an operator; the last comma may be one too many."""
    assert texts("Depends", value) == []


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        *(
            (entry, "write 'name' or 'name (>= 1.0)', with a blank before the version")
            for entry in (
                *("R (>=3.0)", "R(>=3.0)", "R ( >= 3.0)", "R (>= 3.0 )", "R (3.0)", "R (=> 3.0)", "R (= 3.0)"),
                *("R (>= r7000)", "R (>= 3.0.x)", "R (>= 3.0", "R (>= 3.0) | x", "R >= 3.0", "R\xa0(>= 3.0)", "R ()"),
                *("R (>= )", "(>= 3.0)", "a1 a2", "a1 (>=1.0)", "a1 (>= 1.0) (< 2.0)", "a_1", "a/1", "ä1", "a1; a2"),
            )
        ),
        ("a1 (>= 1)", "'1' is not a version: use two numbers or more with one '.' or '-' between them"),
        ("R (>= 3)", "'3' is not a version: use two numbers or more with one '.' or '-' between them"),
        ("R (>= 99999999999.0)", "'99999999999.0' is not a version: R knows no number above 2147483647 in it"),
        ("a", "'a' is not the name of a package"),
        ("1a", "'1a' is not the name of a package"),
        ("a1.", "'a1.' is not the name of a package"),
        ("r", "'r' is not the name of a package"),
    ],
)
def test_each_bad_entry_is_told(field: str, entry: str, reason: str) -> None:
    """In every field: some reader of R stumbles over each of these."""
    assert texts(field, f"good (>= 1.0), {entry}") == [f"{field} has the entry {entry!r}: {reason}"]


@pytest.mark.parametrize("value", [",", "a1,,a2", ",a1", "a1,,"])
def test_empty_entries(value: str) -> None:
    """R installs no package with one, but for one behind the last comma."""
    assert len(texts("Imports", value)) == 1


@pytest.mark.parametrize("field", ["Imports", "LinkingTo"])
@pytest.mark.parametrize("entry", ["R", "R (>= 3.0)"])
def test_the_version_of_r_stands_in_depends(field: str, entry: str) -> None:
    """In a field that makes R load packages it would look for one called R."""
    reason = "state the version of R that is needed in Depends"
    assert texts(field, entry) == [f"{field} has the entry {entry!r}: {reason}"]


def test_all_fields_are_judged_and_ten_problems_are_enough() -> None:
    """Whoever made eleven mistakes learns of ten at once."""
    problems = list(judge_dependencies(dict.fromkeys(FIELDS, "a b, c d, e f")))
    assert [problem.text.split(" ")[0] for problem in problems] == [
        *("Depends", "Depends", "Depends", "Imports", "Imports", "Imports", "LinkingTo", "LinkingTo", "LinkingTo"),
        "Suggests",
    ]
    assert len(list(judge_dependencies({"Depends": "a b", "Enhances": "c d"}))) == 2


def test_more_packages_than_anybody_names() -> None:
    """A list is read whole by every client."""
    assert texts("Depends", "a1," * 5001) == ["Depends names more than 5000 packages"]


@pytest.mark.parametrize(
    "value", ["a" * 8_000_000, "a" + " " * 8_000_000, "a (>= " + "1." * 4_000_000, "(" * 8_000_000]
)
def test_hostile_lengths_take_little_time(value: str) -> None:
    """The time grows with the length, not with its square, and the message does not grow."""
    start = time.perf_counter()
    assert all(len(text) < 500 for text in texts("Depends", f"{value}\x01"))
    assert time.perf_counter() - start < 5
