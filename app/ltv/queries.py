"""Questions about customers' value: what is kept, and who is behind a number."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement
from sqlmodel import col, func, select

from app.catalog.tables import Product
from app.customers.tables import Person
from app.kit.tx import Tx
from app.ltv import entries
from app.ltv.arrays import Longs
from app.ltv.rfm import Boundaries
from app.ltv.tables import (
    AdSpend,
    CustomerScore,
    CustomerTally,
    Fitting,
    RfmBoundary,
    UnitCost,
    ValueSheet,
)
from app.orders.exchange import exchange

LATEST = (col(Fitting.made_at).desc(), col(Fitting.id).desc())


def newest(tx: Tx) -> Fitting | None:
    return tx.exec(select(Fitting).order_by(*LATEST).limit(1)).first()


def in_use(tx: Tx) -> Fitting | None:
    return tx.exec(select(Fitting).where(col(Fitting.active).is_(True))).first()


LISTED: list[Any] = [
    Fitting.id, Fitting.made_at, Fitting.day, Fitting.occasion, Fitting.customers, Fitting.status,
    Fitting.personal, Fitting.rule, Fitting.boosted, Fitting.seconds, Fitting.trials,
    Fitting.skipped, Fitting.active, Fitting.drift,
]  # fmt: skip


def fittings(tx: Tx, *, limit: int = 20) -> Sequence[Any]:
    """The last ones, the newest first; without what they learnt, which is long."""
    rows: Any = tx.exec(select(*LISTED).order_by(*LATEST).limit(limit))
    found: Sequence[Any] = rows.all()
    return found


def stale(tx: Tx, *, limit: int | None) -> list[int]:
    """Whose line has changed since she was scored; who waits longest first."""
    rows = (
        select(CustomerTally.person)
        .where(col(CustomerTally.stale_at).is_not(None))
        .order_by(col(CustomerTally.stale_at), col(CustomerTally.person))
    )
    return list(tx.exec(rows if limit is None else rows.limit(limit)))


def month(tx: Tx) -> str:
    """The shop's month of now, `2026-03`."""
    return f"{tx.now.astimezone(exchange(tx).zone):%Y-%m}"


def boundary(tx: Tx) -> Boundaries | None:
    """RM-4: of this month; None until the first reckoning in it."""
    return _limits(tx.exec(select(RfmBoundary).where(RfmBoundary.month == month(tx))).first())


def any_boundary(tx: Tx) -> Boundaries | None:
    """The last there are."""
    rows = select(RfmBoundary).order_by(col(RfmBoundary.month).desc()).limit(1)
    return _limits(tx.exec(rows).first())


def _limits(row: RfmBoundary | None) -> Boundaries | None:
    return Boundaries(np.array(row.recency), np.array(row.money)) if row else None


def sheet(tx: Tx, name: str) -> Mapping[str, Any] | None:
    """None before the first night."""
    return tx.exec(select(ValueSheet.body).where(ValueSheet.name == name)).first()


def made_at(tx: Tx) -> datetime | None:
    return tx.exec(select(ValueSheet.made_at).where(ValueSheet.name == "overview")).first()


def origins(tx: Tx, people: Longs) -> dict[str, list[Any]]:
    """V9: how each of these people came, in their order; None and "" where nobody knows."""
    columns: list[Any] = [
        CustomerTally.person, CustomerTally.product, CustomerTally.category,
        CustomerTally.channel, CustomerTally.country,
    ]  # fmt: skip
    rows: Any = tx.exec(select(*columns))
    found = {row[0]: row[1:] for row in rows}
    nothing = (None, "", "", "")
    told = [found.get(int(person), nothing) for person in people]
    names = ("product", "category", "channel", "country")
    return {name: [labels[i] for labels in told] for i, name in enumerate(names)}


def product_names(tx: Tx, ids: Collection[int]) -> dict[int, str]:
    rows = tx.exec(select(Product.id, Product.name).where(col(Product.id).in_(ids)))
    return {id_: name for id_, name in rows if id_}


