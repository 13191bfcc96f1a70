"""Where files lie while they are on their way into the pool."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from repogen.errors import Busy
from repogen.store.locks import locked


@contextmanager
def own_folder(spool: Path, *, wait: float) -> Iterator[Path]:
    """A folder below ``spool`` for this process alone, gone at the end.

    Every such folder is locked by its owner as long as that lives; what others left that died is taken away.
    """
    with ExitStack() as stack:
        with _alone(spool, wait):
            for left in filter(Path.is_dir, spool.iterdir()):
                with suppress(Busy), locked(left, wait=0, what="a folder of the spool"):
                    shutil.rmtree(left)
            folder = Path(tempfile.mkdtemp(dir=spool))
            stack.enter_context(locked(folder, wait=0, what="a folder of the spool"))
        try:
            yield folder
        finally:
            # Alone, too: whoever looks through the spool meanwhile must not see it go.
            with _alone(spool, wait):
                shutil.rmtree(folder)


def _alone(spool: Path, wait: float) -> AbstractContextManager[None]:
    """Hold the whole spool, which nobody does for long: folders come and go only so."""
    return locked(spool, wait=wait, what="the spool")
