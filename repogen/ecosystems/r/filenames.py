"""File names of R packages: ``Package_Version`` and an extension that tells what it is for (WRE 1.1.1, 1.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from repogen.ecosystems.r.versions import version_key
from repogen.errors import InvalidUpload, Problem
from repogen.model.names import MAX_FILENAME_BYTES

#: A package's name (WRE 1.1.1); R itself accepts any letter of the locale, other machines do not.
NAME = re.compile(r"[A-Za-z][A-Za-z0-9.]*[A-Za-z0-9]\Z")

_PARTS = re.compile(r"([A-Za-z0-9.]+)_([0-9.-]+)(?:_R_([A-Za-z0-9._-]+))?(\.tar\.gz|\.tgz|\.zip)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filename:
    """The parts of a file name as it spells them; ``platform`` is what ``R CMD INSTALL --build`` adds on Linux."""

    name: str
    version: str
    extension: str
    platform: str = ""

    @property
    def text(self) -> str:
        """The file name."""
        platform = f"_R_{self.platform}" if self.platform else ""
        return f"{self.name}_{self.version}{platform}{self.extension}"

    @property
    def key(self) -> str:
        """Equal for names of one file: where versions are equal under R's rules, and with and without a platform."""
        first, second, *others = (*version_key(self.version), 0, 0)
        version = ".".join(map(str, (first, second, *others[:-2])))
        return f"{self.name}_{version}{self.extension}"


def parse_filename(filename: str) -> Filename:
    """Take a file name apart. Raises InvalidUpload with the one reason why it can be no R package's."""
    if len(filename.encode("utf-8", "surrogatepass")) > MAX_FILENAME_BYTES:
        raise _invalid(filename[:40] + "...", f"longer than {MAX_FILENAME_BYTES} bytes")
    parts = _PARTS.match(filename)
    if not parts:
        reason = "an R package is named Package_Version.tar.gz; .zip for a Windows binary, .tgz for one of macOS"
        raise _invalid(filename, reason)
    name, version, platform, extension = parts.groups()
    if not NAME.match(name):
        raise _invalid(filename, f"{name!r} is not the name of an R package")
    try:
        version_key(version)
    except ValueError as error:
        raise _invalid(filename, f"{version!r} is not a version: {error}") from None
    if platform and extension != ".tar.gz":
        raise _invalid(filename, "only a binary for Linux has _R_ and a platform in its name")
    return Filename(name=name, version=version, extension=extension, platform=platform or "")


def _invalid(filename: str, reason: str) -> InvalidUpload:
    return InvalidUpload([Problem("filename", f"file name {filename!r}: {reason}")], filename=filename)
