"""Requests that are ready together land together, and none pays for another."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from repogen.accept import Receipt, Request
from repogen.accept.landing import Landing
from repogen.errors import Busy, DiskFull, FileExists, NotFound, RepogenError, StoreError
from repogen.model.names import CommitId, ProjectKey
from repogen.store import BRANCH, Store
from repogen.store.locks import locked
from repogen.store.writer import Writer
from tests.factories import make_wheel
from tests.stores import NOW, add, commit, history, incoming, new_store, request


class Site:
    """What a publisher does, and what goes wrong with it: which commits clients could see."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.shown: list[CommitId] = []
        self.trouble: Exception | None = None
        self.open = threading.Event()
        self.entered = threading.Event()
        self.open.set()

    def publish(self, _wait: float) -> None:
        self.entered.set()
        assert self.open.wait(20)
        if self.trouble is not None:
            raise self.trouble
        self.shown.append(self.store.head())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return new_store(tmp_path)


@pytest.fixture
def site(store: Store) -> Site:
    return Site(store)


@pytest.fixture
def landing(store: Store, site: Site) -> Landing:
    return Landing(store, publish=site.publish, clock=lambda: NOW, wait=20)


def all_at_once(landing: Landing, requests: Sequence[Request]) -> list[Receipt | RepogenError]:
    """Every request in a thread of its own, all released at one moment; what became of each."""
    start = threading.Barrier(len(requests))

    def land(one: Request) -> Receipt | RepogenError:
        start.wait(20)
        try:
            return landing.land(one)
        except RepogenError as error:
            return error

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(land, requests))


def behind(site: Site, landing: Landing, first: Request, then: Callable[[], None]) -> Receipt:
    """Land one request, and let ``then`` happen while its publishing takes its time."""
    site.open.clear()
    with ThreadPoolExecutor(1) as threads:
        landed = threads.submit(landing.land, first)
        assert site.entered.wait(20)
        then()
        site.open.set()
        return landed.result(20)


def queued(landing: Landing) -> int:
    return len(landing._queue)  # noqa: SLF001  nothing else tells that a request waits


def ref_updates(store: Store) -> int:
    return len((store.folder / "logs" / BRANCH).read_text().splitlines())


@pytest.fixture
def logged(store: Store) -> None:
    """Let Git write down each update of the branch."""
    subprocess.run(["git", "-C", store.path, "config", "core.logAllRefUpdates", "always"], check=True)
    (store.folder / "logs" / BRANCH).parent.mkdir(parents=True)
    (store.folder / "logs" / BRANCH).touch()


def test_a_lone_request_lands(store: Store, site: Site, landing: Landing, tmp_path: Path) -> None:
    """It is committed and published, and its receipt names the commit."""
    receipt = landing.land(request(store, "near", [make_wheel(tmp_path)]))

    assert (receipt.commit, site.shown) == (store.head(), [store.head()])


@pytest.mark.usefixtures("logged")
def test_requests_that_wait_share_one_update(store: Store, site: Site, landing: Landing, tmp_path: Path) -> None:
    """While one request is published twelve others queue up: they land by one update of the branch and one publish."""
    ready = [request(store, "near", [make_wheel(tmp_path, f"n{number}")]) for number in range(13)]
    later: list[Receipt | RepogenError] = []
    waiting = threading.Thread(target=lambda: later.extend(all_at_once(landing, ready[1:])))

    def queue_up() -> None:
        waiting.start()
        while queued(landing) < 12:
            waiting.join(0.01)

    behind(site, landing, ready[0], queue_up)
    waiting.join(20)

    assert [type(one) for one in later] == [Receipt] * 12
    assert (ref_updates(store), len(site.shown)) == (2, 2)
    assert len(history(store)) == 14
    assert len({one.commit for one in later if isinstance(one, Receipt)}) == 12


