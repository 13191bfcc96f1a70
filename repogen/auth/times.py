"""Times as tokens and keys state them, and how long a token lives."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from repogen.errors import UsageError

MAX_LIFETIME = timedelta(days=36_500)

_LIFETIME = re.compile(r"([0-9]{1,12})([smhdw])\Z")
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def whole_second(time: datetime) -> datetime:
    """An aware ``time`` in UTC, cut to the second, which is all that a JWT states."""
    return time.astimezone(UTC).replace(microsecond=0)


def stamp(time: datetime) -> str:
    """An aware time as RFC 3339 in UTC, to the second: ``2026-01-31T12:00:00Z``."""
    return whole_second(time).replace(tzinfo=None).isoformat() + "Z"


def parse_stamp(text: str) -> datetime:
    """The inverse of :func:`stamp`. Raises ValueError for every other spelling, TypeError for no text."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None or stamp(time) != text:
        raise ValueError(f"not a UTC time to the second: {text!r}")
    return time


def parse_lifetime(text: str) -> timedelta | None:
    """``30d``, ``12h``, ``90m``, ``45s`` or ``2w`` as a duration, ``never`` as None. Raises UsageError."""
    if text == "never":
        return None
    match = _LIFETIME.match(text)
    if not match:
        raise UsageError(
            f"{text!r} is not a lifetime", hint="write a number and a unit, such as 30d, 12h, 90m or 2w, or never"
        )
    count, unit = int(match[1]), _UNITS[match[2]]
    if not count:
        raise UsageError(f"a token that lives {text} would expire at once", hint="give it some time, such as 30d")
    if count > MAX_LIFETIME // unit:
        raise UsageError(f"{text!r} is longer than {MAX_LIFETIME.days}d", hint="write never for no end")
    return count * unit
