"""The receiver, held to ``docs/openapi.yaml`` by schemathesis; and that to the routes of the receiver."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from ruamel.yaml import YAML
from schemathesis.checks import CHECKS, load_all_checks

from repogen.receiver.app import ROUTES
from tests.r_packages import make_r_source
from tests.receiver.wire import put
from tests.served import Served, serve_home

pytestmark = pytest.mark.conformance

DESCRIPTION: dict[str, Any] = YAML(typ="safe").load(Path(__file__).parents[2] / "docs/openapi.yaml")

load_all_checks()
#: Names are made up, so that any answer that is described may come; but no other, and in no other form.
HELD_TO = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)


def known() -> dict[str, Any]:
    """The description, with what is there among the names that are made up: else all would be 404."""
    described = deepcopy(DESCRIPTION)
    parts = described["components"]
    for schema, names in (
        (parts["parameters"]["Source"], ["local-python", "local-r", "staging"]),
        (parts["parameters"]["Project"], ["example"]),
        (parts["schemas"]["Name"], ["example", "1.0", "local-python", "staging"]),
        (parts["schemas"]["Which"], ["1.0", "2.0"]),
    ):
        place = schema.get("schema", schema)
        other = dict(place)
        place.clear()
        place["anyOf"] = [{"enum": names}, other]
    return described


api = schemathesis.openapi.from_dict(known())
# Methods that are not described and the like have tests of their own.
api.config.phases.update(phases=["examples", "fuzzing"])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A home in service, with projects of the names that are made up."""
    with serve_home(tmp_path_factory.mktemp("described")) as one:
        one.upload("example", "1.0", "2.0", source="staging")
        yield one


def send(case: Any, served: Served, token: str) -> Any:
    """The answer to a case, which must be as it is described."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response = case.call(base_url=f"http://127.0.0.1:{served.port}", headers=headers)
    case.validate_response(response, checks=HELD_TO)
    return response


@api.parametrize()
@settings(max_examples=8, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_asked(case: Any, served: Served) -> None:
    """By an admin, by somebody who may upload or by anybody: an answer that is described, in that form, and no 5xx."""
    for token in (served.admin, served.near, ""):
        send(case, served, token)


@pytest.mark.parametrize(
    ("method", "path", "source", "body", "status"),
    [
        ("GET", "token", "", None, 200),
        ("GET", "tokens", "", None, 200),
        ("POST", "tokens", "", {"description": "x", "scopes": {"sources:write": ["*"]}, "expires": "never"}, 201),
        ("DELETE", "tokens/{jti}", "", None, 200),
        ("GET", "sources", "", None, 200),
        ("GET", "repositories", "", None, 200),
        ("POST", "sources/{source}/yank", "staging", {"project": "asked", "which": "1.0", "reason": "x"}, 200),
        ("POST", "sources/{source}/unyank", "staging", {"project": "asked", "which": "1.0"}, 200),
        ("POST", "sources/{source}/archive", "local-r", {"project": "asked"}, 200),
        ("POST", "sources/{source}/copy", "staging", {"project": "asked", "version": "1.0", "to": "local-python"}, 200),
        ("POST", "sources/{source}/remove", "staging", {"project": "asked", "all": True, "comment": "x"}, 200),
        (
            *("POST", "sources/{source}/remove", "local-python"),
            *({"project": "asked", "which": "1.0", "comment": "x", "purge": True}, 200),
        ),
    ],
)
def test_what_is_done(served: Served, method: str, path: str, source: str, body: Any, status: int) -> None:
    """Each kind of administration, where there is something to do, is answered as it is described."""
    if source == "local-r":
        file = make_r_source(served.folder, "asked", "1.0")
        put(served.port, f"/upload/r/local-r/{file.name}", file.read_bytes(), Authorization=f"Bearer {served.admin}")
    elif source:
        served.upload("asked", "1.0", source=source)
    spare = {"description": "to be revoked", "scopes": {"repos:read": ["*"]}}
    jti = served.call("POST", "tokens", spare, token=served.admin)[1]["token"]["jti"]
    case = api[f"/__api__/v1/{path}"][method].Case(
        path_parameters={"source": source, "jti": jti},
        **({} if body is None else {"body": body, "media_type": "application/json"}),
    )
    response = send(case, served, served.admin)
    assert response.status_code == status
    if source:
        assert response.json()["commit"] or path.endswith("unyank")


def test_every_route_is_described() -> None:
    """The routes of the receiver and the paths of the description are the same, with the same methods."""
    routed = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method)
        for rule in ROUTES.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
    }
    described = {
        (path, method.upper())
        for path, operations in DESCRIPTION["paths"].items()
        for method in operations
        if method != "parameters"
    }
    assert routed == described
