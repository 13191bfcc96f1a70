"""What DESCRIPTION must say."""

from __future__ import annotations

import time

import pytest

from repogen.ecosystems.r.dcf import read_fields
from repogen.ecosystems.r.rules import BASE_PACKAGES, INDEX_FIELDS, description_warnings, is_standard_licence, judge
from tests.r_packages import description_bytes, description_fields


def found(**fields: str | None) -> list[tuple[str, str]]:
    """Code and text of what is wrong with good fields that are changed; a field's name may have ``_`` for ``@``."""
    changed = {name.replace("Authors_R", "Authors@R"): value for name, value in fields.items()}
    return [(problem.code, problem.text) for problem in judge(description_fields("a1", "1.0", **changed))]


def test_nothing_is_wrong_with_usual_fields() -> None:
    """The usual fields and those of a package with everything."""
    assert found() == []
    assert (
        found(
            Depends="R (>= 4.0)",
            Imports="b1",
            OS_type="unix",
            License_is_FOSS="yes",
            Priority="optional",
            SystemRequirements="GNU make,\nlibæ (>= 1)",
            Author="Ærø",
        )
        == []
    )


@pytest.mark.parametrize("field", ["License", "Title", "Description"])
@pytest.mark.parametrize("value", [None, ""])
def test_required_fields(field: str, value: str | None) -> None:
    """They are there, and not empty."""
    assert found(**{field: value}) == [("description-missing", f"DESCRIPTION has no {field}")]


def test_authors_are_named_in_one_way_or_the_other() -> None:
    """``R CMD build`` makes Author and Maintainer of Authors@R."""
    assert found(Author=None, Maintainer=None, Authors_R='person("Ada")') == []
    assert found(Author=None, Maintainer=None) == [
        ("description-missing", "DESCRIPTION has no Author, nor Authors@R"),
        ("description-missing", "DESCRIPTION has no Maintainer, nor Authors@R"),
    ]


@pytest.mark.parametrize("name", ["a1", "R6", "data.table", "MASS", "NA", "a..b", "a" * 100])
def test_good_names(name: str) -> None:
    """Letters, digits and dots."""
    assert found(Package=name) == []


@pytest.mark.parametrize(
    "name", ["a", "R", "1a", ".a1", "a1.", "a_1", "a-1", "ab c", "päckage", "a1\nb2", "../a1", "a\u0661"]
)
def test_bad_names(name: str) -> None:
    """They are shown, with the rule."""
    ((code, text), *others) = found(Package=name)
    assert code == "package-name"
    assert text.startswith(f"{name!r} is not the name of an R package: use ")
    assert [other for other, _ in others] == ([] if name.isascii() else ["not-ascii"])


def test_names_that_no_repository_can_serve() -> None:
    """What comes with R is taken from there; a name is a part of a file name."""
    for name in BASE_PACKAGES:
        assert found(Package=name) == [
            ("package-name", f"{name!r} is a package of R itself, which no repository can replace")
        ]
    assert found(Package="a" * 101) == [("package-name", f"{'a' * 100!r}... is longer than 100 characters")]
    assert found(Package=None) == [("package-name", "DESCRIPTION has no Package")]


@pytest.mark.parametrize(
    ("version", "text"),
    [
        (None, "DESCRIPTION has no Version"),
        ("1", "'1' is not a version: use two numbers or more with one '.' or '-' between them"),
        ("1.0-beta", "'1.0-beta' is not a version: use two numbers or more with one '.' or '-' between them"),
        ("1.2147483648", "'1.2147483648' is not a version: R knows no number above 2147483647 in it"),
    ],
)
def test_bad_versions(version: str | None, text: str) -> None:
    """R would take them for missing."""
    assert found(Version=version) == [("package-version", text)]


@pytest.mark.parametrize(
    "maintainer",
    ["Ada <ada@example.org>", "<ada@example.org>", "ORPHANED", '"Ada B." <ada+r@mail.example.org>', "A\nB <a@b>"],
)
def test_good_maintainers(maintainer: str) -> None:
    """A name and an address, or nobody."""
    assert found(Maintainer=maintainer) == []


