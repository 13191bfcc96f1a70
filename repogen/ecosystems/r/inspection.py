"""Is this R package good, and what does its record keep?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from repogen.archives import begins_as_zip
from repogen.ecosystems.r import targets
from repogen.ecosystems.r.dcf import declared_encoding, read_fields
from repogen.ecosystems.r.filenames import Filename, parse_filename
from repogen.ecosystems.r.packages import NEWS, README, Opened, open_package
from repogen.ecosystems.r.rules import description_warnings, judge
from repogen.errors import InvalidUpload, Problem
from repogen.model.inspected import Inspected
from repogen.model.names import one_line

#: Many times what any package has; all of it may stand on a page.
_MAX_DESCRIPTION_BYTES = 256 << 10


def inspect(filename: str, archive: Path, distribution: str | None = None) -> Inspected:
    """Judge the archive that was sent under ``filename``, or without one (""). Raises InvalidUpload with every problem.

    ``facts`` of what is returned:

    - ``title``: one line;
    - ``needs_compilation``: ``yes`` or ``no``, as DESCRIPTION says, or else as there is a directory ``src``;
    - ``built``: None of a source package; of a binary ``r`` (``4.2.2``), ``platform`` (as Built has it, "" where no
      code is compiled) and ``os`` (``unix`` or ``windows``);
    - ``readme``, ``news``: None, or ``name`` and ``text`` of the file.
    """
    named = parse_filename(filename) if filename else None
    zipped = named.extension == ".zip" if named else begins_as_zip(archive)
    try:
        opened = open_package(archive, zipped=zipped)
    except InvalidUpload as error:
        raise InvalidUpload(error.problems, filename=filename) from None
    problems = list(opened.problems)
    data = opened.description
    if len(data) > _MAX_DESCRIPTION_BYTES:
        text = f"DESCRIPTION has {len(data)} bytes, {_MAX_DESCRIPTION_BYTES} are allowed"
        raise InvalidUpload([*problems, Problem("member-too-large", text)], filename=filename)
    try:
        fields = read_fields(data)
    except ValueError as error:
        problems.append(Problem("description-syntax", f"DESCRIPTION {error}"))
        raise InvalidUpload(problems, filename=filename) from None
    problems += judge(fields)
    problems += _mismatches(named, opened, fields)
    platform, more = _judge_platform(named, opened, fields, distribution, zipped=zipped)
    problems += more
    if problems:
        raise InvalidUpload(problems, filename=filename)
    name, version = fields["Package"], fields["Version"]
    declared = declared_encoding(data)
    return Inspected(
        filename=filename or f"{name}_{version}{platform.extension}",
        name=name,
        version=version,
        kind="binary" if platform.built else "source",
        target=platform.target,
        metadata=data,
        facts={
            "title": one_line(" ".join(fields["Title"].split())),
            "needs_compilation": fields.get("NeedsCompilation") or _needs_compilation(opened, platform.built),
            "built": platform.built and asdict(platform.built),
            "readme": opened.document(README, declared),
            "news": opened.document(NEWS, declared),
        },
        warnings=tuple(description_warnings(fields, data)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Platform:
    """What a package is for; ``built`` is None and ``target`` "" of a source package."""

    extension: str
    built: targets.Built | None = None
    target: str = ""


def _judge_platform(
    named: Filename | None, opened: Opened, fields: Mapping[str, str], distribution: str | None, *, zipped: bool
) -> tuple[_Platform, list[Problem]]:
    stated = named.extension if named else ".zip" if zipped else ""
    if "Built" not in fields:
        return _Platform(extension=".tar.gz"), list(_source_problems(named, stated, distribution))
    problems = []
    if not opened.has_file("Meta/package.rds"):
        text = "DESCRIPTION has Built, as that of a binary package, and there is no Meta/package.rds as in one"
        problems.append(Problem("built", text))
    try:
        built = targets.parse_built(fields["Built"])
        extension = stated or targets.find_extension(built, distribution)
        targets.check_file(extension, named.platform if named else "", built)
    except ValueError as error:
        problems.append(Problem("built", f"Built is {one_line(fields['Built'], limit=100)!r}: {error}"))
        return _Platform(extension=stated), problems
    try:
        target = targets.find_target(extension, built, distribution, named.platform if named else "")
    except ValueError as error:
        problems.append(Problem("distribution", str(error)))
        return _Platform(extension=extension, built=built), problems
    return _Platform(extension=extension, built=built, target=target), problems


def _source_problems(named: Filename | None, stated: str, distribution: str | None) -> Iterator[Problem]:
    if stated not in ("", ".tar.gz") or (named and named.platform):
        text = "the file is named as a binary package, and DESCRIPTION has no Built: a source package is a .tar.gz"
        yield Problem("built", text)
    if distribution is not None:
        text = f"the distribution {one_line(distribution, limit=60)!r} is stated for a source package: leave it out"
        yield Problem("distribution", text)


def _mismatches(named: Filename | None, opened: Opened, fields: Mapping[str, str]) -> Iterator[Problem]:
    name, version = fields.get("Package"), fields.get("Version")
    if name and opened.root != name:
        text = f"the directory {opened.root!r} is not named after the package {one_line(name, limit=100)!r}"
        yield Problem("package-root", text)
    if named and name and named.name != name:
        text = f"the file name says package {named.name!r}, DESCRIPTION says {one_line(name, limit=100)!r}"
        yield Problem("name-mismatch", text)
    if named and version and named.version != version:
        text = f"the file name says version {named.version!r}, DESCRIPTION says {one_line(version, limit=100)!r}"
        yield Problem("version-mismatch", text)


def _needs_compilation(opened: Opened, built: targets.Built | None) -> str:
    compiled = bool(built.platform) if built else opened.has_directory("src")
    return "yes" if compiled else "no"