@pytest.mark.usefixtures("logged")
def test_thirty_two_new_projects_at_once_are_all_there(store: Store, landing: Landing, tmp_path: Path) -> None:
    """No request is lost, each has a commit of its own, and there were fewer updates of the branch than requests."""
    ready = [request(store, "near", [make_wheel(tmp_path, f"n{number}")]) for number in range(32)]

    found = all_at_once(landing, ready)

    assert [type(one) for one in found] == [Receipt] * 32
    assert {key for key, _ in store.newest().projects("near")} == {f"n{number}" for number in range(32)}
    assert len(history(store)) == 33
    assert ref_updates(store) < 32


def test_of_thirty_two_files_of_one_name_exactly_one_wins(store: Store, landing: Landing, tmp_path: Path) -> None:
    """All others are told that the name is taken, and by which bytes; the winner's are there."""
    ready = []
    for number in range(32):
        folder = tmp_path / str(number)
        folder.mkdir()
        ready.append(request(store, "near", [make_wheel(folder, files={"x.py": b"%d" % number})]))

    found = all_at_once(landing, ready)

    (winner,) = [number for number, one in enumerate(found) if isinstance(one, Receipt)]
    project = store.newest().project("near", ProjectKey("example"))
    assert project is not None
    (entry,) = project.entries
    assert entry.record.sha256 == ready[winner].distributions[0].sha256
    losers = [one for one in found if isinstance(one, FileExists)]
    assert [one.sha256 for one in losers] == [entry.record.sha256] * 31
    assert len(history(store)) == 2


def test_the_same_file_many_times_at_once_is_one_commit(store: Store, landing: Landing, tmp_path: Path) -> None:
    """Whoever sends the same bytes at the same time succeeds."""
    ready = [request(store, "near", [make_wheel(tmp_path)]) for _ in range(8)]

    found = all_at_once(landing, ready)

    assert [type(one) for one in found] == [Receipt] * 8
    assert len(history(store)) == 2


def test_a_request_that_fails_does_not_hurt_the_others(
    store: Store, site: Site, landing: Landing, tmp_path: Path
) -> None:
    """Of a group, those that cannot be are refused each for its own reason, the rest lands."""
    add(store, "near", [make_wheel(tmp_path, "taken")])
    ready = [
        request(store, "near", [make_wheel(tmp_path, "one")]),
        request(store, "near", [make_wheel(tmp_path, "taken", files={"x.py": b""})]),
        request(store, "far", [make_wheel(tmp_path, "gone")]),
        request(store, "near", [make_wheel(tmp_path, "two")]),
    ]
    commit(store, {"repogen.toml": b"format = 1\n[sources.near]\nid = 'n1'\ntype = 'python'\n"})
    later: list[Receipt | RepogenError] = []
    waiting = threading.Thread(target=lambda: later.extend(all_at_once(landing, ready)))

    def queue_up() -> None:
        waiting.start()
        while queued(landing) < 4:
            waiting.join(0.01)

    behind(site, landing, request(store, "near", [make_wheel(tmp_path, "first")]), queue_up)
    waiting.join(20)

    assert [type(one) for one in later] == [Receipt, FileExists, NotFound, Receipt]
    assert {key for key, _ in store.newest().projects("near")} == {"first", "one", "taken", "two"}


@pytest.mark.parametrize(
    ("trouble", "kind", "message"),
    [
        (OSError(5, "Input/output error"), StoreError, "committed, but could not be published: .*Input/output error"),
        (OSError(28, "No space left on device"), DiskFull, "committed, but could not be published: .*no space left"),
        (
            StoreError("templates/x, line 3: unexpected"),
            StoreError,
            "^the change is committed, but could not be published: templates/x, line 3: unexpected$",
        ),
    ],
)
def test_what_could_not_be_published_stands(
    store: Store,
    site: Site,
    landing: Landing,
    tmp_path: Path,
    trouble: Exception,
    kind: type[RepogenError],
    message: str,
) -> None:
    """A publish that fails is told to the sender, the commit stands, and the same bytes again succeed once it works."""
    site.trouble = trouble
    with pytest.raises(kind, match=message):
        landing.land(request(store, "near", [make_wheel(tmp_path)]))
    committed = store.head()
    site.trouble = None

    receipt = landing.land(request(store, "near", [make_wheel(tmp_path)]))

    assert store.newest().project("near", ProjectKey("example")) is not None
    assert (receipt.commit, receipt.outcomes[0].status) == (None, "unchanged")
    assert site.shown == [committed]


