"""A Saleor with a past: it lists what it has page by page, filters as the real one, and fails."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import httpx

from tests.support import makers
from tests.support.makers import JSON

MOST = 100
LISTS = frozenset({"Customers", "Products"})


class Past:
    """Thread-safe as far as it is only read: pages are asked for from another thread."""

    def __init__(self) -> None:
        self.customers: list[JSON] = []
        self.products: list[JSON] = []
        self.orders: list[JSON] = []
        self.checkouts: list[JSON] = []
        self.failed: list[JSON] = []
        self.unreadable: set[str] = set()
        """Ids of orders on which Saleor stumbles whatever is asked of them."""
        self.hidden: set[str] = set()
        """Ids of orders that are listed and, asked for one by one, not there."""
        self.heeds_days = True
        """Whether the books are filtered by the days asked for."""
        self.forbidden: set[str] = set()
        """Lists that our permissions do not reach."""
        self.largest = MOST
        """A page of more is refused as too costly."""
        self.away = False
        self.never: set[str] = set()
        """Operations that never answer."""
        self.asked: list[tuple[str, JSON]] = []
        self.on_ask: Callable[[str, JSON], None] = lambda *_: None

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    def names(self) -> list[str]:
        return [name for name, _ in self.asked]

    def answer(self, request: httpx.Request) -> httpx.Response:
        told = json.loads(request.content)
        found = re.search(r"(?:query|mutation) (\w+)", told["query"])
        assert found, told["query"][:80]
        name, variables = found.group(1), told.get("variables") or {}
        self.asked.append((name, variables))
        self.on_ask(name, variables)
        if self.away or name in self.never:
            raise httpx.ConnectError("nobody is there", request=request)
        if variables.get("first", 0) > self.largest:
            return httpx.Response(400, json={"errors": [{"message": "too costly"}]})
        return httpx.Response(200, json=self._say(name, variables))

    def _say(self, name: str, variables: JSON) -> JSON:
        if name in LISTS:
            field = name.lower()
            return self._list(field, self._changed(getattr(self, field), variables), variables)
        answer = {
            "AppIdentity": lambda: {"data": facts()},
            "ShopFacts": lambda: {"data": facts()},
            "HistorySize": self._size,
            "FailedDeliveries": self._failures,
            "Checkouts": lambda: self._checkouts(variables),
            "Checkout": lambda: self._checkout(variables["id"]),
            "Order": lambda: self._one(name, variables["id"]),
            "OrderWithoutOrigin": lambda: self._one(name, variables["id"]),
            "OrderBooks": lambda: self._books(variables),
            "OwnWebhooks": lambda: {"data": {"app": {"id": makers.APP, "webhooks": []}}},
        }.get(name)
        return answer() if answer else self._order_page(name, variables)

    def _size(self) -> JSON:
        kinds = ("products", "customers", "orders", "checkouts")
        return {"data": {kind: {"totalCount": len(getattr(self, kind))} for kind in kinds}}

    def _failures(self) -> JSON:
        edges = [{"node": node} for node in self.failed]
        hook = {"id": "W1", "name": "all", "eventDeliveries": {"edges": edges}}
        return {"data": {"app": {"id": makers.APP, "webhooks": [hook]}}}

    def _checkouts(self, variables: JSON) -> JSON:
        """Saleor's filter knows only days, and there is no order by last change."""
        since = variables.get("since") or ""
        some = [each for each in self.checkouts if each["updatedAt"][:10] >= since]
        some.sort(key=lambda node: (node["created"], node["id"]))
        return self._list("checkouts", some, variables)

    def _checkout(self, id_: str) -> JSON:
        found = next((each for each in self.checkouts if each["id"] == id_), None)
        return {"data": {"checkout": found}}

    def _books(self, variables: JSON) -> JSON:
        start, end = variables["from"], variables["until"]
        some = [
            order
            for order in self.orders
            if not self.heeds_days or start <= order["created"][:10] <= end
        ]
        some.sort(key=lambda node: (node["created"], node["id"]))
        return self._list("orders", some, variables)

    def _order_page(self, name: str, variables: JSON) -> JSON:
        assert name in {"Orders", "OrdersWithoutOrigin", "OrderNames"}, name
        page = self._list("orders", self._changed(self.orders, variables), variables)
        if "errors" in page:
            return page
        for at, edge in enumerate(page["data"]["orders"]["edges"]):
            node = edge["node"]
            if name != "OrderNames" and node["id"] in self.unreadable:
                return _nulled("orders", "edges", at, "node", "total")
            if name == "Orders" and not node["origin"]:
                return _nulled("orders", "edges", at, "node", "origin")
        if name == "OrdersWithoutOrigin":
            for edge in page["data"]["orders"]["edges"]:
                edge["node"] = {k: v for k, v in edge["node"].items() if k != "origin"}
        return page

    def _one(self, name: str, id_: str) -> JSON:
        found = next((order for order in self.orders if order["id"] == id_), None)
        if id_ in self.hidden:
            return {"data": {"order": None}}
        if found and (id_ in self.unreadable or (name == "Order" and not found["origin"])):
            return _nulled("order", "total")
        return {"data": {"order": found}}

    def _changed(self, things: Sequence[JSON], variables: JSON) -> list[JSON]:
        since = variables.get("since")
        some = [t for t in things if not since or when(t["updatedAt"]) >= when(since)]
        return sorted(some, key=lambda thing: (when(thing["updatedAt"]), thing["id"]))

    def _list(self, field: str, things: Sequence[JSON], variables: JSON) -> JSON:
        if field in self.forbidden:
            error = _error((field,), code="PermissionDenied")
            return {"data": {field: None}, "errors": [error]}
        start = 0
        if after := variables.get("after"):
            start = [thing["id"] for thing in things].index(after) + 1
        some = things[start : start + variables.get("first", MOST)]
        more = start + len(some) < len(things)
        end = some[-1]["id"] if some else None
        edges = [{"node": node} for node in some]
        info = {"hasNextPage": more, "endCursor": end}
        return {"data": {field: {"edges": edges, "pageInfo": info}}}


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def facts() -> JSON:
    domain = {"host": "shop.example", "url": "https://shop.example"}
    channel = makers.channel() | {
        "name": "Web", "isActive": True, "defaultCountry": {"code": "DE"},
    }  # fmt: skip
    return {
        "app": {"id": makers.APP, "identifier": "perennial", "isActive": True, "permissions": []},
        "shop": {
            "name": "Shop", "version": "3.23.28", "domain": domain,
            "defaultCountry": {"code": "DE"},
        },
        "channels": [channel],
    }  # fmt: skip


def _nulled(*path: str | int) -> JSON:
    return {"data": {path[0]: None}, "errors": [_error(path)]}


def _error(path: Sequence[Any], code: str = "Exception") -> JSON:
    extensions = {"exception": {"code": code}}
    return {"message": "a stumble", "path": list(path), "extensions": extensions}
