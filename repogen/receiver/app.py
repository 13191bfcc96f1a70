"""The receiver: a WSGI application that takes uploads and, where asked to, serves the site.

A request is judged in the order 401, 404, 403, 413, 400, and its token before its body is read.
"""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.exceptions import MethodNotAllowed
from werkzeug.exceptions import NotFound as NoRoute
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from repogen.accept import Incoming, Receipt
from repogen.accept.sign import Signing
from repogen.auth.grants import Claims, credentials
from repogen.auth.oidc_exchange import Exchange
from repogen.config import Config, Repository, Source
from repogen.ecosystems import ecosystem_of
from repogen.errors import NotFound, NotPermitted
from repogen.model.catalog import Project
from repogen.model.names import ProjectKey, SourceType
from repogen.model.record import Submitter
from repogen.receiver import api, oidc
from repogen.receiver.access import Logged, Visit
from repogen.receiver.answers import refusal, say
from repogen.receiver.download import Program, download
from repogen.receiver.files import read_file, read_signature
from repogen.receiver.forms import PYPI_FORM, R_FORM, Fields, read_form
from repogen.receiver.site import missing_page, serve_site

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ROUTES = Map(
    [
        Rule("/upload/pypi/<source>", methods=["POST"], endpoint="pypi-form"),
        Rule("/upload/pypi/<source>/+simple/<name>", methods=["GET"], endpoint="pypi-files"),
        Rule("/upload/pypi/<source>/<name>", methods=["GET"], endpoint="page"),
        Rule("/upload/pypi/<source>/<name>/<version>", methods=["GET"], endpoint="page"),
        Rule("/upload/r/<source>", methods=["POST"], endpoint="r-form"),
        Rule("/upload/r/<source>", methods=["PUT"], endpoint="r-file"),
        Rule("/upload/r/<source>/<filename>", methods=["PUT"], endpoint="r-file"),
        Rule("/upload/r/<source>/+simple/<name>", methods=["GET"], endpoint="r-files"),
        Rule("/_/oidc/audience", methods=["GET"], endpoint="oidc-audience"),
        Rule("/_/oidc/mint-token", methods=["POST"], endpoint="oidc-mint"),
        Rule("/_/oidc/burn-token", methods=["POST"], endpoint="oidc-burn"),
        Rule("/__api__/verify-auth", methods=["GET"], endpoint="verify"),
        Rule("/__api__/status", methods=["GET"], endpoint="status"),
        Rule("/__api__/download", methods=["GET"], endpoint="download"),
        *api.ROUTES,
    ],
    strict_slashes=False,
    merge_slashes=False,
)
#: Where the packages of each type are sent, and the form that is read there.
_ADDRESSES: Mapping[SourceType, str] = {"python": "/upload/pypi", "r": "/upload/r"}
_FORMS: Mapping[SourceType, Fields] = {"python": PYPI_FORM, "r": R_FORM}
_SIGNATURE = ".asc"
#: Paths of the receiver itself: no file of the site is looked for there.
_OWN = ("/upload/", "/__api__/", "/_/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What the receiver needs of the rest of the house; ``site`` is None where it does not serve the site.

    ``authenticate`` takes the text of a token and raises NotAuthenticated, or StoreError where tokens cannot
    be looked up; ``exchange`` mints tokens for trusted publishers. ``accept`` commits and publishes, and raises
    InvalidUpload, FileExists, Busy, StoreError or DiskFull; ``sign`` does so for a signature, and raises NotFound
    where its file is not there. ``program`` makes the remote command line. ``digests`` names what a source's
    indexes need besides sha256.
    """

    config: Callable[[], Config]
    authenticate: Callable[[str], Claims]
    accept: Callable[[Sequence[Incoming], Source, Submitter], Receipt]
    sign: Callable[[Signing], Receipt]
    project: Callable[[Source, ProjectKey], Project | None]
    status: Callable[[], Mapping[str, str]]
    program: Callable[[], Program]
    exchange: Exchange
    administration: api.Administration
    digests: Callable[[Source], tuple[str, ...]]
    spool: Path
    site: Path | None


class Receiver:
    """The WSGI callable. It keeps nothing between requests, and any number may run at once."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._endpoints: Mapping[str, Callable[..., Response]] = {
            "pypi-form": partial(self._form, "python"),
            "r-form": partial(self._form, "r"),
            "r-file": partial(self._file, "r"),
            "pypi-files": partial(self._files, "python"),
            "r-files": partial(self._files, "r"),
            "page": self._page,
            "oidc-audience": partial(oidc.audience, wiring.exchange),
            "oidc-mint": partial(oidc.mint_token, wiring.exchange),
            "oidc-burn": partial(oidc.burn_token, wiring.exchange),
            "verify": self._verify,
            "status": lambda _: _json(dict(self._wiring.status())),
            "download": partial(download, wiring.program, self._authenticate),
            **api.Api(wiring.administration, self._authenticate).endpoints,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, whatever happens, and see to it that the log says so."""
        started = time.perf_counter()
        visit = Visit(environ)
        try:
            response = self._answer(visit)
        except Exception as error:  # noqa: BLE001 - the last one to catch it; a request always has an answer
            in_json = visit.target.startswith(f"{api.ROOT}/")
            response = api.json_refusal(error) if in_json else refusal(error)
        chunks, status, headers = response.get_wsgi_response(environ)
        start_response(status, headers)
        return Logged(chunks, visit=visit, status=response.status_code, started=started)

    def _answer(self, visit: Visit) -> Response:
        # The Host header is not asked: nothing that is answered depends on it.
        routes = ROUTES.bind("localhost")
        try:
            endpoint, arguments = routes.match(visit.target, visit.method)
        except NoRoute:
            return self._serve(visit)
        return self._endpoints[endpoint](visit, **arguments)

    def _serve(self, visit: Visit) -> Response:
        site = self._wiring.site
        if site is None or visit.target.startswith(_OWN):
            raise NotFound("there is no such page")
        if visit.method not in ("GET", "HEAD"):
            raise MethodNotAllowed(["GET", "HEAD"])
        try:
            return serve_site(site, visit, self._wiring.config(), self._has)
        except NotFound:
            if visit.accept_mimetypes.best == "text/html":
                return missing_page(site)
            raise

    def _has(self, repository: Repository, key: ProjectKey) -> bool:
        sources = self._wiring.config().sources
        return any(self._wiring.project(sources[name], key) is not None for name in repository.sources)

    def _form(self, kind: SourceType, visit: Visit, source: str) -> Response:
        by, target, config = self._admit(visit, source, kind)
        form = read_form(
            visit.environ,
            _FORMS[kind],
            spool=self._wiring.spool,
            limit=config.upload_limit,
            digests=self._wiring.digests(target),
        )
        with form as incoming:
            receipt = self._wiring.accept([incoming], target, by)
        return say(200, receipt.text)

    def _file(self, kind: SourceType, visit: Visit, source: str, filename: str = "") -> Response:
        """A file as the body of the request, under the name that the address ends with; or its signature."""
        by, target, config = self._admit(visit, source, kind)
        distribution = visit.args.get("distribution") or None
        if filename.endswith(_SIGNATURE):
            filename = filename.removesuffix(_SIGNATURE)
            signature = read_signature(visit.environ, filename=filename)
            signing = Signing(source=target, by=by, filename=filename, signature=signature, distribution=distribution)
            return say(200, self._wiring.sign(signing).text)
        file = read_file(
            visit.environ,
            filename=filename,
            distribution=distribution,
            spool=self._wiring.spool,
            limit=config.upload_limit,
            digests=self._wiring.digests(target),
        )
        with file as incoming:
            receipt = self._wiring.accept([incoming], target, by)
        return say(200, receipt.text)

    def _files(self, kind: SourceType, visit: Visit, source: str, name: str) -> Response:
        """The files of one project in one source: Hatch and ``repogen add`` look there before they upload."""
        _, target, _ = self._admit(visit, source, kind)
        project = self._wiring.project(target, ecosystem_of(target.type).project_key(name))
        if project is None or not project.entries:
            raise NotFound(f"source {target.name!r} has no project {name!r}")
        links = "\n".join(
            f'<a href="#sha256={entry.record.sha256}" data-gpg-sig="{"false" if entry.signature is None else "true"}">'
            f"{html.escape(entry.record.filename)}</a><br>"
            for entry in project.entries
        )
        response = Response(f"<!DOCTYPE html>\n<title>{html.escape(name)}</title>\n{links}\n", mimetype="text/html")
        response.headers["Content-Security-Policy"] = "default-src 'none'"
        return _private(response)

    def _page(self, _: Visit, source: str, name: str, version: str = "") -> Response:
        """To the page of a project, from where Hatch and Flit tell their users to look: below the upload's address."""
        config = self._wiring.config()
        target = config.source(source)
        showing = next(iter(config.repositories_of(target.name)), None)
        if showing is None:
            raise NotFound(f"no repository shows source {target.name!r}")
        key = ecosystem_of(target.type).project_key(name)
        below = f"{quote(version, safe='')}/" if version else ""
        return redirect(f"/{showing.name}/packages/{quote(key, safe='')}/{below}")

    def _verify(self, visit: Visit) -> Response:
        """Is the token good; with ``?repo=NAME``, may it read that repository. For a web server's auth request too."""
        claims = self._authenticate(visit)
        name = visit.args.get("repo")
        if name is not None:
            repository = self._wiring.config().repositories.get(name)
            # An auth request understands 401 and 403 only: a repository that is not there cannot be read either.
            if repository is None or not claims.permits("repos:read", repository.id):
                raise NotPermitted(f"this token may not read repository {name!r}")
        return _json({"subject": claims.subject, "id": claims.jti})

    def _admit(self, visit: Visit, source: str, kind: SourceType) -> tuple[Submitter, Source, Config]:
        """Who is asking, for which source. Raises NotAuthenticated, NotFound, NotPermitted, in this order."""
        claims = self._authenticate(visit)
        config = self._wiring.config()
        target = config.source(source)
        if target.type != kind:
            raise NotFound(
                f"source {source!r} holds packages of type {target.type}",
                hint=f"they are sent to {_ADDRESSES[target.type]}/{source}",
            )
        if not claims.permits("sources:write", target.id):
            raise NotPermitted(f"this token may not upload to source {source!r}")
        return Submitter(subject=claims.subject, token=claims.jti, publisher=claims.publisher), target, config

    def _authenticate(self, visit: Visit) -> Claims:
        visit.claims = self._wiring.authenticate(credentials(visit.headers.get("Authorization", "")))
        return visit.claims


def _json(document: Mapping[str, Any]) -> Response:
    return _private(Response(json.dumps(document), mimetype="application/json"))


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
