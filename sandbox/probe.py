"""A tiny app that installs, listens and writes everything down: to learn from, and to test with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx
from jwt import PyJWKSet, api_jws

SMALLEST = ("MANAGE_ORDERS", "MANAGE_CHECKOUTS", "MANAGE_USERS", "MANAGE_DISCOUNTS")
BASE = "http://probe.example.com"


class Heard(NamedTuple):
    event: str
    body: dict[str, Any]
    raw: bytes
    headers: Mapping[str, str]


def verify(raw: bytes, signature: str, jwks: dict[str, Any]) -> None:
    """Check a detached signature as an app has to: raw bytes, RS256 and nothing else."""
    kid = str(api_jws.get_unverified_header(signature).get("kid"))
    key = PyJWKSet.from_dict(jwks)[kid].key
    api_jws.decode_complete(signature, key=key, algorithms=["RS256"], detached_payload=raw)


@dataclass
class Probe:
    """An app reached in this process. `queries` maps events to subscriptions; `answers` are the
    statuses of its next replies to deliveries, 200 when they run out."""

    queries: dict[str, str]
    permissions: tuple[str, ...] = SMALLEST
    identifier: str = "probe.local"
    heard: list[Heard] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    token: str | None = None
    refusal: tuple[int, dict[str, Any]] | None = None
    asked: list[Mapping[str, str]] = field(default_factory=list)
    on_register: Any = None

    @property
    def manifest(self) -> dict[str, Any]:
        return {
            "id": self.identifier,
            "version": "1.0.0",
            "name": "Probe",
            "permissions": list(self.permissions),
            "appUrl": f"{BASE}/app",
            "tokenTargetUrl": f"{BASE}/api/register",
            "webhooks": [
                {
                    "name": event,
                    "asyncEvents": [event],
                    "query": query,
                    "targetUrl": f"{BASE}/api/webhooks/{event.lower()}",
                }
                for event, query in self.queries.items()
            ],
        }

    def request(self, method: str, url: str, **kwargs: Any) -> httpx.Response:
        """Answers as an app behind an httpx client would."""
        path, headers = httpx.URL(url).path, httpx.Headers(kwargs.get("headers"))
        body: bytes = kwargs.get("content") or b""
        if path == "/api/manifest":
            self.asked.append(headers)
            return httpx.Response(200, json=self.manifest)
        if path == "/api/register":
            return self._register(headers, body)
        if path.startswith("/api/webhooks/") and method == "POST":
            self.heard.append(Heard(headers["saleor-event"], json.loads(body), body, headers))
            return httpx.Response(self.answers.pop(0) if self.answers else 200)
        return httpx.Response(404)

    def _register(self, headers: httpx.Headers, body: bytes) -> httpx.Response:
        self.asked.append(headers)
        if self.refusal is not None:
            return httpx.Response(self.refusal[0], json=self.refusal[1])
        self.token = json.loads(body)["auth_token"]
        if self.on_register is not None:
            self.on_register(self.token)
        return httpx.Response(200, json={"success": True})

    def events(self) -> list[str]:
        """What was heard, by name, in the order it came."""
        return [one.event.upper() for one in self.heard]
