"""File names of wheels and sdists: stricter than ``packaging``, whose parsers split names but do not judge them.

Sources: the binary distribution format (PEP 427, PEP 491), the file name of an sdist (PEP 625), version
specifiers (PEP 440), names (PEP 508) and their normal form (PEP 503).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from packaging.utils import canonicalize_name, canonicalize_version
from packaging.version import Version

from repogen.errors import InvalidUpload, Problem
from repogen.model.names import MAX_FILENAME_BYTES, ProjectKey

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z")

_EXTENSIONS: dict[str, Literal["wheel", "sdist"]] = {".whl": "wheel", ".tar.gz": "sdist", ".zip": "sdist"}
_ALLOWED = re.compile(r"[A-Za-z0-9._+!-]+\Z")
_BUILD = re.compile(r"([0-9]+)([A-Za-z0-9._]*)\Z")
_TAG = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filename:
    """The parts of a file name as it spells them; ``build`` and ``tag`` (``py3-none-any``) only of a wheel."""

    kind: Literal["wheel", "sdist"]
    extension: str
    name: str
    version: str
    build: str = ""
    tag: str = ""

    @property
    def text(self) -> str:
        """The file name."""
        return "-".join(filter(None, (self.name, self.version, self.build, self.tag))) + self.extension

    @property
    def canonical(self) -> str:
        """The spelling that the standards ask for."""
        version = str(Version(self.version))
        return _joined(self, _escaped(self.name), version, self.build, self.tag)

    @property
    def key(self) -> str:
        """Equal for two spellings of one file: also where versions, build numbers or sets of tags are equal."""
        build = _BUILD.match(self.build)
        return _joined(
            self,
            _escaped(self.name),
            canonicalize_version(self.version),
            f"{int(build[1])}{build[2].lower()}" if build else "",
            "-".join(".".join(sorted(set(tags.lower().split(".")))) for tags in self.tag.split("-")),
        )


def project_key(name: str) -> ProjectKey:
    """The normalized name (PEP 503)."""
    return ProjectKey(canonicalize_name(name))


def parse_version(text: str) -> Version | None:
    """A version (PEP 440), or None for anything else, however long."""
    try:
        return Version(text) if len(text) <= MAX_FILENAME_BYTES else None
    except ValueError:  # InvalidVersion, or a number of more digits than int() takes
        return None


def parse_filename(filename: str) -> Filename:
    """Take a file name apart. Raises InvalidUpload with the one reason why it can be no distribution's."""
    if len(filename.encode("utf-8", "surrogatepass")) > MAX_FILENAME_BYTES:
        raise _invalid(filename[:40] + "...", f"longer than {MAX_FILENAME_BYTES} bytes")
    if not _ALLOWED.match(filename):
        raise _invalid(filename, "only letters, digits and . _ + ! - can stand in it")
    for extension, kind in _EXTENSIONS.items():
        if filename.endswith(extension):
            stem = filename.removesuffix(extension)
            return _parse_wheel(stem) if kind == "wheel" else _parse_sdist(stem, extension)
    raise _invalid(filename, "use .whl for a wheel, .tar.gz or .zip for an sdist")


def spells(stem: str, key: ProjectKey, version: Version) -> bool:
    """Is ``stem`` some spelling of ``name-version``?

    Both parts may hold dashes (old tools wrote ``foo-1.0-1``), so that every dash may be the one between them.
    """
    dashes = (match.start() for match in re.finditer("-", stem))
    return any(
        project_key(stem[:dash]) == key and version in (parse_version(tail), parse_version(tail.replace("_", "-")))
        for dash in dashes
        if (tail := stem[dash + 1 :])
    )


def _parse_wheel(stem: str) -> Filename:
    filename = f"{stem}.whl"
    parts = stem.split("-")
    if len(parts) not in (5, 6):
        raise _invalid(filename, "a wheel is named name-version[-build]-python-abi-platform.whl")
    name, version, *build, python, abi, platform = parts
    found = Filename(
        kind="wheel",
        extension=".whl",
        name=name,
        version=version,
        build="".join(build),
        tag=f"{python}-{abi}-{platform}",
    )
    if not NAME.match(name):
        raise _invalid(filename, f"{name!r} is not the name of a project")
    if parse_version(version) is None:
        raise _invalid(filename, f"{version!r} is not a version (PEP 440)")
    if build and not _BUILD.match(build[0]):
        raise _invalid(filename, f"the build tag {build[0]!r} does not begin with a digit")
    for tag in (python, abi, platform):
        if not _TAG.match(tag):
            raise _invalid(filename, f"{tag!r} is not a compatibility tag")
    return found


def _parse_sdist(stem: str, extension: str) -> Filename:
    parts = stem.split("-")
    for dash in range(len(parts) - 1, 0, -1):
        name, version = "-".join(parts[:dash]), "-".join(parts[dash:])
        if NAME.match(name) and parse_version(version) is not None:
            return Filename(kind="sdist", extension=extension, name=name, version=version)
    raise _invalid(f"{stem}{extension}", f"an sdist is named name-version{extension}, with a version of PEP 440")


def _joined(filename: Filename, *parts: str) -> str:
    return "-".join(filter(None, parts)) + filename.extension


def _escaped(name: str) -> str:
    return project_key(name).replace("-", "_")


def _invalid(filename: str, reason: str) -> InvalidUpload:
    return InvalidUpload([Problem("filename", f"file name {filename!r}: {reason}")], filename=filename)
