"""Real distributions, of every shape and age, on the whole way."""

from __future__ import annotations

import hashlib
import importlib.metadata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag

import pytest
from packaging.utils import canonicalize_name, canonicalize_version, parse_wheel_filename

from tests.conformance import corpus
from tests.conformance.installers import INSTALLERS
from tests.conformance.instance import Instance, serving
from tests.conftest import Client

pytestmark = [pytest.mark.conformance, pytest.mark.corpus]

HERE = Path(__file__).parent
#: One machine for all runs of these tests, so that the platform wheels install, too.
MACHINE = {
    "pip": [
        *("--only-binary", ":all:", "--python-version", "3.11", "--implementation", "cp", "--no-compile"),
        *("--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_34_x86_64"),
    ],
    "uv": ["--only-binary", ":all:", "--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_34"],
}
#: The wheels that are for another machine.
FOREIGN = ("-win32.whl", "-win_amd64.whl", "_universal2.whl")


@dataclass(frozen=True)
class Corpus:
    """All the files, published."""

    instance: Instance
    files: tuple[Path, ...]


@pytest.fixture(scope="module")
def published(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    """Fetched, then uploaded by one twine; ``repogen add`` takes what twine does not send."""
    folder = tmp_path_factory.mktemp("corpus")
    files = corpus.fetch(HERE / "corpus.txt", folder)
    old = corpus.fetch(HERE / "corpus-old.txt", folder)
    assert len(files) >= 30
    with serving(folder / "home", client) as instance:
        instance.twine(*files, token=instance.token())
        instance.repogen("add", "--source", "local-python", *old)
        yield Corpus(instance, (*files, *old))


def metadata_of(wheel: Path) -> bytes:
    """METADATA of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA") and name.count("/") == 1]
        return archive.read(name)


class Anchors(HTMLParser):
    """The links of an HTML index: hash and attributes by file name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, tuple[str, dict[str, str | None]]] = {}
        self._open: dict[str, str | None] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._open = dict(attrs)

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[data] = (urldefrag(self._open.pop("href") or "").fragment, self._open)
            self._open = {}


def test_indexes(published: Corpus) -> None:
    """Each file is listed as what it is, in both forms of the index, and is served with its metadata byte for byte."""
    instance = published.instance
    for path in published.files:
        project = corpus.project_of(path.name)
        listed = instance.files(project)[path.name]
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        assert listed["hashes"] == {"sha256": sha256}
        assert listed["size"] == path.stat().st_size
        assert hashlib.sha256(instance.download(project, path.name)).hexdigest() == sha256
        fragment, attributes = Anchors(instance.get(f"/python/latest/simple/{project}/").body.decode()).found[path.name]
        assert fragment == f"sha256={sha256}"
        assert attributes.get("data-requires-python") == listed.get("requires-python")
        if path.suffix == ".whl":
            metadata = metadata_of(path)
            assert instance.download(project, path.name, ".metadata") == metadata
            assert listed["core-metadata"] == {"sha256": hashlib.sha256(metadata).hexdigest()}
            assert attributes["data-core-metadata"] == f"sha256={hashlib.sha256(metadata).hexdigest()}"
            assert listed.get("requires-python") == BytesHeaderParser().parsebytes(metadata)["Requires-Python"]


@pytest.mark.parametrize("installer", INSTALLERS)
def test_install(published: Corpus, installer: str, client: Client, tmp_path: Path) -> None:
    """The wheels are installed by pip and uv, which find what they asked for in them."""
    wanted = {}
    for path in published.files:
        if path.suffix == ".whl" and not path.name.endswith(FOREIGN):
            name, version, _, _ = parse_wheel_filename(path.name)
            wanted[name] = canonicalize_version(version)
    requirements = [f"{name}=={version}" for name, version in wanted.items()]
    INSTALLERS[installer](
        client, tmp_path / "there", published.instance.index, "--no-deps", *MACHINE[installer], *requirements
    )
    found = importlib.metadata.distributions(path=[str(tmp_path / "there")])
    assert {canonicalize_name(one.name): canonicalize_version(one.version) for one in found} == wanted


def test_pages(published: Corpus) -> None:
    """Every project has a page of each release, that says its name and shows its files."""
    pages = published.instance.home / "site" / "python" / "packages"
    shown = {page: page.read_text() for page in pages.rglob("index.html")}
    for path in published.files:
        project = corpus.project_of(path.name)
        on = [page for page, text in shown.items() if path.name in text]
        assert any(page.parent.parent == pages / project for page in on)
        assert project in canonicalize_name(shown[pages / project / "index.html"])
