"""The two addresses of a Saleor that apps use: /graphql/ and /.well-known/jwks.json."""

import json
from typing import Any

import httpx

from sandbox.faults import Fault
from sandbox.sandbox import Sandbox

JWKS = "/.well-known/jwks.json"
GRAPHQL = "/graphql/"


def trouble(fault: Fault) -> tuple[int, dict[str, str], bytes]:
    """What a broken or busy API answers."""
    if fault.kind == "throttle":
        wait = str(int(fault.value) or 1)
        return 429, {"Retry-After": wait}, b'{"detail": "Too many requests"}'
    return int(fault.value) or 500, {}, b"Internal Server Error"


def reply(sandbox: Sandbox, headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
    reading = sandbox.answer(headers, body)
    return (
        reading.status,
        {"Content-Type": "application/json"},
        json.dumps(reading.body).encode(),
    )


def transport(sandbox: Sandbox) -> httpx.MockTransport:
    """The API and the JWKS for an httpx client of this process, without a network."""
    return httpx.MockTransport(lambda request: _handle(sandbox, request))


def _handle(sandbox: Sandbox, request: httpx.Request) -> httpx.Response:
    """A `hang` is a ReadTimeout."""
    path = request.url.path
    if path == JWKS:
        return httpx.Response(200, json=sandbox.shop.ring.jwks)
    if path != GRAPHQL or request.method != "POST":
        return httpx.Response(404)
    fault = sandbox.faults.at_the_api()
    if fault is not None and fault.kind == "hang":
        raise httpx.ReadTimeout("the sandbox was asked to hang", request=request)
    if fault is not None and fault.kind in ("error", "throttle"):
        status, extra, content = trouble(fault)
        return httpx.Response(status, headers=extra, content=content)
    status, extra, content = reply(sandbox, request.headers, request.read())
    return httpx.Response(status, headers=extra, content=content)
