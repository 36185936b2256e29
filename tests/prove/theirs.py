"""What the shop itself says, read through its API and its books."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from json import loads

import httpx

from tests.prove.stage import JSON, Stage

ORDERS = """query ($after: String) {
  orders(first: 100, after: $after) {
    edges { node {
      id number status userEmail voucherCode user { id }
      channel { slug } discount { amount }
    } }
    pageInfo { hasNextPage endCursor }
  }
}"""
CUSTOMERS = """query ($after: String) {
  customers(first: 100, after: $after) {
    edges { node {
      id email
      tier: metafield(key: "perennial.tier")
      till: privateMetafield(key: "perennial.tier_valid_till")
    } }
    pageInfo { hasNextPage endCursor }
  }
}"""
VOUCHERS = """query ($after: String) {
  vouchers(first: 100, after: $after) {
    edges { node { id name } }
    pageInfo { hasNextPage endCursor }
  }
}"""
CODES = """query ($id: ID!, $after: String) {
  voucher(id: $id) {
    codes(first: 100, after: $after) {
      edges { node { code } }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""
OURS = "perennial-"
"""What the name of a voucher says that the app made."""

Ask = Callable[..., JSON]


@dataclass(frozen=True)
class Order:
    id: str
    number: str
    status: str
    account: str | None
    email: str
    code: str | None
    discount: Decimal


@dataclass(frozen=True)
class Book:
    """A channel's or, in it, a status's: how many, and their money."""

    orders: int
    gross: Decimal
    refunded: Decimal


@dataclass(frozen=True)
class Theirs:
    books: Mapping[tuple[str, str], Book]
    """By channel and status."""
    orders: Mapping[str, Order]
    tiers: Mapping[str, tuple[str | None, str | None]]
    """What is in a customer's metadata, by account: tier and end."""
    vouchers: Mapping[str, tuple[str, ...]]
    """The app's vouchers by id; what their names end with stands first, then their codes."""
    sent: int
    """Deliveries that were answered with a 2xx, and"""
    failed: int
    """those that were given up after Saleor's last try."""


def read(stage: Stage) -> Theirs:
    token = stage.pair.owner.control("token", kind="staff")["token"]
    with httpx.Client(timeout=60, headers={"authorization": f"Bearer {token}"}) as http:
        ask = partial(_ask, http, f"{stage.pair.shop_url}/graphql/")
        status = stage.status()
        return Theirs(
            books=_books(status),
            orders={order.id: order for order in map(_order, _all(ask, ORDERS, "orders"))},
            tiers={n["id"]: (n["tier"], n["till"]) for n in _all(ask, CUSTOMERS, "customers")},
            vouchers=dict(_vouchers(ask)),
            sent=status["deliveries"]["sent"],
            failed=status["deliveries"]["failed"],
        )


def _books(status: JSON) -> Mapping[tuple[str, str], Book]:
    return {
        (slug, name): Book(line["orders"], Decimal(line["gross"]), Decimal(line["refunded"]))
        for slug, book in status["books"].items()
        for name, line in book["by_status"].items()
    }


def _ask(http: httpx.Client, address: str, query: str, **variables: object) -> JSON:
    answer = http.post(address, json={"query": query, "variables": variables})
    told: JSON = loads(answer.text, parse_float=Decimal)
    assert not told.get("errors"), told["errors"]
    data: JSON = told["data"]
    return data


def _all(ask: Ask, query: str, *way: str, **variables: object) -> Iterator[JSON]:
    after: str | None = None
    while True:
        page = ask(query, after=after, **variables)
        for step in way:
            page = page[step]
        yield from (edge["node"] for edge in page["edges"])
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def _order(node: JSON) -> Order:
    return Order(
        id=node["id"],
        number=node["number"],
        status=node["status"],
        account=node["user"] and node["user"]["id"],
        email=node["userEmail"] or "",
        code=node["voucherCode"] or None,
        discount=Decimal(node["discount"]["amount"]) if node["discount"] else Decimal(0),
    )


def _vouchers(ask: Ask) -> Iterator[tuple[str, tuple[str, ...]]]:
    for voucher in _all(ask, VOUCHERS, "vouchers"):
        mark = (voucher["name"] or "").rpartition(OURS)
        if mark[1]:
            codes = _all(ask, CODES, "voucher", "codes", id=voucher["id"])
            yield voucher["id"], (OURS + mark[2], *(node["code"] for node in codes))
