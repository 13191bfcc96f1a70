"""Versions of R packages (WRE 1.1.1, ``help("package_version")``): numbers with ``.`` or ``-`` between them."""

from __future__ import annotations

import re
from functools import lru_cache

#: R keeps each number as an integer of 32 bits, and what is larger as missing.
MAX_COMPONENT = 2**31 - 1
#: A version is a part of a file name.
MAX_VERSION_CHARS = 100

_VERSION = re.compile(r"[0-9]+(?:[.-][0-9]+)+\Z")
_SEPARATOR = re.compile(r"[.-]")


@lru_cache(maxsize=4096)
def version_key(text: str) -> tuple[int, ...]:
    """An orderable value, equal for versions that R takes for equal: 1.0-1 is 1.0.1, 1.03 is 1.3, 1.0.0 is 1.0.

    Raises ValueError with one line on why the text is no version.
    """
    if len(text) > MAX_VERSION_CHARS:
        raise ValueError(f"it is longer than {MAX_VERSION_CHARS} characters")
    if not _VERSION.match(text):
        raise ValueError("use two numbers or more with one '.' or '-' between them")
    numbers = [int(number) for number in _SEPARATOR.split(text)]
    if max(numbers) > MAX_COMPONENT:
        raise ValueError(f"R knows no number above {MAX_COMPONENT} in it")
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
