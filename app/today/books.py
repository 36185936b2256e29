"""Our books as they stand this moment, channel by channel, for machines that compare them."""

from typing import Any, NamedTuple

from sqlalchemy import func
from sqlmodel import col, select

from app.kit.tx import Tx
from app.orders.tables import Order


class Sums(NamedTuple):
    """A channel's orders but drafts, and what they add up to in minor units of `currency`."""

    channel: str
    currency: str
    orders: int
    total_minor: int
    refunded_minor: int
    charged_minor: int


def sums(tx: Tx) -> list[Sums]:
    columns: list[Any] = [
        Order.channel,
        Order.currency,
        func.count(),
        func.sum(Order.total_minor),
        func.sum(Order.refunded_minor),
        func.sum(Order.charged_minor),
    ]
    places = (col(Order.channel), col(Order.currency))
    rows: Any = tx.exec(
        select(*columns).where(Order.status != "DRAFT").group_by(*places).order_by(*places)
    )
    # PostgreSQL adds whole numbers up to a Decimal
    return [Sums(*row[:2], *(int(number) for number in row[2:])) for row in rows]
