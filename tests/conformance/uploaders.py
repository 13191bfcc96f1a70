"""The programs that upload Python packages, each in an environment of its own and used as docs/how-to.md says."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tests.conformance.programs import Ran, clean, run
from tests.conformance.recipes import commands, put_in
from tests.conftest import Client

_KEYRING: Final = Path(__file__).parent / "keyring"
_BUILD: Final = f"{sys.executable} -m build --no-isolation"
_HATCHLING: Final = 'requires = ["hatchling"]\nbuild-backend = "hatchling.build"'


@dataclass(frozen=True, kw_only=True)
class Uploader:
    """One program: how docs/how-to.md calls it, its name for ``client``, and how it builds ("": as it publishes)."""

    title: str
    name: str
    build: str = _BUILD
    backend: str = _HATCHLING

    @property
    def program(self) -> str:
        """What its command starts with."""
        return self.title.lower()


UPLOADERS: Final = {
    one.name: one
    for one in (
        Uploader(title="twine", name="twine"),
        Uploader(title="twine", name="twine-6.0"),
        Uploader(
            title="uv",
            name="uv",
            build="uv build --offline",
            backend='requires = ["uv_build>=0.9,<1"]\nbuild-backend = "uv_build"',
        ),
        Uploader(
            title="Poetry",
            name="poetry",
            build="poetry build",
            backend='requires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"',
        ),
        Uploader(
            title="Flit",
            name="flit",
            build="",
            backend='requires = ["flit_core>=3.11,<5"]\nbuild-backend = "flit_core.buildapi"',
        ),
        Uploader(title="Hatch", name="hatch"),
        Uploader(
            title="PDM",
            name="pdm",
            build="pdm build",
            backend='requires = ["pdm-backend"]\nbuild-backend = "pdm.backend"',
        ),
    )
}


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """Somebody's home and project, where one uploader is at hand and nothing is set up."""

    uploader: Uploader
    client: Client
    folder: Path

    @property
    def home(self) -> Path:
        """The home directory, where settings lie."""
        return self.folder / "home"

    @property
    def project(self) -> Path:
        """The project's directory, in which all commands run."""
        return self.folder / "project"

    @property
    def dist(self) -> Path:
        """What was built."""
        return self.project / "dist"

    def write_project(self, name: str, *, url: str = "https://example.org/", text: str = "A project.") -> None:
        """A project of version 1.0 that this uploader's build tool builds; the other arguments change its bytes."""
        module = self.project / "src" / name.replace("-", "_") / "__init__.py"
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(f'"""{text}"""\n')
        (self.project / "pyproject.toml").write_text(
            f"[build-system]\n{self.uploader.backend}\n"
            f'[project]\nname = "{name}"\nversion = "1.0"\ndescription = "{text}"\nrequires-python = ">=3.11"\n'
            f'authors = [{{ name = "Tester" }}]\nurls = {{ Home = "{url}" }}\n'
        )

    def build(self) -> None:
        """Build wheel and sdist anew, where publishing does not."""
        for old in self.dist.glob("*"):
            old.unlink()
        if self.uploader.build:
            self.shell(self.uploader.build)
            # PDM takes it for a distribution.
            (self.dist / ".gitignore").unlink(missing_ok=True)

    def publish(
        self,
        address: str,
        token: str,
        *,
        source: str = "local-python",
        more: str = "",
        status: int | None = 0,
        env: Mapping[str, str | Path] = MappingProxyType({}),
    ) -> Ran:
        """Run the uploader's recipe, with ``more`` at the end of its last command."""
        recipe = commands(f"With {self.uploader.title}")[0].rstrip("\n")
        text = put_in(f"{recipe} {more}", address=address, token=token, source=source)
        return self.shell(text, status=status, env=env)

    def shell(
        self,
        text: str,
        *,
        status: int | None = 0,
        typed: str = "",
        env: Mapping[str, str | Path] = MappingProxyType({}),
    ) -> Ran:
        """Run commands in the project; ``typed`` is what they are given when they ask for something."""
        self.home.mkdir(exist_ok=True)
        return run("sh", "-euc", text, env=self._env(env), cwd=self.project, status=status, stdin=typed)

    def _env(self, more: Mapping[str, str | Path]) -> dict[str, str]:
        program = self.client(self.uploader.name)
        places: Iterable[str | Path] = (program.parent, sysconfig.get_path("scripts"), os.environ["PATH"])
        fixed: dict[str, str | Path] = {
            "HOME": self.home,
            "PATH": os.pathsep.join(map(str, places)),
            # Not the keyring of whoever runs the tests.
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "POETRY_VIRTUALENVS_CREATE": "false",
            # The build tool lies beside PDM; no network is needed.
            "PDM_BUILD_ISOLATION": "0",
            "PDM_PYTHON": program.with_name("python"),
            "PDM_CHECK_UPDATE": "0",
        }
        # For requests these speak louder than what its users set.
        bundles = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
        host = {name: value for name, value in clean().items() if name not in bundles}
        return host | {name: str(value) for name, value in {**fixed, **more}.items()}

    @property
    def keyring(self) -> dict[str, str | Path]:
        """The environment that has a keyring."""
        return {
            "PYTHON_KEYRING_BACKEND": "filed.FiledKeyring",
            "PYTHONPATH": _KEYRING,
            "FILED_KEYRING": self.home / "keyring.json",
        }
