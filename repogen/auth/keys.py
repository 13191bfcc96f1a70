"""The keys that tokens are signed with: a JSON Web Key Set (RFC 7517) in one private file."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from repogen.auth.compact import decode_segment, encode_segment
from repogen.auth.times import parse_stamp, stamp, whole_second
from repogen.errors import Busy, DiskFull, NotFound, RepogenError, StoreError, UsageError

ALGORITHM = "HS256"
#: RFC 7518, 3.2: a key of HS256 is at least as long as its hash.
MIN_KEY_BYTES = 32
MAX_FILE_BYTES = 1 << 20

_KID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One secret. ``kid`` is what a token names it by."""

    kid: str
    secret: bytes = field(repr=False)
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """At least one key, oldest first: the newest signs, all verify."""

    keys: tuple[Key, ...]

    @property
    def newest(self) -> Key:
        """The key that signs."""
        return self.keys[-1]

    def find(self, kid: str) -> Key | None:
        """The key of that id, if it still verifies."""
        return next((key for key in self.keys if key.kid == kid), None)


def load_keyring(path: Path) -> Keyring:
    """Read the keys. Raises StoreError where the file is missing, damaged, weak or open to others than its owner."""
    try:
        mode, data = _read(path)
    except FileNotFoundError:
        raise StoreError(f"there are no signing keys at {path}", hint="repogen init makes them") from None
    except OSError as error:
        raise StoreError(f"the signing keys at {path} cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        raise StoreError(f"{path} is not a file")
    if mode & 0o077:
        raise StoreError(f"the signing keys at {path} are open to other users", hint=f"chmod 600 {path}")
    if len(data) > MAX_FILE_BYTES:
        raise StoreError(f"{path} is larger than {MAX_FILE_BYTES} bytes")
    try:
        return _parse(data)
    except (ValueError, TypeError, KeyError, RecursionError):
        # What went wrong may quote the file, so the text does not say more than which file.
        raise StoreError(
            f"{path} is not a set of signing keys",
            hint=f"it is a JSON Web Key Set of {ALGORITHM} keys with {MIN_KEY_BYTES} bytes or more; restore a backup",
        ) from None


def create_keyring(path: Path, now: datetime) -> Keyring:
    """Write a new file with one fresh key, durable and private whatever the umask.

    Raises StoreError where the file exists, Busy, DiskFull.
    """
    with _changing(path) as directory:
        if os.path.lexists(path):
            raise StoreError(f"there are signing keys at {path} already")
        return _write(path, directory, Keyring(keys=(_fresh(now),)))


def rotate(path: Path, now: datetime) -> Keyring:
    """Add a fresh key that signs from now on; the older ones still verify. Raises StoreError, Busy, DiskFull."""
    with _changing(path) as directory:
        return _write(path, directory, Keyring(keys=(*load_keyring(path).keys, _fresh(now))))


def retire(path: Path, kid: str) -> Keyring:
    """Remove a key: tokens that it signed are refused from now on.

    Raises NotFound, UsageError for the last key, StoreError, Busy, DiskFull.
    """
    with _changing(path) as directory:
        keys = load_keyring(path).keys
        left = tuple(key for key in keys if key.kid != kid)
        if left == keys:
            raise NotFound(f"no signing key {kid!r}", hint=f"keys: {', '.join(key.kid for key in keys)}")
        if not left:
            raise UsageError(f"{kid!r} is the last signing key", hint="rotate first, so that another one signs")
        return _write(path, directory, Keyring(keys=left))


def _read(path: Path) -> tuple[int, bytes]:
    # O_NONBLOCK: opening a FIFO must not wait for somebody to write into it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        return mode, os.read(descriptor, MAX_FILE_BYTES + 1) if stat.S_ISREG(mode) else b""
    finally:
        os.close(descriptor)


def _fresh(now: datetime) -> Key:
    return Key(kid=secrets.token_hex(8), secret=secrets.token_bytes(MIN_KEY_BYTES), created=whole_second(now))


def _parse(data: bytes) -> Keyring:
    keys = tuple(_parse_key(entry) for entry in json.loads(data)["keys"])
    if not keys or len({key.kid for key in keys}) != len(keys):
        raise ValueError("no keys, or two with one id")
    return Keyring(keys=keys)


def _parse_key(entry: dict[str, Any]) -> Key:
    key = Key(kid=entry["kid"], secret=decode_segment(entry["k"]), created=parse_stamp(entry["created"]))
    if entry["kty"] != "oct" or entry["alg"] != ALGORITHM or not _KID.match(key.kid) or len(key.secret) < MIN_KEY_BYTES:
        raise ValueError("not a key to sign with")
    return key


def _dump(keyring: Keyring) -> bytes:
    entries = [
        {
            "alg": ALGORITHM,
            "created": stamp(key.created),
            "k": encode_segment(key.secret),
            "kid": key.kid,
            "kty": "oct",
            "use": "sig",
        }
        for key in keyring.keys
    ]
    return json.dumps({"keys": entries}, indent=1).encode() + b"\n"


@contextmanager
def _changing(path: Path) -> Iterator[int]:
    """Hold the directory of the file, whose descriptor is given, against others who change the keys."""
    descriptor = -1
    try:
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    except BlockingIOError:
        raise Busy("the signing keys are being changed by another process", hint="try again in a moment") from None
    except OSError as error:
        kind: type[RepogenError] = DiskFull if error.errno in {errno.ENOSPC, errno.EDQUOT} else StoreError
        raise kind(f"the signing keys at {path} cannot be written: {error.strerror}") from None
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _write(path: Path, directory: int, keyring: Keyring) -> Keyring:
    # One fixed name beside the file: what a killed process left there is removed by the next.
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(_dump(keyring))
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
    os.fsync(directory)
    return keyring
