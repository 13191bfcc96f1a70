"""R packages as CRAN has them, on the whole way."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance import r_corpus
from tests.conformance.curl import curl, outcome
from tests.conformance.instance import Instance, serving
from tests.conformance.rscript import R, literal
from tests.conftest import Client
from tests.r_packages import description_bytes, description_fields, make_r_source

pytestmark = [pytest.mark.conformance, pytest.mark.corpus]

HERE = Path(__file__).parent
#: What is installed from source: pure R, C, C++, Fortran, and two that need others from here.
INSTALLED = ("base64enc", "brio", "futile.logger", "ini", "itertools", "mime", "mnormt", "sourcetools", "tensor")
#: What comes along with these.
NEEDED = {"formatR", "futile.options", "iterators", "lambda.r"}
JOERG = "J\N{LATIN SMALL LETTER O WITH DIAERESIS}rg \N{LATIN CAPITAL LETTER A WITH RING ABOVE}sen"


@dataclass(frozen=True)
class Corpus:
    """All the packages by their names, published; ``folder`` has nothing but their files."""

    instance: Instance
    folder: Path
    files: dict[str, Path]

    @property
    def repos(self) -> str:
        return f"{self.instance.address}/r/latest"


@pytest.fixture(scope="module")
def published(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    """Fetched or made by hand; sent by curl with a name, without one and as a form, and by ``repogen add``."""
    client("apt-get")
    top = tmp_path_factory.mktemp("r-corpus")
    folder = top / "files"
    folder.mkdir()
    fetched = r_corpus.fetch(HERE / "r-corpus.txt", top / "fetched")
    assert len(fetched) >= 50
    files = [path.rename(folder / path.name) for path in fetched] + odd(folder)
    ways = files[0::4], files[1::4], files[2::4]
    with serving(top / "home", client) as instance:
        token = instance.token("local-r")
        for named, nameless, formed in zip(*ways, strict=False):
            for ran in (
                curl(client, instance, "-T", named, token=token),
                curl(client, instance, "-T", "-", stdin=nameless, token=token, below=""),
                curl(client, instance, "-F", f"file=@{formed}", token=token, below=""),
            ):
                assert outcome(ran)[1] == 200, ran.out
        instance.repogen("add", "--source", "local-r", *files)
        yield Corpus(instance, folder, {path.name.partition("_")[0]: path for path in files})


def odd(folder: Path) -> list[Path]:
    """What hardly any package has, and R takes."""
    many = ",\n".join(f"package{number} (>= {number}.0)" for number in range(30))
    latin = {"Encoding": "latin1", "Author": f"{JOERG} [aut, cre]", "SystemRequirements": f"the tool of {JOERG}"}
    crlf = description_bytes(description_fields("odd.crlf", Imports="stats,\nutils")).replace(b"\n", b"\r\n")
    return [
        make_r_source(
            folder, "odd.latin1", description=description_bytes(description_fields("odd.latin1", **latin), "latin-1")
        ),
        make_r_source(folder, "odd.crlf", description=crlf),
        make_r_source(folder, "odd.lines", fields={"Suggests": many, "Depends": "R (>=\n3.5.0),\nmethods"}),
        make_r_source(folder, "odd.kind", compiled=True, fields={"NeedsCompilation": None}),
        make_r_source(folder, "odd.windows", fields={"OS_type": "windows", "Archs": "i386, x64"}),
        make_r_source(folder, "odd.licence", fields={"License": "Free for academic use", "License_is_FOSS": "no"}),
        make_r_source(folder, "OddCase2", "2024.01-31", fields={"Priority": "optional", "Enhances": "odd.lines"}),
    ]


def test_index(published: Corpus, r: R) -> None:
    """The list is R's own of the same files, but that licences stay as written and what a system must have is said."""
    r.run(f'stopifnot(tools::write_PACKAGES({literal(published.folder)}, type = "source") == {len(published.files)})')
    theirs = {row["Package"]: row for row in r.table(f"readRDS({literal(published.folder / 'PACKAGES.rds')})")}
    listed = published.instance.home / "site/r/latest/src/contrib/PACKAGES.rds"
    ours = {row["Package"] or "": row for row in r.table(f"readRDS({literal(listed)})")}
    assert list(ours) == sorted(published.files)
    for name, row in ours.items():
        assert row.pop("SystemRequirements") == stated(published.files[name], "SystemRequirements")
        assert list(row) == list(theirs[name])
        licence, standard = row.pop("License"), theirs[name].pop("License")
        assert standard is None or words(standard) == words(licence)
        assert row == theirs[name]


def test_offered(published: Corpus, r: R) -> None:
    """``available.packages`` offers all of them, but what is for another system."""
    expected = {name: path.name.removesuffix(".tar.gz").partition("_")[2] for name, path in published.files.items()}
    del expected["odd.windows"]
    assert r.available(published.repos) == expected


def test_install(published: Corpus, r: R) -> None:
    """Some are installed from source with what they need, and each can be loaded."""
    r.install(published.repos, *INSTALLED, "odd.kind", more="Ncpus = 2")
    installed = r.installed()
    assert set(installed) == {*INSTALLED, *NEEDED, "odd.kind"}
    r.run(f"for (name in {literal(sorted(installed))}) loadNamespace(name)")
    assert r.call("base64enc", 'base64encode(charToRaw("R"))') == "Ug=="
    assert r.call("odd.kind", "twice(8)") == "16"


def test_files(published: Corpus) -> None:
    """Each package is served byte for byte, in both of its places."""
    for name, path in published.files.items():
        for place in (path.name, f"Archive/{name}/{path.name}"):
            assert published.instance.get(f"/r/latest/src/contrib/{place}").body == path.read_bytes()


def test_pages(published: Corpus) -> None:
    """Every package has a page that shows its file; what it says in another encoding can be read there."""
    for name, path in published.files.items():
        answer = published.instance.get(f"/r/packages/{name}/")
        assert answer.status == 200, name
        assert path.name in answer.body.decode()
    assert JOERG in published.instance.get("/r/packages/odd.latin1/").body.decode()


def words(licence: str | None) -> str:
    """A licence in the letters that all spellings of it share."""
    return re.sub(r"\W|version", "", licence or "")


def stated(path: Path, field: str) -> str | None:
    """A field of a DESCRIPTION, as R reads it."""
    with tarfile.open(path) as archive:
        member = archive.extractfile(f"{path.name.partition('_')[0]}/DESCRIPTION")
        assert member
        found = re.search(rf"^{field}:\s*(.*(?:\n[ \t].*)*)", member.read().decode("latin-1"), re.MULTILINE)
    return "\n".join(line.strip() for line in found[1].splitlines()) or None if found else None
