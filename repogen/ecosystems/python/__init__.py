"""Python: wheels and sdists, core metadata, the simple repository API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from packaging.version import Version

from repogen.ecosystems.python import description, filenames, inspection, simple
from repogen.errors import InvalidUpload, Problem
from repogen.model.catalog import Entry, Project
from repogen.model.inspected import Inspected
from repogen.model.names import ProjectKey
from repogen.model.pages import Description, Page, Platform, Templated, file_path
from repogen.model.record import Record


class Python:
    """The rules of Python's packaging standards."""

    title = "Python"
    extra_digests: tuple[str, ...] = ()
    #: What an installer would take speaks before the source that it is made from.
    kinds: Mapping[str, str] = MappingProxyType({"wheel": "Wheel", "sdist": "Source"})
    yanks = True
    archives = False
    links_elsewhere = True
    lists_keys_only = True

    def project_key(self, name: str) -> ProjectKey:
        """The normalized name (PEP 503)."""
        return filenames.project_key(name)

    def version_key(self, version: str) -> Version:
        """The version as PEP 440 orders it. Raises ValueError for a text that is none."""
        return Version(version)

    def canonical_version(self, version: str) -> str:
        """The normalized version (PEP 440). Raises ValueError for a text that is none."""
        return str(Version(version))

    def is_prerelease(self, version: str) -> bool:
        """Is it a pre-release or a development release (PEP 440)?"""
        return Version(version).is_prerelease

    def file_key(self, filename: str) -> str:
        """The spelling that the standards ask for, and one for all equal versions. Raises InvalidUpload."""
        return filenames.parse_filename(filename).key

    def stated_by(self, filename: str) -> tuple[str, str]:
        """Name and version as the file name spells them."""
        named = filenames.parse_filename(filename)
        return named.name, named.version

    def recognizes(self, filename: str) -> bool:
        """Is it named as a wheel, or exactly as an sdist (any ``.tar.gz`` may lie in a folder)?"""
        if filename.endswith(".whl"):
            return True
        try:
            filenames.parse_filename(filename)
        except InvalidUpload:
            return False
        return True

    def inspect(self, filename: str, archive: Path, distribution: str | None = None) -> Inspected:
        """See :func:`repogen.ecosystems.python.inspection.inspect`."""
        if distribution is not None:
            text = "a distribution is stated for R binaries only: the name of a wheel says what it is for"
            raise InvalidUpload([Problem("distribution", text)], filename=filename)
        return inspection.inspect(filename, archive)

    def file_places(self, record: Record) -> tuple[str, ...]:
        """One place, by its content."""
        return (file_path(record.sha256, record.filename),)

    def project_index(self, project: Project, files: str = "") -> Sequence[Page | Templated]:
        """Project detail (PEP 503, 691)."""
        return simple.project_index(project, files)

    def listing(self, project: Project, metadata: Callable[[Entry], bytes]) -> str:  # noqa: ARG002
        """The list names projects, and says no more of them."""
        return ""

    def lists(self, listings: Mapping[ProjectKey, str]) -> Sequence[Page | Templated]:
        """The project list (PEP 503, 691)."""
        return simple.project_list(list(listings))

    def list_paths(self, listings: Iterable[str]) -> frozenset[str]:  # noqa: ARG002
        """Both forms of the one list."""
        return simple.LIST_PATHS

    def describe(self, metadata: bytes, facts: Mapping[str, Any]) -> Description:  # noqa: ARG002
        """Read core metadata for people."""
        return description.describe(metadata)

    def remarks(self, record: Record) -> tuple[str, ...]:
        """The versions of Python that it is for."""
        wanted = record.facts.get("requires_python")
        return (f"Python {wanted}",) if wanted else ()

    def platform(self, target: str) -> Platform:
        """No record has a target: the name of a wheel says what it is for."""
        return Platform(words=target)

    def has_public_metadata(self, facts: Mapping[str, Any]) -> bool:
        """Is ``<file>.metadata`` published (PEP 658)?"""
        return simple.has_public_metadata(facts)
