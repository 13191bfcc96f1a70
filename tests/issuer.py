"""An issuer of identity tokens (OpenID Connect) for tests: keys of its own, served from a thread."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

DISCOVERY = "/.well-known/openid-configuration"
AUDIENCE = "packages.example.com"
#: What GitHub says of a job.
GITHUB = {
    "sub": "repo:acme/example:environment:release",
    "repository": "acme/example",
    "repository_id": "4711",
    "repository_owner": "acme",
    "repository_owner_id": "17",
    "workflow": "Release",
    "workflow_ref": "acme/example/.github/workflows/release.yml@refs/tags/v1.0",
    "job_workflow_ref": "acme/example/.github/workflows/release.yml@refs/tags/v1.0",
    "ref": "refs/tags/v1.0",
    "environment": "release",
    "run_id": "9001",
    "run_attempt": "2",
}
#: What GitLab says of a job.
GITLAB = {
    "sub": "project_path:acme/tools/example:ref_type:branch:ref:main",
    "project_path": "acme/tools/example",
    "project_id": "46573356",
    "namespace_path": "acme/tools",
    "namespace_id": "68413579",
    "ci_config_ref_uri": "gitlab.com/acme/tools/example//.gitlab-ci.yml@refs/heads/main",
    "ref": "main",
    "ref_protected": "true",
    "job_id": "8222997048",
    "runner_id": 12270835,
}


@cache
def private_key(kind: str, number: int = 0) -> Any:
    """An RSA or EC key, the same for the same kind and number: RSA keys take long to make."""
    del number
    if kind == "EC":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, int(kind.removeprefix("RSA") or 2048))


def jwk(key: Any, kid: str, **more: Any) -> dict[str, Any]:
    """The public half of a key, as key sets hold it."""
    name = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    public = jwt.get_algorithm_by_name(name).to_jwk(key.public_key(), as_dict=True)
    public.pop("key_ops", None)
    return {**public, "kid": kid, "use": "sig", "alg": name, **more}


@dataclass
class Forge:
    """A forge whose jobs have identities. ``claims`` are those of the job that runs; ``answers`` replace documents.

    Every request is kept as its path; one token differs from the next by its ``jti``.
    """

    url: str = ""
    keys: dict[str, Any] = field(default_factory=lambda: {"first": private_key("RSA")})
    claims: dict[str, Any] = field(default_factory=lambda: dict(GITHUB))
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    delay: float = 0
    _count: int = 0

    def token(self, *, key: Any = None, kid: str | None = None, now: float | None = None, **claims: Any) -> str:
        """An identity token; a claim of None is left out."""
        self._count += 1
        issued = int(time.time() if now is None else now)
        kid = next(iter(self.keys)) if kid is None else kid
        key = self.keys[kid] if key is None else key
        standard = {
            "iss": self.url,
            "aud": AUDIENCE,
            "iat": issued,
            "nbf": issued,
            "exp": issued + 300,
            "jti": f"job-{self._count}",
        }
        stated = {name: value for name, value in (standard | self.claims | claims).items() if value is not None}
        algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        return jwt.PyJWS().encode(json.dumps(stated).encode(), key, algorithm=algorithm, headers={"kid": kid})

    def answer(self, target: str) -> tuple[int, dict[str, str], bytes]:
        """What a GET is answered."""
        path = urlsplit(target).path
        if path in self.answers:
            return self.answers[path]
        if path == DISCOVERY:
            document: Any = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        elif path == "/keys":
            document = {"keys": [jwk(key, kid) for kid, key in self.keys.items()]}
        elif path == "/token":
            document = {"value": self.token(aud=parse_qs(urlsplit(target).query)["audience"][0])}
        else:
            return 404, {}, b"{}"
        return 200, {"Content-Type": "application/json"}, json.dumps(document).encode()


class _Handler(BaseHTTPRequestHandler):
    forge: Forge

    def do_GET(self) -> None:
        self.forge.requests.append(self.path)
        status, headers, body = self.forge.answer(self.path)
        time.sleep(self.forge.delay)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def forging(context: ssl.SSLContext | None = None) -> Iterator[Forge]:
    """A forge in service, over TLS where there is a context for it."""
    forge = Forge()
    handler = type("Handler", (_Handler,), {"forge": forge})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        forge.url = f"http{'s' if context else ''}://{'localhost' if context else '127.0.0.1'}:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield forge
        finally:
            server.shutdown()
            thread.join()
