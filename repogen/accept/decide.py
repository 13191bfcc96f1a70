"""What one distribution changes in the store as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from repogen.accept.examine import Distribution
from repogen.ecosystems import Ecosystem, same_version
from repogen.errors import FileExists, InvalidUpload, Problem
from repogen.model.catalog import Entry
from repogen.model.record import Submitter, dump_record
from repogen.model.tombstone import Tombstone
from repogen.store import paths
from repogen.store.revision import Revision
from repogen.store.writer import Change

Status = Literal["added", "signed", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of a distribution, what the sender is told, and the changes by path."""

    distribution: Distribution
    status: Status
    warnings: tuple[str, ...]
    changes: Mapping[str, Change]


def decide(
    distribution: Distribution,
    *,
    folder: str,
    source: str,
    revision: Revision,
    ecosystem: Ecosystem,
    by: Submitter,
    now: datetime,
) -> Decision:
    """Hold a distribution against what the folder of its release has, and against what was removed.

    Raises FileExists where the name, in whatever spelling, is or was taken by other bytes.
    """
    incoming = distribution.incoming
    warnings: list[str] = []
    identity = file_identity(ecosystem, distribution.inspected.target, distribution.filename)
    held = _same_name(revision.entries(revision.folder_id(folder)), ecosystem, identity)
    if held is None:
        warnings += distribution.inspected.warnings
        changes: dict[str, Change] = {}
        for path, tombstone in revision.tombstones(source, distribution.key).items():
            if file_identity(ecosystem, tombstone.target, tombstone.filename) == identity:
                _check_removed(tombstone, distribution)
                warnings.append(f"the same file was removed at {tombstone.removed} and is back")
                changes[path] = None
        place = f"{folder}/{distribution.place}"
        changes |= _files(place, distribution, dump_record(distribution.record(uploaded=now, by=by)))
        return Decision(distribution=distribution, status="added", warnings=tuple(warnings), changes=changes)
    if held.record.sha256 != distribution.sha256:
        spelled = "" if held.record.filename == distribution.filename else f"it is there as {held.record.filename!r}"
        raise FileExists(distribution.filename, sha256=held.record.sha256, hint=spelled)
    if held.record.filename != distribution.filename:
        warnings.append(f"the same file is there already as {held.record.filename!r}")
    if incoming.signature is not None and held.signature is None:
        changes = {f"{folder}/{held.place}{paths.SIGNATURE}": incoming.signature}
        return Decision(distribution=distribution, status="signed", warnings=tuple(warnings), changes=changes)
    if incoming.signature and held.signature and revision.blob(held.signature) != incoming.signature:
        warnings.append("another signature is there already and was kept")
    return Decision(distribution=distribution, status="unchanged", warnings=tuple(warnings), changes={})


def release_folder(revision: Revision, ecosystem: Ecosystem, source: str, distribution: Distribution) -> str:
    """The folder of the distribution's release: that of an equal version (``1.0`` for ``1.0.0``) if there is one.

    Or was: what was removed may come back, and file names are compared within a folder.
    """
    there = revision.versions(source, distribution.key) + revision.removed_versions(source, distribution.key)
    wanted = distribution.version
    version = next((name for name in there if same_version(ecosystem, name, wanted)), wanted)
    return f"{paths.project_path(source, distribution.key)}/{version}"


def file_identity(ecosystem: Ecosystem, target: str, filename: str) -> tuple[str, str]:
    """What no two files of a source have in common: the platform, and the file name in its canonical spelling."""
    return target, ecosystem.file_key(filename)


def check_spelling(revision: Revision, source: str, distributions: Iterable[Distribution]) -> None:
    """Raise InvalidUpload where a project is there whose name differs in upper and lower case only.

    File systems that fold case would take one for the other, and so would people.
    """
    seen: dict[str, str] = {}
    for one in distributions:
        others = [seen.setdefault(one.key.lower(), one.key)]
        if revision.project_id(source, one.key) is None:
            others += revision.others_spelled_alike(source, one.key)
        for other in others:
            if other != one.key:
                text = f"the project {one.key!r} cannot be told from {other!r}, which is there already; rename it"
                raise InvalidUpload([Problem("name-case", text)], filename=one.filename)


def _check_removed(tombstone: Tombstone, distribution: Distribution) -> None:
    if tombstone.sha256 != distribution.sha256:
        hint = f"it was removed at {tombstone.removed}; a name is never used again: raise the version"
        raise FileExists(distribution.filename, sha256=tombstone.sha256, hint=hint)


def _same_name(entries: tuple[Entry, ...], ecosystem: Ecosystem, identity: tuple[str, str]) -> Entry | None:
    same = (one for one in entries if file_identity(ecosystem, one.record.target, one.record.filename) == identity)
    return next(same, None)


def _files(place: str, distribution: Distribution, record: bytes) -> dict[str, Change]:
    incoming = distribution.incoming
    files: dict[str, Change] = {
        place: paths.lfs_pointer(distribution.sha256, incoming.size),
        place + paths.METADATA: distribution.inspected.metadata,
        place + paths.RECORD: record,
    }
    if incoming.signature is not None:
        files[place + paths.SIGNATURE] = incoming.signature
    if incoming.attestations is not None:
        files[place + paths.ATTESTATIONS] = incoming.attestations
    return files
