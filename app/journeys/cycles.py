"""RC-3: how long a product lasts, by the gaps between repeat buys of one person."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlmodel import col, func, select

from app.catalog.tables import Product
from app.journeys.flows import Entrant
from app.journeys.tables import Cycle
from app.kit.tx import Tx
from app.orders.queries import BOUGHT
from app.orders.tables import Line, Order

WINDOW = timedelta(days=730)
ENOUGH = 12
"""Gaps: with fewer there is nothing to go by."""
SHORTEST = 5.0
"""Days: two orders within them are one purchase in two parcels."""
LATE = timedelta(days=3)
"""A reminder that is later than that helps nobody."""
A_DAY = 86400.0


def measured(tx: Tx) -> list[dict[str, Any]]:
    """Every product's cycle as of now, from the orders of two years.

    Walks the lines once in order of person and product: memory is what the gaps need, four bytes
    each.
    """
    gaps: dict[int, array[float]] = {}
    before: tuple[int, int] | None = None
    last = 0.0
    for person, product, at in _purchases(tx):
        moment = at.timestamp() / A_DAY
        if before == (person, product) and moment - last >= SHORTEST:
            gaps.setdefault(product, array("f")).append(moment - last)
        before, last = (person, product), moment
    return [_row(product, days, at=tx.now) for product, days in gaps.items() if len(days) >= ENOUGH]


def _row(product: int, days: "array[float]", *, at: datetime) -> dict[str, Any]:
    low, middle, high = np.percentile(np.frombuffer(days, np.float32), [25, 50, 75])
    return {
        "product": product, "days": float(low), "middle": float(middle), "late": float(high),
        "gaps": len(days), "at": at,
    }  # fmt: skip


def keep(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    tx.put(Cycle, rows, key=("product",), overwrite=("days", "middle", "late", "gaps", "at"))


def _purchases(tx: Tx) -> Iterator[tuple[int, int, datetime]]:
    columns: list[Any] = [Order.person, Line.product, Order.created_at]
    rows: Any = tx.exec(
        select(*columns)
        .join(Line, col(Line.order) == col(Order.id))
        .where(
            BOUGHT,
            col(Order.created_at) >= tx.now - WINDOW,
            col(Order.person).is_not(None),
            col(Line.product).is_not(None),
            col(Line.gift).is_(False),
        )
        .order_by(*columns)
        .execution_options(yield_per=5000)
    )
    return iter(rows)


def due(tx: Tx) -> list[Entrant]:
    """Who bought something that may soon run out: at the 25th percentile, before depletion."""
    last = func.max(Order.created_at)
    columns: list[Any] = [Order.person, Line.product, last, Cycle.days, Product.saleor_id]
    rows: Any = tx.exec(
        select(*columns)
        .join(Line, col(Line.order) == col(Order.id))
        .join(Cycle, col(Cycle.product) == col(Line.product))
        .join(Product, col(Product.id) == col(Line.product))
        .where(BOUGHT, col(Order.person).is_not(None), col(Order.created_at) >= tx.now - WINDOW)
        .group_by(col(Order.person), col(Line.product), col(Cycle.days), col(Product.saleor_id))
        .having(last >= tx.now - timedelta(days=400))
    )
    found = []
    for person, product, at, days, saleor_id in rows:
        when = at + timedelta(days=days)
        if when <= tx.now < when + LATE:
            found.append(
                Entrant(
                    person=person or 0,
                    occasion=f"{product}:{at:%Y-%m-%d}",
                    subject=saleor_id,
                    memo={"products": [saleor_id]},
                )
            )
    return found
