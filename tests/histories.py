"""Histories of a store, step by step: what the laws of the generating half are held against."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from repogen.accept.configure import (
    Edit,
    configure,
    create_repository,
    edit_repository,
    remove_repository,
    rename_source,
    source_moves,
)
from repogen.config import Config
from repogen.errors import RepogenError
from repogen.model.names import SourceType
from repogen.store import Store
from repogen.store.writer import Writer
from tests.stores import ALICE, CONFIG, NOW, build, commit, new_store


class Step(Protocol):
    """Something that happens to a store; what the store refuses is part of a history, too."""

    def play(self, store: Store, folder: Path, /) -> None: ...


@dataclass(frozen=True)
class RenameSource:
    """Give a source another name."""

    source: str
    name: str

    def play(self, store: Store, _: Path) -> None:
        old = source_name(store, self.source)

        def change(writer: Writer) -> None:
            moves = source_moves(writer, old, self.name)
            configure(writer, rename_source(old, self.name), subject="rename", by=ALICE, now=NOW, moves=moves)

        store.write(change, wait=10)


@dataclass(frozen=True)
class Arrange:
    """Let a repository have these sources, by id, in this order; create it where it is missing."""

    repository: str
    sources: tuple[str, ...]
    kind: SourceType = "python"

    def play(self, store: Store, _: Path) -> None:
        sources = [source_name(store, source) for source in self.sources]
        if self.repository in config_of(store).repositories:
            _edit(store, edit_repository(self.repository, sources=sources))
        else:
            _edit(
                store, create_repository(self.repository, kind=self.kind, identifier=self.repository, sources=sources)
            )


@dataclass(frozen=True)
class RenameRepository:
    """Give a repository another name."""

    old: str
    new: str

    def play(self, store: Store, _: Path) -> None:
        _edit(store, edit_repository(self.old, new_name=self.new))


@dataclass(frozen=True)
class RemoveRepository:
    """Take a repository away."""

    repository: str

    def play(self, store: Store, _: Path) -> None:
        _edit(store, remove_repository(self.repository))


@dataclass(frozen=True)
class Write:
    """Write a file of the store by hand, or delete it."""

    path: str
    data: bytes | None

    def play(self, store: Store, _: Path) -> None:
        commit(store, {self.path: self.data})


@dataclass(frozen=True)
class Build:
    """Let the site follow."""

    def play(self, store: Store, folder: Path) -> None:
        build(store, folder / "site", grace=0)


@contextmanager
def played(history: Sequence[Step], config: bytes = CONFIG) -> Iterator[tuple[Store, Path]]:
    """A store and its folder after a history. What the store refuses is part of history, too."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = new_store(folder, config)
        for step in history:
            try:
                step.play(store, folder)
            except RepogenError:
                if isinstance(step, Build):
                    raise
        yield store, folder


def config_of(store: Store) -> Config:
    return store.newest().good_config()


def source_name(store: Store, identifier: str) -> str:
    source = config_of(store).source_with_id(identifier)
    assert source is not None
    return source.name


def _edit(store: Store, edit: Edit) -> None:
    store.write(lambda writer: configure(writer, edit, subject="edit", by=ALICE, now=NOW), wait=10)
