"""The history: finding a commit, and what it changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pygit2

from repogen.errors import NotFound, UsageError
from repogen.model.names import BlobId, CommitId, Sha256
from repogen.store import paths

_HEX = re.compile(r"[0-9a-f]{4,40}\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One commit, and its changes against the only one before it.

    ``changes`` maps each path to the ids of the file before and after, None where there was or is none;
    ``parents`` is the number of commits before it, and unless that is 1 there are no changes.
    """

    commit: CommitId
    subject: str
    parents: int
    changes: Mapping[str, tuple[BlobId | None, BlobId | None]]


def find_commit(repository: pygit2.Repository, head: CommitId, text: str) -> CommitId:
    """The commit that ``text`` means: the start of its id (four digits at the least), or a name that Git knows.

    Only those that ``head`` came from are looked at. Raises NotFound, or UsageError where it could be several.
    """
    unknown = NotFound(f"no commit {text!r} in the history of the store", hint="git log lists them")
    if _HEX.match(text):
        history = map(str, (commit.id for commit in repository.walk(pygit2.Oid(hex=head))))
        found = [commit for commit in history if commit.startswith(text.lower())]
        if len(found) > 1:
            raise UsageError(f"{text!r} is the start of {len(found)} commits", hint="give more digits")
        if not found:
            raise unknown
        return CommitId(found[0])
    try:
        commit = repository.revparse_single(text).peel(pygit2.Commit).id
    except (KeyError, ValueError, pygit2.GitError):
        raise unknown from None
    if str(commit) != head and not repository.descendant_of(pygit2.Oid(hex=head), commit):
        raise unknown
    return CommitId(str(commit))


def descends(repository: pygit2.Repository, newer: CommitId, older: CommitId) -> bool:
    """Is ``older`` the commit ``newer``, or one that it came from?"""
    if newer == older:
        return True
    return older in repository and repository.descendant_of(pygit2.Oid(hex=newer), pygit2.Oid(hex=older))


def archives_between(repository: pygit2.Repository, before: CommitId | None, after: CommitId) -> tuple[Sha256, ...]:
    """The digests of the archives in the tree of ``after`` that are not in that of ``before`` (None: all), sorted."""
    new = repository[after].peel(pygit2.Tree)
    diff = repository[before].peel(pygit2.Tree).diff_to_tree(new) if before else new.diff_to_tree(swap=True)
    found = set()
    for delta in diff.deltas:
        if delta.status != pygit2.enums.DeltaStatus.DELETED and delta.new_file.path.endswith(paths.ARCHIVE_SUFFIXES):
            sha256, _ = paths.read_pointer(repository[delta.new_file.id].peel(pygit2.Blob).data)
            found.update([sha256] if sha256 else [])
    return tuple(sorted(found))


def read_step(commit: pygit2.Commit) -> Step:
    """What a commit changed."""
    changes: dict[str, tuple[BlobId | None, BlobId | None]] = {}
    if len(commit.parents) == 1:
        for delta in commit.parents[0].tree.diff_to_tree(commit.tree).deltas:
            added = delta.status == pygit2.enums.DeltaStatus.ADDED
            deleted = delta.status == pygit2.enums.DeltaStatus.DELETED
            changes[delta.old_file.path if deleted else delta.new_file.path] = (
                None if added else BlobId(str(delta.old_file.id)),
                None if deleted else BlobId(str(delta.new_file.id)),
            )
    return Step(
        commit=CommitId(str(commit.id)),
        subject=commit.message.partition("\n")[0],
        parents=len(commit.parents),
        changes=changes,
    )
