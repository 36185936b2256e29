"""What starts something with points: an order, the night, an owner's hand."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from app.customers.tables import Person
from app.kit.tx import Tx
from app.loyalty import coupons
from app.points import earning, ledger, queries, rules, spending
from app.points.jobs import Lapse, Night, ReadGiftCards, Recount, Ripen
from app.points.rules import Against, Kind
from app.points.spending import State
from app.points.tables import PointsTerms
from app.shops.flows import this_shop

SETTLE = timedelta(seconds=2)
"""One order comes as several events."""
TOMORROW = timedelta(days=1)


class Purchase(Protocol):
    @property
    def code(self) -> str | None: ...


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Terms as an owner wants them."""

    on: bool
    rate_hundredths: int
    rates: Mapping[str, int]
    return_days: int
    least_points: int
    expires: bool
    expiry_months: int


def usual(tx: Tx) -> PointsTerms:
    """PT-1, PT-2: what a shop begins with: off, and nothing ends."""
    brazil = this_shop(tx).currency == "BRL"
    return PointsTerms(return_days=rules.RETURN_DAYS_BR if brazil else rules.RETURN_DAYS)


def save(tx: Tx, wish: Wish) -> None:
    row = queries.terms(tx) or usual(tx)
    row.on_since = (row.on_since or tx.now) if wish.on else None
    row.rate_hundredths, row.rates = wish.rate_hundredths, dict(wish.rates)
    row.return_days, row.least_points = wish.return_days, wish.least_points
    if not wish.expires:
        row.expires_since = None
    elif row.expires_since is None or wish.expiry_months != row.expiry_months:
        row.expires_since = tx.now  # PT-5: a first full period of the span it has now
    row.expiry_months = wish.expiry_months
    row.version += 1
    tx.add(row)
    tx.flush()
    if wish.on:
        tx.later(ReadGiftCards(version=row.version))


def orders_heard(tx: Tx, purchases: Collection[Purchase]) -> None:
    """PT-2: an order that was paid with points is another person's as often as not."""
    texts = {one.code for one in purchases if one.code}
    if not texts or queries.terms(tx) is None:
        return
    for row in queries.spends_on(tx, texts):
        tx.postpone(Recount(person=row.person), until=tx.now + SETTLE)


def recounted(job: Recount, tx: Tx) -> None:
    earning.recount(tx, [job.person])


def ripened(job: Ripen, tx: Tx) -> None:
    """Whose order it is by now: a guest may have joined an account meanwhile."""
    earning.recount(tx, {job.person, *queries.owners(tx, job.order)})


def lapse(job: Lapse, tx: Tx) -> None:
    """PT-6: a code that nobody used has left Saleor: its points come back."""
    row = queries.spend(tx, job.spend)
    code = coupons.by_id(tx, row.code) if row else None
    if row is None or code is None or row.state != State.GIVEN.value or code.used_at:
        return
    if code.deleted_at is not None:
        spending.give_back(tx, row, "unused")
        return
    when = job.when + TOMORROW
    tx.later(Lapse(person=row.person, spend=row.id or 0, when=when), at=when)


def change(
    tx: Tx, person: Person, points: int, *, reason: str, by: str, key: str
) -> Against | None:
    """PT-7: given or taken by hand. What stands against it; None where it is done."""
    id_ = person.id or 0
    mine = queries.account(tx, id_)
    today = queries.by_hand_since(tx, id_, tx.now - rules.DAY)
    against = rules.by_hand(points, reason, today=today, available=mine.available if mine else 0)
    if against is None and not queries.entry_keyed(tx, f"hand:{id_}:{key}"):
        ledger.book(
            tx, id_, Kind.HAND, points=points, key=f"hand:{id_}:{key}",
            reason=reason.strip()[:200], by=by,
        )  # fmt: skip
    return against


def nightly(tx: Tx, day: date) -> None:
    if queries.terms(tx) is not None:
        tx.later(Night(day=day.isoformat()))
