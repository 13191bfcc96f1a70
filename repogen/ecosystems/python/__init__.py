"""Python: wheels and sdists, core metadata, the simple repository API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.version import Version

from repogen.ecosystems.python import description, filenames, inspection, simple
from repogen.errors import InvalidUpload
from repogen.model.catalog import Project
from repogen.model.inspected import Inspected
from repogen.model.names import ProjectKey
from repogen.model.pages import Description, Page, Templated


class Python:
    """The rules of Python's packaging standards."""

    extra_digests: tuple[str, ...] = ()

    def project_key(self, name: str) -> ProjectKey:
        """The normalized name (PEP 503)."""
        return filenames.project_key(name)

    def version_key(self, version: str) -> Version:
        """The version as PEP 440 orders it. Raises ValueError for a text that is none."""
        return Version(version)

    def canonical_version(self, version: str) -> str:
        """The normalized version (PEP 440). Raises ValueError for a text that is none."""
        return str(Version(version))

    def file_key(self, filename: str) -> str:
        """The spelling that the standards ask for, and one for all equal versions. Raises InvalidUpload."""
        return filenames.parse_filename(filename).key

    def recognizes(self, filename: str) -> bool:
        """Is it named as a wheel, or exactly as an sdist (any ``.tar.gz`` may lie in a folder)?"""
        if filename.endswith(".whl"):
            return True
        try:
            filenames.parse_filename(filename)
        except InvalidUpload:
            return False
        return True

    def inspect(self, filename: str, archive: Path) -> Inspected:
        """See :func:`repogen.ecosystems.python.inspection.inspect`."""
        return inspection.inspect(filename, archive)

    def project_index(self, project: Project) -> Sequence[Page | Templated]:
        """Project detail (PEP 503, 691)."""
        return simple.project_index(project)

    def project_list(self, keys: Sequence[ProjectKey]) -> Sequence[Page | Templated]:
        """The project list (PEP 503, 691)."""
        return simple.project_list(keys)

    def describe(self, metadata: bytes) -> Description:
        """Read core metadata for people."""
        return description.describe(metadata)

    def has_public_metadata(self, facts: Mapping[str, Any]) -> bool:
        """Is ``<file>.metadata`` published (PEP 658)?"""
        return simple.has_public_metadata(facts)
