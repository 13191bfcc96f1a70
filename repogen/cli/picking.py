"""Which files ``repogen add`` is to add, and to which source each of them goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from repogen.ecosystems import ECOSYSTEMS
from repogen.errors import InvalidUpload, Problem, UsageError
from repogen.model.names import SourceType

SIGNATURE = ".asc"

#: Sources by name; None where it is not known what one holds, so that the names of files have to tell.
Types = Mapping[str, SourceType | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """A distribution at ``path``, or (``alone``) a signature of one that is in the source already."""

    source: str
    type: SourceType
    path: Path
    alone: bool = False

    @property
    def filename(self) -> str:
        """The name of the distribution."""
        return self.path.name.removesuffix(SIGNATURE) if self.alone else self.path.name


def named_paths(files: Iterable[Path], lists: Iterable[str], file_in: Path | None) -> list[Path]:
    """The arguments, the ``--path`` with commas between, and the lines of ``--file-in``.

    Raises UsageError for a file of paths that cannot be read.
    """
    named = [*files, *(Path(part) for text in lists for part in text.split(",") if part)]
    if file_in is not None:
        try:
            lines = file_in.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, ValueError) as error:
            reason = (error.strerror or "") if isinstance(error, OSError) else "it is not UTF-8"
            raise UsageError(f"cannot read the list of files {str(file_in)!r}: {reason}") from None
        named += [Path(line.strip()) for line in lines if line.strip()]
    return named


def named_sources(given: Iterable[str]) -> list[str]:
    """The names out of ``--source``, which may be repeated and hold commas. Raises UsageError where there is none."""
    names = [name.strip() for text in given for name in text.split(",") if name.strip()]
    if not names:
        raise UsageError("--source names no source")
    return list(dict.fromkeys(names))


def pick(named: Iterable[Path], sources: Types, *, distribution: str | None) -> list[Picked]:
    """Files, folders and signatures, each once. A signature that lies beside its file goes with it.

    Raises UsageError where something is not there, or it is not clear where it goes; InvalidUpload for a
    ``distribution`` that no source can take.
    """
    found: list[Path] = []
    signatures: list[Path] = []
    for path in named:
        if path.is_dir():
            inside = [one for one in sorted(path.iterdir()) if one.is_file() and _kinds(one.name, sources)]
            if not inside:
                raise UsageError(f"the folder {str(path)!r} holds no distribution", hint=_build_first(path))
            found += inside
        elif path.is_file():
            (signatures if path.name.endswith(SIGNATURE) else found).append(path)
        else:
            raise UsageError(f"there is no file {str(path)!r}")
    # A shell's dist/* names the signatures too.
    with_file = {signature_of(path) for path in found}
    alone = [path for path in signatures if path not in with_file]
    if not found and not alone:
        raise UsageError("nothing to add", hint="name files or folders, or use --path or --file-in")
    if distribution is not None and set(sources.values()) == {"python"}:
        text = "a distribution is stated for R binaries only: the name of a wheel says what it is for"
        raise InvalidUpload([Problem("distribution", text)])
    return [
        *(_placed(path, path.name, sources, alone=False) for path in dict.fromkeys(found)),
        *(_placed(path, path.name.removesuffix(SIGNATURE), sources, alone=True) for path in dict.fromkeys(alone)),
    ]


def signature_of(path: Path) -> Path:
    """Where the signature of a file lies, if there is one."""
    return path.with_name(path.name + SIGNATURE)


def _placed(path: Path, filename: str, sources: Types, *, alone: bool) -> Picked:
    kind = _kind(path, filename, sources, alone=alone)
    names = [name for name, holds in sources.items() if holds in (kind, None)]
    if len(names) > 1:
        raise UsageError(f"{filename!r} could go to {' or '.join(names)}", hint="name one source for each type")
    return Picked(source=names[0], type=kind, path=path, alone=alone)


def _kind(path: Path, filename: str, sources: Types, *, alone: bool) -> SourceType:
    known = set(sources.values())
    if len(known) == 1 and None not in known:
        # What is no distribution of that type is told so where it goes.
        return next(kind for kind in known if kind)
    kinds = _kinds(filename, sources)
    if len(kinds) > 1 and not alone:
        kinds = [kind for kind in kinds if _holds(path, filename, kind)] or kinds
    if len(kinds) == 1:
        return kinds[0]
    what = "is named as no distribution of these sources" if not kinds else "could be for R or for Python"
    raise UsageError(f"the file {filename!r} {what}", hint="name its source alone")


def _kinds(filename: str, sources: Types) -> Sequence[SourceType]:
    known = {kind for kind in sources.values() if kind} if None not in sources.values() else set(ECOSYSTEMS)
    return [kind for kind, ecosystem in ECOSYSTEMS.items() if kind in known and ecosystem.recognizes(filename)]


def _holds(path: Path, filename: str, kind: SourceType) -> bool:
    """Is it that inside, too? ``a_1.0-1.tar.gz`` can be the name of an R package and of an sdist."""
    try:
        ECOSYSTEMS[kind].inspect(filename, path)
    except InvalidUpload:
        return False
    return True


def _build_first(folder: Path) -> str:
    """How to get a file to add out of a folder that holds what it is built from."""
    if (folder / "DESCRIPTION").is_file():
        return "it is the source of an R package: add what R CMD build makes of it"
    if (folder / "pyproject.toml").is_file():
        return "it is the source of a Python project: add what python -m build puts into its dist folder"
    return ""
