"""R packages: what is taken from good ones, and all that is wrong with bad ones."""

from __future__ import annotations

import gzip
import tarfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from repogen.ecosystems.r import R
from repogen.errors import InvalidUpload
from tests.factories import tar_gz_bytes, zip_bytes
from tests.r_packages import description_bytes, description_fields, make_r_binary, make_r_source, r_tar_gz_bytes

ECOSYSTEM = R()
LINUX = "example_1.0_R_x86_64-pc-linux-gnu.tar.gz"


def problems(path: Path, filename: str | None = None, distribution: str | None = None) -> list[tuple[str, str]]:
    """Code and text of what is wrong with an archive."""
    sent = path.name if filename is None else filename
    with pytest.raises(InvalidUpload) as caught:
        ECOSYSTEM.inspect(sent, path, distribution)
    assert caught.value.filename == sent
    assert all(problem.text.isprintable() for problem in caught.value.problems)
    return [(problem.code, problem.text) for problem in caught.value.problems]


def codes(path: Path, filename: str | None = None, distribution: str | None = None) -> list[str]:
    """The codes of what is wrong with an archive."""
    return [code for code, _ in problems(path, filename, distribution)]


def test_a_source_package_tells_what_it_is(tmp_path: Path) -> None:
    """Name, version and facts come from DESCRIPTION, whose bytes are kept."""
    data = description_bytes(description_fields("data.example", "1.0-2", Title="An\nExample"))
    path = make_r_source(tmp_path, "data.example", "1.0-2", description=data)
    found = ECOSYSTEM.inspect(path.name, path)
    assert found.filename == path.name == "data.example_1.0-2.tar.gz"
    assert (found.name, found.version, found.kind, found.target) == ("data.example", "1.0-2", "source", "")
    assert (found.metadata, found.warnings) == (data, ())
    assert found.facts == {
        "title": "An Example",
        "needs_compilation": "no",
        "built": None,
        "readme": None,
        "news": None,
    }


def test_a_binary_package_tells_what_it_is(tmp_path: Path) -> None:
    """Built makes it a binary, and says what for as far as it can."""
    path = make_r_binary(tmp_path, platform="linux", compiled=True, filename=LINUX)
    found = ECOSYSTEM.inspect(LINUX, path, "jammy")
    assert (found.filename, found.kind, found.target) == (LINUX, "binary", "linux-jammy-x86_64-4.2")
    assert found.facts["built"] == {"r": "4.2.2", "platform": "x86_64-pc-linux-gnu", "os": "unix"}
    path = make_r_binary(tmp_path, platform="macos", r="4.3.1", compiled=True)
    assert ECOSYSTEM.inspect(path.name, path).target == "macosx-big-sur-arm64-4.3"
    path = make_r_binary(tmp_path, platform="windows")
    found = ECOSYSTEM.inspect(path.name, path)
    assert (found.filename, found.target) == ("example_1.0.zip", "windows-4.2")
    assert found.facts["built"] == {"r": "4.2.2", "platform": "", "os": "windows"}


@pytest.mark.parametrize(
    ("make", "distribution", "filename", "target"),
    [
        (lambda folder: make_r_source(folder, filename="body"), None, "example_1.0.tar.gz", ""),
        (
            lambda folder: make_r_binary(folder, platform="windows", filename="body"),
            None,
            "example_1.0.zip",
            "windows-4.2",
        ),
        (
            lambda folder: make_r_binary(folder, platform="macos", compiled=True, r="4.3.0", filename="body"),
            None,
            "example_1.0.tgz",
            "macosx-big-sur-arm64-4.3",
        ),
        (
            lambda folder: make_r_binary(folder, platform="macos", r="4.3.0", filename="body"),
            "big-sur-x86_64",
            "example_1.0.tgz",
            "macosx-big-sur-x86_64-4.3",
        ),
        (
            lambda folder: make_r_binary(folder, platform="linux", filename="body"),
            "jammy-aarch64",
            "example_1.0.tar.gz",
            "linux-jammy-aarch64-4.2",
        ),
    ],
    ids=["source", "windows", "macos", "macos-any", "linux"],
)
def test_a_file_without_a_name_gets_one(
    make: Callable[[Path], Path], distribution: str | None, filename: str, target: str, tmp_path: Path
) -> None:
    """The archive tells what it is called."""
    found = ECOSYSTEM.inspect("", make(tmp_path), distribution)
    assert (found.filename, found.target) == (filename, target)


