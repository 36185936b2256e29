"""D8: sales from elsewhere into the books, the way that every order goes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, func, select

from app.catalog.tables import Variant
from app.history import overhearing
from app.history.rules import Kind
from app.history.sources import Told
from app.kit.hearing import Hearing
from app.kit.tx import Tx, among
from app.orders.rules import TILL
from app.orders.tables import Order
from app.till import rules
from app.till.rules import Sale


class AheadError(ValueError):
    """Sold tomorrow: the clock of the till is wrong."""


@dataclass(frozen=True)
class Taken:
    """What became of the sales."""

    news: int = 0
    """Written down: new, or other than they were."""
    same: int = 0
    nameless: int = 0
    """Of all of them, those that name nobody: they count for the shop, and for no customer."""

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(self.news + other.news, self.same + other.same, self.nameless + other.nameless)


def take(tx: Tx, sales: Sequence[Sale]) -> Taken:
    """Each is promised to be heard like a delivery of Saleor's: it lifts tiers, ends carts, is
    counted wherever orders are; and what is older than a week sets nothing in motion (IN-5). Under
    its own id it is taken once, and what is handed in last stands. Raises AheadError.
    """
    refuse_ahead(tx, sales)
    last = {sale.key: sale for sale in sales}
    variants = _variants(tx, {line.sku for sale in last.values() for line in sale.lines} - {""})
    before, heard = _told_before(tx, last), Hearing(tx.now)
    told: list[Told[Any]] = [
        Told(rules.order(sale, variants, told_as_of=before.get(key)), heard)
        for key, sale in sorted(last.items())
    ]
    news = overhearing.news(tx, Kind.ORDERS, told)
    overhearing.overhear(tx, Kind.ORDERS, news)
    nameless = sum(sale.email is None for sale in last.values())
    return Taken(len(news), len(last) - len(news), nameless)


def refuse_ahead(tx: Tx, sales: Sequence[Sale]) -> None:
    """Raises AheadError."""
    for sale in sales:
        if sale.at > tx.now + rules.AHEAD:
            raise AheadError(sale.id)


def _variants(tx: Tx, skus: Collection[str]) -> Mapping[str, str]:
    """Of two that share a SKU, the one known first."""
    rows = select(Variant.sku, Variant.saleor_id).where(among(col(Variant.sku), sorted(skus)))
    found: Any = tx.exec(rows.order_by(col(Variant.id).desc()))
    return dict(found.all())


def _told_before(tx: Tx, keys: Collection[str]) -> Mapping[str, datetime]:
    """Of those that are in the books: as of when they were told."""
    rows = select(Order.saleor_id, Order.updated_at).where(
        among(col(Order.saleor_id), sorted(keys))
    )
    return dict(tx.exec(rows).all())


@dataclass(frozen=True)
class Place:
    """A till, as the books have it."""

    name: str
    sales: int
    last: datetime


def places(tx: Tx) -> Sequence[Place]:
    rows: Any = tx.exec(
        select(Order.channel, func.count(), func.max(Order.created_at))
        .where(Order.origin == TILL, col(Order.counts))
        .group_by(col(Order.channel))
        .order_by(col(Order.channel))
    )
    return [Place(*row) for row in rows]
