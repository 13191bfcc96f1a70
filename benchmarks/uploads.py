"""Wheels sent to a running server: repogen and pypiserver, each with an index of the same size."""

from __future__ import annotations

import base64
import hashlib
import itertools
import random
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.corpus import PER_PROJECT, Made, wheel
from benchmarks.processes import Server, alternate, free_port, run, serving, settle
from benchmarks.subjects import REPOSITORY, SOURCE, link_archives, repogen
from benchmarks.table import Row
from repogen.cli.home import Home

_USER, _PASSWORD = "benchmarks", "secret"
_BOUNDARY = "0f5e1d0c7f2b4b0e9b1f1d7b6a1c2e3d"
_PATIENCE = 60
#: Its README is one that the corpus does not have: the process that renders them starts with the first upload.
_FIRST = 100


@dataclass(frozen=True, slots=True)
class Form:
    """An upload as it goes over the wire."""

    project: str
    filename: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A server, where uploads go there, and where its index is."""

    server: Server
    upload: str
    index: str
    authorization: str

    def connect(self) -> HTTPConnection:
        """A connection of its own for each client."""
        return HTTPConnection("127.0.0.1", self.server.port, timeout=_PATIENCE)

    def send(self, connection: HTTPConnection, form: Form) -> None:
        """Upload; returns when the server says that it has the file. Raises RuntimeError for any other answer."""
        headers = {
            "Authorization": self.authorization,
            "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
        }
        connection.request("POST", self.upload, form.body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{form.filename}: {answer.status} {text[:200]!r}")

    def shows(self, connection: HTTPConnection, form: Form) -> bool:
        """Does the page of the project list the file now?"""
        connection.request("GET", f"{self.index}{form.project}/")
        answer = connection.getresponse()
        return form.filename.encode() in answer.read() and answer.status == 200


def uploads(
    home: Home, lines: list[str], *, rounds: int, seconds: float, large: int, folder: Path, peers: Path
) -> Iterator[Row]:
    """All comparisons of uploads: turns of so many ``seconds`` with small wheels, then wheels of ``large`` bytes.

    The home holds the files of which ``lines`` is the list for dumb-pypi.
    """
    files = len(lines)
    run(repogen(home.root, "build"))
    link_archives(home, lines, folder / "pypiserver")
    later = (wheel(number % (files // PER_PROJECT), f"3.{number}") for number in itertools.count(_FIRST))
    with ExitStack() as stack:
        ours = _start_repogen(stack, home.root)
        theirs = _start_pypiserver(stack, folder, peers)
        both = (ours, theirs)
        for form in _forms(later, 12):  # each of pypiserver's processes must have had its first upload
            for target in both:
                _load(target, [form], clients=1, seconds=_PATIENCE)
        idle = [_at_rest(target.server) for target in both]
        yield _row("server at rest", "MiB", idle[:1], idle[1:])
        yield from _small(ours, theirs, later, files=files, rounds=rounds, seconds=seconds)
        peaks = [[target.server.peak() - at_rest] for target, at_rest in zip(both, idle, strict=True)]
        yield _row("memory for small wheels, over rest", "MiB", *peaks)
        yield from _large(ours, theirs, size=large, rounds=rounds)


def _small(
    ours: Target, theirs: Target, later: Iterator[Made], *, files: int, rounds: int, seconds: float
) -> Iterator[Row]:
    for clients in (1, 8):

        def rate(target: Target, forms: Sequence[Form], clients: int = clients) -> float:
            settle(ours.server, theirs.server)
            return _load(target, forms, clients=clients, seconds=seconds)

        # More than are sent in time; both sides get the same.
        turns = [_forms(later, int(seconds * 400)) for _ in range(rounds)]
        rates = alternate(turns, partial(rate, ours), partial(rate, theirs))
        name = f"small wheels into {files:,} files, {clients} client{'s' if clients > 1 else ''}"
        yield _row(name, "per s", *rates, more_is_better=True)

    def seen(target: Target, form: Form) -> float:
        settle(ours.server, theirs.server)
        return 1000 * _until_seen(target, form)

    times = alternate(_forms(later, 2 * rounds), partial(seen, ours), partial(seen, theirs))
    yield _row(f"a small wheel into {files:,} files, until seen in the index", "ms", *times)


def _large(ours: Target, theirs: Target, *, size: int, rounds: int) -> Iterator[Row]:
    block = random.Random(size).randbytes(1_000_000)
    payload = block * (size // len(block))

    def send(target: Target, form: Form) -> tuple[float, float]:
        settle(ours.server, theirs.server)
        target.server.forget_peak()
        at_rest = target.server.memory()
        connection = target.connect()
        begun = time.perf_counter()
        target.send(connection, form)
        seconds = time.perf_counter() - begun
        connection.close()
        return len(form.body) / 1e6 / seconds, target.server.peak() - at_rest

    forms = (_form(wheel(0, f"4.{number}", payload)) for number in range(rounds))
    mine, other = alternate(forms, partial(send, ours), partial(send, theirs))
    name = f"a wheel of {size / 1e6:,.0f} MB"
    yield _row(name, "MB/s", [rate for rate, _ in mine], [rate for rate, _ in other], more_is_better=True)
    yield _row(f"{name}: memory over rest", "MiB", [peak for _, peak in mine], [peak for _, peak in other])


def _at_rest(server: Server) -> float:
    settle(server)
    server.forget_peak()
    return server.memory()


def _load(target: Target, forms: Sequence[Form], *, clients: int, seconds: float) -> float:
    """Uploads a second. What each client sent last must be in the index when it is answered."""
    waiting, lock = iter(forms), threading.Lock()
    begun = time.perf_counter()

    def client() -> tuple[int, float]:
        connection, sent, form = target.connect(), 0, None
        while time.perf_counter() - begun < seconds:
            with lock:
                following = next(waiting, None)
            if following is None:
                break
            form = following
            target.send(connection, form)
            sent += 1
        ended = time.perf_counter()
        if form and not target.shows(connection, form):
            raise RuntimeError(f"{form.filename} is not in the index of {target.index}")
        connection.close()
        return sent, ended

    with ThreadPoolExecutor(clients) as pool:
        done = [future.result() for future in [pool.submit(client) for _ in range(clients)]]
    return sum(sent for sent, _ in done) / (max(ended for _, ended in done) - begun)


def _until_seen(target: Target, form: Form) -> float:
    """Seconds from the first byte of an upload until the page of its project lists it."""
    connection = target.connect()
    begun = time.perf_counter()
    target.send(connection, form)
    while not target.shows(connection, form):
        pass
    seconds = time.perf_counter() - begun
    connection.close()
    return seconds


def _start_repogen(stack: ExitStack, home: Path) -> Target:
    options = ("--description", "benchmarks", "--sources", SOURCE, "--quiet")
    token = subprocess.run(
        repogen(home, "token", "create", *options), stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()
    port = free_port()
    server = stack.enter_context(serving(repogen(home, "serve", "--port", str(port)), port))
    return Target(
        server=server,
        upload=f"/upload/pypi/{SOURCE}",
        index=f"/{REPOSITORY}/latest/simple/",
        authorization=f"Bearer {token}",
    )


def _start_pypiserver(stack: ExitStack, folder: Path, peers: Path) -> Target:
    """As its own documentation runs it in production: gunicorn with four processes, and its cache."""
    port = free_port()
    digest = base64.b64encode(hashlib.sha1(_PASSWORD.encode()).digest()).decode()
    passwords = folder / "htpasswd"
    passwords.write_text(f"{_USER}:{{SHA}}{digest}\n")
    app = f'pypiserver:app(root="{folder / "pypiserver"}", password_file="{passwords}")'
    command: list[str | Path] = [
        peers / "bin/gunicorn",
        "-w4",
        "--bind",
        f"127.0.0.1:{port}",
        "--no-control-socket",
        app,
    ]
    credentials = base64.b64encode(f"{_USER}:{_PASSWORD}".encode()).decode()
    server = stack.enter_context(serving(command, port))
    return Target(server=server, upload="/", index="/simple/", authorization=f"Basic {credentials}")


def _forms(later: Iterator[Made], count: int) -> list[Form]:
    return [_form(made) for made in itertools.islice(later, count)]


def _form(made: Made) -> Form:
    """What twine sends for a wheel, as far as either server looks at it."""
    fields = {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "2.4",
        "name": made.name,
        "version": made.version,
        "filetype": "bdist_wheel",
        "pyversion": "py3",
        "sha256_digest": hashlib.sha256(made.archive).hexdigest(),
    }
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    file = f'Content-Disposition: form-data; name="content"; filename="{made.filename}"'
    head = "".join(f"--{_BOUNDARY}\r\n{part}\r\n" for part in parts)
    head += f"--{_BOUNDARY}\r\n{file}\r\nContent-Type: application/octet-stream\r\n\r\n"
    return Form(made.name, made.filename, b"".join((head.encode(), made.archive, f"\r\n--{_BOUNDARY}--\r\n".encode())))


def _row(job: str, unit: str, ours: Sequence[float], theirs: Sequence[float], *, more_is_better: bool = False) -> Row:
    return Row(job=job, unit=unit, peer="pypiserver", ours=ours, theirs=theirs, more_is_better=more_is_better)
