"""What pages, widget and storefront show of referrals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.customers import queries as customers
from app.customers.tables import Person
from app.kit.money import major
from app.kit.tx import Tx
from app.loyalty import cards, coupons
from app.loyalty.tables import Code
from app.orders import queries as orders
from app.referrals import flows, queries
from app.referrals.flows import Opener
from app.referrals.rules import MONTH, State
from app.referrals.tables import Referral, ReferralTerms
from app.shops.flows import this_shop
from app.web.notation import Sum
from app.web.words import catalogue, language, tag_of

PAGE = 50
TONGUES = ("en", "pt_BR", "pl")
SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What both sides get, as words need it."""

    percent: Decimal
    """A share of one."""
    least: Sum | None
    reward: Decimal | None
    """A share of one; None where it is a gift card."""
    worth: Sum | None
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A reward of an advocate's."""

    code: str | None
    """None while it is being made."""
    worth: Sum | None
    ends_at: datetime | None
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """An advocate's own: what she passes on, and what came of it."""

    on: bool
    link: str
    texts: Mapping[str, str]
    """By language tag."""
    friends: int
    """Who ordered."""
    waiting: int
    rewards: Sequence[Given]
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A referral on the owner's page. Names only for who may see customers."""

    id: int
    advocate: str | None
    advocate_id: int
    friend: str | None
    friend_id: int | None
    order: str | None
    order_link: str | None
    at: datetime
    state: str
    reasons: Sequence[str]
    hand: str
    hand_at: datetime | None
    ripe_at: datetime | None
    reward_used: bool
    trouble: str
    asks: bool
    """Somebody may decide about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    codes: int
    ordered: int
    rewarded: int
    review: int
    blocked: int
    buyers: int
    friends: int

    @property
    def coefficient(self) -> Decimal | None:
        return Decimal(self.friends) / self.buyers if self.buyers else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The form, as it was typed or is stored; `wrong` names fields."""

    on: bool
    percent: str
    least: str
    card: bool
    reward: str
    worth: str
    days: str
    wrong: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    figures: Figures
    promise: Promise
    form: Typed
    rows: Sequence[Row]
    more: bool
    page: int
    only: str
    currency: str
    zone: str
    now: datetime
    on: bool
    stopped: bool
    cards: bool
    """This shop's Saleor knows cards of one customer."""
    cards_allowed: bool
    may_change: bool
    may_decide: bool
    sees_people: bool
    saved: bool = False
    told: str = ""
    said: int | None = None
    """The referral that was just decided about."""


ONLY: Mapping[str, Sequence[str]] = {
    "review": (State.REVIEW.value,),
    "ordered": tuple(state.value for state in State if state is not State.GIVEN),
    "all": tuple(state.value for state in State),
}
"""What the list is narrowed to; codes that nobody ordered with are in the last one alone."""


def promise_of(terms: ReferralTerms, currency: str) -> Promise:
    return Promise(
        percent=Decimal(terms.percent_hundredths) / 10_000,
        least=_sum(terms.least_minor, currency),
        reward=None if terms.card else Decimal(terms.reward_hundredths) / 10_000,
        worth=_sum(terms.reward_minor, currency) if terms.card else None,
        days=terms.return_days,
    )


def _sum(units: int, currency: str) -> Sum | None:
    return Sum(major(units, currency), currency) if units else None


def share_of(tx: Tx, person: Person | None, *, base: str, open_: Opener) -> Share | None:
    """What somebody has to pass on; None of who may not."""
    terms = queries.terms(tx)
    if terms is None or person is None or not flows.may_share(tx, person):
        return None
    link = flows.link_of(tx, person, base=base, open_=open_)
    mine = queries.of_advocate(tx, person.id or 0, limit=500)
    ordered = [one for one in mine if one.order]
    given = [one for one in ordered if one.state == State.REWARDED]
    return Share(
        on=flows.running(tx),
        link=link,
        texts={tag_of(language(one)): _text(tx, terms, link, one) for one in TONGUES},
        friends=len(ordered),
        waiting=sum(one.state in {State.WAITING, State.REVIEW} for one in ordered),
        rewards=[_given(coupons.by_id(tx, one.reward)) for one in given[:SHOWN]],
        zone=this_shop(tx).zone,
    )


def _given(code: Code | None) -> Given:
    there = code is not None and code.in_saleor_at is not None
    return Given(
        code=code.code if code and there else None,
        worth=cards.worth(code) if code else None,
        ends_at=code.ends_at if code else None,
        used=code is not None and code.used_at is not None,
    )


def _text(tx: Tx, terms: ReferralTerms, link: str, tongue: str) -> str:
    """RF-7: words of her own to send, from her own account."""
    words = catalogue(language(tongue))
    percent = f"{Decimal(terms.percent_hundredths).scaleb(-2).normalize():f}%"
    shop = this_shop(tx).name
    said = words.gettext("I buy at %(shop)s. Here is %(percent)s off your first order: %(link)s")
    if not shop:
        said = words.gettext("A shop I like. Here is %(percent)s off your first order: %(link)s")
    return str(said) % {"shop": shop, "percent": percent, "link": link}


def rows(tx: Tx, found: Sequence[Referral], *, sees_people: bool) -> Sequence[Row]:
    people = customers.persons(tx, [id_ for one in found for id_ in (one.person, one.friend)])
    return [_row(tx, one, people, sees_people=sees_people) for one in found]


def _row(tx: Tx, one: Referral, people: Mapping[int, Person], *, sees_people: bool) -> Row:
    order = orders.by_saleor_id(tx, one.order) if one.order else None
    reward = coupons.by_id(tx, one.reward)
    return Row(
        id=one.id or 0,
        advocate=_name(people.get(one.person)) if sees_people else None,
        advocate_id=one.person,
        friend=_name(people.get(one.friend or 0)) if sees_people else None,
        friend_id=one.friend,
        order=order.number if order else None,
        order_link=f"/orders/{order.saleor_id}" if order else None,
        at=one.ordered_at or one.made_at,
        state=one.state,
        reasons=one.reasons,
        hand=one.hand,
        hand_at=one.hand_at,
        ripe_at=one.ripe_at,
        reward_used=reward is not None and reward.used_at is not None,
        trouble=one.trouble,
        asks=one.order is not None,
    )


def _name(person: Person | None) -> str:
    return (person.name or person.email or "") if person else ""


def figures(tx: Tx) -> Figures:
    counts = queries.counts(tx)
    found = queries.coefficient(tx, since=tx.now - 3 * MONTH)
    return Figures(
        codes=sum(counts.values()),
        ordered=sum(counts.values()) - counts.get(State.GIVEN, 0),
        rewarded=counts.get(State.REWARDED, 0),
        review=counts.get(State.REVIEW, 0),
        blocked=counts.get(State.BLOCKED, 0),
        buyers=found.buyers,
        friends=found.friends,
    )
