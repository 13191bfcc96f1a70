"""Writing a zip archive that is the same, byte for byte, whenever the same is put into it."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from typing import BinaryIO

#: The first moment that a zip archive can tell.
_DATE = (1980, 1, 1, 0, 0, 0)


def write_zip(file: BinaryIO, members: Mapping[str, bytes]) -> None:
    """Append an archive with these members, by their names, to what stands in ``file``."""
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in sorted(members.items()):
            member = zipfile.ZipInfo(name, _DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3  # of Unix, wherever it is written
            member.external_attr = 0o100644 << 16
            archive.writestr(member, data)
