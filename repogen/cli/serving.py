"""What ``repogen serve`` runs: the accepting and the generating half, wired together."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence

from repogen.accept import Incoming, Receipt, Request, examine
from repogen.accept.landing import Landing
from repogen.auth.grants import Claims, judge
from repogen.cli.home import WAIT, Home, now
from repogen.config import Config, Source
from repogen.ecosystems import ecosystem_of
from repogen.errors import ConfigError, RepogenError
from repogen.model.names import CommitId
from repogen.model.record import Submitter
from repogen.receiver.app import Wiring
from repogen.store import paths

_log = logging.getLogger(__name__)

#: How long an upload waits for the store, in seconds: some clients give up after ten.
UPLOAD_WAIT = 6.0
#: How often somebody else's commits are looked for, in seconds.
_WATCH = 0.5
#: When pages that could not be built are tried again, in seconds.
_AGAIN = 5


class Instance:
    """A home in service. All methods may be called from any thread."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._store = home.store
        # A folder that no other command uses: what lies in it at the start was left by a crash.
        self._spool = home.spool / "uploads"
        self._spool.mkdir(exist_ok=True)
        self._landing = Landing(self._store, publish=self._publish, clock=now, wait=UPLOAD_WAIT)
        self._config: tuple[CommitId, Config, str] | None = None
        self._pages_wanted = threading.Event()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._follow_store, name="follow-store"),
            threading.Thread(target=self._build_pages, name="build-pages"),
        ]
        self._trouble = ""

    def wiring(self, *, site: bool) -> Wiring:
        """What the receiver needs of this instance."""
        return Wiring(
            config=self.config,
            authenticate=self.authenticate,
            accept=self.accept,
            project=lambda source, key: self._store.newest().project(source.name, key),
            status=self.status,
            digests=lambda source: ecosystem_of(source.type).extra_digests,
            spool=self._spool,
            site=self._home.site if site else None,
        )

    def start(self) -> None:
        """Complete what a crash left, then follow the store."""
        for leftover in self._spool.iterdir():
            leftover.unlink()
        self._home.generator.build_indexes(wait=WAIT)
        self._pages_wanted.set()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the pages that are wanted and return."""
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
        """Judge a token against the keys and the tokens that are in the store now."""
        revision = self._store.newest()
        return judge(
            text, keyring=self._home.keyring, lookup=lambda jti: revision.read(paths.token_path(jti)), now=now()
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
        trouble = (self._config[2] if self._config else "") or self._trouble
        return {"status": "degraded" if trouble else "ok", "commit": head, "trouble": trouble}

    def _publish(self, wait: float) -> None:
        self._home.generator.build_indexes(wait=wait)
        self._pages_wanted.set()

    def _follow_store(self) -> None:
        seen = None
        while not self._stopping.wait(_WATCH):
            try:
                head = self._store.head()
                if head != seen:
                    self._publish(WAIT)
                    seen = head
                self._trouble = ""
            except (RepogenError, OSError) as error:
                self._tell(error)

    def _build_pages(self) -> None:
        while True:
            self._pages_wanted.wait()
            self._pages_wanted.clear()
            try:
                self._home.generator.build_pages(wait=WAIT)
            except (RepogenError, OSError) as error:
                self._tell(error)
                if not self._stopping.wait(_AGAIN):
                    self._pages_wanted.set()
            if self._stopping.is_set():
                return

    def _tell(self, error: Exception) -> None:
        if str(error) != self._trouble:
            _log.error("the site does not follow the store: %s", error)
        self._trouble = str(error)
