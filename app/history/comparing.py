"""IN-4, LG-1: every night our books beside Saleor's, and what differs is read again."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, timedelta
from functools import partial

from pydantic import ValidationError
from sqlmodel import col, delete

from app.history import flows, overhearing, queries, rules
from app.history.flows import Compare, Recheck
from app.history.rules import Entry, Kind, Sum
from app.history.sources import Flaw, Source, Told
from app.history.tables import Misfit, Reckoning
from app.history.timing import AWAY, BREATH, TURN, come_back, pace
from app.history.walking import ImpassableError, walk
from app.kit.clock import stopwatch
from app.kit.hearing import Hearing
from app.kit.loop import reason
from app.kit.money import minor
from app.kit.tx import Tx
from app.orders import flows as orders
from app.orders import rules as money
from app.saleor.client import PartialAnswerError
from app.saleor.operations import ORDER, ORDER_BOOKS, ORDER_WITHOUT_ORIGIN
from app.saleor.shapes import Order, OrderMoney
from app.shops.flows import tonight
from app.world import World

BOOKS = Source(queries.BOOKS, "order", ORDER_BOOKS)
NOT_YET = timedelta(hours=1)
SETTLES = timedelta(minutes=2)
"""Until what was read again is worked, and the day can be compared once more."""
MOST_TURNS = 3
MOST_UNREAD = 50
"""Orders named as unreadable that are tried again in a night."""


def compare(job: Compare, world: World) -> None:
    with world.look() as tx:
        read = queries.progress(tx).done
        days = rules.days_compared(tx.now)
    if not read:
        wait = pace(world, NOT_YET)
        world.do(lambda tx: tx.postpone(Compare(), until=tx.now + wait))
        return
    try:
        if job.go_on is None:
            _try_unread(world)
        left = _compare(world, [day for day in days if job.go_on is None or day >= job.go_on])
    except AWAY:
        come_back(world, job)
        return
    except ImpassableError as end:
        left = None
        flaw = Flaw(f"after {end.after or 'the start'}", None, str(end), read=False)
        world.do(partial(flows.note, kind=queries.BOOKS, flaws=[flaw]))
    if left:
        world.do(lambda tx: tx.postpone(Compare(go_on=left), until=tx.now))
    else:
        world.do(partial(_end_night, world=world, first=days[0]))


def recheck(job: Recheck, world: World) -> None:
    """The days that differed, once more; what differs after the last turn stands till tonight."""
    till = stopwatch() + TURN
    with world.look() as tx:
        unequal = queries.unequal_days(tx)
    try:
        for day in unequal:
            for _, theirs in _their_books(world, [day]):
                _close(world, day, theirs, till=till)
    except AWAY:
        come_back(world, job)
        return
    except ImpassableError:
        return  # tonight's comparison says where
    if job.turn < MOST_TURNS:
        world.do(partial(_recheck_soon, world=world, turn=job.turn + 1))


def _recheck_soon(tx: Tx, world: World, turn: int) -> None:
    if queries.unequal_days(tx):
        soon = max(SETTLES, world.clock.after(BREATH))
        tx.postpone(Recheck(turn=turn), until=tx.now + soon)


def _end_night(tx: Tx, world: World, first: date) -> None:
    tx.exec(delete(Reckoning).where(col(Reckoning.day) < first.isoformat()))
    flows.swept(tx, queries.BOOKS, at=tx.now)
    _recheck_soon(tx, world, turn=1)
    night = max(tonight(tx), tx.now + world.clock.after(BREATH))
    tx.postpone(Compare(), until=night)


def _compare(world: World, days: Sequence[date]) -> date | None:
    """Day by day. The one to go on with, if there was not time enough."""
    till = stopwatch() + TURN
    for day, theirs in _their_books(world, days):
        _close(world, day, theirs, till=till)
        if stopwatch() > till and day < days[-1]:
            return day + timedelta(days=1)
    return None


def _their_books(world: World, days: Sequence[date]) -> Iterator[tuple[date, Mapping[str, Entry]]]:
    """Saleor's orders of each of these days, read in one walk along their creation."""
    book: dict[str, Entry] = {}
    at = 0
    asking = {"from": days[0], "until": days[-1]}
    for stretch in walk(world.saleor, world.clock, BOOKS, asking=asking):
        for order, _ in stretch.told:
            day = order.created.astimezone(UTC).date()
            while at < len(days) and day > days[at]:
                yield days[at], book
                at, book = at + 1, {}
            if at < len(days) and day == days[at]:
                book[order.id] = _entry(order)
    for day in days[at:]:
        yield day, book
        book = {}


