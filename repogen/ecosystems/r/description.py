"""What the page for people says of a package, out of its DESCRIPTION (WRE 1.1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from repogen.ecosystems.r.dcf import read_fields
from repogen.model.pages import Dependency, Description, Fact, Link, Readme, checked_url

#: The fields that name other packages, as R orders them.
DEPENDENCY_FIELDS = ("Depends", "Imports", "LinkingTo", "Suggests", "Enhances")

#: Rows of the table of facts under the names that they have in DESCRIPTION; links, people and dependencies stand apart.
_FACTS = (
    *("Version", "Maintainer", "NeedsCompilation", "SystemRequirements", "OS_type", "Priority", "Language", "Encoding"),
    *("VignetteBuilder", "Additional_repositories", "License_is_FOSS", "License_restricts_use", "Copyright"),
    *(
        "Classification/ACM",
        "Classification/JEL",
        "Classification/MSC",
        "biocViews",
        "Date",
        "Packaged",
        "Date/Publication",
        "Built",
    ),
)
_KEYWORDS = "X-schema.org-keywords"
#: So much of a text that is taken apart is looked at, and so many links are made of it.
_MAX_TEXT = 50_000
_MAX_LINKS = 50

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9.]*")
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n)+")
#: How a Description cites (WRE 1.1.1): ``<doi:10.prefix/suffix>`` and ``<arXiv:id>``.
_CITED = re.compile(r"<(doi|arxiv):\s*([^<>\s]{1,200})>", re.IGNORECASE)
_CITED_AT = {"doi": "https://doi.org/", "arxiv": "https://arxiv.org/abs/"}
#: How R adds a person's or an organisation's entry in a register, whose address says which one it is.
_REGISTER = re.compile(r"\((?:(?:ORCID|ROR): )?(<https?://[^<>\s]{1,200}>)\)")
#: The words of R code: a string (longer than names are, it is none), a name, or a character.
_WORD = re.compile(r""""((?:[^"\\]|\\.){0,100})"|'((?:[^'\\]|\\.){0,100})'|([A-Za-z.][\w.]*)|(\S)""", re.DOTALL)
_ROLES = re.compile(r"\[[a-z]{3}(?:, ?[a-z]{3})*\]")


def describe(metadata: bytes, facts: Mapping[str, Any]) -> Description:
    """Read the DESCRIPTION of a package that was accepted once. Hostile text in it stays text.

    Raises ValueError for what is no DESCRIPTION, KeyError for one without ``Package`` or ``Version``.
    """
    fields = read_fields(metadata)
    # Who ran R CMD build, after the time, is nothing to tell the world.
    packaged = fields.get("Packaged", "").partition(";")[0]
    shown = fields | {"NeedsCompilation": facts.get("needs_compilation") or "", "Packaged": packaged}
    return Description(
        name=fields["Package"],
        version=fields["Version"],
        summary=_one_line(fields.get("Title", "")),
        about=_about(fields.get("Description", "")),
        readme=_text(facts.get("readme")),
        news=_text(facts.get("news")),
        authors=_people(fields.get("Author", "")) or tuple(_persons(fields.get("Authors@R", "")[:_MAX_TEXT])),
        licence=_one_line(fields.get("License", "")),
        keywords=tuple(dict.fromkeys(filter(None, map(_one_line, fields.get(_KEYWORDS, "").split(","))))),
        facts=tuple(
            Fact(label=field, values=(value,)) for field in _FACTS if (value := _one_line(shown.get(field, "")))
        ),
        dependencies=tuple(_dependencies(fields)),
        links=tuple(_links(fields)),
    )


def _text(fact: Any) -> Readme | None:
    if not fact or not fact["text"].strip():
        return None
    markdown = fact["name"].lower().endswith((".md", ".markdown"))
    return Readme(text=fact["text"], content_type="text/markdown" if markdown else "text/plain")


def _about(text: str) -> str:
    paragraphs = (_one_line(paragraph) for paragraph in _EMPTY_LINES.split(text))
    return "\n\n".join(_CITED.sub(_address, paragraph) for paragraph in paragraphs if paragraph)


def _address(cited: re.Match[str]) -> str:
    return f"<{_CITED_AT[cited[1].lower()]}{cited[2]}>"


def _people(text: str) -> tuple[str, ...]:
    """The authors, one by one where their roles set them apart: ``Ann Bee [aut, cre], Acme, Inc. [cph]``."""
    text = _REGISTER.sub(r"\1", _one_line(text))
    if not text or len(text) > _MAX_TEXT or not _ROLES.search(text):
        return (text,) if text else ()
    people, start, depth = [], 0, 0
    for place, char in enumerate(text):
        depth += (char in "([") - (char in ")]")
        if char == "," and depth == 0 and text[place - 1 : place] in ("]", ")", ">"):
            people.append(text[start:place].strip())
            start = place + 1
    return tuple(filter(None, [*people, text[start:].strip()]))


def _persons(code: str) -> Iterator[str]:
    """The people of ``Authors@R``, as far as the strings in ``person("Ann", "Bee", role = "aut")`` tell them.

    That is R code, which nothing here runs: at a call of anything but ``c`` the reading of a person ends.
    """
    for call in re.split(r"\bperson\s*\(", code)[1:]:
        found: dict[str, list[str]] = {}
        depth, commas, stated, last = 1, 0, "", ""
        for double, single, name, char in _WORD.findall(call):
            depth += (char == "(") - (char == ")")
            if depth == 0 or (char == "(" and last != "c"):
                break
            if char == "," and depth == 1:
                commas, stated = commas + 1, ""
            elif char == "=" and depth == 1:
                stated = last
            elif text := _one_line(double or single):
                found.setdefault(stated or ("given", "family", "")[min(commas, 2)], []).append(text)
            last = name
        named = " ".join([*found.get("given", ()), *found.get("family", ())])
        roles = f" [{', '.join(found['role'])}]" if "role" in found else ""
        if named:
            yield named + roles


def _dependencies(fields: Mapping[str, str]) -> Iterator[Dependency]:
    for field in DEPENDENCY_FIELDS:
        for text in filter(None, map(_one_line, fields.get(field, "").split(","))):
            name = _NAME.match(text)
            yield Dependency(text=text, key=name[0] if name and name[0] != "R" else "", group=field)


def _links(fields: Mapping[str, str]) -> Iterator[Link]:
    # Several may stand in one field, with commas or blanks between them, and words about them.
    for label, field in (("", "URL"), ("Bug reports", "BugReports"), ("Contact", "Contact")):
        words = fields.get(field, "")[:_MAX_TEXT].replace(",", " ").split()
        urls = {word: checked_url(word.strip("<>")) for word in words[:_MAX_LINKS]}
        for url in dict.fromkeys(filter(None, urls.values())):
            yield Link(label=label or url.partition("://")[2].rstrip("/") or url, url=url)
        if left := " ".join(word for word in words if not urls.get(word)):
            yield Link(label=label or field, url=None, text=left)


def _one_line(text: str) -> str:
    return " ".join(text.split())
