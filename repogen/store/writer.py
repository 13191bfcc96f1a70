"""Commits, written straight into the object database: no index, no work tree."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

import pygit2

from repogen.model.names import CommitId, TreeId, one_line
from repogen.store.revision import Revision

#: What becomes of a path: these bytes, the folder with this id, or nothing (None).
Change = bytes | TreeId | None

_COMMITTER = ("repogen", "repogen@localhost")
_EMAIL = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+\Z")
_MAX_AUTHOR = 100


class Writer:
    """A chain of commits on top of a revision, not visible to anybody until the store lands it."""

    def __init__(self, repository: pygit2.Repository, base: CommitId | None) -> None:
        self._repository = repository
        self.base = base
        self.tip = base

    @property
    def revision(self) -> Revision:
        """The store as it will be after the commits so far."""
        assert self.tip is not None
        return Revision(self._repository, self.tip)

    def commit(
        self,
        changes: Mapping[str, Change],
        *,
        subject: str,
        trailers: Sequence[tuple[str, str]] = (),
        author: str,
        now: datetime,
    ) -> CommitId:
        """Add a commit that makes ``changes``, keyed by path.

        ``author`` is anybody's text and is cleaned; so are ``subject`` and the values of ``trailers``,
        each of which stays on its line.
        """
        tree = self._repository[self.tip].peel(pygit2.Tree) if self.tip else None
        grafted = self._graft(tree, _nested(changes)) or self._repository.TreeBuilder().write()
        seconds = int(now.timestamp())
        commit = self._repository.create_commit(
            None,
            _signature(author, seconds),
            pygit2.Signature(*_COMMITTER, seconds, 0),
            _message(subject, trailers),
            grafted,
            [self.tip] if self.tip else [],
        )
        self.tip = CommitId(str(commit))
        return self.tip

    def _graft(self, tree: pygit2.Tree | None, changes: Mapping[str, object]) -> pygit2.Oid | None:
        builder = self._repository.TreeBuilder(tree) if tree is not None else self._repository.TreeBuilder()
        for name, change in changes.items():
            if isinstance(change, dict):
                below = tree[name] if tree is not None and name in tree else None
                grafted = self._graft(below if isinstance(below, pygit2.Tree) else None, change)
                if grafted is not None:
                    builder.insert(name, grafted, pygit2.enums.FileMode.TREE)
                    continue
            elif isinstance(change, bytes):
                builder.insert(name, self._repository.create_blob(change), pygit2.enums.FileMode.BLOB)
                continue
            elif isinstance(change, str):
                builder.insert(name, pygit2.Oid(hex=change), pygit2.enums.FileMode.TREE)
                continue
            if builder.get(name) is not None:
                builder.remove(name)
        return builder.write() if len(builder) else None


def clean_author(author: str) -> str:
    """A name that Git can hold: one line, no ``<>``, at most 100 characters, never empty."""
    cleaned = one_line(author).translate({ord("<"): None, ord(">"): None}).strip(" .,:;\"'")
    return cleaned[:_MAX_AUTHOR].strip() or "unknown"


def _signature(author: str, seconds: int) -> pygit2.Signature:
    name = clean_author(author)
    email = name if _EMAIL.match(name) else _COMMITTER[1]
    return pygit2.Signature(name, email, seconds, 0, "utf-8")


def _message(subject: str, trailers: Sequence[tuple[str, str]]) -> str:
    lines = [one_line(subject), ""] if trailers else [one_line(subject)]
    lines += [f"{key}: {one_line(value)}" for key, value in trailers]
    return "\n".join(lines) + "\n"


def _nested(changes: Mapping[str, Change]) -> dict[str, object]:
    root: dict[str, object] = {}
    for path, change in changes.items():
        *folders, name = path.split("/")
        place = root
        for folder in folders:
            below = place.setdefault(folder, {})
            assert isinstance(below, dict)
            place = below
        place[name] = change
    return root
