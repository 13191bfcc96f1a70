"""The generated site over HTTP, for those who have no web server in front.

A file is opened once and served from that descriptor, so that a page which is replaced meanwhile still
arrives whole. Simple indexes are negotiated (PEP 691): the two JSON types, the vendor's HTML type, and
``text/html`` for whoever asks for something else or for nothing, as a web server of plain files would do.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import http_date
from werkzeug.wrappers import Response
from werkzeug.wsgi import FileWrapper

from repogen.config import Config, Repository
from repogen.ecosystems import ecosystem_of
from repogen.errors import NotFound
from repogen.model.names import ProjectKey
from repogen.receiver.access import Visit
from repogen.receiver.answers import say

_JSON = "application/vnd.pypi.simple.v1+json"
_LATEST_JSON = "application/vnd.pypi.simple.latest+json"
_HTML = "application/vnd.pypi.simple.v1+html"
_LATEST_HTML = "application/vnd.pypi.simple.latest+html"
_WEB = "text/html"
_OFFERED = {_WEB: "text/html; charset=utf-8", _HTML: _HTML, _JSON: _JSON, _LATEST_JSON: _JSON, _LATEST_HTML: _HTML}

_TYPES = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
    "txt": "text/plain; charset=utf-8",
    "asc": "text/plain; charset=utf-8",
    "metadata": "text/plain; charset=utf-8",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGES = ("index.html", "index.json")
_FOREVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "max-age=0, must-revalidate"

# A name that starts with a dot is a file in the making; the rest has a meaning in some path or shell.
_NAME = re.compile(r'(?!\.)[^\x00-\x1f\x7f-\U0010ffff/\\%:*?"<>|]{1,255}\Z')
_MAX_DEPTH = 20
_RANGE = re.compile(r"bytes\s*=\s*(?:(\d{1,18})\s*-\s*(\d{0,18})|-\s*(\d{1,18}))\s*\Z", re.ASCII)
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO}


def serve_site(root: Path, visit: Visit, config: Config, has: Callable[[Repository, ProjectKey], bool]) -> Response:
    """The answer to a GET or HEAD for a path of the site below ``root``.

    ``has`` tells whether a repository has a project, whatever the site shows by now: only one that it does
    not have is looked for at its fallback. Raises NotFound, and OSError where the site cannot be read.
    """
    names, slash = _split(visit.target)
    key = None
    match names:
        case [_, "latest"] if slash:
            return _moved("../")  # what clients are set up with, pasted into a browser
        case [_, "latest", "simple", project] if slash or project not in _PAGES:
            key = ecosystem_of("python").project_key(project)
            if normalized := _normalized(root, names, 3, key, slash=slash):
                return _moved(normalized)
        case [repository, "packages", project, *_] if repository in config.repositories:
            shown = ecosystem_of(config.repositories[repository].type).project_key(project)
            if normalized := _normalized(root, names, 2, shown, slash=slash):
                return _moved(normalized)
    try:
        descriptor, facts = _open(root, names)
    except NotFound:
        if key and (elsewhere := _fallback(names, key, config, has)):
            return _moved(elsewhere)
        raise
    if stat.S_ISDIR(facts.st_mode):
        os.close(descriptor)
        return _page(root, names, visit) if slash else _moved(f"{quote(names[-1])}/")
    if slash:
        os.close(descriptor)
        raise NotFound("there is no such page")
    return _file(descriptor, facts, names, visit, _type_of(names))


def missing_page(root: Path) -> Response:
    """What a browser shows of a path that is not there: the site's own page for that. Raises NotFound without one."""
    descriptor, _ = _open(root, ["404.html"])
    with os.fdopen(descriptor, "rb") as page:
        response = Response(page.read(), 404, content_type=_TYPES["html"])
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _split(target: str) -> tuple[list[str], bool]:
    """The names of a decoded path, and whether it ends in a slash."""
    first, *names = target.split("/")
    slash = names[-1:] == [""]
    if slash:
        names.pop()
    if first or len(names) > _MAX_DEPTH or names[:1] == ["_"] or not all(map(_NAME.match, names)):
        raise NotFound("there is no such page")
    return names, slash


