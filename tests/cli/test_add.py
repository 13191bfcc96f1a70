"""``repogen add``: files and folders into a source, all of them or none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from repogen.store import Store
from tests.cli.conftest import Cli
from tests.factories import make_sdist, make_wheel
from tests.links import broken_links
from tests.r_packages import make_r_source
from tests.stores import OTHER_SIGNATURE, SIGNATURE, history, site_files

INDEX = "site/python/latest/simple/example/index.html"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A folder as build tools leave it: a signed wheel, an sdist, and what else lies around."""
    folder = tmp_path / "dist"
    folder.mkdir()
    wheel = make_wheel(folder)
    wheel.with_name(f"{wheel.name}.asc").write_bytes(SIGNATURE)
    make_sdist(folder)
    (folder / "notes.txt").touch()
    (folder / "data.tar.gz").write_bytes(b"no sdist")
    (folder / "subfolder").mkdir()
    return folder


def head(cli: Cli) -> str:
    return Store(cli.home / "store.git").head()


def spooled(cli: Cli) -> list[str]:
    return [path.name for path in (cli.home / "spool").rglob("*") if path.is_file()]


def test_a_folder(cli: Cli, dist: Path) -> None:
    """What looks like a distribution is taken, each with the signature beside it, as one commit; the files stay."""
    ran = cli("add", "--source", "local-python", dist)

    assert ran.out.splitlines() == [
        "added: example-1.0-py3-none-any.whl",
        "added: example-1.0.tar.gz",
        f"commit {head(cli)[:12]}",
    ]
    assert ran.err == ""
    index = (cli.home / INDEX).read_text()
    assert index.count('data-gpg-sig="true"') == 1
    assert broken_links(site_files(cli.home / "site")) == []
    assert len(list(dist.iterdir())) == 6
    assert spooled(cli) == []


def test_the_files_of_a_folder(cli: Cli, dist: Path) -> None:
    """What a shell makes of dist/* names the signatures, too: each goes with its file."""
    found = sorted(dist.glob("example*"))

    ran = cli("add", "--source", "local-python", *found, "-o", "json")

    assert ran.json == {
        "commit": head(cli),
        "files": [
            {"filename": "example-1.0-py3-none-any.whl", "status": "added", "warnings": []},
            {"filename": "example-1.0.tar.gz", "status": "added", "warnings": []},
        ],
        "notes": [],
    }


def test_paths_with_commas_between(cli: Cli, dist: Path) -> None:
    """``--path a,b`` is the same, also more than once and beside others; a file that is named twice is one."""
    wheel, sdist = dist / "example-1.0-py3-none-any.whl", dist / "example-1.0.tar.gz"

    ran = cli(
        "add", "--source", "local-python", "--path", f"{wheel},{sdist}", "--path", str(wheel), sdist, "-o", "json"
    )

    assert sorted(row["filename"] for row in ran.json["files"]) == [wheel.name, sdist.name]


def test_a_list_of_paths(cli: Cli, dist: Path, tmp_path: Path) -> None:
    """``--file-in`` has one path a line."""
    listed = tmp_path / "list"
    listed.write_text(f"{dist / 'example-1.0-py3-none-any.whl'}\n\n{dist / 'example-1.0.tar.gz'}\n")

    ran = cli("add", "--source", "local-python", "--file-in", listed)

    assert ran.out.splitlines()[:2] == ["added: example-1.0-py3-none-any.whl", "added: example-1.0.tar.gz"]


def test_both_ecosystems(cli: Cli, dist: Path) -> None:
    """Each file goes to the source of its kind; a commit for each source. Bad files leave both as they were."""
    make_r_source(dist, "statty")
    bad = dist / "bad_1.0.tar.gz"
    bad.write_bytes(b"no package")
    before = head(cli)
    cli("add", "--source", "local-python,local-r", dist, status=3)
    assert head(cli) == before
    bad.unlink()

    ran = cli("add", "--source", "local-python", "--source", "local-r", dist, "-o", "json")

    assert [row["filename"] for row in ran.json["files"]] == [
        "example-1.0-py3-none-any.whl",
        "example-1.0.tar.gz",
        "statty_1.0.tar.gz",
    ]
    assert len(history(Store(cli.home / "store.git"))) == 3
    assert b"statty" in (cli.home / "site/r/latest/src/contrib/PACKAGES").read_bytes()


