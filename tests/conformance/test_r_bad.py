"""What would break a list for every R user, or R itself, is refused; the list goes on as it was."""

from __future__ import annotations

import bz2
import gzip
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance.curl import curl, outcome
from tests.conformance.instance import Instance, serving
from tests.conformance.rscript import R
from tests.conftest import Client
from tests.factories import tar_bytes, tar_gz_bytes
from tests.r_packages import description_bytes, description_fields, make_r_binary, make_r_source

pytestmark = pytest.mark.conformance

Maker = Callable[[Path], Path]
Members = list[tuple[str | tarfile.TarInfo, bytes]]

GOOD = description_bytes(description_fields("bad"))


def fields(**changed: str | None) -> Maker:
    """The package ``bad`` with changed fields in its DESCRIPTION, with None without them."""
    return lambda folder: make_r_source(folder, "bad", fields=changed)


def described(data: bytes) -> Maker:
    """The package ``bad`` with these bytes as its DESCRIPTION."""
    return lambda folder: make_r_source(folder, "bad", description=data)


def named(name: str, version: str = "1.0") -> Maker:
    """A package of that name and version, which may be hard to write as a file name."""
    return lambda folder: make_r_source(folder, name, version, filename="bad_1.0.tar.gz")


def holding(*members: tuple[str | tarfile.TarInfo, bytes]) -> Maker:
    """An archive of just these members, sent as the package ``bad``."""
    return lambda folder: write(folder, tar_gz_bytes(members))


def raw(data: bytes) -> Maker:
    """These bytes, sent as the package ``bad``."""
    return lambda folder: write(folder, data)


