"""The id of a token (``jti``), which names it in lists and logs and is no secret."""

from __future__ import annotations

import json
import re
from typing import TypeGuard

from repogen.auth.compact import decode_compact
from repogen.errors import UsageError

_JTI = re.compile(r"[0-9a-f]{32}\Z")


def is_jti(value: object) -> TypeGuard[str]:
    """Whether a value can be the id of a token: 32 lower-case hex digits, safe as the name of a file."""
    return isinstance(value, str) and _JTI.match(value) is not None


def jti_of(text: str) -> str:
    """The id that somebody means who gives an id, or the text of a token. Raises UsageError.

    The signature is not looked at: a token can be revoked by its text also when its key is gone.
    """
    text = text.strip()
    if is_jti(text):
        return text
    try:
        jti = json.loads(decode_compact(text)[1])["jti"]
    except (ValueError, TypeError, KeyError, RecursionError):
        jti = None
    if not is_jti(jti):
        raise UsageError("neither the id nor the text of a token", hint="repogen token list shows the ids")
    return jti
