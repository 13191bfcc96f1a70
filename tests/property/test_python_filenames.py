"""File names of Python distributions, over all that the standards allow."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from repogen.ecosystems.python.filenames import Filename, parse_filename, project_key, spells
from repogen.errors import InvalidUpload

names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._]{0,8}[A-Za-z0-9])?", fullmatch=True)
versions = st.from_regex(
    r"([0-9]{1,2}!)?[0-9]{1,3}(\.[0-9]{1,3}){0,3}((a|b|rc)[0-9]{1,2})?(\.post[0-9])?(\.dev[0-9])?(\+[a-z0-9]{1,4})?",
    fullmatch=True,
)
tags = st.from_regex(r"(py2\.py3|cp3[0-9]{1,2})-(none|abi3)-(any|[a-z0-9_]{1,9}(\.[a-z0-9_]{1,9})?)", fullmatch=True)
builds = st.from_regex(r"([0-9]{1,3}[a-z]{0,3})?", fullmatch=True)
wheels = st.builds(
    Filename, kind=st.just("wheel"), extension=st.just(".whl"), name=names, version=versions, build=builds, tag=tags
)
sdists = st.builds(
    Filename, kind=st.just("sdist"), extension=st.sampled_from([".tar.gz", ".zip"]), name=names, version=versions
)
filenames = wheels | sdists


@given(filenames)
def test_parts_survive_writing_and_reading(parts: Filename) -> None:
    """A file name made of parts is taken apart into these parts."""
    assert parse_filename(parts.text) == parts


@given(filenames)
def test_packaging_agrees_on_canonical_names(parts: Filename) -> None:
    """What clients parse out of the canonical spelling is the project and the version."""
    canonical = parts.canonical
    if parts.kind == "wheel":
        name, version, _, _ = parse_wheel_filename(canonical)
    else:
        name, version = parse_sdist_filename(canonical)
    assert (str(name), version) == (str(project_key(parts.name)), Version(parts.version))


@given(filenames)
def test_the_key_is_one_for_all_spellings(parts: Filename) -> None:
    """Keys are stable under canonical spelling, under case and under separators, and are file names themselves."""
    assert parse_filename(parts.canonical).key == parts.key
    assert parse_filename(parts.key).key == parts.key
    respelled = re.sub(r"[._]+", "_", parts.name).swapcase()
    assert (
        Filename(
            kind=parts.kind,
            extension=parts.extension,
            name=respelled,
            version=f"v{parts.version}",
            build=parts.build,
            tag=parts.tag,
        ).key
        == parts.key
    )


@given(names, versions)
def test_a_directory_of_that_name_is_recognised(name: str, version: str) -> None:
    """The directory that build tools make is found to be the right one."""
    assert spells(f"{name}-{version}", project_key(name), Version(version))


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    """Nothing but a refusal comes out of text that is no file name, and what passes is safe as a path."""
    try:
        parts = parse_filename(text)
    except InvalidUpload:
        return
    assert parts.text == text
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+!-]*", text)
