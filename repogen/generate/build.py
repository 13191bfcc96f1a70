"""The generating verb: from the store at its head to the site of that commit.

A site has parts (the indexes for clients, the pages for people). Each is built by itself, with a lock and
a state of its own, so that a client need not wait until a README is rendered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from repogen.config import Repository
from repogen.errors import StoreError
from repogen.generate.publish import Output, Publisher, moved, remove, strangers
from repogen.generate.state import State, load_state, save_state
from repogen.generate.view import View
from repogen.model.names import CommitId, ProjectKey, Sha256
from repogen.store import Store, paths

#: Seconds for which a file that left the site can still be fetched: a client may hold an older page.
GRACE = 600


class Part(Protocol):
    """One part of a site. Its ``places``, files and folders within each repository, are nobody else's."""

    name: str
    places: tuple[str, ...]
    fingerprint: str

    def of_site(self, old: View | None, new: View, /) -> Iterator[Output]:
        """What changes above the repositories; paths relative to the site."""

    def of_repository(self, repository: Repository, old: View | None, new: View, leaving: set[str]) -> Iterator[Output]:
        """What changes in a repository; paths relative to it, those that leave are added to ``leaving``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build did: the commit that the part shows now, whether from nothing, and the files it wrote."""

    commit: CommitId
    full: bool
    written: int


def build(
    part: Part, view: View, *, store: Store, site: Path, publisher: Publisher, now: int, full: bool, grace: int = GRACE
) -> Built:
    """Bring a part of the site to ``view``; the caller holds the part's lock.

    Incremental where the site's state tells what it was built from, by the same generator; else (or
    ``full``) everything is written and what does not belong is taken out. ``now`` is Unix seconds.
    """
    state = load_state(site, part.name)
    old = None if full or state is None else _old_view(store, state, part, view)
    leaving = dict(state.leaving) if state else {}
    gone: set[str] = set()
    if old is None or old.revision.commit != view.revision.commit:
        publisher.publish(part.of_site(old, view))
        for repository in view.config.repositories.values():
            below: set[str] = set()
            outputs = part.of_repository(repository, old, view, below)
            publisher.publish(moved(output, repository.name) for output in outputs)
            gone |= {f"{repository.name}/{path}" for path in below}
        gone |= set(_removed(part, old, view, site, publisher.written))
    for path in publisher.written & leaving.keys():
        del leaving[path]
    leaving |= dict.fromkeys(gone - publisher.written - leaving.keys(), now + grace)
    # No longer than from now on, also where the clock was set back.
    leaving = {path: min(due, now + grace) for path, due in leaving.items()}
    for path in [path for path, due in leaving.items() if due <= now]:
        remove(site, path)
        del leaving[path]
    after = State(commit=view.revision.commit, fingerprint=part.fingerprint, leaving=leaving)
    if after != state:
        save_state(site, part.name, after)
    return Built(commit=view.revision.commit, full=old is None, written=len(publisher.written))


def expel(site: Path, part: str, key: ProjectKey, archives: Collection[Sha256]) -> None:
    """Take archives of a project, what lies beside them and the project's pages out of a part that they are leaving.

    The caller holds the part's lock. What they are is told by their bytes: their names may be those of other files.
    """
    state = load_state(site, part)
    if state is None:
        return
    named = {path for path in state.leaving if _digest(site / path) in archives}
    beside = {path + suffix for path in named for suffix in (paths.SIGNATURE, paths.METADATA)}
    pages = {path for path in state.leaving if f"/{key}/" in path and path.endswith(("/index.html", "/index.json"))}
    gone = named | (beside & state.leaving.keys()) | pages
    for path in gone:
        remove(site, path)
    save_state(
        site, part, replace(state, leaving={path: due for path, due in state.leaving.items() if path not in gone})
    )


def _digest(place: Path) -> str:
    try:
        with place.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def _old_view(store: Store, state: State, part: Part, new: View) -> View | None:
    if state.fingerprint != part.fingerprint:
        return None
    try:
        old = View.of(store.at(state.commit))
    except StoreError:
        return None
    # Every link to a file is another then.
    return old if old.config.files_base == new.config.files_base else None


def _removed(part: Part, old: View | None, new: View, site: Path, written: set[str]) -> Iterator[str]:
    """What lies in the site and belongs to nothing: after a full build anywhere, else of repositories that went."""
    if old is None:
        there = [folder.name for folder in site.iterdir() if folder.is_dir()]
    else:
        now = new.config.repositories
        there = [name for name, was in old.config.repositories.items() if name not in now or now[name].type != was.type]
    yield from strangers(site, [f"{name}/{place}" for name in there for place in part.places], written)