def _open(root: Path, names: Sequence[str]) -> tuple[int, os.stat_result]:
    """A descriptor of what lies there, and its facts. No symbolic link below ``root`` is followed."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names:
            parent, descriptor = descriptor, -1
            try:
                # Without O_NONBLOCK a named pipe would hold the thread.
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
            finally:
                os.close(parent)
        return descriptor, os.fstat(descriptor)
    except OSError as error:
        if error.errno in _ABSENT:
            raise NotFound("there is no such page") from None
        raise


def _exists(root: Path, names: Sequence[str]) -> bool:
    try:
        descriptor, _ = _open(root, names)
    except NotFound:
        return False
    os.close(descriptor)
    return True


def _normalized(root: Path, names: Sequence[str], place: int, key: ProjectKey, *, slash: bool) -> str:
    """The way to the same page under the normalized name ``key`` of the project that ``names`` has at ``place``.

    Relative; "" where that is its name already, or no such page is there.
    """
    below = names[place + 1 :]
    if key == names[place] or not _exists(root, [*names[:place], key, *below]):
        return ""
    way = "/".join(map(quote, (key, *below)))
    return f"{'../' * (len(below) + slash)}{way}{'/' if slash or not below else ''}"


def _fallback(
    names: Sequence[str], key: ProjectKey, config: Config, has: Callable[[Repository, ProjectKey], bool]
) -> str:
    repository = config.repositories.get(names[0])
    if repository is None or not repository.fallback or has(repository, key):
        return ""
    return f"{repository.fallback}/{quote(key)}/"


def _page(root: Path, names: Sequence[str], visit: Visit) -> Response:
    """The index page of a directory; of a simple index, the form that is asked for."""
    match names:
        case [_, _, "simple"] | [_, _, "simple", _]:
            content_type = _OFFERED[visit.accept_mimetypes.best_match(_OFFERED, default=_WEB)]
            path = [*names, "index.json" if content_type == _JSON else "index.html"]
            response = _file(*_open(root, path), path, visit, content_type)
            response.headers["Vary"] = "Accept"
            return response
        case _:
            path = [*names, "index.html"]
            return _file(*_open(root, path), path, visit, _type_of(path))


def _file(descriptor: int, facts: os.stat_result, names: Sequence[str], visit: Visit, content_type: str) -> Response:
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise NotFound("there is no such page")
    response = Response(FileWrapper(os.fdopen(descriptor, "rb"), 128 << 10), direct_passthrough=True)
    response.headers["Content-Type"] = content_type
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = _FOREVER if names[1:2] == ["files"] else _ASK_AGAIN
    if content_type.startswith((_WEB, _HTML, "image/svg")):
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Referrer-Policy"] = "same-origin"
    response.content_length = facts.st_size
    response.headers["Last-Modified"] = http_date(facts.st_mtime)
    response.set_etag(f"{facts.st_ino:x}-{facts.st_size:x}-{facts.st_mtime_ns:x}")
    environ = dict(visit.environ)
    range_ = _one_range(environ.pop("HTTP_RANGE", ""), facts.st_size)
    if range_:
        environ["HTTP_RANGE"] = range_
    try:
        return response.make_conditional(environ, accept_ranges=True, complete_length=facts.st_size)
    except RequestedRangeNotSatisfiable:
        response.close()
        refused = say(416, f"the file has {facts.st_size} bytes")
        refused.headers["Content-Range"] = f"bytes */{facts.st_size}"
        return refused


def _one_range(text: str, size: int) -> str:
    """A Range header for one range of bytes; "" for what may be ignored, which is all else (RFC 9110, section 14.2)."""
    match = _RANGE.match(text)
    if match is None:
        return ""
    first, last, rear = match.groups()
    if rear is not None:
        # The last 10,000 bytes of a smaller file are the file, which Werkzeug would refuse.
        return f"bytes={max(size - int(rear), 0)}-"
    return f"bytes={first}-{last}" if not last or int(first) <= int(last) else ""


def _type_of(names: Sequence[str]) -> str:
    name = names[-1]
    if name == "index.json" and names[2:3] == ["simple"]:
        return _JSON
    if name == "PACKAGES":
        return _TYPES["txt"]
    return _TYPES.get(name.rpartition(".")[2], "application/octet-stream")


def _moved(location: str) -> Response:
    response = say(302, f"see {location}")
    response.headers["Location"] = location
    response.headers["Cache-Control"] = _ASK_AGAIN
    return response
