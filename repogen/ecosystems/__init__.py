"""What repogen must know of a packaging ecosystem, and the ecosystems it knows.

A third ecosystem is a folder beside ``python/`` and a line in :data:`ECOSYSTEMS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from repogen.ecosystems.python import Python
from repogen.errors import NotFound
from repogen.model.catalog import Project
from repogen.model.inspected import Inspected
from repogen.model.names import ProjectKey, SourceType
from repogen.model.pages import Description, Page, Templated


class Ecosystem(Protocol):
    """The rules of one ecosystem. No method does I/O but on the archive that it is handed."""

    #: The digests that the indexes need besides sha256, as hashlib names.
    extra_digests: tuple[str, ...]

    def project_key(self, name: str) -> ProjectKey:
        """The normalized form of a project's name."""

    def version_key(self, version: str) -> Any:
        """An orderable, hashable value; versions that are equal under the ecosystem's rules have equal keys."""

    def canonical_version(self, version: str) -> str:
        """The one spelling of a version that records and pages use."""

    def file_key(self, filename: str) -> str:
        """The canonical spelling of an accepted file name: equal for two spellings of one file."""

    def recognizes(self, filename: str) -> bool:
        """Does this look like the name of a distribution of this ecosystem (for picking files out of a folder)?"""

    def inspect(self, filename: str, archive: Path) -> Inspected:
        """Look into the archive at ``archive`` that was sent under ``filename``.

        Raises InvalidUpload with every problem that was found.
        """

    def project_index(self, project: Project) -> Sequence[Page | Templated]:
        """The index pages of one project that clients read, with paths relative to the repository."""

    def project_list(self, keys: Sequence[ProjectKey]) -> Sequence[Page | Templated]:
        """The index pages that name every project; ``keys`` come sorted."""

    def describe(self, metadata: bytes) -> Description:
        """What the page for people says, out of verbatim metadata that :meth:`inspect` once accepted."""

    def has_public_metadata(self, facts: Mapping[str, Any]) -> bool:
        """Is ``<file>.metadata`` published beside the file, given the facts of its record?"""


def same_version(ecosystem: Ecosystem, one: str, other: str) -> bool:
    """Are these equal under the ecosystem's rules? Whatever is no version is equal to none."""
    try:
        return bool(ecosystem.version_key(one) == ecosystem.version_key(other))
    except ValueError:
        return False


def ecosystem_of(kind: SourceType) -> Ecosystem:
    """The rules for sources of a type. Raises NotFound for a type that has none in this version."""
    try:
        return ECOSYSTEMS[kind]
    except KeyError:
        raise NotFound(f"this version of repogen takes no {kind} packages yet") from None


ECOSYSTEMS: Mapping[SourceType, Ecosystem] = {"python": Python()}
