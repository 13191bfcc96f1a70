"""The pages themselves, rendered: valid, safe, linked, and saying what they should."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import html5lib
import pytest

from repogen.config import Config, Repository, Source
from repogen.ecosystems import ecosystem_of
from repogen.generate import page_makers
from repogen.generate.page_makers import Around
from repogen.generate.page_values import Dependent, Told
from repogen.generate.releases import ListEntry, latest, releases
from repogen.generate.templates import Templates
from repogen.model.catalog import Project
from repogen.model.names import ProjectKey
from repogen.model.pages import Dependency, Description, Fact, Link, Page, Readme, Templated
from tests.generate.test_page_values import entry, r_entry

HOSTILE: Final = "\"'><img src=x onerror=alert(1)></script><script>alert(1)</script>{{ 7 * 7 }}\u202e\x00\ud800"
TEMPLATES: Final = Templates()
REPOSITORIES: Final = {
    "python": Repository(
        name="python",
        id="1",
        type="python",
        sources=("local-python", "vendored"),
        description=HOSTILE,
        fallback="https://f.org/s",
    ),
    "empty": Repository(name="empty", id="2", type="python", sources=("local-python",)),
    "none": Repository(name="none", id="3", type="python", sources=()),
    "r": Repository(name="r", id="4", type="r", sources=("local-r",), description=HOSTILE),
    "r-empty": Repository(name="r-empty", id="5", type="r", sources=("local-r", "other-r")),
}
SOURCES: Final = {
    **{name: Source(name=name, id=name, type="python", description=HOSTILE) for name in ("local-python", "vendored")},
    **{name: Source(name=name, id=name, type="r", description=HOSTILE) for name in ("local-r", "other-r")},
}
CONFIG: Final = Config(sources=SOURCES, repositories=REPOSITORIES)
DESCRIPTION: Final = Description(
    name=f"Example{HOSTILE}",
    version="1.0",
    summary=HOSTILE,
    about=f"{HOSTILE}\n\nSee <https://e.org/?a=1&b=2> and <javascript:alert(1)>.",
    readme=Readme(text="x", content_type="text/plain"),
    news=Readme(text="x", content_type="text/plain"),
    authors=(HOSTILE,),
    licence=HOSTILE,
    keywords=(HOSTILE,),
    classifiers=(HOSTILE, f"{HOSTILE} :: {HOSTILE}"),
    facts=(Fact(label=HOSTILE, values=(HOSTILE,)),),
    dependencies=(
        Dependency(text=HOSTILE, key=""),
        Dependency(text=f"other{HOSTILE}", key="other", group=HOSTILE),
    ),
    links=(Link(label=HOSTILE, url="https://e.org/?a=1&b=2"), Link(label=HOSTILE, url=None, text=HOSTILE)),
)
TOLD: Final = Told(description=DESCRIPTION, readme="<p>Hi</p>", news="<p>New</p>")
DEPENDENTS: Final = [Dependent(key=ProjectKey("other"), name=f"other{HOSTILE}", group=group) for group in ("", HOSTILE)]


R_DEPENDENCIES: Final = (
    Dependency(text="R (>= 3.5)", key="", group="Depends"),
    Dependency(text="MASS (>= 7.0)", key="MASS", group="Imports"),
)


def listed(key: str) -> ListEntry:
    uploaded = "2026-11-22T10:00:00.000000Z"
    return ListEntry(
        key=ProjectKey(key), name=key, version="1.0", summary=HOSTILE, uploaded=uploaded, signed=True, archived=False
    )


#: What there are binaries for in the repository of R packages.
TARGETS: Final = ["", "linux-jammy-x86_64-4.2", "windows-4.2"]
MASS: Final = replace(listed("MASS"), archived=True)


def a_project(key: str = "example") -> Project:
    entries = (
        entry("1.0", filename="example-1.0-py3-none-any.whl", signed=True, yanked=HOSTILE),
        entry("1.0", filename="example-1.0.tar.gz", kind="sdist"),
        entry("2.0+l.1", filename="example-2.0+l.1.tar.gz", kind="sdist", yanked=HOSTILE),
    )
    return Project(key=ProjectKey(key), source="local-python", entries=entries)


def a_site() -> dict[str, bytes]:
    """Every kind of page, by path; files that the indexes bring along are empty."""
    python = REPOSITORIES["python"]
    pages: list[tuple[str, Templated | Page]] = [
        ("", page_makers.home_page(CONFIG)),
        ("", page_makers.missing_page(CONFIG)),
    ]
    empty = {name: REPOSITORIES[name] for name in ("empty", "none", "r-empty")}
    pages += [
        (f"{name}/", page_makers.repository_page(each, CONFIG, count=0, shards=0)) for name, each in empty.items()
    ]
    entries = [listed("example"), listed("other")]
    links = [
        page_makers.browse_link("_", [ProjectKey("example")]),
        page_makers.browse_link("other", [ProjectKey("other")]),
    ]
    pages += [
        ("python/", page_makers.repository_page(python, CONFIG, count=2, shards=1, pages=links)),
        ("python/", page_makers.browse_page(python, "_", entries[:1], previous=None, following="other")),
        ("python/", page_makers.browse_page(python, "other", entries[1:], previous="_", following=None)),
        ("python/", page_makers.search_shard(0, entries)),
    ]
    around = Around(python, CONFIG, ecosystem_of("python"), lambda name: name == "other")
    for key in ("example", "other"):
        project = a_project(key)
        found = releases(project, around.ecosystem)
        pages.append(("python/", page_makers.project_page(around, project, found, TOLD, DEPENDENTS)))
        pages += [
            ("python/", page_makers.release_page(around, project, each, TOLD, latest=each is latest(found)))
            for each in found
        ]
    pages.append(
        (
            "r/",
            page_makers.repository_page(REPOSITORIES["r"], CONFIG, count=1, shards=1, entries=[MASS], targets=TARGETS),
        )
    )
    pages.append(("r/", page_makers.search_shard(0, [MASS])))
    pages += [("r/", page) for page in r_pages()]
    files = {folder + page.path: rendered(page) for folder, page in pages}
    return files | dict(TEMPLATES.static())


def r_pages() -> list[Templated]:
    """The pages of an R package: an archived release, and a source and a binary package of the latest."""
    around = Around(REPOSITORIES["r"], CONFIG, ecosystem_of("r"), lambda name: name == "MASS")
    project = Project(
        key=ProjectKey("MASS"),
        source="local-r",
        entries=(
            r_entry("7.3-59", archived=True),
            r_entry("7.3-60", signed=True),
            r_entry("7.3-60", kind="binary", target="linux-jammy-x86_64-4.2"),
        ),
    )
    found = releases(project, around.ecosystem)
    told = replace(TOLD, description=replace(DESCRIPTION, name="MASS", dependencies=R_DEPENDENCIES))
    dependents = [
        Dependent(key=ProjectKey("MASS"), name="MASS", group=group) for group in ("Suggests", "Imports", "Depends")
    ]
    return [
        page_makers.project_page(around, project, found, told, dependents),
        *(page_makers.release_page(around, project, each, told, latest=each is latest(found)) for each in found),
    ]


def rendered(page: Templated | Page) -> bytes:
    return page.body if isinstance(page, Page) else TEMPLATES.render(page.template, page.context)


def parsed(body: bytes) -> ET.Element:
    tree: ET.Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(body.decode())
    return tree


SITE: Final[Mapping[str, bytes]] = a_site()
PAGES: Final = sorted(path for path in SITE if path.endswith(".html"))


def texts(elements: Iterable[ET.Element]) -> list[str]:
    return ["".join(element.itertext()).strip() for element in elements]


def test_the_pages_that_there_are() -> None:
    """Each lies where the design says."""
    assert PAGES == [
        "404.html",
        "empty/index.html",
        "index.html",
        "none/index.html",
        "python/browse/_/index.html",
        "python/browse/other/index.html",
        "python/index.html",
        "python/packages/example/1.0/index.html",
        "python/packages/example/2.0+l.1/index.html",
        "python/packages/example/index.html",
        "python/packages/other/1.0/index.html",
        "python/packages/other/2.0+l.1/index.html",
        "python/packages/other/index.html",
        "r-empty/index.html",
        "r/index.html",
        "r/packages/MASS/7.3-59/index.html",
        "r/packages/MASS/7.3-60/index.html",
        "r/packages/MASS/index.html",
    ]


@pytest.mark.parametrize("path", PAGES)
def test_page_is_valid_and_its_hostile_values_are_text(path: str) -> None:
    """html5lib finds no error; no script but the site's, no handler, no style; ids are unique; one h1; a title."""
    tree = parsed(SITE[path])
    scripts = tree.findall(".//script")

    assert len(scripts) == (0 if path == "404.html" else 1)
    assert not any(script.text for script in scripts)
    assert tree.findall(".//style") == []
    assert [image.get("alt") for image in tree.findall(".//img")] in ([], [""])
    assert not [name for element in tree.iter() for name in element.attrib if name.startswith("on") or name == "style"]
    ids = [element.get("id") for element in tree.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    assert len(tree.findall(".//h1")) == len(tree.findall(".//main")) == 1
    assert texts(tree.findall(".//title"))[0]


@pytest.mark.parametrize("path", PAGES)
def test_every_link_resolves(path: str) -> None:
    """Links are relative and end in a file that is there, ids included; other hosts are linked, never loaded."""
    tree = parsed(SITE[path])
    ids = {"", *(element.get("id") for element in tree.iter())}
    for element in tree.iter():
        for name in ("href", "src"):
            parts = urlsplit(element.get(name, ""))
            if name not in element.attrib or (element.tag == "a" and parts.scheme == "https"):
                continue
            assert not parts.scheme
            assert not parts.netloc
            target = (
                posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(parts.path))) if parts.path else path
            )
            if not re.match(r"[\w-]+/(files/../../|latest/)", target):
                assert target in SITE
                if parts.fragment:
                    assert f'id="{parts.fragment}"'.encode() in SITE[target]
            if not parts.path:
                assert parts.fragment in ids


