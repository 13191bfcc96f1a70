"""Templates and the files that lie beside them: repogen's own, and the store's, which win."""

from __future__ import annotations

import functools
import hashlib
import re
import shlex
import sys
import traceback
import zlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from repogen.errors import StoreError
from repogen.model.names import one_line

STATIC: Final = "static/"
#: What a page looks like depends on these: another version of one of them rebuilds the site.
_LIBRARIES: Final = (
    *("repogen", "packaging", "jinja2", "markupsafe"),
    *("readme_renderer", "docutils", "nh3", "pygments", "comrak"),
)
_ILLEGAL: Final = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
    + "]"
)
_FAILURES: Final = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


def legal(text: str) -> str:
    """The text without what HTML allows in no form: control characters but white space, surrogates, noncharacters."""
    return _ILLEGAL.sub("\ufffd", text)


def templates_folder() -> Path:
    """Where repogen's own templates lie: in the installed package, or at the top of a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent / "templates"


class Templates:
    """All templates by name (``site/project.html``), each compiled once; every value in a page is escaped.

    ``overrides`` are the store's files below ``templates/``. Whoever can commit there writes the pages, but
    runs no code here: with overrides, templates are rendered in a sandbox.
    """

    def __init__(self, overrides: Mapping[str, bytes] | None = None) -> None:
        folder = templates_folder()
        own = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        self._overrides = frozenset(overrides or ())
        self._files = dict(sorted((own | dict(overrides or {})).items()))
        kind = ImmutableSandboxedEnvironment if overrides else Environment
        # select_autoescape would go by the ends of names and leave some unescaped.
        self._environment = kind(
            loader=FunctionLoader(self._source),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            cache_size=-1,
        )
        self._environment.filters["shell"] = shlex.quote

    def render(self, name: str, context: Mapping[str, Any]) -> bytes:
        """The page that a template makes, as UTF-8. Raises StoreError that names the template and its line."""
        try:
            text = self._environment.get_template(name).render(context)
        except _FAILURES as error:
            raise self._error(name, error) from error
        return legal(text).encode()

    def static(self) -> Mapping[str, bytes]:
        """The files that pages load, by their paths in the site (``static/site.css``)."""
        return {name: data for name, data in self._files.items() if name.startswith(STATIC)}

    @functools.cache  # noqa: B019  there is one object as long as the templates stay, and two prefixes
    def fingerprint(self, below: str = "") -> str:
        """The sha256 of all that decides how a context becomes a page, for the templates whose names begin so."""
        digest = hashlib.sha256(" ".join(f"{name}=={version(name)}" for name in _LIBRARIES).encode())
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        digest.update(f" python=={python} zlib=={zlib.ZLIB_RUNTIME_VERSION}".encode())
        for name, data in self._files.items():
            if name.startswith(below):
                digest.update(f"\n{name} {len(data)}\n".encode("utf-8", "surrogateescape") + data)
        return digest.hexdigest()

    def _source(self, name: str) -> tuple[str, str, None] | None:
        data = self._files.get(name)
        if data is None:
            return None
        try:
            return data.decode(), name, None
        except UnicodeDecodeError as error:
            raise TemplateSyntaxError("not UTF-8", data.count(b"\n", 0, error.start) + 1, name, name) from None

    def _error(self, name: str, error: Exception) -> StoreError:
        line: int | None = None
        if isinstance(error, TemplateNotFound):
            reason = f"there is no template {error.message!r}"
        else:
            reason = one_line(str(error)).rstrip(".") or type(error).__name__
        if isinstance(error, TemplateSyntaxError):
            name, line = error.name or name, error.lineno
        else:
            # Jinja rewrites the frames of a template to its name and its lines.
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in self._files]
            if frames:
                name, line = frames[-1].filename, frames[-1].lineno
        place = f"templates/{name}, line {line}" if line else f"templates/{name}"
        hint = "correct it in the store, or remove it for repogen's own" if name in self._overrides else ""
        return StoreError(f"{place}: {reason}", hint=hint)
