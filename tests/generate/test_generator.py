"""One site over time: templates, configuration, other builders."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from repogen.errors import Busy, ConfigError, StoreError
from repogen.generate.generator import Generator, overrides
from repogen.model.names import ProjectKey, Sha256
from repogen.store import Store
from repogen.store.locks import locked
from repogen.store.paths import project_path
from tests.factories import make_wheel
from tests.stores import CONFIG, add, build, commit, generator, new_store, site_files

SIMPLE = "python/latest/simple"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with one wheel."""
    store = new_store(tmp_path)
    add(store, "near", [make_wheel(tmp_path)])
    return store


@pytest.fixture
def one(store: Store, tmp_path: Path) -> Iterator[Generator]:
    """A generator that lives through the test, as that of a server does."""
    with closing(generator(store, tmp_path / "site")) as found:
        yield found


def test_a_generator_follows_the_store(one: Generator, store: Store, tmp_path: Path) -> None:
    """Commit after commit, templates that come and go included, it does what a new one would do."""
    one.build(wait=1)
    for changes in (
        {"templates/simple/index.html": b"{{ keys|length }}"},
        {"templates/simple/index.html": b"{{ keys|length }} projects"},
        {"repogen.toml": CONFIG.replace(b"mixed", b"all")},
        {"templates": None},
    ):
        commit(store, dict(changes))
        add(store, "near", [make_wheel(tmp_path, f"n{len(changes)}")])
        one.build(wait=1)
        build(store, tmp_path / "fresh", full=True, grace=0)

        found, good = site_files(tmp_path / "site"), site_files(tmp_path / "fresh")
        assert {path: found.get(path) for path in good} == good


def test_a_template_of_the_store_wins(one: Generator, store: Store, tmp_path: Path) -> None:
    """It is rendered with what repogen's own gets, and its values are escaped."""
    commit(store, {"templates/simple/project.html": b"<h1>{{ key }}</h1>{{ '<b>' }}\n"})

    one.build_indexes(wait=1)

    assert (tmp_path / "site" / SIMPLE / "example/index.html").read_bytes() == b"<h1>example</h1>&lt;b&gt;\n"
    assert overrides(store.newest()) == {"simple/project.html": b"<h1>{{ key }}</h1>{{ '<b>' }}\n"}


@pytest.mark.parametrize(
    ("template", "place"),
    [
        (b"one\n{% if %}\n", "templates/simple/index.html, line 2: "),
        (b"one\n\n{{ nothing }}\n", "templates/simple/index.html, line 3: 'nothing' is undefined"),
        (b"{{ keys.__class__.__mro__ }}", "templates/simple/index.html, line 1: access to attribute '__class__'"),
        (b"{% include 'none.html' %}", "templates/simple/index.html, line 1: "),
        (b"one\n\xff", "templates/simple/index.html, line 2: not UTF-8"),
        (b"{{ 1 // 0 }}", "templates/simple/index.html, line 1: "),
    ],
)
def test_a_broken_template_is_one_clear_line(
    one: Generator, store: Store, tmp_path: Path, template: bytes, place: str
) -> None:
    """The error names the template and the line, the site stays as it was, and goes on once it is corrected."""
    one.build(wait=1)
    before = site_files(tmp_path / "site")
    commit(store, {"templates/simple/index.html": template})

    with pytest.raises(StoreError) as caught:
        one.build(wait=1)

    assert place in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "site" / SIMPLE / "index.html").read_bytes() == before[f"{SIMPLE}/index.html"]
    commit(store, {"templates": None})
    one.build(wait=1)
    assert site_files(tmp_path / "site") == before


def test_the_last_good_configuration_goes_on(one: Generator, store: Store, tmp_path: Path) -> None:
    """With a mistake at head, new files are published by what was last good."""
    one.build(wait=1)
    commit(store, {"repogen.toml": b"format = 1\nnmae = 1\n"})
    add(store, "near", [make_wheel(tmp_path, "other")])

    one.build(wait=1)

    assert b"other" in (tmp_path / "site" / SIMPLE / "index.html").read_bytes()