def test_policy_forbids_what_is_inline() -> None:
    """Every page carries a policy of its own that lets only its own files in."""
    for path in PAGES:
        policy = parsed(SITE[path]).find('.//meta[@http-equiv="Content-Security-Policy"]')
        assert policy is not None
        assert policy.get("content", "").startswith("default-src 'none'")
        assert "unsafe" not in policy.get("content", "")


def test_home() -> None:
    """Each repository with its type, and lines to copy for pip, uv and twine."""
    tree = parsed(SITE["index.html"])

    assert texts(tree.findall(".//h2")) == ["empty Python", "none Python", "python Python", "r R", "r-empty R"]
    assert "pip install --index-url https://YOUR-ADDRESS/python/latest/simple/ PROJECT" in texts(
        tree.findall(".//code")
    )
    assert "uv add --index python=https://YOUR-ADDRESS/python/latest/simple/ PROJECT" in texts(tree.findall(".//code"))
    upload = "twine upload --repository-url https://YOUR-ADDRESS/upload/pypi/vendored/ --username __token__ dist/*"
    assert upload in texts(tree.findall(".//code"))


def test_home_without_repositories() -> None:
    """It says how to make one."""
    assert b"repogen repo create python" in rendered(page_makers.home_page(Config()))


def test_repository_page_explains_each_client() -> None:
    """pip, uv's explicit index, Poetry's explicit source, the fallback, twine, uv and .pypirc for every source."""
    page = SITE["python/index.html"].decode()

    for line in (
        "index-url = https://YOUR-ADDRESS/python/latest/simple/",
        "explicit = true",
        'priority = "explicit"',
        "<code>https://f.org/s</code>",
        "uv publish --publish-url https://YOUR-ADDRESS/upload/pypi/vendored/ dist/*",
        "[vendored]\nrepository = https://YOUR-ADDRESS/upload/pypi/vendored/\nusername = __token__",
        "--sources local-python --scope sources:write",
    ):
        assert line in page
    assert "--extra-index-url" in SITE["empty/index.html"].decode()


