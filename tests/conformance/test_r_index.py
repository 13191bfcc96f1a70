"""Real R reads the lists, and finds in them what its own tools write of the same files."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from repogen.ecosystems.r import R
from repogen.model.record import Record, Submitter
from tests.conformance.programs import clean, run
from tests.conformance.webservers import plain
from tests.conftest import Client
from tests.r_index import UPLOADED, Distribution, archived, distribution, of_record, write_site
from tests.r_packages import make_r_binary, make_r_source

pytestmark = pytest.mark.conformance

Rscript = Callable[..., str]
SOURCES = "latest/src/contrib"
LINUX = "latest/bin/linux/jammy-x86_64/4.2"
#: Name, version, fields: licences are spelled as R spells them, since ``write_PACKAGES`` rewrites others.
ODD: tuple[tuple[str, str, dict[str, str | None]], ...] = (
    ("plain", "1.0", {}),
    ("MASS", "7.3-58.2", {"Depends": "R (>= 3.3.0), grDevices, graphics, stats, utils", "License": "GPL-2 | GPL-3"}),
    ("mass2", "7.3", {"License": "GPL (>= 2)", "Priority": "optional"}),
    ("Rcpp", "1.0.10", {"LinkingTo": "BH (>= 1.75.0-0)", "License": "GPL (>= 2)"}),
    ("R6", "2.5.1", {"Depends": "R (>= 3.0)", "Suggests": "testthat, pryr"}),
    ("dates", "2024.01.31", {}),
    ("devel", "0.0.0.9000", {}),
    ("zeros", "01.02.03", {}),
    ("dashes", "1-2-3", {}),
    ("long.name.with.dots", "1.0", {}),
    ("lines", "1.0", {"Depends": "R (>= 4.0),\nmethods,\nstats", "Imports": "one,\n  two (>= 1.0),\n\tthree"}),
    ("belows", "1.0", {"Imports": "\none,\ntwo"}),
    ("blanks", "1.0", {"Suggests": "", "Enhances": "   ", "Imports": "one  ,   two"}),
    ("tabs", "1.0", {"Imports": "one,\ttwo"}),
    ("broad", "1.0", {"Imports": ", ".join(f"dependency{number} (>= {number}.0)" for number in range(60))}),
    ("needs", "1.0", {"NeedsCompilation": "yes"}),
    ("silent", "1.0", {"NeedsCompilation": None}),
    ("unix", "1.0", {"OS_type": "unix"}),
    ("windows", "1.0", {"OS_type": "windows"}),
    ("free", "1.0", {"License_is_FOSS": "yes", "License_restricts_use": "no"}),
    ("bound", "1.0", {"License_restricts_use": "yes"}),
    ("archs", "1.0", {"Archs": "i386, x64"}),
    ("enhancer", "1.0", {"Enhances": "one, two"}),
    ("future", "1.0", {"Depends": "R (>= 99.0)"}),
    ("below", "1.0", {"Depends": "R (< 99.0)"}),
    ("system", "1.0", {"SystemRequirements": "GNU make, C++17"}),
    ("letters", "1.0", {"SystemRequirements": "libé (≥ 1.0), “quoted”, 図書館"}),
    ("letterlines", "1.0", {"SystemRequirements": "libé:\nfrom example.org,\nlibö"}),
    ("colons", "1.0", {"SystemRequirements": "libxml2: libxml2-dev (deb),\nlibxml2-devel (rpm)"}),
    ("hash", "1.0", {"SystemRequirements": "# none\n# of: these"}),
    ("many", "1.0", {"Depends": "R (>= 3.5)"}),
    ("many", "1.1", {"Depends": "R (>= 3.6)"}),
    ("many", "1.10", {"Depends": "R (>= 99.0)", "SystemRequirements": "C++20"}),
    ("more", "0.9-1", {}),
    ("more", "0.9-2", {"NeedsCompilation": "yes"}),
)
#: What values are made of that are hard to write as lines: blanks of all kinds, and what means something to DCF.
PIECES = ["a", "b c", ".", "..", ":", "#", "-", "\n", "\n", " ", "\t", "é", "\u00a0", "\u2003", "\u2028", "\u0085"]
SAME = """
expect <- function(...) for (truth in list(...))
    if (!isTRUE(truth)) { print(sys.call()); print(truth); quit(status = 1) }