@pytest.mark.parametrize(
    "maintainer", ["Ada", "ada@example.org", "Ada <ada>", "Ada <a@b>, Bob <b@c>", "Ada <a@b> and others", "Ada <a b@c>"]
)
def test_bad_maintainers(maintainer: str) -> None:
    """One person, who can be reached."""
    assert found(Maintainer=maintainer) == [
        ("maintainer", f"Maintainer is {maintainer!r}: write one 'Name <name@example.org>'")
    ]


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("OS_type", "linux", "OS_type is 'linux', not unix or windows"),
        ("NeedsCompilation", "maybe", "NeedsCompilation is 'maybe', not yes or no"),
        ("License_is_FOSS", "TRUE", "License_is_FOSS is 'TRUE', not yes or no"),
        ("License_restricts_use", "1", "License_restricts_use is '1', not yes or no"),
        ("Priority", "base", "Priority is 'base', which is for what comes with R: leave it out"),
        ("Priority", "recommended", "Priority is 'recommended', which is for what comes with R: leave it out"),
        ("License", "GPL-2\n\nGPL-3", "License has an empty line, which would end a row of a list"),
        ("Archs", "x" * 50_001, "Archs is longer than 50000 characters"),
        ("SystemRequirements", "a\u200bb", "SystemRequirements is 'a\\u200bb', with characters that cannot be shown"),
        ("SystemRequirements", "a\x85b", "SystemRequirements is 'a\\x85b', with characters that cannot be shown"),
        ("Archs", "a\x1fb", "Archs is 'a\\x1fb', with characters that cannot be shown"),
    ],
)
def test_values_that_a_list_cannot_have(field: str, value: str, text: str) -> None:
    """What R would not understand, and what would break the text of a list."""
    assert found(**{field: value}) == [("description-value", text)]


@pytest.mark.parametrize("field", sorted(set(INDEX_FIELDS) - {"SystemRequirements"}))
def test_lists_are_ascii(field: str) -> None:
    """Readers in another locale than UTF-8 must understand them too."""
    assert "not-ascii" in [code for code, _ in found(**{field: "Æ"})]


def test_all_problems_at_once() -> None:
    """One pass tells everything."""
    codes = [
        code
        for code, _ in found(
            Package="base", Version="1", License=None, Maintainer="x", OS_type="x", Archs="Æ", Depends="R (>=3)"
        )
    ]
    assert codes == [
        *("package-name", "package-version", "description-missing", "maintainer", "description-value", "not-ascii"),
        "dependency",
    ]


def warnings(encoding: str = "utf-8", **fields: str | None) -> list[str]:
    """The warnings about good fields that are changed, as bytes of an encoding."""
    data = description_bytes(description_fields("a1", "1.0", **fields), encoding)
    return list(description_warnings(read_fields(data), data))


def test_warnings() -> None:
    """They tell what is odd and does no harm to others."""
    assert warnings() == []
    assert warnings(Packaged=None) == ["DESCRIPTION has no Packaged: the package was not made by R CMD build"]
    assert warnings(NeedsCompilation=None) == [
        "DESCRIPTION has no NeedsCompilation: R asks for it before it builds from source"
    ]
    assert warnings(License="Free for academic use") == [
        "License 'Free for academic use' is not in a form that R's tools know"
    ]
    assert warnings("latin-1", Author="Ærø", Encoding="latin1") == [
        "DESCRIPTION is in the encoding 'latin1': UTF-8 is read everywhere"
    ]
    assert warnings(Author="Ærø", Encoding=None) == [
        "DESCRIPTION is not ASCII and has no Encoding: write it in UTF-8 and say so"
    ]
    assert warnings(Encoding=None) == []


@pytest.mark.parametrize(
    "licence",
    [
        *("GPL-2", "GPL-3", "GPL", "GPL (>= 2)", "GPL (>= 2.1, < 4)", "LGPL-2.1", "LGPL (>= 2)", "AGPL-3", "MIT"),
        *("MIT + file LICENSE", "BSD_3_clause + file LICENCE", "file LICENSE", "GPL-2 | GPL-3", "Apache License 2.0"),
        *("Apache License (>= 2)", "Artistic-2.0", "CC0", "CC BY 4.0", "CC BY-NC-SA 4.0", "Unlimited", "MPL-2.0"),
        *("GPL-2 |\n    file LICENSE", "AGPL-3 + file LICENSE", "Apache License (== 2.0) + file LICENSE"),
    ],
)
def test_standard_licences(licence: str) -> None:
    """Licences as the manual writes them raise no warning."""
    assert is_standard_licence(licence)


@pytest.mark.parametrize(
    "licence", ["", "Apache-2.0", "Proprietary", "GPL version 2", "GPL(>=2)", "https://example.org/l"]
)
def test_other_licences(licence: str) -> None:
    """R's own lists leave these out."""
    assert not is_standard_licence(licence)


@pytest.mark.parametrize(
    "value",
    ["<" * 4_000_000, "a@" * 2_000_000, " <a@b" * 1_000_000, "GPL (" + ">= 1, " * 500_000, "CC BY" + "-NC" * 1_000_000],
)
def test_hostile_lengths_take_little_time(value: str) -> None:
    """The time grows with the length, not with its square, and the message does not grow."""
    start = time.perf_counter()
    assert all(len(text) < 500 for _, text in found(**dict.fromkeys(description_fields(), value)))
    assert not is_standard_licence(value)
    assert time.perf_counter() - start < 10
