"""Real R installs from a repository: behind ``repogen serve``, behind nginx, and from its files."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance.instance import Instance, fetch
from tests.conformance.rscript import R, literal
from tests.conformance.webservers import nginx
from tests.conftest import Client
from tests.r_packages import make_r_source

pytestmark = pytest.mark.conformance

FROM_EACH = pytest.mark.parametrize("server", ["serve", "nginx", "file"])


@dataclass(frozen=True)
class Front:
    """One site and the addresses at which R finds the repository ``r`` of it."""

    instance: Instance
    repos: Mapping[str, str]
    made: Mapping[str, Path]
    nginx: int


@pytest.fixture(scope="module")
def front(instance: Instance, client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A package that needs one with C code, which needs a third that comes in two versions; behind all servers."""
    folder = tmp_path_factory.mktemp("r-front")
    made = [
        make_r_source(folder, "chain.top", "2.0", fields={"Imports": "chain.middle (>= 1.0)"}),
        make_r_source(folder, "chain.middle", "1.0-3", compiled=True, fields={"Depends": "R (>= 3.5), chain.end"}),
        make_r_source(folder, "chain.end", "1.9"),
        make_r_source(folder, "chain.end", "1.10"),
    ]
    instance.repogen("add", "--source", "local-r", *made)
    site = instance.home / "site"
    with nginx(client, folder, site=site, upstream=instance.port, fallback={}) as port:
        repos = {
            "serve": f"{instance.address}/r/latest",
            "nginx": f"http://127.0.0.1:{port}/r/latest",
            "file": (site / "r" / "latest").as_uri(),
        }
        yield Front(instance, repos, {path.name: path for path in made}, port)


@FROM_EACH
def test_available_packages(front: Front, r: R, server: str) -> None:
    """``available.packages`` takes the newest version of each package, with all that installing it needs."""
    rows = {row["Package"]: row for row in r.table("available.packages()", front.repos[server])}
    assert rows["chain.end"]["Version"] == "1.10"
    middle = rows["chain.middle"]
    assert (middle["Depends"], middle["NeedsCompilation"], middle["Imports"]) == ("R (>= 3.5), chain.end", "yes", None)
    md5 = hashlib.md5(front.made["chain.middle_1.0-3.tar.gz"].read_bytes()).hexdigest()
    assert (middle["MD5sum"], middle["License"]) == (md5, "MIT + file LICENSE")
    assert middle["Repository"] == f"{front.repos[server]}/src/contrib"


@FROM_EACH
def test_install_packages(front: Front, r: R, server: str) -> None:
    """``install.packages`` compiles, and brings what is needed along from the same repository."""
    r.install(front.repos[server], "chain.top")
    assert r.installed() == {"chain.top": "2.0", "chain.middle": "1.0-3", "chain.end": "1.10"}
    assert r.call("chain.middle", "twice(21)") == "42"


@FROM_EACH
def test_download_packages(front: Front, r: R, server: str) -> None:
    """``download.packages`` gets the bytes that were uploaded. Of files it only says where they are."""
    (row,) = r.table('download.packages("chain.middle", ".", type = "source", quiet = TRUE)', front.repos[server])
    there = r.folder / (row["V2"] or "")
    assert there.read_bytes() == front.made["chain.middle_1.0-3.tar.gz"].read_bytes()


def test_one_request_for_the_list(front: Front, r: R) -> None:
    """R takes the list in its own format, and asks for no other form of it."""
    before = len(front.instance.requests("/r/latest/src/contrib/PACKAGES"))
    assert "chain.top" in r.available(front.repos["serve"])
    after = front.instance.requests("/r/latest/src/contrib/PACKAGES")[before:]
    assert after == ["GET /r/latest/src/contrib/PACKAGES.rds 200"]


def test_three_forms_agree(front: Front, r: R) -> None:
    """The three forms of the list say the same, also where R falls back to another."""
    contrib = front.instance.home / "site/r/latest/src/contrib"
    plain = (contrib / "PACKAGES").read_bytes()
    assert gzip.decompress((contrib / "PACKAGES.gz").read_bytes()) == plain
    read = r.table(f"read.dcf({literal(contrib / 'PACKAGES')})")
    kept = r.table(f"readRDS({literal(contrib / 'PACKAGES.rds')})")
    assert [_known(row) for row in read] == [_known(row) for row in kept]


def test_same_answers_behind_nginx(front: Front) -> None:
    """Behind nginx the lists and packages are the same bytes, to be asked for again as from ``repogen serve``."""
    files = [f"src/contrib/{name}" for name in ("PACKAGES", "PACKAGES.gz", "PACKAGES.rds", "Meta/archive.rds")]
    for name in (*files, "src/contrib/chain.top_2.0.tar.gz", "src/contrib/Archive/chain.end/chain.end_1.9.tar.gz"):
        one, other = front.instance.get(f"/r/latest/{name}"), fetch(front.nginx, f"/r/latest/{name}")
        assert (one.status, one.body) == (other.status, other.body)
        assert one.status == 200
        assert "Content-Encoding" not in one.headers.keys() | other.headers.keys()
        for header in ("Cache-Control", "Content-Type"):
            assert one.headers[header].split(";")[0] == other.headers[header].split(";")[0], name


def test_the_newest_that_suits_this_r(front: Front, r: R, tmp_path: Path) -> None:
    """Of a package whose newest version wants a newer R, this R gets the one before."""
    made = [make_r_source(tmp_path, "suited", version) for version in ("1.0", "1.1")]
    made.append(make_r_source(tmp_path, "suited", "2.0", fields={"Depends": "R (>= 99.0)"}))
    front.instance.repogen("add", "--source", "local-r", *made)
    assert r.available(front.repos["serve"])["suited"] == "1.1"
    r.install(front.repos["serve"], "suited")
    assert r.call("suited", "suited_version()") == "1.1"