def test_any_verb_lands(store: Store, site: Site, landing: Landing) -> None:
    """It is published when it returns what the verb returns; one that is refused leaves nothing."""

    def verb(writer: Writer) -> CommitId:
        return writer.commit({"note": b"x"}, subject="note", author="bob", now=NOW)

    def refuse(_: Writer) -> None:
        raise NotFound("nothing there")

    commit = landing.carry_out(verb)
    assert (store.head(), site.shown) == (commit, [commit])
    with pytest.raises(NotFound, match="nothing there"):
        landing.carry_out(refuse)
    assert store.head() == commit


def test_a_store_that_somebody_else_holds_is_busy(store: Store, site: Site, tmp_path: Path) -> None:
    """After the wait the request is refused, and nothing of it is left to land later."""
    impatient = Landing(store, publish=site.publish, clock=lambda: NOW, wait=0.2)
    before = store.head()
    ready = request(store, "near", [make_wheel(tmp_path)])

    with locked(store.folder / "repogen.lock", wait=1, what="the store"), pytest.raises(Busy):
        impatient.land(ready)

    assert (store.head(), site.shown) == (before, [])
    assert ready.distributions[0].incoming.spooled.exists()
    impatient.land(ready)


def test_a_request_that_waits_too_long_is_busy(store: Store, site: Site, tmp_path: Path) -> None:
    """Behind a group that takes long a request gives up after the wait, and is never lands later."""
    impatient = Landing(store, publish=site.publish, clock=lambda: NOW, wait=0.2)
    first, second = (request(store, "near", [make_wheel(tmp_path, name)]) for name in ("one", "two"))

    def give_up() -> None:
        with pytest.raises(Busy, match="the store is busy; try again in a moment"):
            impatient.land(second)

    behind(site, impatient, first, give_up)

    assert [key for key, _ in store.newest().projects("near")] == ["one"]
    impatient.land(second)
    assert len(list(store.newest().projects("near"))) == 2


def test_what_has_not_landed_takes_no_name(store: Store, site: Site, tmp_path: Path) -> None:
    """Where a group cannot be committed, nobody is told that a name is taken by a file that is not there."""
    landing = Landing(store, publish=site.publish, clock=lambda: NOW, wait=2)
    one = incoming(make_wheel(tmp_path))
    other = incoming(make_wheel(tmp_path, files={"x.py": b""}))
    ready = [request(store, "near", [each]) for each in (one, other)]
    first = request(store, "near", [make_wheel(tmp_path, "first")])
    later: list[Receipt | RepogenError] = []
    waiting = threading.Thread(target=lambda: later.extend(all_at_once(landing, ready)))
    lock = store.folder / f"{BRANCH}.lock"

    def queue_up() -> None:
        lock.touch()
        waiting.start()
        while queued(landing) < 2:
            waiting.join(0.01)

    behind(site, landing, first, queue_up)
    waiting.join(20)
    lock.unlink()

    assert [type(error) for error in later] == [Busy, Busy]
    assert [key for key, _ in store.newest().projects("near")] == ["first"]


def test_a_store_that_cannot_be_written_says_so(store: Store, site: Site, landing: Landing, tmp_path: Path) -> None:
    """What the system refuses is one error of repogen's own; nothing is committed or published, nobody is stuck."""
    before = store.head()
    store.pool.folder.parent.mkdir(exist_ok=True)
    store.pool.folder.write_bytes(b"in the way")
    ready = request(store, "near", [make_wheel(tmp_path)])

    with pytest.raises(StoreError, match=r"^the store could not be written: "):
        landing.land(ready)

    assert (store.head(), site.shown) == (before, [])
    store.pool.folder.unlink()
    landing.land(ready)
    assert len(site.shown) == 1
