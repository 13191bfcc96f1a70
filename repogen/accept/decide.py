"""What one distribution changes in the store as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from repogen.accept.examine import Distribution
from repogen.ecosystems import Ecosystem, same_version
from repogen.errors import FileExists
from repogen.model.catalog import Entry
from repogen.model.record import Submitter, dump_record
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
    distribution: Distribution, *, folder: str, revision: Revision, ecosystem: Ecosystem, by: Submitter, now: datetime
) -> Decision:
    """Hold a distribution against what the folder of its release has.

    Raises FileExists where the name, in whatever spelling, is taken by other bytes.
    """
    incoming = distribution.incoming
    warnings = list(distribution.inspected.warnings)
    held = _same_name(revision.entries(revision.folder_id(folder)), ecosystem, incoming.filename)
    if held is None:
        place = f"{folder}/{incoming.filename}"
        changes = _files(place, distribution, dump_record(distribution.record(uploaded=now, by=by)))
        return Decision(distribution=distribution, status="added", warnings=tuple(warnings), changes=changes)
    if held.record.sha256 != distribution.sha256:
        spelled = "" if held.record.filename == incoming.filename else f"it is there as {held.record.filename!r}"
        raise FileExists(incoming.filename, sha256=held.record.sha256, hint=spelled)
    if held.record.filename != incoming.filename:
        warnings.append(f"the same file is there already as {held.record.filename!r}")
    if incoming.signature is not None and held.signature is None:
        changes = {f"{folder}/{held.record.filename}{paths.SIGNATURE}": incoming.signature}
        return Decision(distribution=distribution, status="signed", warnings=tuple(warnings), changes=changes)
    if incoming.signature and held.signature and revision.blob(held.signature) != incoming.signature:
        warnings.append("another signature is there already and was kept")
    return Decision(distribution=distribution, status="unchanged", warnings=tuple(warnings), changes={})


def release_folder(revision: Revision, ecosystem: Ecosystem, source: str, distribution: Distribution) -> str:
    """The folder of the distribution's release: that of an equal version (``1.0`` for ``1.0.0``) if one is there."""
    there = revision.versions(source, distribution.key)
    wanted = distribution.version
    version = next((name for name in there if same_version(ecosystem, name, wanted)), wanted)
    return f"{paths.project_path(source, distribution.key)}/{version}"


def _same_name(entries: tuple[Entry, ...], ecosystem: Ecosystem, filename: str) -> Entry | None:
    key = ecosystem.file_key(filename)
    return next((entry for entry in entries if ecosystem.file_key(entry.record.filename) == key), None)


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
