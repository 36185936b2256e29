"""What of orders and catalogue the lists are made of, and what was set about them."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from sqlmodel import col, func, select

from app.catalog.tables import Price, Product, Variant
from app.customers import queries as customers
from app.customers.tables import Person
from app.kit.asking import any_of, ask, blank, question
from app.kit.tx import Tx, among
from app.orders.tables import Line, Order
from app.recommend import rules
from app.recommend.purchases import NOBODY, Purchase, Purchases
from app.recommend.tables import Choice, Counsel, Moved, Offered, Told, What

AT_ONCE = 5_000


class Good(NamedTuple):
    """A product as lists show it."""

    id: int
    saleor_id: str
    slug: str
    name: str
    category: str | None
    category_name: str
    picture: str | None
    created_at: datetime | None


@dataclass(frozen=True)
class Choices:
    """The merchant's own word."""

    pins: tuple[int, ...]
    beside: Mapping[int, tuple[int, ...]]
    blocked: frozenset[int]


COUNSEL = question(select(Counsel))


def counsel(tx: Tx) -> Counsel | None:
    return next(iter(ask(tx, COUNSEL)), None)


# ---- what was bought

ORDERS: Any = select(
    Order.id, Order.person, Order.created_at,
    Order.counts, Order.refunded_minor, Order.total_minor,  # type: ignore[call-overload]
)  # fmt: skip
LINES: Any = (
    select(Line.order, Line.product)
    .where(
        col(Line.product).is_not(None),
        col(Line.gift).is_(False),
        col(Line.returned) < col(Line.quantity),
    )
    .order_by(col(Line.order), col(Line.position))
)
"""Of what was kept."""
NEXT_ORDERS: Any = question(
    ORDERS.where(col(Order.id) > blank("last")).order_by(col(Order.id)).limit(AT_ONCE)
)
THEIR_LINES: Any = question(LINES.where(col(Line.order).between(blank("first"), blank("last"))))
THESE: Any = question(ORDERS.where(any_of(col(Order.id), "ids")))
OF_PEOPLE: Any = question(ORDERS.where(any_of(col(Order.person), "ids")))
LINES_OF: Any = question(LINES.where(any_of(col(Line.order), "ids")))


def staff(tx: Tx) -> list[int]:
    """Whose purchases tell nothing: the shop's own people; and who objects to a profile gets what
    everybody gets (RC-5, PR-4)."""
    own = {id_ for id_ in tx.exec(select(Person.id).where(col(Person.staff))) if id_}
    return sorted(own | customers.unprofiled(tx))


def purchases(tx: Tx) -> Iterator[Purchases]:
    """The whole history, some thousand orders at a time."""
    own, last = staff(tx), 0
    while rows := ask(tx, NEXT_ORDERS, last=last):
        first, last = rows[0][0], rows[-1][0]
        yield _filled(rows, ask(tx, THEIR_LINES, first=first, last=last), own)


def purchases_of(
    tx: Tx, *, orders: Collection[int], persons: Collection[int]
) -> dict[int, Purchase]:
    """Some orders, and all of some people's, as they are now; no products: it does not count."""
    rows = {row[0]: row for row in ask(tx, THESE, ids=sorted(orders))}
    rows |= {row[0]: row for row in ask(tx, OF_PEOPLE, ids=sorted(persons))}
    ids = sorted(rows)
    filled = _filled([rows[id_] for id_ in ids], ask(tx, LINES_OF, ids=ids), staff(tx))
    return {purchase.order: purchase for purchase in filled.each()}


def _filled(rows: Sequence[Any], lines: Sequence[Any], own: Collection[int]) -> Purchases:
    """In columns: as objects a million orders would keep everybody else in the process waiting.

    Both are in the sequence of the orders' ids.
    """
    ids, who, at, counts, refunded, total = zip(*rows, strict=True) if rows else ((),) * 6
    customers = np.array([NOBODY if one is None else one for one in who], np.int64)
    bought = rules.bought(
        counts=np.array(counts, np.bool_),
        refunded_minor=np.array(refunded, np.int64),
        total_minor=np.array(total, np.int64),
        staff=np.isin(customers, np.array(own, np.int64)),
    )
    orders = np.array(ids, np.int64)
    pairs = zip(*lines, strict=True) if lines else ((), ())
    of, product = (np.array(column, np.int64) for column in pairs)
    good = np.isin(of, orders[bought])
    ends = np.searchsorted(of[good], orders, side="right")
    return Purchases(
        orders,
        customers,
        np.array([int(one.timestamp()) for one in at], np.int64),
        np.concatenate(([0], ends)).astype(np.int64),
        product[good],
    )


def person_of(tx: Tx, account: str) -> int | None:
    """Somebody with an account, who is not of the staff, did not ask to be forgotten and does not
    object to a list of her own (PR-4)."""
    found = tx.exec(
        select(Person.id).where(
            Person.account == account,
            col(Person.staff).is_(False),
            col(Person.erased_at).is_(None),
        )
    ).first()
    return None if found in customers.unprofiled(tx) else found