@dataclass(frozen=True)
class Cell:
    """RM-2: people of one cell of the grid."""

    r: int
    fm: int
    group: str
    people: int
    net_12: int


def grid(tx: Tx) -> list[Cell]:
    columns: list[Any] = [CustomerScore.r, CustomerScore.fm, CustomerScore.group]
    sums: list[Any] = [func.count(), func.sum(CustomerScore.net_12)]
    rows: Any = tx.exec(select(*columns, *sums).where(CustomerScore.group != "").group_by(*columns))
    return [Cell(r, fm, group, people, int(net)) for r, fm, group, people, net in rows]


def movement(tx: Tx) -> dict[tuple[str, str], int]:
    """RM-4: from the group at the end of last month to today's."""
    columns: list[Any] = [CustomerScore.group_before, CustomerScore.group]
    counted: list[Any] = [*columns, func.count()]
    rows: Any = tx.exec(select(*counted).group_by(*columns))
    return {(before, now): count for before, now, count in rows}


def tiers(tx: Tx) -> dict[str, tuple[int, int]]:
    """TI-0: people of each letter and what they are expected to bring in 12 months."""
    rows: Any = tx.exec(
        select(CustomerScore.tier, func.count(), func.sum(CustomerScore.net_12))
        .where(CustomerScore.tier != "")
        .group_by(col(CustomerScore.tier))
    )
    return {tier: (count, int(worth)) for tier, count, worth in rows}


def active(tx: Tx, *, since: int) -> int:
    """Customers who bought on that day or later."""
    return tx.exec(select(func.count()).where(CustomerTally.last >= since)).one()


def spends(tx: Tx) -> list[AdSpend]:
    rows = select(AdSpend).order_by(col(AdSpend.month).desc(), col(AdSpend.channel))
    return list(tx.exec(rows))


def unit_costs(tx: Tx) -> int:
    return tx.exec(select(func.count()).select_from(UnitCost)).one()


def score_of(tx: Tx, person: int) -> CustomerScore | None:
    return tx.exec(select(CustomerScore).where(CustomerScore.person == person)).first()


# ---- Who is behind a number

SORTS: dict[str, ColumnElement[Any]] = {
    "worth": col(CustomerScore.net_12).desc(),
    "value": col(CustomerScore.to_date).desc(),
    "late": col(CustomerScore.due).asc(),
    "last": col(CustomerTally.last).desc(),
}
MANY = 100
"""Times a page: longer lists are walked instead of sorted."""
PERSON: list[Any] = [
    Person.id, Person.account, Person.email, Person.first_name, Person.last_name,
    CustomerTally.first, CustomerTally.last, CustomerTally.orders, CustomerScore.to_date,
    CustomerScore.net_12, CustomerScore.net_12_low, CustomerScore.net_12_high,
    CustomerScore.alive, CustomerScore.due, CustomerScore.tier, CustomerScore.group,
    CustomerScore.stage, CustomerScore.lapsed, CustomerScore.next_from, CustomerScore.next_to,
]  # fmt: skip


@dataclass(frozen=True)
class Which:
    """Of whom a list is. Everything given must hold."""

    tier: str = ""
    group: str = ""
    before: str = ""
    """RM-4: the group at the end of last month."""
    stage: str = ""
    lapsed: bool | None = None
    purchases: int | None = None
    """Exactly so many days with a purchase, or so many and more (`at_least`)."""
    at_least: int | None = None
    first_from: int | None = None
    first_to: int | None = None
    """Days of the first order, both included."""
    product: int | None = None
    category: str = ""
    channel: str = ""
    country: str = ""
    late: bool | None = None
    active: bool | None = None
    since: int | None = None
    """Bought on or after this day."""
    rfm: tuple[int, int] | None = None


