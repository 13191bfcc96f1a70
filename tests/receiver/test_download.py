"""The remote command line as a download: who gets it, and under which name."""

from __future__ import annotations

import pytest

from tests.receiver.wire import ask, basic


@pytest.mark.parametrize("query", ["", "?os=windows", "?os=darwin", "?os=linux"])
@pytest.mark.parametrize("token", ["good.writer.token", "good.reader.token"])
def test_any_good_token(port: int, token: str, query: str) -> None:
    """Whoever has a good token gets the same file for all systems, with its name, and no cache keeps it."""
    for headers in (basic(token), {"Authorization": f"Bearer {token}"}):
        answer = ask(port, "GET", f"/__api__/download{query}", headers=headers)
        assert (answer.status, answer.body) == (200, b"a program")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="repogen.pyz"'
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "query", "token", "status"),
    [
        ("GET", "", "", 401),
        ("GET", "?os=beos", "nobody", 401),
        ("GET", "?os=beos", "good.reader.token", 400),
        ("GET", "?os=", "good.reader.token", 400),
        ("POST", "", "good.reader.token", 405),
    ],
)
def test_refused(port: int, method: str, query: str, token: str, status: int) -> None:
    """No token, a system that is none, another method."""
    answer = ask(port, method, f"/__api__/download{query}", headers=basic(token) if token else {})
    assert answer.status == status
