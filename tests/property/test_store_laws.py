"""The laws of what is committed: records, configuration, messages."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from repogen.accept.configure import (
    Edit,
    create_repository,
    create_source,
    edit_repository,
    edited,
    new_config,
    remove_repository,
    remove_source,
    rename_source,
)
from repogen.config import Config, Repository, Source, parse_config
from repogen.errors import ConfigError, RepogenError
from repogen.model.names import SourceType
from repogen.model.record import Record, Submitter, dump_record, load_record
from repogen.store import Store
from tests.stores import NOW


@dataclass(frozen=True)
class CreateSource:
    """What each edit means, said again in terms of a configuration that was read."""

    name: str
    type: SourceType
    id: str
    description: str

    def edit(self) -> Edit:
        return create_source(self.name, kind=self.type, identifier=self.id, description=self.description)

    def mean(self, config: Config) -> Config:
        new = Source(name=self.name, id=self.id, type=self.type, description=self.description)
        return replace(config, sources={**config.sources, self.name: new})


@dataclass(frozen=True)
class RenameSource:
    old: str
    new: str

    def edit(self) -> Edit:
        return rename_source(self.old, self.new)

    def mean(self, config: Config) -> Config:
        sources = {**config.sources, self.new: replace(config.sources[self.old], name=self.new)}
        del sources[self.old]
        return replace(config, sources=sources, repositories=_listing(config, {self.old: [self.new]}))


@dataclass(frozen=True)
class RemoveSource:
    name: str

    def edit(self) -> Edit:
        return remove_source(self.name)

    def mean(self, config: Config) -> Config:
        sources = {name: source for name, source in config.sources.items() if name != self.name}
        return replace(config, sources=sources, repositories=_listing(config, {self.name: []}))


@dataclass(frozen=True)
class CreateRepository:
    name: str
    type: SourceType
    id: str
    sources: tuple[str, ...]
    description: str

    def edit(self) -> Edit:
        return create_repository(
            self.name, kind=self.type, identifier=self.id, sources=self.sources, description=self.description
        )

    def mean(self, config: Config) -> Config:
        new = Repository(name=self.name, id=self.id, type=self.type, sources=self.sources, description=self.description)
        return replace(config, repositories={**config.repositories, self.name: new})


@dataclass(frozen=True)
class EditRepository:
    name: str
    new_name: str
    sources: tuple[str, ...]
    description: str

    def edit(self) -> Edit:
        return edit_repository(
            self.name, new_name=self.new_name, sources=self.sources, description=self.description, fallback=FALLBACK
        )

    def mean(self, config: Config) -> Config:
        repositories = dict(config.repositories)
        repositories[self.new_name] = replace(
            repositories.pop(self.name),
            name=self.new_name,
            sources=self.sources,
            description=self.description,
            fallback=FALLBACK,
        )
        return replace(config, repositories=repositories)


@dataclass(frozen=True)
class RemoveRepository:
    name: str

    def edit(self) -> Edit:
        return remove_repository(self.name)

    def mean(self, config: Config) -> Config:
        kept = {name: repository for name, repository in config.repositories.items() if name != self.name}
        return replace(config, repositories=kept)


Meant = CreateSource | RenameSource | RemoveSource | CreateRepository | EditRepository | RemoveRepository

FALLBACK = "https://index.example/simple"
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)
)
records = st.builds(
    Record,
    filename=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,40}", fullmatch=True),
    name=texts,
    version=texts,
    kind=st.sampled_from(["wheel", "sdist"]),
    size=st.integers(0, 1 << 50),
    digests=st.builds(lambda digest, others: {**others, "sha256": digest}, hashes, st.dictionaries(texts, texts)),
    uploaded=texts,
    by=st.builds(Submitter, subject=texts, token=texts),
    yanked=st.none() | texts,
    facts=st.dictionaries(texts, json_values, max_size=4),
)
names = st.sampled_from(["a", "b", "c.d", "e-f"])
types: st.SearchStrategy[SourceType] = st.sampled_from(["python", "r"])
edits = st.one_of(
    st.builds(CreateSource, names, types, hashes, texts),
    st.builds(RenameSource, names, names),
    st.builds(RemoveSource, names),
    st.builds(CreateRepository, names, types, hashes, st.lists(names, max_size=2).map(tuple), texts),
    st.builds(EditRepository, names, names, st.lists(names, max_size=3).map(tuple), texts),
    st.builds(RemoveRepository, names),
)
#: Files as people write them: tables out of order, dotted keys, inline tables, comments everywhere.
TABLES = (
    new_config(address=""),
    b"""\
