"""Values that options choose from."""

from __future__ import annotations

from enum import Enum

from repogen.model.names import SourceType


class Kind(Enum):
    """The types of sources and repositories."""

    value: SourceType

    PYTHON = "python"
    R = "r"