def test_repository_page_with_an_address_has_no_placeholder() -> None:
    """The real URL stands in every line."""
    config = Config(sources=SOURCES, repositories=REPOSITORIES, address="https://packages.example")
    page = rendered(page_makers.repository_page(REPOSITORIES["empty"], config, count=0, shards=0))

    assert b"https://packages.example/empty/latest/simple/" in page
    assert b"YOUR-ADDRESS" not in page


def test_repository_page_lists_or_browses() -> None:
    """A short list stands on the page; a long one is linked in pieces. The search box waits for its script."""
    short = parsed(
        rendered(
            page_makers.repository_page(REPOSITORIES["python"], CONFIG, count=1, shards=1, entries=[listed("example")])
        )
    )
    long = parsed(SITE["python/index.html"])
    form = long.find('.//form[@role="search"]')

    assert [link.get("href") for link in short.findall(".//tbody//a")] == ["packages/example/index.html"]
    assert [link.get("href") for link in long.findall('.//section[@id="projects"]//a')] == [
        "browse/_/index.html",
        "browse/other/index.html",
    ]
    assert form is not None
    assert "hidden" in form.attrib
    assert form.get("data-shards") == "1"


def test_empty_repository_teaches_the_first_upload() -> None:
    """Token and twine come first, then how to install; there is nothing to search."""
    page = SITE["empty/index.html"].decode()

    assert page.index("repogen token create") < page.index("twine upload") < page.index("pip install")
    assert "search" not in page
    assert "lists no source" in SITE["none/index.html"].decode()


