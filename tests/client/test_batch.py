"""Many files, several at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from repogen.client.batch import Result, send_all
from repogen.client.connection import Connection
from repogen.client.upload import Parcel, Uploads
from repogen.errors import DiskFull, InvalidUpload, NotFound
from tests.client.conftest import Connect
from tests.client.servers import Asked, Reply, good, stub
from tests.factories import make_wheel
from tests.stores import SIGNATURE


class Watching:
    """Counts how many are on their way."""

    def __init__(self) -> None:
        self.now: set[int] = set()
        self.most = 0

    def starts(self, number: int, _: Parcel) -> None:
        self.now.add(number)
        self.most = max(self.most, len(self.now))

    def moves(self, number: int, _: int) -> None:
        assert number in self.now

    def ends(self, number: int) -> None:
        self.now.remove(number)


def parcels(folder: Path, count: int) -> list[Parcel]:
    files = [make_wheel(folder, f"n{number}") for number in range(count)]
    return [Parcel(source="local-python", type="python", filename=one.name, path=one) for one in files]


def sent(connection: Connection, batch: list[Parcel], watcher: Watching, at_once: int = 3) -> list[Result]:
    uploads = Uploads(connection)
    return list(send_all(uploads, batch, watcher=watcher, stopping=connection.stopping, at_once=at_once))


@pytest.fixture
def refusing() -> Callable[[str, Reply], Callable[[Asked], Reply]]:
    """A receiver that has something against one file, and takes its time with the others."""

    def make(name: str, reply: Reply) -> Callable[[Asked], Reply]:
        def answer(asked: Asked) -> Reply:
            if asked.method == "POST" and asked.filename.startswith(f"{name}-"):
                return reply
            if asked.method == "POST":
                time.sleep(0.02)
            return good(asked)

        return answer

    return make


Refusing = Callable[[str, Reply], Callable[[Asked], Reply]]


def test_all(connect: Connect, tmp_path: Path) -> None:
    """Each arrives, and never more are on their way than allowed."""
    watching = Watching()
    with stub() as server:
        results = sent(connect(server.address), parcels(tmp_path, 20), watching)

    assert sorted(one.number for one in results) == list(range(20))
    assert all(one.arrival for one in results)
    assert len(server.uploads) == 20
    assert (watching.now, watching.most) == (set(), 3)


def test_none(connect: Connect) -> None:
    """Nothing to send is nothing to wait for."""
    with stub() as server:
        assert sent(connect(server.address), [], Watching()) == []


def test_one_that_is_bad(connect: Connect, tmp_path: Path, refusing: Refusing) -> None:
    """It does not keep the others from arriving; nor does one that is gone meanwhile."""
    batch = parcels(tmp_path, 6)
    (tmp_path / "n4-1.0-py3-none-any.whl").unlink()
    with stub(refusing("n1", Reply("not a wheel", 400))) as server:
        results = {one.number: one for one in sent(connect(server.address), batch, Watching())}

    assert {number for number, one in results.items() if one.arrival} == {0, 2, 3, 5}
    assert isinstance(results[1].error, InvalidUpload)
    assert isinstance(results[4].error, FileNotFoundError)
    assert not any(one.stops_all for one in results.values())


@pytest.mark.parametrize("status", [401, 403, 404, 500, 507])
def test_what_the_rest_would_meet(connect: Connect, tmp_path: Path, refusing: Refusing, status: int) -> None:
    """No more are begun; what had arrived is told."""
    with stub(refusing("n3", Reply("no room", status))) as server:
        results = sent(connect(server.address), parcels(tmp_path, 30), Watching())

    (stopped,) = [one for one in results if one.stops_all]
    assert stopped.number == 3
    assert status != 507 or isinstance(stopped.error, DiskFull)
    assert 6 <= 3 + len(server.uploads) < 20
    arrived = {one.filename for one in server.uploads} - {"n3-1.0-py3-none-any.whl"}
    told = {f"n{one.number}-1.0-py3-none-any.whl" for one in results if one.arrival}
    assert told <= arrived


def test_a_signature_without_its_file(connect: Connect, tmp_path: Path) -> None:
    """It says nothing about the next one."""
    files = [tmp_path / f"n{number}_1.0.tar.gz.asc" for number in range(3)]
    for file in files:
        file.write_bytes(SIGNATURE)
    batch = [Parcel(source="r", type="r", filename=one.name[:-4], path=None, signature=one) for one in files]
    with stub(lambda _: Reply("source 'r' has no such file", 404)) as server:
        results = sent(connect(server.address), batch, Watching(), at_once=1)

    assert [type(one.error) for one in results] == [NotFound] * 3


def test_the_threads_end(connect: Connect, tmp_path: Path) -> None:
    """When all is told, nothing runs on; and none of it could keep the program from ending."""
    with stub() as server:
        generator = send_all(
            Uploads(connection := connect(server.address)),
            parcels(tmp_path, 8),
            watcher=Watching(),
            stopping=connection.stopping,
        )
        next(generator)
        uploading = [one for one in threading.enumerate() if one.name.startswith("upload-")]
        list(generator)

    assert all(one.daemon for one in uploading)
    time.sleep(0.05)
    assert not [one for one in threading.enumerate() if one.name.startswith("upload-")]
