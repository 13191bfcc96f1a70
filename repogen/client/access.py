"""Where a receiver is, and the token that is shown to it: two settings that people mix up."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from repogen.errors import NotAuthenticated, UsageError

#: A JSON Web Token begins so: the letters are an opening brace and a quote in Base64.
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]+\.")
#: What upload tools for Python and for R are told, and this one is not.
_UPLOADS = re.compile(r"/upload/(?:pypi|r)\b")
_PRINTABLE = re.compile(r"[!-~]+\Z")
_EXAMPLE = "https://packages.example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """``address`` is the URL of a receiver, without a slash at its end; no text of this shows the token."""

    address: str
    token: str = field(repr=False)

    @property
    def in_the_clear(self) -> bool:
        """Does whoever is on the way read the token along?"""
        parts = urlsplit(self.address)
        return parts.scheme == "http" and not _is_this_machine(parts.hostname or "")

    def without_token(self, text: str) -> str:
        """``text`` from elsewhere as it can be shown: a server may send back what it was sent."""
        return text.replace(self.token, "(the token)")


def read_access(address: str, token: str, *, address_from: str, token_from: str) -> Access:
    """Judge the two settings, which are named after where they come from; neither is ever quoted.

    Raises UsageError, and NotAuthenticated where there is no token.
    """
    address, token = address.strip().rstrip("/"), token.strip()
    if _TOKEN.search(address):
        raise UsageError(f"{address_from} holds a token", hint=f"put the token into {token_from}, and a URL here")
    _check_address(address, address_from)
    if not token:
        raise NotAuthenticated("there is no token", hint=f"put one into {token_from}")
    if "://" in token:
        raise UsageError(
            f"{token_from} holds an address", hint=f"put the address into {address_from}, and a token here"
        )
    if token.lower().startswith("bearer "):
        raise UsageError(f"{token_from} begins with the word Bearer", hint="put the token alone there")
    if not _PRINTABLE.match(token):
        raise UsageError(f"{token_from} holds characters that no token has", hint="copy the token once more")
    return Access(address=address, token=token)


def _check_address(address: str, name: str) -> None:
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna")
        good = parts.scheme in {"http", "https"} and bool(host) and parts.port != 0
    except ValueError:
        raise UsageError(f"{name} is not a URL", hint=f"it looks like {_EXAMPLE}") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{name} holds a user or a password", hint="put the token into a variable of its own")
    if not good or not _PRINTABLE.match(address):
        raise UsageError(f"{name} is not an http or https URL", hint=f"it looks like {_EXAMPLE}")
    if found := _UPLOADS.search(parts.path):
        raise UsageError(f"{name} is the address for uploads", hint=f"leave out what begins with {found[0]!r}")
    if parts.query or parts.fragment:
        raise UsageError(f"{name} has a '?' or a '#' in it", hint=f"it looks like {_EXAMPLE}")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
