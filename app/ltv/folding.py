"""One customer's statistics when one of her days changes.

All that a house needs which keeps a row per customer and a row per customer and day; it loads no
compiler, for this happens while deliveries are heard.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Day:
    """All of one customer's money of one day, in minor units. No orders: only returns, or gone."""

    day: int
    orders: int = 0
    gross: int = 0
    discount: int = 0
    cost: int = 0
    refunded: int = 0


@dataclass(frozen=True)
class Ends:
    """First and last day with a purchase, and what the first brought (gross less discount)."""

    first: int
    last: int
    first_value: int


@dataclass(frozen=True)
class Line:
    """One customer's statistics: `days` with a purchase (x = days − 1) and money since ever."""

    days: int = 0
    first: int = 0
    last: int = 0
    orders: int = 0
    gross: int = 0
    discount: int = 0
    cost: int = 0
    refunded: int = 0
    first_value: int = 0


def fold(line: Line, before: Day, after: Day, *, ends: Callable[[], Ends]) -> Line:
    """The line once `before` has become `after` (the same day of the same customer).

    `ends` looks up first and last purchase as they are now; it is asked only when the change
    touches one of them, so nearly every fold is a handful of additions.
    """
    days = line.days + (after.orders > 0) - (before.orders > 0)
    moved = Line(
        days=days,
        first=line.first,
        last=line.last,
        orders=line.orders + after.orders - before.orders,
        gross=line.gross + after.gross - before.gross,
        discount=line.discount + after.discount - before.discount,
        cost=line.cost + after.cost - before.cost,
        refunded=line.refunded + after.refunded - before.refunded,
        first_value=line.first_value,
    )
    if days == 0:
        return replace(moved, first=0, last=0, first_value=0)
    inside = line.days > 0 and line.first < after.day < line.last
    if inside or (after.orders == before.orders == 0):
        return moved
    now = ends()
    return replace(moved, first=now.first, last=now.last, first_value=now.first_value)
