"""Times and lifetimes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from repogen.auth.times import parse_lifetime, parse_stamp, stamp
from repogen.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30d", timedelta(days=30)),
        ("12h", timedelta(hours=12)),
        ("90m", timedelta(minutes=90)),
        ("45s", timedelta(seconds=45)),
        ("2w", timedelta(weeks=2)),
        ("36500d", timedelta(days=36_500)),
        ("never", None),
    ],
)
def test_lifetimes(text: str, expected: timedelta | None) -> None:
    """A number and a unit are a duration, and never is none."""
    assert parse_lifetime(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "30",
        "d",
        "0d",
        "-1d",
        "1.5h",
        "30 d",
        "30D",
        "1y",
        "Never",
        "30d\n",
        "\u0663\u0660d",
        "36501d",
        "9" * 12 + "w",
        "9" * 5000 + "d",
        "1e9d",
    ],
)
def test_no_lifetimes(text: str) -> None:
    """Everything else is one line that says how to write it, and no number is too large to be refused."""
    with pytest.raises(UsageError) as caught:
        parse_lifetime(text)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_stamp_is_utc_to_the_second() -> None:
    """A time of any zone is written as UTC without its fraction."""
    time = datetime(2026, 1, 31, 1, 2, 3, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert stamp(time) == "2026-01-30T23:02:03Z"
    assert parse_stamp("2026-01-30T23:02:03Z") == datetime(2026, 1, 30, 23, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-30",
        "2026-01-30T23:02:03",
        "2026-01-30T23:02:03+00:00",
        "2026-01-30 23:02:03Z",
        "2026-01-30T23:02:03.5Z",
        "2026-02-30T00:00:00Z",
        "20260130T230203Z",
        "",
        "now",
    ],
)
def test_one_spelling_of_a_time(text: str) -> None:
    """Another spelling of a time is refused."""
    with pytest.raises(ValueError, match=r"."):
        parse_stamp(text)