def test_what_has_other_bytes_is_passed_over(cli: Cli, dist: Path, tmp_path: Path) -> None:
    """With ``--succeed-on-existing`` the rest is added, and people are told."""
    cli("add", "--source", "local-python", dist)
    changed = [make_wheel(tmp_path, files={"x.py": b""}), make_sdist(tmp_path, files={"x.py": b""})]
    before = head(cli)

    none = cli("add", "--source", "local-python", *changed, "--succeed-on-existing")
    ran = cli("add", "--source", "local-python", *changed, make_wheel(tmp_path, "more"), "--succeed-on-existing")
    rows = cli("add", "--source", "local-python", changed[0], "--succeed-on-existing", "-o", "json").json

    assert none.out.splitlines() == [*(f"exists: {file.name}" for file in changed), "nothing had to change"]
    assert none.err.count("note: File already exists (") == 2
    assert ran.out.splitlines()[0] == "added: more-1.0-py3-none-any.whl"
    assert history(Store(cli.home / "store.git"))[1] == before
    assert rows["files"][0]["status"] == "exists"


def test_the_same_again(cli: Cli, dist: Path) -> None:
    """Nothing had to change, and the status says that all is well."""
    cli("add", "--source", "local-python", dist)

    ran = cli("add", "--source", "local-python", dist)

    assert ran.out.splitlines() == [
        "unchanged: example-1.0-py3-none-any.whl",
        "unchanged: example-1.0.tar.gz",
        "nothing had to change",
    ]
    assert cli("add", "--source", "local-python", dist, "-o", "json").json["commit"] is None


def test_warnings(cli: Cli, dist: Path) -> None:
    """They go to standard error, or into the JSON."""
    cli("add", "--source", "local-python", dist)
    wheel = dist / "example-1.0-py3-none-any.whl"
    wheel.with_name(f"{wheel.name}.asc").write_bytes(OTHER_SIGNATURE)

    text = cli("add", "--source", "local-python", wheel)
    rows = cli("add", "--source", "local-python", wheel, "-o", "json").json["files"]

    assert text.err == f"warning: {wheel.name}: another signature is there already and was kept\n"
    assert rows[0]["warnings"] == ["another signature is there already and was kept"]


def test_all_problems_of_all_files(cli: Cli, dist: Path) -> None:
    """A batch with bad files is refused with every reason, by file, on one line; nothing of it is committed or kept."""
    before, pool = head(cli), cli.home / "store.git/lfs"
    bad = dist / "other-2.0-py3-none-any.whl"
    bad.write_bytes(b"no zip")
    liar = make_wheel(dist, "honest", filename="liar-1.0-py3-none-any.whl")
    liar.with_name(f"{liar.name}.asc").write_bytes(b"no armour")

    refused = cli("add", "--source", "local-python", dist, status=3)

    for part in (
        f"{bad.name}: ",
        f"{liar.name}: the file name says project 'liar'",
        f"{liar.name}: the signature must",
    ):
        assert part in refused.err
    assert head(cli) == before
    assert not [path for path in pool.rglob("*") if path.is_file()]
    assert spooled(cli) == []
    cli("add", "--source", "local-python", dist / "example-1.0.tar.gz")


