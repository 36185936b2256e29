"""The web server: the API and its keys, the Dashboard-like pages, and the controls."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.faults import Fault
from sandbox.served import Served
from sandbox.web.control import control_routes
from sandbox.web.dashboard import dashboard_routes
from sandbox.web.pictures import picture
from sandbox.wire import GRAPHQL, JWKS, reply, trouble

STATIC = Path(__file__).parent / "static"
HANGS = 25.0


def create_app(served: Served) -> Starlette:
    """The ASGI app of a sandbox; its carriers start and stop with it."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        served.start()
        yield
        await run_in_threadpool(served.stop)

    async def graphql(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(answer, served, request, body)

    def jwks(_request: Request) -> Response:
        return JSONResponse(served.sandbox.shop.ring.jwks)

    routes: list[BaseRoute] = [
        Route(GRAPHQL, graphql, methods=["POST"]),
        Route(GRAPHQL, explain, methods=["GET"]),
        Route(JWKS, jwks),
        Route("/media/products/{slug}.svg", picture),
        Mount("/static", StaticFiles(directory=STATIC)),
        *control_routes(served),
        *dashboard_routes(served),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def answer(served: Served, request: Request, body: bytes) -> Response:
    fault = served.sandbox.faults.at_the_api()
    if fault is not None:
        if fault.kind in ("slow", "hang"):
            time.sleep(fault.value or (HANGS if fault.kind == "hang" else 1.0))
        if fault.kind != "slow":
            return broken(fault)
    status, headers, content = reply(served.sandbox, request.headers, body)
    return Response(content, status, headers)


def broken(fault: Fault) -> Response:
    if fault.kind == "hang":
        return PlainTextResponse("Gateway Timeout", 504)
    status, headers, content = trouble(fault)
    return Response(content, status, headers)


def explain(_request: Request) -> Response:
    words = {"POST": "GraphQL here", "schema": "sandbox/schema.graphql"}
    return PlainTextResponse(json.dumps(words))
