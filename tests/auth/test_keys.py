"""Signing keys in their file."""

from __future__ import annotations

import base64
import errno
import fcntl
import json
import os
import stat
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from repogen.auth.keys import Key, Keyring, _changing, create_keyring, load_keyring, retire, rotate
from repogen.errors import Busy, DiskFull, NotFound, StoreError, UsageError

NOW = datetime(2026, 11, 22, 18, 45, 34, 123456, tzinfo=UTC)
GOOD = {
    "kty": "oct",
    "kid": "one",
    "k": base64.urlsafe_b64encode(bytes(range(32))).rstrip(b"=").decode(),
    "alg": "HS256",
    "created": "2026-11-22T18:45:34Z",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the keys lie."""
    return tmp_path / "signing.key"


def write(path: Path, document: Any) -> None:
    """Write text, or JSON, as a private file."""
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    path.chmod(0o600)


def test_created_keys_are_read_back(path: Path) -> None:
    """What create wrote is what load reads: one key of 32 random bytes, made now."""
    made = create_keyring(path, NOW)
    assert load_keyring(path) == made
    assert len(made.keys) == 1
    assert len(made.newest.secret) == 32
    assert made.newest.created == NOW.replace(microsecond=0)
    assert create_keyring(path.with_name("other"), NOW).newest.secret != made.newest.secret


def test_file_is_a_json_web_key_set(path: Path) -> None:
    """The file has the form of RFC 7517."""
    key = create_keyring(path, NOW).newest
    assert json.loads(path.read_bytes()) == {
        "keys": [
            {
                "alg": "HS256",
                "created": "2026-11-22T18:45:34Z",
                "k": base64.urlsafe_b64encode(key.secret).rstrip(b"=").decode(),
                "kid": key.kid,
                "kty": "oct",
                "use": "sig",
            }
        ]
    }


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
@pytest.mark.parametrize("verb", [create_keyring, rotate])
def test_private_whatever_the_umask(path: Path, umask: int, verb: Callable[[Path, datetime], Keyring]) -> None:
    """No umask makes the file readable for others, or unreadable for its owner."""
    if verb is rotate:
        create_keyring(path, NOW)
    before = os.umask(umask)
    try:
        verb(path, NOW)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_create_never_replaces(path: Path) -> None:
    """Keys that are there stay, and so does a link that leads nowhere."""
    made = create_keyring(path, NOW)
    with pytest.raises(StoreError, match="already"):
        create_keyring(path, NOW)
    assert load_keyring(path) == made
    link = path.with_name("link")
    link.symlink_to("nowhere")
    with pytest.raises(StoreError, match="already"):
        create_keyring(link, NOW)


def test_newest_signs_and_all_verify(path: Path) -> None:
    """Rotation adds a key at the end and keeps the older ones; their ids differ."""
    first = create_keyring(path, NOW).newest
    keyring = rotate(path, NOW + timedelta(days=1))
    assert load_keyring(path) == keyring
    assert keyring.keys[0] == first
    assert keyring.newest == keyring.keys[1] != first
    assert keyring.find(first.kid) == first
    assert keyring.find(keyring.newest.kid) == keyring.newest
    assert keyring.find("other") is None


def test_retire(path: Path) -> None:
    """A retired key is gone; an unknown one is named, and the last one stays."""
    first = create_keyring(path, NOW).newest
    second = rotate(path, NOW).newest
    with pytest.raises(NotFound, match="'other'"):
        retire(path, "other")
    assert retire(path, first.kid).keys == (second,)
    assert load_keyring(path).keys == (second,)
    with pytest.raises(UsageError, match="last"):
        retire(path, second.kid)
    assert load_keyring(path).keys == (second,)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o601])
def test_open_to_others(path: Path, mode: int) -> None:
    """A file that others may touch is refused, with the remedy."""
    create_keyring(path, NOW)
    path.chmod(mode)
    with pytest.raises(StoreError, match="open to other users") as caught:
        load_keyring(path)
    assert caught.value.hint == f"chmod 600 {path}"
    with pytest.raises(StoreError, match="open to other users"):
        rotate(path, NOW)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{",
        "[" * 100_000,
        "null",
        "[]",
        "{}",
        '{"keys": []}',
        '{"keys": [1]}',
        '{"keys": null}',
        {"keys": [GOOD, GOOD]},
        {"keys": [GOOD | {"k": GOOD["k"][:42]}]},
        {"keys": [GOOD | {"k": GOOD["k"] + "="}]},
        {"keys": [GOOD | {"k": GOOD["k"][:-1] + "9"}]},
        {"keys": [GOOD | {"k": ""}]},
        {"keys": [GOOD | {"k": 5}]},
        {"keys": [GOOD | {"k": "\u00e9" * 43}]},
        {"keys": [GOOD | {"alg": "HS512"}]},
        {"keys": [GOOD | {"alg": "none"}]},
        {"keys": [GOOD | {"kty": "RSA"}]},
        {"keys": [GOOD | {"kid": ""}]},
        {"keys": [GOOD | {"kid": "../../dev/null"}]},
        {"keys": [GOOD | {"kid": 1}]},
        {"keys": [GOOD | {"created": "yesterday"}]},
        {"keys": [{name: value for name, value in GOOD.items() if name != "alg"}]},
        {"keys": [GOOD, GOOD | {"kid": "two", "k": "c2hvcnQ"}]},
        '"' + "x" * (1 << 20) + '"',
    ],
    ids=lambda document: json.dumps(document)[:60],
)
def test_damaged_or_weak_keys(path: Path, document: Any) -> None:
    """Anything else than a set of whole HS256 keys of 32 bytes is refused as a whole, and not quoted."""
    write(path, document)
    with pytest.raises(StoreError) as caught:
        load_keyring(path)
    assert GOOD["k"][:20] not in str(caught.value)


def test_good_key_of_others(path: Path) -> None:
    """A key that another program wrote is read, with members that repogen does not know."""
    write(path, {"keys": [GOOD | {"key_ops": ["sign"]}], "note": "by hand"})
    assert load_keyring(path).newest == Key(kid="one", secret=bytes(range(32)), created=NOW.replace(microsecond=0))


def test_not_a_file(path: Path) -> None:
    """What is missing, a folder or a FIFO is an error of the store, and nobody waits."""
    with pytest.raises(StoreError, match="repogen init"):
        load_keyring(path)
    with pytest.raises(StoreError, match="repogen init"):
        rotate(path, NOW)
    with pytest.raises(StoreError, match="cannot be written"):
        create_keyring(path / "there" / "is", NOW)
    os.mkfifo(path, 0o600)
    with pytest.raises(StoreError, match="not a file"):
        load_keyring(path)
    with pytest.raises(StoreError, match="not a file"):
        load_keyring(path.parent)
    path.unlink()
    path.symlink_to(path)
    with pytest.raises(StoreError, match="cannot be read"):
        load_keyring(path)


def test_one_change_at_a_time(path: Path) -> None:
    """While another process changes the keys, they are busy; reading goes on."""
    made = create_keyring(path, NOW)
    descriptor = os.open(path.parent, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        with pytest.raises(Busy):
            rotate(path, NOW)
        assert load_keyring(path) == made
    finally:
        os.close(descriptor)
    assert len(rotate(path, NOW).keys) == 2


def test_after_a_crash(path: Path) -> None:
    """What a killed change left beside the file, even as a link elsewhere, is replaced and not followed."""
    create_keyring(path, NOW)
    victim = path.with_name("victim")
    victim.write_bytes(b"mine")
    path.with_name("signing.key.new").symlink_to(victim)
    rotate(path, NOW)
    assert victim.read_bytes() == b"mine"
    assert sorted(each.name for each in path.parent.iterdir()) == ["signing.key", "victim"]


def test_keys_that_cannot_be_written(path: Path) -> None:
    """A change that fails leaves the keys as they were, and a full disk is told apart."""
    made = create_keyring(path, NOW)
    path.with_name("signing.key.new").mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        rotate(path, NOW)
    with pytest.raises(DiskFull, match="No space left"), _changing(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert load_keyring(path) == made


def test_secrets_stay_out_of_texts(path: Path) -> None:
    """No repr, str or traceback shows a secret."""
    keyring = create_keyring(path, NOW)
    secret = json.loads(path.read_bytes())["keys"][0]["k"]
    write(path, path.read_text()[:-4])
    with pytest.raises(StoreError) as caught:
        load_keyring(path)
    shown = "".join(traceback.format_exception(caught.value))
    for text in (repr(keyring), str(keyring), repr(keyring.newest), f"{keyring.newest}", shown):
        assert secret not in text
        assert repr(keyring.newest.secret) not in text
