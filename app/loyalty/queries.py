"""What the programme is, and who stands where in it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlmodel import and_, case, col, func, or_, select

from app.customers.tables import Person
from app.kit.asking import ask, question
from app.kit.money import major
from app.kit.portions import portions
from app.kit.tx import Tx, among
from app.loyalty.rules import Ladder, Step
from app.loyalty.tables import Attempt, Code, Membership, Programme, Tier, TierChange, Voucher
from app.orders.queries import BOUGHT, EARNED
from app.orders.tables import Order
from app.shops.flows import this_shop
from app.shops.tables import Shop, Status
from app.web.notation import Sum

AT_ONCE = 5000
LIVE = "order"
"""Only a rise that an order brought can be taken back by a refund."""


class Held(Protocol):
    """Which tier somebody holds, earned and by hand. A `Membership` is one."""

    @property
    def tier(self) -> str: ...
    @property
    def manual_tier(self) -> str | None: ...
    @property
    def manual_till(self) -> datetime | None: ...


class Place(NamedTuple):
    """A membership, as far as a look at everybody needs it."""

    person: int
    tier: str
    valid_till: datetime | None = None
    manual_tier: str | None = None
    manual_till: datetime | None = None


@dataclass(frozen=True)
class Terms:
    """The programme as it is now, or as somebody is trying it out."""

    programme: Programme
    tiers: Mapping[str, Tier]
    zone: ZoneInfo
    currency: str
    running: bool
    """The app is switched on in the shop."""

    @cached_property
    def ladder(self) -> Ladder:
        return Ladder(
            [Step(t.key, t.threshold_minor, t.retired_at is not None) for t in self.tiers.values()]
        )

    @property
    def rungs(self) -> Sequence[Tier]:
        """The tiers people can reach, from the lowest up."""
        return [self.tiers[step.key] for step in self.ladder.steps if not step.retired]

    @property
    def open(self) -> bool:
        return self.programme.open_since is not None

    @cached_property
    def _excluded(self) -> frozenset[str]:
        return frozenset(self.programme.excluded)

    def excludes(self, email: str | None) -> bool:
        return email is not None and not self._excluded.isdisjoint(
            {email, email.rpartition("@")[2]}
        )

    def tier_of(self, member: Held | None, email: str | None, *, now: datetime) -> Tier:
        """What counts: the better of what was earned and what was given by hand (TI-7)."""
        if member is None or self.excludes(email):
            return self.tiers[self.ladder.base.key]
        by_hand = member.manual_tier if in_hand(member, now) else None
        return self.tiers[self.ladder.highest(member.tier, by_hand)]

    def sum(self, minor: int) -> Sum:
        return Sum(major(minor, self.currency), self.currency)


def in_hand(member: Held, now: datetime) -> bool:
    """A tier given by hand has not ended."""
    return member.manual_till is not None and now < member.manual_till


def terms(tx: Tx) -> Terms | None:
    """None before the app has settled in."""
    programme = tx.exec(select(Programme)).first()
    if programme is None:
        return None
    return terms_with(tx, programme, tx.exec(select(Tier)).all())


def terms_with(tx: Tx, programme: Programme, tiers: Sequence[Tier]) -> Terms:
    shop: Shop = this_shop(tx)
    return Terms(
        programme,
        {tier.key: tier for tier in tiers},
        ZoneInfo(shop.zone),
        shop.currency,
        shop.status == Status.ACTIVE,
    )


AN_OFFER = question(select(col(Tier.id)).where(col(Tier.offer)).limit(1))


def offers_on(tx: Tx) -> bool:
    """At least one tier's offer is switched on. Asked at every checkout: one look a unit of work.

    Only who hears checkouts asks, and nobody switches offers in the same unit of work.
    """
    if "offers on" not in tx.info:
        tx.info["offers on"] = bool(ask(tx, AN_OFFER))
    return bool(tx.info["offers on"])


def member(tx: Tx, person: int) -> Membership | None:
    return tx.exec(select(Membership).where(Membership.person == person)).first()


def last_rise(tx: Tx, person: int, tier: str, *, since: datetime) -> TierChange | None:
    """TI-5: the order that brought her here, if it was not long ago."""
    return tx.exec(
        select(TierChange)
        .where(
            TierChange.person == person,
            TierChange.to_tier == tier,
            TierChange.move == "rises",
            TierChange.cause == LIVE,
            col(TierChange.undone_at).is_(None),
            col(TierChange.at) > since,
        )
        .order_by(col(TierChange.at).desc(), col(TierChange.id).desc())
    ).first()


def risers(tx: Tx, *, since: datetime, among: Collection[int] | None = None) -> Mapping[int, int]:
    """Everybody whose last rise may still be taken back, with the highest bar they passed."""
    rows = tx.exec(
        select(TierChange.person, func.max(TierChange.bar_minor))
        .where(
            _among(TierChange.person, among),
            TierChange.move == "rises",
            TierChange.cause == LIVE,
            col(TierChange.undone_at).is_(None),
            col(TierChange.at) > since,
        )
        .group_by(col(TierChange.person))
    )
    return dict(rows.all())


HAS_ACCOUNT = and_(
    col(Person.account).is_not(None),
    col(Person.merged_into).is_(None),
    col(Person.erased_at).is_(None),
    col(Person.staff).is_(False),
)
"""Who can be in a tier: no guest, whom we could never know again, and nobody of the shop's own."""


