"""``repogen serve``."""

from __future__ import annotations

import logging
import os
import signal
import threading
from types import FrameType
from typing import Annotated

import typer

from repogen.cli.home import WAIT, Home
from repogen.cli.output import say


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 4242,
    site: Annotated[bool, typer.Option("--site/--no-site", help="Serve the site too, not only uploads.")] = True,
) -> None:
    """Take uploads and serve the site, until SIGTERM or Ctrl-C."""
    from repogen.cli.serving import Instance
    from repogen.cli.spool import own_folder
    from repogen.receiver.app import Receiver
    from repogen.receiver.server import serve as run

    home: Home = context.obj
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    # cheroot would take a socket that systemd hands over in place of the one that is asked for here.
    os.environ.pop("LISTEN_PID", None)
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    with own_folder(home.spool, wait=WAIT) as spool:
        instance = Instance(home, spool)
        instance.start()
        try:
            run(
                Receiver(instance.wiring(site=site)),
                host=host,
                port=port,
                ready=lambda bound: say(f"repogen listens on http://{f'[{host}]' if ':' in host else host}:{bound}/"),
                stop=stop,
            )
        finally:
            instance.stop()
