"""Every line held against the orders themselves, and put right: the rebuild.

What is right already is only read, outside any writing; what differs is booked as a live order is,
some at a time. After an import that is everything.
"""

from functools import partial

from sqlmodel import col, func, select

from app.kit.portions import portions
from app.kit.tx import Tx
from app.ltv import booking, entries
from app.orders.tables import Order
from app.world import World

STRETCH = 5_000
TOGETHER = 400


def audit(world: World) -> int:
    """How many orders were not booked as they should be."""
    with world.look() as tx:
        last = tx.exec(select(func.max(Order.id))).one() or 0
        wrong = sorted(booking.orphans(tx))
    _mend(world, wrong)
    found = len(wrong)
    for start in range(0, last, STRETCH):
        with world.look() as tx:
            wrong = _differing(tx, after=start, until=start + STRETCH)
        _mend(world, wrong)
        found += len(wrong)
    return found


def _differing(tx: Tx, *, after: int, until: int) -> list[int]:
    here = col(Order.id) > after, col(Order.id) <= until
    ids = [id_ for id_ in tx.exec(select(Order.id).where(*here)) if id_]
    owed, known = entries.owed(tx, ids), entries.booked(tx, ids)
    return sorted(id_ for id_ in owed.keys() | known.keys() if owed.get(id_) != known.get(id_))


def _mend(world: World, orders: list[int]) -> None:
    for some in portions(orders, TOGETHER):
        world.do(partial(booking.book, orders=some))
