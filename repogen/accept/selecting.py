"""Which distributions of a project are meant by a version or a file name."""

from __future__ import annotations

from repogen.ecosystems import Ecosystem, same_version
from repogen.errors import NotFound
from repogen.model.catalog import Entry
from repogen.store import paths
from repogen.store.revision import Revision


def select(
    revision: Revision, ecosystem: Ecosystem, source: str, name: str, which: str | None
) -> tuple[tuple[str, Entry], ...]:
    """The distributions of a project that ``which`` names, each with the folder of its release.

    ``which`` is a version in any spelling, a file name, or None for all. Raises NotFound where there is none.
    """
    key = ecosystem.project_key(name)
    versions = revision.versions(source, key)
    if not versions:
        raise NotFound(f"no project {name!r} in source {source!r}")
    found = tuple(
        (folder, entry)
        for version in versions
        for folder in [f"{paths.project_path(source, key)}/{version}"]
        for entry in revision.entries(revision.folder_id(folder))
        if which is None or entry.record.filename == which or same_version(ecosystem, which, version)
    )
    if not found:
        raise no_such_file(name, which, source, versions)
    return found


def no_such_file(name: str, which: str | None, source: str, versions: tuple[str, ...]) -> NotFound:
    """What is said where a project has neither such a version nor such a file."""
    return NotFound(
        f"{name!r} has no version or file {which!r} in source {source!r}", hint=f"versions: {', '.join(versions)}"
    )


def is_for(target: str, distribution: str | None) -> bool:
    """Is a target the one that people call ``distribution`` (None: whichever)?

    Of ``linux-jammy-x86_64-4.2`` these are: itself, without the version at its end, and each without the system at
    its beginning or the architecture at its end.
    """
    system, _, rest = target.partition("-")
    build = rest.rpartition("-")[0]
    names = {target, f"{system}-{build}", build, f"{system}-{build.rpartition('-')[0]}", build.rpartition("-")[0]}
    return distribution is None or (bool(target) and distribution in (names if build else {target, system}))
