"""The controls of a served sandbox: for the demo, for proofs, for whoever wants trouble.

Only this machine may use them, and only with the header `Sandbox-Control`, which no web page can
send here without being asked.
"""

import ipaddress
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.apps import App
from sandbox.install import InstallFailed
from sandbox.served import Served
from sandbox.tokens import app_user_token

HEADER = "sandbox-control"
Act = Callable[[Served, dict[str, Any]], Any]


class Nonsense(ValueError):  # noqa: N818 - what was asked for
    """A control was asked for something that is not there; the message says what."""


def from_here(request: Request) -> bool:
    host = request.client.host if request.client else ""
    try:
        near = ipaddress.ip_address(host).is_loopback
    except ValueError:
        near = host == "testclient"
    return near and HEADER in request.headers


def status(served: Served, _asked: dict[str, Any]) -> Any:
    """Everything there is to know: books, counters, deliveries, what is under way."""
    sandbox = served.sandbox
    outbox = sandbox.outbox
    return {
        "api_url": sandbox.api_url,
        "version": sandbox.store.version,
        "now": sandbox.clock.now().isoformat(),
        "orders": len(sandbox.store.orders),
        "customers": len(sandbox.store.users),
        "carts": len(sandbox.store.checkouts),
        "books": {slug: book.as_dict() for slug, book in sandbox.books().items()},
        "deliveries": {
            "waiting": len(outbox),
            "sent": outbox.sent,
            "failed": outbox.failed,
            "gone": outbox.gone,
        },
        "life": {
            "inside": served.life.inside,
            "counts": dict(served.story.counts),
            "trouble": list(served.life.trouble),
        },
        "faults": sandbox.faults.as_dict(),
        "apps": [{"id": app.id, "identifier": app.identifier} for app in apps(served)],
    }


def apps(served: Served) -> list[App]:
    return [app for app in served.sandbox.store.apps.values() if app.is_installed]


def story(served: Served, asked: dict[str, Any]) -> Any:
    lines = served.story.since(int(asked.get("since", 0)))
    return [{"nth": one.nth, "at": one.at.isoformat(), "text": one.text} for one in lines]


def install(served: Served, asked: dict[str, Any]) -> Any:
    try:
        app = served.install_now(asked["manifest_url"])
    except InstallFailed as error:
        raise Nonsense(str(error)) from None
    return {"id": app.id, "identifier": app.identifier}


def app_named(served: Served, asked: dict[str, Any]) -> App:
    wanted = asked.get("app")
    for app in apps(served):
        if wanted in (None, app.id, app.identifier):
            return app
    raise Nonsense("no such app")


def app_does(what: str) -> Act:
    def act(served: Served, asked: dict[str, Any]) -> Any:
        app = app_named(served, asked)
        getattr(served.sandbox, what)(app)
        return {"id": app.id}

    return act


def token(served: Served, asked: dict[str, Any]) -> Any:
    """A Dashboard token of the owner for an app, or (without `app`) her token at the API."""
    sandbox = served.sandbox
    if "app" not in asked and not apps(served):
        return {"token": sandbox.staff_token()}
    if asked.get("kind") == "staff":
        return {"token": sandbox.staff_token()}
    app = app_named(served, asked)
    made = app_user_token(sandbox.shop.ring, sandbox.owner, app, issuer=sandbox.api_url)
    return {"token": made, "app": app.id}


def life(served: Served, asked: dict[str, Any]) -> Any:
    """`{"do": "start" | "close" | "stop", "visits_a_second": 1.2, "cast": true}`."""
    wish = asked.get("do", "start")
    if "visits_a_second" in asked:
        served.life.visits_a_second = float(asked["visits_a_second"])
    if wish == "start":
        served.life.start(with_cast=bool(asked.get("cast", True)))
    elif wish == "close":
        served.life.close()
    elif wish == "stop":
        served.life.stop()
    else:
        raise Nonsense(f"life knows no {wish}")
    return {"inside": served.life.inside}


def faults(served: Served, asked: dict[str, Any]) -> Any:
    """`{"kind": …, "times": 1, "value": 0, "events": []}`; kind `clear` forgets what waits;
    `rotate_key`, `wrong_key` (times) and `bad_order` (an order's number) act at once."""
    sandbox, kind = served.sandbox, asked.get("kind", "")
    times, value = int(asked.get("times", 1)), float(asked.get("value", 0))
    if kind == "clear":
        sandbox.faults.clear()
    elif kind == "rotate_key":
        sandbox.shop.ring.rotate()
    elif kind == "wrong_key":
        sandbox.shop.ring.sign_wrongly(times)
    elif kind == "shuffle":
        sandbox.outbox.shuffle_within = value
    elif kind == "bad_order":
        orders = sandbox.store.orders.values()
        order = next((one for one in orders if one.number == str(asked.get("number"))), None)
        if order is None:
            raise Nonsense("no such order")
        sandbox.spoil(order)
    else:
        events = tuple(asked.get("events", ()))
        try:
            sandbox.faults.ask_for(kind, times=times, value=value, events=events)
        except ValueError as error:
            raise Nonsense(str(error)) from None
    return sandbox.faults.as_dict()


def control_routes(served: Served) -> list[BaseRoute]:
    acts: dict[str, tuple[str, Act]] = {
        "/control/status": ("GET", status),
        "/control/story": ("GET", story),
        "/control/install": ("POST", install),
        "/control/uninstall": ("POST", app_does("uninstall")),
        "/control/activate": ("POST", app_does("activate")),
        "/control/deactivate": ("POST", app_does("deactivate")),
        "/control/revoke": ("POST", app_does("revoke_token")),
        "/control/token": ("POST", token),
        "/control/life": ("POST", life),
        "/control/faults": ("POST", faults),
    }
    return [
        Route(path, guarded(served, act), methods=[method]) for path, (method, act) in acts.items()
    ]


def guarded(served: Served, act: Act) -> Callable[[Request], Any]:
    async def serve(request: Request) -> Response:
        if not from_here(request):
            return JSONResponse({"error": "not from here"}, 403)
        asked: dict[str, Any] = dict(request.query_params)
        if request.method == "POST" and await request.body():
            asked |= await request.json()
        try:
            return JSONResponse(await run_in_threadpool(act, served, asked))
        except Nonsense as nonsense:
            return JSONResponse({"error": str(nonsense)}, 400)

    return serve
