"""``repogen.toml`` read into frozen values, and edited without disturbing what people wrote in it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from repogen.errors import ConfigError, NotFound, UsageError
from repogen.model.names import RESERVED_REPOSITORIES, SOURCE_TYPES, SourceType, check_name
from repogen.model.publishers import KNOWN_ISSUERS, OWNERSHIP, PATTERNS, STANDARD, Issuer, Rule, TrustedPublishing

FORMAT = 1
MAX_CONFIG_BYTES = 1 << 20
DEFAULT_UPLOAD_LIMIT = 4 << 30
#: How long a token may live that trusted publishing mints.
MAX_MINUTES = 60

_ID = re.compile(r"[a-z0-9._-]{1,64}\Z")
_SIZE = re.compile(r"([0-9]{1,12}) *(B|KiB|MiB|GiB|TiB)?\Z")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")
#: Keys with more dots than anybody writes take the parser more than linear time.
_DEEP = re.compile(rb"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}""")
_MINUTES = re.compile(r"([0-9]{1,3})m\Z")
_AUDIENCE = re.compile(r"[!-~]{1,200}\Z")
_UNITS = {None: 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A named set of distributions. ``id`` never changes; tokens are bound to it."""

    name: str
    id: str
    type: SourceType
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """What clients install from: ``sources`` by name, in order of precedence.

    ``fallback`` is the URL of an index that is asked for projects which this repository does not have
    ("" for none), without a slash at its end.
    """

    name: str
    id: str
    type: SourceType
    sources: tuple[str, ...]
    description: str = ""
    fallback: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole of ``repogen.toml``.

    ``address`` is the public URL without a slash at its end, or ""; ``files_base`` that of another copy of the site
    which archives are fetched from, or "" where they are in this one.
    """

    sources: Mapping[str, Source] = field(default_factory=dict)
    repositories: Mapping[str, Repository] = field(default_factory=dict)
    address: str = ""
    files_base: str = ""
    upload_limit: int = DEFAULT_UPLOAD_LIMIT
    trusted_publishing: TrustedPublishing = field(default_factory=TrustedPublishing)

    def source(self, name: str) -> Source:
        """The source of that name. Raises NotFound."""
        try:
            return self.sources[name]
        except KeyError:
            known = ", ".join(sorted(self.sources)) or "none"
            raise NotFound(f"no source named {name!r}", hint=f"sources: {known}") from None

    def repository(self, name: str) -> Repository:
        """The repository of that name. Raises NotFound."""
        try:
            return self.repositories[name]
        except KeyError:
            known = ", ".join(sorted(self.repositories)) or "none"
            raise NotFound(f"no repository named {name!r}", hint=f"repositories: {known}") from None

    def source_with_id(self, identifier: str) -> Source | None:
        """The source that has that immutable id now, under whatever name."""
        return next((source for source in self.sources.values() if source.id == identifier), None)

    def repositories_of(self, source: str) -> tuple[Repository, ...]:
        """The repositories that list a source."""
        return tuple(repo for repo in self.repositories.values() if source in repo.sources)


def parse_config(data: bytes) -> Config:
    """Read the bytes of ``repogen.toml``. Raises ConfigError that names the place of the first mistake."""
    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigError(f"larger than {MAX_CONFIG_BYTES} bytes")
    if _DEEP.search(data):
        raise ConfigError("nested too deeply")
    try:
        document = tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        raise ConfigError("not UTF-8", place=f"byte {error.start}") from None
    except ValueError as error:  # TOMLDecodeError is one; a number of thousands of digits is another
        raise ConfigError(str(error)) from None
    except RecursionError:
        raise ConfigError("nested too deeply") from None
    top = _Table(document, "")
    found = top.take("format", int, default=None)
    if found != FORMAT:
        raise ConfigError(f"must be {FORMAT}, not {found!r}", place="format")
    address = _url(top.take("address", str, default=""), "address")
    files_base = _url(top.take("files_base", str, default=""), "files_base")
    limits = _Table(top.take("limits", dict, default={}), "limits")
    limit = _size(limits.take("upload", str, default=""), "limits.upload")
    limits.finish()
    sources = {
        name: _source(name, _Table(table, _at("sources", name)))
        for name, table in _tables(top.take("sources", dict, default={}), "sources")
    }
    repositories = {
        name: _repository(name, _Table(table, _at("repositories", name)), sources)
        for name, table in _tables(top.take("repositories", dict, default={}), "repositories")
    }
    publishing = _publishing(
        _Table(top.take("trusted_publishing", dict, default={}), "trusted_publishing"), sources, address
    )
    top.finish()
    _check_ids("sources", sources)
    _check_ids("repositories", repositories)
    return Config(
        sources=sources,
        repositories=repositories,
        address=address,
        files_base=files_base,
        upload_limit=limit,
        trusted_publishing=publishing,
    )


class _Table:
    """A TOML table whose keys are taken one by one, so that what is left over is a mistake."""

    def __init__(self, table: Mapping[str, Any], place: str) -> None:
        self._left = dict(table)
        self.place = place

    def at(self, key: str) -> str:
        return _at(self.place, key)

    def take(self, key: str, kind: type, *, default: Any = ...) -> Any:
        value = self._left.pop(key, default)
        if value is ...:
            raise ConfigError("is missing", place=self.at(key))
        if value is not default and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            names = {str: "a string", int: "a number", dict: "a table", list: "a list"}
            raise ConfigError(f"must be {names[kind]}, not {value!r}", place=self.at(key))
        return value

    def finish(self) -> None:
        for key in self._left:
            raise ConfigError("unknown key", place=self.at(key))


def _at(place: str, key: str) -> str:
    shown = key if _BARE_KEY.match(key) else repr(key)
    return f"{place}.{shown}" if place else shown


def _tables(table: Mapping[str, Any], place: str) -> list[tuple[str, Mapping[str, Any]]]:
    for name, value in table.items():
        if not isinstance(value, dict):
            raise ConfigError(f"must be a table, not {value!r}", place=_at(place, name))
    return list(table.items())


def _name(name: str, place: str, what: str, reserved: frozenset[str] = frozenset()) -> str:
    try:
        return check_name(name, what=what, reserved=reserved)
    except UsageError as error:
        raise ConfigError(error.message, place=place, hint=error.hint) from None


def _type(table: _Table) -> SourceType:
    value = table.take("type", str)
    for known in SOURCE_TYPES:
        if value == known:
            return known
    raise ConfigError(f"must be one of {', '.join(SOURCE_TYPES)}, not {value!r}", place=table.at("type"))


def _id(table: _Table, name: str) -> str:
    value = str(table.take("id", str, default=name))
    if not _ID.match(value):
        raise ConfigError(f"must be 1 to 64 of a-z, 0-9, '.', '_' and '-', not {value!r}", place=table.at("id"))
    return value


def _source(name: str, table: _Table) -> Source:
    source = Source(
        name=_name(name, table.place, "source"),
        id=_id(table, name),
        type=_type(table),
        description=table.take("description", str, default=""),
    )
    table.finish()
    return source


def _repository(name: str, table: _Table, sources: Mapping[str, Source]) -> Repository:
    kind = _type(table)
    listed = _listed(table, sources)
    for number, source in enumerate(listed):
        if sources[source].type != kind:
            place = f"{table.at('sources')}[{number}]"
            raise ConfigError(f"source {source!r} is of type {sources[source].type}, not {kind}", place=place)
    fallback = _url(table.take("fallback", str, default=""), table.at("fallback"))
    if fallback and kind != "python":
        hint = "R takes several repositories itself: set CRAN beside this one in repos"
        raise ConfigError("only an index of Python packages can have one", place=table.at("fallback"), hint=hint)
    repository = Repository(
        name=_name(name, table.place, "repository", RESERVED_REPOSITORIES),
        id=_id(table, name),
        type=kind,
        sources=listed,
        description=table.take("description", str, default=""),
        fallback=fallback,
    )
    table.finish()
    return repository


def _listed(table: _Table, sources: Mapping[str, Source]) -> tuple[str, ...]:
    listed = table.take("sources", list, default=[])
    for number, source in enumerate(listed):
        place = f"{table.at('sources')}[{number}]"
        if not isinstance(source, str) or source not in sources:
            raise ConfigError(f"no source named {source!r}", place=place)
        if source in listed[:number]:
            raise ConfigError(f"source {source!r} is listed twice", place=place)
    return tuple(listed)


def _publishing(table: _Table, sources: Mapping[str, Source], address: str) -> TrustedPublishing:
    # Upload tools look for trusted publishing at the root of a host, so that is what a token is made for.
    audience = table.take("audience", str, default=urlsplit(address).netloc)
    issuers = dict(KNOWN_ISSUERS)
    for name, entry in _tables(table.take("issuers", dict, default={}), table.at("issuers")):
        issuers[name] = issuer = _issuer(name, _Table(entry, _at(table.at("issuers"), name)))
        for other in issuers.values():
            if other.url == issuer.url and other.name != name:
                place = _at(_at(table.at("issuers"), name), "url")
                raise ConfigError(f"is the URL of the issuer {other.name!r}", place=place)
    rules = tuple(
        _rule(name, _Table(entry, _at(table.at("rules"), name)), issuers, sources)
        for name, entry in _tables(table.take("rules", dict, default={}), table.at("rules"))
    )
    table.finish()
    if rules and not _AUDIENCE.match(audience):
        hint = "name one, such as packages.example.com; without it, the host of address is taken"
        text = f"must be 1 to 200 printable ASCII characters without blanks, not {audience!r}"
        raise ConfigError(text, place=table.at("audience"), hint=hint)
    return TrustedPublishing(audience=audience if rules else "", rules=rules)


def _issuer(name: str, table: _Table) -> Issuer:
    kind = table.take("kind", str, default=name if name in KNOWN_ISSUERS else "oidc")
    for known in OWNERSHIP:
        if kind == known:
            issuer = Issuer(
                name=_name(name, table.place, "issuer"),
                url=_private_url(table.take("url", str), table.at("url")),
                kind=known,
                jwks=_private_url(table.take("jwks", str, default=""), table.at("jwks"), optional=True),
            )
            table.finish()
            return issuer
    raise ConfigError(f"must be one of {', '.join(OWNERSHIP)}, not {kind!r}", place=table.at("kind"))


def _rule(name: str, table: _Table, issuers: Mapping[str, Issuer], sources: Mapping[str, Source]) -> Rule:
    named = table.take("issuer", str)
    if named not in issuers:
        hint = f"issuers: {', '.join(sorted(issuers))}"
        raise ConfigError(f"no issuer named {named!r}", place=table.at("issuer"), hint=hint)
    issuer = issuers[named]
    claims = table.take("claims", dict)
    for claim, value in claims.items():
        _check_claim(claim, value, _at(table.at("claims"), claim))
    needed = OWNERSHIP[issuer.kind]
    if not claims or (needed and claims.keys().isdisjoint(needed)):
        # Anybody can have a job with an identity of a public issuer.
        what = f"one of {', '.join(needed)}" if needed else "a claim, such as sub"
        raise ConfigError(f"must state {what}", place=table.at("claims"))
    rule = Rule(
        name=_name(name, table.place, "rule"),
        issuer=issuer,
        claims=claims,
        sources=_listed(table, sources),
        lifetime=_lifetime(table.take("lifetime", str, default="15m"), table.at("lifetime")),
    )
    table.finish()
    return rule


def _check_claim(claim: str, value: object, place: str) -> None:
    if claim in STANDARD:
        raise ConfigError("is judged of every token, and is no claim for a rule", place=place)
    if not isinstance(value, str) or not value:
        raise ConfigError(f"must be a string that is not empty, not {value!r}", place=place)
    if "*" in value and claim not in PATTERNS:
        raise ConfigError(f"has no wildcards; '*' is one only in {', '.join(sorted(PATTERNS))}", place=place)
    if value.startswith("*"):
        raise ConfigError(f"must not begin with a wildcard: {value!r}", place=place)


def _lifetime(value: str, place: str) -> timedelta:
    match = _MINUTES.match(value)
    if not match or not 1 <= int(match[1]) <= MAX_MINUTES:
        raise ConfigError(f"must be 1m to {MAX_MINUTES}m, not {value!r}", place=place)
    return timedelta(minutes=int(match[1]))


def _private_url(value: str, place: str, *, optional: bool = False) -> str:
    """A URL that nobody on the way can answer in place of its host; as it is written, since issuers are compared so."""
    if not (value or optional):
        raise ConfigError("must be an https URL", place=place)
    _url(value, place)
    parts = urlsplit(value)
    private = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1"})
    if value and (not private or "@" in parts.netloc):
        raise ConfigError(f"must be an https URL (http at 127.0.0.1 or [::1] only), not {value!r}", place=place)
    return value


def _check_ids(place: str, things: Mapping[str, Source] | Mapping[str, Repository]) -> None:
    seen: dict[str, str] = {}
    for name, thing in things.items():
        if thing.id in seen:
            raise ConfigError(f"has the id of {seen[thing.id]!r}", place=_at(_at(place, name), "id"))
        seen[thing.id] = name


def _url(value: str, place: str) -> str:
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query and not parts.fragment
    except ValueError:
        good = False
    if not good or not value.isascii() or any(char.isspace() or char in "\"'<>\\" for char in value):
        raise ConfigError(f"must be an http or https URL, not {value!r}", place=place)
    return value.rstrip("/")


def _size(value: str, place: str) -> int:
    if not value:
        return DEFAULT_UPLOAD_LIMIT
    match = _SIZE.match(value)
    if not match or not int(match[1]):
        raise ConfigError(f"must be a size such as '500 MiB', not {value!r}", place=place)
    return int(match[1]) * _UNITS[match[2]]
