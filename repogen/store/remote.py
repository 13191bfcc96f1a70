"""The remote of a checkout: where it was cloned from, and what is committed there goes to.

Here alone Git's own programs are run: they carry the credentials of whoever runs them, in all the forms that
there are, and speak every protocol that a host may want.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from repogen.errors import NotPermitted, StoreError, UsageError
from repogen.model.names import CommitId, Sha256, one_line

_BRANCH = "refs/heads/main"
#: How many digests one command line has.
_BATCH = 500
#: What Git and its hosts say where somebody else was quicker, or is just writing.
_LOST = re.compile(
    r"fetch first|non-fast-forward|stale info|failed to update ref|cannot lock ref|failed to lock"
    r"|incorrect old value|reference already exists|reference update failed",
    re.IGNORECASE,
)
#: What they say where it would be the same the next time.
_REFUSED = re.compile(r"hook declined|protected|denied|read-only|not allowed|forbidden|prohibited", re.IGNORECASE)
_REASON = re.compile(r"\[[a-z ]+\] \((.*)\)\Z")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")
#: Variables of a surrounding Git command that would lead to another repository.
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_NAMESPACE")


class LostRace(Exception):
    """The branch of the remote is not where it was: somebody else pushed."""


class Remote:
    """The remote that the branch main of the checkout ``folder`` follows, ``origin`` unless Git was told otherwise.

    ``environment`` is what Git's programs run in; they ask nobody for a password.
    """

    def __init__(self, folder: Path, *, environment: Mapping[str, str]) -> None:
        self._folder = folder
        kept = {name: value for name, value in environment.items() if name not in _ELSEWHERE}
        # Answers are read: they have to be in English.
        self._environment = {**kept, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        asked = self._run("config", "--get", "branch.main.remote")
        self.name = asked.stdout.strip() or "origin"
        if self._run("remote", "get-url", self.name).returncode:
            raise UsageError(
                f"the checkout {str(folder)!r} has no remote {self.name!r}",
                hint="clone the store, or name one: git remote add origin URL",
            )

    def fetch(self) -> CommitId | None:
        """Bring the commits of the remote here. Returns its newest one; None: it has no branch main yet.

        Raises StoreError where it cannot be reached.
        """
        tracking = f"refs/remotes/{self.name}/main"
        done = self._run("fetch", "--quiet", "--no-tags", self.name, f"+{_BRANCH}:{tracking}")
        if done.returncode:
            if "couldn't find remote ref" in done.stderr:
                return None
            raise StoreError(f"the remote {self.name!r} cannot be read: {_said(done.stderr)}")
        return CommitId(self._run("rev-parse", "--verify", tracking).stdout.strip())

    def send_archives(self, digests: Sequence[Sha256]) -> None:
        """Bring the archives of the pool to the remote by Git LFS; those that it has are not sent again.

        Raises StoreError or NotPermitted.
        """
        for start in range(0, len(digests), _BATCH):
            done = self._run("lfs", "push", "--object-id", self.name, *digests[start : start + _BATCH])
            if done.returncode:
                if "'lfs' is not a git command" in done.stderr:
                    raise UsageError("Git LFS is not installed here", hint="install git-lfs: archives are pushed by it")
                text = f"the remote {self.name!r} does not take the archives: {_said(done.stderr or done.stdout)}"
                raise NotPermitted(text) if _REFUSED.search(text) else StoreError(text)

    def send(self, tip: CommitId) -> None:
        """Bring the branch of the remote to ``tip``, by a push that is a fast-forward.

        Raises LostRace where it has moved or is being moved, NotPermitted for a refusal that will not change by
        itself, StoreError where the remote cannot be reached.
        """
        # Without the hook of Git LFS: the archives are there already. Nor does any other commit here run hooks.
        done = self._run("push", "--porcelain", "--no-verify", "--no-follow-tags", self.name, f"{tip}:{_BRANCH}")
        if not done.returncode:
            return
        verdict = next((line for line in done.stdout.splitlines() if line.startswith("!")), "")
        if not verdict:
            if _REFUSED.search(done.stderr):
                raise NotPermitted(f"the remote {self.name!r} refuses the push: {_said(done.stderr)}")
            raise StoreError(f"the remote {self.name!r} cannot be pushed to: {_said(done.stderr)}")
        reason = _REASON.sub(r"\1", verdict.rpartition("\t")[2])
        told = _told_by_remote(done.stderr)
        if _LOST.search(reason) and not _REFUSED.search(f"{reason} {told}"):
            raise LostRace(reason)
        raise NotPermitted(
            f"the remote {self.name!r} refuses the push: {_clean(': '.join(filter(None, [reason, told])))}"
        )

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(  # noqa: S603  the program is Git, and no argument begins with a dash but ours
                ["git", "-C", str(self._folder), *arguments],  # noqa: S607  whichever Git the user has
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        except FileNotFoundError:
            raise UsageError("Git is not installed here", hint="install git and git-lfs: they push") from None


def _told_by_remote(stderr: str) -> str:
    """What hooks and hosts say to people, who prefix it themselves."""
    lines = (line.removeprefix("remote:").strip() for line in stderr.splitlines() if line.startswith("remote:"))
    return " ".join(filter(None, lines))


def _said(text: str) -> str:
    """What a program said last, or why it ended: the lines that Git marks as such, else all."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    marked = [line.partition(":")[2].strip() for line in lines if line.startswith(("fatal:", "error:", "remote:"))]
    return _clean(" ".join(marked or lines[-3:]) or "it said nothing")


def _clean(text: str) -> str:
    """One line, and without the credentials that a URL may hold."""
    return one_line(_CREDENTIALS.sub("", text), limit=1000)
