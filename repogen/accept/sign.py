"""A signature for a distribution that is there already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from repogen.accept import Outcome, Receipt
from repogen.accept.decide import Status
from repogen.accept.selecting import is_for
from repogen.accept.wording import token_trailer
from repogen.config import Source
from repogen.ecosystems import Ecosystem, ecosystem_of, same_version
from repogen.errors import InvalidUpload, NotFound, Problem
from repogen.model.catalog import Entry
from repogen.model.names import ProjectKey, one_line
from repogen.model.record import Submitter
from repogen.model.signatures import check_armour
from repogen.store import paths
from repogen.store.revision import Revision
from repogen.store.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """A detached signature of the file ``filename`` of a source.

    ``distribution`` names the platform where files for several have that name.
    """

    source: Source
    by: Submitter
    filename: str
    signature: bytes
    distribution: str | None = None


def sign(request: Signing, *, writer: Writer, now: datetime) -> Receipt:
    """Commit a signature to ``writer``; the one that a file has is kept.

    Raises InvalidUpload for what is no signature, or where it is not clear of which file; NotFound where the
    source or the file is not there.
    """
    problems = check_armour(request.signature)
    if problems:
        raise InvalidUpload(problems, filename=f"{request.filename}{paths.SIGNATURE}")
    revision = writer.revision
    found = revision.good_config().source_with_id(request.source.id)
    if found is None:
        raise NotFound(f"the source {request.source.name!r} has been removed")
    ecosystem = ecosystem_of(found.type)
    folder, entry = _signed(revision, ecosystem, found.name, request)
    status: Status = "unchanged"
    warnings: tuple[str, ...] = ()
    commit = None
    if entry.signature is None:
        status = "signed"
        record = entry.record
        commit = writer.commit(
            {f"{folder}/{entry.place}{paths.SIGNATURE}": request.signature},
            subject=f"sign {record.name} {record.version} in {found.name} (1 file)",
            trailers=[
                ("Source", found.name),
                ("Project", ecosystem.project_key(record.name)),
                ("Version", record.version),
                ("Sha256", record.sha256),
                *token_trailer(request.by),
            ],
            author=request.by.subject,
            now=now,
        )
    elif revision.blob(entry.signature) != request.signature:
        warnings = ("another signature is there already and was kept",)
    name = entry.record.filename
    return Receipt(
        commit=commit,
        outcomes=(Outcome(filename=name, status=status, warnings=warnings),),
        text=one_line("; ".join([f"{name}: {status}", *warnings])),
    )


def _signed(revision: Revision, ecosystem: Ecosystem, source: str, request: Signing) -> tuple[str, Entry]:
    """The folder of the release, and the entry of the file that is meant."""
    try:
        name, version = ecosystem.stated_by(request.filename)
        key, file_key = ecosystem.project_key(name), ecosystem.file_key(request.filename)
    except InvalidUpload:
        key, version, file_key = ProjectKey(""), "", ""
    candidates = [
        (folder, entry)
        for spelled in (revision.versions(source, key) if key else ())
        if same_version(ecosystem, spelled, version)
        for folder in [f"{paths.project_path(source, key)}/{spelled}"]
        for entry in revision.entries(revision.folder_id(folder))
        if ecosystem.file_key(entry.record.filename) == file_key and is_for(entry.record.target, request.distribution)
    ]
    if not candidates:
        raise NotFound(
            f"source {source!r} has no file {request.filename!r}", hint="send the file itself, with or before its .asc"
        )
    if len(candidates) > 1:
        # A source package has the file name of a Linux binary, and no platform.
        plain = [one for one in candidates if not one[1].record.target]
        if request.distribution is None and len(plain) == 1:
            return plain[0]
        targets = ", ".join(entry.record.target for _, entry in candidates)
        text = f"there are files {request.filename!r} for several platforms ({targets}); add ?distribution=NAME"
        raise InvalidUpload([Problem("distribution", text)], filename=request.filename)
    return candidates[0]
