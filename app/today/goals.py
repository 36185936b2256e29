"""V13: how the last 28 days went beside the 28 before, and beside what the owner wants."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import and_, case, col, delete, func, select

from app.carts.rules import State
from app.carts.tables import Cart
from app.kit.money import major
from app.kit.tx import Tx
from app.ltv import entries
from app.ltv.tables import CustomerTally
from app.orders.tables import Order
from app.today.tables import Goal
from app.today.view import Mark, Measure

PERIOD = timedelta(days=28)
BACK = (State.RECOVERED.value, State.BOUGHT_ANYWAY.value)


def marks(tx: Tx, *, currency: str) -> tuple[Mark, ...]:
    """Nothing where nobody has bought in the last 28 days, or in the 28 before."""
    middle = tx.now - PERIOD
    (sales, orders), (sales_before, orders_before) = _sold(tx, middle)
    if not orders and not orders_before:
        return ()
    new, new_before = _newcomers(tx)
    back, back_before = _came_back(tx, middle)
    known: Mapping[Measure, tuple[int | None, int | None]] = {
        Measure.SALES: (sales, sales_before if orders_before else None),
        Measure.ORDERS: (orders, orders_before or None),
        Measure.NEW: (new, new_before if orders_before else None),
        Measure.BACK: (back, back_before),
    }
    goals = dict(tx.exec(select(Goal.measure, Goal.target)).all())
    return tuple(
        Mark(
            measure=measure,
            now=_value(measure, now, currency),
            before=_value(measure, before, currency),
            goal=_value(measure, goals.get(measure), currency),
            currency=currency,
            since=entries.today(tx) - PERIOD.days + 1,
        )
        for measure, (now, before) in known.items()
    )


def choose(tx: Tx, targets: Mapping[Measure, int], *, by: str) -> None:
    """The owner's goals from now on; what is not named has none."""
    tx.exec(delete(Goal))
    for measure, target in targets.items():
        tx.add(Goal(measure=measure.value, target=target, by=by))
    tx.flush()


def _value(measure: Measure, number: int | None, currency: str) -> Decimal | None:
    if number is None:
        return None
    if measure is Measure.SALES:
        return major(number, currency)
    return Decimal(number) / 10_000 if measure is Measure.BACK else Decimal(number)


def _sold(tx: Tx, middle: datetime) -> tuple[tuple[int, int], tuple[int, int]]:
    """Goods in the reporting currency, and orders, since the middle and before it."""
    at = col(Order.created_at)
    return _sum(tx, at >= middle), _sum(tx, and_(at >= middle - PERIOD, at < middle))


def _sum(tx: Tx, when: ColumnElement[bool]) -> tuple[int, int]:
    # a question for each: grouped, the shop's two months would be put in order first
    goods = func.coalesce(func.sum(Order.goods_reporting_minor), 0)
    rows: Any = tx.exec(select(goods, func.count()).where(when, col(Order.counts)))
    minor, count = rows.one()
    return int(minor), count


def _newcomers(tx: Tx) -> tuple[int, int]:
    """People by the day of their first order."""
    today, days = entries.today(tx), PERIOD.days
    half = case((col(CustomerTally.first) > today - days, 1), else_=0)
    since = col(CustomerTally.first) > today - 2 * days
    rows: Any = tx.exec(select(half, func.count()).where(since).group_by(half))
    found = dict(rows.all())
    return found.get(1, 0), found.get(0, 0)


def _came_back(tx: Tx, middle: datetime) -> tuple[int | None, int | None]:
    """Of carts left, the hundredths of a percent that were bought after all; None of none."""
    half = case((col(Cart.abandoned_at) >= middle, 1), else_=0)
    rows: Any = tx.exec(
        select(half, func.count(), func.count().filter(col(Cart.state).in_(BACK)))
        .where(col(Cart.abandoned_at) >= middle - PERIOD)
        .group_by(half)
    )
    found = {late: round(10_000 * back / left) for late, left, back in rows if left}
    return found.get(1), found.get(0)
