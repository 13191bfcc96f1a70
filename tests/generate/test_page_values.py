"""What the pages say: releases in order, the right one first, sizes, dependencies, links."""

from __future__ import annotations

import hashlib
import random

import pytest

from repogen.config import Config, Repository, Source
from repogen.ecosystems import ecosystem_of
from repogen.generate.page_values import (
    Binaries,
    ReleaseView,
    Told,
    binaries_of,
    linked,
    release_view,
    setup_of,
    size_in_words,
)
from repogen.generate.releases import ListEntry, Release, latest, list_entry, releases
from repogen.model.catalog import Entry, Project
from repogen.model.names import BlobId, ProjectKey
from repogen.model.pages import Dependency, Description, Fact, Link, Platform
from repogen.model.record import Record, Submitter


def entry(
    version: str,
    *,
    filename: str = "",
    kind: str = "wheel",
    uploaded: str = "2026-11-22T10:00:00.000000Z",
    yanked: str | None = None,
    signed: bool = False,
    metadata: bool = True,
    size: int = 1234,
    archived: bool = False,
) -> Entry:
    name = filename or f"example-{version}-py3-none-any.whl"
    return Entry(
        record=Record(
            filename=name,
            name="example",
            version=version,
            kind=kind,
            size=size,
            digests={"sha256": hashlib.sha256(name.encode()).hexdigest()},
            uploaded=uploaded,
            by=Submitter(subject="ci"),
            yanked=yanked,
            archived=archived,
            facts={"requires_python": ">=3.11", "public_metadata": kind == "wheel"},
        ),
        metadata=BlobId("1" * 40) if metadata else None,
        signature=BlobId("2" * 40) if signed else None,
    )


def r_entry(
    version: str, *, kind: str = "source", target: str = "", archived: bool = False, signed: bool = False
) -> Entry:
    name = f"MASS_{version}.tar.gz"
    return Entry(
        record=Record(
            filename=name,
            name="MASS",
            version=version,
            kind=kind,
            target=target,
            size=1234,
            digests={"sha256": hashlib.sha256(f"{target} {name}".encode()).hexdigest()},
            uploaded="2026-11-22T10:00:00.000000Z",
            by=Submitter(subject="ci"),
            archived=archived,
        ),
        metadata=BlobId("1" * 40),
        signature=BlobId("2" * 40) if signed else None,
    )


def found(*entries: Entry) -> tuple[Release, ...]:
    return releases(Project(key=ProjectKey("example"), source="local-python", entries=entries), ecosystem_of("python"))


def view(release: Release, description: Description, *known: str, home: str = "../../") -> ReleaseView:
    return release_view(
        Project(key=ProjectKey("example"), source="local-python", entries=release.entries),
        release,
        Told(description=description),
        home,
        ecosystem_of("python"),
        lambda key: key in known,
        files=home,
        latest=True,
        found=(release,),
    )


def test_releases_are_newest_first_whatever_the_order_of_entries() -> None:
    """Versions are ordered by their ecosystem's rules, not as text."""
    entries = [entry(version) for version in ("1.9", "1.10", "2.0rc1", "2.0", "1!0.1")]
    random.Random(0).shuffle(entries)

    assert [release.version for release in found(*entries)] == ["1!0.1", "2.0", "2.0rc1", "1.10", "1.9"]
    assert [release.prerelease for release in found(*entries)] == [False, False, True, False, False]


def test_equal_versions_are_one_release() -> None:
    """1.0 and 1.0.0 are the same version; the shorter spelling names it, files come by name."""
    (release,) = found(entry("1.0.0", filename="b.whl"), entry("1.0", filename="a.whl"))

    assert release.version == "1.0"
    assert [each.record.filename for each in release.entries] == ["a.whl", "b.whl"]


@pytest.mark.parametrize(
    ("versions", "yanked", "expected"),
    [
        (("1.0", "2.0"), (), "2.0"),
        (("1.0", "2.0rc1"), (), "1.0"),
        (("1.0", "2.0"), ("2.0",), "1.0"),
        (("1.0", "2.0rc1"), ("1.0",), "2.0rc1"),
        (("1.0", "2.0rc1"), ("1.0", "2.0rc1"), "2.0rc1"),
        (("1.0rc1", "2.0.dev1"), (), "2.0.dev1"),
    ],
)
def test_latest(versions: tuple[str, ...], yanked: tuple[str, ...], expected: str) -> None:
    """The newest final release that is not yanked; failing that, the newest not yanked; failing that, the newest."""
    entries = [entry(version, yanked="" if version in yanked else None) for version in versions]

    assert latest(found(*entries)).version == expected


