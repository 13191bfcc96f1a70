"""Armoured signatures, judged without a key."""

from __future__ import annotations

import base64

import pytest

from repogen.model.signatures import check_armour

BODY = b"""\
iHUEABYIAB0WIQTD17ePGIlpNgMhQH02Oyi0BItIRQUCawNAXwAKCRA2Oyi0BItI
RedxAP9B8RNA2UKRUlqPXf4b6EzqCngt36ya3WNjMV/R6xJxYgEA98ylCTunFdHE
KmEh5gXvIdAi7uiJH0y0gjGL82VrNgA=
=wAHn
"""
BEGIN = b"-----BEGIN PGP SIGNATURE-----\n"
END = b"-----END PGP SIGNATURE-----\n"
GOOD = BEGIN + b"\n" + BODY + END


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        b"\n" + GOOD.rstrip(),
        BEGIN + b"Version: GnuPG v2\nComment: made by hand\n\n" + BODY + END,
        GOOD.replace(b"=wAHn\n", b""),
        BEGIN + b"\n" + base64.b64encode(b"\xc2\x75 a new format packet") + b"\n" + END,
    ],
)
def test_what_signers_write_is_taken(data: bytes) -> None:
    """One armoured signature block, in the spellings of the programs that make them, has no problem."""
    assert check_armour(data) == ()


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "signature-armour", "0 blocks"),
        (b"not a signature", "signature-armour", "0 blocks"),
        (GOOD + GOOD, "signature-armour", "2 blocks"),
        (GOOD + b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "signature-armour", "2 blocks"),
        (b"hello\n" + GOOD, "signature-armour", "gpg --detach-sign"),
        (GOOD + b"\x1b[31m\n", "signature-armour", "gpg --detach-sign"),
        (BEGIN + BODY + END, "signature-armour", "gpg --detach-sign"),
        (BEGIN + b"\n" + END, "signature-armour", "gpg --detach-sign"),
        (BEGIN + b"\n" + BODY, "signature-armour", "gpg --detach-sign"),
        (BEGIN + b"Comment: \xc3\xa9\n\n" + BODY + END, "signature-armour", "gpg --detach-sign"),
        (GOOD.replace(b"iHUE", b"iH!E"), "signature-armour", "gpg --detach-sign"),
        (BEGIN + b"\n" + base64.b64encode(b"\x94\x58 a secret key") + b"\n" + END, "signature-armour", "gpg --detach"),
        (BEGIN + b"\n" + base64.b64encode(b"\x01 no packet") + b"\n" + END, "signature-armour", "gpg --detach-sign"),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n" + BODY, "signature-private-key", "revoke"),
        (b"-----BEGIN PGP SIGNED MESSAGE-----\n\nhi\n" + GOOD, "signature-not-detached", "clear-signed"),
        (GOOD + b"\n" * 16384, "signature-too-large", "16384"),
    ],
)
def test_anything_else_is_refused(data: bytes, code: str, words: str) -> None:
    """What is no single detached signature has exactly one problem, which says what it is instead."""
    (problem,) = check_armour(data)
    assert problem.code == code
    assert words in problem.text
