"""File names of wheels and sdists."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from repogen.ecosystems.python import Python
from repogen.ecosystems.python.filenames import Filename, parse_filename, parse_version, project_key, spells
from repogen.errors import InvalidUpload

PYTHON = Python()


@pytest.mark.parametrize(
    ("filename", "parts"),
    [
        ("example-1.0-py3-none-any.whl", ("wheel", "example", "1.0", "", "py3-none-any")),
        ("PyYAML-6.0.1-1-cp311-cp311-linux_x86_64.whl", ("wheel", "PyYAML", "6.0.1", "1", "cp311-cp311-linux_x86_64")),
        ("torch-2.1+cu118-py2.py3-none-any.whl", ("wheel", "torch", "2.1+cu118", "", "py2.py3-none-any")),
        ("a-1!2.0rc1-py3-none-any.whl", ("wheel", "a", "1!2.0rc1", "", "py3-none-any")),
        ("example-1.0.tar.gz", ("sdist", "example", "1.0", "", "")),
        ("python-dateutil-2.8.2.tar.gz", ("sdist", "python-dateutil", "2.8.2", "", "")),
        ("zope.interface-5.4.0.zip", ("sdist", "zope.interface", "5.4.0", "", "")),
        ("example-0.1-dev.tar.gz", ("sdist", "example", "0.1-dev", "", "")),
    ],
)
def test_names_are_taken_apart(filename: str, parts: tuple[str, ...]) -> None:
    """The parts are as the name spells them, and together the name again."""
    found = parse_filename(filename)
    assert (found.kind, found.name, found.version, found.build, found.tag) == parts
    assert found.text == filename


HOSTILE = [
    "../foo-1.0.tar.gz",
    "a/b-1.0.tar.gz",
    "/etc/foo-1.0.tar.gz",
    "..\\..\\foo-1.0.tar.gz",
    "C:\\foo-1.0.tar.gz",
    "foo\x00-1.0.tar.gz",
    "<img src=x>-1.0.tar.gz",
    "foo-1.0\n.tar.gz",
    "foo-1.0.tar.gz\n",
    "foo-1.0-py3-none-../../x.whl",
    "foo-1.0-1<script>-py3-none-any.whl",
    'foo-1.0-py3-none-"onload=x.whl',
    "foo-1.0-py3-none-any\n.whl",
    "foo-1.0-py3-none-any.whl ",
    "foo-1.0-py3-none-any.WHL",
    "fo\u202eo-1.0.tar.gz",
    "foo\u200b-1.0.tar.gz",
    "\ufefffoo-1.0.tar.gz",
    "\u212aelvin-1.0.tar.gz",
    "foo-1.\u0661.tar.gz",
    "foo-1.0\udcff.tar.gz",
    "-1.0.tar.gz",
    "-foo-1.0.tar.gz",
    ".foo-1.0.tar.gz",
    "foo_-1.0-py3-none-any.whl",
    "foo-banana.tar.gz",
    "foo-1.0-py3-none.whl",
    "foo-1.0-x-py3-none-any.whl",
    "foo-1.0--py3-none-any.whl",
    "foo-1.0-py3..py2-none-any.whl",
    "foo-1.0-py3-none-any-any-any.whl",
    "foo-1.0.tar.bz2",
    "foo-1.0.egg",
    "foo-1.0.exe",
    "foo-1.0",
    "foo.tar.gz",
    ".tar.gz",
    ".whl",
    "",
    *[f"foo{chr(code)}-1.0.tar.gz" for code in [*range(32), 127]],
]


@pytest.mark.parametrize("filename", HOSTILE)
def test_hostile_names_are_refused(filename: str) -> None:
    """Whatever is no file name of a distribution is refused in one printable line."""
    with pytest.raises(InvalidUpload) as caught:
        parse_filename(filename)
    (problem,) = caught.value.problems
    assert problem.code == "filename"
    assert problem.text.isprintable()


@pytest.mark.parametrize(
    "filename",
    [
        f"foo-1.0-{'.'.join(['a'] * 1300)}-{'.'.join(['b'] * 1300)}-any.whl",
        "-" * 10_000 + ".tar.gz",
        "a" * 10_000 + "!-1.0.tar.gz",
        "foo-" + "1." * 10_000 + "tar.gz",
        "foo-" + "9" * 4301 + ".tar.gz",
        "\N{SNOWMAN}" * 10_000,
    ],
)
def test_long_names_cost_nothing(filename: str) -> None:
    """A name of more than 255 bytes is refused before it is looked at."""
    start = time.perf_counter()
    with pytest.raises(InvalidUpload, match="longer than 255 bytes"):
        parse_filename(filename)
    assert time.perf_counter() - start < 0.05


def test_255_bytes_are_allowed() -> None:
    """The longest name that file systems take is a name."""
    assert parse_filename("a" * 244 + "-1.0.tar.gz").name == "a" * 244


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("PyYAML-6.0.tar.gz", "pyyaml-6.0.tar.gz"),
        ("foo.bar-1.0.tar.gz", "foo__Bar-1.tar.gz"),
        ("foo-1.0.zip", "foo-1.0.0.zip"),
        ("foo-1.0-py3-none-any.whl", "Foo-1.0.0-py3-none-any.whl"),
        ("foo-1.0-01-py3-none-any.whl", "foo-1.0-1-py3-none-any.whl"),
        ("foo-1.0-py2.py3-none-any.whl", "foo-1.0-py3.py2-none-any.whl"),
        ("foo-1.0-py3-none-manylinux1_x86_64.whl", "foo-v1.0-PY3-none-manylinux1_x86_64.whl"),
        ("foo-1.0+A_b-py3-none-any.whl", "foo-1.0+a.b-py3-none-any.whl"),
        ("foo-1.0-1.tar.gz", "foo-1.0-1.0.tar.gz"),
    ],
)
def test_two_spellings_of_one_file_have_one_key(one: str, other: str) -> None:
    """Case, separators, equal versions and the order of tags do not make another file."""
    assert PYTHON.file_key(one) == PYTHON.file_key(other)


def test_different_files_have_different_keys() -> None:
    """Version, form, build number and tags tell files of one project apart."""
    names = [
        "foo-1.0.tar.gz",
        "foo-1.0.zip",
        "foo-1.1.tar.gz",
        "foo-1.0.post1.tar.gz",
        "foo-1.0+local.tar.gz",
        "foo-1.0-py3-none-any.whl",
        "foo-1.0-1-py3-none-any.whl",
        "foo-1.0-2-py3-none-any.whl",
        "foo-1.0-py2.py3-none-any.whl",
        "foo-1.0-cp311-abi3-linux_x86_64.whl",
    ]
    assert len({PYTHON.file_key(name) for name in names}) == len(names)


def test_the_key_of_a_canonical_name_is_canonical() -> None:
    """Names that are spelled as the standards ask for are recognised as such."""
    assert parse_filename("Foo.Bar-01.0-py3-none-any.whl").canonical == "foo_bar-1.0-py3-none-any.whl"
    assert parse_filename("Foo-Bar-1.0-beta1.tar.gz").canonical == "foo_bar-1.0b1.tar.gz"


@pytest.mark.parametrize(
    ("filename", "recognized"),
    [
        ("example-1.0.tar.gz", True),
        ("example-1.0.zip", True),
        ("example-1.0-py3-none-any.whl", True),
        ("broken.whl", True),
        ("example_1.0.tar.gz", False),
        ("backup.tar.gz", False),
        ("example-1.0.tar.gz.asc", False),
        ("README.md", False),
    ],
)
def test_distributions_are_picked_out_of_a_folder(filename: str, *, recognized: bool) -> None:
    """Wheels by their extension (so that a bad name is told), sdists by their whole name."""
    assert PYTHON.recognizes(filename) is recognized


@pytest.mark.parametrize(
    ("stem", "good"),
    [
        ("foo-bar-1.0", True),
        ("Foo_Bar-1.0.0", True),
        ("foo.bar-v1", True),
        ("foo-bar-1.1", False),
        ("foo-1.0", False),
        ("foo-bar", False),
        ("foo-bar-", False),
        ("", False),
    ],
)
def test_directories_are_compared_after_normalization(stem: str, *, good: bool) -> None:
    """Any spelling of name and version will do, and nothing else."""
    version = parse_version("1.0")
    assert version is not None
    assert spells(stem, project_key("foo-bar"), version) is good


def test_old_versions_with_a_dash_are_found() -> None:
    """``foo-1.0-1`` spells version 1.0.post1 of foo."""
    version = parse_version("1.0.post1")
    assert version is not None
    assert spells("foo-1.0-1", project_key("foo"), version)
    assert spells("foo-1.0_1", project_key("foo"), version)


def test_versions_order_and_compare() -> None:
    """Keys of versions follow PEP 440, and versions have one spelling."""
    versions = ["1.0.dev1", "1.0a1", "1.0", "1.0+local", "1.0.post1", "1.10", "1!0"]
    assert all(PYTHON.version_key(one) < PYTHON.version_key(other) for one, other in pairwise(versions))
    assert hash(PYTHON.version_key("1.0")) == hash(PYTHON.version_key("1.0.0"))
    assert PYTHON.canonical_version("v01.0-BETA1") == "1.0b1"


def test_parts_make_a_name() -> None:
    """A file name is the sum of its parts."""
    assert Filename(kind="sdist", extension=".zip", name="a", version="1").text == "a-1.zip"