def test_release_sums_up_its_files() -> None:
    """Its date is its first file's; it is yanked or signed if every file is; reasons are said once."""
    late = entry("1.0", filename="a.whl", uploaded="2026-11-23T00:00:00.000000Z", yanked="bad", signed=True)
    early = entry("1.0", filename="b.whl", uploaded="2026-11-21T23:59:59.999999Z", yanked="bad")
    (release,) = found(late, early)
    (half,) = found(late, entry("1.0", filename="b.whl"))

    assert (release.date, release.yanked, release.signed, release.reasons) == ("2026-11-21", True, False, ("bad",))
    assert not half.yanked


def test_release_is_described_by_what_was_built() -> None:
    """A wheel's metadata is final, so it speaks before an sdist's; a file without metadata does not."""
    sdist = entry("1.0", filename="a.tar.gz", kind="sdist")
    wheel = entry("1.0", filename="b.whl")

    assert found(sdist, wheel)[0].described_by == wheel
    assert found(sdist, entry("1.0", filename="b.whl", metadata=False))[0].described_by == sdist
    assert found(entry("1.0", metadata=False))[0].described_by is None


def test_archived_comes_last_and_sources_speak_first() -> None:
    """What is archived is nobody's latest while there is anything else; of an R release the source package speaks."""
    entries = (
        r_entry("1.0"),
        r_entry("1.0", kind="binary", target="linux-jammy-x86_64-4.2"),
        r_entry("2.0", archived=True),
    )
    newest, shown = releases(Project(key=ProjectKey("MASS"), source="s", entries=entries), ecosystem_of("r"))

    assert latest((newest, shown)) is shown
    assert (newest.archived, shown.archived) == (True, False)
    assert shown.described_by is entries[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no address", ("no address",)),
        ("see <https://e.org/a>.", ("see ", Link(label="e.org/a", url="https://e.org/a"), ".")),
        ("Ann <https://orcid.org/0000>", ("Ann ", Link(label="ORCID", url="https://orcid.org/0000"))),
        ("<javascript:alert(1)> <b>", ("<javascript:alert(1)> <b>",)),
        ("https://e.org <https://> <https://e.org/{}>", ("https://e.org <https://> ", "<https://e.org/{}>")),
        ("", ()),
    ],
)
def test_addresses_that_a_text_sets_apart_are_links(text: str, expected: tuple[str | Link, ...]) -> None:
    """Only those of the web, whole and checked; all else is text."""
    assert linked(text) == expected


def test_list_entry_survives_json() -> None:
    """What is kept between builds is what was put there; a long summary is cut, a strange one is one line."""
    (release,) = found(entry("1.0", signed=True))
    project = Project(key=ProjectKey("example"), source="s", entries=release.entries)
    listed = list_entry(
        project, release, Description(name="Example", version="1.0", summary="a\n\u2028\"'</script>" + "x" * 400)
    )

    assert ListEntry.from_json(listed.to_json()) == listed
    assert listed.summary.startswith("a??\"'</script>xxx")
    assert len(listed.summary) == 300
    assert (listed.href, listed.date, listed.signed) == ("packages/example/index.html", "2026-11-22", True)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        *((0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (12_345, "12.3 kB"), (99_949, "99.9 kB"), (99_951, "100 kB")),
        *((999_499, "999 kB"), (999_500, "1.0 MB"), (1_234_567_890, "1.2 GB"), (5 * 10**12, "5.0 TB")),
    ],
)
def test_size_in_words(size: int, words: str) -> None:
    """Decimal units, two or three digits."""
    assert size_in_words(size) == words


