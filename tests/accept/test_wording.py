"""The words of commits: an interface, held letter by letter."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from repogen.accept import Incoming
from repogen.model.record import Submitter
from repogen.store import Store
from tests.factories import make_sdist, make_wheel
from tests.stores import ALICE, SIGNATURE, add, incoming, mark, new_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return new_store(tmp_path)


def git(store: Store, *arguments: str) -> str:
    return subprocess.run(["git", "-C", store.path, *arguments], check=True, capture_output=True).stdout.decode()


def message(store: Store) -> list[str]:
    return git(store, "log", "-1", "--format=%B", "main").rstrip("\n").split("\n")


def sha256(*files: Incoming) -> list[str]:
    return [f"Sha256: {file.digests['sha256']}" for file in files]


def test_one_file(store: Store, tmp_path: Path) -> None:
    """An upload names the release as the archive spells it, and its facts as trailers."""
    one = incoming(make_wheel(tmp_path, "Team.Tool", "1.0"))
    add(store, "near", [one])

    assert message(store) == [
        "add Team.Tool 1.0 to near (1 file)",
        "",
        "Source: near",
        "Project: team-tool",
        "Version: 1.0",
        *sha256(one),
        f"Token: {'0' * 32}",
    ]
    assert git(store, "log", "-1", "--format=%an|%cn|%aI|%cI", "main").strip() == (
        "alice|repogen|2026-11-22T18:45:34+00:00|2026-11-22T18:45:34+00:00"
    )


def test_git_reads_the_trailers(store: Store, tmp_path: Path) -> None:
    """Standard Git finds them as trailers."""
    add(store, "near", [make_wheel(tmp_path)])

    assert git(store, "log", "-1", "--format=%(trailers:key=Project,valueonly)", "main").strip() == "example"


def test_several_files_of_a_release(store: Store, tmp_path: Path) -> None:
    """Files are counted, and each is stated by its sha256; a local user has no token."""
    batch = [incoming(make_wheel(tmp_path)), incoming(make_sdist(tmp_path))]
    add(store, "near", batch, by=Submitter(subject="root"))

    assert message(store) == [
        "add example 1.0 to near (2 files)",
        "",
        "Source: near",
        "Project: example",
        "Version: 1.0",
        *sha256(*batch),
    ]


def test_several_releases(store: Store, tmp_path: Path) -> None:
    """A batch of several releases counts files and projects, and states each project and version once."""
    batch = [
        incoming(make_wheel(tmp_path, "one", "1.0")),
        incoming(make_wheel(tmp_path, "one", "2.0")),
        incoming(make_wheel(tmp_path, "two", "2.0")),
    ]
    add(store, "far", batch)

    assert message(store)[:7] == [
        "add 3 files of 2 projects to far",
        "",
        "Source: far",
        "Project: one",
        "Project: two",
        "Version: 1.0",
        "Version: 2.0",
    ]


def test_several_releases_of_one_project(store: Store, tmp_path: Path) -> None:
    """One project is one."""
    add(store, "far", [make_wheel(tmp_path, version="1.0"), make_wheel(tmp_path, version="2.0")])

    assert message(store)[0] == "add 2 files of 1 project to far"


def test_a_large_batch_is_counted(store: Store, tmp_path: Path) -> None:
    """A message does not grow with the batch."""
    add(store, "near", [make_wheel(tmp_path, version=f"1.{number}") for number in range(101)])

    assert message(store) == [
        "add 101 files of 1 project to near",
        "",
        "Source: near",
        "Files: 101",
        f"Token: {'0' * 32}",
    ]


def test_a_signature(store: Store, tmp_path: Path) -> None:
    """A signature that came later signs; together with a new file it is part of what is added."""
    one = incoming(make_wheel(tmp_path), signature=SIGNATURE)
    add(store, "near", [make_wheel(tmp_path)])
    add(store, "near", [one])
    signed = message(store)
    add(store, "far", [make_wheel(tmp_path)])
    add(store, "far", [incoming(make_wheel(tmp_path), signature=SIGNATURE), make_sdist(tmp_path)])

    assert signed[0] == "sign example 1.0 in near (1 file)"
    assert signed[2:6] == ["Source: near", "Project: example", "Version: 1.0", *sha256(one)]
    assert message(store)[0] == "add example 1.0 to far (2 files)"


@pytest.mark.parametrize(
    ("which", "reason", "subject"),
    [
        ("1.0", "broken", "yank example 1.0 from near (2 files)"),
        ("1", "", "yank example 1.0 from near (2 files)"),
        ("example-1.0.tar.gz", "broken", "yank example-1.0.tar.gz from near (1 file)"),
    ],
)
def test_yanks(store: Store, tmp_path: Path, which: str, reason: str, subject: str) -> None:
    """A yank says what it marks, how many files that are, and why; taking it back likewise."""
    add(store, "near", [make_wheel(tmp_path), make_sdist(tmp_path)])
    mark(store, "near", "Example", which, reason)
    yanked = message(store)
    mark(store, "near", "Example", which, None)

    because = [f"Reason: {reason}"] if reason else []
    trailers = ["Source: near", "Project: example", "Version: 1.0"]
    assert yanked == [subject, "", *trailers, *because, f"Token: {ALICE.token}"]
    assert message(store) == [
        subject.replace("yank", "unyank").replace("from", "in"),
        "",
        *trailers,
        f"Token: {ALICE.token}",
    ]


def test_a_trusted_publisher(store: Store, tmp_path: Path) -> None:
    """What trusted publishing knows of a job follows its token, a line each; the record has the subject alone."""
    said = (("Publisher", "github acme/example"), ("Run", "https://example.org/1\nToken: x"))
    by = Submitter(subject="acme/example (github)", token="1" * 32, publisher=said)
    add(store, "near", [make_wheel(tmp_path)], by=by)

    assert message(store)[-3:] == [
        f"Token: {'1' * 32}",
        "Publisher: github acme/example",
        "Run: https://example.org/1?Token: x",
    ]
    assert git(store, "log", "-1", "--format=%an", "main") == "acme/example (github)\n"
    record = git(store, "show", "main:sources/near/50/example/1.0/example-1.0-py3-none-any.whl.json")
    assert json.loads(record)["by"] == {"subject": by.subject, "token": by.token}


HOSTILE = "x\nSha256: 0\r\n\n\x1b[2JToken: y\u2028z\u202e\x85\0 <a@b>"


def test_a_hostile_subject_stays_in_its_place(store: Store, tmp_path: Path) -> None:
    """Whatever a token calls its owner is the author's name, in one line, and verbatim in the record alone."""
    add(store, "near", [make_wheel(tmp_path)], by=Submitter(subject=HOSTILE, token=HOSTILE))

    assert git(store, "log", "-1", "--format=%an", "main") == "x?Sha256: 0????[2JToken: y?z??? a@b\n"
    assert message(store)[-1] == "Token: x?Sha256: 0????[2JToken: y?z??? <a@b>"
    assert len(message(store)) == 7
    (record,) = (
        entry.record
        for project, tree in store.newest().projects("near")
        for entry in store.newest().entries(tree)
        if project == "example"
    )
    assert record.by.subject == HOSTILE


def test_a_hostile_reason_stays_in_its_place(store: Store, tmp_path: Path) -> None:
    """A reason is one trailer."""
    add(store, "near", [make_wheel(tmp_path)])
    mark(store, "near", "example", "1.0", HOSTILE)

    assert message(store)[5] == "Reason: x?Sha256: 0????[2JToken: y?z??? <a@b>"
    assert len(message(store)) == 7


def test_a_long_answer_ends(store: Store, tmp_path: Path) -> None:
    """The answer to a batch with many warnings is one line of bounded length."""
    files = [make_wheel(tmp_path, version=f"1.{n}", filename=f"Example-1.{n}-py3-none-any.whl") for n in range(60)]

    receipt = add(store, "near", files)

    assert len(receipt.text) == 4000
    assert receipt.text.startswith("60 files: 60 added; Example-1.0-py3-none-any.whl: ")
    assert receipt.text.endswith("...")
