"""``repogen source`` and ``repogen repo``: edits of repogen.toml, each a commit that the site follows."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from repogen.store import Store
from tests.cli.conftest import Cli
from tests.factories import make_wheel
from tests.links import broken_links
from tests.stores import commit, site_files

SIMPLE = "latest/simple"


def listed(cli: Cli, repository: str) -> list[str]:
    """The projects that a repository's index names."""
    document = (cli.home / "site" / repository / SIMPLE / "index.html").read_text()
    return [line.partition('"')[2].partition("/")[0] for line in document.splitlines() if line.startswith("<a")]


def subjects(cli: Cli) -> list[str]:
    command = ["git", "-C", str(cli.home / "store.git"), "log", "--format=%s", "main"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def test_sources_are_made_and_listed(cli: Cli) -> None:
    """As a table for people, and as JSON with the ids."""
    cli("source", "create", "extra", "--type", "python", "--description", "More \u2713")
    cli("repo", "edit", "python", "--source", "extra", "--source", "local-python")

    assert cli("source", "list").out.splitlines() == [
        "NAME          TYPE    REPOSITORIES  DESCRIPTION",
        "local-python  python  python",
        "local-r       r       r",
        "extra         python  python        More \u2713",
    ]
    rows = cli("source", "list", "-o", "json").json
    assert [row["name"] for row in rows] == ["local-python", "local-r", "extra"]
    assert {key: rows[2][key] for key in ("type", "repositories", "description")} == {
        "type": "python",
        "repositories": ["python"],
        "description": "More \u2713",
    }
    assert len({row["id"] for row in rows}) == 3


def test_a_renamed_source_keeps_its_tokens_and_the_site(cli: Cli, tmp_path: Path) -> None:
    """What could be installed before can be installed after, and who could upload still can."""
    cli("add", "--source", "local-python", make_wheel(tmp_path))
    token = cli("token", "create", "--description", "ci", "--sources", "local-python", "-q").out.strip()
    before = site_files(cli.home / "site")

    assert cli("source", "rename", "local-python", "ours").out == "renamed source local-python to ours\n"

    after = site_files(cli.home / "site")
    assert {path: body for path, body in after.items() if f"/{SIMPLE}/" in path or "/files/" in path} == {
        path: body for path, body in before.items() if f"/{SIMPLE}/" in path or "/files/" in path
    }
    assert cli("token", "verify", token, "-o", "json").json["grants"] == "sources:write ours"
    assert cli("list", "-o", "json").json == [
        {"source": "ours", "type": "python", "name": "example", "versions": ["1.0"]}
    ]
    assert subjects(cli)[0] == "rename source local-python to ours"


def test_a_source_with_files_is_not_removed_by_accident(cli: Cli, tmp_path: Path) -> None:
    """It takes an option of its own; then its files leave the index, and the history keeps them."""
    cli("add", "--source", "local-python", make_wheel(tmp_path))

    refused = cli("source", "remove", "local-python", status=2)
    assert refused.err == (
        "repogen: source 'local-python' holds distributions; add --with-distributions to remove them as well\n"
    )
    cli("source", "remove", "local-python", "--with-distributions")

    assert listed(cli, "python") == []
    assert cli("list").out == "SOURCE  NAME  NEWEST  VERSIONS\n"
    assert subjects(cli)[:2] == ["remove source local-python", "add example 1.0 to local-python (1 file)"]


def test_an_empty_source_is_removed(cli: Cli) -> None:
    """Without further ado, out of its repositories as well."""
    cli("source", "remove", "local-python")

    assert cli("repo", "list", "-o", "json").json[0]["sources"] == []


def test_repositories_are_made_listed_and_removed(cli: Cli) -> None:
    """Their sources come in order of precedence; what is removed is no longer on the first page."""
    cli("source", "create", "extra", "--type", "python")
    cli(
        *("repo", "create", "all", "--type", "python", "--source", "extra", "--source", "local-python"),
        *("--description", "Everything", "--fallback", "https://index.example/simple/"),
    )

    assert cli("repo", "list").out.splitlines() == [
        "NAME    TYPE    SOURCES              FALLBACK",
        "python  python  local-python",
        "r       r       local-r",
        "all     python  extra, local-python  https://index.example/simple",
    ]
    row = cli("repo", "list", "-o", "json").json[2]
    assert (row["name"], row["sources"], row["description"]) == ("all", ["extra", "local-python"], "Everything")
    assert listed(cli, "all") == []

    assert cli("repo", "remove", "all").out == "removed repository all\n"
    assert [row["name"] for row in cli("repo", "list", "-o", "json").json] == ["python", "r"]


def test_the_order_of_sources_decides_who_wins(cli: Cli, tmp_path: Path) -> None:
    """When the order changes, the index shows the other source's files, whole."""
    cli("source", "create", "extra", "--type", "python")
    cli("repo", "edit", "python", "--source", "local-python", "--source", "extra")
    cli("add", "--source", "local-python", make_wheel(tmp_path, version="1.0"))
    answer = cli("add", "--source", "extra", make_wheel(tmp_path, version="2.0"), "-o", "json")
    index = cli.home / "site/python" / SIMPLE / "example/index.html"
    assert [row["status"] for row in answer.json["files"]] == ["added"]
    assert "example-1.0-py3" in index.read_text()
    assert "example-2.0-py3" not in index.read_text()

    cli("repo", "edit", "python", "--source", "extra", "--source", "local-python")

    assert "example-2.0-py3" in index.read_text()
    assert "example-1.0-py3" not in index.read_text()
    assert broken_links(site_files(cli.home / "site")) == []


def test_a_repository_is_edited(cli: Cli) -> None:
    """Each setting by itself; an empty text takes it away; the name changes the URLs."""
    cli("repo", "edit", "python", "--description", "Ours", "--fallback", "https://index.example/simple")
    cli("repo", "edit", "python", "--name", "packages", "--fallback", "")

    row = cli("repo", "list", "-o", "json").json[-1]
    assert {key: row[key] for key in ("name", "description", "fallback", "sources")} == {
        "name": "packages",
        "description": "Ours",
        "fallback": "",
        "sources": ["local-python"],
    }
    assert (cli.home / "site/packages" / SIMPLE / "index.html").is_file()
    assert subjects(cli)[0] == "edit repository python"


@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        ("source create Extra --type python", 2, "'Extra' cannot name a source; use 1 to 63"),
        ("source create local-r --type python", 2, "'local-r' exists already in sources"),
        ("source rename none other", 7, "no source named 'none'; sources: local-python, local-r"),
        ("source rename local-r local-python", 2, "'local-python' exists already in sources"),
        ("source remove none", 7, "no source named 'none'; sources: local-python, local-r"),
        (
            "repo create static --type python --source local-python",
            2,
            "'static' is reserved and cannot name a repository",
        ),
        ("repo create new --type python --source none", 2, "repositories.new.sources[0]: no source named 'none'"),
        ("repo create new --type python --source local-r", 2, "source 'local-r' is of type r, not python"),
        ("repo edit python", 2, "nothing to change; name a setting"),
        ("repo edit none --description x", 7, "no repository named 'none'; repositories: python, r"),
        ("repo edit python --fallback here", 2, "repositories.python.fallback: must be an http or https URL"),
        ("repo edit python --name r", 2, "'r' exists already in repositories"),
        ("repo remove none", 7, "no repository named 'none'"),
    ],
)
def test_what_cannot_be_is_refused(cli: Cli, command: str, status: int, message: str) -> None:
    """One line says why, the status says what kind of mistake it is, and nothing is committed."""
    before = Store(cli.home / "store.git").head()

    assert message in cli(*command.split(), status=status).err
    assert Store(cli.home / "store.git").head() == before


def test_a_mistake_made_by_hand_is_told_and_does_not_stop_the_rest(cli: Cli, tmp_path: Path) -> None:
    """Edits are refused with the place; files are added by the last good configuration, and it can be repaired."""
    store = Store(cli.home / "store.git")
    good = store.newest().read("repogen.toml")
    commit(store, {"repogen.toml": b"format = 1\n[sources.x]\n"})

    refused = cli("source", "create", "extra", "--type", "python", status=10)
    assert refused.err == "repogen: repogen.toml: sources.x.type: is missing\n"
    cli("add", "--source", "local-python", make_wheel(tmp_path))
    assert listed(cli, "python") == ["example"]
    commit(store, {"repogen.toml": good})
    cli("source", "create", "extra", "--type", "python")