sorted <- function(m) m[order(m[, "Package"], m[, "Version"]), , drop = FALSE]
"""


@pytest.fixture(scope="session")
def rscript(client: Client) -> Rscript:
    """``rscript(program, ARGUMENTS...)`` runs a program in R, which must end well, and is what it printed."""

    def call(program: str, *arguments: str | Path, **env: str) -> str:
        command = (client("Rscript"), "--vanilla", "-e", SAME + "a <- commandArgs(TRUE)\n" + program)
        return run(*command, *arguments, env=clean(**env)).out

    return call


def stored(path: Path, distribution: str | None = None) -> Distribution:
    """What the store holds of a file once it was accepted."""
    seen = R().inspect(path.name, path, distribution)
    record = Record(
        filename=seen.filename,
        name=seen.name,
        version=seen.version,
        kind=seen.kind,
        size=path.stat().st_size,
        digests={kind: hashlib.new(kind, path.read_bytes()).hexdigest() for kind in ("md5", "sha256")},
        uploaded=UPLOADED,
        by=Submitter(subject="ada"),
        target=seen.target,
        facts=seen.facts,
    )
    return of_record(record, seen.metadata)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Distribution]]:
    """Packages that are legal and unusual, as files and as the store has them."""
    folder = tmp_path_factory.mktemp("odd")
    paths = [make_r_source(folder, name, version, fields=fields) for name, version, fields in ODD]
    without = make_r_source(folder, "compiled", compiled=True, fields={"NeedsCompilation": None})
    returns = b"Package: returns\nVersion: 1.0\nTitle: A\nDescription: B.\nLicense: GPL-3\nImports: one,\n  two\n"
    returns += b"Author: Ada\nMaintainer: Ada <ada@example.org>\n"
    crlf = make_r_source(folder, "returns", description=returns.replace(b"\n", b"\r\n"))
    return [(path, stored(path)) for path in (*paths, without, crlf)]


@pytest.fixture(scope="module")
def site(odd: list[tuple[Path, Distribution]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of them, with its files."""
    folder = tmp_path_factory.mktemp("site")
    write_site(folder, [each for _, each in odd])
    for path, each in odd:
        _publish(folder, path, each)
    return folder


def _publish(site: Path, path: Path, each: Distribution) -> None:
    for place in R().file_places(each.record):
        (site / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, site / place)


def _url(site: Path, folder: str = SOURCES) -> str:
    return (site / folder).as_uri()


def test_the_matrix_is_what_r_writes(
    rscript: Rscript, site: Path, odd: list[tuple[Path, Distribution]], tmp_path: Path
) -> None:
    """``identical`` to what ``write_PACKAGES`` makes of the same files in the same places."""
    superseded = {("many", "1.0"), ("many", "1.1"), ("more", "0.9-1")}
    for path, each in odd:
        name, version = each.record.name, each.record.version
        folder = tmp_path / f"Archive/{name}" if (name, version) in superseded else tmp_path
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder)
    rscript(
        """
        tools::write_PACKAGES(a[1], fields = "SystemRequirements", subdirs = TRUE, latestOnly = FALSE)
        expected <- sorted(readRDS(file.path(a[1], "PACKAGES.rds")))
        ours <- sorted(readRDS(file.path(a[2], "PACKAGES.rds")))
        expect(nrow(expected) == as.integer(a[3]))
        for (column in colnames(expected)) expect(all.equal(ours[, column], expected[, column]))
        expect(identical(ours, expected))
        """,
        *(tmp_path, site / SOURCES, str(len(odd))),
    )


def test_the_matrix_has_the_bytes_that_r_would_write(rscript: Rscript, site: Path) -> None:
    """But for the version of R that the opening names."""
    rscript(
        """
        file <- file.path(a[1], "PACKAGES.rds")
        ours <- readBin(gzfile(file, "rb"), "raw", 1e7)
        expect(identical(ours[-(7:14)], serialize(readRDS(file), NULL, version = 2)[-(7:14)]))
        """,
        site / SOURCES,
    )


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_the_three_forms_agree(rscript: Rscript, site: Path, locale: str) -> None:
    """``read.dcf`` of the text finds the cells of the matrix, and the compressed form is the text."""
    _agree(rscript, site, locale)


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_the_three_forms_agree_on_hostile_values(rscript: Rscript, tmp_path: Path, locale: str) -> None:
    """Whatever a value is made of, no record breaks and no form says something else."""
    chance = random.Random(0)
    many = [distribution(f"p{number}", **_hostile(chance)) for number in range(400)]
    _agree(rscript, write_site(tmp_path, many), locale)


