"""One file on its way: skipped where it is there, else sent as a form, with its signature."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest

from repogen.client.connection import Stopped
from repogen.client.upload import Arrival, Parcel, Uploads, read_receipt
from repogen.errors import FileExists, InvalidUpload, NotFound, Unreachable
from repogen.model.names import SourceType
from tests.client.conftest import Connect
from tests.client.servers import Asked, Reply, good, raw, read_head, stub
from tests.factories import make_wheel
from tests.r_packages import make_r_source
from tests.stores import SIGNATURE

WHEEL = "example-1.0-py3-none-any.whl"
OTHER = "0" * 64


def parcel(path: Path, kind: SourceType = "python", **more: object) -> Parcel:
    return Parcel(source=f"local-{kind}", type=kind, filename=path.name, path=path, **more)  # type: ignore[arg-type]


def listing(*links: tuple[str, str, str]) -> Callable[[Asked], Reply]:
    """A receiver that has these files: sha256, what else the link says, the name."""
    page = "".join(f'<a href="#sha256={sha256}"{more}>{name}</a><br>\n' for sha256, more, name in links)
    return lambda asked: Reply(page, type="text/html") if asked.method == "GET" else good(asked)


def nothing(_: int) -> None:
    """Nobody watches."""


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_python_file(connect: Connect, tmp_path: Path) -> None:
    """The form is PyPI's, states the hash, and ends with the file; how far it is, is told."""
    wheel, told = make_wheel(tmp_path), list[int]()
    with stub() as server:
        arrival = Uploads(connect(server.address)).upload(parcel(wheel), told.append)

    asked, sent = server.asked
    assert arrival == Arrival(status="added")
    assert (asked.method, asked.path) == ("GET", "/upload/pypi/local-python/+simple/example/")
    assert (sent.method, sent.path) == ("POST", "/upload/pypi/local-python")
    for text in (':action"\r\n\r\nfile_upload', 'protocol_version"\r\n\r\n1', f'sha256_digest"\r\n\r\n{sha256(wheel)}'):
        assert text.encode() in sent.body
    assert f'name="content"; filename="{WHEEL}"'.encode() in sent.body
    assert wheel.read_bytes() in sent.body
    assert told[-1] == wheel.stat().st_size
    assert int(sent.headers["Content-Length"]) == len(sent.body)


def test_an_r_package(connect: Connect, tmp_path: Path) -> None:
    """Its form is repogen's, with signature and platform."""
    package, signature = make_r_source(tmp_path), tmp_path / "example_1.0.tar.gz.asc"
    signature.write_bytes(SIGNATURE)
    with stub() as server:
        Uploads(connect(server.address)).upload(
            parcel(package, "r", signature=signature, distribution="jammy"), nothing
        )

    (sent,) = server.asked
    assert sent.path == "/upload/r/local-r"
    assert b'name="file"; filename="example_1.0.tar.gz"' in sent.body
    assert b'name="signature"; filename="example_1.0.tar.gz.asc"' in sent.body
    assert SIGNATURE in sent.body
    assert b'name="distribution"\r\n\r\njammy' in sent.body
    assert f'sha256_digest"\r\n\r\n{sha256(package)}'.encode() in sent.body


@pytest.mark.parametrize(
    ("name", "more", "same", "signed", "status"),
    [
        (WHEEL, "", True, False, "unchanged"),
        (WHEEL, ' data-gpg-sig="true"', True, True, "unchanged"),
        (WHEEL, ' data-gpg-sig="false"', True, True, "added"),
        (WHEEL, "", True, True, "added"),
        ("Example-1.0.0-py3-none-any.whl", ' class="new"', True, False, "unchanged"),
        (WHEEL, "", False, False, "added"),
        ("example-1.0-1-py3-none-any.whl", "", True, False, "added"),
        ("nonsense", "", True, False, "added"),
    ],
)
def test_what_is_there_is_not_sent(
    connect: Connect, tmp_path: Path, *, name: str, more: str, same: bool, signed: bool, status: str
) -> None:
    """The same bytes under the same name in any spelling, with a signature if there is one to send."""
    wheel, signature = make_wheel(tmp_path), tmp_path / f"{WHEEL}.asc"
    signature.write_bytes(SIGNATURE)
    with stub(listing((sha256(wheel) if same else OTHER, more, name))) as server:
        arrival = Uploads(connect(server.address)).upload(
            parcel(wheel, signature=signature if signed else None), nothing
        )

    assert arrival.status == status
    assert len(server.uploads) == (status == "added")


