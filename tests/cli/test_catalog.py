"""``repogen list``, ``show``, ``yank``, ``unyank`` and ``build``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from repogen.store import Store
from tests.cli.conftest import Cli
from tests.factories import make_sdist, make_wheel
from tests.stores import commit, site_files

INDEX = "python/latest/simple/example/index.html"


@pytest.fixture
def full(cli: Cli, tmp_path: Path) -> Cli:
    """A home with example 1.0 (two files), 2.0 and 10.0 in one source, and other in another one."""
    cli("source", "create", "extra", "--type", "python")
    files = [make_wheel(tmp_path), make_sdist(tmp_path), make_wheel(tmp_path, version="2.0")]
    cli("add", "--source", "local-python", *files, make_wheel(tmp_path, version="10.0"))
    cli("add", "--source", "extra", make_wheel(tmp_path, "Other.Name"))
    return cli


def test_projects_are_listed(full: Cli) -> None:
    """With their newest version, as versions are ordered."""
    assert full("list").out.splitlines() == [
        "SOURCE        NAME        NEWEST  VERSIONS",
        "local-python  example     10.0    3",
        "extra         other-name  1.0     1",
    ]
    assert full("list", "--source", "local-python", "-o", "json").json == [
        {"source": "local-python", "type": "python", "name": "example", "versions": ["10.0", "2.0", "1.0"]}
    ]


def test_files_of_a_project_are_listed(full: Cli) -> None:
    """Under whatever spelling of its name."""
    lines = full("list", "OTHER_name").out.splitlines()

    assert lines[0].split() == ["SOURCE", "FILENAME", "SIZE", "UPLOADED", "BY"]
    assert lines[1].split()[:2] == ["extra", "other_name-1.0-py3-none-any.whl"]
    assert lines[1].split()[4] == "tester"
    rows = full("list", "example", "-o", "json").json
    assert sorted(row["filename"] for row in rows) == [
        "example-1.0-py3-none-any.whl",
        "example-1.0.tar.gz",
        "example-10.0-py3-none-any.whl",
        "example-2.0-py3-none-any.whl",
    ]


def test_a_version_is_shown(full: Cli) -> None:
    """All that is recorded of its files, under whatever spelling of the version."""
    rows = full("show", "example", "1", "-o", "json").json

    assert [(row["filename"], row["version"], row["kind"]) for row in rows] == [
        ("example-1.0-py3-none-any.whl", "1.0", "wheel"),
        ("example-1.0.tar.gz", "1.0", "sdist"),
    ]
    assert {"source", "size", "digests", "uploaded", "by", "yanked", "signed", "facts"} <= rows[0].keys()
    text = full("show", "example", "1").out
    assert "filename: example-1.0.tar.gz\n" in text
    assert f"digests.sha256: {rows[0]['digests']['sha256']}\n" in text
    assert text.count("\n\n") == 1


def test_all_versions_are_shown(full: Cli) -> None:
    """Without a version, every file."""
    assert len(full("show", "example", "-o", "json").json) == 4


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("list none", "no project 'none'"),
        ("list example --source extra", "no project 'example' in source 'extra'"),
        ("list --source none", "no source named 'none'; sources: extra, local-python, local-r"),
        ("show none", "no project 'none'"),
        ("show example 3.0", "'example' has no version '3.0'"),
        ("show example x\x1b[2J", r"'example' has no version 'x\x1b[2J'"),
        ("yank none 1.0 --source extra", "no project 'none' in source 'extra'"),
        ("yank example 1.0 --source none", "no source named 'none'"),
        ("yank example 3.0 --source local-python", "has no version or file '3.0' in source 'local-python'"),
        ("unyank example 3.0 --source local-python", "has no version or file '3.0' in source 'local-python'"),
    ],
)
def test_what_is_not_there(full: Cli, command: str, message: str) -> None:
    """It is named, escaped, with what there is."""
    assert message in full(*command.split(" "), status=7).err


def test_a_release_is_yanked_and_back(full: Cli) -> None:
    """The index says so at once, with the reason; what is so already is said as well."""
    before = site_files(full.home / "site")

    ran = full("yank", "Example", "1", "--source", "local-python", "--reason", 'it is <broken> & "bad"')

    assert ran.out == "yanked example-1.0-py3-none-any.whl\nyanked example-1.0.tar.gz\n"
    index = (full.home / "site" / INDEX).read_text()
    assert index.count("data-yanked=") == 2
    assert "<broken>" not in index
    again = full("yank", "Example", "1", "--source", "local-python", "--reason", 'it is <broken> & "bad"')
    assert again.out == "nothing to do: 1 of Example is yanked already\n"

    ran = full("unyank", "example", "1.0", "--source", "local-python")
    assert ran.out == "unyanked example-1.0-py3-none-any.whl\nunyanked example-1.0.tar.gz\n"
    assert site_files(full.home / "site") == before
    again = full("unyank", "example", "1.0", "--source", "local-python")
    assert again.out == "nothing to do: 1.0 of example is unyanked already\n"


def test_one_file_is_yanked(full: Cli) -> None:
    """A reason need not be given."""
    full("yank", "example", "example-1.0.tar.gz", "--source", "local-python")

    rows = full("show", "example", "1.0", "-o", "json").json
    assert [row["yanked"] for row in rows] == [None, ""]


def test_a_hostile_reason_stays_on_its_line(full: Cli) -> None:
    """What is shown to people has no control characters."""
    full("yank", "example", "2.0", "--source", "local-python", "--reason", "a\nfilename: evil\x1b[2J")

    assert "yanked: a?filename: evil?[2J\n" in full("show", "example", "2.0").out
    assert full("show", "example", "2.0", "-o", "json").json[0]["yanked"] == "a\nfilename: evil\x1b[2J"


def test_a_build_follows_what_was_committed_by_hand(full: Cli) -> None:
    """The site is brought to the head, whoever moved it; then there is nothing to do."""
    store = Store(full.home / "store.git")
    config = store.newest().read("repogen.toml")
    assert config is not None
    commit(store, {"repogen.toml": config + b"\n[repositories.new]\ntype = 'python'\nsources = ['extra']\n"})

    ran = full("build", "-o", "json")
    again = full("build")

    assert ran.json["site"] == str(full.home / "site")
    assert {name: (ran.json[name]["commit"], ran.json[name]["full"]) for name in ("indexes", "pages")} == {
        "indexes": (store.head(), False),
        "pages": (store.head(), False),
    }
    assert "other-name" in (full.home / "site/new/latest/simple/index.html").read_text()
    assert again.out.splitlines() == [
        f"{part}: up to date, 0 files written, commit {store.head()[:12]}" for part in ("indexes", "pages")
    ]


def test_a_full_build_takes_out_junk(full: Cli) -> None:
    """What does not belong goes when its grace period is over, and what was changed is as it was."""
    good = site_files(full.home / "site")
    (full.home / "site" / INDEX).write_text("evil")
    for junk in ("python/latest/simple/evil/index.html", "python/files/00/evil.whl"):
        (full.home / "site" / junk).parent.mkdir(parents=True)
        (full.home / "site" / junk).write_text("evil")

    ran = full("build", "--full")
    assert [line.partition(",")[0] for line in ran.out.splitlines()] == [
        "indexes: built in full",
        "pages: built in full",
    ]
    state = full.home / "site/_/indexes.json"
    over = json.loads(state.read_text())
    assert set(over["leaving"]) == {"python/latest/simple/evil/index.html", "python/files/00/evil.whl"}
    state.write_text(json.dumps({**over, "leaving": dict.fromkeys(over["leaving"], 0)}))
    full("build")

    assert site_files(full.home / "site") == good


def test_a_broken_template_is_one_line(full: Cli) -> None:
    """It names the template and the line; commands that do not build go on."""
    commit(Store(full.home / "store.git"), {"templates/simple/index.html": b"<p>\n{{ nothing }}"})

    refused = full("build", status=11)

    assert "templates/simple/index.html, line 2: 'nothing' is undefined" in refused.err
    full("list")