def test_update_packages(front: Front, r: R, tmp_path: Path) -> None:
    """``update.packages`` finds the version that was added, whatever was installed before."""
    front.instance.repogen("add", "--source", "local-r", make_r_source(tmp_path, "updated", "0.9.9"))
    r.install(front.repos["serve"], "updated")
    front.instance.repogen("add", "--source", "local-r", make_r_source(tmp_path, "updated", "0.10.0"))
    assert [row["ReposVer"] for row in r.table("old.packages()", front.repos["serve"])] == ["0.10.0"]
    r.run("update.packages(ask = FALSE)", front.repos["serve"])
    assert r.installed() == {"updated": "0.10.0"}
    assert r.value("is.null(old.packages())", front.repos["serve"]) == "TRUE"


@FROM_EACH
def test_install_version(front: Front, r: R, remotes: str, server: str) -> None:
    """``remotes::install_version`` gets a superseded version by its number, and by what it must be."""
    r.run(f'{remotes}$install_version("chain.end", "1.9", upgrade = "never")', front.repos[server])
    assert r.call("chain.end", "chain.end_version()") == "1.9"
    r.run(f'{remotes}$install_version("chain.end", ">= 1.9", upgrade = "never")', front.repos[server])
    assert r.call("chain.end", "chain.end_version()") == "1.10"


def test_archived(front: Front, r: R, remotes: str, tmp_path: Path) -> None:
    """A package that was archived is no longer offered; remotes still finds each version, and the newest of itself."""
    repos = front.repos["serve"]
    front.instance.repogen(
        *("add", "--source", "local-r"), *(make_r_source(tmp_path, "shelved", version) for version in ("1.2", "1.10"))
    )
    assert r.available(repos)["shelved"] == "1.10"
    front.instance.repogen("archive", "shelved", "--source", "local-r")
    assert "shelved" not in r.available(repos)
    assert "is not available" in r.run('install.packages("shelved")', repos, status=1).screen
    r.run(f'{remotes}$install_version("shelved", "1.2", upgrade = "never")', repos)
    assert r.call("shelved", "shelved_version()") == "1.2"
    r.run(f'{remotes}$install_version("shelved", upgrade = "never")', repos)
    assert r.call("shelved", "shelved_version()") == "1.10"
    front.instance.repogen("add", "--source", "local-r", make_r_source(tmp_path, "shelved", "2.0"))
    assert r.available(repos)["shelved"] == "2.0"


def test_archive_list(front: Front, r: R, tmp_path: Path) -> None:
    """The list of what is superseded reads as CRAN's does: what ``file.info`` says of each file, oldest first."""
    front.instance.repogen(
        *("add", "--source", "local-r"),
        *(make_r_source(tmp_path, "filed", version) for version in ("1.0-9", "1.0-10", "1.1")),
    )
    address = f"{front.repos['serve']}/src/contrib/Meta/archive.rds"
    read = f'local({{ con <- gzcon(url("{address}", "rb")); on.exit(close(con)); readRDS(con)$filed }})'
    rows = r.table(f"cbind(name = rownames({read}), {read})")
    assert [row["name"] for row in rows] == ["filed/filed_1.0-9.tar.gz", "filed/filed_1.0-10.tar.gz"]
    assert [int(row["size"] or 0) for row in rows] == [
        (tmp_path / f"filed_{version}.tar.gz").stat().st_size for version in ("1.0-9", "1.0-10")
    ]
    assert all(row["isdir"] == "FALSE" for row in rows)
    classes = r.value(f'vapply({read}, function(column) class(column)[1], "")')
    assert classes == "numeric logical octmode POSIXct POSIXct POSIXct integer integer character character"
    columns = r.value(f"names({read})")
    assert columns == "size isdir mode mtime ctime atime uid gid uname grname"


def test_removed(front: Front, r: R, tmp_path: Path) -> None:
    """A version that was removed is not offered again; the one before it is."""
    made = [make_r_source(tmp_path, "removed", version) for version in ("1.0", "1.1")]
    front.instance.repogen("add", "--source", "local-r", *made)
    assert r.available(front.repos["serve"])["removed"] == "1.1"
    front.instance.repogen("remove", "removed", "1.1", "--source", "local-r", "--comment", "broken")
    assert r.available(front.repos["serve"])["removed"] == "1.0"
    r.install(front.repos["serve"], "removed")
    assert r.call("removed", "removed_version()") == "1.0"


def test_copied(front: Front, r: R, tmp_path: Path) -> None:
    """What was copied to another source is installed from the repository of that one."""
    instance = front.instance
    instance.repogen("source", "create", "tested-r", "--type", "r")
    instance.repogen("repo", "create", "tested", "--type", "r", "--source", "tested-r")
    instance.repogen("add", "--source", "local-r", make_r_source(tmp_path, "copied", "1.0", compiled=True))
    tested = f"{instance.address}/tested/latest"
    assert r.available(tested) == {}
    instance.repogen("copy", "copied", "1.0", "--from", "local-r", "--to", "tested-r")
    assert r.available(tested) == {"copied": "1.0"}
    r.install(tested, "copied")
    assert r.call("copied", "twice(4)") == "8"


def _known(row: Mapping[str, str | None]) -> dict[str, str]:
    """What a row says, as words, as one form folds lines and another does not."""
    return {name: " ".join(value.split()) for name, value in row.items() if value is not None}
