"""Core metadata: read as clients read it, judged on what they depend on."""

from __future__ import annotations

import email
import time

import pytest

from repogen.ecosystems.python.metadata import is_reliable, judge_metadata, metadata_warnings, parse_metadata

HEAD = b"Metadata-Version: 2.1\nName: example\nVersion: 1.0\n"


def codes(data: bytes) -> list[str]:
    """The codes of the problems of metadata."""
    start = time.perf_counter()
    problems = list(judge_metadata(parse_metadata(data)))
    assert time.perf_counter() - start < 1
    assert all(problem.text.isprintable() and len(problem.text) < 500 for problem in problems)
    return [problem.code for problem in problems]


def test_fields_are_read_by_name() -> None:
    """Names of fields know no case, values may be folded, and the rest is the description."""
    data = HEAD + b"SUMMARY: one\r\n  two\nClassifier: A\nClassifier: B\nLicense: UNKNOWN\nHome-page:\n\nText\r\nmore\n"
    metadata = parse_metadata(data)
    assert metadata.one("summary") == "one two"
    assert metadata.every("classifier") == ("A", "B")
    assert metadata.one("license") == ""
    assert metadata.one("home-page") == ""
    assert metadata.description == "Text\r\nmore\n"
    assert codes(data) == []


@pytest.mark.parametrize(
    "data",
    [
        HEAD,
        HEAD + b"\nbody",
        HEAD + b"Summary: a\n\tb\n c\n\n\nbody\n",
        HEAD + b"Summary: a\r\nPlatform: any\r\n\r\nbody\r\n",
        HEAD + b"Summary: a\nno header\nLicense: MIT\n",
        HEAD + b"Requires-Dist : x\nLicense: MIT\n",
        HEAD + b"Keywords:a,b\nX-\xc2\xa0: y\n",
        b"\n" + HEAD,
        b"",
    ],
)
def test_what_counts_is_what_clients_see(data: bytes) -> None:
    """Python's own email parser, which installers use, finds the same fields and the same text."""
    metadata = parse_metadata(data)
    message = email.message_from_string(data.decode())
    for field in ("name", "summary", "license", "keywords", "requires-dist", "platform"):
        seen = message.get(field)
        assert metadata.one(field) == ("" if seen is None else " ".join(seen.split()))
    assert metadata.body == message.get_payload()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("first\n        second\n          third\n        \n        last", "first\nsecond\n  third\n\nlast"),
        ("first\n       |second\n       |  third", "first\nsecond\n  third"),
        ("only", "only"),
        ("UNKNOWN", "body"),
        ("", "body"),
    ],
)
def test_old_descriptions_are_unfolded(written: str, read: str) -> None:
    """A description among the headers loses its indentation; without one the text below is it."""
    assert parse_metadata(HEAD + f"Description: {written}\n\nbody".encode()).description == read


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "2.0", "2.1", "2.2", "2.3", "2.4", "2.5"])
def test_all_versions_of_metadata_pass(version: str) -> None:
    """From PEP 241 to PEP 794."""
    assert codes(f"Metadata-Version: {version}\nName: x\nVersion: 1\n".encode()) == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ["metadata-name", "metadata-version", "metadata-format"]),
        (b"no field\n" + HEAD, ["metadata-name", "metadata-version", "metadata-format"]),
        (HEAD.replace(b"2.1", b"3.0"), ["metadata-format"]),
        (HEAD.replace(b"2.1", b"two"), ["metadata-format"]),
        (HEAD.replace(b"example", b"UNKNOWN"), ["metadata-name"]),
        (HEAD.replace(b"1.0", b"banana"), ["metadata-version"]),
        (HEAD.replace(b"1.0", b"9" * 4301), ["metadata-version"]),
        (HEAD.replace(b"1.0", b"1." * 100_000), ["metadata-version"]),
        (HEAD + b"Name: other\n", ["metadata-repeated"]),
        (HEAD + b"VERSION: 2.0\nLicense: a\nLicense: b\n", ["metadata-repeated", "metadata-repeated"]),
        (HEAD + b"Requires-Python: >=3.8\nRequires-Python: >=2\n", ["metadata-repeated"]),
        (HEAD + b'Requires-Python: >=3"><script>alert(1)</script>\n', ["requires-python"]),
        (HEAD + b"Requires-Python: 3.6\n", ["requires-python"]),
        (HEAD + b"Requires-Python: >=3.6.*\n", ["requires-python"]),
        (HEAD + b"Requires-Python: >=" + b"9" * 500 + b"." + b"1" * 400 + b"\n", []),
        (HEAD + b"Requires-Python: ==" + b"9" * 4301 + b"\n", ["requires-python"]),
        (HEAD + b"Requires-Python: " + b">=1," * 20_000 + b"\n", ["requires-python"]),
        (HEAD + b"Requires-Python: " + b"(" * 5000 + b"\n", ["requires-python"]),
        (HEAD + b"Requires-Dist: " + b"(" * 1_000_000 + b"\n", []),
        (HEAD + b"Home-page: javascript:alert(1)\n", ["active-url"]),
        (HEAD + b"Download-URL: \x01Java\tScript:alert(1)\n", ["active-url"]),
        (HEAD + b"Project-URL: Docs, &#106;avascript:alert(1)\n", ["active-url"]),
        (HEAD + b"Project-URL: Docs, data:text/html,x\nProject-URL: Two,vbscript:x\n", ["active-url", "active-url"]),
        (HEAD + b"Project-URL: javascript: the good parts, https://example.org/\nHome-page: #\n", []),
        *[
            (HEAD.replace(b"example", name.encode()), ["metadata-name"])
            for name in (
                "-foo",
                "foo-",
                ".",
                "a b",
                "a/b",
                "../x",
                "<b>",
                "\u212aelvin",
                "\u0430bc",
                "a\u200bb",
                "a\x00b",
            )
        ],
    ],
)
def test_what_matters_is_judged(data: bytes, expected: list[str]) -> None:
    """Names, versions and what installers decide by must be good; all other fields are data."""
    assert codes(data) == expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xef\xbb\xbf" + HEAD, "byte order mark"),
        (HEAD + b"Author: \xff\n", "not UTF-8"),
        (HEAD.decode().encode("utf-16"), "not UTF-8"),
        (HEAD + b"Summary: a\rName: evil\n", "carriage return"),
        (HEAD + b"Summary: a\r\r\nLicense: MIT\n", "carriage return"),
        (b" Name: x\n" + HEAD, "line 1 that belongs to no field"),
        (b"From x\n" + HEAD, "line 1 that belongs to no field"),
        (HEAD + b": x\nName: evil\n", "line 4 that belongs to no field"),
        (HEAD + b"Classifier: x\n" * 100_000, "more than 50000 lines"),
        (HEAD + b"Summary: x" + b"\n " * 4_000_000, "more than 50000 lines"),
    ],
)
def test_what_cannot_be_read_in_one_way_is_refused(data: bytes, reason: str) -> None:
    """Where programs would differ, or a page would never end, reading stops."""
    with pytest.raises(ValueError, match=reason):
        parse_metadata(data)


def test_a_carriage_return_in_the_description_is_text() -> None:
    """Below the headers nothing can be mistaken for one."""
    assert parse_metadata(HEAD + b"\na\rb").description == "a\rb"


def test_what_is_odd_is_told() -> None:
    """A line that is no header, and metadata of tomorrow, are accepted with a word to the uploader."""
    assert list(metadata_warnings(parse_metadata(HEAD))) == []
    (stray,) = metadata_warnings(parse_metadata(HEAD + b"oops\nLicense: MIT\n"))
    assert stray.startswith("line 4 of the metadata is no field")
    (newer,) = metadata_warnings(parse_metadata(HEAD.replace(b"2.1", b"2.9")))
    assert "2.9 is newer than 2.5" in newer


@pytest.mark.parametrize(
    ("version", "extra", "reliable"),
    [("2.1", b"", False), ("2.2", b"", True), ("2.4", b"Dynamic: license-file\n", False), ("2.10", b"", True)],
)
def test_only_static_sdists_are_reliable(version: str, extra: bytes, *, reliable: bool) -> None:
    """PKG-INFO can be published where it says that building changes nothing of it."""
    data = HEAD.replace(b"2.1", version.encode()) + extra
    assert is_reliable(parse_metadata(data)) is reliable
