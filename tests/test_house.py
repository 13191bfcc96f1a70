"""The rules of the house that a command can see."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from repogen.cli import app
from tests.conftest import Client

ROOT = Path(__file__).parent.parent
MODULES = sorted(ROOT.glob("repogen/**/*.py"))
TOP = {
    *(".ci", ".github", ".gitignore", "benchmarks", "docs", "examples", "repogen", "templates", "tests"),
    *("CHANGELOG.md", "LICENSE", "Makefile", "README.md", "pyproject.toml", "requirements-dev.txt"),
}


@pytest.fixture(scope="module")
def tracked(client: Client) -> dict[str, str]:
    """The text files that Git tracks or would track, by path."""
    listing = subprocess.run(
        [client("git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    texts = {}
    for name in filter(None, listing.decode().split("\0")):
        data = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" not in data:
            texts[name] = data.decode()
    return texts


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built out of it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT], check=True, capture_output=True
    )
    return folder


def test_top_level(tracked: dict[str, str]) -> None:
    """The top of the tree holds what the design says, and nothing more."""
    assert {name.split("/")[0] for name in tracked} <= TOP


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_long_module(module: Path) -> None:
    """A module has 400 lines at most."""
    assert len(module.read_text().splitlines()) <= 400


def test_each_test_says_its_rule() -> None:
    """A test has one sentence that says what holds."""
    silent = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in ROOT.glob("tests/**/test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_no_machine_in_the_files(tracked: dict[str, str]) -> None:
    """No file names a folder of somebody's machine."""
    assert _hits(tracked, re.compile(r"(?<![\w.])(?:/roo[t]|/hom[e]/\w+|/User[s]/\w+)(?![\w.-])")) == []


def test_no_registry_host_in_the_files(tracked: dict[str, str]) -> None:
    """No file names the host of a package registry, and the lock no place to fetch from."""
    assert _hits(tracked, re.compile(r"\b(?:pypi|pythonhosted|npmjs|debian)\.org\b")) == []
    assert _hits(_locks(tracked), re.compile(r"://|file:|--(?:index|extra-index|find-links)")) == []


def test_lock_holds_hashes(tracked: dict[str, str]) -> None:
    """Each line of a lock pins one version, with its hashes."""
    for lock in _locks(tracked).values():
        for requirement in re.sub(r"\\\n", "", lock).splitlines():
            assert re.match(r"[a-z0-9-]+(?:\[[a-z0-9,-]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}", requirement), (
                requirement
            )


def test_no_open_ends(tracked: dict[str, str]) -> None:
    """What is written is finished."""
    assert _hits(tracked, re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b")) == []


def test_error_codes_are_documented() -> None:
    """docs/errors.md lists every code that an answer can carry, and no code that none does."""
    documented = set(re.findall(r"^(?:\| |#+ )`([a-z-]+)`", (ROOT / "docs/errors.md").read_text(), re.MULTILINE))
    assert documented == _error_codes()


def test_commands_are_documented() -> None:
    """Below docs/ each command has a section under its name that says all its options; no section is left over."""
    section = re.compile(r"^#+ `(repogen [a-z -]+)`$(.*?)(?=^#+ `|\Z)", re.MULTILINE | re.DOTALL)
    sections = dict(found for page in ROOT.glob("docs/**/*.md") for found in section.findall(page.read_text()))
    options = dict(_commands("repogen", typer.main.get_command(app)))
    assert set(sections) == set(options)
    for title, names in options.items():
        assert [name for name in names if name not in sections[title]] == [], title


def test_wheel_holds_the_templates(built: Path) -> None:
    """Each template of the checkout lies in the wheel, below the package."""
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    templates = [path.relative_to(ROOT) for path in ROOT.glob("templates/**/*") if path.is_file()]
    assert templates
    assert {f"repogen/{path.as_posix()}" for path in templates} <= names
    assert not [name for name in names if not name.startswith(("repogen/", "repogen-"))]


def test_sdist_holds_what_the_wheel_needs(built: Path) -> None:
    """The sdist holds package, templates, tests and licence."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"LICENSE", "pyproject.toml", "repogen/__init__.py", "tests/conftest.py"} <= names
    assert any(name.startswith("templates/") for name in names)


def test_wheel_works_without_the_checkout(built: Path, tmp_path: Path) -> None:
    """Installed from the wheel, repogen finds its templates and renders a site."""
    installed = tmp_path / "installed"
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(installed)
    program = "import repogen, repogen.cli; print(repogen.__file__, flush=True); repogen.cli.main()"
    home = tmp_path / "home"
    result = subprocess.run(
        [sys.executable, "-c", program, "init", home],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.splitlines()[0]).is_relative_to(installed)
    assert "python" in (home / "site/index.html").read_text()


def _locks(tracked: dict[str, str]) -> dict[str, str]:
    """All files that lock versions."""
    tools = {name: text for name, text in tracked.items() if re.match(r"tests/conformance/tools/.*\.txt", name)}
    assert tools
    return tools | {name: tracked[name] for name in ("requirements-dev.txt", "benchmarks/peers.txt")}


def _hits(texts: dict[str, str], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def _commands(name: str, command: Any) -> Iterator[tuple[str, list[str]]]:
    """Each command below ``command`` by its full name, with the long names of its options."""
    for word, below in getattr(command, "commands", {}).items():
        yield from _commands(f"{name} {word}", below)
    if not hasattr(command, "commands"):
        yield name, [max(param.opts, key=len) for param in command.params if param.param_type_name == "option"]


def _error_codes() -> set[str]:
    """Every ``code`` of a class of errors, and what is passed for a parameter of that name."""
    nodes = [node for module in MODULES for node in ast.walk(ast.parse(module.read_text()))]
    places = {"Problem": 0}
    values: list[ast.expr | None] = []
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            names = [arg.arg for arg in node.args.args if arg.arg != "self"]
            places |= {node.name: names.index("code")} if "code" in names else {}
        elif isinstance(node, ast.ClassDef):
            fields = {ast.unparse(item.target): item.value for item in node.body if isinstance(item, ast.AnnAssign)}
            fields |= {ast.unparse(item.targets[0]): item.value for item in node.body if isinstance(item, ast.Assign)}
            values.append(fields.get("code"))
    for node in nodes:
        if isinstance(node, ast.Call):
            place = places.get(ast.unparse(node.func).rpartition(".")[2], len(node.args))
            values += node.args[place : place + 1]
    return {value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)}
