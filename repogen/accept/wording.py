"""The words of commits and answers. They are an interface: tests hold them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from repogen.accept.decide import Decision, Status
from repogen.config import Config
from repogen.model.names import ProjectKey, Sha256, one_line
from repogen.model.record import Submitter
from repogen.store.precedence import winner
from repogen.store.revision import Revision

#: A commit of more files than this names no single one: its message would outgrow every reader.
_MAX_NAMED = 100


def add_subject(decisions: Sequence[Decision], source: str, origin: str | None = None) -> str:
    """``add example 1.0 to local-python (2 files)``, ``copy example 1.0 from staging to local-python (2 files)``."""
    if origin is not None:
        verb, place = "copy", f"from {origin} to"
    elif any(decision.status == "added" for decision in decisions):
        verb, place = "add", "to"
    else:
        verb, place = "sign", "in"
    releases = {(decision.distribution.key, decision.distribution.version) for decision in decisions}
    files = counted(len(decisions))
    if len(releases) == 1:
        first = decisions[0].distribution
        return f"{verb} {first.inspected.name} {first.version} {place} {source} ({files})"
    projects = len({key for key, _ in releases})
    return f"{verb} {files} of {projects} project{'s' if projects != 1 else ''} {place} {source}"


def add_trailers(
    decisions: Sequence[Decision], source: str, by: Submitter, origin: str | None = None
) -> list[tuple[str, str]]:
    """Source, From (of a copy), Project, Version, Sha256, Token and what is known of a trusted publisher."""
    files = [(one.key, one.version, one.sha256) for one in (decision.distribution for decision in decisions)]
    return [("Source", source), *([("From", origin)] if origin else []), *file_trailers(files), *token_trailer(by)]


def file_trailers(files: Sequence[tuple[ProjectKey, str, Sha256]]) -> list[tuple[str, str]]:
    """Project, Version and Sha256; a large batch is counted instead of listed."""
    if len(files) > _MAX_NAMED:
        return [("Files", str(len(files)))]
    return [
        *(("Project", key) for key in dict.fromkeys(key for key, _, _ in files)),
        *(("Version", version) for version in dict.fromkeys(version for _, version, _ in files)),
        *(("Sha256", sha256) for _, _, sha256 in files),
    ]


def counted(number: int) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} file{'s' if number != 1 else ''}"


def token_trailer(by: Submitter) -> list[tuple[str, str]]:
    """The id of the token that was used, and the job that it was minted for; nothing for a local user."""
    return [("Token", by.token), *by.publisher] if by.token else []


def receipt_text(decisions: Sequence[Decision], notes: Sequence[str]) -> str:
    """One line for the sender: what happened, the notes on where it cannot be seen, and every warning."""
    statuses = [decision.status for decision in decisions]
    if len(decisions) == 1:
        target = decisions[0].distribution.inspected.target
        parts = [f"{decisions[0].distribution.filename}: {statuses[0]}{f' for {target}' if target else ''}"]
    else:
        counts = [f"{statuses.count(status)} {status}" for status in get_args(Status) if status in statuses]
        parts = [f"{len(decisions)} files: {', '.join(counts)}"]
    parts += notes
    parts += [f"{decision.distribution.filename}: {warning}" for decision in decisions for warning in decision.warnings]
    return one_line("; ".join(parts), limit=4000)


def hidden_notes(decisions: Sequence[Decision], source: str, revision: Revision, config: Config) -> tuple[str, ...]:
    """Where clients cannot see what was accepted, a line each."""
    keys = sorted({decision.distribution.key for decision in decisions})
    repositories = config.repositories_of(source)
    if not repositories:
        return (f"no repository lists the source {source}, so nobody can install it yet",)
    notes = []
    for repository in repositories:
        for key in keys:
            first = winner(revision, repository, key)
            if first not in (source, None):
                notes.append(f"hidden in repository {repository.name}: its source {first} has {key} first")
    return tuple(notes)
