"""Is the shop heard and its past read, and do our books agree with Saleor's?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import and_, col, func, select

from app.history.tables import Misfit, Passage, Reckoning, Swept
from app.kit.housekeeping import PARKED_BODIES
from app.kit.money import major
from app.kit.promises import Promise
from app.kit.tx import Tx
from app.shops.flows import this_shop
from app.shops.tables import Status
from app.today.view import (
    Comparison,
    Health,
    ImportProgress,
    ImportStep,
    ParkedDelivery,
    State,
    Stock,
)

HEARD = "webhook.heard"
DAYS_COMPARED = 35
LATE = timedelta(minutes=5)
MOST_PARKED = 20


@dataclass(frozen=True)
class Queue:
    """What has been written down and not worked yet."""

    waiting: int
    oldest: datetime | None
    heard_at: datetime | None


def health(tx: Tx) -> Health:
    queue, parked = _queue(tx), _parked_count(tx)
    comparisons = _comparisons(tx)
    return Health(
        state=_state(tx, queue, parked=parked, comparisons=comparisons),
        heard_at=queue.heard_at,
        complete_until=queue.oldest or _complete_until(tx, queue),
        waiting=queue.waiting,
        oldest_waiting=queue.oldest,
        parked=parked,
        compared_at=tx.exec(select(func.max(Reckoning.checked_at))).one(),
        days_compared=DAYS_COMPARED,
        completeness=_completeness(tx),
        comparisons=comparisons,
    )


def _state(tx: Tx, queue: Queue, *, parked: int, comparisons: Sequence[Comparison]) -> State:
    """The first that is true."""
    status = this_shop(tx).status
    late = queue.oldest is not None and queue.oldest < tx.now - LATE
    states = {
        State.REFUSED: status == Status.REFUSED,
        State.PAUSED: status != Status.ACTIVE,
        State.IMPORTING: _is_importing(tx),
        State.PARKED: parked > 0,
        State.INCOMPLETE: not all(row.equal for row in comparisons),
        State.BEHIND: late,
    }
    return next((state for state, holds in states.items() if holds), State.WELL)


def _queue(tx: Tx) -> Queue:
    open_ = (
        Promise.kind == HEARD,
        col(Promise.kept_at).is_(None),
        col(Promise.parked_at).is_(None),
        col(Promise.due) <= tx.now,
    )
    # ordered and cut, not min() and max(): the newest is found at the end of the key's own index
    newest = select(Promise.due).where(Promise.kind == HEARD).order_by(col(Promise.id).desc())
    waiting, oldest = tx.exec(select(func.count(), func.min(Promise.due)).where(*open_)).one()
    return Queue(waiting, oldest, tx.exec(newest.limit(1)).first())


def _complete_until(tx: Tx, queue: Queue) -> datetime | None:
    """With nothing waiting, all is in that Saleor told us or a sweep asked for."""
    swept = tx.exec(select(Swept.swept_at).where(Swept.kind == "orders")).first()
    return max((at for at in (swept, queue.heard_at) if at), default=None)


def _parked_count(tx: Tx) -> int:
    return tx.exec(select(func.count()).where(col(Promise.parked_at).is_not(None))).one()


def parked(tx: Tx) -> tuple[ParkedDelivery, ...]:
    """What could not be worked, the newest first: deliveries, and errands that gave up."""
    rows = tx.exec(
        select(Promise)
        .where(col(Promise.parked_at).is_not(None))
        .order_by(col(Promise.parked_at).desc(), col(Promise.id).desc())
        .limit(MOST_PARKED)
    )
    return tuple(
        ParkedDelivery(
            event=str(row.body.get("event") or row.kind).upper(),
            heard_at=row.due,
            reason=row.error or "",
            tries=row.tries,
            until=row.due + PARKED_BODIES,
        )
        for row in rows
    )


def _comparisons(tx: Tx) -> tuple[Comparison, ...]:
    """By channel, over the days compared."""
    since = (tx.now - timedelta(days=DAYS_COMPARED)).date().isoformat()
    sums: list[Any] = [
        func.sum(getattr(Reckoning, name))
        for name in ("our_orders", "their_orders", "our_minor", "their_minor")
    ]
    rows: Any = tx.exec(
        select(Reckoning.channel, Reckoning.currency, *sums)
        .where(Reckoning.day >= since)
        .group_by(col(Reckoning.channel), col(Reckoning.currency))
        .order_by(col(Reckoning.channel))
    )
    return tuple(
        Comparison(
            channel=channel,
            currency=currency,
            orders_here=int(here),
            orders_there=int(there),
            charged_here=major(int(our), currency),
            charged_there=major(int(their), currency),
        )
        for channel, currency, here, there, our, their in rows
    )


def _completeness(tx: Tx) -> Decimal | None:
    """Of Saleor's orders, the share on days whose number and sum are ours too."""
    since = (tx.now - timedelta(days=DAYS_COMPARED)).date().isoformat()
    equal = and_(
        col(Reckoning.our_orders) == col(Reckoning.their_orders),
        col(Reckoning.our_minor) == col(Reckoning.their_minor),
    )
    theirs = func.sum(Reckoning.their_orders)
    rows: Any = tx.exec(
        select(func.count(), theirs, theirs.filter(equal)).where(Reckoning.day >= since)
    )
    days, all_, good = rows.one()
    if not days:
        return None
    return Decimal(int(good or 0)) / int(all_) if all_ else Decimal(1)


def _is_importing(tx: Tx) -> bool:
    running = select(Passage.id).where(col(Passage.finished_at).is_(None))
    return tx.exec(running.limit(1)).first() is not None


def importing(tx: Tx) -> ImportProgress | None:
    """How far the reading of the shop's past has come; None where it is not being read."""
    passages = {row.kind: row for row in tx.exec(select(Passage))}
    if not passages or all(row.finished_at for row in passages.values()):
        return None
    started_at = min(row.started_at for row in passages.values())
    steps = tuple(_step(stock, passages.get(stock)) for stock in Stock)
    skipped = tx.exec(select(Misfit.number).where(Misfit.kind == "orders", ~col(Misfit.read)))
    return ImportProgress(
        started_at=started_at,
        steps=steps,
        remaining=_remaining(steps, tx.now - started_at),
        skipped=tuple(number for number in skipped if number),
    )


def _step(stock: Stock, row: Passage | None) -> ImportStep:
    if row is None:
        return ImportStep(stock=stock, done=0, total=None)
    finished = row.finished_at is not None
    return ImportStep(stock=stock, done=row.done, total=row.total or None, finished=finished)


def _remaining(steps: Sequence[ImportStep], spent: timedelta) -> timedelta | None:
    """As fast as so far; nothing while any of the totals is unknown."""
    done = sum(step.done for step in steps)
    left = [0 if s.finished else s.total - s.done if s.total else None for s in steps]
    known = [count for count in left if count is not None]
    if not done or len(known) < len(left):
        return None
    return spent * (max(sum(known), 0) / done)
