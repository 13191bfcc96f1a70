"""``repogen add`` over a receiver: what is sent where, what is told, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from repogen.cli import main
from tests.cli.conftest import Cli, Program, Ran
from tests.client.conftest import TOKEN
from tests.client.servers import Asked, Reply, Stub, as_json, good, raw, stub
from tests.factories import make_sdist, make_wheel
from tests.r_packages import make_r_source
from tests.stores import SIGNATURE

EXISTS = f"File already exists ('n1-1.0-py3-none-any.whl', with sha256 {'0' * 64}); raise the version"

TRY = "correct REPOGEN_ADDRESS, or try again later"

Remote = Callable[..., Ran]


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Remote:
    """Runs ``repogen add`` with an address and a token in the environment; no line that it prints has the token."""
    monkeypatch.chdir(tmp_path)

    def run(
        address: str | Stub, *arguments: str | Path, token: str = TOKEN, status: int = 0, names: str = "REPOGEN"
    ) -> Ran:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            patch.setenv(f"{names}_ADDRESS", address if isinstance(address, str) else address.address)
            patch.setenv(f"{names}_TOKEN", token)
            patch.setattr(sys, "argv", ["repogen", "add", *map(str, arguments)])
            with pytest.raises(SystemExit) as end:
                main()
        ran = Ran(int(end.value.code or 0), *capsys.readouterr())
        assert ran.status == status, ran
        assert not token.strip() or token.strip() not in ran.out + ran.err
        return ran

    return run


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """Packages for both kinds of source, one of each signed, and what else lies around."""
    folder = tmp_path / "dist"
    folder.mkdir()
    for signed in (make_wheel(folder), make_r_source(folder, "statty")):
        signed.with_name(f"{signed.name}.asc").write_bytes(SIGNATURE)
    make_sdist(folder)
    (folder / "notes.txt").touch()
    return folder


def numbered(folder: Path, count: int) -> list[Path]:
    return [make_wheel(folder, f"n{number}") for number in range(count)]


def except_for(name: str, reply: Reply) -> Callable[[Asked], Reply]:
    """A receiver that has something against one file."""
    return lambda asked: reply if asked.method == "POST" and asked.filename.startswith(name) else good(asked)


def places(server: Stub) -> set[tuple[str, str]]:
    return {(one.path, one.filename) for one in server.uploads}


@pytest.mark.parametrize("names", ["REPOGEN", "PACKAGEMANAGER"])
@pytest.mark.parametrize(
    "sources", [["--source", "local-python,local-r"], ["--source", "local-r", "--source", "local-python"]]
)
def test_both_ecosystems(remote: Remote, dist: Path, names: str, sources: list[str]) -> None:
    """Each file goes to the source of its kind, with the signature beside it."""
    with stub() as server:
        ran = remote(server, *sources, "--path", dist, names=names)

    assert places(server) == {
        ("/upload/pypi/local-python", "example-1.0-py3-none-any.whl"),
        ("/upload/pypi/local-python", "example-1.0.tar.gz"),
        ("/upload/r/local-r", "statty_1.0.tar.gz"),
    }
    assert sum(SIGNATURE in one.body for one in server.uploads) == 2
    assert set(ran.out.splitlines()[:3]) == {
        "added: example-1.0-py3-none-any.whl",
        "added: example-1.0.tar.gz",
        "added: statty_1.0.tar.gz",
    }
    assert ran.out.splitlines()[3] == "3 of 3 files: 3 added"
    assert ran.err == ""


def test_all_ways_to_name_files(remote: Remote, tmp_path: Path) -> None:
    """Arguments, ``--path`` with commas and more than once, and a list of paths; what is named twice is sent once."""
    files = numbered(tmp_path, 5)
    listed = tmp_path / "list.txt"
    listed.write_bytes(f"\ufeff{files[3].name}\r\n\r\n  {files[4]} \n".encode())
    with stub() as server:
        arguments = [files[0], "--path", f"{files[1]},{files[2]}", "--path", files[1], "--file-in", listed]
        remote(server, "--source", "local-python", *arguments)

    assert {name for _, name in places(server)} == {one.name for one in files}
    assert len(server.uploads) == 5


def test_one_file_is_one_line(remote: Remote, tmp_path: Path) -> None:
    """Nothing is counted."""
    with stub() as server:
        assert remote(server, "--source", "local-python", make_wheel(tmp_path)).out.splitlines() == [
            "added: example-1.0-py3-none-any.whl"
        ]


def test_for_scripts(remote: Remote, dist: Path) -> None:
    """JSON has what is known of each file, in the order in which they were named."""
    receipt = Reply("example-1.0.tar.gz: signed; nobody sees it; example-1.0.tar.gz: odd")
    with stub(except_for("example-1.0.tar.gz", receipt)) as server:
        ran = remote(server, "--source", "local-python", dist, "-o", "json")

    assert json.loads(ran.out) == {
        "commit": None,
        "files": [
            {"filename": "example-1.0-py3-none-any.whl", "source": "local-python", "status": "added", "warnings": []},
            {"filename": "example-1.0.tar.gz", "source": "local-python", "status": "signed", "warnings": ["odd"]},
        ],
        "notes": ["nobody sees it"],
    }
    assert ran.err == ""


def test_notes_and_warnings(remote: Remote, tmp_path: Path) -> None:
    """What is true of all files is told once."""

    def answer(asked: Asked) -> Reply:
        return Reply(f"{asked.filename}: added; hidden; {asked.filename}: odd") if asked.body else good(asked)

    with stub(answer) as server:
        ran = remote(server, "--source", "local-python", *numbered(tmp_path, 3))

    lines = ran.err.splitlines()
    assert lines.count("note: hidden") == 1
    assert sum(line.startswith("warning: n") and line.endswith(".whl: odd") for line in lines) == 3


def test_one_that_is_refused(remote: Remote, tmp_path: Path) -> None:
    """The others arrive; the last words and the status are about the one that did not."""
    with stub(except_for("n1", Reply("no METADATA; no WHEEL", 400))) as server:
        ran = remote(server, "--source", "local-python", *numbered(tmp_path, 3), status=3)
        rows = json.loads(remote(server, "--source", "local-python", tmp_path, "-o", "json", status=3).out)["files"]

    assert len(server.uploads) == 6
    assert set(ran.out.splitlines()) == {"added: n0-1.0-py3-none-any.whl", "added: n2-1.0-py3-none-any.whl"}
    assert ran.err.splitlines() == [
        "repogen: n1-1.0-py3-none-any.whl: no METADATA; no WHEEL",
        "3 of 3 files: 2 added, 1 refused",
    ]
    assert rows[1] == {
        "filename": "n1-1.0-py3-none-any.whl",
        "source": "local-python",
        "status": "refused",
        "warnings": [],
        "error": {"code": "invalid-upload", "text": "no METADATA; no WHEEL"},
    }


def test_other_bytes_under_a_name(remote: Remote, tmp_path: Path) -> None:
    """They are an error, or with ``--succeed-on-existing`` a note."""
    with stub(except_for("n1", Reply(EXISTS, 400))) as server:
        refused = remote(server, "--source", "local-python", *numbered(tmp_path, 2), status=4)
        passed = remote(server, "--source", "local-python", *numbered(tmp_path, 2), "--succeed-on-existing")
        rows = remote(server, "--source", "local-python", tmp_path, "--succeed-on-existing", "-o", "json")

    assert f"repogen: {EXISTS}" in refused.err.splitlines()
    assert "exists: n1-1.0-py3-none-any.whl" in passed.out.splitlines()
    assert passed.err == f"note: {EXISTS}\n"
    assert json.loads(rows.out)["files"][1]["status"] == "exists"
    assert json.loads(rows.out)["files"][1]["warnings"] == [EXISTS]


def test_what_stops_all(remote: Remote, tmp_path: Path) -> None:
    """One line says why, another how far it came; scripts learn it by file."""
    files = numbered(tmp_path, 30)
    with stub(except_for("n5", Reply("no room left on the server's disk", 507))) as server:
        ran = remote(server, "--source", "local-python", *files, status=12)
        document = json.loads(remote(server, "--source", "local-python", *files, "-o", "json", status=12).out)

    first, second = ran.err.splitlines()
    assert first == "repogen: no room left on the server's disk"
    assert second.endswith("added; the same command goes on from there")
    statuses = [row["status"] for row in document["files"]]
    assert statuses[5] == "refused"
    assert "not sent" in statuses


def test_a_signature_alone(remote: Remote, dist: Path) -> None:
    """R's goes by itself. Python's goes with its file, which must lie beside it."""
    with stub() as server:
        r = remote(server, "--source", "local-r", dist / "statty_1.0.tar.gz.asc")
        python = remote(server, "--source", "local-python", dist / "example-1.0-py3-none-any.whl.asc")
        (dist / "example-1.0-py3-none-any.whl").unlink()
        refused = remote(server, "--source", "local-python", dist / "example-1.0-py3-none-any.whl.asc", status=7)

    put, post = server.uploads
    assert (put.method, put.path, put.body) == ("PUT", "/upload/r/local-r/statty_1.0.tar.gz.asc", SIGNATURE)
    assert post.filename == "example-1.0-py3-none-any.whl"
    assert SIGNATURE in post.body
    assert r.out == "signed: statty_1.0.tar.gz\n"
    assert python.out == "added: example-1.0-py3-none-any.whl\n"
    assert "comes without its file; put the file beside it" in refused.err


def test_a_platform(remote: Remote, dist: Path) -> None:
    """It goes along with R packages, and with nothing else."""
    with stub() as server:
        remote(server, "--source", "local-python,local-r", "--distribution", "jammy", dist)
        refused = remote(server, "--source", "local-python", "--distribution", "jammy", dist, status=3)

    assert {one.filename for one in server.uploads if b"jammy" in one.body} == {"statty_1.0.tar.gz"}
    assert "a distribution is stated for R binaries only" in refused.err


@pytest.mark.parametrize(
    ("name", "make", "place"),
    [
        ("ab_1.0-1.tar.gz", make_r_source, "/upload/r/local-r"),
        ("a-1.0.zip", make_sdist, "/upload/pypi/local-python"),
        ("ab_1-1.tar.gz", make_sdist, "/upload/pypi/local-python"),
    ],
)
def test_names_that_both_have(remote: Remote, tmp_path: Path, name: str, make: Callable[..., Path], place: str) -> None:
    """Where the name of a file does not tell, what is in it does."""
    inside = {"ab_1.0-1.tar.gz": ("ab", "1.0-1"), "a-1.0.zip": ("a", "1.0"), "ab_1-1.tar.gz": ("ab_1", "1")}[name]
    more = {"fmt": "zip"} if name.endswith(".zip") else {}
    file = make(tmp_path, *inside, filename=name, **more)
    with stub() as server:
        remote(server, "--source", "local-python,local-r", file)

    assert places(server) == {(place, name)}


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--source", "none", "dist"], 7, "no source named 'none'; sources: local-python, local-r"),
        (["--source", ",", "dist"], 2, "--source names no source"),
        (["--source", "local-python"], 2, "nothing to add; name files or folders, or use --path or --file-in"),
        (["--source", "local-python", "none.whl"], 2, "there is no file 'none.whl'"),
        (["--source", "local-python", "--file-in", "none"], 2, "cannot read the list of files 'none': No such file"),
        (
            ["--source", "local-python", "--file-in", "dist/latin"],
            2,
            "cannot read the list of files 'dist/latin': it is",
        ),
        (["--source", "local-python,local-r", "dist/notes.txt"], 2, "'notes.txt' is named as no distribution of these"),
        (["--source", "local-python,local-r", "dist/ab_1-1.tar.gz"], 2, "'ab_1-1.tar.gz' could be for R or for Python"),
        (["--source", "local-python", "--source", "more-python", "dist"], 2, "could go to local-python or more-python"),
        (["--source", "local-python", "dist", "--push"], 2, "--push is for a checkout of a store"),
    ],
)
def test_what_cannot_be_sent(remote: Remote, dist: Path, arguments: list[str], status: int, said: str) -> None:
    """It is told in one line, before anything is sent."""
    (dist / "latin").write_bytes(b"\xe4\n")
    (dist / "ab_1-1.tar.gz").write_bytes(b"neither")
    sources = [{"name": "local-python", "type": "python"}, {"name": "local-r", "type": "r"}]
    if "more-python" in arguments:
        sources.append({"name": "more-python", "type": "python"})
        (dist / "ab_1-1.tar.gz").unlink()
    with stub(lambda asked: as_json({"sources": sources}) if "v1/sources" in asked.path else good(asked)) as server:
        ran = remote(server, *arguments, status=status)

    assert server.uploads == []
    assert said in ran.err
    assert ran.err.startswith("repogen: ")
    assert len(ran.err.splitlines()) == 1
    assert ran.out == ""


def older(asked: Asked) -> Reply:
    """A receiver that does not tell its sources."""
    if asked.path == "/__api__/verify-auth":
        return as_json({"subject": "ci", "id": "x"})
    return Reply("there is no such page", 404) if "v1" in asked.path else good(asked)


def test_an_older_receiver(remote: Remote, dist: Path) -> None:
    """With one source, the names of the files tell what it holds; with several, that is said."""
    with stub(older) as server:
        remote(server, "--source", "x", dist / "statty_1.0.tar.gz")
        remote(server, "--source", "y", dist / "example-1.0.tar.gz")
        refused = remote(server, "--source", "x,y", dist, status=2)

    assert places(server) == {("/upload/r/x", "statty_1.0.tar.gz"), ("/upload/pypi/y", "example-1.0.tar.gz")}
    assert "does not tell what its sources hold; name one source at a time" in refused.err


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (Reply("the token has expired", 401), 5, "repogen: the token has expired; put a good token into REPOGEN_TOKEN"),
        (Reply("the token was revoked", 401), 5, "repogen: the token was revoked; put a good token into REPOGEN_TOKEN"),
        (Reply(f"{TOKEN} is foreign", 401), 5, "repogen: (the token) is foreign; put a good token into REPOGEN_TOKEN"),
        (Reply("this token may not upload", 403), 6, "repogen: this token may not upload"),
        (Reply("<title>Sign in</title>", 200, "text/html"), 13, "is not repogen (200 OK, a page titled 'Sign in')"),
        (Reply("<h1>Not found</h1>", 404, "text/html"), 7, "there is no repogen at http://127.0.0.1"),
        (Reply("there is no such page", 404), 7, "there is no repogen at http://127.0.0.1"),
        (Reply("moved", 302, headers={"Location": "https://example.org/"}), 13, "redirects to https://example.org/"),
        (as_json(["of another version"]), 7, "there is no repogen at"),
    ],
)
def test_what_meets_all_files(remote: Remote, dist: Path, answer: Reply, status: int, said: str) -> None:
    """One line names the cause and the remedy; nothing is sent."""
    no_page = Reply("there is no such page", 404)
    with stub(lambda asked: answer if "v1" in asked.path or answer.status != 200 else no_page) as server:
        ran = remote(server, "--source", "local-python", dist, status=status)

    assert server.uploads == []
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1
    assert ran.out == ""


def test_settings_that_were_mixed_up(remote: Remote, dist: Path) -> None:
    """A token in the place of the address, and the other way round; neither is shown."""
    with stub() as server:
        for address, token, said in (
            (TOKEN, server.address, "repogen: REPOGEN_ADDRESS holds a token; put the token into REPOGEN_TOKEN"),
            (server.address, server.address, "repogen: REPOGEN_TOKEN holds an address; put the address into REPOGEN_A"),
        ):
            ran = remote(address, "--source", "local-python", dist, token=token, status=2)
            assert ran.err.startswith(said)
            assert TOKEN not in ran.err
        missing = remote(server, "--source", "local-python", dist, token="", status=5)

    assert missing.err == "repogen: there is no token; put one into REPOGEN_TOKEN\n"
    assert server.asked == []


def test_the_other_names_are_named(remote: Remote, dist: Path) -> None:
    """Who uses the names of another product is told of these."""
    ran = remote(TOKEN, "--source", "local-python", dist, names="PACKAGEMANAGER", status=2)

    assert ran.err.startswith("repogen: PACKAGEMANAGER_ADDRESS holds a token; put the token into PACKAGEMANAGER_TOKEN")


def test_an_address_that_is_not_private(remote: Remote, dist: Path) -> None:
    """A token on its way in the clear is warned about."""
    ran = remote("http://nobody.invalid", "--source", "local-python", dist, status=13)

    assert ran.err.splitlines() == [
        "warning: http sends the token to nobody.invalid so that others on the way can read it; use https",
        f"repogen: cannot talk to http://nobody.invalid: no machine has this name; {TRY}",
    ]


def test_a_server_that_breaks_off(remote: Remote, dist: Path) -> None:
    """While it is tried again that is said, and at last one line says that it was in vain."""
    with raw(lambda connection: connection.close()) as address:
        ran = remote(address, "--source", "local-python", dist, status=13)

    *tries, last = ran.err.splitlines()
    assert len(tries) == 2
    assert all(line.startswith(f"warning: cannot talk to {address}: ") for line in tries)
    assert last.startswith(f"repogen: cannot talk to {address}: ")


def test_the_command_line_wins(cli: Cli, remote: Remote, dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who names a home or a store means it, whatever the environment says; the two together make no sense."""
    monkeypatch.setenv("REPOGEN_ADDRESS", "http://127.0.0.1:1")
    added = cli("add", "--source", "local-python", dist)
    both = cli("--address", "http://127.0.0.1:1", "add", "--source", "local-python", dist, status=2)
    remote("http://127.0.0.1:1", "--store", cli.home / "store.git", "--source", "local-python", dist)

    assert "commit " in added.out
    assert (
        both.err == "repogen: --address and a home cannot be had together; leave out --address, or --home and --store\n"
    )


