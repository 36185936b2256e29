"""What the Today page shows of each room, one question each."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import col, func, select

from app.carts import queries as carts_
from app.carts.tables import Cart
from app.customers.tables import Person
from app.feedback import queries as feedback
from app.journeys.naming import title_of
from app.kit.money import major
from app.kit.tx import Tx
from app.loyalty import queries as loyalty
from app.loyalty import spans
from app.loyalty.guards import Tried
from app.loyalty.queries import Terms
from app.loyalty.tables import Attempt, Code, Membership, Voucher
from app.ltv import glance
from app.orders import queries as orders
from app.orders.tables import Order
from app.setup import queries as setup
from app.shops.flows import this_shop
from app.today import advice, goals, health
from app.today.view import CartLine, Carts, CodeLine, Codes, Left, TierCount, Today, Unconfirmed
from app.web.notation import Sum

DAYS = 30
MOST_LINES = 10
MOST_UNHAPPY = 5


def today(
    tx: Tx, *, sees_people: bool, house_sends: bool = False, may_change: bool = True
) -> Today:
    guide = setup.guide(tx, house_sends=house_sends)
    terms = loyalty.terms(tx)
    shop = this_shop(tx)
    zone = shop.zone
    left = left_behind(tx)
    carts = _carts(tx, left, terms, sees_people=sees_people) if left else None
    return Today(
        now=tx.now,
        zone=zone,
        health=health.health(tx),
        importing=health.importing(tx),
        tiers=_tiers(tx, terms) if terms and terms.open else None,
        window_months=terms.programme.window_months if terms else 12,
        carts=carts,
        codes=_codes(tx, terms, ZoneInfo(zone), sees_people=sees_people),
        offers=terms is not None and any(tier.offer for tier in terms.rungs),
        parked=health.parked(tx),
        unconfirmed=_unconfirmed(tx),
        sees_people=sees_people,
        worth=glance.of_shop(tx),
        guide=guide if guide.next else None,
        marks=goals.marks(tx, currency=shop.currency),
        actions=advice.actions(tx, left, carts.lines if carts else ()),
        may_change=may_change,
        unhappy=feedback.tasks(tx, most=MOST_UNHAPPY) if sees_people else (),
        unhappy_count=feedback.how_many(tx),
    )


def _tiers(tx: Tx, terms: Terms) -> tuple[TierCount, ...]:
    people = loyalty.people_by_tier(tx, terms)
    everybody = sum(people.values())
    return tuple(
        TierCount(
            key=tier.key,
            name=tier.name,
            threshold=terms.sum(tier.threshold_minor),
            people=people[tier.key],
            share=Decimal(people[tier.key]) / everybody if everybody else None,
            percent=_points(tier.percent_hundredths),
            offer=tier.offer and terms.programme.stopped_at is None,
        )
        for tier in terms.rungs
    )


def _points(hundredths: int | None) -> Decimal | None:
    return None if hundredths is None else Decimal(hundredths).scaleb(-2)


def left_behind(tx: Tx) -> Left | None:
    """None before the first checkout."""
    if tx.exec(select(Cart.id).limit(1)).first() is None:
        return None
    waiting = carts_.waiting(tx)
    return Left(
        carts=sum(one.carts for one in waiting),
        value=tuple(_sum(one.worth_minor, one.currency) for one in waiting),
    )


def _carts(tx: Tx, left: Left, terms: Terms | None, *, sees_people: bool) -> Carts:
    since = tx.now - timedelta(days=DAYS)
    tallies = carts_.tallies(tx, since=since)
    return Carts(
        days=DAYS,
        waiting=left.carts,
        value=left.value,
        left=sum(tally.left for tally in tallies),
        bought=sum(tally.bought for tally in tallies),
        nameless=carts_.nameless(tx, since=since),
        patience=carts_.patience(tx),
        lines=_cart_lines(tx, terms, sees_people=sees_people),
    )


def _cart_lines(tx: Tx, terms: Terms | None, *, sees_people: bool) -> tuple[CartLine, ...]:
    left = carts_.dearest(tx, limit=MOST_LINES)
    people = _people(tx, [cart.person for cart in left])
    members = _members(tx, people)
    coded = set(
        tx.exec(
            select(Attempt.checkout).where(
                col(Attempt.checkout).in_([cart.checkout for cart in left]),
                Attempt.state == Tried.PUT_ON.value,
            )
        )
    )
    return tuple(
        CartLine(
            who=_name(people.get(cart.person or 0)) or cart.email if sees_people else None,
            link=_link(people.get(cart.person or 0)) if sees_people else None,
            items=sum(int(line.get("quantity", 0)) for line in cart.lines),
            value=_sum(cart.worth_minor, cart.currency),
            touched_at=cart.touched_at,
            tier=_tier(terms, people.get(cart.person or 0), members, now=tx.now),
            coded=cart.checkout in coded,
            person=cart.person if sees_people else None,
        )
        for cart in left
    )


def _tier(
    terms: Terms | None, person: Person | None, members: Mapping[int, Membership], *, now: datetime
) -> str | None:
    if terms is None or not terms.open or person is None:
        return None
    return terms.tier_of(members.get(person.id or 0), person.email, now=now).name


def _codes(tx: Tx, terms: Terms | None, zone: ZoneInfo, *, sees_people: bool) -> Codes | None:
    """None before the first code; then of the shop's calendar month."""
    recent = _recent(tx, terms, sees_people=sees_people)
    if not recent:
        return None
    month = spans.month_of(tx.now, zone)
    begins, _ = spans.offer_span(month, zone)
    sums: Any = tx.exec(
        select(Order.currency, func.sum(Order.discount_minor), func.sum(Order.total_minor))
        .join(Code, col(Code.used_order) == col(Order.saleor_id))
        .where(col(Code.used_at) >= begins)
        .group_by(col(Order.currency))
        .order_by(col(Order.currency))
    )
    by_currency = [(currency, int(off), int(total)) for currency, off, total in sums]
    return Codes(
        month=month,
        given=_count(tx, col(Code.minted_at) >= begins),
        used=_count(tx, col(Code.used_at) >= begins),
        discount=tuple(_sum(off, currency) for currency, off, _ in by_currency),
        turnover=tuple(_sum(total, currency) for currency, _, total in by_currency),
        recent=recent,
    )