def test_a_project_is_asked_for_once(connect: Connect, tmp_path: Path) -> None:
    """However many files of it there are; a name that the client does not know is left to the receiver."""
    files = [make_wheel(tmp_path, version=f"{number}.0") for number in range(5)]
    odd = tmp_path / "example.egg"
    odd.touch()
    with stub() as server:
        uploads = Uploads(connect(server.address))
        for file in (*files, odd):
            uploads.upload(parcel(file), nothing)

    assert len(server.uploads) == 6
    assert len(server.asked) == 7


def test_another_binary_of_the_same_bytes(connect: Connect, tmp_path: Path) -> None:
    """With a platform stated, the file is sent: for another platform it is another file."""
    package = make_r_source(tmp_path)
    with stub(listing((sha256(package), "", package.name))) as server:
        Uploads(connect(server.address)).upload(parcel(package, "r", distribution="jammy"), nothing)

    assert len(server.uploads) == 1


@pytest.mark.parametrize("status", [404, 405])
def test_a_receiver_that_does_not_tell(connect: Connect, tmp_path: Path, status: int) -> None:
    """It gets the file."""
    with stub(lambda asked: Reply("no", status) if asked.method == "GET" else good(asked)) as server:
        assert Uploads(connect(server.address)).upload(parcel(make_wheel(tmp_path)), nothing).status == "added"


def test_a_signature_alone(connect: Connect, tmp_path: Path) -> None:
    """R has an address for it, Python has none."""
    signature = tmp_path / "a b_1.0.tar.gz.asc"
    signature.write_bytes(SIGNATURE)
    one = {"filename": "a b_1.0.tar.gz", "path": None, "signature": signature, "distribution": "jammy"}
    with stub() as server:
        uploads = Uploads(connect(server.address))
        assert uploads.upload(Parcel(source="x/y", type="r", **one), nothing).status == "signed"  # type: ignore[arg-type]
        with pytest.raises(NotFound, match="comes without its file; put the file beside it"):
            uploads.upload(Parcel(source="x", type="python", **one), nothing)  # type: ignore[arg-type]

    (sent,) = server.asked
    assert (sent.method, sent.path) == ("PUT", "/upload/r/x%2Fy/a%20b_1.0.tar.gz.asc?distribution=jammy")
    assert unquote(sent.path)
    assert sent.body == SIGNATURE


def test_a_signature_that_is_none(connect: Connect, tmp_path: Path) -> None:
    """A large file that is named so is not read into memory, nor sent."""
    large = tmp_path / f"{WHEEL}.asc"
    with large.open("wb") as file:
        file.truncate(1 << 40)
    with stub() as server, pytest.raises(InvalidUpload, match="is larger than 16384 bytes"):
        Uploads(connect(server.address)).upload(parcel(make_wheel(tmp_path), signature=large), nothing)

    assert server.asked == []