def test_commands_that_need_a_store(program: Program, cli: Cli, tmp_path: Path) -> None:
    """With an address and no home they say so, and do not take the folder where they are for one."""
    for env in ({"REPOGEN_ADDRESS": "http://127.0.0.1:1"}, {"PACKAGEMANAGER_ADDRESS": "http://127.0.0.1:1"}):
        ran = in_folder(program, cli.home, env, "build")
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.startswith("repogen: this command works on a store that is here, not over a receiver; name the")
    named = {"REPOGEN_ADDRESS": "http://127.0.0.1:1", "REPOGEN_HOME": str(cli.home)}
    assert in_folder(program, tmp_path, named, "build").status == 0


def test_a_token_without_an_address(program: Program, tmp_path: Path) -> None:
    """Where there is no store, the setting that is missing is named."""
    ran = in_folder(program, tmp_path, {"REPOGEN_TOKEN": TOKEN}, "add", "--source", "local-python", "x.whl")

    assert ran.status == 2
    assert ran.err.endswith("; or name a receiver with REPOGEN_ADDRESS, as there is a token for one\n")


def in_folder(program: Program, folder: Path, env: dict[str, str], *arguments: str) -> Ran:
    """Run a command in a folder, without ``--home``."""
    return program(*arguments, env=env, cwd=folder, home=None)


def test_on_a_terminal(dist: Path) -> None:
    """Bars show how far it is, on standard error; when they are gone, standard output tells the same as elsewhere."""
    reader, writer = pty.openpty()
    command: list[str | Path] = [sys.executable, "-m", "repogen", "add", "--source", "local-python", dist]
    with stub() as server:
        env = os.environ | {
            "REPOGEN_ADDRESS": server.address,
            "REPOGEN_TOKEN": TOKEN,
            "TERM": "xterm",
            "COLUMNS": "100",
        }
        ran = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=writer, text=True, check=True)
    os.close(writer)
    screen = os.read(reader, 1 << 20).decode()
    os.close(reader)

    assert ran.stdout.splitlines() == [
        "added: example-1.0-py3-none-any.whl",
        "added: example-1.0.tar.gz",
        "2 of 2 files: 2 added",
    ]
    assert "2 files" in screen
    assert TOKEN not in screen
