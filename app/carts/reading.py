"""From Saleor's checkout to our row, and what of it a shopper can have changed."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from app.catalog.flows import Sighting
from app.customers import rules as people
from app.customers.rules import Who
from app.kit.hearing import Hearing
from app.kit.merging import Fields
from app.kit.money import minor
from app.saleor.shapes import Checkout, CheckoutLine, Place

GAPPED: Fields = {"shopper": ("person", "email", "staff"), "code": ("code",)}


def shopper(checkout: Checkout, hearing: Hearing) -> Who | None:
    """The account that is signed in. A typed address is nobody's proof (ID-2)."""
    if (user := checkout.user) is None:
        return None
    return Who(
        account=user.id,
        email=people.tidy(user.email),
        version=hearing.of(checkout.updated_at),
        since=checkout.created,
        confirmed=user.is_confirmed,
        staff=user.is_staff,
        active=user.is_active,
    )


def gaps(hearing: Hearing) -> frozenset[str]:
    missing = {
        "shopper": hearing.lost("checkout", "user") or hearing.lost("checkout", "email"),
        "code": hearing.lost("checkout", "voucherCode"),
    }
    return frozenset(name for name, gone in missing.items() if gone)


def columns(checkout: Checkout, hearing: Hearing) -> dict[str, Any]:
    """What the newest telling decides, but for who the shopper is."""
    currency = checkout.channel.currency_code
    place = checkout.shipping_address or checkout.billing_address
    return {
        "channel": checkout.channel.slug,
        "currency": currency,
        "language": checkout.language,
        "country": place.country.code if place else "",
        "code": checkout.voucher_code,
        "email": address(checkout),
        "staff": bool(checkout.user and checkout.user.is_staff),
        "visitor": visitor(checkout.visitor),
        "worth_minor": minor(checkout.worth, currency),
        "reduced_hundredths": checkout.reduced_hundredths,
        "lines": [_line(line, currency) for line in checkout.lines],
        "payment": checkout.payment_holds,
        "created_at": checkout.created,
        "updated_at": checkout.updated_at,
        "issued_at": hearing.issued_at,
        "hash": hearing.hash,
    }


def address(checkout: Checkout) -> str | None:
    return people.tidy(checkout.email or (checkout.user.email if checkout.user else None))


def visitor(told: str | None) -> str | None:
    """AC-12: what the storefront passed, hashed once more: should it be a bare address after all,
    none of it is kept.
    """
    if not (told := (told or "").strip()):
        return None
    return blake2b(b"perennial/visitor\x1f" + told.encode(), digest_size=12).hexdigest()


def _line(line: CheckoutLine, currency: str) -> dict[str, Any]:
    price = line.variant.price
    return {
        "variant": line.variant.id,
        "product": line.variant.product.id,
        "name": line.variant.product.name,
        "sku": line.variant.sku,
        "quantity": line.quantity,
        "unit_minor": minor(price.gross.amount, currency) if price else None,
    }


def content(checkout: Checkout, *, own_code: bool) -> str:
    """AC-3: what only a shopper changes. A code that is ours is not part of it."""
    told = (
        sorted((line.variant.id, line.quantity) for line in checkout.lines if not line.is_gift),
        address(checkout),
        checkout.user.id if checkout.user else None,
        _place(checkout.shipping_address),
        _place(checkout.billing_address),
        None if own_code else checkout.voucher_code,
    )
    return blake2b(repr(told).encode(), digest_size=6).hexdigest()


def _place(place: Place | None) -> tuple[str, ...] | None:
    if place is None:
        return None
    return (place.country.code, place.country_area, place.city, place.postal_code)


def sightings(checkout: Checkout, hearing: Hearing) -> Iterable[Sighting]:
    currency = checkout.channel.currency_code
    for line in checkout.lines:
        price = line.variant.price
        units = minor(price.gross.amount, currency) if price else None
        yield Sighting(hearing.issued_at, line.variant, checkout.channel.slug, currency, units)
