"""From a file as it arrived to a distribution that may be committed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from repogen.ecosystems import ECOSYSTEMS, Ecosystem, same_version
from repogen.errors import InvalidUpload, Problem
from repogen.model.inspected import NOTHING_STATED, Inspected, Stated
from repogen.model.names import ProjectKey, Sha256
from repogen.model.record import Record, Submitter
from repogen.model.signatures import check_armour


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One file as it arrived: its bytes lie at ``spooled``, which accepting moves into the pool.

    ``filename`` is "" where it came without a name. ``digests`` were computed from the bytes; ``stated`` is what the
    sender says of them. ``signature`` is the armour as sent, ``attestations`` the JSON text as sent. ``problems`` are
    those of the form that it came in: they are told together with those of the file.
    """

    filename: str
    spooled: Path
    size: int
    digests: Mapping[str, str]
    stated: Stated = NOTHING_STATED
    signature: bytes | None = None
    attestations: bytes | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A file that was looked into and found good. ``version`` is the canonical form of the ecosystem.

    ``yanked`` and ``archived`` are the marks that it brings along, as in its record.
    """

    incoming: Incoming
    inspected: Inspected
    key: ProjectKey
    version: str
    yanked: str | None = None
    archived: bool = False

    @property
    def filename(self) -> str:
        return self.inspected.filename

    @property
    def place(self) -> str:
        """Where it lies below the folder of its release."""
        return f"{self.inspected.target}/{self.filename}" if self.inspected.target else self.filename

    @property
    def sha256(self) -> Sha256:
        return Sha256(self.incoming.digests["sha256"])

    def record(self, *, uploaded: datetime, by: Submitter) -> Record:
        """The record to commit for this file; ``uploaded`` is an aware time."""
        return Record(
            filename=self.filename,
            name=self.inspected.name,
            version=self.version,
            kind=self.inspected.kind,
            target=self.inspected.target,
            size=self.incoming.size,
            digests=self.incoming.digests,
            uploaded=f"{uploaded.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            by=by,
            yanked=self.yanked,
            archived=self.archived,
            facts=self.inspected.facts,
        )


def examine(incoming: Incoming, ecosystem: Ecosystem) -> Distribution:
    """Look into one file. Raises InvalidUpload with every problem of the file, its form and its signature."""
    problems = list(incoming.problems)
    if stray := _misplaced(incoming.filename, ecosystem):
        raise InvalidUpload([*problems, stray], filename=incoming.filename)
    inspected = None
    try:
        inspected = ecosystem.inspect(incoming.filename, incoming.spooled, incoming.stated.distribution)
    except InvalidUpload as error:
        problems += error.problems
    problems += _digest_problems(incoming)
    if inspected is not None:
        problems += _stated_problems(incoming.stated, inspected, ecosystem)
    if incoming.signature is not None:
        problems += check_armour(incoming.signature)
    if problems or inspected is None:
        raise InvalidUpload(problems, filename=incoming.filename)
    return Distribution(
        incoming=incoming,
        inspected=inspected,
        key=ecosystem.project_key(inspected.name),
        version=ecosystem.canonical_version(inspected.version),
    )


def _misplaced(filename: str, ecosystem: Ecosystem) -> Problem | None:
    """Is it a file of another ecosystem? Its name alone tells, and what this one says of it would not help."""
    if not filename or ecosystem.recognizes(filename):
        return None
    others = [other.title for other in ECOSYSTEMS.values() if other is not ecosystem and other.recognizes(filename)]
    named = " or ".join(others)
    text = f"{filename!r} is named as {named} packages are, and this source takes {ecosystem.title} packages"
    return Problem("filename", text) if others else None


def _digest_problems(incoming: Incoming) -> list[Problem]:
    return [
        Problem("digest-mismatch", f"the form states {algorithm} {stated!r}, the file that arrived has {found!r}")
        for algorithm, stated in incoming.stated.digests.items()
        if (found := incoming.digests[algorithm]) != stated.lower()
    ]


def _stated_problems(stated: Stated, inspected: Inspected, ecosystem: Ecosystem) -> list[Problem]:
    problems = []
    if stated.name is not None and ecosystem.project_key(stated.name) != ecosystem.project_key(inspected.name):
        text = f"the form states the name {stated.name!r}, the archive says {inspected.name!r}"
        problems.append(Problem("name-mismatch", text))
    if stated.version is not None and not same_version(ecosystem, stated.version, inspected.version):
        text = f"the form states the version {stated.version!r}, the archive says {inspected.version!r}"
        problems.append(Problem("version-mismatch", text))
    if stated.kind is not None and stated.kind != inspected.kind:
        problems.append(Problem("kind-mismatch", f"the form states a {stated.kind}, the file is a {inspected.kind}"))
    return problems
