"""The address of a receiver and the token for it, which people mix up."""

from __future__ import annotations

import pytest

from repogen.client.access import Access, read_access
from repogen.errors import NotAuthenticated, RepogenError, UsageError
from tests.client.conftest import TOKEN

GOOD = "https://packages.example.com"


def read(address: str = GOOD, token: str = TOKEN) -> Access:
    return read_access(address, token, address_from="REPOGEN_ADDRESS", token_from="REPOGEN_TOKEN")


@pytest.mark.parametrize(
    ("given", "address"),
    [
        (GOOD, GOOD),
        (f" {GOOD}/\n", GOOD),
        ("https://example.com/below/this/", "https://example.com/below/this"),
        ("http://127.0.0.1:4242", "http://127.0.0.1:4242"),
        ("https://[::1]:8443/", "https://[::1]:8443"),
    ],
)
def test_addresses(given: str, address: str) -> None:
    """Space around it and slashes at its end are dropped, which settings of CI systems often have."""
    assert read(given, f" {TOKEN}\n") == Access(address=address, token=TOKEN)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (TOKEN, "REPOGEN_ADDRESS holds a token; put the token into REPOGEN_TOKEN"),
        (f"https://{TOKEN}/", "REPOGEN_ADDRESS holds a token"),
        (f"https://__token__:{TOKEN}@example.com", "REPOGEN_ADDRESS holds a token"),
        ("https://al:secret-signature@example.com", "REPOGEN_ADDRESS holds a user or a password"),
        ("packages.example.com", "REPOGEN_ADDRESS is not an http or https URL; it looks like https://packages"),
        ("ftp://packages.example.com", "REPOGEN_ADDRESS is not an http or https URL"),
        ("https://", "REPOGEN_ADDRESS is not an http or https URL"),
        ("https://a b.example.com", "REPOGEN_ADDRESS is not an http or https URL"),
        ("https://a..b", "REPOGEN_ADDRESS is not a URL"),
        ("https://[::1", "REPOGEN_ADDRESS is not a URL"),
        ("https://example.com:99999", "REPOGEN_ADDRESS is not a URL"),
        ("https://example.com:0", "REPOGEN_ADDRESS is not an http or https URL"),
        ("https://example.com/?token=x", "REPOGEN_ADDRESS has a '?' or a '#' in it"),
        (f"{GOOD}/upload/pypi/local-python", "is the address for uploads; leave out what begins with '/upload/pypi'"),
        (f"{GOOD}/upload/r/local-r/", "is the address for uploads; leave out what begins with '/upload/r'"),
    ],
)
def test_what_is_no_address(address: str, said: str) -> None:
    """One line names the setting and what belongs there, and never quotes it."""
    with pytest.raises(UsageError) as caught:
        read(address)

    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("token", "family", "said"),
    [
        ("", NotAuthenticated, "there is no token; put one into REPOGEN_TOKEN"),
        (" \n", NotAuthenticated, "there is no token"),
        (GOOD, UsageError, "REPOGEN_TOKEN holds an address; put the address into REPOGEN_ADDRESS"),
        (f"Bearer {TOKEN}", UsageError, "REPOGEN_TOKEN begins with the word Bearer"),
        (f"{TOKEN} {TOKEN}", UsageError, "REPOGEN_TOKEN holds characters that no token has"),
        (f"{TOKEN}\r\nX-Other: 1", UsageError, "REPOGEN_TOKEN holds characters that no token has"),
        ("t\u00f6ken", UsageError, "REPOGEN_TOKEN holds characters that no token has"),
    ],
)
def test_what_is_no_token(token: str, family: type[RepogenError], said: str) -> None:
    """Nor is what stands in the place of a token quoted."""
    with pytest.raises(family) as caught:
        read(token=token)

    assert said in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "clear"),
    [
        (GOOD, False),
        ("http://packages.example.com", True),
        ("http://10.0.0.7:4242", True),
        ("http://127.0.0.1:4242", False),
        ("http://127.9.9.9", False),
        ("http://[::1]:4242", False),
        ("http://localhost:4242", False),
        ("http://localhost.example.com", True),
    ],
)
def test_who_reads_along(address: str, *, clear: bool) -> None:
    """Without TLS the token can be read by others, but not where it stays on this machine."""
    assert read(address).in_the_clear is clear


def test_no_text_shows_the_token() -> None:
    """Neither what an access looks like in a log, nor what a server sends back."""
    access = read()

    assert TOKEN not in repr(access)
    assert access.without_token(f"bad token {TOKEN}!") == "bad token (the token)!"
