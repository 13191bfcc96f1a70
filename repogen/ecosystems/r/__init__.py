"""R: source and binary packages, DESCRIPTION, PACKAGES."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from repogen.ecosystems.r import contrib, description, filenames, inspection, targets, versions
from repogen.errors import InvalidUpload
from repogen.model.catalog import Entry, Project
from repogen.model.inspected import Inspected
from repogen.model.names import ProjectKey
from repogen.model.pages import Description, Page, Platform, Templated
from repogen.model.record import Record


class R:
    """The rules of R's packages and of the repositories that ``install.packages`` reads."""

    title = "R"
    #: PACKAGES states it.
    extra_digests: tuple[str, ...] = ("md5",)
    kinds: Mapping[str, str] = MappingProxyType({"source": "Source", "binary": "Binary"})
    yanks = False
    archives = True
    #: What PACKAGES names is looked for below the address of the list itself.
    links_elsewhere = False
    lists_keys_only = False

    def project_key(self, name: str) -> ProjectKey:
        """The name: R tells names apart by case."""
        return ProjectKey(name)

    def version_key(self, version: str) -> tuple[int, ...]:
        """The numbers of the version. Raises ValueError for a text that is none."""
        return versions.version_key(version)

    def canonical_version(self, version: str) -> str:
        """The version as it is spelled: so it stands in file names, from which clients ask for it."""
        return version

    def is_prerelease(self, version: str) -> bool:  # noqa: ARG002
        """R has none."""
        return False

    def file_key(self, filename: str) -> str:
        """One spelling for all equal versions. Raises InvalidUpload."""
        return filenames.parse_filename(filename).key

    def stated_by(self, filename: str) -> tuple[str, str]:
        """Name and version as the file name spells them."""
        named = filenames.parse_filename(filename)
        return named.name, named.version

    def recognizes(self, filename: str) -> bool:
        """Is it named as an R package?"""
        try:
            filenames.parse_filename(filename)
        except InvalidUpload:
            return False
        return True

    def inspect(self, filename: str, archive: Path, distribution: str | None = None) -> Inspected:
        """See :func:`repogen.ecosystems.r.inspection.inspect`."""
        return inspection.inspect(filename, archive, distribution)

    def file_places(self, record: Record) -> tuple[str, ...]:
        """Of a source package the one for any version and the one beside PACKAGES, of a binary that of its target.

        Raises InvalidUpload for a record of a file name, and ValueError for one of a target, that were never accepted.
        """
        named = filenames.parse_filename(record.filename)
        filename = f"{named.name}_{named.version}{named.extension}"
        if record.kind == "source":
            return f"{contrib.SOURCES}/Archive/{named.name}/{filename}", f"{contrib.SOURCES}/{filename}"
        return (f"{targets.contrib(record.target)}/{filename}",)

    def has_public_metadata(self, facts: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """No client asks for DESCRIPTION alone."""
        return False

    def project_index(self, project: Project, files: str = "") -> Sequence[Page | Templated]:  # noqa: ARG002
        """Clients read the lists only."""
        return ()

    def listing(self, project: Project, metadata: Callable[[Entry], bytes]) -> str:
        """The rows of a package in the lists. See :mod:`repogen.ecosystems.r.contrib`."""
        return contrib.listing(project, metadata)

    def lists(self, listings: Mapping[ProjectKey, str]) -> Sequence[Page | Templated]:
        """PACKAGES in its three forms in each place, and the list of archived files."""
        return contrib.lists(listings)

    def list_paths(self, listings: Iterable[str]) -> frozenset[str]:
        """Where :meth:`lists` puts them."""
        return contrib.list_paths(listings)

    def describe(self, metadata: bytes, facts: Mapping[str, Any]) -> Description:
        """Read DESCRIPTION for people."""
        return description.describe(metadata, facts)

    def remarks(self, record: Record) -> tuple[str, ...]:  # noqa: ARG002
        """All that there is to say is in the kind and the platform."""
        return ()

    def platform(self, target: str) -> Platform:
        """See :func:`repogen.ecosystems.r.targets.platform`."""
        return targets.platform(target)