def _hostile(chance: random.Random) -> dict[str, Any]:
    """Values that a DESCRIPTION can have: what is an empty line is a dot there."""
    fields = {}
    for name in ("Depends", "Imports", "Suggests", "License", "SystemRequirements"):
        first, *others = "".join(chance.choices(PIECES, k=chance.randrange(9))).split("\n")
        fields[name] = "\n".join([first, *(line if line.strip(" \t") else "." for line in others)])
    return fields


def _agree(rscript: Rscript, site: Path, locale: str) -> None:
    rscript(
        """
        at <- function(form) file.path(a[1], paste0("PACKAGES", form))
        rds <- readRDS(at(".rds")); dcf <- read.dcf(at(""))
        expect(identical(readLines(gzfile(at(".gz"))), readLines(at(""))), nrow(dcf) == nrow(rds))
        expect(all(colnames(dcf) %in% colnames(rds)))
        for (column in colnames(rds)) {
            read <- if (column %in% colnames(dcf)) dcf[, column] else rep(NA_character_, nrow(rds))
            cells <- unname(rds[, column])
            same <- mapply(identical, lapply(cells, charToRaw), lapply(unname(read), charToRaw)) &
                is.na(cells) == is.na(read)
            if (!all(same)) { print(cells[!same]); print(unname(read)[!same]) }
            expect(all(same))
        }
        """,
        site / SOURCES,
        LC_ALL=locale,
    )


