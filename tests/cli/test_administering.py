"""Commands that change or list what is there, over a receiver: said and done as on the machine of the store."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from repogen.cli import main
from tests.cli.conftest import Ran
from tests.r_packages import make_r_source
from tests.receiver.wire import ask, put
from tests.served import Served, serve_home

There = Callable[..., Ran]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_home(tmp_path_factory.mktemp("administering")) as one:
        yield one


@pytest.fixture
def there(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> There:
    """Runs commands over the receiver, as the writer unless another token is given, where there is no home."""

    def run(*arguments: str, status: int = 0, token: str | None = None) -> Ran:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("REPOGEN_ADDRESS", f"http://127.0.0.1:{served.port}")
        monkeypatch.setenv("REPOGEN_TOKEN", served.writer if token is None else token)
        monkeypatch.setattr(sys, "argv", ["repogen", *arguments])
        capsys.readouterr()
        code: int | str | None = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        ran = Ran(code if isinstance(code, int) else 0, *capsys.readouterr())
        assert ran.status == status, ran
        return ran

    return run


def test_verify(served: Served, there: There) -> None:
    """The address, whose token it is, what it is good for and until when."""
    ran = there("verify", token=served.near)
    address, token = ran.out.splitlines()
    assert address == f"http://127.0.0.1:{served.port} is a receiver of repogen"
    assert re.fullmatch(r"the token [0-9a-f]{32} of near is good until \S+Z: sources:write local-python", token)
    assert there("verify", "-o", "json").json["user"] == "ci"


def test_verify_says_what_is_wrong(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that is not good, or no address, in one line that never quotes the token."""
    refused = there("verify", token="eyJhbGciOi.eyJqdGkiOi.c2lnbmF0dXJl", status=5)
    assert refused.err.startswith("repogen: the token is not valid")
    assert "eyJ" not in refused.err
    monkeypatch.delenv("REPOGEN_ADDRESS")
    monkeypatch.setattr(sys, "argv", ["repogen", "verify"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2


def test_yank_and_unyank(served: Served, there: There) -> None:
    """As it is said of a store that is here."""
    (name,) = served.upload("pulled", "1.0")
    assert there("yank", "pulled", "1.0", "--source", "local-python", "--reason", "leaks").out == f"yanked {name}\n"
    assert served.index("pulled")[name]["yanked"] == "leaks"
    again = there("yank", "pulled", "1.0", "--source", "local-python", "--reason", "leaks")
    assert again.out == "nothing to do: 1.0 of pulled is yanked already\n"
    assert there("unyank", "pulled", name, "--source", "local-python").out == f"unyanked {name}\n"


def test_archive(served: Served, there: There) -> None:
    """An R package, and how to take it back."""
    file = make_r_source(served.folder, "laidaside", "1.0")
    path = f"/upload/r/local-r/{file.name}"
    assert put(served.port, path, file.read_bytes(), Authorization=f"Bearer {served.writer}").status == 200
    ran = there("archive", "laidaside", "--source", "local-r")
    assert ran.out == f"archived {file.name}\n"
    assert re.fullmatch(r"undo on the machine of the store with: repogen revert [0-9a-f]{12}\n", ran.err)
    again = there("archive", "laidaside", "1.0", "--source", "local-r")
    assert again.out == "nothing to do: 1.0 of laidaside is archived already\n"


def test_remove(served: Served, there: There) -> None:
    """A release, then the rest."""
    first, second = served.upload("dropped", "1.0", "2.0")
    options = ("--source", "local-python", "--comment", "wrong")
    assert there("remove", "dropped", "1.0", *options).out == f"removed {first}\n"
    assert list(served.index("dropped")) == [second]
    assert there("remove", "dropped", "--all", *options).out == f"removed {second}\n"
    assert there("remove", "dropped", "--all", *options).out == "nothing to do: dropped is removed already\n"
    assert "name a version" in there("remove", "dropped", *options, status=2).err


def test_purge(served: Served, there: There) -> None:
    """For who may do everything: the bytes are gone, but for those that another source has."""
    (name,) = served.upload("secret", "1.0")
    served.upload("secret", "1.0", source="staging")
    arguments = ("remove", "secret", "1.0", "--comment", "a key in it", "--purge")
    assert "global:admin" in there(*arguments, "--source", "staging", status=6).err
    ran = there(*arguments, "--source", "staging", token=served.admin)
    assert ran.out == f"removed {name}\nkept the bytes of {name}: local-python has them, too\n"
    ran = there(*arguments, "--source", "local-python", token=served.admin)
    assert re.fullmatch(rf"removed {name}\npurged {name} \(sha256 [0-9a-f]{{64}}\)\n", ran.out)
    assert "the history keeps names and metadata" in ran.err
    ran = there(*arguments, "--source", "local-python", token=served.admin)
    assert ran.out == f"nothing to do: the bytes of {name} are gone already\n"


def test_copy(served: Served, there: There) -> None:
    """From one source into another."""
    (name,) = served.upload("risen", "1.0", source="staging")
    arguments = ("copy", "risen", "1.0", "--from", "staging", "--to", "local-python")
    assert there(*arguments, token=served.near, status=6).err == (
        "repogen: this token may not change source 'staging'\n"
    )
    assert there(*arguments).out == f"added: {name}\n"
    assert list(served.index("risen")) == [name]
    assert there(*arguments).out == f"unchanged: {name}\nnothing had to change\n"


def test_tokens(served: Served, there: There) -> None:
    """Made, listed and revoked with a token for all; the text is on standard output alone."""
    made = there(
        *("token", "create", "--description", "CI", "--user", "ci-2", "--sources", "staging"),
        token=served.admin,
    )
    text = made.out.strip()
    assert re.fullmatch(r"\S+\.\S+\.\S+", text)
    assert re.match(r"token [0-9a-f]{32} is good until \S+Z; keep the text above now", made.err)
    (row,) = (row for row in there("token", "list", "-o", "json", token=served.admin).json if row["user"] == "ci-2")
    assert row["grants"] == "sources:write staging"
    assert "ci-2" in there("token", "list", token=served.admin).out
    assert there("token", "revoke", text, token=served.admin).out == f"revoked token {row['jti']} of ci-2\n"
    assert there("verify", token=text, status=5).err.startswith("repogen: the token has been revoked")
    revoked = there("token", "list", "--revoked", "--expired", "-o", "json", token=served.admin).json
    assert row["jti"] in [one["jti"] for one in revoked]
    assert there("token", "list", status=6).err.startswith("repogen: tokens are administered")


def test_lists(served: Served, there: There) -> None:
    """The same as on the machine of the store, to the byte."""
    for arguments in (["source", "list"], ["repo", "list"]):
        for output in ([], ["-o", "json"]):
            here = subprocess.run(
                [sys.executable, "-m", "repogen", "--home", served.home.root, *arguments, *output],
                capture_output=True,
                check=True,
            )
            assert there(*arguments, *output, token=served.reader).out == here.stdout.decode()


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["yank", "x", "1.0", "--source", "none"], 7, "no source named 'none'"),
        (["yank", "none", "1.0", "--source", "local-python"], 7, "no project 'none' in source 'local-python'"),
        (["yank", "x", "1.0", "--source", "local-r"], 2, "R packages cannot be yanked; archive them"),
        (["yank", "x", "1.0", "--source", "local-python", "--push"], 2, "--push is for a checkout"),
        (["token", "revoke", "nonsense"], 2, "neither the id nor the text of a token"),
        (["serve"], 2, "works on a store that is here"),
    ],
)
def test_refusals(there: There, arguments: list[str], status: int, words: str) -> None:
    """One line, with the exit status that the command has on the machine of the store."""
    ran = there(*arguments, status=status)
    assert (ran.out, len(ran.err.splitlines())) == ("", 1)
    assert words in ran.err


