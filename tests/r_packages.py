"""Small R packages made from literals: real archives that R installs, with the same bytes every time."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from tests.factories import tar_gz_bytes, zip_bytes

Platform = Literal["windows", "macos", "linux"]

#: C code with one routine, and R code that calls it.
C_FILES: Mapping[str, bytes] = {
    "src/twice.c": b"""\
#include <Rinternals.h>
#include <R_ext/Rdynload.h>

SEXP twice(SEXP x) { return ScalarReal(2 * asReal(x)); }

static const R_CallMethodDef calls[] = {{"twice", (DL_FUNC) &twice, 1}, {NULL, NULL, 0}};

void R_init_PACKAGE(DllInfo *dll) {
    R_registerRoutines(dll, NULL, calls, NULL, NULL);
    R_useDynamicSymbols(dll, FALSE);
}
""",
    "R/twice.R": b'twice <- function(x) .Call("twice", x, PACKAGE = "@NAME@")\n',
}
_PLATFORMS: Mapping[Platform, tuple[str, str, str]] = {
    "windows": (".zip", "x86_64-w64-mingw32", "windows"),
    "macos": (".tgz", "aarch64-apple-darwin20", "unix"),
    "linux": (".tar.gz", "x86_64-pc-linux-gnu", "unix"),
}


def description_fields(name: str = "example", version: str = "1.0", **fields: str | None) -> dict[str, str]:
    """The fields of a DESCRIPTION that nothing is wrong with; ``fields`` are changed in it, and left out if None."""
    usual = {
        "Package": name,
        "Version": version,
        "Title": "An Example",
        "Author": "Ada Example [aut, cre]",
        "Maintainer": "Ada Example <ada@example.org>",
        "Description": "Shows what a package is made of.",
        "License": "MIT + file LICENSE",
        "Encoding": "UTF-8",
        "NeedsCompilation": "no",
        "Packaged": "2024-01-31 12:00:00 UTC; ada",
    }
    return {field: value for field, value in {**usual, **fields}.items() if value is not None}


def description_bytes(fields: Mapping[str, str], encoding: str = "utf-8") -> bytes:
    """A DESCRIPTION: a line feed in a value goes on in the next line."""
    text = "".join(f"{field}: " + value.replace("\n", "\n    ") + "\n" for field, value in fields.items())
    return text.encode(encoding)


def make_r_source(
    folder: Path,
    name: str = "example",
    version: str = "1.0",
    *,
    fields: Mapping[str, str | None] | None = None,
    files: Mapping[str, bytes] | None = None,
    description: bytes | None = None,
    filename: str | None = None,
    root: str | None = None,
    compiled: bool = False,
) -> Path:
    """Write a source package with one function ``NAME_version()``; ``compiled`` adds ``twice(x)`` in C.

    ``fields`` change DESCRIPTION (None leaves a field out) and ``description`` replaces it. Paths of ``files`` are
    relative to the ``root`` directory, and ``@NAME@`` in them is the name.
    """
    if description is None:
        needs = {"NeedsCompilation": "yes"} if compiled else {}
        description = description_bytes(description_fields(name, version, **{**needs, **(fields or {})}))
    namespace = b"export(%s_version)\n" % name.encode()
    if compiled:
        namespace += b"export(twice)\nuseDynLib(%s)\n" % name.encode()
    members = {
        "DESCRIPTION": description,
        "LICENSE": b"YEAR: 2024\nCOPYRIGHT HOLDER: Ada Example\n",
        "NAMESPACE": namespace,
        "R/version.R": f'{name}_version <- function() "{version}"\n'.encode(),
        **(_compiled_files(name) if compiled else {}),
        **{path: data.replace(b"@NAME@", name.encode()) for path, data in (files or {}).items()},
    }
    path = folder / (filename or f"{name}_{version}.tar.gz")
    path.write_bytes(r_tar_gz_bytes(name if root is None else root, members))
    return path


def make_r_binary(
    folder: Path,
    name: str = "example",
    version: str = "1.0",
    *,
    platform: Platform = "linux",
    r: str = "4.2.2",
    compiled: bool = False,
    built: str | None = None,
    fields: Mapping[str, str | None] | None = None,
    files: Mapping[str, bytes] | None = None,
    filename: str | None = None,
) -> Path:
    """Write what looks like a binary package: R lists and unpacks it, and cannot load it.

    ``built`` replaces the field ``Built``. What R loads is what ``R CMD INSTALL --build`` makes of a source package.
    """
    extension, machine, system = _PLATFORMS[platform]
    stated = f"R {r}; {machine if compiled else ''}; 2024-01-31 12:00:00 UTC; {system}"
    needs = {"NeedsCompilation": "yes"} if compiled else {}
    wanted = description_fields(
        name, version, **{**needs, "Built": stated if built is None else built, **(fields or {})}
    )
    library = {"windows": f"libs/x64/{name}.dll"}.get(platform, f"libs/{name}.so")
    members = {
        "DESCRIPTION": description_bytes(wanted),
        "NAMESPACE": b"",
        "Meta/package.rds": b"rds",
        f"R/{name}": b"",
        f"R/{name}.rdb": b"rdb",
        f"R/{name}.rdx": b"rdx",
        **({library: b"code"} if compiled else {}),
        **(files or {}),
    }
    path = folder / (filename or f"{name}_{version}{extension}")
    if extension == ".zip":
        path.write_bytes(zip_bytes((f"{name}/{member}", data) for member, data in members.items()))
    else:
        path.write_bytes(r_tar_gz_bytes(name, members))
    return path


def r_tar_gz_bytes(root: str, members: Mapping[str, bytes]) -> bytes:
    """A gzip-compressed tar archive of files below one directory, with an entry for each directory as R writes."""
    directories = dict.fromkeys(
        "/".join([root, *path.split("/")[:depth]]) for path in members for depth in range(path.count("/") + 1)
    )
    entries: list[tuple[str | tarfile.TarInfo, bytes]] = []
    for directory in directories:
        entry = tarfile.TarInfo(f"{directory}/")
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
        entries.append((entry, b""))
    return tar_gz_bytes([*entries, *((f"{root}/{path}", data) for path, data in members.items())])


def _compiled_files(name: str) -> dict[str, bytes]:
    return {
        path: data.replace(b"@NAME@", name.encode()).replace(
            b"R_init_PACKAGE", b"R_init_" + name.replace(".", "_").encode()
        )
        for path, data in C_FILES.items()
    }
