"""Versions of R packages: which are equal, how they are ordered, which are none."""

from __future__ import annotations

import pytest

from repogen.ecosystems.r.versions import version_key


@pytest.mark.parametrize(
    ("one", "other"),
    [("1.0-1", "1.0.1"), ("1.03", "1.3"), ("1.0", "1.0.0"), ("0.0", "0.0-0"), ("01.0", "1.0"), ("1.10.0-0", "1.10")],
)
def test_equal_versions_have_equal_keys(one: str, other: str) -> None:
    """Dots and dashes, leading zeros and zeros at the end make no difference to R 4.2."""
    assert version_key(one) == version_key(other)


def test_versions_are_ordered_by_their_numbers() -> None:
    """Number by number, and a longer one is newer."""
    versions = ["0.0", "0.9", "1.0", "1.0-1", "1.2", "1.10", "1.10.1", "2016.8-1.1", "2147483647.0"]
    assert [version_key(version) for version in versions] == sorted(map(version_key, versions))
    assert len(set(map(version_key, versions))) == len(versions)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *((text, "use two numbers or more with one '.' or '-' between them") for text in ("", "1", "abc", "1.", ".1")),
        *((text, "use two numbers or more with one '.' or '-' between them") for text in ("1..0", "1.0a", "1.0\n")),
        *(
            (text, "use two numbers or more with one '.' or '-' between them")
            for text in ("1_0", "1.٢", " 1.0", "1.-0")
        ),
        ("1.2147483648", "R knows no number above 2147483647 in it"),
        ("1." + "9" * 90, "R knows no number above 2147483647 in it"),
        ("1." + "0" * 99, "it is longer than 100 characters"),
    ],
)
def test_what_is_no_version(text: str, reason: str) -> None:
    """One line says why."""
    with pytest.raises(ValueError, match=r".") as caught:
        version_key(text)
    assert str(caught.value) == reason