def test_empty_r_repository_teaches_the_first_upload() -> None:
    """Building, a token and curl come first, then how to install; nothing of Python stands there."""
    page = SITE["r-empty/index.html"].decode()
    upload = "curl --fail-with-body -T PACKAGE_1.0.tar.gz --user __token__ https://YOUR-ADDRESS/upload/r/local-r/"

    assert page.index("R CMD build") < page.index("repogen token create") < page.index(upload)
    assert page.index(upload) < page.index("options(repos")
    assert "repogen add PACKAGE_1.0.tar.gz --source local-r" in page
    assert "pip" not in page
    assert "wheel" not in page


def test_r_repository_page_explains_each_client() -> None:
    """.Rprofile with all that R must know there, others with what a session has; platforms; curl for every source."""
    tree = parsed(SITE["r/index.html"])
    codes = texts(tree.findall(".//code"))
    here = '"R" = "https://YOUR-ADDRESS/r/latest"'
    binaries = '"R_BIN" = "https://YOUR-ADDRESS/r/latest/bin/linux/jammy-x86_64/4.2"'

    for line in (
        f'options(repos = c({here}, CRAN = "https://YOUR-CRAN-MIRROR"))',
        f'options(repos = c({binaries}, {here}, CRAN = "https://YOUR-CRAN-MIRROR"))',
        f'install.packages("PACKAGE", repos = c({here}, getOption("repos")))',
        f'renv::init(repos = c({here}, getOption("repos")))',
        f'pak::repo_add({here})\npak::pkg_install("PACKAGE")',
    ):
        assert line in codes
    assert "R finds the binary packages for these by itself: Windows, R 4.2." in texts(tree.findall(".//p"))
    assert any("https://YOUR-ADDRESS/upload/r/local-r/?distribution=jammy" in code for code in codes)
    assert "/bin/linux/" not in SITE["r-empty/index.html"].decode()
    assert "There are no binary packages here yet" in SITE["r-empty/index.html"].decode()


def test_pages_have_the_words_of_their_ecosystem() -> None:
    """Python has projects and R packages; two sources of a repository are told apart; none is called CRAN."""
    home, page = SITE["index.html"].decode(), SITE["r/index.html"].decode()
    cran = Config(repositories={"cran": Repository(name="cran", id="1", type="r", sources=())})

    assert "project" not in "".join(parsed(SITE["r/index.html"]).find(".//section[@id='projects']").itertext()).lower()  # type: ignore[union-attr]
    assert 'data-one="package" data-many="packages"' in page
    assert "Browse its packages" in home
    assert "Browse its projects" in home
    assert "curl, to other-r" in home
    assert "twine, to vendored" in home
    assert b'c("CRAN"' not in rendered(page_makers.home_page(cran))


def test_r_package() -> None:
    """Its page says how to get the latest version, that of a version how to get that; an archived one is marked."""
    here = '"R" = "https://YOUR-ADDRESS/r/latest", getOption("repos")'
    binaries = '"R_BIN" = "https://YOUR-ADDRESS/r/latest/bin/linux/jammy-x86_64/4.2"'
    project, old = parsed(SITE["r/packages/MASS/index.html"]), parsed(SITE["r/packages/MASS/7.3-59/index.html"])
    codes = texts(project.findall(".//code"))

    assert f'install.packages("MASS", repos = c({here}))' in codes
    assert f'install.packages("MASS", repos = c({binaries}, {here}))' in codes
    exact = f'remotes::install_version("MASS", version = "7.3-59", repos = c({here}))'
    assert exact in texts(old.findall(".//code"))
    assert "archived" in "".join(old.itertext())
    assert [link.get("href") for link in project.findall('.//a[@class="filename"]')] == [
        "../../latest/src/contrib/Archive/MASS/MASS_7.3-60.tar.gz",
        "../../latest/bin/linux/jammy-x86_64/4.2/src/contrib/MASS_7.3-60.tar.gz",
    ]
    files = project.findall('.//section[@id="files"]//tr/td[1]')
    assert texts(files) == ["Source", "Binary for jammy x86_64, R 4.2"]
    assert "1 reverse dependency" in texts(project.findall(".//nav//a"))
    assert texts(project.findall('.//section[@id="requirements"]/h3')) == ["Depends", "Imports"]
    assert texts(project.findall('.//section[@id="dependents"]/h3')) == [
        "Reverse depends",
        "Reverse imports",
        "Reverse suggests",
    ]
    (row,) = [row for row in project.findall('.//section[@id="releases"]//tr') if "7.3-59" in "".join(row.itertext())]
    assert texts(row.findall('.//*[@class="mark"]')) == ["archived"]


