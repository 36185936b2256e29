"""Pages that look and behave like Saleor's Dashboard towards an app: menu, frames, widgets."""

import hmac
import secrets
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.apps import App, Extension
from sandbox.install import InstallFailed, fetch_manifest
from sandbox.manifest import problems
from sandbox.rules.permissions import NAMES
from sandbox.rules.refusal import Refused
from sandbox.served import Served
from sandbox.tokens import app_user_token
from sandbox.web.words import LOCALES, say

TEMPLATES = Path(__file__).parent / "templates"
ENTERED = "sandbox_owner"
ROWS = 50
SANDBOX = "allow-same-origin allow-forms allow-scripts allow-downloads allow-popups"

Page = Callable[["Desk", Request], Response]


class Desk:
    """The owner's desk: renders pages, and knows whether it is the owner who looks."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.sandbox = served.sandbox
        self.shop = served.sandbox.shop
        self.store = served.sandbox.store
        self._key = secrets.token_urlsafe(16)
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True
        )
        self._templates.filters["money"] = money
        self._templates.filters["day"] = day
        self._templates.filters["url"] = lambda text: quote(text, safe="")

    def entered(self, request: Request) -> bool:
        return hmac.compare_digest(request.cookies.get(ENTERED, ""), self._key)

    def own(self, request: Request) -> bool:
        """Whether a form came from our own pages and not from a frame or another site."""
        return request.headers.get("origin") in (None, self.shop.url)

    def enter(self, request: Request) -> Response:
        where = request.query_params.get("next", "/")
        inside = where.startswith("/") and not where.startswith(("//", "/\\"))
        answer = RedirectResponse(where if inside else "/", 303)
        answer.set_cookie(ENTERED, self._key, httponly=True, samesite="strict")
        return answer

    def page(self, request: Request, name: str, **facts: Any) -> HTMLResponse:
        locale = request.cookies.get("sandbox_locale", "en")
        theme = request.cookies.get("sandbox_theme", "light")
        html = self._templates.get_template(name).render(
            _=lambda text: say(text, locale),
            locale=locale if locale in LOCALES else "en",
            locales=LOCALES,
            theme="dark" if theme == "dark" else "light",
            path=request.url.path,
            owner=self.sandbox.owner,
            shop=self.shop,
            navigation=self.navigation(),
            frame=SANDBOX,
            **facts,
        )
        return HTMLResponse(html)

    def apps(self) -> list[App]:
        return [one for one in self.store.apps.values() if one.is_installed]

    def navigation(self) -> dict[str, list[tuple[str, str]]]:
        """Apps' own entries in the side menu, by the menu they hang under."""
        held: dict[str, list[tuple[str, str]]] = {}
        for app in self.apps():
            for one in app.extensions:
                if app.is_active and one.mount.startswith("NAVIGATION_"):
                    address = f"/extensions/app/{quote(app.id, safe='')}{one.url}"
                    held.setdefault(one.mount.removeprefix("NAVIGATION_"), []).append(
                        (one.label, address)
                    )
        return held

    def app(self, request: Request) -> App | None:
        return self.store.apps.get(request.path_params["id"])

    def widgets(self, mount: str, **context: str) -> list[dict[str, Any]]:
        """What a page has to know to load the widgets of a place."""
        return [
            self.widget(app, one, context)
            for app in self.apps()
            for one in app.extensions
            if app.is_active and one.mount == mount and one.target == "WIDGET"
        ]

    def widget(self, app: App, one: Extension, context: dict[str, str]) -> dict[str, Any]:
        address = one.url if one.url.startswith("http") else f"{app.app_url or ''}{one.url}"
        hints = {"domain": self.shop.domain, "saleorApiUrl": self.shop.api_url, "id": app.id}
        query = urlencode([*hints.items(), *hints.items(), *context.items()])
        return {
            "label": one.label,
            "app": app,
            "extension": one.id,
            "method": one.method,
            "address": address if one.method == "POST" else f"{address}?{query}",
            "context": context,
        }

    def token_for(self, app: App, extension: str | None) -> str:
        chosen = next((one for one in app.extensions if one.id == extension), None)
        return app_user_token(
            self.shop.ring, self.sandbox.owner, app, issuer=self.shop.api_url, extension=chosen
        )


def money(amount: Decimal, currency: str) -> str:
    return f"{amount:,.2f} {currency}"


def day(at: datetime | None) -> str:
    return at.strftime("%b %d, %Y %H:%M") if at else "–"


def home(desk: Desk, request: Request) -> Response:
    return desk.page(request, "home.html", books=desk.sandbox.books(), lines=last_lines(desk))


def last_lines(desk: Desk) -> list[Any]:
    return list(reversed(desk.served.story.since(0)))[:40]


def story(desk: Desk, request: Request) -> Response:
    nth = int(request.query_params.get("since", "0"))
    lines = [{"nth": one.nth, "text": one.text} for one in desk.served.story.since(nth)]
    return JSONResponse({"lines": lines, "orders": len(desk.store.orders)})


def customers(desk: Desk, request: Request) -> Response:
    wanted = request.query_params.get("query", "").lower()
    with desk.store.lock:
        users = [one for one in desk.store.users.values() if not one.is_staff]
    users = [one for one in users if wanted in one.email or wanted in one.name.lower()]
    users.sort(key=lambda one: one.updated_at, reverse=True)
    return desk.page(request, "customers.html", users=users[:ROWS], query=wanted, found=len(users))


