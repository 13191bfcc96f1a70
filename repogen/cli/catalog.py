"""``repogen list`` and ``repogen show``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from repogen.cli.home import Home
from repogen.cli.output import Format, Output, print_json, say, table
from repogen.config import Source
from repogen.errors import NotFound

if TYPE_CHECKING:
    from repogen.model.catalog import Entry, Project
    from repogen.store.revision import Revision

#: How many columns a list of files has at the least.
_ALWAYS = 5
#: A longer text, such as a README, is shown as JSON only.
_MAX_SHOWN = 500

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
                [
                    *(row["source"], row["filename"], str(row["size"]), row["uploaded"], row["by"]["subject"]),
                    *(row["target"], _mark(row)),
                ]
                for row in rows
            ]
            headings = ("SOURCE", "FILENAME", "SIZE", "UPLOADED", "BY", "TARGET", "MARK")
            # Most projects have neither binaries for a platform nor marks.
            shown = [n for n in range(len(headings)) if n < _ALWAYS or any(row[n] for row in cells)]
            table([headings[n] for n in shown], [[row[n] for n in shown] for row in cells])
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
    from repogen.ecosystems import ecosystem_of, same_version

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
        for label, value in _flat(row):
            say(f"{label}: {_plain(value)}")


def _flat(value: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, inner in sorted(value.items()) if above else value.items():
        if isinstance(inner, dict):
            yield from _flat(inner, f"{above}{key}.")
        else:
            yield above + key, inner


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and len(value) > _MAX_SHOWN:
        return f"({len(value)} characters)"
    return "-" if value is None else str(value)


def _mark(row: Mapping[str, Any]) -> str:
    yanked = row["yanked"] is not None
    return ", ".join(word for word, applies in (("yanked", yanked), ("archived", row["archived"])) if applies)


def _sources(revision: Revision, name: str | None) -> Iterator[Source]:
    config = revision.good_config()
    yield from [config.source(name)] if name is not None else config.sources.values()


def _named(revision: Revision, name: str, source: str | None) -> list[Project]:
    from repogen.ecosystems import ecosystem_of

    found = [
        project
        for one in _sources(revision, source)
        if (project := revision.project(one.name, ecosystem_of(one.type).project_key(name)))
    ]
    if not found:
        raise NotFound(f"no project {name!r}" + (f" in source {source!r}" if source else ""))
    return found


def _sorted(source: Source, versions: tuple[str, ...]) -> list[str]:
    from repogen.ecosystems import ecosystem_of, same_version

    ecosystem = ecosystem_of(source.type)
    found = [version for version in versions if same_version(ecosystem, version, version)]
    return sorted(found, key=ecosystem.version_key, reverse=True)


def _file(source: str, entry: Entry) -> dict[str, Any]:
    from repogen.model.record import record_document

    return {"source": source, **record_document(entry.record), "signed": entry.signature is not None}
