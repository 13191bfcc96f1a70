"""What a request changes in the store, and what its sender is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from repogen.accept import Receipt, Request, accept
from repogen.accept.configure import configure, remove_source, rename_source, source_moves
from repogen.errors import FileExists, NotFound
from repogen.model.names import ProjectKey
from repogen.model.record import Submitter
from repogen.store import Store
from repogen.store.paths import project_path
from repogen.store.writer import Writer
from tests.factories import make_sdist, make_wheel
from tests.stores import (
    ALICE,
    NOW,
    OTHER_SIGNATURE,
    SIGNATURE,
    add,
    commit,
    history,
    incoming,
    new_store,
    renamed,
    request,
)

EXAMPLE = ProjectKey("example")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return new_store(tmp_path)


def files(store: Store, source: str = "near") -> list[str]:
    """The paths below a source, without the shards of names."""
    found = store.newest().files_below(store.newest().folder_id(f"sources/{source}"))
    return [path.partition("/")[2] for path, _ in found]


def land(store: Store, ready: Request) -> Receipt:
    return store.write(lambda writer: accept(ready, writer=writer, store=store, now=NOW), wait=1)


def statuses(receipt: Receipt) -> list[tuple[str, str]]:
    return [(outcome.filename, outcome.status) for outcome in receipt.outcomes]


def test_a_new_file_is_added(store: Store, tmp_path: Path) -> None:
    """Pointer, metadata, record and signature lie side by side in the store, the bytes in the pool."""
    file = make_wheel(tmp_path)
    one = incoming(file, signature=SIGNATURE)

    receipt = add(store, "near", [one])

    name = "example/1.0/example-1.0-py3-none-any.whl"
    assert files(store) == [name, f"{name}.asc", f"{name}.json", f"{name}.metadata"]
    project = store.newest().project("near", EXAMPLE)
    assert project is not None
    (entry,) = project.entries
    assert entry.record.by == ALICE
    assert entry.signature is not None
    assert store.newest().blob(entry.signature) == SIGNATURE
    assert store.pool.path(entry.record.sha256).read_bytes() == file.read_bytes()
    assert not one.spooled.exists()
    assert (receipt.commit, statuses(receipt)) == (store.head(), [(file.name, "added")])
    assert receipt.text == "example-1.0-py3-none-any.whl: added"


def test_what_somebody_put_beside_releases_is_in_nobodys_way(store: Store, tmp_path: Path) -> None:
    """A folder whose name is no version is passed by."""
    add(store, "near", [make_wheel(tmp_path)])
    commit(store, {f"{project_path('near', EXAMPLE)}/notes/read.me": b"by hand"})

    receipt = add(store, "near", [make_wheel(tmp_path, version="1.1")])

    assert statuses(receipt) == [("example-1.1-py3-none-any.whl", "added")]


def test_the_same_bytes_again_change_nothing(store: Store, tmp_path: Path) -> None:
    """Whoever sends a file twice is told so, and no commit is made."""
    add(store, "near", [make_wheel(tmp_path)])
    before = store.head()

    receipt = add(store, "near", [make_wheel(tmp_path)], by=Submitter(subject="bob"))

    assert store.head() == before
    assert (receipt.commit, receipt.text) == (None, "example-1.0-py3-none-any.whl: unchanged")


def test_a_signature_can_come_later(store: Store, tmp_path: Path) -> None:
    """The same bytes with a signature add just that; the record keeps who sent the file."""
    add(store, "near", [make_wheel(tmp_path)])
    before = store.newest().project("near", EXAMPLE)

    receipt = add(store, "near", [incoming(make_wheel(tmp_path), signature=SIGNATURE)], by=Submitter(subject="bob"))

    after = store.newest().project("near", EXAMPLE)
    assert statuses(receipt) == [("example-1.0-py3-none-any.whl", "signed")]
    assert before is not None
    assert after is not None
    assert (before.entries[0].signature, after.entries[0].record) == (None, before.entries[0].record)


def test_the_first_signature_stays(store: Store, tmp_path: Path) -> None:
    """Another signature is not taken in place of the one that is there; the same one is no cause for words."""
    add(store, "near", [incoming(make_wheel(tmp_path), signature=SIGNATURE)])
    before = store.head()

    other = add(store, "near", [incoming(make_wheel(tmp_path), signature=OTHER_SIGNATURE)])
    same = add(store, "near", [incoming(make_wheel(tmp_path), signature=SIGNATURE)])

    assert store.head() == before
    assert statuses(other) == [("example-1.0-py3-none-any.whl", "unchanged")]
    assert other.outcomes[0].warnings == ("another signature is there already and was kept",)
    assert same.outcomes[0].warnings == ()


@pytest.mark.parametrize("name", ["example-1.0-py3-none-any.whl", "Example-1.0.0-py3-none-any.whl"])
def test_other_bytes_under_a_name_that_is_taken_are_refused(store: Store, tmp_path: Path, name: str) -> None:
    """A name stands for the same bytes for ever, in whatever spelling: the error says which bytes, and as what."""
    first = incoming(make_wheel(tmp_path))
    add(store, "near", [first])
    before = store.head()
    other = incoming(make_wheel(tmp_path, files={"other.py": b""}), name=name)

    with pytest.raises(FileExists) as caught:
        add(store, "near", [other])

    assert store.head() == before
    assert caught.value.sha256 == first.digests["sha256"]
    again = "a name is never used again: raise the version"
    hint = "; " + (again if name == first.filename else f"it is there as '{first.filename}'")
    assert str(caught.value) == f"File already exists ('{name}', with sha256 {first.digests['sha256']}){hint}"
    assert other.spooled.exists()


def test_two_spellings_of_one_file_are_one_file(store: Store, tmp_path: Path) -> None:
    """The same bytes under another spelling change nothing and say how the file is called."""
    one = incoming(make_wheel(tmp_path))
    add(store, "near", [renamed(one, "Example-1.0-py3-none-any.whl")])

    receipt = add(store, "near", [incoming(make_wheel(tmp_path), signature=SIGNATURE)])

    assert statuses(receipt) == [("example-1.0-py3-none-any.whl", "signed")]
    assert receipt.outcomes[0].warnings == ("the same file is there already as 'Example-1.0-py3-none-any.whl'",)
    assert "example/1.0/Example-1.0-py3-none-any.whl.asc" in files(store)


def test_a_spelling_out_of_the_ordinary_is_kept_with_a_warning(store: Store, tmp_path: Path) -> None:
    """The name is stored as it was sent, and the sender learns of the standard one."""
    receipt = add(store, "near", [make_sdist(tmp_path, filename="Example-1.0.tar.gz")])

    assert "example/1.0/Example-1.0.tar.gz" in files(store)
    assert receipt.text == (
        "Example-1.0.tar.gz: added; Example-1.0.tar.gz: file name 'Example-1.0.tar.gz' is kept; "
        "the standard spelling is 'example-1.0.tar.gz'"
    )


@pytest.mark.parametrize("how", ["together", "one by one"])
def test_equal_versions_share_a_folder(store: Store, tmp_path: Path, how: str) -> None:
    """1.0 and 1.0.0 are one release, whether they come in one batch or one by one; so no name in it is free twice."""
    wheel, sdist = make_wheel(tmp_path, version="1.0"), make_sdist(tmp_path, version="1.0.0")
    if how == "together":
        add(store, "near", [wheel, sdist])
    else:
        add(store, "near", [wheel])
        add(store, "near", [sdist])

    assert {path.split("/")[1] for path in files(store)} == {"1.0"}
    with pytest.raises(FileExists, match=r"it is there as 'example-1\.0\.0\.tar\.gz'"):
        add(store, "near", [make_sdist(tmp_path, version="1.0")])


def test_a_batch_is_one_commit(store: Store, tmp_path: Path) -> None:
    """Files of several projects land together, and what was there already is said of each."""
    add(store, "near", [make_wheel(tmp_path)])
    batch = [make_wheel(tmp_path), make_sdist(tmp_path), make_wheel(tmp_path, "other", "2")]

    receipt = add(store, "near", batch)

    assert len(history(store)) == 3
    assert [status for _, status in statuses(receipt)] == ["unchanged", "added", "added"]
    assert receipt.text == "3 files: 2 added, 1 unchanged"


def test_a_batch_is_accepted_whole_or_not_at_all(store: Store, tmp_path: Path) -> None:
    """One file whose name is taken keeps the others out too; nothing of them is in the pool."""
    add(store, "near", [make_wheel(tmp_path)])
    before = store.head()
    new = incoming(make_wheel(tmp_path, "other"))

    with pytest.raises(FileExists):
        add(store, "near", [new, make_wheel(tmp_path, files={"x.py": b""})])

    assert store.head() == before
    assert new.spooled.exists()
    assert len([path for path in store.pool.folder.rglob("*") if path.is_file()]) == 1


def test_a_batch_may_name_a_file_twice(store: Store, tmp_path: Path) -> None:
    """Twice the same bytes count once; two files that want one name are refused."""
    receipt = add(store, "near", [make_wheel(tmp_path), make_wheel(tmp_path)])
    assert statuses(receipt) == [("example-1.0-py3-none-any.whl", "added")]

    one, other = incoming(make_sdist(tmp_path)), incoming(make_sdist(tmp_path, files={"x": b""}))
    with pytest.raises(FileExists, match="the batch has it twice"):
        add(store, "near", [one, other])


def test_sources_are_apart(store: Store, tmp_path: Path) -> None:
    """What one source holds under a name is of no concern to another."""
    add(store, "near", [make_wheel(tmp_path)])
    receipt = add(store, "far", [make_wheel(tmp_path, files={"x.py": b""})])

    assert statuses(receipt) == [("example-1.0-py3-none-any.whl", "added")]


def test_a_file_that_the_pool_lost_comes_back(store: Store, tmp_path: Path) -> None:
    """The same bytes again heal the pool, without a commit."""
    one = incoming(make_wheel(tmp_path))
    add(store, "near", [one])
    lost = next(path for path in store.pool.folder.rglob("*") if path.is_file())
    lost.unlink()

    receipt = add(store, "near", [make_wheel(tmp_path)])

    assert (receipt.commit, lost.is_file()) == (None, True)


def test_what_cannot_be_seen_is_said(store: Store, tmp_path: Path) -> None:
    """The answer names each repository that shows another source's project in place of this one."""
    add(store, "far", [make_wheel(tmp_path)])

    receipt = add(store, "near", [make_wheel(tmp_path, version="2.0"), make_wheel(tmp_path, "free")])

    assert receipt.text == "2 files: 2 added; hidden in repository mixed: its source far has example first"


