"""The remote command line as one file, which any Python runs: ``python repogen.pyz add ...``.

It is made of what is installed beside repogen itself: nothing is fetched, and sender and receiver are of one version.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from repogen.archives.zipping import write_zip
from repogen.errors import StoreError

FILENAME = "repogen.pyz"
#: What sending files needs, as module by distribution. Others that these name are loaded by what nobody calls here:
#: anyio by asynchronous clients, Pygments and markdown-it-py by what rich does with source code and Markdown.
_LIBRARIES = {
    "annotated-doc": "annotated_doc",
    "certifi": "certifi",
    "h11": "h11",
    "httpcore": "httpcore",
    "httpx": "httpx",
    "idna": "idna",
    "packaging": "packaging",
    "rich": "rich",
    "shellingham": "shellingham",
    "typer": "typer",
}
#: From this on Typer reads arguments with the compiled core of pydantic, which one file for all systems cannot hold.
_COMPILED_TYPER = (0, 29)
_HINT = "pip install 'typer<0.29' beside repogen on the server, and start it again"
#: The parts of repogen that build a site or serve it.
_LEFT_OUT = frozenset({"generate", "receiver", "templates"})
_DATA = {".py", ".yml", ".pem"}
_COMPILED = (*EXTENSION_SUFFIXES, ".pyd", ".dll", ".dylib")
_START = b"#!/usr/bin/env python3\n"
_MAIN = b"""\
import sys

if sys.version_info < (3, 11):
    sys.exit("repogen: this needs Python 3.11 or newer")

if sys.platform == "win32":
    # Typer would colour by colorama, which is not among what a server on another system has installed.
    import typer._click.utils as utils

    utils.auto_wrap_for_ansi = None

from repogen.cli import main

try:
    main()
except ModuleNotFoundError as error:
    sys.exit(
        f"repogen: this command needs {error.name}, which this file does not hold; "
        "name a receiver in REPOGEN_ADDRESS where it can work over one, or else install repogen"
    )
"""


def build_zipapp() -> bytes:
    """The file; the same for all systems. Raises StoreError where what is installed here cannot run everywhere."""
    members = {"__main__.py": _MAIN}
    members |= _collect("repogen", "repogen", left_out=_LEFT_OUT)
    for name, module in _LIBRARIES.items():
        members |= _collect(name, module)
    file = io.BytesIO()
    file.write(_START)
    write_zip(file, members)
    return file.getvalue()


def _collect(name: str, module: str, left_out: frozenset[str] = frozenset()) -> dict[str, bytes]:
    try:
        found = distribution(name)
        spec = find_spec(module)
    except PackageNotFoundError:
        raise StoreError(f"{name} is not installed on the server as a distribution") from None
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise StoreError(f"the modules of {name} are not files on the server")
    _check(found)
    members = dict(_metadata(found, module))
    folder = Path(next(iter(places)))
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if inside.parts[0] in left_out or not path.is_file():
            continue
        if path.name.endswith(_COMPILED):
            if path.with_name(f"{path.name.partition('.')[0]}.py").exists():
                continue  # made quick by compiling, and there without that
            raise StoreError(f"{name} {found.version} is not pure Python", hint=_HINT if name == "typer" else "")
        if path.suffix in _DATA:
            members[f"{module}/{inside.as_posix()}"] = path.read_bytes()
    return members


def _check(found: Distribution) -> None:
    numbers = tuple(int(part) for part in found.version.split(".")[:2] if part.isdecimal())
    if found.name.lower() == "typer" and numbers >= _COMPILED_TYPER:
        raise StoreError(
            f"the command line cannot be had as one file: Typer {found.version} needs compiled code", hint=_HINT
        )


def _metadata(found: Distribution, module: str) -> Iterator[tuple[str, bytes]]:
    """What tells the version inside the file, too, and the licences under which the rest may be passed on."""
    folder = f"{module}-{found.version}.dist-info"
    yield f"{folder}/METADATA", (found.read_text("METADATA") or "").encode()
    for path in found.files or ():
        if path.parts[0].endswith(".dist-info") and path.name.upper().startswith(("LICEN", "COPYING", "NOTICE")):
            yield f"{folder}/{'/'.join(path.parts[1:])}", path.read_binary()
