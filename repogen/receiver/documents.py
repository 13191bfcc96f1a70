"""The JSON that a request brings, taken field by field, so that what is left over is a mistake."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from werkzeug.http import parse_options_header

from repogen.errors import UsageError
from repogen.model.names import one_line
from repogen.receiver.access import Visit
from repogen.receiver.body import open_body

#: The largest body, in bytes.
MAX_BODY = 64 << 10
#: Longest name of anything: no file name is longer.
MAX_NAME = 255
#: Longest reason or comment.
MAX_TEXT = 500


class Document:
    """The JSON object in the body of a request.

    Made from the request: raises TooLarge, InvalidUpload for a body that does not arrive, UsageError for one that is
    no JSON object. Every method that takes a field raises UsageError where it is not as it must be.
    """

    def __init__(self, visit: Visit) -> None:
        body = b"".join(open_body(visit.environ, limit=MAX_BODY))
        kind = parse_options_header(visit.environ.get("CONTENT_TYPE", ""))[0]
        # No form of a web page is sent as this, without a question beforehand.
        if kind != "application/json":
            raise UsageError(f"the body must be application/json, not {kind!r}")
        try:
            self._left = json.loads(body)
        except (ValueError, RecursionError):
            raise UsageError("the body is not JSON") from None
        if not isinstance(self._left, dict):
            raise UsageError("the body is not a JSON object")

    def name(self, field: str) -> str:
        """The name of something: 1 to 255 characters that print."""
        return self._text(self._take(field), field, MAX_NAME)

    def name_or_none(self, field: str) -> str | None:
        return self._optional(field, self.name)

    def text(self, field: str, *, default: str | None = None) -> str:
        """Words for people: up to 500 characters that print, on one line, and not none unless there is a default."""
        if default is not None and self._left.get(field) in (None, ""):
            self._left.pop(field, None)
            return default
        return self._text(self._take(field), field, MAX_TEXT)

    def flag(self, field: str) -> bool:
        """Yes or no; no where it is not there."""
        value = self._left.pop(field, False)
        if not isinstance(value, bool):
            raise UsageError(f"{field!r} must be true or false")
        return value

    def names_by_name(self, field: str) -> dict[str, list[str]]:
        """An object of lists of names."""
        value = self._take(field)
        if not isinstance(value, dict) or not all(isinstance(names, list) for names in value.values()):
            raise UsageError(f"{field!r} must be an object of lists")
        return {
            self._text(key, field, MAX_NAME): [self._text(name, field, MAX_NAME) for name in names]
            for key, names in value.items()
        }

    def finish(self) -> None:
        """Raise UsageError for a field that nobody took."""
        for field in self._left:
            raise UsageError(f"there is no field {field!r} here")

    def _take(self, field: str) -> Any:
        if field not in self._left:
            raise UsageError(f"the field {field!r} is missing")
        return self._left.pop(field)

    def _optional(self, field: str, take: Callable[[str], str]) -> str | None:
        if self._left.get(field) is None:
            self._left.pop(field, None)
            return None
        return take(field)

    @staticmethod
    def _text(value: Any, field: str, limit: int) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > limit or one_line(value) != value:
            raise UsageError(f"{field!r} must be 1 to {limit} printable characters on one line")
        return value
