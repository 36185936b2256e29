"""What Saleor would say: good defaults, and a test names only what it is about.

The cast: Ana and Ben buy, Cleo hesitates; shop 2 must see none of it. Every maker gives the
JSON of the thing; `event` wraps it as our subscription documents deliver it.
"""

import base64
import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

JSON = dict[str, Any]

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
APP = "QXBwOjE="
"""The app's own id in the shop of tests.support.story."""

_numbers = itertools.count(1)


def gid(kind: str, name: object) -> str:
    """An id as Saleor writes them."""
    return base64.b64encode(f"{kind}:{name}".encode()).decode()


def at(moment: datetime | str | timedelta) -> str:
    """A timestamp; a span is one after Monday, nine o'clock."""
    if isinstance(moment, str):
        return moment
    return (MONDAY + moment if isinstance(moment, timedelta) else moment).isoformat()


def money(amount: float | str, currency: str = "EUR") -> JSON:
    return {"amount": float(amount), "currency": currency}


def price(gross: float, currency: str = "EUR", *, net: float | None = None) -> JSON:
    return {"gross": money(gross, currency), "net": money(gross if net is None else net, currency)}


def channel(slug: str = "web", currency: str = "EUR") -> JSON:
    return {"id": gid("Channel", slug), "slug": slug, "currencyCode": currency}


def place(country: str = "DE") -> JSON:
    return {"country": {"code": country}, "countryArea": "", "city": "", "postalCode": "",
            "companyName": ""}  # fmt: skip


def user(
    name: str = "ana", *, confirmed: bool = True, staff: bool = False, **other: object
) -> JSON:
    """An account as an order or a checkout names it."""
    return {
        "id": gid("User", name), "email": f"{name}@example.com", "isStaff": staff,
        "isActive": True, "isConfirmed": confirmed,
    } | other  # fmt: skip


def customer(
    name: str = "ana",
    *,
    confirmed: bool = True,
    updated: datetime | str | timedelta = timedelta(),
    **other: object,
) -> JSON:
    return {
        "id": gid("User", name), "email": f"{name}@example.com",
        "firstName": name.capitalize(), "lastName": "Example", "isStaff": False,
        "isActive": True, "isConfirmed": confirmed, "dateJoined": at(timedelta(days=-400)),
        "updatedAt": at(updated), "languageCode": "EN", "defaultShippingAddress": place(),
        "defaultBillingAddress": None, "tier": None,
    } | other  # fmt: skip


def variant(name: str = "tee", *, category: str = "clothes", **other: object) -> JSON:
    """A variant as a line names it."""
    return {
        "id": gid("ProductVariant", name), "name": "M", "sku": name.upper(),
        "product": {
            "id": gid("Product", name), "name": name.capitalize(), "slug": name,
            "category": {"id": gid("Category", category), "name": category.capitalize()},
            "collections": [],
        },
    } | other  # fmt: skip


def line(
    name: str = "tee",
    *,
    quantity: int = 1,
    each: float = 20,
    before: float | None = None,
    currency: str = "EUR",
    tax: float = 0,
    **other: object,
) -> JSON:
    """`each` is the gross price of a piece after discounts, `before` the one before them."""
    unit = price(each, currency, net=round(each / (1 + tax), 2))
    total = price(each * quantity, currency, net=round(each * quantity / (1 + tax), 2))
    return {
        "id": gid("OrderLine", name), "productName": name.capitalize(), "variantName": "M",
        "productSku": name.upper(), "productVariantId": gid("ProductVariant", name),
        "quantity": quantity, "isGift": False, "voucherCode": None,
        "unitPrice": unit, "undiscountedUnitPrice": price(before or each, currency),
        "totalPrice": total, "variant": variant(name),
    } | other  # fmt: skip


def order(
    buyer: JSON | str | None = None,
    *,
    no: object | None = None,
    lines: Sequence[JSON] | None = None,
    created: datetime | str | timedelta = timedelta(),
    updated: datetime | str | timedelta | None = None,
    currency: str = "EUR",
    shipping: float = 0,
    gift_card: float = 0,
    refunded: float = 0,
    paid: bool = True,
    of: object | None = None,
    **other: object,
) -> JSON:
    """A paid order of Ana's, with one tee in it. A buyer's e-mail alone makes it a guest's."""
    no = next(_numbers) if no is None else no
    buyer = user() if buyer is None else buyer
    lines = [line(currency=currency)] if lines is None else list(lines)
    goods = sum(each["totalPrice"]["gross"]["amount"] for each in lines)
    before = sum(
        each["undiscountedUnitPrice"]["gross"]["amount"] * each["quantity"] for each in lines
    )
    total = goods + shipping - gift_card
    return {
        "id": gid("Order", no), "number": str(no), "created": at(created),
        "updatedAt": at(created if updated is None else updated),
        "status": "UNFULFILLED" if paid else "UNCONFIRMED",
        "chargeStatus": ("FULL" if paid else "NONE") if not refunded else "PARTIAL",
        "authorizeStatus": "NONE", "isPaid": paid and not refunded, "original": None,
        "origin": "CHECKOUT", "checkoutId": gid("Checkout", of) if of is not None else None,
        "userEmail": buyer if isinstance(buyer, str) else buyer["email"],
        "languageCodeEnum": "EN", "displayGrossPrices": True, "voucherCode": None,
        "user": None if isinstance(buyer, str) else buyer,
        "channel": channel(currency=currency),
        "shippingAddress": place(), "billingAddress": place(),
        "total": price(total, currency), "undiscountedTotal": price(before + shipping, currency),
        "subtotal": price(goods, currency), "shippingPrice": price(shipping, currency),
        "totalCharged": money(total - refunded if paid else 0, currency),
        "totalRefunded": money(refunded, currency), "totalGrantedRefund": money(0, currency),
        "discounts": [],
        "giftCards": [{"id": gid("GiftCard", no), "last4CodeChars": "1234"}] if gift_card else [],
        "lines": lines, "fulfillments": [], "grantedRefunds": [], "decision": None,
    } | other  # fmt: skip