@pytest.mark.parametrize(
    ("reply", "family", "said"),
    [
        (Reply("not a wheel; no METADATA", 400), InvalidUpload, "not a wheel; no METADATA"),
        (
            Reply(f"File already exists ('a', with sha256 {OTHER}); raise the version", 400),
            FileExists,
            f"File already exists ('a', with sha256 {OTHER}); raise the version",
        ),
        (Reply("<title>Welcome</title>", 200, "text/html"), Unreachable, "is not repogen"),
        (Reply("{}", 200, "application/json"), Unreachable, "is not repogen"),
    ],
)
def test_refused(connect: Connect, tmp_path: Path, reply: Reply, family: type[Exception], said: str) -> None:
    """What the receiver says of the file, and no page of anybody else for a success."""
    answer = lambda asked: good(asked) if asked.method == "GET" else reply  # noqa: E731
    with stub(answer) as server, pytest.raises(family) as caught:
        Uploads(connect(server.address)).upload(parcel(make_wheel(tmp_path)), nothing)

    assert type(caught.value) is family
    assert said in str(caught.value)


def test_another_try_sends_all_of_it(connect: Connect, notices: list[str], tmp_path: Path) -> None:
    """Also after a server that broke off in the middle of the file."""
    wheel = make_wheel(tmp_path, files={"example/data": os.urandom(3 << 20)})
    heads, told = list[bytes](), list[int]()

    def moody(connection: socket.socket) -> None:
        head = read_head(connection)
        heads.append(head)
        if head.startswith(b"GET"):
            connection.sendall(
                b"HTTP/1.1 404 x\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"
            )
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        left = length - len(head.partition(b"\r\n\r\n")[2])
        while left > (1 << 20 if len(heads) == 2 else 0):
            left -= len(connection.recv(65536))
        if not left:
            answer = b"HTTP/1.1 200 x\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\na: added"
            connection.sendall(answer)

    with raw(moody) as address:
        arrival = Uploads(connect(address)).upload(parcel(wheel), told.append)

    assert arrival.status == "added"
    assert len(heads) == 3
    assert len(notices) == 1
    assert notices[0].startswith(f"{WHEEL}: cannot talk to {address}: ")
    assert told[-1] == wheel.stat().st_size
    assert told.count(min(told)) == 2


@pytest.mark.parametrize("size", [1 << 20, 8 << 20])
def test_a_file_that_changes(connect: Connect, tmp_path: Path, size: int) -> None:
    """One that is cut, or grows, while it is sent is an error, and nothing arrives that could be taken for it."""
    wheel = make_wheel(tmp_path, files={"example/data": os.urandom(3 << 20)})

    def cut(sent: int) -> None:
        if sent == 65536:
            os.truncate(wheel, size)

    with stub() as server, pytest.raises(InvalidUpload, match="changed while it was sent"):
        Uploads(connect(server.address)).upload(parcel(wheel), cut)


def test_a_stop(connect: Connect, tmp_path: Path) -> None:
    """Neither hashing nor sending goes on after it."""
    wheel = make_wheel(tmp_path, files={"example/data": os.urandom(3 << 20)})
    with stub() as server:
        connection = connect(server.address)
        with pytest.raises(Stopped):
            Uploads(connection).upload(parcel(wheel), lambda _: connection.stopping.set())
        with pytest.raises(Stopped):
            Uploads(connection).upload(parcel(wheel), nothing)


@pytest.mark.parametrize(
    ("text", "arrival"),
    [
        ("a.whl: added", Arrival(status="added")),
        ("a.whl: unchanged", Arrival(status="unchanged")),
        ("a.whl: signed; x has a first", Arrival(status="signed", notes=("x has a first",))),
        (
            "a.whl: added; one; two; a.whl: old; really; a.whl: odd",
            Arrival(status="added", notes=("one", "two"), warnings=("old; really", "odd")),
        ),
        ("a.whl: added; a.whl: odd", Arrival(status="added", warnings=("odd",))),
        ("taken, with thanks", Arrival(status="added", notes=("taken, with thanks",))),
        ("", Arrival(status="added")),
    ],
)
def test_receipts(text: str, arrival: Arrival) -> None:
    """What happened, what to know, and what to look at; words of a later version are a note."""
    assert read_receipt(text) == arrival
