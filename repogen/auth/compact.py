"""The compact form of a JWS (RFC 7515, 3.1): three segments of base64url, with one spelling each.

base64 has many spellings of the same bytes: padding, spare bits in the last character, another alphabet.
Decoders forgive them, and whatever then compares texts is fooled, so only the one canonical spelling passes.
"""

from __future__ import annotations

import base64

#: Longest token, in characters: as a password in Basic it still fits the 8 KiB that web servers give a header line.
MAX_TEXT = 6000


def encode_segment(data: bytes) -> str:
    """base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_segment(text: str) -> bytes:
    """The inverse of :func:`encode_segment`. Raises ValueError for any other spelling of the same bytes."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if not data or encode_segment(data) != text:
        raise ValueError("not canonical base64url")
    return data


def decode_compact(text: str) -> tuple[bytes, bytes, bytes]:
    """Header, payload and signature of a token, unverified. Raises ValueError."""
    if len(text) > MAX_TEXT:
        raise ValueError(f"longer than {MAX_TEXT} characters")
    header, payload, signature = map(decode_segment, text.split("."))
    return header, payload, signature