def test_a_name_that_is_taken(cli: Cli, dist: Path, tmp_path: Path) -> None:
    """Other bytes under it are refused, with a status of its own."""
    cli("add", "--source", "local-python", dist)
    before = head(cli)

    refused = cli("add", "--source", "local-python", make_wheel(tmp_path, files={"x.py": b""}), status=4)

    assert refused.err.startswith("repogen: File already exists ('example-1.0-py3-none-any.whl', with sha256 ")
    assert head(cli) == before


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ([], 2, "nothing to add; name files or folders, or use --path or --file-in"),
        (["--path", ","], 2, "nothing to add; name files or folders, or use --path or --file-in"),
        (["empty"], 2, "the folder 'empty' holds no distribution"),
        (["none.whl"], 2, "there is no file 'none.whl'"),
        (["no\x1b[2J\nne.whl"], 2, r"there is no file 'no\x1b[2J\nne.whl'"),
        (["alone.whl.asc"], 3, "the signature must be one PGP SIGNATURE block, it has 0 blocks"),
        (["alone.whl.asc", "notes.txt"], 2, "the signature 'alone.whl.asc' comes without its file; name the file too"),
        (["notes.txt"], 3, "notes.txt: file name 'notes.txt': use .whl for a wheel, .tar.gz or .zip for an sdist"),
        (["a b\n.whl"], 3, r"file name 'a b\n.whl': only letters, digits and"),
    ],
)
def test_what_is_nothing_to_add(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int, message: str
) -> None:
    """One line says what is wrong with the arguments, with hostile names escaped."""
    for name in ("alone.whl.asc", "notes.txt", "a b\n.whl"):
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    before = head(cli)

    assert message in cli("add", "--source", "local-python", *arguments, status=status).err
    assert head(cli) == before


@pytest.mark.parametrize(
    ("source", "name", "status", "message"),
    [
        ("none", "", 7, "no source named 'none'; sources: local-python, local-r"),
        ("local-r", "", 2, "holds no distribution"),
        (
            "local-r",
            "example-1.0-py3-none-any.whl",
            3,
            "is named as Python packages are, and this source takes R packages",
        ),
    ],
)
def test_where_nothing_can_be_added(cli: Cli, dist: Path, source: str, name: str, status: int, message: str) -> None:
    """A source that is not there, and one of the other ecosystem."""
    assert message in cli("add", "--source", source, dist / name, status=status).err


def test_a_signature_alone(cli: Cli, dist: Path, tmp_path: Path) -> None:
    """It is added to the file that is there already, wherever that lies on this machine; the first one is kept."""
    wheel, sdist = dist / "example-1.0-py3-none-any.whl", dist / "example-1.0.tar.gz"
    signatures = [wheel.with_name(f"{wheel.name}.asc"), sdist.with_name(f"{sdist.name}.asc")]
    signatures[1].write_bytes(SIGNATURE)
    refused = cli("add", "--source", "local-python", signatures[0], status=7)
    assert refused.err == (
        f"repogen: source 'local-python' has no file '{wheel.name}'; send the file itself, with or before its .asc\n"
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    cli("add", "--source", "local-python", *(shutil.move(file, elsewhere) for file in (wheel, sdist)))

    ran = cli("add", "--source", "local-python", *signatures)
    signatures[0].write_bytes(OTHER_SIGNATURE)
    again = cli("add", "--source", "local-python", signatures[0])

    assert ran.out.splitlines()[:2] == [f"signed: {wheel.name}", f"signed: {sdist.name}"]
    assert ran.out.splitlines()[-1] == f"commit {head(cli)[:12]}"
    assert again.out.splitlines() == [f"unchanged: {wheel.name}", "nothing had to change"]
    assert again.err == f"warning: {wheel.name}: another signature is there already and was kept\n"
    assert (cli.home / INDEX).read_text().count('data-gpg-sig="true"') == 2


def test_what_nobody_can_install_is_said(cli: Cli, dist: Path) -> None:
    """Files for a source that no repository lists are added; people learn that they cannot be seen."""
    cli("source", "create", "alone", "--type", "python")

    ran = cli("add", "--source", "alone", dist)
    again = cli("add", "--source", "alone", dist, "-o", "json")

    said = "no repository lists the source alone, so nobody can install it yet"
    assert ran.err == f"note: {said}\n"
    assert again.json["notes"] == [said]


@pytest.mark.parametrize(
    ("source", "file", "hint"),
    [("local-r", "DESCRIPTION", "R CMD build"), ("local-python", "pyproject.toml", "-m build")],
)
def test_a_folder_that_packages_are_built_from(cli: Cli, tmp_path: Path, source: str, file: str, hint: str) -> None:
    """Who names the source of a package instead of the package learns how to build it."""
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / file).write_text("")
    assert hint in cli("add", "--source", source, folder, status=2).err
