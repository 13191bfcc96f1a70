"""What repogen must know of a packaging ecosystem, and the ecosystems it knows.

A third ecosystem is a folder beside ``python/`` and ``r/``, a line in :data:`ECOSYSTEMS`, its word in
:data:`repogen.model.names.SOURCE_TYPES` and the templates that say how its clients are set up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from repogen.ecosystems.python import Python
from repogen.ecosystems.r import R
from repogen.model.catalog import Entry, Project
from repogen.model.inspected import Inspected
from repogen.model.names import ProjectKey, SourceType
from repogen.model.pages import Description, Page, Platform, Templated
from repogen.model.record import Record


class Ecosystem(Protocol):
    """The rules of one ecosystem. No method does I/O but on the archive that it is handed."""

    #: What people call it.
    title: str
    #: The digests that the indexes need besides sha256, as hashlib names.
    extra_digests: tuple[str, ...]
    #: Every kind of a record in words for people; the first that a release has speaks for it.
    kinds: Mapping[str, str]
    #: Can a release or a file be yanked (PEP 592)?
    yanks: bool
    #: Can a project be archived: kept, and no longer taken by itself?
    archives: bool
    #: Can the indexes name archives at another host?
    links_elsewhere: bool
    #: Do the lists say nothing of a project but its key?
    lists_keys_only: bool

    def project_key(self, name: str) -> ProjectKey:
        """The normalized form of a project's name."""

    def version_key(self, version: str) -> Any:
        """An orderable, hashable value; versions that are equal under the ecosystem's rules have equal keys.

        Raises ValueError for a text that is no version.
        """

    def canonical_version(self, version: str) -> str:
        """The one spelling of a version that records and pages use."""

    def is_prerelease(self, version: str) -> bool:
        """Is it a version that nobody gets who did not ask for it?"""

    def file_key(self, filename: str) -> str:
        """The canonical spelling of an accepted file name: equal for two spellings of one file."""

    def stated_by(self, filename: str) -> tuple[str, str]:
        """The name and the version that a file name states. Raises InvalidUpload for one that states none."""

    def recognizes(self, filename: str) -> bool:
        """Does this look like the name of a distribution of this ecosystem (for picking files out of a folder)?"""

    def inspect(self, filename: str, archive: Path, distribution: str | None = None) -> Inspected:
        """Look into the archive at ``archive`` that was sent under ``filename`` ("" where it came without a name).

        ``distribution`` is the platform that the sender says it was built for. Raises InvalidUpload with every
        problem that was found.
        """

    def file_places(self, record: Record) -> tuple[str, ...]:
        """Where a repository publishes the archive, relative to the repository; pages link to the first."""

    def has_public_metadata(self, facts: Mapping[str, Any]) -> bool:
        """Is ``<file>.metadata`` published beside the file, given the facts of its record?"""

    def project_index(self, project: Project, files: str = "") -> Sequence[Page | Templated]:
        """The index pages of one project that clients read, with paths relative to the repository.

        ``files`` is the URL, with a slash at its end, below which the places of files are; "": the repository itself.
        """

    def listing(self, project: Project, metadata: Callable[[Entry], bytes]) -> str:
        """What the lists say of a project, as a text that is kept until the project changes.

        ``metadata`` reads the verbatim metadata of a distribution.
        """

    def lists(self, listings: Mapping[ProjectKey, str]) -> Sequence[Page | Templated]:
        """The index pages that name every project, made from what :meth:`listing` said; keys come sorted."""

    def list_paths(self, listings: Iterable[str]) -> frozenset[str]:
        """The paths of the pages that :meth:`lists` makes of these listings."""

    def describe(self, metadata: bytes, facts: Mapping[str, Any]) -> Description:
        """What the page for people says, out of verbatim metadata and facts that :meth:`inspect` once accepted."""

    def remarks(self, record: Record) -> tuple[str, ...]:
        """What a line about one file says besides its kind: what it is good for, a few words each."""

    def platform(self, target: str) -> Platform:
        """The platform of a record that has a target. Raises ValueError for one that was never accepted."""


def same_version(ecosystem: Ecosystem, one: str, other: str) -> bool:
    """Are these equal under the ecosystem's rules? Whatever is no version is equal to none."""
    try:
        return bool(ecosystem.version_key(one) == ecosystem.version_key(other))
    except ValueError:
        return False


def ecosystem_of(kind: SourceType) -> Ecosystem:
    """The rules for sources of a type."""
    return ECOSYSTEMS[kind]


ECOSYSTEMS: Mapping[SourceType, Ecosystem] = {"python": Python(), "r": R()}