@pytest.mark.parametrize(
    ("fields", "files", "needs"),
    [
        ({"NeedsCompilation": "yes"}, {}, "yes"),
        ({"NeedsCompilation": None}, {}, "no"),
        ({"NeedsCompilation": None}, {"src/a.c": b""}, "yes"),
        ({"NeedsCompilation": ""}, {"source/a.c": b""}, "no"),
        ({"NeedsCompilation": "no"}, {"src/a.c": b""}, "no"),
    ],
)
def test_needs_compilation(
    fields: Mapping[str, str | None], files: Mapping[str, bytes], needs: str, tmp_path: Path
) -> None:
    """DESCRIPTION says it, or else a directory with code to compile."""
    path = make_r_source(tmp_path, fields=fields, files=files)
    assert ECOSYSTEM.inspect(path.name, path).facts["needs_compilation"] == needs


def test_a_binary_needs_what_it_was_built_with(tmp_path: Path) -> None:
    """Without a word on compilation, the platform in Built tells."""
    for compiled, needs in ((True, "yes"), (False, "no")):
        path = make_r_binary(tmp_path, platform="windows", compiled=compiled, fields={"NeedsCompilation": None})
        assert ECOSYSTEM.inspect(path.name, path).facts["needs_compilation"] == needs


@pytest.mark.parametrize(
    ("files", "readme", "news"),
    [
        (
            {"README.md": b"# Hi\r\n", "README": b"old", "NEWS": "1.0 Ærø".encode()},
            {"name": "README.md", "text": "# Hi\n"},
            {"name": "NEWS", "text": "1.0 Ærø"},
        ),
        (
            {"README": b"\xef\xbb\xbfhi", "NEWS.md": b"# 1.0", "NEWS": b"x"},
            {"name": "README", "text": "hi"},
            {"name": "NEWS.md", "text": "# 1.0"},
        ),
        ({"README.md": b" \n", "README": b"x", "inst/NEWS.md": b"x"}, {"name": "README", "text": "x"}, None),
        ({"README": b"\xc6r\xf8 \x93\x94"}, {"name": "README", "text": "Ærø “”"}, None),
        ({"README.Rmd": b"x", "inst/README.md": b"x", "inst/NEWS.Rd": b"x"}, None, None),
    ],
)
def test_readme_and_news(files: Mapping[str, bytes], readme: object, news: object, tmp_path: Path) -> None:
    """They are taken from the top of the package, Markdown first, as UTF-8 or else as DESCRIPTION is read."""
    path = make_r_source(tmp_path, files=files, fields={"Encoding": None})
    facts = ECOSYSTEM.inspect(path.name, path).facts
    assert (facts["readme"], facts["news"]) == (readme, news)


def test_the_encoding_of_description_is_that_of_its_documents(tmp_path: Path) -> None:
    """What is not UTF-8 is in the declared encoding."""
    path = make_r_source(tmp_path, files={"NEWS": "Łuk".encode("latin2")}, fields={"Encoding": "latin2"})
    assert ECOSYSTEM.inspect(path.name, path).facts["news"] == {"name": "NEWS", "text": "Łuk"}


def test_long_documents_are_cut_at_the_end_of_a_line(tmp_path: Path) -> None:
    """The last line says so."""
    path = make_r_source(tmp_path, files={"README.md": b"line\n" * 100_000, "NEWS.md": "æ".encode() * 50_000})
    facts = ECOSYSTEM.inspect(path.name, path).facts
    readme, news = facts["readme"]["text"], facts["news"]["text"]
    assert readme.count("line\n") == (256 << 10) // 5
    assert readme.endswith("line\n\n(The rest of README.md is left out here: it has more than 256 KiB.)\n")
    assert news.endswith("(The rest of NEWS.md is left out here: it has more than 64 KiB.)\n")
    assert len(news.encode()) < 66 << 10


def test_description_in_any_encoding(tmp_path: Path) -> None:
    """The bytes are kept, the title is text."""
    data = description_bytes(description_fields(Title="Łuk", Encoding="latin2"), "latin2")
    path = make_r_source(tmp_path, description=data)
    found = ECOSYSTEM.inspect(path.name, path)
    assert (found.metadata, found.facts["title"]) == (data, "Łuk")
    assert len(found.warnings) == 1


def test_the_file_is_named_after_what_is_in_it(tmp_path: Path) -> None:
    """Another spelling of the version is refused too: clients put the file name together from DESCRIPTION."""
    path = make_r_source(tmp_path, "example", "1.0-1")
    assert problems(path, "Example_1.0.1.tar.gz") == [
        ("name-mismatch", "the file name says package 'Example', DESCRIPTION says 'example'"),
        ("version-mismatch", "the file name says version '1.0.1', DESCRIPTION says '1.0-1'"),
    ]
    path = make_r_source(tmp_path, root="elsewhere")
    assert problems(path) == [
        ("package-root", "the directory 'elsewhere' is not named after the package 'example'"),
    ]


