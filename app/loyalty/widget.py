"""One customer as the Dashboard's widget shows her: value, tier, code and last orders."""

from datetime import datetime, timedelta
from decimal import Decimal

from app.customers.tables import Person
from app.kit.money import major
from app.kit.tx import Tx
from app.loyalty import guards, minting, offers, placing, queries, spans, view
from app.loyalty.minting import BringCode, Opener
from app.loyalty.queries import Terms
from app.loyalty.tables import Code, Voucher
from app.loyalty.view import Sight
from app.ltv import glance
from app.orders import queries as orders
from app.orders.tables import Order
from app.web.notation import Sum


def sight(tx: Tx, account: str) -> view.Widget:
    """What there is to show of an account, as Saleor calls it."""
    terms, person = queries.terms(tx), queries.by_account(tx, account)
    if terms is None or not terms.open:
        return view.Widget(sight=Sight.IMPORTING, now=tx.now)
    if person is None:
        return view.Widget(sight=Sight.UNKNOWN, now=tx.now, zone=terms.zone.key)
    return seen(tx, terms, person)


def seen(tx: Tx, terms: Terms, person: Person) -> view.Widget:
    """What there is to show of somebody, account or guest."""
    return view.Widget(
        sight=Sight.READY, now=tx.now, zone=terms.zone.key, person=_person(tx, terms, person)
    )


def deserves_code(tx: Tx, account: str) -> bool:
    """A code could be shown, and there is none yet."""
    terms, person = queries.terms(tx), queries.by_account(tx, account)
    if terms is None or person is None or not terms.open:
        return False
    tier, offer = offers.offer_for(tx, terms, person)
    voucher = queries.voucher(tx, tier.key, spans.month_of(tx.now, terms.zone))
    made = voucher is not None and queries.code_for(tx, person.id or 0, voucher.id or 0)
    return not made and guards.against(offer) is None


def mint_shown(tx: Tx, account: str, open_: Opener) -> None:
    """Who is shown a code is told it by somebody: it has to work."""
    terms, person = queries.terms(tx), queries.by_account(tx, account)
    if terms and person and deserves_code(tx, account):
        tier, _ = offers.offer_for(tx, terms, person)
        code = minting.mint(tx, terms, tier, person, open_)
        tx.later(BringCode(code=code.id or 0))


def _person(tx: Tx, terms: Terms, person: Person) -> view.Person:
    id_ = person.id or 0
    sums = queries.charged(tx, id_)
    bought = orders.value_to_date(tx, id_)
    _, offer = offers.offer_for(tx, terms, person)
    code = _code(tx, terms, person)
    return view.Person(
        value=tuple(_sum(minor, currency) for currency, (minor, _) in sums.items()),
        orders=bought.orders,
        average=tuple(_average(minor, count, c) for c, (minor, count) in sums.items() if count),
        last_order_at=bought.last,
        standing=_standing(tx, terms, person),
        code=code,
        no_code=None if code else guards.against(offer),
        last_orders=tuple(_past(order) for order in orders.last_orders(tx, id_)),
        worth=glance.of_person(tx, id_),
    )


def _standing(tx: Tx, terms: Terms, person: Person) -> view.Standing:
    id_ = person.id or 0
    member = queries.member(tx, id_) or placing.newcomer(terms, id_, now=tx.now)
    tier = terms.tier_of(member, person.email, now=tx.now)
    above = terms.ladder.above(tier.key)
    by_hand = queries.in_hand(member, tx.now) and tier.key != member.tier
    return view.Standing(
        tier=tier.name,
        spent=terms.sum(placing.spent_in_window(tx, terms, id_)),
        threshold=major(tier.threshold_minor, terms.currency),
        months=terms.programme.window_months,
        since=member.since if member.id and not by_hand else None,
        kept_until=_last_moment(member.manual_till if by_hand else member.valid_till),
        next_tier=terms.tiers[above.key].name if above else None,
        next_threshold=major(above.threshold_minor, terms.currency) if above else None,
        by_hand=member.manual_reason if by_hand else None,
    )


def _last_moment(end: datetime | None) -> datetime | None:
    """What ends at midnight was kept until the day before."""
    return end - timedelta(seconds=1) if end else None


def _code(tx: Tx, terms: Terms, person: Person) -> view.Code | None:
    """This month's; of two tiers' the one of today's tier."""
    member = queries.member(tx, person.id or 0)
    tier = terms.tier_of(member, person.email, now=tx.now)
    voucher = queries.voucher(tx, tier.key, spans.month_of(tx.now, terms.zone))
    code = queries.code_for(tx, person.id or 0, voucher.id or 0) if voucher else None
    if voucher is None or code is None or voucher.gone_at or code.in_saleor_at is None:
        return None  # what is shown has to work when it is typed
    return _shown(tx, voucher, code)


def _shown(tx: Tx, voucher: Voucher, code: Code) -> view.Code:
    order = orders.by_saleor_id(tx, code.used_order) if code.used_order else None
    return view.Code(
        text=code.code,
        percent=Decimal(voucher.percent_hundredths).scaleb(-2),
        ends_at=voucher.ends_at,
        least=tuple(_sum(units, currency) for currency, units in voucher.least_minor.items()),
        used_at=code.used_at,
        order=order.number if order else None,
    )


def _past(order: Order) -> view.PastOrder:
    return view.PastOrder(
        number=order.number,
        at=order.created_at,
        total=_sum(order.total_minor, order.currency),
        refunded=order.refunded_minor > 0,
        cancelled=order.status == "CANCELED",
    )


def _sum(minor: int, currency: str) -> Sum:
    return Sum(major(minor, currency), currency)


def _average(minor: int, count: int, currency: str) -> Sum:
    return _sum(round(Decimal(minor) / count), currency)
