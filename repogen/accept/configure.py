"""Sources and repositories: each change is a commit to ``repogen.toml``.

The file is edited in place, so that comments and order that people wrote stay; what comes out is parsed
before it is committed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from datetime import datetime
from typing import Any

import tomlkit

from repogen.accept.wording import token_trailer
from repogen.config import Config, parse_config
from repogen.errors import ConfigError, NotFound, UsageError
from repogen.model.names import RESERVED_REPOSITORIES, SourceType, check_name
from repogen.model.record import Submitter
from repogen.store import paths
from repogen.store.writer import Change, Writer

Edit = Callable[[tomlkit.TOMLDocument], None]

_NEW = """\
# Sources hold distributions: uploads go to a source, tokens are made for sources.
# Repositories are what clients install from: an ordered list of sources, the first that has a project wins.
# The ids tie tokens to sources and repositories; keep them when you rename one.
format = 1
"""


def new_config(*, address: str) -> bytes:
    """A ``repogen.toml`` without sources. Raises ConfigError for an address that is no URL."""
    document = tomlkit.parse(_NEW)
    if address:
        document["address"] = address.rstrip("/")
    return _checked(document)


def edited(data: bytes, *edits: Edit) -> bytes:
    """``data`` after the edits. Raises ConfigError where it was, or would become, unusable."""
    parse_config(data)
    document = tomlkit.parse(data.decode())
    for edit in edits:
        edit(document)
    return _checked(document)


def create_source(name: str, *, kind: SourceType, identifier: str, description: str = "") -> Edit:
    """Add a source."""

    def edit(document: tomlkit.TOMLDocument) -> None:
        check_name(name, what="source")
        _absent(document, "sources", name)
        _insert(document, "sources", name, {"id": identifier, "type": kind, "description": description})

    return edit


def rename_source(old: str, new: str) -> Edit:
    """Give a source another name; its id stays, and repositories follow."""

    def edit(document: tomlkit.TOMLDocument) -> None:
        check_name(new, what="source")
        table = _present(document, "sources", old)
        _absent(document, "sources", new)
        table.setdefault("id", old)
        sources = _tables(document, "sources")
        sources[new] = sources.pop(old)
        for listed in _lists_with(document, old):
            listed[listed.index(old)] = new

    return edit


def remove_source(name: str) -> Edit:
    """Take a source away, from the repositories too."""

    def edit(document: tomlkit.TOMLDocument) -> None:
        _present(document, "sources", name)
        del _tables(document, "sources")[name]
        for listed in _lists_with(document, name):
            listed.remove(name)

    return edit


def create_repository(
    name: str, *, kind: SourceType, identifier: str, sources: Sequence[str], description: str = "", fallback: str = ""
) -> Edit:
    """Add a repository; ``sources`` in order of precedence."""

    def edit(document: tomlkit.TOMLDocument) -> None:
        check_name(name, what="repository", reserved=RESERVED_REPOSITORIES)
        _absent(document, "repositories", name)
        values = {"id": identifier, "type": kind, "sources": list(sources)}
        _insert(document, "repositories", name, values | {"description": description, "fallback": fallback})

    return edit


def edit_repository(
    name: str,
    *,
    new_name: str | None = None,
    sources: Sequence[str] | None = None,
    description: str | None = None,
    fallback: str | None = None,
) -> Edit:
    """Change what is not None; an empty text takes the setting away."""

    def edit(document: tomlkit.TOMLDocument) -> None:
        table = _present(document, "repositories", name)
        if sources is not None:
            table["sources"] = list(sources)
        for key, value in (("description", description), ("fallback", fallback)):
            if value:
                table[key] = value
            elif value is not None:
                table.pop(key, None)
        if new_name is not None and new_name != name:
            check_name(new_name, what="repository", reserved=RESERVED_REPOSITORIES)
            _absent(document, "repositories", new_name)
            table.setdefault("id", name)
            repositories = _tables(document, "repositories")
            repositories[new_name] = repositories.pop(name)

    return edit


def remove_repository(name: str) -> Edit:
    """Take a repository away; its sources stay."""

    def edit(document: tomlkit.TOMLDocument) -> None:
        _present(document, "repositories", name)
        del _tables(document, "repositories")[name]

    return edit


def configure(
    writer: Writer,
    *edits: Edit,
    subject: str,
    by: Submitter,
    now: datetime,
    moves: Mapping[str, Change] | None = None,
) -> Config:
    """Commit edits of ``repogen.toml``, with other changes that belong to them. Returns the new configuration."""
    data = writer.revision.read(paths.CONFIG)
    if data is None:
        raise ConfigError("the file is missing from the store")
    after = edited(data, *edits)
    if after != data or moves:
        writer.commit(
            {paths.CONFIG: after, **(moves or {})},
            subject=subject,
            trailers=token_trailer(by),
            author=by.subject,
            now=now,
        )
    return parse_config(after)


def source_moves(writer: Writer, old: str, new: str | None) -> dict[str, Change]:
    """The changes that move what a source holds to another name, or (None) away; its tombstones go with it."""
    moved: dict[str, Change] = {}
    for place in (paths.source_path, paths.source_tombstones_path):
        tree = writer.revision.folder_id(place(old))
        if tree is not None:
            moved[place(old)] = None
            if new is not None:
                moved[place(new)] = tree
    return moved


def source_rows(config: Config) -> list[dict[str, Any]]:
    """Each source as scripts see it."""
    return [
        {
            "name": source.name,
            "type": source.type,
            "repositories": [repository.name for repository in config.repositories_of(source.name)],
            "description": source.description,
            "id": source.id,
        }
        for source in config.sources.values()
    ]


def repository_rows(config: Config) -> list[dict[str, Any]]:
    """Each repository as scripts see it."""
    return [
        {
            "name": repository.name,
            "type": repository.type,
            "sources": list(repository.sources),
            "description": repository.description,
            "fallback": repository.fallback,
            "id": repository.id,
        }
        for repository in config.repositories.values()
    ]


def _insert(document: tomlkit.TOMLDocument, kind: str, name: str, values: Mapping[str, Any]) -> None:
    if kind not in document:
        document[kind] = tomlkit.table(is_super_table=True)
    table = tomlkit.table()
    for key, value in values.items():
        if value or key == "sources":
            table[key] = value
    _tables(document, kind)[name] = table


def _tables(document: tomlkit.TOMLDocument, kind: str) -> MutableMapping[str, Any]:
    """The sources, or the repositories, by name."""
    found: MutableMapping[str, Any] = document.get(kind, {})
    return found


def _lists_with(document: tomlkit.TOMLDocument, source: str) -> list[list[str]]:
    """The lists that name a source, to be changed in place: comments stand within lists, too."""
    rules = document.get("trusted_publishing", {}).get("rules", {})
    tables = [*_tables(document, "repositories").values(), *rules.values()]
    lists = [table.get("sources", []) for table in tables]
    return [listed for listed in lists if source in listed]


def _present(document: tomlkit.TOMLDocument, kind: str, name: str) -> MutableMapping[str, Any]:
    table: MutableMapping[str, Any] | None = _tables(document, kind).get(name)
    if table is None:
        known = ", ".join(sorted(_tables(document, kind))) or "none"
        what = "source" if kind == "sources" else "repository"
        raise NotFound(f"no {what} named {name!r}", hint=f"{kind}: {known}")
    return table


def _absent(document: tomlkit.TOMLDocument, kind: str, name: str) -> None:
    if name in _tables(document, kind):
        raise UsageError(f"{name!r} exists already in {kind}")


def _checked(document: tomlkit.TOMLDocument) -> bytes:
    """The bytes of the document. Raises ConfigError where they are unusable, or would be read as something else."""
    # tomlkit does not always set a blank line between the tables that it adds.
    text = re.sub(r"(?m)^([^#\n].*)\n(?=\[(?:sources|repositories)\.)", r"\1\n\n", tomlkit.dumps(document))
    try:
        data = (text.rstrip("\n") + "\n").encode()
    except UnicodeEncodeError:
        raise UsageError("a text that is not UTF-8 cannot stand in repogen.toml") from None
    try:
        same = _filled(tomllib.loads(data.decode())) == _filled(document.unwrap())
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise ConfigError(
            "cannot be edited the way it is written", hint="write each table as [sources.NAME] or [repositories.NAME]"
        )
    try:
        parse_config(data)
    except ConfigError as error:
        # The text was good before: it is the edit that cannot be made.
        raise UsageError(f"{error.place}: {error.reason}", hint=error.hint) from None
    return data


def _filled(document: Mapping[str, Any]) -> dict[str, Any]:
    # The last table of a kind takes the kind itself out of the text with it.
    return {key: value for key, value in document.items() if value != {}}