@pytest.mark.parametrize(
    "filename", ["example.tar.gz", "example_1.0.tar.bz2", "example_1.0.tar.xz", "example-1.0.tar.gz"]
)
def test_bad_file_names(filename: str, tmp_path: Path) -> None:
    """Without a good name the archive is not opened."""
    assert codes(make_r_source(tmp_path, filename="body"), filename) == ["filename"]


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    """The header of a member of a tar archive."""
    header = tarfile.TarInfo(name)
    header.type, header.linkname = kind, target
    return header


GOOD = description_bytes(description_fields())


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([], ["not-an-archive"]),
        ([("example/DESCRIPTION", GOOD), ("other/a", b"")], ["package-root"]),
        ([("example/DESCRIPTION", GOOD), ("README", b"")], ["package-root"]),
        ([("DESCRIPTION", GOOD)], ["no-description"]),
        ([("example/R/a.R", b"")], ["no-description"]),
        ([("example/pkg/DESCRIPTION", GOOD)], ["no-description"]),
        ([("./example/DESCRIPTION", GOOD)], ["package-root"]),
        ([("example/DESCRIPTION", GOOD), ("example//a", b"")], ["package-root"]),
        ([("example/DESCRIPTION", GOOD), ("example/DESCRIPTION", GOOD)], ["duplicate-member"]),
        ([("example/DESCRIPTION", GOOD), ("example/Description", GOOD)], ["no-description"]),
        ([(member("example/DESCRIPTION", tarfile.SYMTYPE, "a"), b""), ("example/a", GOOD)], ["no-description"]),
        ([(member("example/DESCRIPTION", tarfile.SYMTYPE, "/etc/passwd"), b"")], ["unsafe-member"]),
        ([("example/a", GOOD), (member("example/DESCRIPTION", tarfile.LNKTYPE, "example/a"), b"")], ["no-description"]),
        ([(member("example/DESCRIPTION", tarfile.DIRTYPE), b"")], ["no-description"]),
        ([(member("example/a", tarfile.CHRTYPE), b""), ("example/DESCRIPTION", GOOD)], ["unsafe-member"]),
        ([("../example/DESCRIPTION", GOOD)], ["unsafe-member"]),
        ([("example/DESCRIPTION", b"no field\n")], ["description-syntax"]),
        ([("example/DESCRIPTION", b"\xef\xbb\xbf" + GOOD)], ["description-syntax"]),
        ([("example/DESCRIPTION", GOOD + b"\nPackage: b\n")], ["description-syntax"]),
        ([("example/DESCRIPTION", b"")], ["package-name", "package-version", *["description-missing"] * 5]),
        ([("example/DESCRIPTION", b"a" * (9 << 20))], ["member-too-large"]),
    ],
)
def test_bad_archives(members: list[tuple[str | tarfile.TarInfo, bytes]], expected: list[str], tmp_path: Path) -> None:
    """There is one directory with one regular DESCRIPTION in it, which every program finds."""
    path = tmp_path / "example_1.0.tar.gz"
    path.write_bytes(tar_gz_bytes(members))
    assert codes(path) == expected
    assert codes(path, "") == expected


def test_what_tar_archives_begin_with_is_no_second_directory(tmp_path: Path) -> None:
    """An entry for the top itself, and directories with a slash at the end, are as R and other programs write them."""
    path = tmp_path / "example_1.0.tar.gz"
    top, directory = member("./", tarfile.DIRTYPE), member("example/", tarfile.DIRTYPE)
    path.write_bytes(tar_gz_bytes([(top, b""), (directory, b""), ("example/DESCRIPTION", GOOD)]))
    assert ECOSYSTEM.inspect(path.name, path).name == "example"


@pytest.mark.parametrize("data", [b"", b"PK", b"BZh91AY", b"\xfd7zXZ\x00", b"<html>", gzip.compress(b"", mtime=0)])
def test_what_is_no_archive(data: bytes, tmp_path: Path) -> None:
    """Under a good name, and without one."""
    path = tmp_path / "example_1.0.tar.gz"
    path.write_bytes(data)
    assert codes(path) == codes(path, "") == ["not-an-archive"]


def test_a_source_package_in_another_archive(tmp_path: Path) -> None:
    """Clients ask for source packages as .tar.gz, and for what is named as a binary on its platform only."""
    text = "the file is named as a binary package, and DESCRIPTION has no Built: a source package is a .tar.gz"
    zipped = tmp_path / "example_1.0.zip"
    zipped.write_bytes(zip_bytes([("example/DESCRIPTION", GOOD)]))
    assert problems(zipped) == problems(zipped, "") == [("built", text)]
    assert problems(make_r_source(tmp_path, filename="example_1.0.tgz")) == [("built", text)]
    assert problems(make_r_source(tmp_path, filename=LINUX)) == [("built", text)]


