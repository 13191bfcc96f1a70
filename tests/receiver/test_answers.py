"""Errors as responses."""

from __future__ import annotations

import errno
import logging

import pytest

from repogen.errors import (
    Busy,
    ConfigError,
    DiskFull,
    FileExists,
    InvalidUpload,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    Problem,
    StoreError,
    TooLarge,
    UsageError,
)
from repogen.receiver.answers import line, refusal, say


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text", "plain text"),
        ("a\r\nX-Evil: 1", "a??X-Evil: 1"),
        ("nul \x00 escape \x1b[31m del \x7f c1 \x85", "nul ? escape ?[31m del ? c1 ?"),
        ("snowman \u2603 and \xe9", "snowman \\u2603 and \\xe9"),
        ("line \u2028 bidi \u202e joiner \u200b", "line ? bidi ? joiner ?"),
        ("surrogate \udc80", "surrogate ?"),
    ],
)
def test_a_text_stays_on_its_line(text: str, expected: str) -> None:
    """Whatever a text holds, it becomes one line of printable ASCII."""
    assert line(text) == expected


def test_a_long_reason_is_cut_and_the_body_is_not() -> None:
    """The status line stays short enough for any proxy, while the body has the whole text."""
    response = say(400, "x" * 5000)
    assert len(response.status) == len("400 ") + 1000
    assert response.status.endswith("...")
    assert response.get_data() == b"x" * 5000


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (UsageError("no"), 400, "no"),
        (InvalidUpload([Problem("a", "first"), Problem("b", "second")]), 400, "first; second"),
        (FileExists("a-1.0.tar.gz", sha256="0" * 64), 400, "File already exists ('a-1.0.tar.gz', with sha256 000"),
        (NotAuthenticated("no token"), 401, "no token"),
        (NotPermitted("not yours"), 403, "not yours"),
        (NotFound("no source", hint="sources: a"), 404, "no source; sources: a"),
        (TooLarge("too large"), 413, "too large"),
        (Busy("busy"), 503, "busy"),
        (ConfigError("wrong"), 503, "repogen.toml: wrong"),
        (StoreError("broken"), 503, "broken"),
        (DiskFull("full"), 507, "full"),
        (OSError(errno.ENOSPC, "No space left on device", "/srv/spool/x"), 507, "no room left"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), 507, "no room left"),
        (OSError(errno.EROFS, "Read-only file system", "/srv/spool/x"), 503, "Read-only file system"),
    ],
)
def test_an_error_says_the_same_twice(error: Exception, status: int, words: str) -> None:
    """The reason phrase and the body carry the same words, and never a path of the server."""
    response = refusal(error)
    reason = response.status.partition(" ")[2]
    assert response.status_code == status
    assert reason == response.get_data().decode()
    assert words in reason
    assert "/srv" not in reason
    assert ("WWW-Authenticate" in response.headers) == (status == 401)
    assert ("Retry-After" in response.headers) == (status == 503)


def test_an_unforeseen_error_is_known_to_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    """A bug answers 500 with a number; the traceback stands in the log under that number."""
    with caplog.at_level(logging.ERROR):
        response = refusal(ZeroDivisionError("the secret detail"))
    assert response.status_code == 500
    text = response.get_data().decode()
    assert "secret" not in text
    (record,) = caplog.records
    assert text.split()[2].rstrip(";") in record.getMessage()
    assert record.exc_info is not None
