"""An issuer for the tests of trusted publishing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.issuer import Forge, forging


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A forge of one's own, at 127.0.0.1."""
    with forging() as served:
        yield served
