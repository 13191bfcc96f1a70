"""repogen.toml: what is read, and what each mistake is told as."""

from __future__ import annotations

import pytest

from repogen.config import DEFAULT_UPLOAD_LIMIT, MAX_CONFIG_BYTES, Config, Repository, Source, parse_config
from repogen.errors import ConfigError, NotFound

SOURCES = '[sources.a]\ntype = "python"\n[sources.b]\ntype = "python"\n[sources.stats]\ntype = "r"\n'


def read(text: str) -> Config:
    return parse_config(f"format = 1\n{text}".encode())


def test_everything_that_can_be_said() -> None:
    """Each setting arrives in its place."""
    config = read(
        """
        address = "https://packages.example/team/"
        limits = { upload = "500 MiB" }

        [sources.local-python]
        id = "0a1b"
        type = "python"
        description = "Ours, grün"

        [sources.stats]
        type = "r"

        [repositories.python]
        id = "1"
        type = "python"
        sources = ["local-python"]
        description = "All"
        fallback = "https://index.example/simple/"
        """
    )

    assert config == Config(
        sources={
            "local-python": Source(name="local-python", id="0a1b", type="python", description="Ours, grün"),
            "stats": Source(name="stats", id="stats", type="r"),
        },
        repositories={
            "python": Repository(
                name="python",
                id="1",
                type="python",
                sources=("local-python",),
                description="All",
                fallback="https://index.example/simple",
            )
        },
        address="https://packages.example/team",
        upload_limit=500 << 20,
    )


def test_only_the_format_must_be_said() -> None:
    """Without sources, repositories and settings the defaults hold."""
    assert read("") == Config(sources={}, repositories={}, address="", upload_limit=DEFAULT_UPLOAD_LIMIT)


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("17 B", 17), ("3KiB", 3 << 10), ("500 MiB", 500 << 20), ("2 GiB", 2 << 30), ("1 TiB", 1 << 40)],
)
def test_sizes(text: str, size: int) -> None:
    """A size is a number and a binary unit, with or without a space between."""
    assert read(f'limits.upload = "{text}"').upload_limit == size


@pytest.mark.parametrize(
    "text", ["0", "-1", "1.5 GiB", "1 GB", "GiB", "1 gib", "\uff11 MiB", "1 MiB ", "9999999999999", "1e3"]
)
def test_sizes_that_are_none(text: str) -> None:
    """What is no size says so, with its place, a good one, and the text."""
    with pytest.raises(ConfigError) as caught:
        read(f'limits.upload = "{text}"')
    assert str(caught.value) == f"repogen.toml: limits.upload: must be a size such as '500 MiB', not {text!r}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nmae = 1", "nmae: unknown key"),
        ("a." * 50_000 + "a = 1", "nested too deeply"),
        ('"a" . ' * 40 + "a = 1", "nested too deeply"),
        (
            "[repositories.'index.html']\ntype = 'python'",
            "repositories.'index.html': 'index.html' is reserved and cannot name a repository",
        ),
        ("[limits]\nuploads = '1 B'", "limits.uploads: unknown key"),
        ("[sources.a]\ntype = 'python'\ncolour = 'red'", "sources.a.colour: unknown key"),
        ("[repositories.a]\ntype = 'python'\nsource = []", "repositories.a.source: unknown key"),
        ("sources = 3", "sources: must be a table, not 3"),
        ("[sources]\na = 'python'", "sources.a: must be a table, not 'python'"),
        ("[[sources.a]]\ntype = 'python'", "sources.a: must be a table, not [{'type': 'python'}]"),
        ("[sources.a]", "sources.a.type: is missing"),
        ("[sources.a]\ntype = 'perl'", "sources.a.type: must be one of python, r, not 'perl'"),
        ("[sources.a]\ntype = true", "sources.a.type: must be a string, not True"),
        ("[sources.a]\ntype = 'python'\ndescription = 5", "sources.a.description: must be a string, not 5"),
        (
            "[sources.a]\ntype = 'python'\nid = ''",
            "sources.a.id: must be 1 to 64 of a-z, 0-9, '.', '_' and '-', not ''",
        ),
        (
            "[sources.a]\ntype = 'python'\nid = 'A/B'",
            "sources.a.id: must be 1 to 64 of a-z, 0-9, '.', '_' and '-', not 'A/B'",
        ),
        ("[sources.a]\nid = '1'\ntype = 'r'\n[sources.b]\nid = '1'\ntype = 'r'", "sources.b.id: has the id of 'a'"),
        ("[sources.a]\nid = 'b'\ntype = 'r'\n[sources.b]\ntype = 'r'", "sources.b.id: has the id of 'a'"),
        (
            "[repositories.x]\ntype = 'r'\nsources = []\nid = 'y'\n[repositories.y]\ntype = 'r'",
            "repositories.y.id: has the id of 'x'",
        ),
        ("[repositories.p]\nsources = []", "repositories.p.type: is missing"),
        ("[repositories.p]\ntype = 'python'\nsources = 'a'", "repositories.p.sources: must be a list, not 'a'"),
        (
            f"{SOURCES}[repositories.p]\ntype = 'python'\nsources = ['a', 'c']",
            "repositories.p.sources[1]: no source named 'c'",
        ),
        (f"{SOURCES}[repositories.p]\ntype = 'python'\nsources = [7]", "repositories.p.sources[0]: no source named 7"),
        (
            f"{SOURCES}[repositories.p]\ntype = 'python'\nsources = ['stats']",
            "repositories.p.sources[0]: source 'stats' is of type r, not python",
        ),
        (
            f"{SOURCES}[repositories.p]\ntype = 'python'\nsources = ['a', 'b', 'a']",
            "repositories.p.sources[2]: source 'a' is listed twice",
        ),
        ("address = 'packages.example'", "address: must be an http or https URL, not 'packages.example'"),
        ("address = 5", "address: must be a string, not 5"),
        (
            "[repositories.p]\ntype = 'r'\nfallback = 'https://index.example'",
            (
                "repositories.p.fallback: only an index of Python packages can have one; "
                "R takes several repositories itself: set CRAN beside this one in repos"
            ),
        ),
        (
            "[repositories.p]\ntype = 'r'\nfallback = 'file:///etc'",
            "repositories.p.fallback: must be an http or https URL, not 'file:///etc'",
        ),
    ],
)
def test_each_mistake_is_one_line_with_its_place(text: str, message: str) -> None:
    """What is wrong is said where it is, with what stands there."""
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert str(caught.value) == f"repogen.toml: {message}"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example",
        "https://",
        "https:///path",
        "https://a.example/?q=1",
        "https://a.example/#top",
        "https://a.example/a b",
        "https://a.example/'",
        "https://b\u00fccher.example",
        "javascript:alert(1)",
        "https://[::1",
    ],
)
def test_urls_that_are_none(url: str) -> None:
    """What cannot be the beginning of the URLs of a site, or could end an attribute, is refused."""
    with pytest.raises(ConfigError, match="must be an http or https URL"):
        read(f'address = "{url}"')


