"""LV-1: what messages cost, counted from those that were sent rather than typed."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import col, func, select

from app.kit.money import minor
from app.kit.tx import Tx
from app.ltv import flows as value
from app.messages.policy import policy
from app.messages.tables import Send
from app.orders.exchange import exchange

YEAR = timedelta(days=365)
LEAST = timedelta(days=30)
"""A shop that began to write yesterday is not said to spend 365 times that."""


def count(tx: Tx) -> None:
    """A customer and year, into the line of customers' value; nothing where no price is set."""
    prices = policy(tx).prices
    if not prices:
        value.messages_typed(tx)
        return
    total, first = Decimal(0), tx.now
    rows: Any = tx.exec(
        select(Send.channel, func.count(), func.min(Send.handed_at))
        .where(col(Send.handed_at) >= tx.now - YEAR)
        .group_by(col(Send.channel))
    )
    for channel, sent, began in rows:
        total += prices.get(channel or "", Decimal(0)) * sent
        first = min(first, began)
    span = min(max(tx.now - first, LEAST), YEAR)
    cost = minor(total * Decimal(YEAR / span), exchange(tx).currency or "EUR")
    value.messages_counted(tx, cost)
