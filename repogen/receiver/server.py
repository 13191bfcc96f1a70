"""cheroot as the server in production: streaming, the reason phrase as given, and a stop that loses nothing."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import cheroot.wsgi
from cheroot.connections import ConnectionManager
from cheroot.workers.threadpool import ThreadPool

from repogen.errors import UsageError
from repogen.receiver.wire import Connection

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 32
#: Seconds of silence after which a client is given up.
TIMEOUT = 60
#: Seconds that requests under way have after a stop; with what follows it stays below 30.
DRAIN = 25
MAX_HEADER_BYTES = 64 << 10
MAX_IDLE_CONNECTIONS = 400
BACKLOG = 128

_log = logging.getLogger(__name__)


def serve(
    app: WSGIApplication,
    *,
    host: str,
    port: int,
    ready: Callable[[int], None],
    stop: threading.Event,
    threads: int = THREADS,
    timeout: float = TIMEOUT,
    drain: float = DRAIN,
) -> None:
    """Serve ``app`` until ``stop`` is set; then take no more connections and let requests under way finish.

    ``port`` 0 takes a free one; ``ready`` is called with the port once connections are accepted. A request
    that is not through ``drain`` seconds after the stop is broken off: an upload of which the body is not
    all there gets a 503. Raises UsageError where host and port cannot be listened on.
    """
    server = _Server((host, port), app, threads=threads, timeout=timeout, drain=drain)
    try:
        server.prepare()
    except OSError as error:
        raise UsageError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    accepting = threading.Thread(target=_accept, args=(server, stop), name="accept")
    accepting.start()
    try:
        ready(server.bind_addr[1])
        stop.wait()
    finally:
        server.stop()
        accepting.join()
    if server.interrupt is not None:
        raise RuntimeError("a thread of the server died; the log says of what")


def _accept(server: _Server, stop: threading.Event) -> None:
    try:
        server.serve()
    finally:
        stop.set()


class _Pool(ThreadPool):
    @staticmethod
    def _force_close(conn: Connection | None) -> None:
        if conn is not None:
            conn.give_up()


class _Server(cheroot.wsgi.Server):
    ConnectionClass = Connection
    max_request_header_size = MAX_HEADER_BYTES
    keep_alive_conn_limit = MAX_IDLE_CONNECTIONS
    _connections: ConnectionManager

    def __init__(
        self, address: tuple[str, int], app: WSGIApplication, *, threads: int, timeout: float, drain: float
    ) -> None:
        super().__init__(
            address,
            app,
            server_name="repogen",
            request_queue_size=BACKLOG,
            timeout=timeout,  # type: ignore[arg-type]
            shutdown_timeout=drain,  # type: ignore[arg-type]
        )
        self.requests = _Pool(self, min=threads, max=threads)
        self._drain = drain
        self._deadline: float | None = None

    def gave_up(self) -> bool:
        """Is a stop under way that has waited long enough?"""
        return self._deadline is not None and time.monotonic() >= self._deadline

    @staticmethod
    def bind_socket(socket_: socket.socket, bind_addr: tuple[str, int]) -> socket.socket:
        try:
            socket_.bind(bind_addr)
        except OSError:
            socket_.close()
            raise
        return socket_

    def process_conn(self, conn: Any) -> None:
        # A connection that has just come waits for its first bytes in the selector: those that never
        # speak would otherwise hold a thread each.
        if conn.last_used is None:
            self._connections.put(conn)
        else:
            super().process_conn(conn)

    def serve(self) -> None:
        while self.ready:
            try:
                self._connections.run(self.expiration_interval)
            except OSError as error:
                # Out of descriptors, as a rule: some are free again soon.
                _log.error("cannot accept connections: %s", error.strerror)
                time.sleep(0.2)

    def stop(self) -> None:
        self._deadline = time.monotonic() + self._drain
        super().stop()

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:  # noqa: FBT001, FBT002
        _log.log(level, "%s", msg, exc_info=traceback)
