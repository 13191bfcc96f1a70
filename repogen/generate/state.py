"""What a site was built from, kept in the site itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from repogen.model.names import CommitId
from repogen.store.sync import sync_file, sync_filesystem

#: The folder of a site that no server shows.
PRIVATE = "_"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One part of a site is complete up to ``commit``, made by the generator with that ``fingerprint``.

    ``leaving`` are paths that are no longer part of the site and may go at that time (Unix seconds).
    """

    commit: CommitId
    fingerprint: str
    leaving: Mapping[str, int] = field(default_factory=dict)


def load_state(site: Path, part: str) -> State | None:
    """The state of a part of the site, or None where it is not known: then everything is built anew."""
    try:
        document = json.loads((site / PRIVATE / f"{part}.json").read_bytes())
        return State(
            commit=CommitId(str(document["commit"])),
            fingerprint=str(document["fingerprint"]),
            leaving={str(path): int(due) for path, due in document["leaving"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def save_state(site: Path, part: str, state: State) -> None:
    """Record that a part is complete.

    The pages are on the disk before the state is: after a power cut the state may name an older commit
    than the pages, never a newer one.
    """
    place = site / PRIVATE / f"{part}.json"
    place.parent.mkdir(exist_ok=True)
    sync_filesystem(site)
    beside = place.with_name(f".{place.name}")
    beside.write_text(json.dumps(asdict(state), indent=1, sort_keys=True) + "\n")
    sync_file(beside)
    beside.replace(place)
    sync_file(place)
