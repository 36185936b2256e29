"""What orders add to their buyers' lines, worked out from the orders as they are now.

Nothing but the order, its lines and the costs decides: whatever came first, or twice, the entry
is the same.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlmodel import and_, col, select

from app.catalog.tables import Price
from app.kit.asking import any_of, ask, question
from app.kit.tx import Tx
from app.ltv import costing
from app.ltv.tables import BookedOrder, UnitCost
from app.orders.exchange import Exchange, exchange
from app.orders.queries import BOUGHT
from app.orders.tables import Line, Order

EPOCH = date(1970, 1, 1).toordinal()
MONEY = ("gross", "discount", "cost", "tax", "refunded", "costed")


@dataclass(frozen=True)
class Entry:
    """What one order adds. Minor units of the reporting currency."""

    order: int
    person: int
    day: int
    gross: int
    discount: int
    cost: int
    tax: int
    refunded: int
    costed: int


ENTRY: list[Any] = [
    BookedOrder.order, BookedOrder.person, BookedOrder.day, BookedOrder.gross,
    BookedOrder.discount, BookedOrder.cost, BookedOrder.tax, BookedOrder.refunded,
    BookedOrder.costed,
]  # fmt: skip


BOOKED = question(select(*ENTRY).where(any_of(col(BookedOrder.order), "orders")))
_ORDER: list[Any] = [
    Order.id, Order.person, Order.created_at, Order.currency, Order.goods_minor,
    Order.goods_reporting_minor, Order.tax_minor, Order.reward_minor,
]  # fmt: skip
REVENUE = question(
    select(*_ORDER).where(
        any_of(col(Order.id), "orders"),
        BOUGHT,
        col(Order.person).is_not(None),
        col(Order.goods_reporting_minor).is_not(None),
    )
)
_LINE: list[Any] = [
    Line.order, Line.sku, Line.quantity, Line.total_minor, Line.undiscounted_unit_minor,
    Price.cost_minor, Price.currency, Order.currency,
]  # fmt: skip
_HERE = and_(col(Price.variant) == col(Line.variant), col(Price.channel) == col(Order.channel))
LINES = question(
    select(*_LINE)
    .join(Order, col(Order.id) == col(Line.order))
    .join(Price, _HERE, isouter=True)
    .where(any_of(col(Line.order), "orders"))
)
HANDED_IN = question(
    select(UnitCost.sku, UnitCost.since, UnitCost.cost)
    .where(any_of(col(UnitCost.sku), "skus"))
    .order_by(col(UnitCost.since))
)


@dataclass
class Goods:
    """The lines of an order, in its own currency; `cost` of those whose cost is known."""

    gross: int = 0
    value: int = 0
    cost: Decimal = Decimal(0)
    costed: int = 0


def booked(tx: Tx, orders: Collection[int]) -> dict[int, Entry]:
    """What is written down of these orders."""
    return {row[0]: Entry(*row) for row in ask(tx, BOOKED, orders=sorted(orders))}


def owed(tx: Tx, orders: Collection[int]) -> dict[int, Entry]:
    """What should be: orders that are revenue, somebody's, and have a rate for their day."""
    bought = _bought(tx, orders)
    goods = _goods(tx, bought)
    rates, margin = exchange(tx), costing.usual_margin(tx)
    return {
        id_: _entry(row, goods.get(id_, Goods()), rates, margin=margin)
        for id_, row in bought.items()
    }


def day_of(moment: datetime, rates: Exchange) -> int:
    return moment.astimezone(rates.zone).date().toordinal() - EPOCH


def today(tx: Tx) -> int:
    return day_of(tx.now, exchange(tx))


def _bought(tx: Tx, orders: Collection[int]) -> dict[int, Any]:
    return {row.id: row for row in ask(tx, REVENUE, orders=sorted(orders))}


def _goods(tx: Tx, bought: Mapping[int, Any]) -> dict[int, Goods]:
    """The lines of many orders: one question, two where costs were handed in."""
    if not bought:
        return {}
    rows = ask(tx, LINES, orders=sorted(bought))
    told = _handed_in(tx, {row[1] for row in rows if row[1]})
    rates, found = exchange(tx), dict[int, Goods]()
    for order, sku, pieces, total, undiscounted, own, currency, sold_in in rows:
        goods = found.setdefault(order, Goods())
        goods.value += total
        goods.gross += max(undiscounted * pieces, total)
        at = bought[order].created_at
        cost = _reporting(own, currency, rates, at=at) if currency == sold_in else None
        if sku in told:
            cost = _as_of(told[sku], day_of(at, rates), cost)
        if cost is not None:
            goods.cost += cost * pieces
            goods.costed += total
    return found


def _reporting(units: int | None, currency: str, rates: Exchange, *, at: datetime) -> int | None:
    return None if units is None else rates.reporting(units, currency, at=at)


def _handed_in(tx: Tx, skus: Collection[str]) -> dict[str, list[tuple[int, int]]]:
    """Costs that were handed in, by article: (from which day on, cost), oldest first."""
    if not skus:
        return {}
    told: dict[str, list[tuple[int, int]]] = {}
    for sku, since, cost in ask(tx, HANDED_IN, skus=sorted(skus)):
        told.setdefault(sku, []).append((since, cost))
    return told


def _as_of(told: Iterable[tuple[int, int]], day: int, otherwise: int | None) -> int | None:
    for since, cost in told:
        if since <= day:
            otherwise = cost
    return otherwise


def _entry(row: Any, goods: Goods, rates: Exchange, *, margin: Decimal | None) -> Entry:  # noqa: ANN401
    def worth(units: int) -> int:
        return rates.reporting(units, row.currency, at=row.created_at) or 0

    kept = row.goods_reporting_minor
    value = max(worth(goods.value), kept)
    gross = max(worth(goods.gross), value)
    costed, cost = worth(goods.costed), goods.cost
    tax, reward = worth(row.tax_minor), min(worth(row.reward_minor), kept)
    if margin is not None and value > costed:
        net = Decimal(kept - tax) / kept if kept else Decimal(1)
        cost += (value - costed) * net * (1 - margin)
    share = Decimal(kept) / value if value else Decimal(1)
    return Entry(
        order=row.id,
        person=row.person,
        day=day_of(row.created_at, rates),
        gross=gross,
        discount=gross - value + reward,
        cost=round(cost * share),
        tax=tax,
        refunded=value - kept,
        costed=min(costed, value),
    )