def test_nothing_heavy_is_loaded(served: Served, tmp_path: Path) -> None:
    """Where Git, the server and all that renders cannot be imported, the remote commands work."""
    blocked = ["pygit2", "cheroot", "jinja2", "docutils", "nh3", "readme_renderer", "multipart", "werkzeug", "tomlkit"]
    program = f"import sys; sys.modules.update(dict.fromkeys({blocked!r}))\nfrom repogen.cli import main; main()"

    def run(*arguments: str, token: str) -> str:
        env: Mapping[str, str] = {
            "PATH": os.environ["PATH"],
            "REPOGEN_ADDRESS": f"http://127.0.0.1:{served.port}",
            "REPOGEN_TOKEN": token,
        }
        command = [sys.executable, "-c", program, *arguments]
        ran = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    served.upload("lightly", "1.0", source="staging")
    run("verify", token=served.writer)
    run("yank", "lightly", "1.0", "--source", "staging", token=served.writer)
    run("unyank", "lightly", "1.0", "--source", "staging", token=served.writer)
    run("copy", "lightly", "1.0", "--from", "staging", "--to", "local-python", token=served.writer)
    run("remove", "lightly", "--all", "--source", "staging", "--comment", "x", token=served.writer)
    run("source", "list", token=served.writer)
    text = run("token", "create", "--description", "x", "--sources", "*", "-q", token=served.admin).strip()
    run("token", "list", token=served.admin)
    run("token", "revoke", text, token=served.admin)
    assert json.loads(run("repo", "list", "-o", "json", token=served.writer))
    assert ask(served.port, "GET", "/__api__/status").status == 200
