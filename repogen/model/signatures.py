"""Detached OpenPGP signatures, as far as they can be judged without a key."""

from __future__ import annotations

import base64
import binascii
import re

from repogen.errors import Problem

MAX_SIGNATURE_BYTES = 16 << 10

_BEGIN = b"-----BEGIN PGP SIGNATURE-----"
_END = b"-----END PGP SIGNATURE-----"
_HEADER = re.compile(rb"[A-Za-z]+: [\x20-\x7e]*\Z")
_CHECKSUM = re.compile(rb"=[A-Za-z0-9+/]{4}\Z")
_SIGNATURE_PACKET = 2


def check_armour(data: bytes) -> tuple[Problem, ...]:
    """Why ``data`` is not what ``gpg --detach-sign --armor`` writes; nothing if it is (RFC 9580, section 6.2).

    Exactly one ``PGP SIGNATURE`` block of at most 16 KiB that holds a signature packet, and nothing beside
    it: ``gpg --verify`` on a clear-signed text or on several blocks says "good" about other bytes than the
    file's, and an exported secret key is an armoured file too.
    """
    if len(data) > MAX_SIGNATURE_BYTES:
        return (Problem("signature-too-large", f"the signature is larger than {MAX_SIGNATURE_BYTES} bytes"),)
    if b"PRIVATE KEY" in data:
        text = "the signature file holds a private key: treat that key as disclosed and revoke it"
        return (Problem("signature-private-key", text),)
    if b"BEGIN PGP SIGNED MESSAGE" in data:
        return (Problem("signature-not-detached", "the signature is a clear-signed message, not a detached signature"),)
    blocks = data.count(b"-----BEGIN ")
    if blocks != 1 or data.count(_BEGIN) != 1:
        return (Problem("signature-armour", f"the signature must be one PGP SIGNATURE block, it has {blocks} blocks"),)
    if not _is_signature_block(data):
        text = "the signature is not an armoured PGP signature; make one with 'gpg --detach-sign --armor'"
        return (Problem("signature-armour", text),)
    return ()


def _is_signature_block(data: bytes) -> bool:
    lines = [line.rstrip(b" \t\r") for line in data.strip(b" \t\r\n").split(b"\n")]
    if lines[0] != _BEGIN or lines[-1] != _END or b"" not in lines:
        return False
    blank = lines.index(b"")
    body = lines[blank + 1 : -1]
    if body and _CHECKSUM.match(body[-1]):
        body.pop()
    if not all(_HEADER.match(line) for line in lines[1:blank]):
        return False
    try:
        packets = base64.b64decode(b"".join(body), validate=True)
    except binascii.Error:
        return False
    return bool(packets) and _packet_type(packets[0]) == _SIGNATURE_PACKET


def _packet_type(octet: int) -> int | None:
    if not octet & 0x80:
        return None
    return octet & 0x3F if octet & 0x40 else octet >> 2 & 0x0F
