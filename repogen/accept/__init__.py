"""The accepting half: everything that ends in a commit.

examine    an incoming file -> a checked distribution, or every reason against it
decide     a checked distribution -> what it changes in the store as it is
accept     the distributions of one request -> one commit
landing    requests that are ready together -> chained commits, one ref update, one publish
wording    the words of commits and answers
sign       a signature for a file that is there
selecting  which files a version or a file name means
amend      marks on what is there: yanked, archived
removal    distributions that go, and their tombstones
copying    a release of one source into another
reverting  a commit of these verbs undone by a new one
configure  sources and repositories
tokens     issued and revoked tokens
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from repogen.accept.decide import Status, check_spelling, decide, file_identity, release_folder
from repogen.accept.examine import Distribution, Incoming, examine
from repogen.accept.wording import add_subject, add_trailers, hidden_notes, receipt_text
from repogen.config import Source
from repogen.ecosystems import ecosystem_of
from repogen.errors import FileExists, NotFound
from repogen.model.names import CommitId
from repogen.model.record import Submitter
from repogen.store import Store
from repogen.store.writer import Writer

__all__ = ["Distribution", "Incoming", "Outcome", "Receipt", "Request", "Status", "accept", "examine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Checked distributions for one source, to be accepted together or not at all.

    ``origin`` is the source that they are copied from, or None where they come from outside.
    """

    source: Source
    by: Submitter
    distributions: tuple[Distribution, ...]
    origin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one file."""

    filename: str
    status: Status
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The answer to one request: the commit that holds it (None: nothing had to change), and one line of text.

    ``notes`` say where clients cannot see the files; ``text`` has them, too.
    """

    commit: CommitId | None
    outcomes: tuple[Outcome, ...]
    text: str
    notes: tuple[str, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """The same for programs, as JSON has it."""
        files = [
            {"filename": one.filename, "status": one.status, "warnings": list(one.warnings)} for one in self.outcomes
        ]
        return {"commit": self.commit, "files": files, "notes": list(self.notes)}


def accept(request: Request, *, writer: Writer, store: Store, now: datetime) -> Receipt:
    """Commit the distributions of one request to ``writer``, as one commit.

    The same bytes again change nothing, but may bring a signature that was missing, and heal a file that
    the pool has lost. A source that was renamed meanwhile is found by its id. Raises FileExists where a name
    is taken by other bytes, NotFound where the source is gone; nothing is committed then.
    """
    revision = writer.revision
    config = revision.good_config()
    found = config.source_with_id(request.source.id)
    if found is None:
        raise NotFound(f"the source {request.source.name!r} has been removed")
    source, ecosystem = found.name, ecosystem_of(found.type)
    check_spelling(revision, source, request.distributions)
    first: dict[tuple[str, str], Distribution] = {}
    for one in request.distributions:
        identity = file_identity(ecosystem, one.inspected.target, one.filename)
        twin = first.setdefault(identity, one)
        if twin.sha256 != one.sha256:
            raise FileExists(one.filename, sha256=twin.sha256, hint="the batch has it twice")
        if twin.incoming.signature is None and one.incoming.signature is not None:
            first[identity] = one
    folders: dict[Any, str] = {}
    decisions = []
    for one in first.values():
        # Equal versions of one batch share a folder, too: file names are compared within it.
        release = one.key, ecosystem.version_key(one.version)
        folder = folders.setdefault(release, release_folder(revision, ecosystem, source, one))
        decisions.append(
            decide(one, folder=folder, source=source, revision=revision, ecosystem=ecosystem, by=request.by, now=now)
        )
    for decision in decisions:
        one = decision.distribution
        if request.origin is None and not store.pool.holds(one.sha256, one.incoming.size):
            store.pool.take(one.incoming.spooled, one.sha256)
    changed = [decision for decision in decisions if decision.changes]
    commit = None
    if changed:
        commit = writer.commit(
            {path: change for decision in changed for path, change in decision.changes.items()},
            subject=add_subject(changed, source, request.origin),
            trailers=add_trailers(changed, source, request.by, request.origin),
            author=request.by.subject,
            now=now,
        )
    notes = hidden_notes(decisions, source, writer.revision, config)
    return Receipt(
        commit=commit,
        outcomes=tuple(
            Outcome(filename=one.distribution.filename, status=one.status, warnings=one.warnings) for one in decisions
        ),
        text=receipt_text(decisions, notes),
        notes=notes,
    )
