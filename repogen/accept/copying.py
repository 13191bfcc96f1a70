"""A release of one source, copied into another: promoted, once it has proved itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from repogen.accept import Distribution, Incoming, Receipt, Request, accept
from repogen.accept.selecting import select
from repogen.config import Source
from repogen.ecosystems import ecosystem_of, same_version
from repogen.errors import StoreError, UsageError
from repogen.model.inspected import Inspected
from repogen.model.record import Submitter
from repogen.store import Store, paths
from repogen.store.revision import Revision
from repogen.store.writer import Writer


def copy(
    writer: Writer, *, store: Store, origin: Source, to: Source, name: str, version: str, by: Submitter, now: datetime
) -> Receipt:
    """Commit the files of a release to another source: the same bytes, signatures, attestations and marks.

    Records say who copied them, and when. It is an upload in all else: what is there already stays as it is.
    Raises NotFound, UsageError for sources of different types, FileExists where a name is taken by other bytes.
    """
    if origin.type != to.type:
        raise UsageError(f"source {origin.name!r} is of type {origin.type}, source {to.name!r} of type {to.type}")
    files = tuple(_files(writer.revision, store, origin, name, version))
    request = Request(source=to, by=by, distributions=files, origin=origin.name)
    return accept(request, writer=writer, store=store, now=now)


def _files(revision: Revision, store: Store, source: Source, name: str, version: str) -> Iterator[Distribution]:
    """The files of a release as they would have arrived; their bytes lie in the pool."""
    ecosystem = ecosystem_of(source.type)
    for folder, entry in select(revision, ecosystem, source.name, name, version):
        record = entry.record
        if not same_version(ecosystem, version, record.version):
            raise UsageError(f"{version!r} is a file", hint=f"whole releases are copied: name {record.version}")
        place = f"{folder}/{entry.place}"
        if entry.metadata is None:
            raise StoreError(f"{place}{paths.METADATA} is missing", hint="correct it in the store")
        if store.lacks(record.sha256, record.size):
            raise StoreError(f"the pool has no file for {place}", hint="upload the same file again")
        yield Distribution(
            incoming=Incoming(
                filename=record.filename,
                spooled=store.pool.path(record.sha256),
                size=record.size,
                digests=record.digests,
                signature=revision.blob(entry.signature) if entry.signature else None,
                attestations=revision.read(place + paths.ATTESTATIONS),
            ),
            inspected=Inspected(
                filename=record.filename,
                name=record.name,
                version=record.version,
                kind=record.kind,
                metadata=revision.blob(entry.metadata),
                target=record.target,
                facts=record.facts,
            ),
            key=ecosystem.project_key(record.name),
            version=record.version,
            yanked=record.yanked,
            archived=record.archived,
        )