def _count(tx: Tx, which: Any) -> int:  # noqa: ANN401  # a clause
    return tx.exec(select(func.count()).select_from(Code).where(which)).one()


def _recent(tx: Tx, terms: Terms | None, *, sees_people: bool) -> tuple[CodeLine, ...]:
    """The last ones given or used, each by the index of its own instant: there are many."""
    columns: list[Any] = [Code, Voucher, Order]
    latest: Any = (
        select(*columns)
        .join(Voucher, col(Voucher.id) == col(Code.voucher))
        .join(Order, col(Order.saleor_id) == col(Code.used_order), isouter=True)
        .limit(MOST_LINES)
    )
    given, used = col(Code.minted_at).desc(), col(Code.used_at).desc()
    found = [
        *tx.exec(latest.order_by(given, col(Code.id).desc())),
        *tx.exec(latest.where(col(Code.used_at).is_not(None)).order_by(used, col(Code.id).desc())),
    ]
    rows = {code.id: (code, voucher, order) for code, voucher, order in found}
    newest = sorted(rows.values(), key=lambda row: (_told_at(row[0]), row[0].id), reverse=True)
    lines = newest[:MOST_LINES]
    whose = {code.id: code.person or code.used_by or 0 for code, _, _ in lines}
    people = _people(tx, whose.values())
    automations = {voucher.tier for _, voucher, _ in lines if voucher.programme}
    titles = {tier: title_of(tx, tier) for tier in sorted(automations)}
    return tuple(
        CodeLine(
            tier=titles.get(voucher.tier) or _given_by(terms, voucher),
            automation=voucher.programme,
            who=(_name(people.get(whose[code.id])) or "") if sees_people else None,
            link=_link(people.get(whose[code.id])) if sees_people else None,
            given_at=code.minted_at,
            used_at=code.used_at,
            order=order.number if order else None,
            order_link=f"/orders/{order.saleor_id}" if order else None,
        )
        for code, voucher, order in lines
    )


def _told_at(code: Code) -> datetime:
    return code.used_at or code.minted_at


def _given_by(terms: Terms | None, voucher: Voucher) -> str:
    tier = terms.tiers.get(voucher.tier) if terms else None
    return tier.name if tier else voucher.name.partition(" · ")[0]


def _unconfirmed(tx: Tx) -> Unconfirmed | None:
    """ID-2: how many wait, and for what."""
    waiting = orders.waiting(tx)
    if not waiting.people:
        return None
    return Unconfirmed(
        people=waiting.people,
        orders=waiting.orders,
        value=tuple(_sum(minor, currency) for currency, minor in waiting.goods_minor.items()),
    )


def _people(tx: Tx, ids: Iterable[int | None]) -> dict[int, Person]:
    if not (wanted := sorted({id_ for id_ in ids if id_})):
        return {}  # SQLite would look at everybody to find none
    return {p.id or 0: p for p in tx.exec(select(Person).where(col(Person.id).in_(wanted)))}


def _members(tx: Tx, people: Collection[int]) -> dict[int, Membership]:
    if not people:
        return {}
    rows = select(Membership).where(col(Membership.person).in_(sorted(people)))
    return {member.person: member for member in tx.exec(rows)}


def _name(person: Person | None) -> str | None:
    if person is None:
        return None
    return person.name or person.email


def _link(person: Person | None) -> str | None:
    return f"/customers/{person.account}" if person and person.account else None


def _sum(minor: int, currency: str) -> Sum:
    return Sum(major(minor, currency), currency)