def _entry(order: OrderMoney) -> Entry:
    currency = order.total.gross.currency
    units = minor(money.charged(order), currency)
    return Entry(order.channel.slug, currency, units, order.number)


def _close(world: World, day: date, theirs: Mapping[str, Entry], *, till: float) -> None:
    """Write a day down in both books' figures, and read again what differs."""
    with world.look() as tx:
        ours = queries.book(tx, day)
    for id_ in rules.difference(ours, theirs).all:
        _mend(world, id_, number=(theirs.get(id_) or ours[id_]).number, listed=id_ in theirs)
        if stopwatch() > till:
            break  # the rest is found again when the day is compared once more
    world.do(partial(_reckon, day=day, ours=ours, theirs=theirs))


def _reckon(tx: Tx, day: date, ours: Mapping[str, Entry], theirs: Mapping[str, Entry]) -> None:
    mine, others = rules.totals(ours.values()), rules.totals(theirs.values())
    tx.exec(delete(Reckoning).where(col(Reckoning.day) == day.isoformat()))
    rows = [
        {
            "channel": channel,
            "currency": currency,
            "day": day.isoformat(),
            "our_orders": mine.get((channel, currency), Sum()).orders,
            "our_minor": mine.get((channel, currency), Sum()).minor,
            "their_orders": others.get((channel, currency), Sum()).orders,
            "their_minor": others.get((channel, currency), Sum()).minor,
            "checked_at": tx.now,
        }
        for channel, currency in sorted(mine.keys() | others.keys())
    ]
    tx.put(Reckoning, rows, key=("channel", "day"))


def _mend(world: World, id_: str, *, number: str | None, listed: bool) -> bool:
    """Read one order again, and hear it like any other. Whether that told us anything.

    Only what Saleor neither lists nor knows is forgotten: of two answers that contradict each
    other neither is reason enough to delete a sale.
    """
    asked = world.clock.now()
    try:
        order = _ask(world, id_)
    except (PartialAnswerError, ValidationError) as failure:
        flaw = Flaw(id_, number, reason(failure), read=False)
        world.do(partial(flows.note, kind=Kind.ORDERS, flaws=[flaw]))
        return False
    if order is None and listed:
        return False
    if order is None:
        world.do(partial(orders.forget_orders, saleor_ids=[id_]))
    else:
        told = [Told(order, Hearing(asked))]
        world.do(partial(overhearing.overhear, kind=Kind.ORDERS, told=told))
    return True


def _ask(world: World, id_: str) -> Order | None:
    try:
        return world.saleor.run(ORDER, id=id_).order
    except (PartialAnswerError, ValidationError):
        return world.saleor.run(ORDER_WITHOUT_ORIGIN, id=id_).order


def _try_unread(world: World) -> None:
    """What could not be read when it was met may be readable by now."""
    with world.look() as tx:
        unread = queries.unread_orders(tx, limit=MOST_UNREAD)
    for id_, number in unread:
        if _mend(world, id_, number=number, listed=True):
            world.do(partial(_readable, saleor_id=id_))


def _readable(tx: Tx, saleor_id: str) -> None:
    tx.exec(
        delete(Misfit).where(
            col(Misfit.kind) == Kind.ORDERS.value, col(Misfit.saleor_id) == saleor_id
        )
    )
