"""From Saleor's order to our row: what is told, what is missing, whose it is."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any

from app.catalog.flows import Sighting
from app.catalog.queries import Shelf
from app.customers import rules as people
from app.customers.rules import Who
from app.kit.hearing import Hearing
from app.kit.merging import Fields
from app.kit.money import minor
from app.orders import rules
from app.saleor.shapes import Line, Order, Price

GAPPED: Fields = {
    "buyer": ("person", "source", "earns", "postal", "company"),
    "code": ("code",),
    "country": ("country", "region"),
    "decision": ("decision",),
}
"""What an error may take out of a payload without taking the order, and the columns it fills."""


def buyer(order: Order, hearing: Hearing) -> Who:
    """ID-1. Somebody known by address alone is a guest, whoever else has that address."""
    user = order.user
    return Who(
        account=user.id if user else None,
        email=people.tidy(user.email if user else order.email),
        version=hearing.of(order.updated_at),
        since=order.created,
        confirmed=bool(user and user.is_confirmed),
        staff=bool(user and user.is_staff),
        active=user.is_active if user else True,
    )


def gaps(order: Order, hearing: Hearing) -> frozenset[str]:
    """What this telling cannot tell. Saleor forgets a deleted buyer; we know who it was."""
    missing = {
        "buyer": order.user is None,
        "code": hearing.lost("order", "voucherCode"),
        "country": hearing.lost("order", "shippingAddress")
        or hearing.lost("order", "billingAddress"),
        "decision": hearing.lost("order", "decision"),
    }
    return frozenset(name for name, gone in missing.items() if gone)


def row(order: Order, hearing: Hearing, *, now: datetime) -> dict[str, Any]:
    """All columns but whose it is and what it is worth in the reporting currency."""
    sums, currency = rules.sums(order), order.total.gross.currency
    place = order.shipping_address or order.billing_address
    return {
        "saleor_id": order.id,
        "number": order.number,
        "status": order.status,
        "charge_status": order.charge_status,
        "origin": order.origin,
        "original": order.original,
        "created_at": order.created,
        "channel": order.channel.slug,
        "currency": currency,
        "total_minor": minor(sums.total, currency),
        "refunded_minor": minor(sums.refunded, currency),
        "granted_minor": minor(order.total_granted_refund.amount, currency),
        "charged_minor": minor(sums.charged, currency),
        "goods_minor": minor(sums.goods, currency),
        "tax_minor": minor(sums.tax, currency),
        "shipping_minor": minor(sums.shipping, currency),
        "discount_minor": minor(sums.discount, currency),
        "gift_card_minor": minor(sums.gift_card, currency),
        "cards": [card.id for card in order.gift_cards] or None,
        "checkout": order.checkout_id,
        "code": order.voucher_code,
        "decision": order.decision,
        "language": order.language,
        "country": place.country.code if place else "",
        "region": place.country_area if place else "",
        "postal": place.postal_code if place else "",
        "company": place.company if place else "",
        "paid": rules.was_paid(order),
        "counts": rules.counts(order),
        "history": rules.is_history(order, now=now),
        "updated_at": order.updated_at,
        "issued_at": hearing.issued_at,
        "hash": hearing.hash,
        "content": content(order),
    }


def content(order: Order) -> str:
    """Two tellings with one content have the same lines and discounts."""
    lines = [
        (line.id, line.quantity, line.variant_id, line.is_gift, line.product_name,
         line.total_price.gross.amount, line.total_price.net.amount,
         line.undiscounted_unit_price.gross.amount)
        for line in order.lines
    ]  # fmt: skip
    discounts = [(each.type, each.name, each.total.amount) for each in order.discounts]
    back = sorted(rules.paid_back(order).items())
    told = repr((order.display_gross_prices, lines, discounts, *back))
    return blake2b(told.encode(), digest_size=12).hexdigest()


def sightings(order: Order, hearing: Hearing) -> Iterable[Sighting]:
    """The variants that an order names, and what they cost before any discount."""
    for line in order.lines:
        if line.variant:
            price = line.undiscounted_unit_price.gross
            units = minor(price.amount, price.currency)
            yield Sighting(
                hearing.issued_at, line.variant, order.channel.slug, price.currency, units
            )


def lines(order: Order, row: int, shelves: Mapping[str, Shelf]) -> list[dict[str, Any]]:
    """Line rows; `shelves` says where a variant of Saleor's stands in our catalogue."""
    back = rules.paid_back(order)
    return [
        {
            "order": row,
            "position": position,
            "variant": shelf.variant if shelf else None,
            "product": shelf.product if shelf else None,
            "sku": line.sku,
            "name": line.product_name,
            "variant_name": line.variant_name,
            "quantity": line.quantity,
            "returned": min(back[line.id], line.quantity),
            "gift": bool(line.is_gift),
            "unit_minor": _units(line.unit_price, order),
            "undiscounted_unit_minor": _units(line.undiscounted_unit_price, order),
            "total_minor": _units(line.total_price, order),
        }
        for position, line in enumerate(order.lines)
        for shelf in [shelves.get(variant_of(line) or "")]
    ]


def discounts(order: Order, row: int) -> list[dict[str, Any]]:
    return [
        {
            "order": row,
            "position": position,
            "kind": discount.type,
            "name": discount.name or "",
            "amount_minor": minor(discount.total.amount, discount.total.currency),
        }
        for position, discount in enumerate(order.discounts)
    ]


def variant_of(line: Line) -> str | None:
    """Saleor's id; of a deleted variant the line itself still has it."""
    return line.variant.id if line.variant else line.variant_id


def _units(price: Price, order: Order) -> int:
    money = price.gross if order.display_gross_prices else price.net
    return minor(money.amount, money.currency)
