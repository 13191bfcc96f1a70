"""Editing repogen.toml: what people wrote in it stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from repogen.accept.configure import (
    Edit,
    configure,
    create_repository,
    create_source,
    edit_repository,
    edited,
    new_config,
    remove_repository,
    remove_source,
    rename_source,
    source_moves,
)
from repogen.config import parse_config
from repogen.errors import ConfigError, NotFound, RepogenError, UsageError
from repogen.store.writer import Writer
from tests.factories import make_wheel
from tests.stores import ALICE, NOW, add, commit, history, new_store

WRITTEN = """\
# Packages of the team. Ask Al before you change anything.
format = 1
address = "https://packages.example" # behind nginx

[sources.mine]   # Al's
id = "m"
type = "python"

# Nobody uses this one.
[sources.old]
type = 'python'

[repositories.all]
type = "python"
sources = [
    "mine", # first
    "old",  # then
]
description = "Everything"
"""


def after(*edits: Edit) -> str:
    return edited(WRITTEN.encode(), *edits).decode()


def test_a_new_configuration_explains_itself() -> None:
    """It has comments, the format, and the address without the slash at its end."""
    text = new_config(address="https://packages.example/").decode()

    assert text.startswith("# Sources hold distributions")
    assert text.endswith('format = 1\naddress = "https://packages.example"\n')


def test_an_address_that_is_none_is_refused() -> None:
    """A new configuration is one that can be used."""
    with pytest.raises(UsageError, match="address: must be an http or https URL, not 'here'"):
        new_config(address="here")


def test_a_new_source_comes_last() -> None:
    """A source is a table behind the others; all that was there stands as it stood."""
    text = after(create_source("new", kind="r", identifier="n", description='Al\'s "R"'))

    assert text.replace('\n[sources.new]\nid = "n"\ntype = "r"\ndescription = "Al\'s \\"R\\""\n', "") == WRITTEN


def test_a_new_repository_comes_last() -> None:
    """A repository names its sources in order; what it was not told is left out."""
    text = after(create_repository("new", kind="python", identifier="n", sources=["old", "mine"]))

    assert text == WRITTEN + '\n[repositories.new]\nid = "n"\ntype = "python"\nsources = ["old", "mine"]\n'


def test_the_first_of_everything() -> None:
    """To a bare file tables are added with a blank line between them."""
    text = edited(
        b"format = 1\n",
        create_source("a", kind="python", identifier="1"),
        create_repository("b", kind="python", identifier="2", sources=[]),
        create_source("c", kind="r", identifier="3"),
    ).decode()

    assert text == (
        'format = 1\n\n[sources.a]\nid = "1"\ntype = "python"\n\n[sources.c]\nid = "3"\ntype = "r"\n\n'
        '[repositories.b]\nid = "2"\ntype = "python"\nsources = []\n'
    )


def test_a_renamed_source_is_the_same_source() -> None:
    """Its id stays, or becomes what its name was; the repositories follow, with their comments."""
    text = after(rename_source("old", "archive"), rename_source("mine", "ours"))

    config = parse_config(text.encode())
    assert {name: source.id for name, source in config.sources.items()} == {"archive": "old", "ours": "m"}
    assert config.repositories["all"].sources == ("ours", "archive")
    for comment in ("# Packages of the team", "# behind nginx", "# Al's", "# Nobody", "# first", "# then"):
        assert comment in text


def test_a_removed_source_leaves_the_repositories() -> None:
    """No repository lists it any more; the comments of other lines stay."""
    text = after(remove_source("mine"))

    assert parse_config(text.encode()).repositories["all"].sources == ("old",)
    assert "# then" in text
    assert "[sources.mine]" not in text


def test_a_repository_is_edited() -> None:
    """What is named changes, an empty text takes a setting away, the rest stays as it was written."""
    text = after(
        edit_repository("all", sources=["old", "mine"], description="", fallback="https://index.example/simple")
    )
    repository = parse_config(text.encode()).repositories["all"]

    assert repository.sources == ("old", "mine")
    assert (repository.description, repository.fallback) == ("", "https://index.example/simple")
    assert text.startswith(WRITTEN.partition("sources = [")[0])


def test_a_repository_gets_another_name() -> None:
    """Its id stays, or becomes what its name was."""
    config = parse_config(after(edit_repository("all", new_name="python")).encode())

    assert {name: repository.id for name, repository in config.repositories.items()} == {"python": "all"}
    assert after(edit_repository("all", new_name="all")) == WRITTEN


def test_a_repository_is_removed() -> None:
    """Its table goes, the sources stay."""
    assert after(remove_repository("all")).rstrip() == WRITTEN.partition("[repositories.all]")[0].rstrip()


@pytest.mark.parametrize(
    ("edit", "kind", "message"),
    [
        (create_source("mine", kind="r", identifier="x"), UsageError, "'mine' exists already in sources"),
        (create_source("a/b", kind="r", identifier="x"), UsageError, "'a/b' cannot name a source"),
        (create_source("x", kind="r", identifier="m"), UsageError, "sources.x.id: has the id of 'mine'"),
        (create_source("x", kind="r", identifier="x", description="\udcff"), UsageError, "a text that is not UTF-8"),
        (rename_source("none", "x"), NotFound, "no source named 'none'; sources: mine, old"),
        (rename_source("mine", "old"), UsageError, "'old' exists already in sources"),
        (rename_source("mine", "M"), UsageError, "'M' cannot name a source"),
        (remove_source("none"), NotFound, "no source named 'none'; sources: mine, old"),
        (
            create_repository("all", kind="r", identifier="x", sources=[]),
            UsageError,
            "'all' exists already in repositories",
        ),
        (
            create_repository("static", kind="r", identifier="x", sources=[]),
            UsageError,
            "'static' is reserved and cannot name a repository",
        ),
        (
            create_repository("x", kind="python", identifier="x", sources=["none"]),
            UsageError,
            "repositories.x.sources[0]: no source named 'none'",
        ),
        (
            create_repository("x", kind="r", identifier="x", sources=["mine"]),
            UsageError,
            "repositories.x.sources[0]: source 'mine' is of type python, not r",
        ),
        (
            create_repository("x", kind="r", identifier="x", sources=[], fallback="x"),
            UsageError,
            "repositories.x.fallback: must be an http or https URL, not 'x'",
        ),
        (edit_repository("none"), NotFound, "no repository named 'none'; repositories: all"),
        (edit_repository("all", new_name="_"), UsageError, "'_' cannot name a repository"),
        (edit_repository("all", sources=["old", "old"]), UsageError, "source 'old' is listed twice"),
        (remove_repository("none"), NotFound, "no repository named 'none'; repositories: all"),
    ],
)
def test_an_edit_that_cannot_be_is_refused(edit: Edit, kind: type[RepogenError], message: str) -> None:
    """Each edit says on one line why it cannot be made."""
    with pytest.raises(kind) as caught:
        after(edit)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_not_edited() -> None:
    """A mistake that somebody made by hand is told before anything is changed."""
    with pytest.raises(ConfigError, match=r"sources\.x\.type: is missing"):
        edited(b"format = 1\n[sources.x]\n", create_source("y", kind="r", identifier="y"))


def test_what_would_come_out_as_something_else_is_refused() -> None:
    """Where a file is written in a way that cannot be edited in place, nothing becomes of the edit."""
    dotted = b"format = 1\nsources.a.type = 'python'\nrepositories.b = {type = 'python', sources = ['a']}\n"

    with pytest.raises(ConfigError, match=r"cannot be edited the way it is written; write each table as \[sources"):
        edited(dotted, rename_source("a", "c"))


def test_an_edit_is_a_commit(tmp_path: Path) -> None:
    """The new configuration is in the store, under the name of whoever made it."""
    store = new_store(tmp_path)

    config = store.write(
        lambda writer: configure(writer, remove_source("far"), subject="remove far", by=ALICE, now=NOW), wait=1
    )

    assert list(config.sources) == ["near"]
    assert store.newest().config() == config


def test_an_edit_of_nothing_is_no_commit(tmp_path: Path) -> None:
    """What is so already is not committed again."""
    store = new_store(tmp_path)
    before = store.head()

    store.write(lambda writer: configure(writer, edit_repository("mixed"), subject="edit", by=ALICE, now=NOW), wait=1)

    assert store.head() == before


def test_a_store_without_the_file_says_so(tmp_path: Path) -> None:
    """Nothing is made up where repogen.toml is missing."""
    store = new_store(tmp_path)
    commit(store, {"repogen.toml": None})

    with pytest.raises(ConfigError, match="the file is missing from the store"):
        store.write(lambda writer: configure(writer, subject="edit", by=ALICE, now=NOW), wait=1)


@pytest.mark.parametrize("new", ["here", None])
def test_a_source_takes_its_files_along(tmp_path: Path, new: str | None) -> None:
    """With its name, a source's folder moves in the same commit; with the source, it goes."""
    store = new_store(tmp_path)
    add(store, "near", [make_wheel(tmp_path)])
    folder = store.newest().folder_id("sources/near")
    edit = remove_source("near") if new is None else rename_source("near", new)

    def change(writer: Writer) -> None:
        moves = source_moves(writer, "near", new)
        configure(writer, edit, subject="move", by=ALICE, now=NOW, moves=moves)

    store.write(change, wait=1)

    assert store.newest().folder_id("sources/near") is None
    assert store.newest().folder_id("sources/here") == (folder if new else None)
    assert len(history(store)) == 3


def test_a_source_without_files_has_nothing_to_move(tmp_path: Path) -> None:
    """An empty source is renamed in the configuration alone."""
    store = new_store(tmp_path)

    assert store.write(lambda writer: source_moves(writer, "near", "here"), wait=1) == {}


TRUSTING = """\
[trusted_publishing]
audience = "packages.example"

[trusted_publishing.rules.release] # Al's
issuer = "github"
claims = { repository = "acme/example" }
sources = ["mine", "old"]
"""


def test_rules_follow_their_sources() -> None:
    """A rule of trusted publishing is for a renamed source under its new name, and not for a removed one."""
    text = f"{WRITTEN}\n{TRUSTING}".encode()

    renamed = edited(text, rename_source("mine", "ours"))
    assert parse_config(renamed).trusted_publishing.rules[0].sources == ("ours", "old")
    assert b"[trusted_publishing.rules.release] # Al's" in renamed
    removed = edited(text, remove_source("old"), remove_source("mine"))
    assert parse_config(removed).trusted_publishing.rules[0].sources == ()
