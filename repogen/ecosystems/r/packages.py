"""What lies where in a source or binary package (WRE 1.1, 1.6)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repogen.archives import Contents, read_tar_gz, read_zip
from repogen.ecosystems.r.dcf import decode_first, encodings
from repogen.errors import InvalidUpload, Problem

#: What is shown of a package besides DESCRIPTION: the first file there is of each, up to so many bytes as UTF-8.
README = (("README.md", "README"), 256 << 10)
NEWS = (("NEWS.md", "NEWS"), 64 << 10)

_READ = {"DESCRIPTION", *README[0], *NEWS[0]}
_MAX_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The one directory of a package, its members, the verbatim DESCRIPTION and what is wrong with the archive."""

    root: str
    contents: Contents
    description: bytes
    problems: tuple[Problem, ...]

    def has_file(self, path: str) -> bool:
        """Is there a regular file of that path below the directory?"""
        return self.contents.members.get(f"{self.root}/{path}") == "file"

    def has_directory(self, path: str) -> bool:
        """Is there a directory of that path, or anything in it?"""
        inside = f"{self.root}/{path}/"
        return any(f"{member}/".startswith(inside) for member in self.contents.members)

    def document(self, kind: tuple[tuple[str, ...], int], declared: str | None) -> dict[str, str] | None:
        """``name`` and ``text`` of :data:`README` or :data:`NEWS`, None without one.

        The text is read as UTF-8, or else in the encoding that DESCRIPTION declared. Too long a text is cut at the
        end of a line, and says so in its last.
        """
        names, limit = kind
        for name in names:
            data = self.contents.texts.get(f"{self.root}/{name}")
            if data is not None and data.strip():
                text = decode_first(data, ("utf-8-sig", *encodings(declared), "latin-1")).replace("\r\n", "\n")
                return {"name": name, "text": _cut(text, limit, name)}
        return None


def open_package(path: Path, *, zipped: bool) -> Opened:
    """Find DESCRIPTION in a zip or a gzip-compressed tar archive. Raises InvalidUpload without one."""
    read = read_zip if zipped else read_tar_gz
    contents = read(path, lambda name: name.count("/") == 1 and name.partition("/")[2] in _READ)
    roots = sorted({name.partition("/")[0] for name in contents.members})
    if len(roots) != 1:
        more = f" and {len(roots) - _MAX_NAMED} more" if len(roots) > _MAX_NAMED else ""
        listed = (", ".join(map(repr, roots[:_MAX_NAMED])) or "nothing") + more
        text = f"an R package is one directory that is named after it, this one has {listed} at its top"
        raise InvalidUpload([Problem("package-root", text)])
    root = roots[0]
    problems = tuple(_problems(root, contents))
    description = contents.texts.get(f"{root}/DESCRIPTION")
    if description is None:
        raise InvalidUpload(problems)
    return Opened(root=root, contents=contents, description=description, problems=problems)


def _problems(root: str, contents: Contents) -> list[Problem]:
    path = f"{root}/DESCRIPTION"
    problems = []
    if contents.respelled:
        text = f"R does not find member {contents.respelled} by its name: build the package with R CMD build"
        problems.append(Problem("package-root", text))
    if contents.members.get(path) != "file":
        problems.append(Problem("no-description", f"the package has no regular file {path!r}"))
    for name in contents.members:
        if name != path and len(name) == len(path) and name.lower() == path.lower():
            text = f"the package has {name!r} too, which is {path!r} where case does not count"
            problems.append(Problem("no-description", text))
    return problems


def _cut(text: str, limit: int, name: str) -> str:
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return data.decode()
    start, _, _ = data[:limit].decode("utf-8", "ignore").rpartition("\n")
    return f"{start}\n\n(The rest of {name} is left out here: it has more than {limit >> 10} KiB.)\n"
