"""What there is to show beside one thing of Saleor's, each a few questions of what is known."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlmodel import col, func, select

from app.catalog import queries as catalog
from app.customers import queries as customers
from app.customers.tables import Person
from app.journeys.naming import title_of
from app.journeys.tables import Cycle, Grant
from app.kit.money import major
from app.kit.tx import Tx, among
from app.loyalty import cards, coupons, guards, offers
from app.loyalty import queries as loyalty
from app.loyalty.tables import Code, Voucher
from app.ltv import glance
from app.ltv import queries as value
from app.messages.tables import Message, Send
from app.orders import queries as orders
from app.orders.tables import Line, Order
from app.saleor import shapes
from app.shops.flows import this_shop
from app.today import advice, goals, health
from app.today import queries as today
from app.web.notation import Sum
from app.widgets.view import (
    Buyer,
    CardState,
    DraftSight,
    GiftCardSight,
    HomeSight,
    OrderSight,
    PaidOrder,
    ProductSight,
    VoucherSight,
)

RECENT = timedelta(days=90)
MOST = 3
AT_MOST = 2_000
"""Lines of a product that are read."""
SAMPLE = 500
"""Orders among which it is counted what went with a product."""


def order(tx: Tx, saleor_id: str, *, sees_people: bool) -> OrderSight | None:
    row = orders.by_saleor_id(tx, saleor_id)
    if row is None:
        return None
    discount = major(row.discount_minor, row.currency)
    return OrderSight(
        total=Sum(major(row.total_minor, row.currency), row.currency),
        discount=Sum(discount, row.currency) if discount else None,
        code=_owner_of(tx, row.code),
        message=_led_here(tx, row.decision),
        place=_place(tx, row),
        buyer=_buyer_of(tx, row.person) if sees_people else None,
    )


def _owner_of(tx: Tx, code: str | None) -> str:
    known = loyalty.code_called(tx, code) if code else None
    voucher = tx.get(Voucher, known.voucher) if known else None
    return _title(tx, voucher) if voucher else ""


def _title(tx: Tx, voucher: Voucher) -> str:
    if voucher.programme:
        return title_of(tx, voucher.tier)
    terms = loyalty.terms(tx)
    tier = terms.tiers.get(voucher.tier) if terms else None
    return tier.name if tier else voucher.name.partition(" · ")[0]


def _led_here(tx: Tx, decision: str | None) -> str:
    if not decision:
        return ""
    named = (
        select(Message.name)
        .join(Send, col(Send.message) == col(Message.key))
        .where(Send.decision == decision)
        .order_by(col(Message.version).desc())
    )
    return tx.exec(named.limit(1)).first() or ""


def _place(tx: Tx, row: Order) -> int | None:
    if row.person is None:
        return None
    before = select(func.count()).where(
        Order.person == row.person, col(Order.counts), col(Order.created_at) <= row.created_at
    )
    return tx.exec(before).one() or None


def _buyer_of(tx: Tx, id_: int | None) -> Buyer | None:
    person = customers.person(tx, id_) if id_ else None
    return buyer(tx, person) if person and person.erased_at is None else None


def buyer(tx: Tx, person: Person) -> Buyer:
    id_ = person.id or 0
    terms, worth = loyalty.terms(tx), glance.of_person(tx, id_)
    member = loyalty.member(tx, id_)
    return Buyer(
        name=person.name or person.email or "",
        tier=terms.tier_of(member, person.email, now=tx.now).name if terms and terms.open else None,
        orders=orders.value_to_date(tx, id_).orders,
        value=tuple(
            Sum(major(minor, currency), currency)
            for currency, (minor, _) in loyalty.charged(tx, id_).items()
        ),
        expected=Sum(worth.net_12, worth.currency) if worth else None,
    )


def draft(tx: Tx, told: shapes.Order | None, saleor_id: str) -> DraftSight | None:
    """Saleor says whose draft it is, if it can be asked; else what we have heard of it."""
    person = _of_draft(tx, told, saleor_id)
    zone = this_shop(tx).zone
    if person is None:
        return DraftSight(buyer=None, code=None, percent=None, ends_at=None, zone=zone)
    live = _live(tx, person.id or 0)
    terms = loyalty.terms(tx)
    against = guards.against(offers.offer_for(tx, terms, person)[1]) if terms else None
    return DraftSight(
        buyer=buyer(tx, person),
        code=live[0].code if live else None,
        percent=Decimal(live[1].percent_hundredths) / 10_000 if live else None,
        ends_at=(live[0].ends_at or live[1].ends_at) if live else None,
        least=tuple(
            Sum(major(units, currency), currency) for currency, units in live[1].least_minor.items()
        )
        if live
        else (),
        why_not="" if live or against is None else against.value,
        zone=zone,
    )


def _of_draft(tx: Tx, told: shapes.Order | None, saleor_id: str) -> Person | None:
    row = orders.by_saleor_id(tx, saleor_id)
    if row and row.person:
        return customers.person(tx, row.person)
    if told is None:
        return None
    if told.user:
        return customers.by_account(tx, told.user.id)
    found = customers.by_email(tx, told.email.strip().lower()) if told.email else []
    return next(iter(found), None)


def _live(tx: Tx, person: int) -> tuple[Code, Voucher] | None:
    """The best of her codes that work today."""
    if person not in coupons.live(tx, [person]):
        return None
    rows: Any = tx.exec(
        select(Code, Voucher)
        .join(Voucher, col(Voucher.id) == col(Code.voucher))
        .where(
            Code.person == person,
            col(Code.card).is_(None),  # nobody but her can pay with a card
            col(Code.used_at).is_(None),
            col(Code.deleted_at).is_(None),
            col(Code.in_saleor_at).is_not(None),
            col(Voucher.gone_at).is_(None),
            func.coalesce(Code.ends_at, Voucher.ends_at) > tx.now,
        )
        .order_by(col(Voucher.percent_hundredths).desc())
    )
    return rows.first()  # type: ignore[no-any-return]


def product(tx: Tx, saleor_id: str) -> ProductSight | None:
    id_ = catalog.products(tx, [saleor_id]).get(saleor_id)
    if id_ is None:
        return None
    began = (value.sheet(tx, "firsts") or {}).get("product", ())
    first = next((row for row in began if row["label"] == id_), None)
    cycle = tx.exec(select(Cycle).where(Cycle.product == id_)).first()
    lately = _lately(tx, id_)
    recent = [one for one in lately if one.at >= tx.now - RECENT]
    pieces = sum(one.quantity for one in lately)
    return ProductSight(
        buyers=first["buyers"] if first else 0,
        judged=first["judged"] if first else 0,
        back=first["back"] if first else 0,
        ratio=Decimal(str(round(first["ratio"], 2))) if first and first["judged"] else None,
        cycle=round(cycle.middle) if cycle else None,
        gaps=cycle.gaps if cycle else 0,
        sold=len({one.order for one in recent}),
        sold_more=len(recent) == AT_MOST,
        returned=Decimal(sum(one.returned for one in lately)) / pieces if pieces else None,
        together=_together(tx, id_, [one.order for one in recent[:SAMPLE]]),
    )


class _Sold(NamedTuple):
    """A line with the product."""

    order: int
    quantity: int
    returned: int
    at: datetime


def _lately(tx: Tx, product: int) -> list[_Sold]:
    """Where it was sold last. Of what sells every minute only the newest are read."""
    columns: list[Any] = [Line.order, Line.quantity, Line.returned, Order.created_at]
    rows: Any = tx.exec(
        select(*columns)
        .join(Order, col(Order.id) == col(Line.order))
        .where(Line.product == product, col(Order.counts))
        .order_by(col(Line.order).desc())
        .limit(AT_MOST)
    )
    return [_Sold(*row) for row in rows]


def _together(tx: Tx, product: int, among_: Sequence[int]) -> tuple[str, ...]:
    """What else was in these orders."""
    rows = tx.exec(
        select(Line.product).where(
            among(col(Line.order), sorted(set(among_))), col(Line.product) != product
        )
    )
    common = [one for one, _ in Counter(one for one in rows if one).most_common(MOST)]
    names = catalog.named(tx, common)
    return tuple(names[one].name for one in common if one in names)


def voucher(tx: Tx, saleor_id: str) -> VoucherSight | None:
    row = tx.exec(select(Voucher).where(Voucher.saleor_id == saleor_id)).first()
    if row is None:
        return None
    given, used = tx.exec(
        select(func.count(), func.count(col(Code.used_at))).where(Code.voucher == row.id)
    ).one()
    shared = select(func.count()).select_from(Grant).join(Code, col(Code.id) == col(Grant.code))
    brought: Any = tx.exec(
        select(Order.currency, func.sum(Order.total_minor))
        .join(Code, col(Code.used_order) == col(Order.saleor_id))
        .where(Code.voucher == row.id)
        .group_by(col(Order.currency))
        .order_by(col(Order.currency))
    )
    return VoucherSight(
        name=_title(tx, row),
        automation=row.programme,
        percent=Decimal(row.percent_hundredths) / 10_000,
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        given=given,
        used=used,
        shared=tx.exec(shared.where(Code.voucher == row.id, col(Grant.shared))).one(),
        brought=tuple(Sum(major(int(minor), currency), currency) for currency, minor in brought),
        zone=this_shop(tx).zone,
        gone=row.gone_at is not None,
    )


def gift_card(tx: Tx, saleor_id: str, *, sees_people: bool) -> GiftCardSight | None:
    """Also of a card that is none of ours, if an order we know was paid with it."""
    row = tx.exec(select(Code).where(Code.card == saleor_id)).first() if saleor_id else None
    paid = orders.paid_with(tx, saleor_id) if saleor_id else []
    if row is None and not paid:
        return None
    voucher = tx.get(Voucher, row.voucher) if row else None
    return GiftCardSight(
        name=_title(tx, voucher) if voucher else "",
        state=_card_state(tx, row) if row else None,
        worth=cards.worth(row) if row else None,
        owner=_name_of(tx, row.person) if row and sees_people else None,
        given_at=row.minted_at if row else None,
        ends_at=row.ends_at if row else None,
        orders=tuple(
            PaidOrder(
                number=one.number,
                at=one.created_at,
                who=_name_of(tx, one.person) if sees_people else None,
            )
            for one in paid
        ),
        leaked=row is not None and any(one.person not in (None, row.person) for one in paid),
        zone=this_shop(tx).zone,
    )


def _card_state(tx: Tx, row: Code) -> CardState:
    if row.used_at:
        return CardState.USED
    if row.deleted_at or (row.ends_at and row.ends_at <= tx.now):
        return CardState.OVER
    return CardState.LIVE if row.in_saleor_at else CardState.WAITING


def _name_of(tx: Tx, id_: int | None) -> str | None:
    person = customers.person(tx, id_) if id_ else None
    if person is None or person.erased_at:
        return None
    return person.name or person.email


def home(tx: Tx) -> HomeSight:
    """No names: whoever sees the Dashboard's home may see this."""
    shop, left = this_shop(tx), today.left_behind(tx)
    return HomeSight(
        health=health.health(tx),
        marks=goals.marks(tx, currency=shop.currency),
        waiting=left.carts if left else None,
        worth=left.value if left else (),
        action=next(iter(advice.actions(tx, left)), None),
        now=tx.now,
        zone=shop.zone,
    )
