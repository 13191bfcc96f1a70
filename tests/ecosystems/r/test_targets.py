"""What an R binary is for, and where R looks for it."""

from __future__ import annotations

import pytest

from repogen.ecosystems.r.targets import (
    Built,
    check_file,
    contrib,
    find_extension,
    find_target,
    parse_built,
    platform,
    platform_words,
)
from repogen.model.pages import Platform

LINUX, ARM, MUSL = "x86_64-pc-linux-gnu", "aarch64-unknown-linux-gnu", "x86_64-pc-linux-musl"
HIGH_SIERRA, INTEL, M1 = "x86_64-apple-darwin17.0", "x86_64-apple-darwin20", "aarch64-apple-darwin20"
WINDOWS = "x86_64-w64-mingw32"


def built(platform: str = "", *, r: str = "4.2.2", os: str = "unix") -> Built:
    """What Built says."""
    return Built(r=r, platform=platform, os=os)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("R 4.2.2; x86_64-pc-linux-gnu; 2023-01-31 12:00:00 UTC; unix", built(LINUX)),
        ("R 4.2.2; ; 2023-01-31 12:00:00 UTC; unix", built()),
        ("R 4.3.0; ; 2023-01-31 12:00:00 UTC; windows", built(r="4.3.0", os="windows")),
        ("R 3.6.1; x86_64-w64-mingw32; 2019-08-01 10:11:12 UTC; windows", built(WINDOWS, r="3.6.1", os="windows")),
    ],
)
def test_built_is_read(text: str, value: Built) -> None:
    """Version of R, platform (none without compiled code) and system."""
    assert parse_built(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", "R 4.2.2", "R 4; ; x; unix", "R 4.2.2; ; x; plan9", "R 4.2.2; a b; x; unix", "4.2.2; ; x; unix"),
        *("R 4.2.2; ; x; unix; y", "R 4.2.2; ../..; x; unix", "R 4.2.2; ; x; unix\n", "R 4.2.2.1; ; x; unix"),
        *("R 4.2.2; ; " + "x" * 100 + "; unix", "R 4.2.2; " + " " * 1_000_000),
    ],
)
def test_what_is_no_built(text: str) -> None:
    """The error shows what it looks like."""
    with pytest.raises(ValueError, match=r"not like 'R 4\.2\.2; "):
        parse_built(text)


@pytest.mark.parametrize(
    ("extension", "what", "distribution", "target"),
    [
        (".zip", built(WINDOWS, os="windows"), None, "windows-4.2"),
        (".zip", built(os="windows"), "windows", "windows-4.2"),
        (".tgz", built(HIGH_SIERRA), None, "macosx-4.2"),
        (".tgz", built(), "high-sierra", "macosx-4.2"),
        (".tgz", built("x86_64-apple-darwin15.6.0", r="3.6.3"), None, "macosx-el-capitan-3.6"),
        (".tgz", built(M1, r="4.3.1"), None, "macosx-big-sur-arm64-4.3"),
        (".tgz", built(M1, r="4.3.1"), "big-sur-arm64", "macosx-big-sur-arm64-4.3"),
        (".tgz", built(INTEL, r="4.3.1"), None, "macosx-big-sur-x86_64-4.3"),
        (".tgz", built(r="4.3.1"), "big-sur-arm64", "macosx-big-sur-arm64-4.3"),
        (".tgz", built("aarch64-apple-darwin23", r="4.6.0"), None, "macosx-sonoma-arm64-4.6"),
        (".tgz", built("aarch64-apple-darwin29", r="5.0.0"), "tahoe-arm64", "macosx-tahoe-arm64-5.0"),
        (".tar.gz", built(LINUX), "jammy", "linux-jammy-x86_64-4.2"),
        (".tar.gz", built(LINUX), "jammy-x86_64", "linux-jammy-x86_64-4.2"),
        (".tar.gz", built(LINUX), "jammy-amd64", "linux-jammy-x86_64-4.2"),
        (".tar.gz", built(ARM), "jammy-arm64", "linux-jammy-aarch64-4.2"),
        (".tar.gz", built(ARM), "opensuse-15.4", "linux-opensuse-15.4-aarch64-4.2"),
        (".tar.gz", built(MUSL), "alpine_3.19", "linux-alpine_3.19-x86_64-4.2"),
        (".tar.gz", built(), "jammy-aarch64", "linux-jammy-aarch64-4.2"),
        (".tar.gz", built("riscv64-unknown-linux-gnu"), "trixie-riscv64", "linux-trixie-riscv64-4.2"),
        (".tar.gz", built(LINUX), "x86_64", "linux-x86_64-x86_64-4.2"),
    ],
)
def test_targets(extension: str, what: Built, distribution: str | None, target: str) -> None:
    """Built says it where it can; where no code is compiled, and of a Linux distribution, the sender does."""
    check_file(extension, "", what)
    assert find_target(extension, what, distribution) == target
    assert contrib(target)


