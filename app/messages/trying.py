"""A message tried out: shown as any real customer would get it, rehearsed, or sent as a test.

Nothing of it is written down: no message, no event, no point (SS-5).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import col, select

from app.carts.tables import Cart
from app.catalog.tables import Product
from app.customers.tables import Person
from app.kit.tx import Tx
from app.messages import blocks, content, hashing, outlets, queries, rendering
from app.messages.carriers import Parcel
from app.messages.content import Content
from app.messages.library import Draft, Letter
from app.messages.policy import policy
from app.messages.rendering import Frame, Rendered, Sender
from app.messages.rules import Channel, Purpose, RefusedError
from app.orders.tables import Line as OrderLine
from app.orders.tables import Order
from app.shops.flows import this_shop
from app.web.notation import Notation
from app.web.words import catalogue
from app.world import World

NOWHERE = "https://example.com/"
SAMPLE = 20
CODE = {"text": "SAMPLE-23456789AB", "percent": Decimal(10)}
NOTICE, MISSING, USUAL = timedelta(days=30), Decimal(25), "EUR"
"""Of a tier that ends; the currency where the shop's own is not known yet."""


@dataclass(frozen=True)
class Problem:
    """SS-4: whom a message could not be made for, and why."""

    person: int
    word: str
    field: str = ""


def preview(
    tx: Tx, draft: Draft, person: Person, *, channel: str = "email", language: str = ""
) -> Rendered:
    """As she would get it now, or in another language. Raises RefusedError."""
    wishes = tuple(
        blocks.tidy_language(wish)
        for wish in (language, person.language, this_shop(tx).locale)
        if wish
    )
    shown = _content(tx, draft, person, language=next(iter(wishes), ""))
    return _render(tx, draft, shown, channel=channel, wishes=wishes)


def rehearse(tx: Tx, draft: Draft, *, persons: int = SAMPLE) -> list[Problem]:
    """SS-4: for so many real people, the latest who bought first."""
    problems = []
    for person in sample(tx, persons):
        for channel in draft.variants:
            try:
                preview(tx, draft, person, channel=channel)
            except RefusedError as refusal:
                field = getattr(refusal, "name", "")
                problems.append(Problem(person.id or 0, refusal.word, field))
    return problems


def sample(tx: Tx, most: int) -> list[Person]:
    """People with an address, the newest first."""
    rows = (
        select(Person)
        .where(col(Person.erased_at).is_(None), col(Person.email).is_not(None), ~col(Person.staff))
        .order_by(col(Person.id).desc())
    )
    return list(tx.exec(rows.limit(most)))


def send_test(world: World, draft: Draft, *, to: str, person: int, language: str = "") -> None:
    """A mail to staff, with a customer's data in it. Raises RefusedError, NotTakenError."""
    channel = Channel.EMAIL
    with world.look() as tx:
        row = queries.whole(tx, person)
        service = draft.purpose == Purpose.SERVICE
        how = outlets.sending(tx, channel, house=world.house, service=service)
        if row is None or how is None:
            raise RefusedError("no_outlet" if row else "nobody")
        rendered = preview(tx, draft, row, channel=channel, language=language)
    mark = hashing.new_token()[:16]
    parcel = Parcel(
        send=0, recipient=to, message_id=f"<test.{mark}@{how.domain}>", sender=how.sender,
        rendered=replace(rendered, subject=f"[Test] {rendered.subject}"),
    )  # fmt: skip
    outlets.carrier(how, channel, world).hand_over(parcel)


def _content(tx: Tx, draft: Draft, person: Person, *, language: str) -> Content:
    """With what she really has: her newest basket and order; a code that is none."""
    shop = this_shop(tx)
    told: dict[str, Any] = {
        "link": NOWHERE, "code": CODE | {"ends_at": tx.now + timedelta(days=7)},
        **_notice(tx, shop.zone, shop.currency or USUAL, language), **_latest(tx, person),
    }  # fmt: skip
    return content.gather(
        tx, person, draft, told, own=policy(tx), fresh=None, shop_name=shop.name or shop.api_url,
        zone=shop.zone,
    )  # fmt: skip


def _notice(tx: Tx, zone: str, currency: str, language: str) -> Mapping[str, Any]:
    """What a journey tells of a tier that ends soon (TI-4), for whoever's does not."""
    locale = rendering.locale_of(language)
    notation = Notation(locale, catalogue(locale))
    return {
        "days_left": NOTICE.days,
        "missing": notation.money(MISSING, currency),
        "kept_until": notation.day(tx.now + NOTICE, zone),
    }


def _latest(tx: Tx, person: Person) -> Mapping[str, Any]:
    ids = queries.group(tx, person.id or 0)
    cart = tx.exec(
        select(Cart.checkout, Cart.channel)
        .where(col(Cart.person).in_(ids) | (col(Cart.email) == person.email))
        .order_by(col(Cart.touched_at).desc())
    ).first()
    order = tx.exec(
        select(Order.saleor_id, Order.channel)
        .where(col(Order.person).in_(ids))
        .order_by(col(Order.created_at).desc())
    ).first()
    told: dict[str, Any] = {}
    if order:
        bought = (
            select(Product.saleor_id)
            .join(OrderLine, col(OrderLine.product) == col(Product.id))
            .join(Order, col(Order.id) == col(OrderLine.order))
            .where(Order.saleor_id == order[0])
        )
        told |= {"order": order[0], "channel": order[1], "products": tx.exec(bought).all()}
    if cart:
        told |= {"checkout": cart[0], "channel": cart[1]}
    return told


def _render(
    tx: Tx, draft: Draft, shown: Content, *, channel: str, wishes: tuple[str, ...]
) -> Rendered:
    found = draft.variant(channel, wishes)
    if found is None:
        raise RefusedError("no_message")
    language, variant = found
    outlet, shop = queries.outlet(tx, channel), this_shop(tx)
    service = draft.purpose == Purpose.SERVICE
    frame = Frame(
        sender=Sender(shop.name or shop.api_url, outlet.postal if outlet else "", policy(tx).logo),
        language=language,
        link=lambda url: url,
        unsubscribe=None if service else NOWHERE,
        preferences=None if service else NOWHERE,
        home=policy(tx).front or None,
        survey=NOWHERE,
    )
    if isinstance(variant, Letter):
        return rendering.render(variant, shown, frame)
    return rendering.render_note(variant, shown, frame)


def pass_for(secret: str, *, shop: int, what: str, till: datetime) -> str:
    """Opens one preview in a window of its own, where no Dashboard's token goes; for minutes."""
    seconds = int(till.timestamp())
    return f"{shop}-{seconds}-{hashing.sign(secret, 'preview', shop, seconds, what)}"
