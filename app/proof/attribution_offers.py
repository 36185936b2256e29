"""Issue 6.5: what codes cost, how many of them leaked, and who would have bought without one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import case, col, func, select

from app.journeys.tables import Grant
from app.kit.tx import Tx, among
from app.loyalty.acts import Verb
from app.loyalty.coupons import OF_CARDS
from app.loyalty.tables import Act, Code, Voucher
from app.orders.tables import Discount, Order

YEAR = timedelta(days=365)
SOON = timedelta(days=30)


@dataclass(frozen=True)
class Used:
    """A code that an order counts with."""

    subject: str
    person: int
    at: datetime
    cost_minor: int
    """In the reporting currency."""
    shared: bool


@dataclass(frozen=True)
class Costs:
    """Of one tier's or automation's codes."""

    subject: str
    """`tier:<key>`, or the automation."""
    minted: int
    used: Sequence[Used]

    @property
    def cost_minor(self) -> int:
        return sum(one.cost_minor for one in self.used)

    @property
    def shared(self) -> int:
        return sum(one.shared for one in self.used)


def costs(tx: Tx, *, since: datetime) -> list[Costs]:
    """Codes minted or used since then, the dearest first."""
    rows: Any = tx.exec(
        select(Voucher.tier, Voucher.programme, func.count())
        .join(Code, col(Code.voucher) == col(Voucher.id))
        .where(col(Code.minted_at) >= since)
        .group_by(col(Voucher.tier), col(Voucher.programme))
    )
    minted = dict[str, int]()
    for tier, programme, count in rows:
        subject = subject_of(tier, programme=programme)
        minted[subject] = minted.get(subject, 0) + count
    used: dict[str, list[Used]] = {}
    for one in _used(tx, since=since):
        used.setdefault(one.subject, []).append(one)
    found = [Costs(name, minted.get(name, 0), used.get(name, ())) for name in minted | used]
    return sorted(found, key=lambda one: (-one.cost_minor, one.subject))


def subject_of(tier: str, *, programme: bool) -> str:
    name = tier.removeprefix("journey:").removesuffix(OF_CARDS).removesuffix(":again")
    for many in ("referral", "points"):
        if programme and name.startswith(f"{many}:"):
            return many
    return name if programme else f"tier:{tier}"


def _used(tx: Tx, *, since: datetime) -> list[Used]:
    off = func.coalesce(
        select(func.sum(Discount.amount_minor))
        .where(Discount.order == Order.id, Discount.kind == "VOUCHER")
        .correlate(Order)
        .scalar_subquery(),
        Order.discount_minor,
    )
    cost = case((col(Code.card).is_not(None), col(Order.reward_minor)), else_=off)
    columns: list[Any] = [
        Code.id, Voucher.tier, Voucher.programme, func.coalesce(Order.person, Code.person, 0),
        Order.created_at, _reporting(cost), Grant.shared,
    ]  # fmt: skip
    rows: Any = tx.exec(
        select(*columns)
        .join(Voucher, col(Voucher.id) == col(Code.voucher))
        .join(Order, col(Order.saleor_id) == col(Code.used_order))
        .join(Grant, col(Grant.code) == col(Code.id), isouter=True)
        .where(
            col(Code.used_at) >= since,  # the order's own instant: few codes, and many orders
            col(Order.created_at) >= since,
            col(Order.counts),
        )
    )
    found = list(rows)
    leaked = _leaked(tx, [code for code, *_ in found])
    return [
        Used(
            subject_of(tier, programme=programme),
            person,
            at,
            round(minor),
            bool(shared) if shared is not None else code in leaked,
        )
        for code, tier, programme, person, at, minor, shared in found
    ]


def _reporting(minor: ColumnElement[Any]) -> ColumnElement[Any]:
    """At the rate of the order's own goods; nothing where no rate is known (LV-1)."""
    theirs, goods = func.coalesce(Order.goods_reporting_minor, 0), func.nullif(Order.goods_minor, 0)
    return func.coalesce(minor * 1.0 * theirs / goods, 0)


def _leaked(tx: Tx, codes: Collection[int | None]) -> set[int | None]:
    """CP-4: of tiers' codes, those that somebody else used."""
    rows = select(Act.code).where(
        among(col(Act.code), [code for code in codes if code]),
        Act.verb == Verb.USED.value,
        Act.reason == "by_another",
    )
    return set(tx.exec(rows))


def estimated(tx: Tx, used: Sequence[Used]) -> float | None:
    """An estimate, where nobody was held back: how likely each of them was to buy within a month
    anyway, going by how often she bought in the year before; weighed by what her code cost.
    """
    total = sum(one.cost_minor for one in used)
    if not total:
        return None
    before = _bought(tx, used)
    return sum(one.cost_minor * likely(before.get((one.person, one.at), 0)) for one in used) / total


def likely(orders_in_a_year: int) -> float:
    """That somebody who buys as often buys within thirty days: a Poisson process of her rate."""
    return 1 - exp(-orders_in_a_year * (SOON / YEAR))


def _bought(tx: Tx, used: Sequence[Used]) -> Mapping[tuple[int, datetime], int]:
    people = sorted({one.person for one in used})
    since = min(one.at for one in used) - YEAR
    rows: Any = tx.exec(
        select(Order.person, Order.created_at).where(
            among(col(Order.person), people), col(Order.created_at) >= since, col(Order.counts)
        )
    )
    moments: dict[int, list[datetime]] = {}
    for person, at in rows:
        moments.setdefault(person, []).append(at)
    return {
        (one.person, one.at): sum(
            one.at - YEAR <= at < one.at for at in moments.get(one.person, ())
        )
        for one in used
    }
