"""``repogen list`` and ``repogen show``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from repogen.cli.home import Home
from repogen.cli.output import Format, Output, print_json, say, table
from repogen.config import Source
from repogen.ecosystems import ECOSYSTEMS, ecosystem_of, same_version
from repogen.errors import NotFound
from repogen.model.catalog import Entry, Project
from repogen.model.record import record_document
from repogen.store.revision import Revision

InSource = Annotated[str | None, typer.Option("--source", help="Only in this source.")]


def list_projects(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Only this project: its files.")] = None,
    source: InSource = None,
    output: Output = Format.TEXT,
) -> None:
    """The projects in the store, or the files of one project."""
    home: Home = context.obj
    revision = home.store.newest()
    if name is not None:
        rows = [_file(project.source, entry) for project in _named(revision, name, source) for entry in project.entries]
        if output is Format.JSON:
            print_json(rows)
        else:
            cells = [
                [row["source"], row["filename"], str(row["size"]), row["uploaded"], row["by"]["subject"]]
                for row in rows
            ]
            table(("SOURCE", "FILENAME", "SIZE", "UPLOADED", "BY"), cells)
        return
    found: list[dict[str, Any]] = [
        {"source": one.name, "type": one.type, "name": key, "versions": _sorted(one, revision.versions(one.name, key))}
        for one in _sources(revision, source)
        for key, _ in sorted(revision.projects(one.name))
    ]
    if output is Format.JSON:
        print_json(found)
    else:
        cells = [[row["source"], row["name"], (row["versions"] or "-")[0], str(len(row["versions"]))] for row in found]
        table(("SOURCE", "NAME", "NEWEST", "VERSIONS"), cells)


def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The project.")],
    version: Annotated[str | None, typer.Argument(help="Only this version.")] = None,
    source: InSource = None,
    output: Output = Format.TEXT,
) -> None:
    """Everything that is recorded about a project, or about one version of it."""
    home: Home = context.obj
    rows = []
    revision = home.store.newest()
    for project in _named(revision, name, source):
        ecosystem = ecosystem_of(revision.good_config().source(project.source).type)
        rows += [
            _file(project.source, entry)
            for entry in project.entries
            if version is None or same_version(ecosystem, version, entry.record.version)
        ]
    if not rows:
        raise NotFound(f"{name!r} has no version {version!r}")
    if output is Format.JSON:
        print_json(rows)
        return
    for number, row in enumerate(rows):
        if number:
            typer.echo()
        for label, value in row.items():
            if isinstance(value, dict):
                for key, inner in sorted(value.items()):
                    say(f"{label}.{key}: {_plain(inner)}")
            else:
                say(f"{label}: {_plain(value)}")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def _sources(revision: Revision, name: str | None) -> Iterator[Source]:
    config = revision.good_config()
    wanted = [config.source(name)] if name is not None else list(config.sources.values())
    yield from (source for source in wanted if source.type in ECOSYSTEMS)


def _named(revision: Revision, name: str, source: str | None) -> list[Project]:
    found = [
        project
        for one in _sources(revision, source)
        if (project := revision.project(one.name, ecosystem_of(one.type).project_key(name)))
    ]
    if not found:
        raise NotFound(f"no project {name!r}" + (f" in source {source!r}" if source else ""))
    return found


def _sorted(source: Source, versions: tuple[str, ...]) -> list[str]:
    ecosystem = ecosystem_of(source.type)
    found = [version for version in versions if same_version(ecosystem, version, version)]
    return sorted(found, key=ecosystem.version_key, reverse=True)


def _file(source: str, entry: Entry) -> dict[str, Any]:
    return {"source": source, **record_document(entry.record), "signed": entry.signature is not None}