@pytest.mark.parametrize(
    ("extension", "what", "distribution", "reason"),
    [
        (".zip", built(os="windows"), "jammy", "'jammy' is stated for a Windows binary: leave it out"),
        (".tgz", built(), None, "it does not say for which macOS: state the build as distribution, one of mavericks, "),
        (".tgz", built(), "jammy", "'jammy' is no build of R for macOS: state the build as distribution, one of "),
        (".tgz", built("aarch64-apple-darwin29"), None, "it does not say for which macOS"),
        (".tgz", built("aarch64-apple-darwin29"), "tahoe-x86_64", "'tahoe-x86_64' is stated, and Built says 'aarch64-"),
        (
            ".tgz",
            built(M1),
            "big-sur-x86_64",
            "'big-sur-x86_64' is stated, and Built says 'aarch64-apple-darwin20': th",
        ),
        (
            ".tar.gz",
            built(LINUX),
            None,
            "a binary for Linux does not say for which one: state its distribution, such a",
        ),
        (
            ".tar.gz",
            built(LINUX),
            "jammy-aarch64",
            "'jammy-aarch64' is stated, and the file is for 'x86_64-pc-linux-gnu'",
        ),
        (
            ".tar.gz",
            built(),
            "jammy",
            "the file does not say for which architecture it is: state 'jammy-x86_64' and 'ja",
        ),
        (
            ".tar.gz",
            built("a.b-linux"),
            "jammy",
            "it is for 'a.b-linux', which begins with no architecture that is kn",
        ),
        (".tar.gz", built(LINUX), "Jammy", "'Jammy' names no distribution: use up to 41 of a-z, 0-9, '.', '_' and '-'"),
        (".tar.gz", built(LINUX), "../x", "'../x' names no distribution"),
        (".tar.gz", built(LINUX), "", "'' names no distribution"),
        (".tar.gz", built(LINUX), "a" * 42, "'" + "a" * 42 + "' names no distribution"),
        (".tar.gz", built(LINUX), "a\n", r"'a\n' names no distribution"),
    ],
)
def test_what_has_no_target(extension: str, what: Built, distribution: str | None, reason: str) -> None:
    """The error says what to state, or what contradicts what."""
    with pytest.raises(ValueError, match=r".") as caught:
        find_target(extension, what, distribution)
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize(
    ("extension", "platform", "what"),
    [
        (".zip", "", built()),
        (".zip", "", built(LINUX, os="windows")),
        (".tgz", "", built(LINUX)),
        (".tgz", "", built(os="windows")),
        (".tar.gz", "", built(M1)),
        (".tar.gz", "", built(WINDOWS, os="windows")),
        (".tar.gz", ARM, built(LINUX)),
    ],
)
def test_a_file_is_named_for_what_it_was_built_for(extension: str, platform: str, what: Built) -> None:
    """Extension and platform in the name may not contradict Built."""
    with pytest.raises(ValueError, match="it was built for "):
        check_file(extension, platform, what)


def test_the_platform_of_a_name_counts_for_compiled_code_only() -> None:
    """R names every binary for Linux after its own platform."""
    check_file(".tar.gz", LINUX, built(LINUX))
    check_file(".tar.gz", LINUX, built())


@pytest.mark.parametrize(
    ("what", "distribution", "extension"),
    [
        (built(M1), None, ".tgz"),
        (built(), "big-sur-arm64", ".tgz"),
        (built(LINUX), "jammy", ".tar.gz"),
        (built(), "jammy", ".tar.gz"),
    ],
)
def test_a_binary_without_a_name_gets_the_extension_of_its_system(
    what: Built, distribution: str | None, extension: str
) -> None:
    """Those of macOS and of Linux are both gzip-compressed tar archives."""
    assert find_extension(what, distribution) == extension


def test_the_file_name_tells_the_architecture_where_no_code_is_compiled() -> None:
    """Built has none then, and ``R CMD INSTALL --build`` names the file after the machine all the same."""
    assert find_target(".tar.gz", built(), "jammy", LINUX) == "linux-jammy-x86_64-4.2"
    assert find_target(".tar.gz", built(), "jammy-x86_64", LINUX) == "linux-jammy-x86_64-4.2"


@pytest.mark.parametrize(
    ("target", "path", "words"),
    [
        ("windows-4.2", "latest/bin/windows/contrib/4.2", ("4.2", "Windows")),
        ("macosx-4.2", "latest/bin/macosx/contrib/4.2", ("4.2", "macOS high-sierra")),
        ("macosx-el-capitan-3.6", "latest/bin/macosx/el-capitan/contrib/3.6", ("3.6", "macOS el-capitan")),
        (
            "macosx-big-sur-arm64-4.3",
            "latest/bin/macosx/big-sur-arm64/contrib/4.3",
            ("4.3", "macOS big-sur-arm64"),
        ),
        ("linux-jammy-x86_64-4.2", "latest/bin/linux/jammy-x86_64/4.2/src/contrib", ("4.2", "jammy x86_64")),
        (
            "linux-opensuse-15.4-aarch64-4.10",
            "latest/bin/linux/opensuse-15.4-aarch64/4.10/src/contrib",
            ("4.10", "opensuse-15.4 aarch64"),
        ),
    ],
)
def test_places_and_words_of_targets(target: str, path: str, words: tuple[str, str]) -> None:
    """Each target has the folder that R asks, and words for people."""
    assert contrib(target) == path
    assert platform_words(target) == words


def test_what_clients_are_told_of_targets() -> None:
    """R for Linux is given a repository; on Windows and macOS it looks by itself."""
    assert platform("linux-opensuse-15.4-aarch64-4.10") == Platform(
        words="opensuse-15.4 aarch64, R 4.10", place="latest/bin/linux/opensuse-15.4-aarch64/4.10"
    )
    assert platform("macosx-big-sur-arm64-4.3") == Platform(words="macOS big-sur-arm64, R 4.3")
    with pytest.raises(ValueError, match="no target"):
        platform("linux-jammy-4.2")


@pytest.mark.parametrize(
    "target",
    [
        *("", "windows", "windows-4", "windows-x-4.2", "macosx-../..-4.2", "macosx-..-4.2", "linux-4.2", "linux-a-4.2"),
        *("linux-jammy-x.y-4.2", "linux-jammy--4.2", "linux-a/b-x86_64-4.2", "solaris-4.2", "windows-4.2\n"),
    ],
)
def test_what_is_no_target_has_no_places(target: str) -> None:
    """A name that leads elsewhere is none."""
    with pytest.raises(ValueError, match="is no target of an R binary"):
        contrib(target)
