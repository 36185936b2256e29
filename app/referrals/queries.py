"""Questions about who brought whom."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, func, or_, select

from app.customers.tables import Person
from app.kit.tx import Tx, among
from app.loyalty.tables import Code
from app.orders.tables import Order
from app.referrals.rules import State, folded
from app.referrals.tables import Referral, ReferralTerms


def terms(tx: Tx) -> ReferralTerms | None:
    return tx.exec(select(ReferralTerms)).first()


def by_id(tx: Tx, id_: int) -> Referral | None:
    return tx.exec(select(Referral).where(Referral.id == id_)).first()


def by_codes(tx: Tx, codes: Collection[str]) -> Sequence[Referral]:
    """Those whose friend's code, or whose reward, one of these texts is."""
    ids = tx.exec(select(Code.id).where(among(col(Code.code), sorted(codes)))).all()
    if not ids:
        return ()
    theirs = or_(among(col(Referral.code), ids), among(col(Referral.reward), ids))
    return tx.exec(select(Referral).where(theirs)).all()


def by_cards(tx: Tx, cards: Collection[str]) -> Sequence[Referral]:
    """Those whose reward is one of these gift cards."""
    ids = tx.exec(select(Code.id).where(among(col(Code.card), sorted(cards)))).all()
    return tx.exec(select(Referral).where(among(col(Referral.reward), ids))).all() if ids else ()


def of_code(tx: Tx, code: int) -> Referral | None:
    return tx.exec(select(Referral).where(Referral.code == code)).first()


def taken_since(tx: Tx, person: int, *, since: datetime, visitor: str | None = None) -> int:
    """Codes that were taken of somebody's link; or, with a visitor, from that address by any."""
    mine = Referral.person == person if visitor is None else Referral.seen_from == visitor
    rows = select(func.count()).select_from(Referral).where(mine, col(Referral.made_at) > since)
    return tx.exec(rows).one()


def from_visitor(tx: Tx, visitor: str, *, around: datetime, span: timedelta) -> int:
    rows = (
        select(func.count())
        .select_from(Referral)
        .where(
            Referral.seen_from == visitor,
            col(Referral.made_at) > around - span,
            col(Referral.made_at) < around + span,
        )
    )
    return tx.exec(rows).one()


def ordered_around(tx: Tx, person: int, *, at: datetime, span: timedelta) -> int:
    """How many ordered by this advocate's codes in the time until then."""
    rows = (
        select(func.count())
        .select_from(Referral)
        .where(
            Referral.person == person,
            col(Referral.ordered_at) > at - span,
            col(Referral.ordered_at) <= at,
        )
    )
    return tx.exec(rows).one()


def rewarded(tx: Tx, person: int, *, but: int, since: datetime | None = None) -> int:
    """RF-5: rewards that stand, without the one of this referral."""
    rows = (
        select(func.count())
        .select_from(Referral)
        .where(
            Referral.person == person,
            Referral.state == State.REWARDED.value,
            Referral.id != but,
        )
    )
    if since is not None:
        rows = rows.where(col(Referral.rewarded_at) > since)
    return tx.exec(rows).one()


def under_fold(tx: Tx, email: str) -> frozenset[int]:
    """RF-3: everybody whose address is this one after folding."""
    name, _, host = folded(email).partition("@")
    if not name:
        return frozenset()
    hosts = ("gmail.com", "googlemail.com") if host == "gmail.com" else (host,)
    of_host = or_(*[col(Person.email).endswith(f"@{one}", autoescape=True) for one in hosts])
    rows: Any = tx.exec(
        select(Person.id, Person.email).where(
            col(Person.email).startswith(name[0], autoescape=True), of_host
        )
    )
    return frozenset(id_ for id_, known in rows if folded(known) == f"{name}@{host}")


def bought_before(tx: Tx, people: Collection[int], *, at: datetime, but: str) -> bool:
    """Whether one of them has an order that counts from before that instant."""
    theirs = or_(among(col(Order.person), sorted(people)), among(col(Order.source), sorted(people)))
    rows = select(Order.id).where(
        theirs, col(Order.created_at) < at, Order.saleor_id != but, col(Order.counts)
    )
    return tx.exec(rows.limit(1)).first() is not None


def referred(tx: Tx, people: Collection[int]) -> Sequence[Referral]:
    """Those in which one of these is the friend."""
    theirs = among(col(Referral.friend), sorted(people))
    return tx.exec(select(Referral).where(theirs).order_by(col(Referral.id))).all()


def latest(
    tx: Tx, *, states: Collection[str] | None = None, limit: int, start: int = 0
) -> Sequence[Referral]:
    rows = select(Referral).order_by(col(Referral.made_at).desc(), col(Referral.id).desc())
    if states is not None:
        rows = rows.where(col(Referral.state).in_(states))
    return tx.exec(rows.offset(start).limit(limit)).all()


def of_advocate(tx: Tx, person: int, *, limit: int) -> Sequence[Referral]:
    rows = select(Referral).where(Referral.person == person)
    return tx.exec(rows.order_by(col(Referral.id).desc()).limit(limit)).all()


def counts(tx: Tx) -> Mapping[str, int]:
    rows: Any = tx.exec(select(Referral.state, func.count()).group_by(col(Referral.state)))
    return dict(rows.all())


@dataclass(frozen=True)
class Coefficient:
    """What the customers of a time brought."""

    buyers: int
    friends: int


def coefficient(tx: Tx, *, since: datetime) -> Coefficient:
    """Customers with a paid order since then, and friends among them who came by a referral."""
    bought = select(func.count(func.distinct(Order.person))).where(
        col(Order.created_at) > since, col(Order.counts), col(Order.paid)
    )
    good = (State.WAITING.value, State.CAPPED.value, State.REWARDED.value)
    brought = (
        select(func.count())
        .select_from(Referral)
        .join(Order, col(Order.saleor_id) == col(Referral.order))
        .where(col(Referral.ordered_at) > since, col(Referral.state).in_(good), col(Order.paid))
    )
    return Coefficient(buyers=tx.exec(bought).one(), friends=tx.exec(brought).one())