def by_account(tx: Tx, account: str) -> Person | None:
    return tx.exec(select(Person).where(Person.account == account, HAS_ACCOUNT)).first()


def people_by_tier(tx: Tx, terms_: Terms) -> Mapping[str, int]:
    """How many people with an account are in each tier, those without any order in the first."""
    base, height = terms_.ladder.base.key, _height(terms_, tx.now)
    rows = tx.exec(
        select(height, func.count())
        .select_from(Membership)
        .join(Person, col(Person.id) == col(Membership.person))
        .where(HAS_ACCOUNT, ~_excluded(terms_))
        .group_by(height)
    ).all()
    counts = {step.key: 0 for step in terms_.ladder.steps}
    for at, people in rows:
        counts[terms_.ladder.steps[at].key] += people
    everybody = tx.exec(select(func.count()).select_from(Person).where(HAS_ACCOUNT)).one()
    counts[base] = everybody - sum(n for key, n in counts.items() if key != base)
    return counts


def _height(terms_: Terms, now: datetime) -> ColumnElement[int]:
    """Which step counts: the better of what was earned and what was given by hand (TI-7)."""
    earned = case(terms_.ladder.heights, value=col(Membership.tier), else_=0)
    by_hand = case(
        (
            col(Membership.manual_till) > now,
            case(terms_.ladder.heights, value=col(Membership.manual_tier), else_=0),
        ),
        else_=0,
    )
    return case((by_hand > earned, by_hand), else_=earned)


def in_tier(terms_: Terms, key: str, *, now: datetime) -> ColumnElement[bool]:
    """A condition on `Membership` and `Person`: those whom `people_by_tier` counts there. Not for
    the first tier, which is everybody else's."""
    return and_(_height(terms_, now) == terms_.ladder.heights[key], HAS_ACCOUNT, ~_excluded(terms_))


def _excluded(terms_: Terms) -> ColumnElement[bool]:
    emails = [e for e in terms_.programme.excluded if "@" in e]
    domains = [e for e in terms_.programme.excluded if "@" not in e]
    email = func.coalesce(col(Person.email), "")
    return or_(email.in_(emails), *(email.endswith("@" + d, autoescape=True) for d in domains))


def untold(tx: Tx, *, limit: int) -> Sequence[tuple[Membership, Person]]:
    """Whose metadata in Saleor says something else than we know."""
    return tx.exec(
        select(Membership, Person)
        .join(Person, col(Person.id) == col(Membership.person))
        .where(col(Membership.untold))
        .order_by(col(Membership.id))
        .limit(limit)
    ).all()


def _among(column: Any, people: Collection[int] | None) -> ColumnElement[bool]:  # noqa: ANN401
    found = col(column)
    return found.is_not(None) if people is None else found.in_(sorted(people))


