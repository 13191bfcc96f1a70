"""Distributions made from a seed: the same names and bytes every time, on every machine.

Ten files a project: five versions, each as wheel and sdist. Names share a prefix, as those of a team do. The
archives are real ones; what is in them is noise of 1 to 15 kB, and metadata with a small README in Markdown.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import random
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

PER_PROJECT = 10
REQUIRES_PYTHON = ">=3.9"

_SEED = 20261122
_WORDS = ("batch", "cache", "data", "event", "graph", "index", "job", "ledger", "model", "order", "queue", "report")
_README = """\
# {name}

The {word} part of what the team runs, number {number}.

Install it with `pip install {name}`, then:

```python
from {module} import run

run(limit={number})
```

| option | means |
|---|---|
| `limit` | how many at a time |
| `dry` | tell, do *not* do |

- Changes since 1.{era} are **compatible**.
- Questions go to the [team](https://example.com/{name}).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One distribution. ``requires_dist`` is in ``metadata``, too."""

    name: str
    version: str
    kind: Literal["wheel", "sdist"]
    filename: str
    summary: str
    requires_dist: tuple[str, ...]
    metadata: bytes
    archive: bytes


def corpus(files: int) -> Iterator[Made]:
    """That many distributions, project after project; a larger corpus begins with the smaller one."""
    for number in range(files // PER_PROJECT):
        for minor in range(PER_PROJECT // 2):
            yield wheel(number, f"1.{minor}")
            yield sdist(number, f"1.{minor}")


def project_name(number: int) -> str:
    """The name of a project of the corpus, as pip normalizes it."""
    return f"acme-{_WORDS[number % len(_WORDS)]}-{number}"


def wheel(number: int, version: str, payload: bytes | None = None) -> Made:
    """A wheel of a project; of the corpus, or one version more. ``payload`` takes the place of the noise."""
    name, module = project_name(number), _module(number)
    metadata, requires_dist, summary = _metadata(number, version)
    folder = f"{module}-{version}.dist-info"
    members = {
        f"{module}/noise.bin": _noise(number, version) if payload is None else payload,
        f"{folder}/METADATA": metadata,
        f"{folder}/WHEEL": b"Wheel-Version: 1.0\nGenerator: corpus\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},sha256={_hash(data)},{len(data)}\n" for path, data in members.items()]
    members[f"{folder}/RECORD"] = "".join([*rows, f"{folder}/RECORD,,\n"]).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in members.items():
            archive.writestr(zipfile.ZipInfo(path), data)
    return Made(
        name=name,
        version=version,
        kind="wheel",
        filename=f"{module}-{version}-py3-none-any.whl",
        summary=summary,
        requires_dist=requires_dist,
        metadata=metadata,
        archive=buffer.getvalue(),
    )


def sdist(number: int, version: str) -> Made:
    """The sdist of a project."""
    metadata, requires_dist, summary = _metadata(number, version)
    stem = f"{_module(number)}-{version}"
    members = {
        "PKG-INFO": metadata,
        "pyproject.toml": b'[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n',
        f"{_module(number)}/noise.bin": _noise(number, version),
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, data in members.items():
            entry = tarfile.TarInfo(f"{stem}/{path}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return Made(
        name=project_name(number),
        version=version,
        kind="sdist",
        filename=f"{stem}.tar.gz",
        summary=summary,
        requires_dist=requires_dist,
        metadata=metadata,
        archive=gzip.compress(buffer.getvalue(), compresslevel=1, mtime=0),
    )


def _metadata(number: int, version: str) -> tuple[bytes, tuple[str, ...], str]:
    chance = random.Random(f"{_SEED} {number}")
    name, word = project_name(number), _WORDS[number % len(_WORDS)]
    requires_dist = tuple(
        f"{project_name(other)}>=1.{chance.randrange(5)}" for other in sorted(chance.sample(range(100), 3))
    )
    summary = f"The {word} of the team"
    headers = [
        "Metadata-Version: 2.4",
        f"Name: {name}",
        f"Version: {version}",
        f"Summary: {summary}",
        "Author-email: The Team <team@example.com>",
        "License-Expression: MIT",
        f"Project-URL: Source, https://example.com/{name}",
        "Classifier: Programming Language :: Python :: 3",
        f"Requires-Python: {REQUIRES_PYTHON}",
        *(f"Requires-Dist: {one}" for one in requires_dist),
        "Description-Content-Type: text/markdown",
    ]
    # A README changes with every other release.
    era = int(version.split(".")[1]) // 2 * 2
    readme = _README.format(name=name, module=_module(number), word=word, number=number, era=era)
    return ("\n".join(headers) + f"\n\n{readme}").encode(), requires_dist, summary


def _module(number: int) -> str:
    return project_name(number).replace("-", "_")


def _noise(number: int, version: str) -> bytes:
    chance = random.Random(f"{_SEED} {number} {version}")
    return chance.randbytes(chance.randrange(1_000, 15_000))


def _hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
