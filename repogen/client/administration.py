"""The receiver's API for administration, from the other end: one method a question, plain values back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from repogen.client.connection import Connection, Sending, is_success
from repogen.errors import Unreachable

_ROOT = "/__api__/v1"

#: A JSON object as the receiver sent it; what its fields are, ``docs/openapi.yaml`` says.
Row = dict[str, Any]


class Administration:
    """Asks over one connection. Every method raises the error that a refusal stands for, and Unreachable."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def own_token(self) -> Row:
        """The token of the connection: ``jti``, ``user``, ``grants``, ``expires`` ("" for never)."""
        return self._object(self._connection.call("GET", f"{_ROOT}/token"))

    def tokens(self, states: Collection[str]) -> list[Row]:
        """The tokens in one of these states."""
        rows = [row for state in sorted(states) for row in self._listed("tokens", query={"state": state})]
        return sorted(rows, key=lambda row: (str(row.get("issued")), str(row.get("jti"))))

    def create_token(
        self, *, description: str, scopes: Mapping[str, Sequence[str]], expires: str, user: str | None
    ) -> tuple[str, Row]:
        """The text of a new token, which nobody tells again, and what is listed of it."""
        body = {"description": description, "scopes": scopes, "expires": expires, "user": user}
        # Once: a second request would make a second token, and nobody would know the text of the first.
        sending = Sending(method="POST", path=f"{_ROOT}/tokens", content=lambda: {"json": body})
        answer = self._connection.send(sending, tries=1)
        if not is_success(answer):
            raise answer.refusal()
        made = self._object(answer.value)
        row = self._object(made.get("token"))
        return self._text(made, "text"), {"jti": self._text(row, "jti"), "expires": self._text(row, "expires"), **row}

    def revoke_token(self, jti: str) -> Row:
        """End a token, or find it ended."""
        return self._object(self._connection.call("DELETE", f"{_ROOT}/tokens/{quote(jti, safe='')}"))

    def sources(self) -> list[Row]:
        return self._listed("sources", {"name", "type", "repositories", "description"})

    def repositories(self) -> list[Row]:
        return self._listed("repositories", {"name", "type", "sources", "fallback"})

    def yank(self, source: str, *, project: str, which: str, reason: str) -> Row:
        """``commit`` (None: nothing had to change) and ``files``; so do the others answer."""
        return self._change(source, "yank", {"project": project, "which": which, "reason": reason})

    def unyank(self, source: str, *, project: str, which: str) -> Row:
        return self._change(source, "unyank", {"project": project, "which": which})

    def archive(self, source: str, *, project: str, version: str | None) -> Row:
        return self._change(source, "archive", {"project": project, "version": version})

    def remove(
        self, source: str, *, project: str, which: str | None, distribution: str | None, comment: str, purge: bool
    ) -> Row:
        """All of a project where ``which`` is None. With ``purge`` also ``purged``, ``kept`` and ``absent``."""
        body = {
            "project": project,
            "which": which,
            "all": which is None,
            "distribution": distribution,
            "comment": comment,
            "purge": purge,
        }
        row = self._change(source, "remove", body)
        if purge:
            self._check(row.get("purged"), {"filename", "sha256"})
            self._check(row.get("kept"), {"filename", "sources"})
            self._check(row.get("absent"))
        return row

    def copy(self, origin: str, *, project: str, version: str, to: str) -> Row:
        """``files`` have ``filename``, ``status`` and ``warnings``, and there are ``notes``."""
        row = self._change(origin, "copy", {"project": project, "version": version, "to": to})
        self._check(row["files"], {"filename", "status", "warnings"})
        self._check(row.get("notes"))
        return row

    def _change(self, source: str, verb: str, body: Row) -> Row:
        path = f"{_ROOT}/sources/{quote(source, safe='')}/{verb}"
        row = self._object(self._connection.call("POST", path, body=body))
        self._check(row.get("files"))
        return {"commit": None, **row}

    def _listed(
        self, name: str, fields: Collection[str] = ("jti",), *, query: Mapping[str, str] | None = None
    ) -> list[Row]:
        found = self._object(self._connection.call("GET", f"{_ROOT}/{name}", query=query)).get(name)
        return self._check(found, fields)

    def _check(self, rows: Any, fields: Collection[str] = ()) -> list[Any]:
        """The rows. Raises Unreachable for what is no list, of objects with these fields where there are any."""
        if not isinstance(rows, list) or not all(set(fields) <= self._object(row).keys() for row in rows if fields):
            raise self._other()
        return rows

    def _text(self, row: Row, field: str) -> str:
        value = row.get(field)
        if not isinstance(value, str):
            raise self._other()
        return value

    def _object(self, value: Any) -> Row:
        if not isinstance(value, dict):
            raise self._other()
        return value

    def _other(self) -> Unreachable:
        return Unreachable(
            f"the answer of {self._connection.access.address} is not understood",
            hint="compare the versions of repogen here and there",
        )