@pytest.mark.parametrize("url", ["http://127.0.0.1:4242", "https://user@a.example/sub/dir", "https://[::1]:8080/x"])
def test_urls(url: str) -> None:
    """An address may have a port and a path; the slashes at its end go."""
    assert read(f'address = "{url}//"').address == url


@pytest.mark.parametrize(
    ("name", "what"),
    [
        *((name, "source") for name in ("A", "a/b", "..", "-a", "a-", "", "a" * 64)),
        *((name, "repository") for name in ("b\u00fc", "a\\nb")),
    ],
)
def test_names_that_are_none(name: str, what: str) -> None:
    """A name is a folder and a part of URLs: what is unsafe as either is refused, escaped, with what is allowed."""
    table = {"source": "sources", "repository": "repositories"}[what]
    with pytest.raises(ConfigError, match=f"cannot name a {what}; use 1 to 63 of a-z") as caught:
        read(f"[{table}.\"{name}\"]\ntype = 'python'")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["_", "__api__", "upload", "static"])
def test_names_that_the_site_needs(name: str) -> None:
    """No repository takes a place that the site or the receiver has."""
    with pytest.raises(ConfigError, match="cannot name a repository"):
        read(f"[repositories.{name}]\ntype = 'python'")


@pytest.mark.parametrize("name", ["a", "local-python", "r4.2_x", "0", "a" * 63, "upload"])
def test_names(name: str) -> None:
    """Sources may have every other short name, also one that is reserved for the site."""
    assert read(f"[sources.\"{name}\"]\ntype = 'python'").source(name).id == name


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "repogen.toml: format: must be 1, not None"),
        (b"format = 2", "repogen.toml: format: must be 1, not 2"),
        (b"format = true", "repogen.toml: format: must be a number, not True"),
        (b"format = '1'", "repogen.toml: format: must be a number, not '1'"),
        (b"format = 1\nx = [", "repogen.toml: Invalid value (at end of document)"),
        (b"format = 1\n[sources.a]\n[sources.a]\n", "line 3"),
        (b"format = 1\n# \xff\n", "repogen.toml: byte 13: not UTF-8"),
        (b"x = " + b"[" * 100_000, "repogen.toml: nested too deeply"),
        (b"#" * (MAX_CONFIG_BYTES + 1), f"repogen.toml: larger than {MAX_CONFIG_BYTES} bytes"),
    ],
    ids=lambda value: None if isinstance(value, str) else repr(value[:20]),
)
def test_files_that_are_none(data: bytes, message: str) -> None:
    """A file that is no configuration at all is one line, too."""
    with pytest.raises(ConfigError) as caught:
        parse_config(data)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_not_there_is_named_with_what_is() -> None:
    """Asking for a source or a repository that is not there tells which are."""
    config = read(SOURCES)
    with pytest.raises(NotFound, match="no source named 'c'; sources: a, b, stats"):
        config.source("c")
    with pytest.raises(NotFound, match="no repository named 'c'; repositories: none"):
        config.repository("c")


def test_sources_are_found_by_their_id_and_by_who_lists_them() -> None:
    """An id finds a source under its name of now; a source finds its repositories."""
    config = read(
        "[sources.new]\nid = 'old'\ntype = 'python'\n"
        "[repositories.x]\ntype = 'python'\nsources = ['new']\n[repositories.y]\ntype = 'python'\n"
    )

    assert config.source_with_id("old") == config.source("new")
    assert config.source_with_id("new") is None
    assert [repository.name for repository in config.repositories_of("new")] == ["x"]


def test_a_number_that_is_too_long() -> None:
    """What the TOML parser does not say in its own words is a mistake in the file all the same."""
    with pytest.raises(ConfigError, match="4300 digits"):
        read("x = " + "9" * 5000)
