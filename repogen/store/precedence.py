"""Which source a repository takes a project from."""

from __future__ import annotations

from repogen.config import Repository
from repogen.model.names import ProjectKey
from repogen.store.revision import Revision


def winner(revision: Revision, repository: Repository, key: ProjectKey) -> str | None:
    """The first source of the repository that has the project, or None.

    It wins whole: were versions of several sources mixed, a project of the same name in a less trusted
    source could slip a newer version in (dependency confusion).
    """
    return next((source for source in repository.sources if revision.project_id(source, key)), None)
