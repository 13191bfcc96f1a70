"""The rest of the house as the receiver sees it, held in memory: a second implementation of the wiring."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from repogen.accept import Incoming, Outcome, Receipt
from repogen.accept.sign import Signing
from repogen.auth.grants import Claims, judge
from repogen.auth.keys import Key, Keyring
from repogen.auth.oidc_burnt import Burnt
from repogen.auth.oidc_exchange import Exchange
from repogen.auth.oidc_keys import IssuerKeys
from repogen.auth.oidc_minting import is_minted
from repogen.config import Config, Repository, Source
from repogen.errors import FileExists, InvalidUpload, NotAuthenticated, NotFound, Problem
from repogen.model.catalog import Entry, Project
from repogen.model.names import CommitId, ProjectKey
from repogen.model.record import Record, Submitter
from repogen.receiver.api import Administration
from repogen.receiver.app import Wiring
from repogen.receiver.download import Program
from repogen.store import Store
from repogen.store.writer import Writer

LOCAL = Source(name="local-python", id="s1", type="python")
OTHER = Source(name="other-python", id="s2", type="python")
STATISTICS = Source(name="local-r", id="s3", type="r")
CONFIG = Config(
    sources={source.name: source for source in (LOCAL, OTHER, STATISTICS)},
    repositories={
        "python": Repository(name="python", id="p1", type="python", sources=("local-python",)),
        "mixed": Repository(
            name="mixed",
            id="p2",
            type="python",
            sources=("local-python", "other-python"),
            fallback="https://index.example/simple",
        ),
        "r": Repository(name="r", id="p3", type="r", sources=("local-r",)),
    },
    upload_limit=400 << 20,
)
WRITER = Claims(jti="t-writer", subject="ci", scopes={"sources:write": ("s1",)})
READER = Claims(jti="t-reader", subject="dev", scopes={"repos:read": ("p1",)})
STATISTICIAN = Claims(jti="t-r", subject="rci", scopes={"sources:write": ("s3",)})
TOKENS = {"good.writer.token": WRITER, "good.reader.token": READER, "good.r.token": STATISTICIAN}
KEYRING = Keyring(keys=(Key(kid="one", secret=b"s" * 32, created=datetime(2026, 1, 2, tzinfo=UTC)),))
#: What a file is called that comes without a name.
NAMELESS = "described_1.0.tar.gz"


@dataclass
class House:
    """Files are kept by name; ``accepting`` may be replaced by what an accepting that fails would do."""

    root: Path
    config: Config = CONFIG
    files: dict[str, Incoming] = field(default_factory=dict)
    signings: list[Signing] = field(default_factory=list)
    senders: list[Submitter] = field(default_factory=list)
    accepting: Callable[[Incoming], None] | None = None

    @property
    def spool(self) -> Path:
        """Where bodies lie on their way in."""
        return self.root / "spool"

    @property
    def site(self) -> Path:
        """The pages, which a test writes."""
        return self.root / "site"

    def wiring(self, *, with_site: bool = True) -> Wiring:
        """What the receiver is given."""
        return Wiring(
            config=lambda: self.config,
            authenticate=self.authenticate,
            accept=self.accept,
            sign=self.sign,
            project=self.project,
            status=lambda: {"state": "ok", "head": "1" * 40},
            program=lambda: Program("repogen.pyz", b"a program"),
            exchange=self.exchange,
            administration=self.administration(),
            digests=lambda source: ("md5",) if source.type == "r" else (),
            spool=self.spool,
            site=self.site if with_site else None,
        )

    @cached_property
    def exchange(self) -> Exchange:
        """Trusted publishing by the rules of ``config``."""
        return Exchange(
            config=lambda: self.config,
            keyring=lambda: KEYRING,
            find_key=IssuerKeys().find,
            burnt=Burnt(self.root / "burnt.sqlite"),
            clock=lambda: datetime.now(UTC),
        )

    def administration(self) -> Administration:
        """What is administered: a store without a commit."""
        place = self.root / "store.git"
        store = Store(place) if place.exists() else Store.create(place)

        def write(verb: Callable[[Writer], Any]) -> Any:
            return store.write(verb, wait=1)

        return Administration(
            store=store,
            config=lambda: self.config,
            keyring=lambda: Keyring(keys=()),
            publish=write,
            record=write,
            vacate=lambda _key, _archives: None,
            clock=lambda: datetime(2026, 1, 2, tzinfo=UTC),
        )

    def authenticate(self, token: str) -> Claims:
        """Claims by token: there are three that are good, and those that were minted."""
        if is_minted(token):
            burnt = self.exchange.is_burnt
            return judge(token, keyring=KEYRING, lookup=lambda _: None, burnt=burnt, now=datetime.now(UTC))
        try:
            return TOKENS[token]
        except KeyError:
            raise NotAuthenticated("the token is not good") from None

    def accept(self, files: Sequence[Incoming], source: Source, by: Submitter) -> Receipt:
        """Check the digests against the spooled bytes, and keep what is known of the file."""
        (one,) = files
        if self.accepting is not None:
            self.accepting(one)
        data = hashlib.sha256()
        with one.spooled.open("rb") as spooled:
            while piece := spooled.read(1 << 20):
                data.update(piece)
        found: Mapping[str, str] = one.digests
        lies = [name for name, digest in one.stated.digests.items() if found[name] != digest]
        problems = [*one.problems, *(Problem("digest-mismatch", f"the form lies about {name}") for name in lies)]
        if problems:
            raise InvalidUpload(problems)
        if found["sha256"] != data.hexdigest() or one.size != one.spooled.stat().st_size:
            raise AssertionError("the digests are not those of the spooled bytes")
        name = one.filename or NAMELESS
        before = self.files.get(name)
        if before is not None and before.digests["sha256"] != found["sha256"]:
            raise FileExists(name, sha256=before.digests["sha256"])
        self.files[name] = one
        self.senders.append(by)
        return Receipt(
            commit=CommitId("1" * 40),
            outcomes=(Outcome(filename=name, status="added"),),
            text=f"added {name} to {source.name}",
        )

    def sign(self, signing: Signing) -> Receipt:
        """Keep the signature of a file that is there."""
        if signing.filename not in self.files:
            raise NotFound(f"there is no file {signing.filename!r}")
        self.signings.append(signing)
        return Receipt(
            commit=CommitId("2" * 40),
            outcomes=(Outcome(filename=signing.filename, status="signed"),),
            text=f"signed {signing.filename}",
        )

    def project(self, source: Source, key: ProjectKey) -> Project | None:
        """The files of the first source by the name they begin with."""
        entries = tuple(
            Entry(record=_record(one), metadata=None, signature=None)
            for name, one in sorted(self.files.items())
            if name.partition("-")[0].replace("_", "-").lower() == key and source.id == "s1"
        )
        return Project(key=key, source=source.name, entries=entries) if entries else None


def _record(one: Incoming) -> Record:
    name, version = one.filename.split("-")[:2]
    return Record(
        filename=one.filename,
        name=name,
        version=version,
        kind="wheel",
        size=one.size,
        digests=one.digests,
        uploaded="2026-01-02T03:04:05.000006Z",
        by=Submitter(subject="ci"),
    )