def test_a_source_in_no_repository_is_said(store: Store, tmp_path: Path) -> None:
    """Who adds to a source that nobody lists learns that nobody can install from it."""
    commit(store, {"repogen.toml": b"format = 1\n[sources.near]\nid = 'n1'\ntype = 'python'\n"})

    receipt = add(store, "near", [make_wheel(tmp_path)])

    assert receipt.text == (
        "example-1.0-py3-none-any.whl: added; no repository lists the source near, so nobody can install it yet"
    )


def test_a_source_that_is_renamed_meanwhile_is_followed(store: Store, tmp_path: Path) -> None:
    """A request that was made for a source lands in it under the name that it has by then."""

    def change(writer: Writer) -> None:
        moves = source_moves(writer, "near", "here")
        configure(writer, rename_source("near", "here"), subject="rename", by=ALICE, now=NOW, moves=moves)

    on_its_way = request(store, "near", [make_wheel(tmp_path)])
    store.write(change, wait=1)
    land(store, on_its_way)

    assert (len(files(store, "near")), len(files(store, "here"))) == (0, 3)


def test_a_source_that_is_removed_meanwhile_takes_nothing(store: Store, tmp_path: Path) -> None:
    """A request for a source that is gone by then is refused: nobody would ever see the file."""
    on_its_way = request(store, "near", [make_wheel(tmp_path)])
    store.write(lambda writer: configure(writer, remove_source("near"), subject="remove", by=ALICE, now=NOW), wait=1)

    with pytest.raises(NotFound, match="the source 'near' has been removed"):
        land(store, on_its_way)


def test_a_file_that_is_twice_in_a_batch_keeps_its_signature(store: Store, tmp_path: Path) -> None:
    """The same bytes named twice are one file, with the signature that either brought."""
    wheel = make_wheel(tmp_path)

    receipt = add(store, "near", [incoming(wheel), incoming(wheel, signature=SIGNATURE)])

    assert statuses(receipt) == [("example-1.0-py3-none-any.whl", "added")]
    project = store.newest().project("near", ProjectKey("example"))
    assert project is not None
    assert project.entries[0].signature is not None
