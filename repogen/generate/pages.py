"""The part of a site that people read."""

from __future__ import annotations

from collections.abc import Iterator

from repogen.config import Repository
from repogen.generate.derived import Derived
from repogen.generate.publish import Output
from repogen.generate.templates import Templates
from repogen.generate.view import View


class Pages:
    name = "pages"
    places: tuple[str, ...] = ("index.html", "packages", "browse", "search")

    def __init__(self, fingerprint: str, derived: Derived, templates: Templates) -> None:
        self.fingerprint = fingerprint

    def of_site(self, old: View | None, new: View) -> Iterator[Output]:
        yield from ()

    def of_repository(self, repository: Repository, old: View | None, new: View, leaving: set[str]) -> Iterator[Output]:
        yield from ()