def test_setup_without_an_address_shows_the_placeholder() -> None:
    """URLs are whole either way, and end in no slash."""
    source = Source(name="local-python", id="a", type="python", description="ours")
    repository = Repository(name="python", id="b", type="python", sources=("local-python",))
    config = Config(sources={"local-python": source}, repositories={"python": repository})
    there = Config(sources=config.sources, repositories=config.repositories, address="https://example.org/packages")

    assert setup_of(repository, config).url == "https://YOUR-ADDRESS/python/latest"
    assert not setup_of(repository, config).has_address
    assert setup_of(repository, there).url == "https://example.org/packages/python/latest"
    assert setup_of(repository, there).address == "https://example.org/packages"


def test_file_rows() -> None:
    """Links lead to the files of the repository; those that are not there are not linked."""
    wheel = entry("1.0+a", filename="example-1.0+a-py3-none-any.whl", signed=True, yanked="why")
    sdist = entry("1.0+a", filename="example-1.0+a.tar.gz", kind="sdist", metadata=False)
    (release,) = found(wheel, sdist)
    first, second = view(release, Description(name="example", version="1.0+a"), home="../../../").files
    sha256 = wheel.record.sha256

    assert first.href == f"../../../files/{sha256[:2]}/{sha256[2:4]}/{sha256}/example-1.0%2Ba-py3-none-any.whl"
    assert (first.signature, first.metadata) == (f"{first.href}.asc", f"{first.href}.metadata")
    assert (first.kind, first.size, first.date, first.yanked) == ("Wheel", "1.2 kB", "2026-11-22", "why")
    assert (second.kind, second.signature, second.metadata, second.yanked) == ("Source", None, None, None)


def test_binaries_are_told_by_platform() -> None:
    """Those that clients find and those that they must be told apart; each once; numbers in order."""
    targets = ["windows-4.10", "windows-4.2", "linux-jammy-x86_64-4.2", "", "windows-4.2"]

    assert binaries_of(targets, ecosystem_of("r")) == Binaries(
        plain=(Platform(words="Windows, R 4.2"), Platform(words="Windows, R 4.10")),
        placed=(Platform(words="jammy x86_64, R 4.2", place="latest/bin/linux/jammy-x86_64/4.2"),),
    )
    assert binaries_of([""], ecosystem_of("python")) == Binaries()


def test_dependencies_link_to_projects_that_are_there() -> None:
    """They are grouped by extra, those of every installation first."""
    (release,) = found(entry("1.0"))
    description = Description(
        name="example",
        version="1.0",
        dependencies=(
            Dependency(text='pytest; extra == "test"', key="pytest", group="test"),
            Dependency(text="Sales.Calendar[x]<3", key="sales-calendar"),
            Dependency(text="?? broken", key=""),
        ),
    )
    (always, needed), (extra, tested) = view(release, description, "sales-calendar", "").requirements

    assert (always, extra) == ("", "test")
    assert [(each.name, each.rest, each.href) for each in needed] == [
        ("Sales.Calendar", "[x]<3", "../../packages/sales-calendar/index.html"),
        ("", "?? broken", None),
    ]
    assert [(each.name, each.href) for each in tested] == [("pytest", None)]


def test_pinned_is_what_nobody_gets_by_name_alone() -> None:
    """A release on a page of its own, a pre-release, and one that was yanked or archived."""
    described = Description(name="Example", version="1.0")
    pinned = [entry("1.0rc1"), entry("1.0", yanked=""), entry("1.0", archived=True)]

    assert not view(found(entry("1.0"))[0], described).pinned
    assert [view(found(each)[0], described).pinned for each in pinned] == [True, True, True]


def test_classifiers_are_grouped_and_bad_links_dropped() -> None:
    """What is before the first colons is said once; a link that no page may have is none, whoever made it."""
    (release,) = found(entry("1.0"))
    description = Description(
        name="example",
        version="1.0",
        classifiers=("Topic :: A", "Lonely", "Topic :: B :: C"),
        links=(
            Link(label="good", url="https://e.org"),
            Link(label="bad", url="javascript:x"),
            Link(label="text", url=None),
        ),
    )
    shown = view(release, description)

    assert shown.classifiers == (
        Fact(label="Topic", values=("A", "B :: C")),
        Fact(label="Lonely", values=("Lonely",)),
    )
    assert [link.label for link in shown.links] == ["good", "text"]