# top
format = 1 # one

[sources.a] # first
type = 'python'
# below a

[repositories.b]
type = "python"
sources = [
  'a', # trusted
]

[sources.b]
type = 'r'
id = 'xyz'
# the end
""",
)
#: Where an edit that would come out wrong is refused.
DOTTED = (
    b"format = 1\nsources.a.type = 'python'\nrepositories.a = {type = 'python', sources = ['a']}\n",
    b"format = 1\n[sources]\na = {type = 'python'}\nb.type = 'python'\n[repositories]\n[limits]\nupload = '1 GiB'\n",
)


@given(records)
def test_a_record_survives_writing_and_reading(record: Record) -> None:
    """What is committed of a distribution is what is read again, whatever texts are in it."""
    written = dump_record(record)

    assert load_record(written) == record
    assert dump_record(load_record(written)) == written


@given(st.sampled_from([*TABLES, *DOTTED]), st.lists(edits, max_size=6))
@example(TABLES[0], [CreateSource("a", "python", "i", ""), RemoveSource("a")])
@example(TABLES[1], [RenameSource("a", "c.d")])
def test_edits_mean_what_they_say(beginning: bytes, chosen: list[Meant]) -> None:
    """What is read after an edit is what was read before, with that one change; comments stay."""
    data = beginning
    for one in chosen:
        before = parse_config(data)
        try:
            data = edited(data, one.edit())
        except ConfigError:
            assert beginning in DOTTED
            continue
        except RepogenError:
            continue
        assert parse_config(data) == one.mean(before)
    assert b"# top" in data or b"# top" not in beginning


@given(texts, texts)
def test_texts_of_a_configuration_survive(first: str, second: str) -> None:
    """A description is read as it was given, and changing one changes nothing else."""
    data = edited(
        new_config(address="https://packages.example/"),
        create_source("a", kind="python", identifier="i", description=first),
        create_repository("r", kind="python", identifier="i", sources=["a"], description=first),
    )
    before, after = parse_config(data), parse_config(edited(data, edit_repository("r", description=second)))

    assert (before.sources["a"].description, before.repositories["r"].description) == (first, first)
    assert after.repositories["r"].description == second
    assert (after.sources, after.address) == (before.sources, before.address)


@settings(max_examples=30)
@given(subject=st.text(max_size=300), author=st.text(max_size=300), value=st.text(max_size=300))
def test_no_text_breaks_out_of_its_line(subject: str, author: str, value: str) -> None:
    """Whatever the texts of a commit are, Git reads one subject, one trailer and one author."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "store.git")
        commit = store.write(
            lambda writer: writer.commit(
                {"x": b""}, subject=f"add {subject}", trailers=[("Project", value)], author=author, now=NOW
            ),
            wait=1,
        )
        raw = subprocess.run(
            ["git", "-C", store.path, "cat-file", "commit", commit], check=True, capture_output=True
        ).stdout.decode()

    headers, _, message = raw.partition("\n\n")
    assert [line.split(" ")[0] for line in headers.split("\n")] == ["tree", "author", "committer"]
    assert len(message.splitlines()) == 3
    assert message.splitlines()[1:2] == [""]
    assert message.splitlines()[2].startswith("Project: ")


def _listing(config: Config, instead: Mapping[str, Sequence[str]]) -> dict[str, Repository]:
    """The repositories, with other sources in place of one."""
    return {
        name: replace(
            repository, sources=tuple(new for source in repository.sources for new in instead.get(source, [source]))
        )
        for name, repository in config.repositories.items()
    }