@pytest.mark.parametrize(
    ("target", "archived", "lines"),
    [
        (
            "linux-jammy-x86_64-4.2",
            False,
            [
                'install.packages("MASS", repos = c(BIN, R, getOption("repos")))',
                'remotes::install_version("MASS", version = "1.0", repos = c(BIN, R, getOption("repos")))',
            ],
        ),
        (
            "linux-jammy-x86_64-4.2",
            True,
            ['install.packages("AT/bin/linux/jammy-x86_64/4.2/src/contrib/MASS_1.0.tar.gz", repos = NULL)'] * 2,
        ),
        (
            "macosx-4.2",
            False,
            [
                'install.packages("MASS", repos = c(R, getOption("repos")))',
                'install.packages("AT/bin/macosx/contrib/4.2/MASS_1.0.tar.gz", repos = NULL)',
            ],
        ),
    ],
)
def test_r_package_without_a_source_package(target: str, archived: bool, lines: list[str]) -> None:  # noqa: FBT001
    """The lines on the page of the project and of its version are those that work with what is there."""
    around = Around(REPOSITORIES["r"], CONFIG, ecosystem_of("r"), lambda _: False)
    binary = r_entry("1.0", kind="binary", target=target, archived=archived)
    project = Project(key=ProjectKey("MASS"), source="local-r", entries=(binary,))
    found = releases(project, around.ecosystem)
    pages = (
        page_makers.project_page(around, project, found, TOLD, ()),
        page_makers.release_page(around, project, found[0], TOLD, latest=True),
    )
    for page, line in zip(map(rendered, pages), lines, strict=True):
        tree = parsed(page)
        (code,) = texts(tree.findall('.//figure[@class="snippet"]//code'))
        at = "https://YOUR-ADDRESS/r/latest"
        shown = code.replace(f'"R_BIN" = "{at}/bin/linux/jammy-x86_64/4.2"', "BIN").replace(f'"R" = "{at}"', "R")
        assert shown.replace(at, "AT") == line
        assert b"There is no source package of this version" in page


def test_dependents_and_news_stand_on_the_project_page_only() -> None:
    """Else each upload would change the pages of all versions."""
    project, release = (parsed(SITE[f"python/packages/example/{path}index.html"]) for path in ("", "1.0/"))

    for section in ("dependents", "news"):
        assert project.find(f'.//section[@id="{section}"]') is not None
        assert release.find(f'.//section[@id="{section}"]') is None


def test_project_page_shows_the_latest_release_and_all_others() -> None:
    """The files of one, and a line for each release with a link to its own page."""
    tree = parsed(SITE["python/packages/example/index.html"])
    releases_table = tree.find('.//section[@id="releases"]')
    assert releases_table is not None

    assert texts(tree.findall('.//*[@class="version"]')) == ["1.0"]
    assert [link.get("href") for link in releases_table.findall(".//a")] == ["2.0%2Bl.1/index.html", "1.0/index.html"]
    assert texts(tree.findall('.//a[@class="filename"]')) == ["example-1.0-py3-none-any.whl", "example-1.0.tar.gz"]


def test_signed_label_links_to_the_signature() -> None:
    """The word is exact, and leads to the .asc beside the file."""
    (label,) = parsed(SITE["python/packages/example/index.html"]).findall('.//a[@class="signed"]')

    assert label.text == "SIGNED"
    assert label.get("href", "").endswith("/example-1.0-py3-none-any.whl.asc")


def test_release_page_knows_only_its_own_version() -> None:
    """It names the version to install and leads to the project; no other version stands on it."""
    page = SITE["python/packages/example/2.0+l.1/index.html"].decode()

    assert "example==2.0+l.1" in page
    assert "This release was yanked." in page
    assert "Not the latest" in page
    assert "example-1.0" not in page
    assert "All releases" in SITE["python/packages/example/1.0/index.html"].decode()


def test_missing_page_loads_nothing() -> None:
    """It is shown at any depth, so it has no relative link; with an address it leads home."""
    there = Config(address="https://packages.example/x")

    assert not re.search(rb"src=|href=", SITE["404.html"])
    assert b'href="https://packages.example/x/index.html"' in rendered(page_makers.missing_page(there))


def test_search_data_is_a_script_that_holds_any_text() -> None:
    """It is ASCII, ends no script element, and its rows are what was put in."""
    page = page_makers.search_shard(3, [listed("example")])
    text = page.body.decode("ascii")

    assert page.path == "search/3.js"
    assert text.startswith("repogen.search(3,")
    assert "<" not in text
    assert json.loads(text.removeprefix("repogen.search(3,").removesuffix(");\n")) == [
        ["example", "1.0", HOSTILE, "example"]
    ]