@pytest.mark.parametrize(
    ("platform", "options", "filename", "distribution", "text"),
    [
        ("linux", {"built": "4.2"}, None, "jammy", "Built is '4.2': it is not like 'R 4.2.2; x86_64-pc-linux-gnu; "),
        (
            "linux",
            {"built": ""},
            None,
            "jammy",
            "Built is '': it is not like 'R 4.2.2; x86_64-pc-linux-gnu; 2024-01-31 1",
        ),
        (
            "linux",
            {"compiled": True},
            "example_1.0_R_aarch64-linux.tar.gz",
            "jammy",
            "Built is 'R 4.2.2; x86_64-pc-linu",
        ),
        ("linux", {}, "example_1.0.tgz", "big-sur-arm64", ""),
        ("linux", {"compiled": True}, "example_1.0.tgz", None, "Built is 'R 4.2.2; x86_64-pc-linux-gnu; 2024-01-31 12"),
        (
            "macos",
            {"compiled": True},
            "example_1.0.tar.gz",
            "jammy",
            "Built is 'R 4.2.2; aarch64-apple-darwin20; 2024-0",
        ),
        (
            "linux",
            {"built": "R 4.2.2; ; x; windows"},
            None,
            "jammy",
            "Built is 'R 4.2.2; ; x; windows': it was built fo",
        ),
    ],
)
def test_a_binary_is_what_its_built_says(
    platform: str, options: dict[str, object], filename: str | None, distribution: str | None, text: str, tmp_path: Path
) -> None:
    """Extension, name and Built agree; what a package without compiled code is for, its sender says."""
    path = make_r_binary(tmp_path, platform=platform, **options)  # type: ignore[arg-type]
    if not text:
        ECOSYSTEM.inspect(filename or path.name, path, distribution)
        return
    ((code, found),) = problems(path, filename, distribution)
    assert code == "built"
    assert found.startswith(text)


def test_a_binary_has_been_built(tmp_path: Path) -> None:
    """A source package whose DESCRIPTION says Built would be unpacked and never work."""
    path = make_r_source(tmp_path, fields={"Built": "R 4.2.2; ; 2024-01-31 12:00:00 UTC; unix"})
    assert problems(path, distribution="jammy-x86_64") == [
        ("built", "DESCRIPTION has Built, as that of a binary package, and there is no Meta/package.rds as in one"),
    ]


def test_a_description_of_any_size_is_judged_in_little_time(tmp_path: Path) -> None:
    """It is bounded, and blanks within its lines cost no more than other characters."""
    fields = description_bytes(description_fields())
    blanks = fields.replace(b"Encoding: UTF-8", b"Encoding: a" + b" " * 200_000 + b"b")
    begun = time.process_time()
    assert codes(make_r_source(tmp_path, description=blanks)) == ["description-syntax"]
    assert time.process_time() - begun < 2
    huge = fields + b"Note: " + b"x" * (256 << 10)
    assert codes(make_r_source(tmp_path, description=huge)) == ["member-too-large"]


def test_a_value_of_many_lines_is_refused_where_lists_repeat_it(tmp_path: Path) -> None:
    """R reads such a value in more than linear time, in every client of the repository."""
    lines = "\n".join("x" for _ in range(1_001))
    assert codes(make_r_source(tmp_path, fields={"SystemRequirements": lines})) == ["description-value"]
    elsewhere = make_r_source(tmp_path, fields={"Copyright": lines})
    assert ECOSYSTEM.inspect(elsewhere.name, elsewhere).kind == "source"


def test_distributions(tmp_path: Path) -> None:
    """A binary for Linux needs one, a source package has none."""
    path = make_r_source(tmp_path)
    assert problems(path, distribution="jammy\n") == [
        ("distribution", "the distribution 'jammy?' is stated for a source package: leave it out")
    ]
    path = make_r_binary(tmp_path, platform="linux", filename=LINUX)
    assert codes(path) == codes(path, distribution="a/b") == ["distribution"]
    assert codes(make_r_binary(tmp_path, platform="macos")) == ["distribution"]


def test_all_problems_at_once(tmp_path: Path) -> None:
    """Of the archive, of DESCRIPTION, of the name and of what was stated."""
    fields: dict[str, str | None] = {
        "Package": "base",
        "Version": "1.0a",
        "Depends": "R (>=3.0)",
        "License": None,
        "Maintainer": "Ada",
    }
    members = {"DESCRIPTION": description_bytes(description_fields("example", "1.0", **fields)), "./README": b""}
    path = tmp_path / "example_1.0.tar.gz"
    path.write_bytes(r_tar_gz_bytes("example", members))
    assert codes(path, distribution="jammy") == [
        *("package-root", "package-name", "package-version", "description-missing", "maintainer", "dependency"),
        *("package-root", "name-mismatch", "version-mismatch", "distribution"),
    ]
