"""Administration over HTTP, for the remote command line and for scripts; ``docs/openapi.yaml`` describes it.

JSON in and out. What a request asks for is committed in the name of its token and published before it is answered, by
the verbs that the command line uses; asked for again, it changes nothing. Judged as an upload is: 401, 404, 403, 413,
400, as far as the address tells; names in the body are looked up last.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar, get_args

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.wrappers import Response

from repogen.accept import amend, removal
from repogen.accept.configure import repository_rows, source_rows
from repogen.accept.copying import copy
from repogen.accept.removal import Removal
from repogen.accept.tokens import all_tokens, bound, grants_text, list_token, revoke_token, token_row
from repogen.auth.grants import Claims
from repogen.auth.keys import Keyring
from repogen.auth.times import parse_lifetime, stamp
from repogen.auth.tokens import State, issue
from repogen.config import Config, Source
from repogen.errors import NotFound, NotPermitted, RepogenError, UsageError
from repogen.model.names import CommitId, ProjectKey, Sha256
from repogen.model.record import Submitter
from repogen.receiver.access import Visit
from repogen.receiver.answers import refusal, say_json, storage_error
from repogen.receiver.documents import Document
from repogen.store import Store
from repogen.store.writer import Writer

#: Below this, also a refusal is JSON.
ROOT = "/__api__/v1"
ROUTES = [
    Rule(f"{ROOT}/token", methods=["GET"], endpoint="api-token"),
    Rule(f"{ROOT}/tokens", methods=["GET"], endpoint="api-tokens"),
    Rule(f"{ROOT}/tokens", methods=["POST"], endpoint="api-create-token"),
    Rule(f"{ROOT}/tokens/<jti>", methods=["DELETE"], endpoint="api-revoke-token"),
    Rule(f"{ROOT}/sources", methods=["GET"], endpoint="api-sources"),
    Rule(f"{ROOT}/repositories", methods=["GET"], endpoint="api-repositories"),
    Rule(f"{ROOT}/sources/<source>/yank", methods=["POST"], endpoint="api-yank"),
    Rule(f"{ROOT}/sources/<source>/unyank", methods=["POST"], endpoint="api-unyank"),
    Rule(f"{ROOT}/sources/<source>/archive", methods=["POST"], endpoint="api-archive"),
    Rule(f"{ROOT}/sources/<source>/remove", methods=["POST"], endpoint="api-remove"),
    Rule(f"{ROOT}/sources/<source>/copy", methods=["POST"], endpoint="api-copy"),
]

_Result = TypeVar("_Result")


class CarryOut(Protocol):
    """Lets a verb commit. Raises what the verb raises, Busy, StoreError and DiskFull."""

    def __call__(self, verb: Callable[[Writer], _Result], /) -> _Result: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """What these routes need of the rest of the house.

    ``publish`` carries a verb out and returns when clients can see it; ``record`` does not publish, for what no client
    sees. ``vacate`` takes archives of a project that left the site out of it at once, instead of after a while.
    """

    store: Store
    config: Callable[[], Config]
    keyring: Callable[[], Keyring]
    publish: CarryOut
    record: CarryOut
    vacate: Callable[[ProjectKey, Collection[Sha256]], None]
    clock: Callable[[], datetime]


class Api:
    """The endpoints of :data:`ROUTES`. ``authenticate`` gives the claims of a request, or raises NotAuthenticated."""

    def __init__(self, administration: Administration, authenticate: Callable[[Visit], Claims]) -> None:
        self._administration = administration
        self._authenticate = authenticate
        self.endpoints: Mapping[str, Callable[..., Response]] = {
            "api-token": self._token,
            "api-tokens": self._tokens,
            "api-create-token": self._create_token,
            "api-revoke-token": self._revoke_token,
            "api-sources": self._sources,
            "api-repositories": self._repositories,
            "api-yank": self._yank,
            "api-unyank": self._unyank,
            "api-archive": self._archive,
            "api-remove": self._remove,
            "api-copy": self._copy,
        }

    def _token(self, visit: Visit) -> Response:
        """What the token of the request is, with which anybody can look whether theirs is good."""
        claims = self._authenticate(visit)
        expires = stamp(claims.expires) if claims.expires else ""
        grants = grants_text(claims.scopes, self._administration.config())
        return say_json(200, {"jti": claims.jti, "user": claims.subject, "grants": grants, "expires": expires})

    def _tokens(self, visit: Visit) -> Response:
        self._admit_admin(visit)
        wanted = set(visit.args.getlist("state")) or {"active"}
        if not wanted <= set(get_args(State)):
            raise UsageError("there is no such state of a token", hint=f"states: {', '.join(get_args(State))}")
        here = self._administration
        config, now = here.config(), here.clock()
        found = sorted(all_tokens(here.store.newest()), key=lambda token: (token.issued, token.jti))
        rows = [token_row(token, config, now) for token in found]
        return say_json(200, {"tokens": [row for row in rows if row["state"] in wanted]})

    def _create_token(self, visit: Visit) -> Response:
        by, here = self._admit_admin(visit), self._administration
        document = Document(visit)
        named = document.names_by_name("scopes")
        description = document.text("description")
        user = document.name_or_none("user")
        lifetime = parse_lifetime(document.text("expires", default="30d"))
        document.finish()
        config, now = here.config(), here.clock()
        issued = issue(
            here.keyring(),
            subject=by.subject if user is None else user,
            description=description,
            scopes=bound(config, named),
            issuer=config.address,
            now=now,
            lifetime=lifetime,
        )
        here.record(lambda writer: list_token(writer, issued.token, by=by, now=now))
        return say_json(201, {"text": issued.text, "token": token_row(issued.token, config, now)})

    def _revoke_token(self, visit: Visit, jti: str) -> Response:
        by, here = self._admit_admin(visit), self._administration
        now = here.clock()
        revoked = here.record(lambda writer: revoke_token(writer, jti, by=by, now=now))
        return say_json(200, token_row(revoked, here.config(), now))

    def _sources(self, visit: Visit) -> Response:
        """All of them: any refusal of an upload names them, too."""
        self._authenticate(visit)
        return say_json(200, {"sources": source_rows(self._administration.config())})

    def _repositories(self, visit: Visit) -> Response:
        self._authenticate(visit)
        return say_json(200, {"repositories": repository_rows(self._administration.config())})

    def _yank(self, visit: Visit, source: str) -> Response:
        by, target = self._admit(visit, source)
        document = Document(visit)
        name, which = document.name("project"), document.name("which")
        reason = document.text("reason", default="")
        document.finish()
        return self._mark(target, name, which, reason, by)

    def _unyank(self, visit: Visit, source: str) -> Response:
        by, target = self._admit(visit, source)
        document = Document(visit)
        name, which = document.name("project"), document.name("which")
        document.finish()
        return self._mark(target, name, which, None, by)

    def _mark(self, source: Source, name: str, which: str, reason: str | None, by: Submitter) -> Response:
        now = self._administration.clock()
        files, commit = self._publish(
            lambda writer: amend.yank(writer, source=source, name=name, which=which, reason=reason, by=by, now=now)
        )
        return say_json(200, {"commit": commit, "files": list(files)})

    def _archive(self, visit: Visit, source: str) -> Response:
        by, target = self._admit(visit, source)
        document = Document(visit)
        name, version = document.name("project"), document.name_or_none("version")
        document.finish()
        now = self._administration.clock()
        marked, commit = self._publish(
            lambda writer: amend.archive(writer, source=target, name=name, version=version, by=by, now=now)
        )
        return say_json(200, {"commit": commit, "files": list(marked.filenames)})

    def _remove(self, visit: Visit, source: str) -> Response:
        by, target = self._admit(visit, source)
        document = Document(visit)
        name, which = document.name("project"), document.name_or_none("which")
        everything, purge = document.flag("all"), document.flag("purge")
        distribution, comment = document.name_or_none("distribution"), document.text("comment")
        document.finish()
        if everything == (which is not None):
            raise UsageError("it is not clear what to remove", hint="either which, or all: true")
        if purge and not _claims(visit).permits("global:admin"):
            # All else can be taken back by a revert.
            raise NotPermitted("bytes are purged for good, with a token for global:admin only")
        now = self._administration.clock()
        done, commit = self._publish(
            lambda writer: removal.remove(
                writer,
                source=target,
                name=name,
                which=which,
                distribution=distribution,
                comment=comment,
                by=by,
                now=now,
            )
        )
        answer: dict[str, Any] = {"commit": commit, "files": [one.filename for one in done.removed]}
        return say_json(200, answer | (self._purge(done) if purge else {}))

    def _purge(self, done: Removal) -> dict[str, Any]:
        here = self._administration
        tombstones = [*done.removed, *done.before]
        purged = here.record(
            lambda writer: removal.purge(writer, store=here.store, key=done.key, tombstones=tombstones)
        )
        here.vacate(done.key, purged.gone)
        return purged.document

    def _copy(self, visit: Visit, source: str) -> Response:
        """A token that cannot write to the origin cannot carry files out of it: who may read is another's business."""
        by, origin = self._admit(visit, source)
        document = Document(visit)
        name, version, to = document.name("project"), document.name("version"), document.name("to")
        document.finish()
        here = self._administration
        target = self._writable(_claims(visit), to)
        now = here.clock()
        receipt, _ = self._publish(
            lambda writer: copy(
                writer, store=here.store, origin=origin, to=target, name=name, version=version, by=by, now=now
            )
        )
        return say_json(200, receipt.document)

    def _publish(self, verb: Callable[[Writer], _Result]) -> tuple[_Result, CommitId | None]:
        """What the verb returns, and its commit if it made one."""

        def carry_out(writer: Writer) -> tuple[_Result, CommitId | None]:
            before = writer.tip
            result = verb(writer)
            return result, writer.tip if writer.tip != before else None

        return self._administration.publish(carry_out)

    def _admit(self, visit: Visit, source: str) -> tuple[Submitter, Source]:
        """Who is asking, for which source. Raises NotAuthenticated, NotFound, NotPermitted, in this order."""
        claims = self._authenticate(visit)
        return _submitter(claims), self._writable(claims, source)

    def _admit_admin(self, visit: Visit) -> Submitter:
        claims = self._authenticate(visit)
        if not claims.permits("global:admin"):
            raise NotPermitted("tokens are administered with a token for global:admin")
        return _submitter(claims)

    def _writable(self, claims: Claims, name: str) -> Source:
        source = self._administration.config().source(name)
        if not claims.permits("sources:write", source.id):
            raise NotPermitted(f"this token may not change source {name!r}")
        return source


def json_refusal(error: Exception) -> Response:
    """The refusal that :func:`repogen.receiver.answers.refusal` makes of an error, with its words as JSON."""
    if isinstance(error, OSError):
        error = storage_error(error)
    response = refusal(error)
    match error:
        case RepogenError():
            code, message, hint = error.code, error.message, error.hint
        case HTTPException():
            code = NotFound.code if error.code == NotFound.http_status else UsageError.code
            message, hint = response.get_data(as_text=True), ""
        case _:
            code, message, hint = RepogenError.code, response.get_data(as_text=True), ""
    answer = say_json(response.status_code, {"error": code, "message": message, "hint": hint})
    response.set_data(answer.get_data())
    response.content_type = answer.content_type
    return response


def _submitter(claims: Claims) -> Submitter:
    return Submitter(subject=claims.subject, token=claims.jti, publisher=claims.publisher)


def _claims(visit: Visit) -> Claims:
    assert visit.claims is not None
    return visit.claims
