"""DESCRIPTION and packages, over whatever somebody may send."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from repogen.ecosystems.r import R
from repogen.ecosystems.r.dcf import read_fields
from repogen.ecosystems.r.rules import INDEX_FIELDS
from repogen.ecosystems.r.targets import Built, check_file, contrib, find_target, platform_words
from repogen.errors import InvalidUpload
from tests.factories import tar_gz_bytes
from tests.r_packages import description_bytes, description_fields

T = TypeVar("T")
E = TypeVar("E", bound=Exception)

ECOSYSTEM = R()
FIELD_NAMES = sorted({*description_fields(), *INDEX_FIELDS, "Authors@R", "X"})
CHARACTERS = st.sampled_from("\n\n  \t,().:<>=|;@0123Raé\x85\u2028\ud7ff\x1f")
values = (
    st.text(CHARACTERS, max_size=30)
    | st.text(max_size=10)
    | st.sampled_from(
        ["yes", "R (>= 3.5.0)", "R (>=3)", "1.0-1", "R 4.2.2; ; x; unix", "latin1", "file LICENSE", "abc"]
    )
)
words = st.from_regex(r"[!-9;-~]{1,20}", fullmatch=True).filter(lambda word: not word.startswith("#"))
lines = st.from_regex(r"[!-~\xa1-\u04ff]([ -~\xa1-\u04ff]{0,20}[!-~\xa1-\u04ff])?", fullmatch=True)


def outcome(verb: Callable[[], T], refusal: type[E]) -> T | E:
    """What comes out of a call, be it a refusal."""
    try:
        return verb()
    except refusal as error:
        return error


@given(st.dictionaries(words, st.lists(lines.filter(lambda line: line != "."), max_size=3), max_size=5))
def test_fields_survive_writing_and_reading(fields: dict[str, list[str]]) -> None:
    """What is written as DCF is read again."""
    fields.pop("Encoding", None)
    data = "".join(
        f"{name}:{''.join(f' {line}' + chr(10) for line in value) or chr(10)}" for name, value in fields.items()
    )
    assert read_fields(data.encode()) == {name: "\n".join(value) for name, value in fields.items()}


@given(
    st.binary(max_size=200) | st.text(CHARACTERS | st.sampled_from("PackageEncoding:"), max_size=200).map(str.encode)
)
@example(b"Encoding: latin1\n\xff")
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """A refusal is one line of ValueError."""
    fields = outcome(lambda: read_fields(data), ValueError)
    if isinstance(fields, ValueError):
        assert str(fields).isprintable()
        return
    assert all(re.fullmatch(r"[!-9;-~]+", name) for name in fields)
    assert all(line == line.strip(" \t") for value in fields.values() for line in value.split("\n"))


@given(
    changes=st.dictionaries(st.sampled_from(FIELD_NAMES), st.none() | values, max_size=4),
    filename=st.sampled_from(["", "example_1.0.tar.gz", "example_1.0.tgz", "example_1.0.zip", "a_1.0_R_x.tar.gz"]),
    distribution=st.none() | st.sampled_from(["jammy", "big-sur-arm64", "../x", ""]) | st.text(max_size=5),
    members=st.lists(st.sampled_from(["Meta/package.rds", "src/a.c", "README.md", "NEWS", "./a"]), unique=True),
    text=st.binary(max_size=20),
)
def test_any_package_is_accepted_or_refused(
    tmp_path_factory: pytest.TempPathFactory,
    changes: dict[str, str | None],
    filename: str,
    distribution: str | None,
    members: list[str],
    text: bytes,
) -> None:
    """A refusal is made of problems of one line; what is accepted has a record and rows that lists can hold."""
    description = description_bytes(description_fields("example", "1.0", **changes))
    path: Path = tmp_path_factory.getbasetemp() / "package"
    path.write_bytes(
        tar_gz_bytes([("example/DESCRIPTION", description), *((f"example/{member}", text) for member in members)])
    )
    found = outcome(lambda: ECOSYSTEM.inspect(filename, path, distribution), InvalidUpload)
    if isinstance(found, InvalidUpload):
        assert found.problems
        assert all(problem.text.isprintable() and len(problem.text) < 1000 for problem in found.problems)
        return
    fields = read_fields(found.metadata)
    assert found.name == fields["Package"] == "example"
    assert ECOSYSTEM.stated_by(found.filename) == (found.name, found.version)
    assert all(
        value.isascii() for name, value in fields.items() if name in INDEX_FIELDS and name != "SystemRequirements"
    )
    assert all(warning.isprintable() for warning in found.warnings)
    assert (found.kind == "binary") == bool(found.target)


@given(
    st.text(max_size=60) | st.from_regex(r"(linux|macosx|windows)(-[a-z0-9._-]{0,9}){1,3}-[0-9]\.[0-9]", fullmatch=True)
)
def test_the_place_of_any_target_lies_where_it_should(target: str) -> None:
    """Whatever the name of a target, it leads below latest/bin."""
    try:
        folder = contrib(target)
    except ValueError:
        return
    assert folder.startswith("latest/bin/")
    assert not {"", ".", ".."} & set(folder.split("/"))


@given(
    extension=st.sampled_from([".zip", ".tgz", ".tar.gz"]),
    platform=st.from_regex(
        r"[A-Za-z0-9._-]{0,20}|(x86_64|aarch64)-(apple-darwin[0-9]{2}|pc-linux-gnu)", fullmatch=True
    ),
    os=st.sampled_from(["unix", "windows"]),
    distribution=st.none() | st.from_regex(r"[a-z0-9._-]{1,41}", fullmatch=True),
)
def test_a_target_that_is_found_has_a_place(extension: str, platform: str, os: str, distribution: str | None) -> None:
    """What can be accepted can be published, and its target can be the name of a folder of the store."""
    built = Built(r="4.2.2", platform=platform, os=os)
    if isinstance(outcome(lambda: check_file(extension, "", built), ValueError), ValueError):
        return
    target = outcome(lambda: find_target(extension, built, distribution), ValueError)
    if isinstance(target, ValueError):
        assert str(target).isprintable()
        return
    assert contrib(target)
    assert platform_words(target)[0] == "4.2"
    assert re.fullmatch(r"[a-z0-9_][a-z0-9._-]{0,99}", target)