def write(folder: Path, data: bytes) -> Path:
    path = folder / "bad_1.0.tar.gz"
    path.write_bytes(data)
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """A member of an archive that is no file."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


#: ``available.packages()`` gives an error for every package as soon as one row has such a Depends.
POISON = (
    *("R (>=3.0)", "R(>=3.0)", "R ( >= 3.0)", "R (>= 3.0 )", "R (3.0)", "R (=> 3.0)", "R (>= r7000)", "R (>= 3.0.x)"),
    *("R (>= 3.0", "R (>= 3.0) | x", "R (>= 99999999999.0)"),
)
BAD: Mapping[str, tuple[Maker, str]] = {
    **{f"depends {text}": (fields(Depends=text), repr(text)) for text in POISON},
    "depends among others": (fields(Depends="methods, R (>=3.0), utils"), "'R (>=3.0)'"),
    "imports": (fields(Imports="fine, foo (>=1.0)"), "'foo (>=1.0)'"),
    "imports a version that is none": (fields(Imports="foo (>= 1.x)"), "'foo (>= 1.x)'"),
    "imports no name": (fields(Imports="foo bar"), "'foo bar'"),
    "linking to": (fields(LinkingTo="Rcpp (1.0)"), "'Rcpp (1.0)'"),
    "suggests": (fields(Suggests="-foo"), "'-foo'"),
    "version of letters": (named("bad", "abc"), "'abc'"),
    "version of one number": (named("bad", "1"), "'1'"),
    "version beyond an integer": (named("bad", "1.99999999999"), "'1.99999999999'"),
    "no version": (fields(Version=None), "no Version"),
    "no package": (fields(Package=None), "no Package"),
    "no licence": (fields(License=None), "no License"),
    "no title": (fields(Title=None), "no Title"),
    "no description": (fields(Description=None), "no Description"),
    "no author": (fields(Author=None), "no Author"),
    "no maintainer": (fields(Maintainer=" "), "no Maintainer"),
    "maintainer without address": (fields(Maintainer="Ada"), "'Ada'"),
    "operating system": (fields(OS_type="linux"), "'linux'"),
    "priority": (fields(Priority="base"), "'base'"),
    "name with underscore": (named("bad_name"), "'bad_name'"),
    "name that begins with a digit": (named("1bad"), "'1bad'"),
    "name that ends with a dot": (named("bad."), "'bad.'"),
    "name of one letter": (named("b"), "'b'"),
    "name beyond ASCII": (fields(Package="b\N{LATIN SMALL LETTER A WITH DIAERESIS}d"), r"'b\xe4d'"),
    "name of a package of R": (named("stats"), "'stats'"),
    "name of R": (named("R"), "'R'"),
    "other name": (fields(Package="other"), "'other'"),
    "other version": (fields(Version="1.1"), "'1.1'"),
    "name of another in other case": (lambda folder: make_r_source(folder, "Good"), "'good'"),
    "licence beyond ASCII": (fields(License="f\N{LATIN SMALL LETTER U WITH DIAERESIS}r alle"), r"'f\xfcr alle'"),
    "mark at the beginning": (described(b"\xef\xbb\xbf" + GOOD), "byte order mark"),
    "comment": (described(b"# made by hand\n" + GOOD), "'# made by hand'"),
    "line that is no field": (described(GOOD + b"and so on\n"), "'and so on'"),
    "second record": (described(GOOD + b"\n" + GOOD), "empty line"),
    "repeated field": (described(GOOD + b"Version: 2.0\n"), "'Version'"),
    "empty": (described(b""), "no Package"),
    "no DESCRIPTION": (holding(("bad/R/bad.R", b"")), "'bad/DESCRIPTION'"),
    "two DESCRIPTIONs": (holding(("bad/DESCRIPTION", GOOD), ("bad/DESCRIPTION", GOOD)), "'bad/DESCRIPTION'"),
    "DESCRIPTION that is a link": (
        holding((special("bad/DESCRIPTION", tarfile.SYMTYPE, "/etc/hostname"), b"")),
        "'bad/DESCRIPTION'",
    ),
    "link that leads out": (
        holding(("bad/DESCRIPTION", GOOD), (special("bad/data", tarfile.SYMTYPE, "../../etc"), b"")),
        "'bad/data'",
    ),
    "hard link that leads out": (
        holding(("bad/DESCRIPTION", GOOD), (special("bad/data", tarfile.LNKTYPE, "/etc/passwd"), b"")),
        "'bad/data'",
    ),
    "device": (holding(("bad/DESCRIPTION", GOOD), (special("bad/null", tarfile.CHRTYPE), b"")), "'bad/null'"),
    "path that leads out": (holding(("bad/DESCRIPTION", GOOD), ("bad/../../out", b"")), "'bad/../../out'"),
    "absolute path": (holding(("bad/DESCRIPTION", GOOD), ("/tmp/out", b"")), "'/tmp/out'"),
    "dot in front": (holding(("./bad/DESCRIPTION", GOOD)), "'./bad/DESCRIPTION'"),
    "second directory": (holding(("bad/DESCRIPTION", GOOD), ("more/R/more.R", b"")), "'more'"),
    "directory of another name": (holding(("other/DESCRIPTION", GOOD)), "'other'"),
    "nothing in it": (holding(), "before its first member"),
    "no archive": (raw(b"Package: bad\n"), "gzip"),
    "no bytes": (raw(b""), "gzip"),
    "bzip2": (raw(bz2.compress(tar_bytes([("bad/DESCRIPTION", GOOD)]))), "gzip"),
    "no tar archive": (raw(gzip.compress(GOOD)), "tar"),
    "half of it": (lambda folder: write(folder, make_r_source(folder, "bad").read_bytes()[:200]), "truncated"),
    "extension of a binary": (lambda folder: make_r_source(folder, "bad", filename="bad_1.0.tgz"), "Built"),
    "other extension": (lambda folder: make_r_source(folder, "bad", filename="bad_1.0.tar.bz2"), "bad_1.0.tar.bz2"),
    "file name without version": (lambda folder: make_r_source(folder, "bad", filename="bad.tar.gz"), "bad.tar.gz"),
    "binary for nobody knows what": (lambda folder: make_r_binary(folder, "bad", compiled=True), "distribution"),
    "binary for another system": (
        lambda folder: make_r_binary(folder, "bad", compiled=True, filename="bad_1.0.tgz"),
        "x86_64-pc-linux-gnu",
    ),
    "Built that is none": (lambda folder: make_r_binary(folder, "bad", built="R 4"), "'R 4'"),
}


@dataclass(frozen=True)
class Refused:
    """What curl was told about each bad package, and the history of the store before and after."""

    instance: Instance
    answers: Mapping[str, tuple[str, int]]
    before: list[str]
    after: list[str]


@pytest.fixture(scope="module")
def refused(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refused]:
    """Two good packages, then every bad one."""
    folder = tmp_path_factory.mktemp("r-bad")
    with serving(folder / "home", client) as instance:
        good = [make_r_source(folder, "good", "1.0"), make_r_source(folder, "good.too", fields={"Imports": "good"})]
        instance.repogen("add", "--source", "local-r", *good)
        token = instance.token("local-r")
        before = instance.history("%H")
        answers = {}
        for number, (name, (make, _)) in enumerate(BAD.items()):
            place = folder / str(number)
            place.mkdir()
            answers[name] = outcome(curl(client, instance, "-T", make(place), token=token))[:2]
        yield Refused(instance, answers, before, instance.history("%H"))


def test_reasons(refused: Refused) -> None:
    """Each is refused with 400, and told in one line what is wrong with it."""
    otherwise = {
        name: (text, status)
        for name, (text, status) in refused.answers.items()
        if status != 400 or BAD[name][1] not in text or "\n" in text
    }
    assert otherwise == {}


def test_nothing_of_them_stays(refused: Refused, r: R) -> None:
    """After all of them R finds and installs exactly the good ones, and neither the store nor the spool has more."""
    repos = f"{refused.instance.address}/r/latest"
    assert refused.after == refused.before
    assert refused.instance.spooled == []
    assert r.available(repos) == {"good": "1.0", "good.too": "1.0"}
    r.install(repos, "good.too")
    assert r.installed() == {"good": "1.0", "good.too": "1.0"}


def test_it_is_poison(r: R) -> None:
    """R as it is here fails for a whole list that has such a row, or does not offer the package that it is of."""
    for number, text in enumerate((*POISON, "R (>= 3.0)")):
        contrib = r.folder / str(number)
        contrib.mkdir(parents=True)
        row = f"Package: bad\nVersion: 1.0\nDepends: {text}\n"
        (contrib / "PACKAGES").write_text(f"Package: good\nVersion: 1.0\n\n{row}")
    listed = 'available.packages(paste0("file://", getwd(), "/", number))'
    offered = f'tryCatch(paste(rownames(suppressWarnings({listed})), collapse = "+"), error = function(e) "error")'
    found = r.value(f'vapply(0:{len(POISON)}, function(number) {offered}, "")').split()
    assert found.pop() == "good+bad"
    assert len(found) == len(POISON)
    assert set(found) == {"error", "good"}