def members(tx: Tx, people: Collection[int]) -> dict[int, tuple[Person, Membership | None]]:
    """Those of them who can be in a tier, with their standing if they ever had one."""
    rows = tx.exec(
        select(Person, Membership)
        .join(Membership, col(Membership.person) == col(Person.id), isouter=True)
        .where(HAS_ACCOUNT, col(Person.id).in_(sorted(people)))
        .order_by(col(Person.id))
    )
    return {person.id or 0: (person, member) for person, member in rows}


def places(tx: Tx) -> Mapping[int, Place]:
    """Everybody who has ever been in a tier. Not as rows: there may be many."""
    columns: list[Any] = [getattr(Membership, name) for name in Place._fields]
    rows: Any = tx.exec(select(*columns))
    return {row[0]: Place(*row) for row in rows}


def spendings(
    tx: Tx, *, since: datetime, among: Collection[int] | None = None
) -> Mapping[int, int]:
    """TI-1 for many at once, or for everybody: what each spent on goods, in minor units."""
    mine = _among(Order.person, among)
    rows: Any = tx.exec(
        select(Order.person, func.sum(Order.goods_reporting_minor))
        .where(EARNED, col(Order.created_at) >= since, mine)
        .group_by(col(Order.person))
    )
    return {person: int(minor or 0) for person, minor in rows}


def emails(tx: Tx, people: Collection[int]) -> Mapping[int, str | None]:
    """The address of each of these who can be in a tier."""
    found: dict[int, str | None] = {}
    for some in portions(sorted(people), AT_ONCE):
        mine = among(col(Person.id), some)
        rows: Any = tx.exec(select(Person.id, Person.email).where(HAS_ACCOUNT, mine))
        found |= dict(rows.all())
    return found


def charged(tx: Tx, person: int) -> Mapping[str, tuple[int, int]]:
    """By currency: what a person's orders came to less refunds, and how many they are (LV-1)."""
    rows: Any = tx.exec(
        select(Order.currency, func.sum(Order.charged_minor), func.count())
        .where(Order.person == person, BOUGHT)
        .group_by(col(Order.currency))
        .order_by(func.sum(Order.charged_minor).desc())
    )
    return {currency: (int(minor), count) for currency, minor, count in rows}


def attempt(tx: Tx, checkout: str) -> Attempt | None:
    return tx.exec(select(Attempt).where(Attempt.checkout == checkout)).first()


def voucher(tx: Tx, tier: str, month: object) -> Voucher | None:
    return tx.exec(select(Voucher).where(Voucher.tier == tier, Voucher.month == month)).first()


def code_for(tx: Tx, person: int, voucher_: int) -> Code | None:
    return tx.exec(select(Code).where(Code.person == person, Code.voucher == voucher_)).first()


def code_called(tx: Tx, text: str) -> Code | None:
    return tx.exec(select(Code).where(Code.code == text)).first()


class Spent(Protocol):
    """What an order says of what it was bought with."""

    @property
    def code(self) -> str | None: ...
    @property
    def cards(self) -> Sequence[str] | None: ...


def codes_on(tx: Tx, order: Spent) -> Sequence[Code]:
    """The codes of ours on an order: a voucher's, and those of gift cards that paid."""
    if not order.code and not order.cards:
        return ()
    mine = or_(Code.code == order.code, among(col(Code.card), sorted(order.cards or ())))
    return tx.exec(select(Code).where(mine).order_by(col(Code.id))).all()


def codes_called(tx: Tx, texts: Collection[str]) -> frozenset[str]:
    """Those of `texts` that are codes of ours."""
    if not texts:
        return frozenset()
    return frozenset(tx.exec(select(Code.code).where(among(col(Code.code), sorted(texts)))).all())


def to_tidy(tx: Tx, *, ended_before: datetime) -> Sequence[Voucher]:
    return tx.exec(
        select(Voucher).where(
            col(Voucher.ends_at) < ended_before,
            col(Voucher.tidied_at).is_(None),
            col(Voucher.saleor_id).is_not(None),
        )
    ).all()


def given_codes(tx: Tx, voucher_: int, texts: Collection[str]) -> Sequence[Code]:
    return tx.exec(select(Code).where(Code.voucher == voucher_, among(col(Code.code), texts))).all()