def customer(desk: Desk, request: Request) -> Response:
    user = desk.store.users.get(request.path_params["id"])
    if user is None:
        return desk.page(request, "missing.html")
    with desk.store.lock:
        orders = sorted(desk.store.orders_of(user), key=lambda one: one.created, reverse=True)
    widgets = desk.widgets("CUSTOMER_DETAILS_WIDGETS", customerId=user.id)
    return desk.page(request, "customer.html", user=user, orders=orders, widgets=widgets)


def orders(desk: Desk, request: Request) -> Response:
    with desk.store.lock:
        held = sorted(desk.store.orders.values(), key=lambda one: one.seq, reverse=True)[:ROWS]
    return desk.page(request, "orders.html", orders=held, found=len(desk.store.orders))


def order(desk: Desk, request: Request) -> Response:
    held = desk.store.orders.get(request.path_params["id"])
    if held is None:
        return desk.page(request, "missing.html")
    widgets = desk.widgets("ORDER_DETAILS_WIDGETS", orderId=held.id)
    return desk.page(request, "order.html", order=held, widgets=widgets)


def products(desk: Desk, request: Request) -> Response:
    return desk.page(request, "products.html", products=list(desk.store.products.values()))


def discounts(desk: Desk, request: Request) -> Response:
    with desk.store.lock:
        held = list(desk.store.vouchers.values())[::-1]
        used = {one.voucher_code for one in desk.store.orders.values() if one.voucher_code}
    counts = {one.id: sum(code in used for code in one.codes) for one in held}
    return desk.page(request, "discounts.html", vouchers=held, used=counts)


def installed(desk: Desk, request: Request) -> Response:
    return desk.page(request, "installed.html", apps=desk.apps(), names=NAMES)


def install_page(desk: Desk, request: Request) -> Response:
    """The manifest's permissions before anything is installed, or why it cannot be."""
    address = request.query_params.get("manifestUrl", "")
    manifest, wrong = None, []
    if address:
        try:
            manifest = fetch_manifest(desk.shop, address, desk.served.call)
            found = problems(manifest, version=desk.store.version, validate=desk.shop.validate)
            wrong = [f"{field}: {message}" for field, _, message in found]
        except Refused as refused:
            wrong = [str(refused)]
    return desk.page(
        request, "install.html", manifest=manifest, wrong=wrong, address=address, names=NAMES
    )


def install_now(desk: Desk, request: Request) -> Response:
    address = request.query_params.get("manifestUrl", "")
    try:
        app = desk.served.install_now(address)
    except InstallFailed as error:
        facts = {"manifest": None, "wrong": [str(error)], "address": address, "names": NAMES}
        return desk.page(request, "install.html", **facts)
    return RedirectResponse(f"/extensions/app/{quote(app.id, safe='')}", 303)


def change_app(desk: Desk, request: Request) -> Response:
    app, wish = desk.app(request), request.path_params["wish"]
    if app is not None:
        act = {
            "activate": desk.sandbox.activate,
            "deactivate": desk.sandbox.deactivate,
            "delete": desk.sandbox.uninstall,
        }[wish]
        act(app)
    return RedirectResponse("/extensions/installed", 303)


def app_page(desk: Desk, request: Request) -> Response:
    """The app in its frame. Like the real one, the Dashboard puts its own query first."""
    app = desk.app(request)
    if app is None or not app.app_url:
        return desk.page(request, "missing.html")
    below = request.path_params.get("path", "")
    hints = {"domain": desk.shop.domain, "saleorApiUrl": desk.shop.api_url, "id": app.id}
    flags = {"featureFlags[new_order_ui][enabled]": "false"}
    own = request.query_params.multi_items()
    query = urlencode([*own, *hints.items(), *flags.items()])
    root = app.app_url.rstrip("/")
    address = f"{root}/{below}" if below else app.app_url
    return desk.page(request, "app.html", app=app, address=f"{address}?{query}", root=root)


def token(desk: Desk, request: Request) -> Response:
    app = desk.store.apps.get(request.query_params.get("app", ""))
    if app is None:
        return JSONResponse({"error": "no such app"}, 404)
    return JSONResponse({"token": desk.token_for(app, request.query_params.get("extension"))})


def logo(desk: Desk, request: Request) -> Response:
    app = desk.app(request)
    if app is None or app.logo is None:
        return Response(status_code=404)
    return Response(app.logo, media_type="image/png")


def dashboard_routes(served: Served) -> list[BaseRoute]:
    desk = Desk(served)
    look: dict[str, Page] = {
        "/": home,
        "/dashboard/story": story,
        "/customers": customers,
        "/customers/{id}": customer,
        "/orders": orders,
        "/orders/{id}": order,
        "/products": products,
        "/discounts": discounts,
        "/extensions/installed": installed,
        "/extensions/app/install": install_page,
        "/extensions/app/{id}/logo.png": logo,
        "/extensions/app/{id}": app_page,
        "/extensions/app/{id}/{path:path}": app_page,
    }
    do: dict[str, Page] = {
        "/dashboard/token": token,
        "/extensions/app/install": install_now,
        "/extensions/app/{id}/do/{wish}": change_app,
    }
    return [
        Route("/enter", behind(desk, Desk.enter, free=True), methods=["POST"]),
        *(Route(path, behind(desk, act), methods=["POST"]) for path, act in do.items()),
        *(Route(path, behind(desk, show)) for path, show in look.items()),
    ]


def behind(desk: Desk, page: Page, *, free: bool = False) -> Callable[[Request], Any]:
    """Only the owner looks, and she becomes it by one click."""

    async def serve(request: Request) -> Response:
        if request.method == "POST" and not desk.own(request):
            return HTMLResponse("not from here", 403)
        if not free and not desk.entered(request):
            return await run_in_threadpool(desk.page, request, "enter.html")
        return await run_in_threadpool(page, desk, request)

    return serve
