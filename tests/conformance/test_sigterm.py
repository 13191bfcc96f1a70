"""However the server ends, what it said yes to stays."""

from __future__ import annotations

import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conformance.instance import Instance
from tests.conformance.programs import wait_until
from tests.conformance.raw import Upload
from tests.conformance.webservers import listens
from tests.factories import make_wheel

pytestmark = pytest.mark.conformance


def send(instance: Instance, made: Path, token: str) -> bool:
    """Upload a file; was it accepted."""
    try:
        with Upload(instance.port, made, token=token) as upload:
            status, reason = upload.finish()
    except OSError:
        return False
    assert status in (200, 503), reason
    return status == 200


def test_upload_under_way(own: Instance, tmp_path: Path) -> None:
    """An upload that is half in when the server is asked to stop is taken whole, and is there after the next start."""
    made = make_wheel(tmp_path, "stop-under-way", files={"data.bin": random.randbytes(1 << 20)})
    with Upload(own.port, made, token=own.token()) as upload:
        upload.send_half()
        wait_until(lambda: own.spooled, "the upload in the spool")
        own.terminate()
        wait_until(lambda: not listens(own.port), "the end of listening")
        status, reason = upload.finish()
    assert (status, reason.startswith(f"{made.name}: ")) == (200, True), reason
    own.ended()
    assert own.spooled == []
    own.start()
    assert list(own.files("stop-under-way")) == [made.name]


def test_many_at_once(own: Instance, tmp_path: Path) -> None:
    """Of many uploads at the moment of the stop, all are there afterwards that were accepted."""
    token = own.token()
    made = [make_wheel(tmp_path, "stop-many", f"{number}.0") for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda path: send(own, path, token), made)
        wait_until(lambda: len(own.history()) > 5, "a few commits")
        own.terminate()
        accepted = {path.name for path, good in zip(made, answers, strict=True) if good}
    own.ended()
    assert own.spooled == []
    own.start()
    assert accepted <= set(own.files("stop-many"))
    assert 3 < len(accepted) < len(made)


def test_killed_after_the_answer(own: Instance, tmp_path: Path) -> None:
    """A server that is killed right after its 200 has lost nothing of what the 200 promised."""
    made = make_wheel(tmp_path, "kill-after")
    assert send(own, made, own.token())
    own.kill()
    own.start()
    assert list(own.files("kill-after")) == [made.name]
    assert own.download("kill-after", made.name) == made.read_bytes()


def test_killed_with_an_upload_under_way(own: Instance, tmp_path: Path) -> None:
    """What was on its way in when the server was killed is swept away at the next start."""
    made = make_wheel(tmp_path, "kill-half", files={"data.bin": random.randbytes(1 << 20)})
    with Upload(own.port, made, token=own.token()) as upload:
        upload.send_half()
        wait_until(lambda: own.spooled, "the upload in the spool")
        own.kill()
    own.start()
    assert own.spooled == []
    assert own.files("kill-half") == {}


@pytest.mark.parametrize("state", ["as it was", "lost"])
def test_killed_between_commit_and_publish(own: Instance, tmp_path: Path, state: str) -> None:
    """A commit that the site does not show yet is published by the next start, whatever the site remembers."""
    token = own.token()
    first, second = make_wheel(tmp_path, "kill-publish"), make_wheel(tmp_path, "kill-publish", "2.0")
    assert send(own, first, token)
    own.stop()
    site, before = own.home / "site", tmp_path / "site-before"
    shutil.copytree(site, before)
    own.start()
    assert send(own, second, token)
    own.kill()
    shutil.rmtree(site)
    before.rename(site)
    if state == "lost":
        shutil.rmtree(site / "_")
    own.start()
    assert sorted(own.files("kill-publish")) == [first.name, second.name]
    assert own.download("kill-publish", second.name) == second.read_bytes()
