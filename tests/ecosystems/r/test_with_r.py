"""What is accepted and what is refused, held against R itself."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from repogen.ecosystems.r import R
from repogen.errors import InvalidUpload
from tests.conftest import Client
from tests.r_packages import description_bytes, description_fields, make_r_source

ECOSYSTEM = R()

RunR = Callable[..., "subprocess.CompletedProcess[str]"]

#: R code that makes an index of a folder and tells what clients see of it.
_LIST = """
folder <- commandArgs(TRUE)[1]
tools::write_PACKAGES(folder, type = "source")
found <- available.packages(contriburl = paste0("file://", folder))
cat(sort(rownames(found)), sep = "\\n")
"""

#: What makes ``available.packages()`` fail for a whole repository.
POISON = [
    *("R (>=3.0)", "R(>=3.0)", "R ( >= 3.0)", "R (>= 3.0 )", "R (3.0)", "R (=> 3.0)", "R (>= r7000)", "R (>= 3.0.x)"),
    *("R (>= 3.0", "R (>= 3.0) | x"),
]
#: Odd ones that every R reads.
ODD: Mapping[str, Mapping[str, str | None]] = {
    "odd.a": {"Depends": "R(>= 3.0),\nmethods"},
    "odd.b": {"Depends": "R (>= 3.0), R (< 99.0)", "Imports": "stats,"},
    "odd.c": {"Depends": "R\n(>=\n03.0-0)", "Suggests": "utils (>=\t1.0)"},
    "odd.d": {"License": "Free for academic use", "SystemRequirements": "libæ (>= 1), 'GNU make'"},
    "odd.e": {"Author": "Ærø", "Encoding": "latin1", "Title": "Ærø"},
    "odd.f": {"NeedsCompilation": None, "Packaged": None, "Encoding": None, "Depends": ""},
    "odd.g": {"Version": "00.01-0-0.2147483647", "OS_type": "unix", "License_is_FOSS": "yes", "Priority": "optional"},
    "odd.h": {"License": "GPL-2 |\n    file LICENSE", "Enhances": "NA, a.b.c"},
    "NA": {},
}


@pytest.fixture
def run_r(client: Client) -> RunR:
    """Run R code with arguments and tell how that went."""

    def run(code: str, *args: object) -> subprocess.CompletedProcess[str]:
        command: list[str | Path] = [client("Rscript"), "--vanilla", "-e", code, *map(str, args)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def test_odd_packages_that_are_accepted_do_no_harm(run_r: RunR, tmp_path: Path) -> None:
    """R lists all of them, beside each other."""
    for name, fields in ODD.items():
        version = fields.get("Version") or "1.0"
        changed = description_fields(name, version, **fields)
        encoding = changed.get("Encoding", "utf-8")
        path = make_r_source(tmp_path, name, version, description=description_bytes(changed, encoding))
        assert ECOSYSTEM.inspect(path.name, path).name == name
    result = run_r(_LIST, tmp_path)
    assert result.stdout.split() == sorted(ODD), result.stderr


@pytest.mark.parametrize("entry", POISON)
def test_what_poisons_an_index_is_refused(entry: str, tmp_path: Path) -> None:
    """Wherever it stands among other entries."""
    for depends in (entry, f"methods, {entry}", f"{entry}, methods", f"R (>= 3.0), {entry}"):
        path = make_r_source(tmp_path, fields={"Depends": depends})
        with pytest.raises(InvalidUpload) as caught:
            ECOSYSTEM.inspect(path.name, path)
        assert {problem.code for problem in caught.value.problems} == {"dependency"}


def test_poison_does_poison(run_r: RunR, tmp_path: Path) -> None:
    """R fails for the whole folder: the reason why dependencies are judged so strictly."""
    make_r_source(tmp_path, "good")
    make_r_source(tmp_path, "bad", fields={"Depends": "R (>=3.0)"})
    result = run_r(_LIST, tmp_path)
    assert result.returncode != 0
    assert "good" not in result.stdout


def test_packages_of_the_factories_install(run_r: RunR, tmp_path: Path) -> None:
    """Those with C code too; and what R builds of them is accepted as a binary."""
    library = tmp_path / "library"
    library.mkdir()
    plain = make_r_source(tmp_path, "plain.one", "1.2-3")
    compiled = make_r_source(tmp_path, "compiled", compiled=True, fields={"Imports": "plain.one"})
    for path in (plain, compiled):
        assert ECOSYSTEM.inspect(path.name, path).kind == "source"
    code = """
    args <- commandArgs(TRUE); library <- args[1]; .libPaths(library); setwd(args[2])
    install.packages(args[3:4], repos = NULL, type = "source", INSTALL_opts = "--build", quiet = TRUE)
    cat(compiled::twice(21), plain.one::plain.one_version(), R.version$platform)
    """
    built = tmp_path / "built"
    built.mkdir()
    result = run_r(code, library, built, plain, compiled)
    assert result.returncode == 0, result.stderr
    twice, version, platform = result.stdout.split()
    assert (twice, version) == ("42", "1.2-3")
    architecture = platform.partition("-")[0]
    for name, version in (("plain.one", "1.2-3"), ("compiled", "1.0")):
        binary = built / f"{name}_{version}_R_{platform}.tar.gz"
        found = ECOSYSTEM.inspect(binary.name, binary, "jammy")
        series = ".".join(found.facts["built"]["r"].split(".")[:2])
        assert (found.kind, found.target) == ("binary", f"linux-jammy-{architecture}-{series}")
        assert found.warnings == ()


def test_r_agrees_on_the_order_of_versions(run_r: RunR) -> None:
    """What is equal here is equal to R, and what is newer is newer."""
    versions = ["0.0", "0.1", "0.1-1", "0.1.2", "0.10", "1.0", "1.0-1", "1.03", "1.3.1", "1.10", "2016.8-1.1"]
    code = 'cat(as.integer(sapply(commandArgs(TRUE), function(v) compareVersion(v, "1.3"))))'
    expected = [int(sign) for sign in run_r(code, *versions).stdout.split()]
    key = ECOSYSTEM.version_key("1.3")
    found = [ECOSYSTEM.version_key(version) for version in versions]
    assert [(version > key) - (version < key) for version in found] == expected
