"""What the distributions of a project amount to: its releases, and its line in a list."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Final, Self
from urllib.parse import quote

from repogen.ecosystems import Ecosystem
from repogen.model.catalog import Entry, Project
from repogen.model.names import ProjectKey, one_line
from repogen.model.pages import Description

_MAX_SUMMARY: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """A project in a list. ``version`` is the latest, ``uploaded`` its time; ``signed``: all its files are.

    ``archived``: all that there is of it is.
    """

    key: ProjectKey
    name: str
    version: str
    summary: str
    uploaded: str
    signed: bool
    archived: bool

    @property
    def href(self) -> str:
        """The project's page, from the repository."""
        return f"packages/{quote(self.key)}/index.html"

    @property
    def date(self) -> str:
        """The day (UTC)."""
        return day(self.uploaded)

    def to_json(self) -> str:
        """The entry as a JSON array."""
        return json.dumps(astuple(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of :meth:`to_json`."""
        key, name, version, summary, uploaded, signed, archived = json.loads(text)
        return cls(
            key=key,
            name=name,
            version=version,
            summary=summary,
            uploaded=uploaded,
            signed=signed,
            archived=archived,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The distributions of a project at one version, by file name.

    ``described_by`` is the one whose metadata speaks for the release; None: there is no metadata.
    """

    version: str
    entries: tuple[Entry, ...]
    prerelease: bool
    described_by: Entry | None

    @property
    def uploaded(self) -> str:
        """When its first file came."""
        return min(entry.record.uploaded for entry in self.entries)

    @property
    def date(self) -> str:
        """The day (UTC) of ``uploaded``."""
        return day(self.uploaded)

    @property
    def yanked(self) -> bool:
        """Is every file of it yanked?"""
        return all(entry.record.yanked is not None for entry in self.entries)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why its files are yanked, each reason once."""
        return tuple(dict.fromkeys(entry.record.yanked for entry in self.entries if entry.record.yanked))

    @property
    def archived(self) -> bool:
        """Is every file of it archived?"""
        return all(entry.record.archived for entry in self.entries)

    @property
    def signed(self) -> bool:
        """Is every file of it signed?"""
        return all(entry.signature is not None for entry in self.entries)

    @property
    def href(self) -> str:
        """The page of this version, from the project's folder."""
        return f"{quote(self.version)}/index.html"


def releases(project: Project, ecosystem: Ecosystem) -> tuple[Release, ...]:
    """The releases of a project, newest first. Versions with equal keys are one release, in its shortest spelling."""
    groups: dict[Any, list[Entry]] = {}
    for entry in project.entries:
        groups.setdefault(ecosystem.version_key(entry.record.version), []).append(entry)
    return tuple(_release(groups[key], ecosystem) for key in sorted(groups, reverse=True))


def _release(entries: Iterable[Entry], ecosystem: Ecosystem) -> Release:
    ranks = {kind: rank for rank, kind in enumerate(ecosystem.kinds)}
    ordered = sorted(entries, key=lambda entry: (entry.record.filename, entry.record.target))
    version = min((entry.record.version for entry in ordered), key=lambda text: (len(text), text))
    # Of those of the first kind that the ecosystem names, min takes the first by name.
    told = [entry for entry in ordered if entry.metadata is not None]
    return Release(
        version=version,
        entries=tuple(ordered),
        prerelease=ecosystem.is_prerelease(version),
        described_by=min(told, key=lambda entry: ranks.get(entry.record.kind, len(ranks)), default=None),
    )


def latest(found: Sequence[Release]) -> Release:
    """The release that a project's own page shows: the newest of those that clients take by themselves, if any.

    What is archived or yanked comes last; then final releases come first.
    """
    return min(found, key=lambda release: (release.archived, release.yanked, release.yanked or release.prerelease))


def list_entry(project: Project, release: Release, description: Description) -> ListEntry:
    """How lists and the search show a project whose latest release this is."""
    return ListEntry(
        key=project.key,
        name=description.name,
        version=release.version,
        summary=one_line(description.summary, limit=_MAX_SUMMARY),
        uploaded=release.uploaded,
        signed=release.signed,
        archived=release.archived,
    )


def day(time: str) -> str:
    """The day (UTC) of a time as records have it."""
    return time[: len("2026-11-22")]