def test_without_any_good_configuration_the_mistake_is_told(tmp_path: Path) -> None:
    """Where there is nothing to go on with, there is no site."""
    store = new_store(tmp_path, b"format = 7\n")

    with pytest.raises(ConfigError, match="format: must be 1, not 7"):
        build(store, tmp_path / "site")
    assert site_files(tmp_path / "site") == {}


@pytest.mark.parametrize("part", ["indexes", "pages"])
def test_another_builder_is_waited_for_and_then_busy(one: Generator, tmp_path: Path, part: str) -> None:
    """Each part has a lock: of two that build it one waits, and gives up after the wait."""
    lock = tmp_path / "site" / "_" / f"{part}.lock"
    with locked(lock, wait=1, what="the part"), pytest.raises(Busy, match=f"the build of the {part} is in use"):
        one.build(wait=0.1)
    one.build(wait=0.1)


def test_pages_never_overtake_the_indexes(one: Generator, store: Store, tmp_path: Path) -> None:
    """Pages for people show the commit that the indexes show, whatever the store has by then."""
    one.build_indexes(wait=1)
    shown = store.head()
    add(store, "near", [make_wheel(tmp_path, "later")])

    assert one.build_pages(wait=1).commit == shown
    assert [part.commit for part in one.build(wait=1)] == [store.head()] * 2


def test_two_that_build_at_once_make_one_site(one: Generator, store: Store, tmp_path: Path) -> None:
    """A command beside a server: whoever comes second finds the work done, or does the rest."""
    with closing(generator(store, tmp_path / "site")) as other:
        for number in range(5):
            add(store, "near", [make_wheel(tmp_path, f"n{number}")])
            threads = [threading.Thread(target=each.build, kwargs={"wait": 10}) for each in (one, other)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    build(store, tmp_path / "fresh", full=True)
    assert site_files(tmp_path / "site") == site_files(tmp_path / "fresh")


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("sources/near/ea/ghost/1.0/README", b"", "sources/near/.*/ghost holds no distribution; remove that folder"),
        ("sources/near/50/example/1.0/x.whl.json", b"{}", "x.whl.json: not a record"),
    ],
)
def test_what_was_pushed_by_mistake_is_named(
    one: Generator, store: Store, tmp_path: Path, path: str, content: bytes, words: str
) -> None:
    """What cannot be shown is told with its place, the site stays as it was, and follows once that is gone."""
    add(store, "near", [make_wheel(tmp_path)])
    one.build(wait=5)
    before = site_files(tmp_path / "site")
    archive = {path.removesuffix(".json"): b""} if path.endswith(".json") else {}
    commit(store, {path: content, **archive})

    with pytest.raises(StoreError, match=words):
        one.build(wait=5)

    assert site_files(tmp_path / "site") == before
    commit(store, dict.fromkeys((path, *archive)))
    one.build(wait=5)
    assert site_files(tmp_path / "site") == before


def test_an_archive_can_be_expelled(one: Generator, store: Store, tmp_path: Path) -> None:
    """What must be gone is gone before its time; what else is leaving the site keeps its own."""
    add(store, "near", [make_wheel(tmp_path, "bad"), make_wheel(tmp_path, "good")])
    one.build(wait=1)
    links = {path.name.partition("-")[0]: path for path in (tmp_path / "site" / "python" / "files").rglob("*.whl")}
    bad = Sha256(hashlib.sha256(links["bad"].read_bytes()).hexdigest())
    for name in ("bad", "good"):
        commit(store, {project_path("near", ProjectKey(name)): None})
    one.build(wait=1)

    one.expel(ProjectKey("bad"), {bad}, wait=1)

    assert (links["bad"].exists(), links["good"].exists()) == (False, True)
