"""Who the shop's customers are, a page at a time, and all that is known of one of them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import col, func, or_, select

from app.customers import queries as customers
from app.customers import rules
from app.customers.tables import Person
from app.decisions.tables import Decision
from app.kit.money import major
from app.kit.tx import Tx, among
from app.loyalty import deciding as loyal
from app.loyalty import queries as loyalty
from app.loyalty.acts import Verb
from app.loyalty.queries import Terms
from app.loyalty.tables import Act, Membership, TierChange
from app.ltv import queries as value
from app.ltv.tables import CustomerScore, CustomerTally
from app.messages import deciding as gate
from app.messages.rules import COUNTED
from app.messages.tables import Message, Send
from app.orders.tables import Order as Purchase
from app.people import why
from app.people.view import Because, HandForm, Joined, Kind, Line, Moment, Order, People
from app.web.notation import Sum

PAGE = 50
MOMENTS = 100
SHORTEST = 2
"""Letters of a search: one finds half the shop."""
ORDERS = {
    Order.WORTH: (col(CustomerScore.net_12), col(CustomerScore.person)),
    Order.VALUE: (col(CustomerScore.to_date), col(CustomerScore.person)),
    Order.LAST: (col(CustomerTally.last), col(CustomerTally.person)),
}
COLUMNS: list[Any] = [
    Person,
    CustomerTally.orders,
    CustomerTally.last,
    CustomerScore.to_date,
    CustomerScore.net_12,
    Membership,
]


def people(tx: Tx, terms: Terms, *, asked: str, order: Order, page: int, tier: str = "") -> People:
    """Those who bought, in that order; or whoever's name or address begins with what is asked; or
    who is in a tier above the first."""
    asked = asked.strip()
    rung = next((one for one in terms.rungs[1:] if one.key == tier and terms.open), None)
    if len(asked) >= SHORTEST:
        rows, rung = _found(tx, asked, page), None
    elif rung:
        rows = _in_tier(tx, loyalty.in_tier(terms, tier, now=tx.now), order, page)
    else:
        rows = _ranked(tx, order, page)
    lines = [_line(terms, row, now=tx.now) for row in rows[:PAGE]]
    sheet = value.sheet(tx, "overview") or {}
    again = sheet.get("again")
    return People(
        lines=tuple(lines),
        asked=asked,
        order=order,
        page=page,
        more=len(rows) > PAGE,
        currency=terms.currency,
        zone=terms.zone.key,
        all=sheet.get("customers", 0),
        again=None if again is None else Decimal(str(again)),
        tier=rung.key if rung else "",
        tier_name=rung.name if rung else "",
    )


def _ranked(tx: Tx, order: Order, page: int) -> list[Any]:
    """The driving table has the index of the order; the rest is joined to fifty rows of it."""
    tables = (
        (CustomerTally, CustomerScore) if order is Order.LAST else (CustomerScore, CustomerTally)
    )
    first, second = tables
    by = [column.desc() for column in ORDERS[order]]
    # which fifty, by the index alone: far down the list the rest would be read for nothing
    these: Any = _paged(select(first.person).order_by(*by), page)
    rows: Any = (
        select(*COLUMNS)
        .select_from(first)
        .join(Person, col(Person.id) == col(first.person))
        .join(second, col(second.person) == col(first.person), isouter=True)
        .join(Membership, col(Membership.person) == col(first.person), isouter=True)
        .where(among(col(first.person), tx.exec(these).all()))
        .order_by(*by)
    )
    return list(tx.exec(rows))


def _in_tier(tx: Tx, fits: Any, order: Order, page: int) -> list[Any]:  # noqa: ANN401  # a clause
    """A tier is small beside the shop: it is read first, and then put in order."""
    first, second = ORDERS[order]
    rows = (
        select(*COLUMNS)
        .select_from(Membership)
        .join(Person, col(Person.id) == col(Membership.person))
        .join(CustomerTally, col(CustomerTally.person) == Person.id, isouter=True)
        .join(CustomerScore, col(CustomerScore.person) == Person.id, isouter=True)
        .where(fits)
        .order_by(func.coalesce(first, 0).desc(), second.desc())
    )
    return list(tx.exec(_paged(rows, page)))


def _found(tx: Tx, asked: str, page: int) -> list[Any]:
    start = rules.tidy(asked) or ""
    named = [
        func.lower(col(column)).startswith(start, autoescape=True)
        for column in (Person.first_name, Person.last_name)
    ]
    rows = (
        select(*COLUMNS)
        .select_from(Person)
        .join(CustomerTally, col(CustomerTally.person) == Person.id, isouter=True)
        .join(CustomerScore, col(CustomerScore.person) == Person.id, isouter=True)
        .join(Membership, col(Membership.person) == Person.id, isouter=True)
        .where(col(Person.merged_into).is_(None), col(Person.erased_at).is_(None))
        .where(or_(col(Person.email).startswith(start, autoescape=True), *named))
        .order_by(col(Person.email), col(Person.id))
    )
    return list(tx.exec(_paged(rows, page)))


def _paged(rows: Any, page: int) -> Any:  # noqa: ANN401  # a Select of six columns
    return rows.offset(page * PAGE).limit(PAGE + 1)


def _line(terms: Terms, row: Any, *, now: datetime) -> Line:  # noqa: ANN401  # a row of COLUMNS
    person, orders, last, to_date, net, member = row
    return Line(
        id=person.id,
        name=person.name,
        email=person.email,
        orders=orders or 0,
        value=None if to_date is None else major(to_date, terms.currency),
        expected=None if net is None else major(net, terms.currency),
        last=None if last is None else date(1970, 1, 1) + timedelta(days=last),
        tier=terms.tier_of(member, person.email, now=now).name if member and terms.open else None,
    )


def hand_form(tx: Tx, terms: Terms, person: int) -> HandForm:
    standing = [tier for tier in terms.tiers.values() if not tier.retired_at]
    standing.sort(key=lambda tier: tier.threshold_minor)
    member = loyalty.member(tx, person)
    given = member.manual_tier if member and loyalty.in_hand(member, tx.now) else None
    return HandForm(
        tiers=tuple((tier.key, tier.name) for tier in standing),
        given=terms.tiers[given].name if given else None,
    )


def joined(tx: Tx, person: int) -> tuple[Joined, ...]:
    merges = customers.merges(tx, person)
    counts: dict[int, int] = dict(
        tx.exec(
            select(Purchase.source, func.count())
            .where(col(Purchase.source).in_([merge.source for merge in merges]))
            .group_by(col(Purchase.source))
        ).all()  # type: ignore[arg-type]  # sources of merges are not null
    )
    return tuple(
        Joined(
            guest=merge.source,
            at=merge.merged_at,
            orders=counts.get(merge.source, 0),
            undoable=rules.undoable(merge.merged_at, now=tx.now),
        )
        for merge in merges
    )


def timeline(
    tx: Tx, terms: Terms, person: int, decided: Sequence[Decision] = ()
) -> tuple[Moment, ...]:
    """The latest hundred things, the newest first; one question a kind. `decided`: what was
    decided about her, to say why (DC-2).
    """
    moments = [
        *_purchases(tx, person),
        *_acts(tx, terms, person, decided),
        *_moves(tx, terms, person, decided),
        *_messages(tx, person, why.by_ref(decided, gate.GATE)),
        *(Moment(at=one.at, kind=Kind.JOINED, word="joined") for one in joined(tx, person)),
    ]
    return tuple(sorted(moments, key=lambda moment: moment.at, reverse=True)[:MOMENTS])


def _purchases(tx: Tx, person: int) -> Iterator[Moment]:
    rows = select(Purchase).where(Purchase.person == person)
    for order in tx.exec(rows.order_by(col(Purchase.created_at).desc()).limit(MOMENTS)):
        word = "refunded" if order.refunded_minor > 0 else "bought"
        yield Moment(
            at=order.created_at,
            kind=Kind.ORDER,
            word="cancelled" if order.status == "CANCELED" else word,
            what=order.number,
            sum=Sum(major(order.total_minor, order.currency), order.currency),
        )


def _acts(tx: Tx, terms: Terms, person: int, decided: Sequence[Decision]) -> Iterator[Moment]:
    put = why.by_ref(decided, loyal.CHECKOUT)
    rows = select(Act).where(Act.person == person).order_by(col(Act.at).desc()).limit(MOMENTS)
    for act in tx.exec(rows):
        because: tuple[Because, ...] = ()
        one = put.get(act.checkout or "")
        if act.verb == Verb.PUT_ON and one and one.outcome == act.verb:
            because = (Because(word="signed_in", what=_tier_name(terms, one.subject)),)
        elif act.verb == Verb.MINTED:
            because = why.of_code(decided, act.tier, act.at)
        yield Moment(at=act.at, kind=Kind.CODE, word=act.verb, reason=act.reason, because=because)


def _tier_name(terms: Terms, key: str) -> str:
    tier = terms.tiers.get(key)
    return tier.name if tier else key


def _moves(tx: Tx, terms: Terms, person: int, decided: Sequence[Decision]) -> Iterator[Moment]:
    why_moved = {(one.at, one.outcome): one for one in decided if one.rule == loyal.TIER}
    rows = select(TierChange).where(
        TierChange.person == person, col(TierChange.undone_at).is_(None)
    )
    for change in tx.exec(rows.order_by(col(TierChange.at).desc()).limit(MOMENTS)):
        one = why_moved.get((change.at, change.move))
        yield Moment(
            at=change.at,
            kind=Kind.TIER,
            word=change.move,
            what=_tier_name(terms, change.to_tier),
            reason=change.reason or "",
            because=why.reasons(one, currency=terms.currency) if one else (),
        )


def _messages(tx: Tx, person: int, decided: Mapping[str, Decision]) -> Iterator[Moment]:
    rows = (
        select(Send, func.max(Message.name))
        .join(Message, col(Message.key) == Send.message, isouter=True)
        .where(Send.person == person)
        .group_by(col(Send.id))
        .order_by(col(Send.due).desc())
        .limit(MOMENTS)
    )
    for send, name in tx.exec(rows):
        at = send.sent_at or send.ended_at or send.due
        what = name or send.message
        one = decided.get(send.key)
        yield Moment(
            at=at, kind=Kind.MESSAGE, word=send.state, what=what, reason=send.reason,
            because=_because(send, one),
        )  # fmt: skip


def _because(send: Send, one: Decision | None) -> tuple[Because, ...]:
    """The gate's reasons, unless it ended otherwise after the gate had let it out."""
    if one and (one.outcome == send.reason or send.state in COUNTED):
        return why.reasons(one)
    return (Because(word=send.reason),) if send.reason else ()
