"""What all tests share: an environment that holds nothing of the host's, and the real programs they run against."""

from __future__ import annotations

import os
import shutil
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NoReturn

import pytest
from hypothesis import HealthCheck, settings

#: Debian's package of a program or a package of R, where it has another name.
PACKAGES: Final = {
    "gpg": "gnupg",
    "nginx": "nginx-light",
    "R": "r-base-core",
    "Rscript": "r-base-core",
    "remotes": "r-cran-remotes",
}
#: What a program is called elsewhere.
OTHER_NAMES: Final = {"chromium": ("chromium-browser", "google-chrome")}
#: Upload tools whose needs conflict: what NAME.txt locks lies in .venv-tools/NAME. A version may follow: twine-6.0.
ROOT: Final = Path(__file__).parent.parent
TOOLS: Final = {lock.stem: ROOT / ".venv-tools" / lock.stem for lock in ROOT.glob("tests/conformance/tools/*.txt")}

Client = Callable[[str], Path]

settings.register_profile("local", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, max_examples=60, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session", autouse=True)
def hermetic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home of its own for the whole run: nothing that the host sets for Git, GnuPG, twine, uv or the locale leaks in.

    What it sets for pip stays, as it may be the machine's only way to the Python package index.
    """
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Tester\n\temail = tester@example.org\n[init]\n\tdefaultBranch = main\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("GIT_", "GNUPG", "REPOGEN_HOME", "TWINE_", "UV_", "XDG_")):
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("LC_ALL", "C.UTF-8")
        patch.setenv("TZ", "UTC")
        yield


@pytest.fixture(scope="session")
def client() -> Client:
    """``client(name)`` is the path of a real program.

    Without the program the test is skipped, and fails where REPOGEN_REQUIRE_CLIENTS=1 says that nothing may be missing.
    No test skips in any other way.
    """
    scripts = sysconfig.get_path("scripts")
    path = os.pathsep.join([scripts, os.environ.get("PATH", os.defpath), "/usr/sbin"])

    def find(name: str) -> Path:
        if name in TOOLS:
            found = shutil.which(name.partition("-")[0], path=str(TOOLS[name] / "bin"))
            return Path(found) if found else lacking(name)
        for spelling in (name, *OTHER_NAMES.get(name, ())):
            if found := shutil.which(spelling, path=path):
                return Path(found)
        lacking(name)

    return find


def lacking(name: str) -> NoReturn:
    """End a test that cannot run without a program: it is skipped, or fails where nothing may be missing."""
    source = "make tools" if name in TOOLS else f"Debian: {PACKAGES.get(name, name)}"
    missing = f"{name} is not installed ({source})"
    if os.environ.get("REPOGEN_REQUIRE_CLIENTS") == "1":
        pytest.fail(missing)
    pytest.skip(missing)