def checkout_line(
    name: str = "tee", *, quantity: int = 1, each: float | None = 20, currency: str = "EUR",
    full: float | None = None,
) -> JSON:  # fmt: skip
    """`full`: what one would cost without the shop's promotion."""
    whole = price(each if full is None else full, currency) if each is not None else None
    asked = whole and {"price": price(each or 0, currency), "priceUndiscounted": whole}
    return {
        "id": gid("CheckoutLine", name), "quantity": quantity, "isGift": False,
        "variant": variant(name, pricing=asked),
    }  # fmt: skip


def checkout(
    shopper: JSON | str | None = None,
    *,
    no: object = "C1",
    lines: Sequence[JSON] | None = None,
    created: datetime | str | timedelta | None = None,
    updated: datetime | str | timedelta = timedelta(),
    currency: str = "EUR",
    **other: object,
) -> JSON:
    """Ana's, signed in, with one tee. A shopper's e-mail alone makes it a guest's; "" nobody's."""
    shopper = user() if shopper is None else shopper
    return {
        "id": gid("Checkout", no), "token": str(no),
        "created": at(updated if created is None else created), "updatedAt": at(updated),
        "email": (shopper or None) if isinstance(shopper, str) else shopper["email"],
        "languageCode": "EN", "voucherCode": None, "discount": None,
        "user": None if isinstance(shopper, str) else shopper,
        "channel": channel(currency=currency), "shippingAddress": None, "billingAddress": None,
        "transactions": [],
        "lines": [checkout_line(currency=currency)] if lines is None else list(lines),
        "decision": None, "consent": None, "consentText": None, "visitor": None,
    } | other  # fmt: skip


def transaction(authorized: float = 0, *, charged: float = 0, currency: str = "EUR") -> JSON:
    return {
        "id": gid("TransactionItem", 1),
        "authorizedAmount": money(authorized, currency),
        "authorizePendingAmount": money(0, currency),
        "chargedAmount": money(charged, currency),
        "chargePendingAmount": money(0, currency),
    }


def attribute(name: str, *values: str, kind: str = "DROPDOWN") -> JSON:
    """What a product is like."""
    return {
        "attribute": {"name": name, "inputType": kind},
        "values": [{"id": gid("AttributeValue", f"{name} {one}"), "name": one} for one in values],
    }


def product(
    name: str = "tee", *, updated: datetime | str | timedelta = timedelta(), **other: object
) -> JSON:
    """A product of the catalogue, with one variant in one channel."""
    return {
        "id": gid("Product", name), "name": name.capitalize(), "slug": name,
        "created": at(timedelta(days=-800)), "updatedAt": at(updated),
        "category": {"id": gid("Category", "clothes"), "name": "Clothes"},
        "collections": [{"id": gid("Collection", "new"), "name": "New"}],
        "attributes": [attribute("Fit", "slim")],
        "thumbnail": {"url": f"https://shop.example/{name}.png", "alt": ""},
        "channelListings": [
            {
                "isPublished": True, "visibleInListings": True, "isAvailableForPurchase": True,
                "channel": channel(),
            }
        ],
        "productVariants": {
            "edges": [
                {
                    "node": {
                        "id": gid("ProductVariant", name), "name": "M", "sku": name.upper(),
                        "channelListings": [
                            {"channel": channel(), "price": money(20), "costPrice": money(8)}
                        ],
                    }
                }
            ]
        },
    } | other  # fmt: skip


def event(
    name: str,
    *,
    issued: datetime | str | timedelta = timedelta(),
    by: JSON | None = None,
    errors: Sequence[JSON] = (),
    **subject: object,
) -> JSON:
    """A delivery's body. `by` is an issuing principal: `by_app()`, `by_user()`, or a shopper."""
    typename = "".join(word.capitalize() for word in name.split("_"))
    body = {
        "__typename": typename, "issuedAt": at(issued), "version": "3.23.28",
        "issuingPrincipal": by, **subject,
    }  # fmt: skip
    return body | ({"errors": list(errors)} if errors else {})


def by_app(app: str = APP) -> JSON:
    return {"__typename": "App", "id": app}


def by_user(name: str = "ana") -> JSON:
    return {"__typename": "User", "id": gid("User", name)}


def flaw(*path: str | int) -> JSON:
    """An error of a payload: what is at this path is null because of it."""
    return {"path": list(path), "message": "denied"}


def raw(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()
