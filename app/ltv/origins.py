"""How customers came: channel and country of the first order, and the dearest thing in it."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlmodel import and_, col, select, update

from app.catalog.tables import Product
from app.kit.portions import portions
from app.kit.tx import Tx, among
from app.ltv.tables import BookedOrder, CustomerTally
from app.orders.tables import Line, Order
from app.world import World

TOGETHER = 500


def look_up(world: World) -> None:
    """Everybody whose first order is new to us, some at a time."""
    with world.look() as tx:
        unknown = list(tx.exec(select(CustomerTally.person).where(CustomerTally.channel == "")))
    for people in portions(unknown, TOGETHER):
        world.do(partial(_look_up, people=people))


def _look_up(tx: Tx, people: Sequence[int]) -> None:
    firsts = _first_orders(tx, people)
    dearest = _dearest(tx, [row.order for row in firsts.values()])
    rows = []
    for row in firsts.values():
        product, category = dearest.get(row.order, (None, ""))
        rows.append(
            {"id": row.id, "channel": row.channel, "country": row.country or "",
             "product": product, "category": category}
        )  # fmt: skip
    if rows:
        tx.execute(update(CustomerTally), rows)


def _first_orders(tx: Tx, people: Sequence[int]) -> dict[int, Any]:
    """Of several on the first day the earliest."""
    here = and_(
        col(BookedOrder.person) == col(CustomerTally.person),
        col(BookedOrder.day) == col(CustomerTally.first),
    )
    columns: list[Any] = [
        CustomerTally.person, CustomerTally.id, BookedOrder.order, Order.channel, Order.country,
    ]  # fmt: skip
    rows: Any = tx.exec(
        select(*columns)
        .join(BookedOrder, here)
        .join(Order, col(Order.id) == col(BookedOrder.order))
        .where(among(col(CustomerTally.person), list(people)))
        .order_by(col(Order.created_at).desc(), col(Order.id).desc())
    )
    return {row.person: row for row in rows}


def _dearest(tx: Tx, orders: Sequence[int]) -> dict[int, tuple[int | None, str]]:
    rows: Any = tx.exec(
        select(Line.order, Line.product, Product.category_name)
        .join(Product, col(Product.id) == col(Line.product))
        .where(among(col(Line.order), list(orders)))
        .order_by(col(Line.total_minor), col(Line.position).desc())
    )
    return {order: (product, category) for order, product, category in rows}
