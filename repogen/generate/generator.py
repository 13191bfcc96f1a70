"""A store, a site and what is kept between builds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from repogen.errors import StoreError
from repogen.generate.build import GRACE, Built, Part, build, expel
from repogen.generate.cards import KINDS as PAGE_KINDS
from repogen.generate.cards import Workshop
from repogen.generate.derived import Derived
from repogen.generate.indexes import Indexes
from repogen.generate.listings import KIND as LISTING
from repogen.generate.pages import Pages
from repogen.generate.publish import Publisher, make_folder
from repogen.generate.readme import ReadmeRenderer
from repogen.generate.state import PRIVATE, load_state
from repogen.generate.templates import Templates
from repogen.generate.view import View
from repogen.model.names import ProjectKey, Sha256, TreeId
from repogen.store import Store, paths
from repogen.store.faults import storage_errors
from repogen.store.locks import locked
from repogen.store.revision import Revision

_log = logging.getLogger(__name__)


class Generator:
    """Builds the parts of one site from one store, always from the store's head.

    ``derived`` is the folder for derived data; ``clock`` gives aware times; ``files``: publish archives that
    ``files_base`` says are fetched from elsewhere, too. Where a method takes
    ``wait``, another build of the same part is waited for so many seconds; then Busy is raised.
    """

    def __init__(
        self,
        store: Store,
        *,
        site: Path,
        derived: Path,
        clock: Callable[[], datetime],
        grace: int = GRACE,
        files: bool = True,
    ) -> None:
        self._store = store
        self._site = site
        self._clock = clock
        self._grace = grace
        self._files = files
        self._derived = Derived(derived)
        self._readmes = ReadmeRenderer()
        self._templates: tuple[TreeId | None, Templates] | None = None
        make_folder(site)
        (site / PRIVATE).mkdir(exist_ok=True)

    def build_indexes(self, *, wait: float, full: bool = False) -> Built:
        """Bring what clients read to the head of the store."""
        with self._building("indexes", wait):
            view, templates = self._view(self._store.newest())
            fingerprint = templates.fingerprint("simple/")
            built = self._build(Indexes(fingerprint, self._derived, files=self._files), view, templates, full=full)
            if built.full:
                self._derived.keep_only(fingerprint, kinds=(LISTING,))
            self._derived.save()
            return built

    def build_pages(self, *, wait: float, full: bool = False) -> Built:
        """Bring what people read to where the indexes are: a page never names a file that is not there yet."""
        with self._building("pages", wait):
            indexes = load_state(self._site, "indexes")
            view, templates = self._view(self._store.at(indexes.commit) if indexes else self._store.newest())
            fingerprint = templates.fingerprint()
            workshop = Workshop(fingerprint=fingerprint, derived=self._derived, render_readme=self._readmes.render)
            built = self._build(Pages(workshop, templates.static()), view, templates, full=full)
            if built.full:
                self._derived.keep_only(fingerprint, kinds=PAGE_KINDS)
            self._derived.save()
            return built

    def build(self, *, wait: float, full: bool = False) -> tuple[Built, Built]:
        """Both parts, one after the other."""
        return self.build_indexes(wait=wait, full=full), self.build_pages(wait=wait, full=full)

    def expel(self, key: ProjectKey, archives: Collection[Sha256], *, wait: float) -> None:
        """Take archives of a project that are leaving the site, and pages that name them, out of it now."""
        for part in (Pages.name, Indexes.name):
            with self._building(part, wait):
                expel(self._site, part, key, archives)

    def close(self) -> None:
        """Let go of the derived data and of the process that renders READMEs."""
        self._readmes.close()
        self._derived.close()

    @contextmanager
    def _building(self, part: str, wait: float) -> Iterator[None]:
        # Beside what it guards, so that whoever builds this site meets it, from whatever store or home.
        lock = self._site / PRIVATE / f"{part}.lock"
        with locked(lock, wait=wait, what=f"the build of the {part}"), storage_errors(f"building the {part}"):
            try:
                yield
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                # Records can be pushed by hand, and their facts are known to the ecosystem only.
                _log.exception("a record cannot be shown")
                raise StoreError(f"a record in the store cannot be shown: {error!r}") from error

    def _view(self, revision: Revision) -> tuple[View, Templates]:
        view = View.of(revision)
        tree = view.revision.folder_id(paths.TEMPLATES)
        kept = self._templates
        if kept is None or kept[0] != tree:
            kept = self._templates = (tree, Templates(overrides(view.revision)))
        return view, kept[1]

    def _build(self, part: Part, view: View, templates: Templates, *, full: bool) -> Built:
        publisher = Publisher(
            self._site,
            staging=self._site / PRIVATE / part.name,
            pool=self._store.pool,
            blob=view.revision.blob,
            render=lambda page: templates.render(page.template, page.context),
        )
        return build(
            part,
            view,
            store=self._store,
            site=self._site,
            publisher=publisher,
            now=int(self._clock().timestamp()),
            full=full,
            grace=self._grace,
        )


def overrides(revision: Revision) -> dict[str, bytes]:
    """The templates that the store brings along, by their names below ``templates/``."""
    files = revision.files_below(revision.folder_id(paths.TEMPLATES))
    return {name: revision.blob(blob) for name, blob in files}
