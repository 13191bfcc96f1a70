"""Real R, in a session that holds only what the test says: its repositories, a library, a home."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.programs import Ran, clean, run
from tests.conftest import Client, lacking

#: What :meth:`R.table` prints for NA.
_NA = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class R:
    """R with a home below ``folder``: of the host's libraries it has only what comes with R itself."""

    client: Client
    folder: Path

    @property
    def library(self) -> Path:
        """Where packages are installed."""
        return self.folder / "library"

    def run(self, code: str, repos: str | None = None, *, status: int = 0) -> Ran:
        """Run R code with one repository; a warning is an error, as ``install.packages`` has nothing worse."""
        self.library.mkdir(parents=True, exist_ok=True)
        options = f"options(warn = 2, repos = {literal({'team': repos} if repos else {})})\n"
        return run(
            *(self.client("Rscript"), "--vanilla", "-e", options + code),
            env=clean(**self._environment()),
            cwd=self.folder,
            status=status,
        )

    def install(self, repos: str, *packages: str, more: str = "") -> Ran:
        """``install.packages``; ``more`` are further arguments of it."""
        return self.run(f"install.packages({literal(packages)}{more and ', '}{more})", repos)

    def installed(self) -> dict[str, str]:
        """The version of each package in the library."""
        return {row["Package"] or "": row["Version"] or "" for row in self.table(f"installed.packages({_LIBRARY})")}

    def available(self, repos: str) -> dict[str, str]:
        """What ``available.packages`` offers: name -> version."""
        rows = self.table("available.packages()", repos)
        return {row["Package"] or "": row["Version"] or "" for row in rows}

    def table(self, code: str, repos: str | None = None) -> list[dict[str, str | None]]:
        """The rows of a matrix or data frame that R code gives; None for NA."""
        shown = f'write.csv({code}, row.names = FALSE, na = "{_NA}")'
        rows = csv.DictReader(io.StringIO(self.run(shown, repos).out))
        return [{name: None if value == _NA else value for name, value in row.items()} for row in rows]

    def value(self, code: str, repos: str | None = None) -> str:
        """What R code prints."""
        return self.run(f"cat({code})", repos).out

    def call(self, package: str, function: str) -> str:
        """What a function of an installed package gives."""
        return self.value(f"{package}::{function}")

    def build(self, source: Path) -> Path:
        """``R CMD INSTALL --build``: the binary package that R makes of a source package, in its home."""
        self.library.mkdir(parents=True, exist_ok=True)
        before = set(self.folder.glob("*.tar.gz"))
        run(
            *(self.client("R"), "CMD", "INSTALL", "--build", f"--library={self.library}", source),
            env=clean(**self._environment()),
            cwd=self.folder,
        )
        (made,) = set(self.folder.glob("*.tar.gz")) - before
        return made

    def _environment(self) -> dict[str, str | Path]:
        return {
            "HOME": self.folder,
            "R_LIBS": "",
            # In R's words: none.
            "R_LIBS_SITE": "NULL",
            "R_LIBS_USER": self.library,
            "R_ENVIRON_USER": "",
            # Without this, R asks for a list that is younger than an hour only once a session.
            "R_AVAILABLE_PACKAGES_CACHE_CONTROL_MAX_AGE": "0",
            "TMPDIR": self.folder,
        }


_LIBRARY = "lib.loc = .libPaths()[1]"


def find_package(client: Client, name: str) -> Path:
    """The library of this machine that has an R package; without it the test goes as without a program."""
    ran = run(client("Rscript"), "--vanilla", "-e", f'cat(find.package("{name}", quiet = TRUE))')
    if not ran.out:
        lacking(name)
    return Path(ran.out).parent


def literal(value: object) -> str:
    """A text, a path, a mapping of names to these or a sequence of these, in R."""
    if isinstance(value, Mapping):
        return f"c({', '.join(f'{name} = {literal(one)}' for name, one in value.items())})"
    if isinstance(value, (list, tuple)):
        return f"c({', '.join(literal(one) for one in value)})"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
