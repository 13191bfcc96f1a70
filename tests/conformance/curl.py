"""Sending R packages with the real curl."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.instance import Instance
from tests.conformance.programs import Ran, run
from tests.conftest import Client

#: The status, how much was sent, and whether curl was sent elsewhere.
OUTCOME = "\n%{http_code} %{size_upload} %{num_redirects}"


def curl(
    client: Client,
    instance: Instance,
    *arguments: str | Path,
    token: str,
    source: str = "local-r",
    below: str = "/",
    stdin: Path | None = None,
) -> Ran:
    """Send something to a source; the token comes from a file, as it should."""
    netrc = instance.home.parent / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login __token__ password {token}\n")
    address = f"{instance.address}/upload/r/{source}{below}"
    common = ("--silent", "--show-error", "--netrc-file", netrc, "--write-out", OUTCOME)
    command = [client("curl"), *common, *arguments, address]
    if stdin is not None:
        # In a pipe, so that curl cannot know how much will come.
        command = ["sh", "-c", 'cat "$0" | "$@"', stdin, *command]
    return run(*command, timeout=30)


def outcome(ran: Ran) -> tuple[str, int, int]:
    """The text of the answer, its status, and how many bytes were sent."""
    text, _, line = ran.out.rpartition("\n")
    status, sent, redirects = line.split()
    assert redirects == "0"
    return text, int(status), int(sent)
