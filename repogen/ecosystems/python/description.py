"""What the page for people says of a project, out of core metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.requirements import Requirement

from repogen.ecosystems.python.filenames import project_key
from repogen.ecosystems.python.metadata import Metadata, parse_metadata
from repogen.model.pages import Dependency, Description, Fact, Link, Readme, checked_url

#: Longer ones than anybody writes are shown as text without being parsed, and so are those after so many.
_MAX_REQUIREMENT = 1000
_MAX_REQUIREMENTS = 5000
_MAX_LICENCE = 200
#: So much of a text that is taken apart is looked at.
_MAX_TEXT = 10_000

_EXTRA = re.compile(r'\bextra == "([^"]*)"')
_NEXT_PERSON = re.compile(r"(?<=>),\s*")
_QUOTED = re.compile(r'\A"([^"]*)" <')
_LICENCE_CLASSIFIER = "License :: "

_FACTS = (
    ("Requires Python", "requires-python"),
    ("Extras", "provides-extra"),
    ("Platform", "platform"),
    ("Supported platform", "supported-platform"),
    ("Requires", "requires-external"),
    ("Import names", "import-name"),
    ("Import namespaces", "import-namespace"),
)


def describe(data: bytes) -> Description:
    """Read the metadata of a distribution that was accepted once. Hostile text in it stays text."""
    metadata = parse_metadata(data)
    readme = metadata.description
    return Description(
        name=metadata.one("name"),
        version=metadata.one("version"),
        summary=metadata.one("summary"),
        readme=Readme(text=readme, content_type=metadata.one("description-content-type") or "text/x-rst")
        if readme.strip()
        else None,
        authors=tuple(dict.fromkeys([*_people(metadata, "author"), *_people(metadata, "maintainer")])),
        licence=_licence(metadata),
        keywords=_keywords(metadata.one("keywords")[:_MAX_TEXT]),
        classifiers=metadata.every("classifier"),
        facts=tuple(Fact(label=label, values=values) for label, field in _FACTS if (values := metadata.every(field))),
        dependencies=tuple(
            _dependency(text, parse=number < _MAX_REQUIREMENTS)
            for number, text in enumerate(metadata.every("requires-dist"))
        ),
        links=tuple(dict.fromkeys(_links(metadata))),
    )


def _people(metadata: Metadata, role: str) -> Iterator[str]:
    name, mail = metadata.one(role)[:_MAX_TEXT], metadata.one(f"{role}-email")[:_MAX_TEXT]
    if name and mail and not {",", "<"} & set(mail):
        yield f"{name} <{mail}>"
        return
    people = [_QUOTED.sub(r"\1 <", person) for person in _NEXT_PERSON.split(mail)] if mail else []
    if name and not any(person.startswith(name) for person in people):
        yield name
    yield from people


def _licence(metadata: Metadata) -> str:
    if expression := metadata.one("license-expression"):
        return expression
    if metadata.one("license"):
        lines = (" ".join(line.split()) for line in metadata.fields["license"][0].split("\n"))
        first = next(line for line in lines if line)
        return first if len(first) <= _MAX_LICENCE else f"{first[:_MAX_LICENCE]}..."
    classifiers = [text for text in metadata.every("classifier") if text.startswith(_LICENCE_CLASSIFIER)]
    return ", ".join(text.rpartition("::")[2].strip() for text in classifiers)


def _keywords(text: str) -> tuple[str, ...]:
    words = text.split(",") if "," in text else text.split()
    return tuple(dict.fromkeys(stripped for word in words if (stripped := word.strip())))


def _dependency(text: str, *, parse: bool) -> Dependency:
    # A backslash can stand only within a string of a marker, which Python's own parser would then read.
    if not parse or len(text) > _MAX_REQUIREMENT or "\\" in text:
        return Dependency(text=text, key="")
    try:
        requirement = Requirement(text)
    except (ValueError, RecursionError, SyntaxError):
        return Dependency(text=text, key="")
    extra = _EXTRA.search(str(requirement.marker or ""))
    return Dependency(text=text, key=project_key(requirement.name), group=extra[1] if extra else "")


def _links(metadata: Metadata) -> Iterator[Link]:
    for label, field in (("Homepage", "home-page"), ("Download", "download-url")):
        if text := metadata.one(field):
            yield _link(label, text)
    for text in metadata.every("project-url"):
        label, comma, target = text.partition(",")
        yield _link(label.strip(), target.strip()) if comma else _link("Link", text)


def _link(label: str, text: str) -> Link:
    url = checked_url(text)
    return Link(label=label or "Link", url=url) if url else Link(label=label or "Link", url=None, text=text)