def behind(tx: Tx, which: Which) -> list[ColumnElement[bool]]:
    """Conditions on tally and score."""
    t, s, w = CustomerTally, CustomerScore, which
    equal: list[tuple[Any, Any]] = [
        (s.tier, w.tier), (s.group, w.group), (s.group_before, w.before), (s.stage, w.stage),
        (t.category, w.category), (t.channel, w.channel), (t.country, w.country),
        (t.days, w.purchases), (t.product, w.product), (s.lapsed, w.lapsed),
    ]  # fmt: skip
    least: list[tuple[Any, int | None]] = [
        (t.days, w.at_least), (t.first, w.first_from), (t.last, w.since),
    ]  # fmt: skip
    found: list[ColumnElement[bool]] = [
        col(column) == value for column, value in equal if value not in {None, ""}
    ]
    found += [col(column) >= value for column, value in least if value is not None]
    if w.first_to is not None:
        found.append(col(t.first) <= w.first_to)
    if w.late:
        found += [col(s.due).is_not(None), col(s.due) < entries.today(tx)]
    if w.active:
        found.append(col(s.tier) != "")
    if w.rfm is not None:
        found += [col(s.r) == w.rfm[0], col(s.fm) == w.rfm[1]]
    return found


def _about(clauses: Sequence[ColumnElement[bool]]) -> tuple[list[Any], list[Any]]:
    """Those that are about the tally, and those about the score."""
    tally = [c for c in clauses if f"{CustomerTally.__tablename__}." in str(c)]
    return tally, [c for c in clauses if c not in tally]


def count(tx: Tx, which: Which) -> int:
    """How many. A table that no condition is about is not looked at."""
    tally, score = _about(behind(tx, which))
    if not tally or not score:
        table: Any = CustomerTally if tally else CustomerScore
        return tx.exec(select(func.count()).select_from(table).where(*tally, *score)).one()
    joined = col(CustomerScore.person) == col(CustomerTally.person)
    query = select(func.count()).select_from(CustomerTally).join(CustomerScore, joined)
    return tx.exec(query.where(*tally, *score)).one()


def people(
    tx: Tx,
    which: Which,
    *,
    sort: str = "worth",
    limit: int | None,
    offset: int = 0,
    total: int = 0,
) -> Sequence[Any]:
    """Rows of PERSON, best first; `total`: how many there are of them, if that is known."""
    query: Any = (
        select(*PERSON)
        .join(CustomerTally, col(CustomerTally.person) == col(Person.id))
        .join(CustomerScore, col(CustomerScore.person) == col(Person.id))
        .order_by(SORTS[sort], col(CustomerScore.person))
    )
    if limit is None:
        return list(tx.exec(query.where(*behind(tx, which)).offset(offset)).all())
    if sort != "last" and total >= MANY * (offset + limit) and _about(behind(tx, which))[0]:
        page = _page(tx, which, sort=sort, limit=limit, offset=offset)
        return list(tx.exec(query.where(col(Person.id).in_(page))).all())
    return list(tx.exec(query.where(*behind(tx, which)).offset(offset).limit(limit)).all())


def _page(tx: Tx, which: Which, *, sort: str, limit: int, offset: int) -> list[int]:
    """Who is on a page of a long list that goes by scores: they are walked in their order, which an
    index has, and each is asked for. Where few fit the walk would be long, and sorting is better.
    """
    tally, score = _about(behind(tx, which))
    if tally:
        hers = col(CustomerTally.person) == col(CustomerScore.person)
        score.append(select(CustomerTally.id).where(hers, *tally).exists())
    order = (SORTS[sort], col(CustomerScore.person))
    rows = select(CustomerScore.person).where(*score).order_by(*order)
    return list(tx.exec(rows.offset(offset).limit(limit)))


def anybody(tx: Tx) -> bool:
    """Has anybody bought at all?"""
    return tx.exec(select(CustomerTally.id).limit(1)).first() is not None


def anybody_scored(tx: Tx) -> bool:
    """Has anything been said of anybody yet?"""
    return tx.exec(select(CustomerScore.id).limit(1)).first() is not None
