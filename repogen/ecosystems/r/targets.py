"""The platforms that binary packages are built for, and where R looks for these (``help("contrib.url")``).

A target is the name of a platform in the store: ``windows-4.2``, ``macosx-big-sur-arm64-4.3``, ``macosx-4.2``,
``linux-jammy-x86_64-4.2``. The last part is the version of R, of which two numbers count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from repogen.model.pages import Platform

#: The distribution that a sender may state: a part of paths.
_DISTRIBUTION = re.compile(r"[a-z0-9][a-z0-9._-]{0,40}\Z")
_TARGET = re.compile(r"(windows|macosx|linux)-(?:([a-z0-9][a-z0-9._-]*)-)?([0-9]{1,3}\.[0-9]{1,3})\Z")
_BUILT = re.compile(
    r"R ([0-9]{1,3}\.[0-9]{1,3}(?:\.[0-9]{1,3})?); *([A-Za-z0-9._-]{0,60}); *[^;]{0,80}; *(unix|windows)\Z"
)
_DARWIN = re.compile(r"(x86_64|aarch64)-apple-darwin([0-9]+)")
_ARCHITECTURE = re.compile(r"[a-z0-9_]{1,20}\Z")
#: Architectures by the names that Linux distributions give them.
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}
#: Extension -> what Built ends in, what the platform in it looks like, and what such binaries are for.
_SYSTEMS = {
    ".zip": ("windows", re.compile(r"(?:x86_64|i[36]86)-w64-mingw32"), "Windows"),
    ".tgz": ("unix", re.compile(r"-apple-darwin[0-9]"), "macOS"),
    ".tar.gz": ("unix", re.compile(r"-linux"), "Linux"),
}
#: How R for macOS calls its builds, by architecture and version of Darwin.
_MAC_BUILDS = {
    ("x86_64", "13"): "mavericks",
    ("x86_64", "15"): "el-capitan",
    ("x86_64", "17"): "high-sierra",
    ("x86_64", "20"): "big-sur-x86_64",
    ("aarch64", "20"): "big-sur-arm64",
    ("aarch64", "23"): "sonoma-arm64",
}
#: The one of R 4.0 to 4.2 for Intel, which has no name in paths.
_NAMELESS_MAC_BUILD = "high-sierra"
_MAC_BUILD = re.compile(r"[a-z-]{1,30}-(?:arm64|x86_64)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The field ``Built``: version of R, platform ("" where no code is compiled) and ``unix`` or ``windows``."""

    r: str
    platform: str
    os: str

    @property
    def series(self) -> str:
        """The version of R without its patch level, as it stands in paths."""
        return ".".join(self.r.split(".")[:2])


def parse_built(text: str) -> Built:
    """Read the field ``Built``. Raises ValueError for anything that ``R CMD INSTALL --build`` does not write."""
    parts = _BUILT.match(text)
    if not parts:
        raise ValueError("it is not like 'R 4.2.2; x86_64-pc-linux-gnu; 2024-01-31 12:00:00 UTC; unix'")
    return Built(r=parts[1], platform=parts[2], os=parts[3])


def find_extension(built: Built, distribution: str | None) -> str:
    """The extension of a binary in a gzip-compressed tar archive that came without a name."""
    is_mac = "darwin" in built.platform or distribution in _MAC_BUILDS.values()
    return ".tgz" if is_mac else ".tar.gz"


def check_file(extension: str, platform: str, built: Built) -> None:
    """Raise ValueError with one line where the extension or the platform ("": none) of a file name are not Built's."""
    system, wanted, example = _SYSTEMS[extension]
    if built.os != system or (built.platform and not wanted.search(built.platform)):
        made = f"{built.platform or 'any platform'} ({built.os})"
        raise ValueError(f"it was built for {made}, and a {extension} is a binary for {example}")
    if platform and built.platform not in ("", platform):
        raise ValueError(f"it was built for {built.platform}, and the file name says {platform}")