# ---- what moved


def newest(tx: Tx) -> int:
    return tx.exec(select(func.max(col(Moved.id)))).one() or 0


def moved_since(tx: Tx, last: int) -> list[tuple[int, str, int, datetime]]:
    """Line, what, its number, when."""
    rows = select(Moved.id, Moved.what, Moved.number, Moved.at).where(col(Moved.id) > last)
    return [(id_ or 0, what, n, at) for id_, what, n, at in tx.exec(rows.order_by(col(Moved.id)))]


# ---- what is sold


def goods(tx: Tx, ids: Collection[int] | None = None) -> list[Good]:
    columns: list[Any] = [getattr(Product, name) for name in Good._fields]
    asked = select(*columns)
    if ids is not None:
        asked = asked.where(among(col(Product.id), sorted(ids)))
    return [Good(*row) for row in tx.exec(asked)]


def priced(tx: Tx, channel: str, currency: str) -> dict[int, str]:
    """Products with a price in a channel, in its own currency: Saleor's id of the first variant
    that has one.
    """
    rows = (
        select(Variant.product, Variant.saleor_id)
        .join(Price, col(Price.variant) == col(Variant.id))
        .where(Price.channel == channel, Price.currency == currency)
        .order_by(col(Variant.id).desc())
    )
    return dict(tx.exec(rows).all())


def offered(tx: Tx, channel: str, products: Collection[int] | None = None) -> dict[int, bool]:
    """What was last seen to be on sale in a channel, or not to be."""
    rows = select(Offered.product, Offered.sold).where(Offered.channel == channel)
    if products is not None:
        rows = rows.where(among(col(Offered.product), sorted(products)))
    return dict(tx.exec(rows).all())


def choices(tx: Tx) -> Choices:
    rows = tx.exec(select(Choice).order_by(col(Choice.id))).all()
    beside: dict[int, tuple[int, ...]] = {}
    for row in rows:
        if row.pinned and row.beside:
            beside[row.beside] = (*beside.get(row.beside, ()), row.product)
    return Choices(
        pins=tuple(row.product for row in rows if row.pinned and not row.beside),
        beside=beside,
        blocked=frozenset(row.product for row in rows if not row.pinned),
    )


# ---- what Saleor was told


def untold(tx: Tx, *, limit: int) -> list[Told]:
    """Products first: there are fewer of them, and everybody sees them."""
    rows = select(Told).where(col(Told.untold).is_(True))
    return list(tx.exec(rows.order_by(col(Told.kind).desc(), col(Told.id)).limit(limit)))


def told_to(tx: Tx, persons: Collection[int]) -> dict[str, Any]:
    """The lists that these customers' metadata carries, by key: PR-2. Others are made when asked
    for, and kept nowhere.
    """
    rows = select(Told.text).where(
        Told.kind == What.PERSON.value, among(col(Told.subject), sorted(persons)), Told.text != ""
    )
    found: dict[str, Any] = {}
    for text in tx.exec(rows):
        found |= {key: json.loads(told) if told else [] for key, told in json.loads(text).items()}
    return found


def accounts(tx: Tx, persons: Collection[int]) -> dict[int, str]:
    """Saleor's id of those who have an account of their own and are not of the staff."""
    rows = select(Person.id, Person.account).where(
        among(col(Person.id), sorted(persons)),
        col(Person.account).is_not(None),
        col(Person.staff).is_(False),
        col(Person.merged_into).is_(None),
        col(Person.erased_at).is_(None),
    )
    return {id_: account for id_, account in tx.exec(rows) if id_ and account}


def channels_of(tx: Tx, persons: Collection[int]) -> dict[int, set[str]]:
    """Where each of them has bought."""
    rows = (
        select(Order.person, Order.channel).where(among(col(Order.person), sorted(persons)))
    ).distinct()
    found: dict[int, set[str]] = {}
    for person, channel in tx.exec(rows):
        if person:
            found.setdefault(person, set()).add(channel)
    return found


def buyers(tx: Tx, *, limit: int) -> list[int]:
    """People with an account who have bought, the latest first."""
    rows = (
        select(Order.person)
        .join(Person, col(Person.id) == col(Order.person))
        .where(col(Person.account).is_not(None), col(Order.counts).is_(True))
        .group_by(col(Order.person))
        .order_by(func.max(Order.created_at).desc())
    )
    return [person for person in tx.exec(rows.limit(limit)) if person]


def long_untouched(tx: Tx, *, than: timedelta, limit: int) -> list[int]:
    """People whose list is older than this, the oldest first: rows of `Told`."""
    rows = select(Told.id).where(
        Told.kind == "person", col(Told.untold).is_(False), col(Told.told_at) < tx.now - than
    )
    return [id_ for id_ in tx.exec(rows.order_by(col(Told.told_at)).limit(limit)) if id_]
