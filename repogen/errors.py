"""Every way in which repogen says no.

An error knows its outcome without knowing the shell around it: ``exit_status`` for the command line,
``http_status`` for the receiver. It carries its evidence as attributes, one clear line as its text
and, where there is one, the next step as ``hint``. ``docs/errors.md`` lists every code.

    RepogenError
    ├── UsageError          the request itself is malformed
    ├── ConfigError         repogen.toml cannot be used
    ├── InvalidUpload       one or more problems of a distribution
    │   └── FileExists      the name is taken by other bytes
    ├── NotAuthenticated    no token, or one that is not good
    ├── NotPermitted        a good token without the grant
    ├── NotFound            no such source, project, token ...
    ├── TooLarge            over a limit on size
    ├── Busy                somebody else holds the store
    ├── StoreError          the store cannot be read or written
    ├── DiskFull            no room left
    └── Unreachable         another machine cannot be reached, or does not answer as it should
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an upload: a stable ``code`` and one line of text."""

    code: str
    text: str

    def __str__(self) -> str:
        return self.text


class RepogenError(Exception):
    """Root of all errors that repogen raises on purpose."""

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class UsageError(RepogenError):
    """The command or the request is malformed."""

    code = "usage"
    exit_status = 2
    http_status = 400


class InvalidUpload(RepogenError):
    """A distribution that cannot be accepted; ``problems`` holds every reason."""

    code = "invalid-upload"
    exit_status = 3
    http_status = 400

    def __init__(self, problems: Iterable[Problem], *, filename: str = "") -> None:
        self.problems = tuple(problems)
        self.filename = filename
        super().__init__("; ".join(problem.text for problem in self.problems))


class FileExists(InvalidUpload):
    """The file name was accepted before, with other bytes.

    The text begins with ``File already exists``: upload tools look for these words.
    """

    code = "file-exists"
    exit_status = 4

    def __init__(self, filename: str, *, sha256: str, hint: str = "") -> None:
        self.sha256 = sha256
        text = f"File already exists ({filename!r}, with sha256 {sha256})"
        text = f"{text}; {hint or 'a name is never used again: raise the version'}"
        super().__init__([Problem(self.code, text)], filename=filename)


class NotAuthenticated(RepogenError):
    """No token came with the request, or one that is not good (any more)."""

    code = "not-authenticated"
    exit_status = 5
    http_status = 401


class NotPermitted(RepogenError):
    """The token is good and does not grant this."""

    code = "not-permitted"
    exit_status = 6
    http_status = 403


class NotFound(RepogenError):
    """The thing that was named does not exist."""

    code = "not-found"
    exit_status = 7
    http_status = 404


class TooLarge(RepogenError):
    """Over a limit on size."""

    code = "too-large"
    exit_status = 8
    http_status = 413


class Busy(RepogenError):
    """Somebody else is writing; the same request can be made again after ``retry_after`` seconds."""

    code = "busy"
    exit_status = 9
    http_status = 503
    retry_after: ClassVar[int] = 5


class ConfigError(RepogenError):
    """``repogen.toml`` cannot be used; ``place`` says where."""

    code = "config"
    exit_status = 10
    http_status = 503

    def __init__(self, message: str, *, place: str = "", hint: str = "") -> None:
        self.place = place
        self.reason = message
        super().__init__(f"repogen.toml: {place}: {message}" if place else f"repogen.toml: {message}", hint=hint)


class StoreError(RepogenError):
    """The store, the keys or the site cannot be read or written."""

    code = "store"
    exit_status = 11
    http_status = 503


class DiskFull(RepogenError):
    """No room left on the disk, or over a quota."""

    code = "disk-full"
    exit_status = 12
    http_status = 507


class Unreachable(RepogenError):
    """Another machine cannot be reached, or what answers there is not what was looked for."""

    code = "unreachable"
    exit_status = 13
    http_status = 503
