"""What ``repogen serve`` runs: the accepting and the generating half, wired together."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from repogen.accept import Incoming, Receipt, Request, examine
from repogen.accept.landing import Landing
from repogen.auth.grants import Claims, judge
from repogen.auth.keys import Keyring
from repogen.auth.oidc_burnt import Burnt
from repogen.auth.oidc_exchange import Exchange
from repogen.auth.oidc_keys import IssuerKeys
from repogen.cli.home import WAIT, Home, now
from repogen.client.zipapp import FILENAME, build_zipapp
from repogen.config import Config, Source
from repogen.ecosystems import ecosystem_of
from repogen.errors import ConfigError, RepogenError, StoreError
from repogen.model.names import CommitId, ProjectKey, Sha256
from repogen.model.record import Submitter
from repogen.receiver.api import Administration
from repogen.receiver.app import Wiring
from repogen.receiver.download import Program
from repogen.store import paths

_log = logging.getLogger(__name__)

#: How long an upload waits for the store, in seconds: some clients give up after ten.
UPLOAD_WAIT = 6.0
#: How often somebody else's commits are looked for, in seconds.
_WATCH = 0.5
#: How often a site is looked after without a new commit, in seconds.
_TIDY = 60
#: How long uploads are gathered before the pages follow, in seconds.
_GATHER = 0.5
#: When pages that could not be built are tried again, in seconds.
_AGAIN = 5


class Instance:
    """A home in service, with a folder for uploads on their way in. All methods may be called from any thread."""

    def __init__(self, home: Home, spool: Path) -> None:
        self._home = home
        self._spool = spool
        self._store = home.store
        self._landing = Landing(self._store, publish=self._publish, clock=now, wait=UPLOAD_WAIT)
        self._exchange = Exchange(
            config=self.config,
            keyring=self._keyring,
            find_key=IssuerKeys().find,
            burnt=Burnt(home.root / "burnt.sqlite"),
            clock=now,
        )
        self._config: tuple[CommitId, Config, str] | None = None
        self._program: Program | None = None
        self._pages_wanted = threading.Event()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._follow_store, name="follow-store"),
            threading.Thread(target=self._build_pages, name="build-pages"),
        ]
        self._trouble = {"indexes": "", "pages": ""}

    def wiring(self, *, site: bool) -> Wiring:
        """What the receiver needs of this instance."""
        return Wiring(
            config=self.config,
            authenticate=self.authenticate,
            accept=self.accept,
            sign=self._landing.land,
            project=lambda source, key: self._store.newest().project(source.name, key),
            status=self.status,
            program=self.program,
            exchange=self._exchange,
            administration=Administration(
                store=self._store,
                config=self.config,
                keyring=self._keyring,
                publish=self._landing.carry_out,
                record=partial(self._store.write, wait=UPLOAD_WAIT),
                vacate=self._vacate,
                clock=now,
            ),
            digests=lambda source: ecosystem_of(source.type).extra_digests,
            spool=self._spool,
            site=self._home.site if site else None,
        )

    def start(self) -> None:
        """Complete what a crash left, then follow the store."""
        try:
            self._publish(WAIT)
        except (RepogenError, OSError) as error:
            # The site is served as it is, and the receiver may be what mends it.
            self._tell("indexes", error)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Return when what is being built is built; the next start builds the rest."""
        self._stopping.set()
        self._pages_wanted.set()
        for thread in self._threads:
            thread.join()
        self._home.generator.close()

    def config(self) -> Config:
        """The newest configuration that can be used."""
        head = self._store.head()
        kept = self._config
        if kept is None or kept[0] != head:
            revision = self._store.at(head)
            trouble = ""
            try:
                config = revision.config()
            except ConfigError as error:
                config, trouble = revision.good_config(), str(error)
                if kept is None or kept[2] != trouble:
                    _log.error("%s; the last good configuration goes on", trouble)
            kept = self._config = (head, config, trouble)
        return kept[1]

    def authenticate(self, text: str) -> Claims:
        """Judge a token against the keys and the tokens that are in the store now, and those that were burnt."""
        revision = self._store.newest()
        return judge(
            text,
            keyring=self._keyring(),
            lookup=lambda jti: revision.read(paths.token_path(jti)),
            burnt=self._exchange.is_burnt,
            now=now(),
        )

    def accept(self, incoming: Sequence[Incoming], source: Source, by: Submitter) -> Receipt:
        """Examine files, commit them and publish their indexes."""
        ecosystem = ecosystem_of(source.type)
        distributions = tuple(examine(one, ecosystem) for one in incoming)
        return self._landing.land(Request(source=source, by=by, distributions=distributions))

    def status(self) -> Mapping[str, str]:
        """For monitoring: is all well, and what is served."""
        head = self._store.head()
        self.config()
        troubles = [self._config[2] if self._config else "", *self._trouble.values()]
        trouble = "; ".join(filter(None, troubles))
        return {"status": "degraded" if trouble else "ok", "commit": head, "trouble": trouble}

    def program(self) -> Program:
        """The remote command line; made when it is first asked for. Two that ask at once make the same."""
        if self._program is None:
            self._program = Program(FILENAME, build_zipapp())
        return self._program

    def _keyring(self) -> Keyring:
        try:
            return self._home.keyring
        except StoreError as error:
            _log.error("%s", error)
            raise StoreError("the signing keys cannot be used", hint="the receiver's log says why") from error

    def _publish(self, wait: float) -> None:
        self._home.generator.build_indexes(wait=wait)
        self._pages_wanted.set()

    def _vacate(self, key: ProjectKey, archives: Collection[Sha256]) -> None:
        self._home.generator.expel(key, archives, wait=UPLOAD_WAIT)

    def _follow_store(self) -> None:
        seen, last = None, 0.0
        while not self._stopping.wait(_WATCH):
            try:
                head = self._store.head()
                # Now and then without a new commit, too: files that left the site are taken out in time.
                if head != seen or time.monotonic() - last >= _TIDY:
                    self._publish(WAIT)
                    seen, last = head, time.monotonic()
                self._tell("indexes", None)
            except Exception as error:  # noqa: BLE001  whatever it was, the store is followed on
                self._tell("indexes", error)

    def _build_pages(self) -> None:
        while True:
            self._pages_wanted.wait()
            # Uploads that come in a row share one build of the pages, and have the processor to themselves.
            if self._stopping.wait(_GATHER):
                return
            self._pages_wanted.clear()
            try:
                self._home.generator.build_pages(wait=WAIT)
                self._tell("pages", None)
            except Exception as error:  # noqa: BLE001  as above
                self._tell("pages", error)
                self._stopping.wait(_AGAIN)
                self._pages_wanted.set()

    def _tell(self, part: str, error: Exception | None) -> None:
        trouble = f"the {part} do not follow the store: {str(error) or type(error).__name__}" if error else ""
        if error and trouble != self._trouble[part]:
            _log.error("%s", trouble, exc_info=None if isinstance(error, RepogenError) else error)
        self._trouble[part] = trouble
