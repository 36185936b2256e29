"""Questions about points."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import and_, case, col, func, or_, select

from app.catalog.tables import Product
from app.kit.asking import ask, question
from app.kit.tx import Tx, among
from app.loyalty.tables import Code
from app.orders.tables import Line, Order
from app.points import rules
from app.points.rules import Kind
from app.points.tables import (
    Earning,
    PointsAccount,
    PointsEntry,
    PointsMonth,
    PointsSpend,
    PointsTerms,
)

TERMS = question(select(PointsTerms))


def terms(tx: Tx) -> PointsTerms | None:
    """Asked after every order: most shops have none."""
    return next(iter(ask(tx, TERMS)), None)


def account(tx: Tx, person: int) -> PointsAccount | None:
    return tx.exec(select(PointsAccount).where(PointsAccount.person == person)).first()


# -- orders


def earnings(tx: Tx, people: Collection[int]) -> dict[int, Earning]:
    """By order: those that these people have, or would have today."""
    theirs = select(col(Order.id)).where(among(col(Order.person), people))
    rows = select(Earning).where(
        or_(among(col(Earning.person), people), col(Earning.order).in_(theirs))
    )
    return {row.order: row for row in tx.exec(rows.order_by(col(Earning.id)))}


def owners(tx: Tx, order: int) -> Sequence[int]:
    return tx.exec(select(Earning.person).where(Earning.order == order)).all()


def orders(
    tx: Tx, people: Collection[int], *, known: Collection[int], since: datetime | None
) -> Sequence[Order]:
    """Orders that stand at something, and new ones that may, the oldest first."""
    mine = among(col(Order.id), known)
    if since is not None:
        fresh = and_(
            among(col(Order.person), people),
            col(Order.created_at) >= since,
            col(Order.earns),
            col(Order.counts),
            col(Order.paid),
        )
        mine = or_(mine, fresh)
    return tx.exec(select(Order).where(mine).order_by(col(Order.created_at), col(Order.id))).all()


@dataclass(frozen=True)
class Piece:
    """A line of an order."""

    product: int | None
    total: int
    quantity: int
    returned: int


def lines(tx: Tx, orders: Collection[int]) -> Mapping[int, Sequence[Piece]]:
    columns: list[Any] = [
        Line.order, Line.product, Line.total_minor, Line.quantity, Line.returned,
    ]  # fmt: skip
    rows: Any = tx.exec(
        select(*columns)
        .where(among(col(Line.order), orders))
        .order_by(col(Line.order), col(Line.position))
    )
    found: dict[int, list[Piece]] = {id_: [] for id_ in orders}
    for order, *told in rows:
        found[order].append(Piece(*told))
    return found


def products(tx: Tx, saleor_ids: Collection[str]) -> frozenset[int]:
    if not saleor_ids:
        return frozenset()
    rows = tx.exec(select(Product.id).where(among(col(Product.saleor_id), saleor_ids)))
    return frozenset(id_ for id_ in rows if id_)


# -- what was spent


def spend(tx: Tx, id_: int) -> PointsSpend | None:
    return tx.exec(select(PointsSpend).where(PointsSpend.id == id_)).first()


def spend_keyed(tx: Tx, key: str) -> PointsSpend | None:
    return tx.exec(select(PointsSpend).where(PointsSpend.key == key)).first()


def stuck(tx: Tx, *, before: datetime, limit: int) -> Sequence[int]:
    """Codes that were promised long ago and never came."""
    rows = select(PointsSpend.id).where(
        PointsSpend.state == "promised", col(PointsSpend.at) < before
    )
    return [id_ for id_ in tx.exec(rows.order_by(col(PointsSpend.id)).limit(limit)) if id_]


def spends_on(tx: Tx, texts: Collection[str]) -> Sequence[PointsSpend]:
    """Those whose code one of these texts is."""
    rows = select(PointsSpend).join(Code, col(Code.id) == col(PointsSpend.code))
    return tx.exec(rows.where(among(col(Code.code), sorted(texts)))).all()


def used(tx: Tx, people: Collection[int]) -> Sequence[tuple[PointsSpend, Order]]:
    """What they spent on an order, and the order."""
    rows: Any = tx.exec(
        select(PointsSpend, Order)
        .join(Code, col(Code.id) == col(PointsSpend.code))
        .join(Order, col(Order.saleor_id) == col(Code.used_order))
        .where(among(col(PointsSpend.person), people))
        .order_by(col(PointsSpend.id))
    )
    return list(rows)


def spends_of(tx: Tx, person: int, *, limit: int) -> Sequence[PointsSpend]:
    rows = select(PointsSpend).where(PointsSpend.person == person)
    return tx.exec(rows.order_by(col(PointsSpend.id).desc()).limit(limit)).all()


def entries_of(tx: Tx, person: int, *, limit: int) -> Sequence[PointsEntry]:
    rows = select(PointsEntry).where(PointsEntry.person == person)
    return tx.exec(rows.order_by(col(PointsEntry.id).desc()).limit(limit)).all()


def numbers(tx: Tx, orders: Collection[int | None]) -> Mapping[int, tuple[str, str]]:
    """Of our orders: the number, and Saleor's id."""
    wanted = sorted({id_ for id_ in orders if id_})
    rows: Any = (
        tx.exec(select(Order.id, Order.number, Order.saleor_id).where(among(col(Order.id), wanted)))
        if wanted
        else ()
    )
    return {id_: (number, saleor_id) for id_, number, saleor_id in rows}


