"""A server that answers the import's questions with canned pages, after a pause.

python -m benchmarks.canned PORT ORDERS PAUSE_MS
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

from benchmarks import deliveries

PAGE = 100
LAST_DAY = "2026-03-28"
"""Of everything here: who asks for what has changed since gets nothing, as from any Saleor."""
Message = MutableMapping[str, Any]


class Canned:
    """`orders` orders in pages of 100, a customer for every fourth, and nothing else."""

    def __init__(self, orders: int, pause: float) -> None:
        self.counts = {"orders": orders, "customers": orders // 4, "checkouts": 0, "products": 0}
        self.pause = pause

    async def __call__(
        self,
        _: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        answer = self.answer(json.loads(body)) if body else {"keys": []}
        if body:
            await asyncio.sleep(self.pause)
        raw = json.dumps(answer).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": raw})

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        query, variables = asked["query"], asked.get("variables") or {}
        if "HistorySize" in query:
            counts = {name: {"totalCount": count} for name, count in self.counts.items()}
            return {"data": counts}
        if "ShopFacts" in query:
            return {"data": _shop()}
        for name, count in self.counts.items():
            if f"  {name}(" in query:
                since = variables.get("since") or variables.get("from") or ""
                many = 0 if since[:10] > LAST_DAY else count
                return {"data": {name: self.page(name, many, variables.get("after"))}}
        return {"data": {"app": {"id": "QXBwOjE=", "webhooks": []}, "shop": _shop()["shop"]}}

    def page(self, name: str, count: int, after: str | None) -> dict[str, Any]:
        start = int(after) + 1 if after else 0
        end = min(start + PAGE, count)
        make = order if name == "orders" else customer
        return {
            "edges": [{"node": make(n)} for n in range(start, end)],
            "pageInfo": {"hasNextPage": end < count, "endCursor": str(end - 1) if end else None},
        }


def order(n: int) -> dict[str, Any]:
    told: dict[str, Any] = deliveries.order(n)
    buyer = n // 4 if n % 4 else n // 2
    return told | {"user": deliveries.person(buyer), "userEmail": f"person{buyer}@example.com"}


def customer(n: int) -> dict[str, Any]:
    return deliveries.person(n) | {
        "firstName": "Ana", "lastName": "Silva", "dateJoined": deliveries.at(n),
        "updatedAt": deliveries.at(n), "languageCode": "PT_PT", "tier": None,
        "defaultShippingAddress": None, "defaultBillingAddress": None,
    }  # fmt: skip


def _shop() -> dict[str, Any]:
    domain = {"host": "127.0.0.1", "url": "http://127.0.0.1"}
    shop = {"name": "Canned", "version": "3.23.28", "domain": domain}
    channel = deliveries.channel() | {
        "name": "Portugal", "isActive": True, "defaultCountry": {"code": "PT"},
    }  # fmt: skip
    return {"shop": shop | {"defaultCountry": {"code": "PT"}}, "channels": [channel]}


if __name__ == "__main__":
    port, orders, pause = map(int, sys.argv[1:4])
    uvicorn.run(Canned(orders, pause / 1000), port=port, access_log=False, log_level="warning")
