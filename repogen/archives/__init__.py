"""Looking into zip and gzip-compressed tar archives from strangers: the only place that opens one.

Nothing is ever unpacked to disk, and no archive is ever held in memory: a reader names the members and
hands out the few small texts that it was asked for. What two readers could take for two different archives
is refused, and so is what would write outside of its tree or cost more to read than it may (:class:`Limits`).
"""

from repogen.archives.contents import LIMITS, Contents, Limits
from repogen.archives.tars import read_tar_gz
from repogen.archives.zips import begins_as_zip, read_zip

__all__ = ["LIMITS", "Contents", "Limits", "begins_as_zip", "read_tar_gz", "read_zip"]