def by_hand_since(tx: Tx, person: int, since: datetime) -> int:
    """PT-7: given and taken, both counted up."""
    rows = select(func.coalesce(func.sum(func.abs(PointsEntry.points)), 0)).where(
        PointsEntry.person == person,
        PointsEntry.kind == Kind.HAND.value,
        col(PointsEntry.at) > since,
    )
    return int(tx.exec(rows).one())


# -- PT-5


def idle(tx: Tx, *, before: datetime, after: int, limit: int) -> Sequence[tuple[int, int]]:
    """Accounts that have points and have rested since: their ids and whose they are."""
    rows: Any = tx.exec(
        select(PointsAccount.id, PointsAccount.person)
        .where(
            col(PointsAccount.active_at) <= before,
            col(PointsAccount.available) > 0,
            col(PointsAccount.id) > after,
        )
        .order_by(col(PointsAccount.id))
        .limit(limit)
    )
    return list(rows)


def ready_earnings(tx: Tx, person: int) -> Sequence[Earning]:
    """Whose points are in what may be spent, and not ended."""
    return tx.exec(
        select(Earning).where(
            Earning.person == person,
            col(Earning.ready_at).is_not(None),
            col(Earning.closed_at).is_(None),
        )
    ).all()


# -- PT-8


@dataclass(frozen=True)
class Final:
    """Of orders that are final: what they brought, and what was kept."""

    orders: int
    brought: int
    kept: int


def final(tx: Tx) -> Final:
    over = or_(
        col(Earning.ready_at).is_not(None),
        and_(col(Earning.pending) == 0, col(Earning.points) == 0),
    )
    rows = select(
        func.count(),
        func.coalesce(func.sum(Earning.whole), 0),
        func.coalesce(func.sum(Earning.points), 0),
    ).where(over)
    orders, brought, kept = tx.exec(rows).one()
    return Final(orders, int(brought), int(kept))


def owed(tx: Tx, *, at: datetime) -> rules.Owed:
    """As the ledger stood at that instant. What was spent or ended is taken from the oldest."""
    then = col(PointsEntry.at) < at
    gone: Any = (
        select(col(PointsEntry.person).label("person"), func.sum(-PointsEntry.points).label("gone"))
        .where(then, PointsEntry.points < 0)
        .group_by(col(PointsEntry.person))
        .subquery()
    )
    running = func.sum(PointsEntry.points).over(
        partition_by=col(PointsEntry.person), order_by=(col(PointsEntry.at), col(PointsEntry.id))
    )
    came: Any = (
        select(
            col(PointsEntry.person).label("person"),
            col(PointsEntry.at).label("at"),
            col(PointsEntry.points).label("points"),
            running.label("running"),
        )
        .where(then, PointsEntry.points > 0)
        .subquery()
    )
    over = came.c.running - func.coalesce(gone.c.gone, 0)
    left = case((over <= 0, 0), (over >= came.c.points, came.c.points), else_=over)
    young, middle, old = (at - timedelta(days=days) for days in rules.AGES)
    moment = came.c.at
    bands = {
        str(rules.AGES[0]): moment >= young,
        str(rules.AGES[1]): and_(moment < young, moment >= middle),
        str(rules.AGES[2]): and_(moment < middle, moment >= old),
        "more": moment < old,
    }
    sums: list[Any] = [
        func.coalesce(func.sum(case((band, left), else_=0)), 0) for band in bands.values()
    ]
    rows: Any = tx.exec(
        select(*sums).select_from(came).join(gone, gone.c.person == came.c.person, isouter=True)
    )
    ages = dict(zip(bands, (int(one) for one in rows.one()), strict=True))
    pending = tx.exec(select(func.coalesce(func.sum(PointsEntry.pending), 0)).where(then)).one()
    past = final(tx)
    void = rules.expected_void(brought=past.brought, kept=past.kept, orders=past.orders)
    return rules.Owed(ages=ages, pending=int(pending), void=void)


def months(tx: Tx, *, limit: int) -> Sequence[PointsMonth]:
    rows = select(PointsMonth).order_by(col(PointsMonth.month).desc()).limit(limit)
    return tx.exec(rows).all()


@dataclass(frozen=True)
class Sums:
    people: int
    available: int
    pending: int
    spent: int
    back: int


def sums(tx: Tx) -> Sums:
    has = or_(col(PointsAccount.available) > 0, col(PointsAccount.pending) > 0)
    accounts: Any = tx.exec(
        select(
            func.count().filter(has),
            func.coalesce(
                func.sum(PointsAccount.available).filter(col(PointsAccount.available) > 0), 0
            ),
            func.coalesce(func.sum(PointsAccount.pending), 0),
        )
    ).one()
    spent: Any = tx.exec(
        select(
            func.coalesce(func.sum(PointsSpend.points), 0),
            func.coalesce(func.sum(PointsSpend.back), 0),
        )
    ).one()
    return Sums(*(int(one) for one in (*accounts, *spent)))


def month(tx: Tx, first: date) -> PointsMonth | None:
    return tx.exec(select(PointsMonth).where(PointsMonth.month == first)).first()


def any_before(tx: Tx, at: datetime) -> bool:
    return (
        tx.exec(select(PointsEntry.id).where(col(PointsEntry.at) < at).limit(1)).first() is not None
    )


def entry_keyed(tx: Tx, key: str) -> bool:
    return tx.exec(select(PointsEntry.id).where(PointsEntry.key == key)).first() is not None
