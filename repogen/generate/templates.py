"""Templates: repogen's own, and those of a store that override them by name."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from repogen.errors import StoreError

#: What renders pages. A new version of one of these may change bytes, so it is part of the fingerprint.
_RENDERERS = ("repogen", "jinja2", "markupsafe", "readme_renderer", "docutils", "nh3", "pygments", "comrak")
STATIC = "static/"


def templates_folder() -> Path:
    """Where repogen's own templates are: in the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


@functools.cache
def _own() -> Mapping[str, bytes]:
    folder = templates_folder()
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


class Templates:
    """The templates of one site. ``overrides`` maps names below ``templates/`` to bytes and wins.

    Everything is escaped, whatever a template is called. Templates that come with a store run in Jinja's
    sandbox: who may push to a store must not thereby run code where the site is built.
    """

    def __init__(self, overrides: Mapping[str, bytes]) -> None:
        self._files = {**_own(), **overrides}
        kind = ImmutableSandboxedEnvironment if overrides else jinja2.Environment
        self._environment = kind(
            loader=jinja2.FunctionLoader(self._source),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            cache_size=-1,
            auto_reload=False,
        )

    def render(self, name: str, context: Mapping[str, Any]) -> bytes:
        """The page that a template makes. Raises StoreError that names the template and the line of a mistake."""
        try:
            return self._environment.get_template(name).render(context).encode()
        except jinja2.TemplateSyntaxError as error:
            raise StoreError(f"template {error.name or name}, line {error.lineno}: {error.message}") from error
        except (jinja2.TemplateError, TypeError, ValueError, AttributeError, KeyError, ArithmeticError) as error:
            raise StoreError(f"template {name}: {error}") from error

    def static(self) -> Mapping[str, bytes]:
        """The files below ``static/``, by their names there."""
        return {name.removeprefix(STATIC): data for name, data in self._files.items() if name.startswith(STATIC)}

    def fingerprint(self, folder: str) -> str:
        """A digest of all that decides what the templates below ``folder`` ("" for all) make of a context."""
        digest = hashlib.sha256()
        for renderer in _RENDERERS:
            digest.update(f"{renderer} {version(renderer)}\n".encode())
        for name, data in sorted(self._files.items()):
            if name.startswith(folder):
                digest.update(f"{name} {hashlib.sha256(data).hexdigest()}\n".encode())
        return digest.hexdigest()

    def _source(self, name: str) -> str | None:
        data = self._files.get(name)
        return None if data is None else data.decode("utf-8", "replace")