@pytest.fixture(scope="module")
def mixed(odd: list[tuple[Path, Distribution]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with binaries of some of the packages too, and with one package that was archived."""
    folder = tmp_path_factory.mktemp("mixed")
    made = [
        make_r_binary(folder, "plain", compiled=True),
        make_r_binary(folder, "many", "1.1"),
        make_r_binary(folder, "plain", platform="windows"),
        make_r_binary(folder, "plain", platform="macos", compiled=True),
    ]
    gone = [make_r_source(folder, "gone", version) for version in ("1.0", "1.10", "1.9")]
    each = [
        *odd,
        *((path, stored(path, "jammy-x86_64" if path.name.endswith(".tar.gz") else None)) for path in made),
        *((path, archived(stored(path))[0]) for path in gone),
    ]
    site = write_site(tmp_path_factory.mktemp("site"), [one for _, one in each])
    for path, one in each:
        _publish(site, path, one)
    return site


@pytest.mark.parametrize(
    ("folder", "extension", "count"),
    [
        (SOURCES, ".tar.gz", len(ODD) + 2),
        (f"{LINUX}/src/contrib", ".tar.gz", len(ODD) + 2),
        ("latest/bin/windows/contrib/4.2", ".zip", 1),
        ("latest/bin/macosx/big-sur-arm64/contrib/4.2", ".tgz", 1),
    ],
)
def test_every_row_leads_to_its_file(rscript: Rscript, mixed: Path, folder: str, extension: str, count: int) -> None:
    """Where ``available.packages`` says that a file is, there it is, over HTTP and from plain files."""
    with plain(mixed) as server:
        for base in (mixed.as_uri(), server.address):
            rscript(
                """
                rows <- available.packages(contriburl = a[1], filters = list())
                expect(nrow(rows) == as.integer(a[2]))
                for (row in seq_len(nrow(rows))) {
                    name <- paste0(rows[row, "Package"], "_", rows[row, "Version"], a[3])
                    file <- tempfile()
                    download.file(paste0(rows[row, "Repository"], "/", name), file, quiet = TRUE, mode = "wb")
                    expect(tools::md5sum(file) == rows[row, "MD5sum"])
                }
                """,
                *(f"{base}/{folder}", str(count), extension),
            )


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
@pytest.mark.parametrize("folder", ["latest", LINUX])
def test_r_chooses_what_suits_it(rscript: Rscript, mixed: Path, folder: str, locale: str) -> None:
    """The newest version that this R can take, whether it is current or superseded."""
    rscript(
        """
        rows <- available.packages(repos = a[1], type = "source")
        expect(rows["many", "Version"] == "1.1", rows["more", "Version"] == "0.9-2", rows["silent", "Version"] == "1.0")
        expect(!any(c("future", "windows", "gone") %in% rownames(rows)), !anyDuplicated(rownames(rows)))
        """,
        (mixed / folder).as_uri(),
        LC_ALL=locale,
    )


@pytest.mark.parametrize("form", ["", ".gz", ".rds"])
def test_each_form_is_enough(rscript: Rscript, mixed: Path, tmp_path: Path, form: str) -> None:
    """R takes the next form where it finds no matrix, and knows the same packages then."""
    (tmp_path / SOURCES).mkdir(parents=True)
    shutil.copy(mixed / SOURCES / f"PACKAGES{form}", tmp_path / SOURCES)
    program = """
        rows <- suppressWarnings(available.packages(contriburl = a[1]))
        cat(rownames(rows), rows[, "Depends"], sub(a[1], "", rows[, "Repository"]))
    """
    with plain(tmp_path) as part, plain(mixed) as whole:
        assert rscript(program, f"{part.address}/{SOURCES}") == rscript(program, f"{whole.address}/{SOURCES}")


def test_the_archive_is_what_r_would_write(rscript: Rscript, mixed: Path, odd: list[tuple[Path, Distribution]]) -> None:
    """``identical`` to a list of what ``file.info`` says, as ``gzcon`` reads it from an address."""
    sizes = {each.record.filename: str(each.record.size) for _, each in odd}
    rscript(
        """
        connection <- gzcon(url(a[1], "rb")); ours <- readRDS(connection); close(connection)
        files <- function(name, versions) {
            paths <- paste0(name, "_", versions, ".tar.gz")
            info <- file.info(file.path(a[2], name, paths))
            info$mode[] <- as.octmode("444")
            info$mtime <- info$ctime <- info$atime <- rep(.POSIXct(as.numeric(a[3])), length(paths))
            info$uid <- info$gid <- NA_integer_
            info$uname <- info$grname <- NA_character_
            rownames(info) <- paste0(name, "/", paths)
            info
        }
        expected <- list(gone = files("gone", c("1.0", "1.9", "1.10")), many = files("many", c("1.0", "1.1")),
                         more = files("more", "0.9-1"))
        expect(all.equal(ours, expected), identical(ours, expected))
        expect(ours$more$size == as.numeric(a[4]))
        expect(format(ours$more$mtime, tz = "UTC", "%Y-%m-%d %H:%M:%OS2") == "2026-01-02 03:04:05.25")
        """,
        f"{_url(mixed)}/Meta/archive.rds",
        mixed / SOURCES / "Archive",
        "1767323045.25",
        sizes["more_0.9-1.tar.gz"],
    )


def test_remotes_finds_past_versions(rscript: Rscript, mixed: Path) -> None:
    """Superseded ones by their rows, archived ones by the archive."""
    with plain(mixed) as server:
        program = 'for (version in a[-(1:2)]) cat(remotes:::download_version_url(a[2], version, a[1], "source"), "")'
        repository = f"{server.address}/latest"
        archive = f"{repository}/src/contrib/Archive"
        assert rscript(program, repository, "many", "1.0", "1.1").split() == [
            f"{archive}/many/many_1.0.tar.gz",
            f"{archive}/many/many_1.1.tar.gz",
        ]
        assert rscript(program, repository, "gone", "1.0", "1.10").split() == [
            f"{archive}/gone/gone_1.0.tar.gz",
            f"{archive}/gone/gone_1.10.tar.gz",
        ]


def test_an_empty_repository_is_none_that_fails(rscript: Rscript, tmp_path: Path) -> None:
    """R finds no package, and says nothing."""
    site = write_site(tmp_path, [])
    rscript(
        """
        options(warn = 2)
        expect(nrow(available.packages(contriburl = a[1])) == 0)
        matrix <- readRDS(file.path(a[2], "PACKAGES.rds"))
        expect(identical(dim(matrix), c(0L, 16L)), identical(colnames(matrix)[1:2], c("Package", "Version")))
        """,
        _url(site),
        site / SOURCES,
    )
