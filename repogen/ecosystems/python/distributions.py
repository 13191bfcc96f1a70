"""Where the metadata lies in a wheel (PEP 427) and in an sdist (PEP 517, 625, 643)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from repogen.archives import read_tar_gz, read_zip
from repogen.errors import InvalidUpload, Problem

_DIST_INFO = ".dist-info"
_WHEEL_VERSION = re.compile(rb"^Wheel-Version:[ \t]*1\.[0-9]{1,9}[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_MAX_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The verbatim metadata of an archive (None: it could not be read) and what is wrong with the archive.

    ``stem`` is the part of the name of ``directory`` that has to spell the project and the version.
    """

    directory: str
    stem: str
    metadata: bytes | None
    problems: tuple[Problem, ...] = ()


def open_wheel(path: Path) -> Opened:
    """Find METADATA in a wheel. Raises InvalidUpload where there is no telling which file it would be."""
    contents = read_zip(path, lambda name: bool(re.fullmatch(r"[^/]+\.dist-info/(METADATA|WHEEL)", name)))
    directories = sorted({top for name in contents.members if (top := name.partition("/")[0]).endswith(_DIST_INFO)})
    if len(directories) != 1:
        text = f"a wheel has one directory name-version{_DIST_INFO}, this one has {_listed(directories)}"
        raise InvalidUpload([Problem("dist-info", text)])
    directory = directories[0]
    problems = [
        Problem("dist-info", f"the wheel has no regular file {f'{directory}/{name}'!r}")
        for name in ("METADATA", "WHEEL", "RECORD")
        if contents.members.get(f"{directory}/{name}") != "file"
    ]
    wheel = contents.texts.get(f"{directory}/WHEEL")
    if wheel is not None and not _WHEEL_VERSION.search(wheel):
        problems.append(Problem("wheel-version", f"{f'{directory}/WHEEL'!r} does not say 'Wheel-Version: 1.x'"))
    return Opened(
        directory=directory,
        stem=directory.removesuffix(_DIST_INFO),
        metadata=contents.texts.get(f"{directory}/METADATA"),
        problems=tuple(problems),
    )


def open_sdist(path: Path, extension: str) -> Opened:
    """Find PKG-INFO in an sdist (``.tar.gz`` or ``.zip``). Raises InvalidUpload if it has no one root."""
    read = read_zip if extension == ".zip" else read_tar_gz
    contents = read(path, lambda name: name.count("/") == 1 and name.endswith("/PKG-INFO"))
    roots = sorted({name.partition("/")[0] for name in contents.members})
    if len(roots) != 1:
        text = f"an sdist holds everything in one directory name-version, this one has {_listed(roots)} at its top"
        raise InvalidUpload([Problem("sdist-root", text)])
    root = roots[0]
    problems = []
    if contents.members.get(f"{root}/PKG-INFO") != "file":
        text = f"the sdist has no regular file {f'{root}/PKG-INFO'!r}; build it again with a tool of today"
        problems.append(Problem("no-metadata", text))
    return Opened(directory=root, stem=root, metadata=contents.texts.get(f"{root}/PKG-INFO"), problems=tuple(problems))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return (", ".join(map(repr, names[:_MAX_NAMED])) or "nothing") + more
