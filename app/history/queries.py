"""How far the past is read, what did not fit, and whether the books agree."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import col, func, or_, select

from app.history import rules
from app.history.rules import Entry, Kind
from app.history.tables import Misfit, Passage, Reckoning, Swept
from app.kit.money import major
from app.kit.tx import Tx
from app.orders.rules import TILL
from app.orders.tables import Order

BOOKS = "books"
"""What `Swept` calls the comparison."""


@dataclass(frozen=True)
class Part:
    """One kind of thing being imported."""

    name: str
    done: int
    total: int
    """0 where Saleor does not say."""
    finished: bool


@dataclass(frozen=True)
class Progress:
    parts: tuple[Part, ...]
    started_at: datetime | None
    remaining: timedelta | None
    """In business time; None while nobody can say."""

    @property
    def done(self) -> bool:
        return bool(self.parts) and all(part.finished for part in self.parts)


@dataclass(frozen=True)
class ChannelBooks:
    """A channel in both books, over all days compared."""

    channel: str
    currency: str
    our_orders: int
    their_orders: int
    ours: Decimal
    """Charged, less refunded (LV-1)."""
    theirs: Decimal

    @property
    def difference(self) -> Decimal:
        return self.ours - self.theirs

    @property
    def equal(self) -> bool:
        return self.our_orders == self.their_orders and not self.difference


@dataclass(frozen=True)
class Completeness:
    """LG-1: do we have what Saleor has?"""

    compared_at: datetime | None
    """When the last comparison ended; None before the first."""
    oldest: datetime | None
    """When the channel's day was compared that was longest not compared."""
    days: int
    """Days of channels that were compared,"""
    equal_days: int
    """and those of them on which both books say the same."""
    orders: int
    """Saleor's orders of these days,"""
    equal_orders: int
    """and those on days that are equal."""
    channels: tuple[ChannelBooks, ...]

    @property
    def score(self) -> Decimal | None:
        """Share of the channels' days that agree; None before anything was compared."""
        return rules.share(self.equal_days, self.days)

    @property
    def complete(self) -> bool:
        """Nothing that was compared differs."""
        return self.equal_days == self.days


def current(tx: Tx) -> Passage | None:
    """What is being imported: the first kind that is not finished."""
    open_ = tx.exec(select(Passage).where(col(Passage.finished_at).is_(None))).all()
    order = list(Kind)
    return min(open_, key=lambda passage: order.index(Kind(passage.kind)), default=None)


def progress(tx: Tx) -> Progress:
    """No parts: nobody has begun an import."""
    rows = {passage.kind: passage for passage in tx.exec(select(Passage))}
    passages = [rows[kind] for kind in Kind if kind in rows]
    parts = tuple(
        Part(p.kind, p.done, max(p.total, p.done), p.finished_at is not None) for p in passages
    )
    started = min((p.started_at for p in passages), default=None)
    done, total = sum(part.done for part in parts), sum(part.total for part in parts)
    left = rules.remaining(done, total, tx.now - started) if started else None
    return Progress(parts, started, left)


def swept_at(tx: Tx, kind: str) -> datetime | None:
    """Every change up to then is known."""
    return tx.exec(select(Swept.swept_at).where(Swept.kind == kind)).first()


def complete_until(tx: Tx) -> datetime | None:
    """All orders up to here are in."""
    return swept_at(tx, Kind.ORDERS)


def misfits(tx: Tx, *, limit: int = 100) -> list[Misfit]:
    """What could not be read whole, the latest first; `read` is False where it is missing."""
    rows = select(Misfit).order_by(col(Misfit.read), col(Misfit.seen_at).desc(), col(Misfit.id))
    return list(tx.exec(rows.limit(limit)))


def unread_orders(tx: Tx, *, limit: int) -> list[tuple[str, str | None]]:
    """Saleor's ids and numbers of orders that could not be read at all."""
    rows = select(Misfit.saleor_id, Misfit.number).where(
        Misfit.kind == Kind.ORDERS.value,
        col(Misfit.read).is_(False),
        col(Misfit.number).is_not(None),
    )
    return list(tx.exec(rows.order_by(col(Misfit.seen_at)).limit(limit)))


def book(tx: Tx, day: date) -> Mapping[str, Entry]:
    """Our orders of a UTC day, by Saleor's id. Drafts are in no book, and of what was sold
    elsewhere Saleor knows nothing."""
    start = datetime.combine(day, time(), UTC)
    columns: list[Any] = [
        Order.saleor_id, Order.channel, Order.currency, Order.charged_minor, Order.number,
    ]  # fmt: skip
    rows: Any = tx.exec(
        select(*columns).where(
            col(Order.created_at) >= start,
            col(Order.created_at) < start + timedelta(days=1),
            Order.status != "DRAFT",
            func.coalesce(Order.origin, "") != TILL,
        )
    )
    return {row[0]: Entry(*row[1:]) for row in rows}


def unequal_days(tx: Tx) -> list[date]:
    """Days compared on which the books differ."""
    first = rules.days_compared(tx.now)[0].isoformat()
    differs = or_(
        col(Reckoning.our_orders) != Reckoning.their_orders,
        col(Reckoning.our_minor) != Reckoning.their_minor,
    )
    rows = select(Reckoning.day).where(differs, col(Reckoning.day) >= first).distinct()
    return [date.fromisoformat(day) for day in sorted(tx.exec(rows))]


def completeness(tx: Tx) -> Completeness:
    first = rules.days_compared(tx.now)[0].isoformat()
    rows = tx.exec(
        select(Reckoning)
        .where(col(Reckoning.day) >= first)
        .order_by(col(Reckoning.channel), col(Reckoning.currency))
    ).all()
    equal = [row for row in rows if _agrees(row)]
    places = dict.fromkeys((row.channel, row.currency) for row in rows)
    return Completeness(
        compared_at=swept_at(tx, BOOKS),
        oldest=min((row.checked_at for row in rows), default=None),
        days=len(rows),
        equal_days=len(equal),
        orders=sum(row.their_orders for row in rows),
        equal_orders=sum(row.their_orders for row in equal),
        channels=tuple(
            _channel(place, [row for row in rows if (row.channel, row.currency) == place])
            for place in places
        ),
    )


def _agrees(row: Reckoning) -> bool:
    return (row.our_orders, row.our_minor) == (row.their_orders, row.their_minor)


def _channel(place: tuple[str, str], rows: list[Reckoning]) -> ChannelBooks:
    channel, currency = place
    return ChannelBooks(
        channel,
        currency,
        our_orders=sum(row.our_orders for row in rows),
        their_orders=sum(row.their_orders for row in rows),
        ours=major(sum(row.our_minor for row in rows), currency),
        theirs=major(sum(row.their_minor for row in rows), currency),
    )
