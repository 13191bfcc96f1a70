"""Versions and file names of R packages, over all that R allows."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from repogen.ecosystems.r.filenames import Filename, parse_filename
from repogen.ecosystems.r.versions import version_key
from repogen.errors import InvalidUpload

numbers = st.lists(st.integers(0, 2**31 - 1), min_size=2, max_size=5)
names = st.from_regex(r"[A-Za-z][A-Za-z0-9.]{0,8}[A-Za-z0-9]", fullmatch=True)
versions = st.from_regex(r"[0-9]{1,4}([.-][0-9]{1,4}){1,3}", fullmatch=True)
filenames = st.builds(
    Filename, name=names, version=versions, extension=st.sampled_from([".tar.gz", ".zip", ".tgz"])
) | st.builds(Filename, name=names, version=versions, extension=st.just(".tar.gz"), platform=names)


@given(numbers, st.lists(st.sampled_from(".-"), min_size=4, max_size=4), st.integers(0, 3))
def test_spellings_of_a_version_are_equal(parts: list[int], separators: list[str], zeros: int) -> None:
    """Whatever stands between the numbers, before them and as zeros behind them."""
    spelled = "".join(f"{'0' * zeros}{part}{mark}" for part, mark in zip(parts, [*separators, ""], strict=False))
    assert version_key(f"{spelled.rstrip('.-')}{'.0' * zeros}") == version_key(".".join(map(str, parts)))


@given(numbers, numbers)
def test_versions_compare_by_their_numbers(one: list[int], other: list[int]) -> None:
    """The order is that of the numbers, where what is missing is zero."""
    length = max(len(one), len(other))
    padded = [[*parts, *[0] * (length - len(parts))] for parts in (one, other)]
    keys = [version_key("-".join(map(str, parts))) for parts in (one, other)]
    assert (keys[0] < keys[1], keys[0] == keys[1]) == (padded[0] < padded[1], padded[0] == padded[1])


@given(filenames)
def test_parts_survive_writing_and_reading(parts: Filename) -> None:
    """A file name made of parts is taken apart into these parts, and its key is a file name with itself as key."""
    assert parse_filename(parts.text) == parts
    assert parse_filename(parts.key).key == parts.key


@given(st.text(max_size=300) | st.from_regex(r"\A[A-Za-z.]{1,9}_[0-9.-]{1,9}(_R_[a-z./]{1,9})?\.(tar\.gz|tgz|zip)"))
def test_any_text_is_judged(text: str) -> None:
    """Nothing but a refusal comes out of text that is no file name, and what passes is safe as a path."""
    try:
        parts = parse_filename(text)
    except InvalidUpload:
        return
    assert parts.text == text
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9._-]*", text)
