"""R source packages made from a seed: the same names and bytes every time, on every machine.

One version a package, as an index lists them. Every second one has a README, every fourth a NEWS, every eighth C
code; all depend on other packages of the corpus. The archives are real ones of 5 to 500 kB, half of them below 50, and
unpack to twice that: noise, and as much code. Of 80 packages of CRAN that Debian carries half are below 37 kB and the
mean is 215, twice that of this corpus; they unpack to 1.9 times their size.
"""

from __future__ import annotations

import gzip
import io
import random
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_SEED = 20261122
_SMALLEST, _SPREAD = 5_000, 100
_WORDS = ("batch", "cache", "data", "event", "graph", "index", "job", "ledger", "model", "order", "queue", "report")
_LICENCES = ("GPL (>= 2)", "GPL-3", "MIT + file LICENSE", "LGPL (>= 2.1)", "Apache License (>= 2)")
_DESCRIPTION = """\
Package: {name}
Type: Package
Title: {title}
Version: {version}
Date: 2026-11-22
Authors@R: c(person("The", "Team", email = "team@example.com",
    role = c("aut", "cre")), person("A.", "Contributor", role = "ctb"))
Description: Reads, checks and writes what the {word} part of the work
    needs, and tells what it did. Number {number} of a series that was
    made for comparing programs that make indexes.
License: {licence}
URL: https://example.com/{name}
BugReports: https://example.com/{name}/issues
Depends: R (>= 3.5.0)
Imports: {imports},
    methods, stats, utils
{linking}Suggests: {suggests}
Encoding: UTF-8
NeedsCompilation: {compiled}
Packaged: 2026-11-22 08:00:00 UTC; team
Author: The Team [aut, cre],
  A. Contributor [ctb]
Maintainer: The Team <team@example.com>
"""
_README = """\
# {name}

The {word} part of what the team runs, number {number}.

Install it with `install.packages("{name}")`, then:

```r
{name}::run({number}, dry = TRUE)
```

- What changed stands in **NEWS**.
- Questions go to the [team](https://example.com/{name}).
"""
_NEWS = "# {name} {version}\n\n- Compatible with everything since 1.0.\n- `run()` takes number {number}.\n"
_CODE = """\
# {word} of {name}
{word} <- function(x, limit = {number}L, dry = FALSE) {{
  stopifnot(is.numeric(limit), length(limit) == 1L)
  found <- Filter(function(one) !is.na(one) && one > limit, x)
  if (dry) return(invisible(found))
  vapply(found, function(one) one + limit, numeric(1))
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tarball:
    """One source package. ``facts`` are what its record will have of it, ``metadata`` its DESCRIPTION."""

    name: str
    version: str
    filename: str
    facts: dict[str, Any]
    metadata: bytes
    archive: bytes


def tarballs(packages: int) -> Iterator[Tarball]:
    """The corpus of that many packages; a larger corpus begins with the smaller one."""
    return map(tarball, range(packages))


def tarball(number: int) -> Tarball:
    """A package of the corpus, or one more."""
    chance = random.Random(f"{_SEED} {number}")
    name, word = _name(number), _WORDS[number % len(_WORDS)]
    version = f"1.{chance.randrange(20)}.{chance.randrange(10)}"
    compiled = number % 8 == 0
    values = {"name": name, "word": word, "number": number, "version": version}
    title = f"The {word.title()} Part of What the Team Runs"
    on = [_name(other) for other in chance.sample(range(100), 5)]
    metadata = _DESCRIPTION.format(
        **values,
        title=title,
        licence=_LICENCES[number % len(_LICENCES)],
        imports=f"{on[0]} (>= 1.0), {on[1]}",
        linking=f"LinkingTo: {on[2]}\n" if compiled else "",
        suggests=f"{on[3]}, {on[4]}",
        compiled="yes" if compiled else "no",
    ).encode()
    size = int(_SMALLEST * _SPREAD ** chance.random())
    code = _CODE.format(**values).encode()
    members = {
        "DESCRIPTION": metadata,
        "NAMESPACE": "".join(f"export({other})\n" for other in _WORDS[:4]).encode(),
        **{f"R/{other}.R": code * (size // len(code) // 4) for other in _WORDS[:4]},
        "inst/extdata/noise.bin": chance.randbytes(size),
    }
    if compiled:
        members["src/run.c"] = b"int run(int limit) { return limit; }\n"
    texts: dict[str, Any] = {"readme": None, "news": None}
    for field, filename, text, every in (("readme", "README.md", _README, 2), ("news", "NEWS.md", _NEWS, 4)):
        if number % every == 0:
            texts[field] = {"name": filename, "text": text.format(**values)}
            members[filename] = texts[field]["text"].encode()
    return Tarball(
        name=name,
        version=version,
        filename=f"{name}_{version}.tar.gz",
        facts={"title": title, "needs_compilation": "yes" if compiled else "no", "built": None, **texts},
        metadata=metadata,
        archive=_archive(name, members),
    )


def _name(number: int) -> str:
    return f"acme.{_WORDS[number % len(_WORDS)]}{number}"


def _archive(name: str, members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, data in members.items():
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), compresslevel=1, mtime=0)