def find_target(extension: str, built: Built, distribution: str | None, platform: str = "") -> str:
    """The target of a binary out of its extension, its ``Built`` (which belong together) and what its sender states.

    ``platform`` is that of the file name, "" without one: Built has none where no code is compiled.

    Raises ValueError with one line for what all of these do not tell, and where they contradict each other.
    """
    if distribution is not None and not _DISTRIBUTION.match(distribution):
        raise ValueError(f"{distribution[:60]!r} names no distribution: use up to 41 of a-z, 0-9, '.', '_' and '-'")
    if extension == ".zip":
        if distribution not in (None, "windows"):
            raise ValueError(f"{distribution!r} is stated for a Windows binary: leave it out")
        return f"windows-{built.series}"
    if extension == ".tgz":
        build = _mac_build(built, distribution)
        return f"macosx-{built.series}" if build == _NAMELESS_MAC_BUILD else f"macosx-{build}-{built.series}"
    return f"linux-{_linux_build(built.platform or platform, distribution)}-{built.series}"


def contrib(target: str) -> str:
    """The folder of a repository where R looks for PACKAGES and the binaries of a target, relative to it.

    Raises ValueError for what is no target.
    """
    if parts := _TARGET.match(target):
        system, name, series = parts.groups()
        if system == "windows" and not name:
            return f"latest/bin/windows/contrib/{series}"
        if system == "macosx":
            return f"latest/bin/macosx/{name}/contrib/{series}" if name else f"latest/bin/macosx/contrib/{series}"
        distribution, _, architecture = (name or "").rpartition("-")
        if system == "linux" and distribution and _ARCHITECTURE.match(architecture):
            return f"latest/bin/linux/{name}/{series}/src/contrib"
    raise ValueError(f"{target!r} is no target of an R binary")


def platform_words(target: str) -> tuple[str, str]:
    """A target for people: version of R and platform (``jammy x86_64``, ``Windows``, ``macOS big-sur-arm64``)."""
    parts = _TARGET.match(target)
    system, name, series = parts.groups() if parts else ("", None, "")
    if system == "linux":
        distribution, _, architecture = (name or "").rpartition("-")
        return series, f"{distribution} {architecture}"
    return series, "Windows" if system == "windows" else f"macOS {name or _NAMELESS_MAC_BUILD}"


def platform(target: str) -> Platform:
    """A target for people, and the repository that R for Linux must be told.

    R for Windows and macOS looks for binaries by itself. Raises ValueError for what is no target.
    """
    place = contrib(target)
    series, words = platform_words(target)
    words = f"{words}, R {series}"
    own = place.removesuffix("/src/contrib") if place.startswith("latest/bin/linux/") else ""
    return Platform(words=words, place=own)


def _mac_build(built: Built, distribution: str | None) -> str:
    darwin = _DARWIN.match(built.platform)
    known = _MAC_BUILDS.get((darwin[1], darwin[2])) if darwin else None
    if known and distribution not in (None, known):
        raise ValueError(f"{distribution!r} is stated, and Built says {built.platform!r}: that is {known}")
    if known or distribution in _MAC_BUILDS.values():
        build = known or distribution or ""
    elif distribution and _MAC_BUILD.match(distribution):
        build = distribution
    else:
        stated = f"{distribution!r} is no build of R for macOS" if distribution else "it does not say for which macOS"
        raise ValueError(f"{stated}: state the build as distribution, one of {', '.join(_MAC_BUILDS.values())}")
    if darwin and not known and not build.endswith(darwin[1].replace("aarch64", "arm64")):
        raise ValueError(f"{distribution!r} is stated, and Built says {built.platform!r}")
    return build


def _linux_build(platform: str, distribution: str | None) -> str:
    if distribution is None:
        raise ValueError("a binary for Linux does not say for which one: state its distribution, such as 'jammy'")
    name, _, last = distribution.rpartition("-")
    found = platform.partition("-")[0]
    stated = _ARCHITECTURES.get(last, last if last == found else "") if name else ""
    if found and stated not in ("", found):
        raise ValueError(f"{distribution!r} is stated, and the file is for {platform!r}")
    if stated:
        return f"{name}-{stated}"
    if not found:
        each = " and ".join(repr(f"{distribution}-{one}") for one in dict.fromkeys(_ARCHITECTURES.values()))
        raise ValueError(f"the file does not say for which architecture it is: state {each}, one upload for each")
    if not _ARCHITECTURE.match(found):
        raise ValueError(f"it is for {platform!r}, which begins with no architecture that is known")
    return f"{distribution}-{found}"
