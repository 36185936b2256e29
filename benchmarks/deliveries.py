"""Signed deliveries as a shop sends them: orders and checkouts half and half, about 3 kB each."""

import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm
from jwt.api_jws import PyJWS

KID = "bench"
CHUNK = 500


@dataclass(frozen=True)
class Signed:
    event: str
    body: bytes
    signature: str

    def request(self, api_url: str) -> bytes:
        """The whole HTTP request, ready for a socket."""
        head = (
            f"POST /api/webhooks/{self.event} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\nSaleor-Event: {self.event}\r\n"
            f"Saleor-Api-Url: {api_url}\r\nSaleor-Domain: shop.example\r\n"
            f"Saleor-Signature: {self.signature}\r\nContent-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode() + self.body


def make(count: int) -> list[Signed]:
    """`count` deliveries, no two alike: signing takes about a millisecond each, on all cores."""
    pem = key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    starts = range(0, count, CHUNK)
    with ProcessPoolExecutor() as hands:
        chunks = hands.map(_some, [pem] * len(starts), starts)
        return [signed for chunk in chunks for signed in chunk][:count]


def jwks() -> dict[str, Any]:
    public = json.loads(RSAAlgorithm.to_jwk(key().public_key()))
    return {"keys": [public | {"kid": KID, "use": "sig", "alg": "RS256"}]}


def total_minor(wave: Sequence[Signed]) -> int:
    """What the orders among them come to, in cents."""
    orders = [json.loads(s.body)["order"] for s in wave if s.event == "order_updated"]
    return sum(round(order["total"]["gross"]["amount"] * 100) for order in orders)


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _some(pem: bytes, start: int) -> list[Signed]:
    key = load_pem_private_key(pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return [_signed(n, key) for n in range(start, start + CHUNK)]


def _signed(n: int, key: rsa.RSAPrivateKey) -> Signed:
    event, told = (
        ("order_updated", _event("OrderUpdated", n) | {"order": order(n)})
        if n % 2
        else ("checkout_updated", _event("CheckoutUpdated", n) | {"checkout": checkout(n)})
    )
    body = json.dumps(told).encode()
    headers = {"kid": KID, "typ": "JWT"}
    signature = PyJWS().encode(
        body, key, algorithm="RS256", headers=headers, is_payload_detached=True
    )
    return Signed(event, body, signature)


def _event(kind: str, n: int) -> dict[str, Any]:
    return {
        "__typename": kind,
        "issuedAt": at(n),
        "version": "3.23.28",
        "issuingPrincipal": {"__typename": "User", "id": f"VXNlcjo{n}"},
    }


def at(n: int) -> str:
    return (
        f"2026-03-{n // 86400 % 28 + 1:02}T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}+00:00"
    )


def _money(amount: float) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}


def _price(amount: float) -> dict[str, Any]:
    return {"gross": _money(amount), "net": _money(round(amount / 1.23, 2))}


def person(n: int) -> dict[str, Any]:
    return {
        "id": f"VXNlcjo{n}", "email": f"person{n}@example.com",
        "isStaff": False, "isActive": True, "isConfirmed": True,
    }  # fmt: skip


def _place() -> dict[str, Any]:
    return {"country": {"code": "PT"}, "countryArea": "", "city": "LISBOA", "postalCode": "1100"}


def _variant(n: int) -> dict[str, Any]:
    return {
        "id": f"UHJvZHVjdFZhcmlhbnQ6{n % 60}", "sku": f"SKU-{n % 60}", "name": "250 g",
        "product": {
            "id": f"UHJvZHVjdDo{n % 60}", "slug": f"coffee-{n % 60}", "name": f"Coffee {n % 60}",
            "category": {"id": "Q2F0ZWdvcnk6MQ==", "name": "Coffee"},
        },
        "pricing": {"price": _price(12.5)},
    }  # fmt: skip


def _line(n: int) -> dict[str, Any]:
    return {
        "id": f"T3JkZXJMaW5lOj{n}", "productName": f"Coffee {n % 60}", "variantName": "250 g",
        "productSku": f"SKU-{n % 60}", "productVariantId": f"UHJvZHVjdFZhcmlhbnQ6{n % 60}",
        "quantity": 1 + n % 3, "isGift": False, "voucherCode": None, "unitPrice": _price(12.5),
        "undiscountedUnitPrice": _price(12.5), "totalPrice": _price(12.5 * (1 + n % 3)),
        "variant": _variant(n),
    }  # fmt: skip


def order(n: int) -> dict[str, Any]:
    lines = [_line(n), _line(n + 17)]
    goods = sum(line["totalPrice"]["gross"]["amount"] for line in lines)
    return {
        "id": f"T3JkZXI6{n}", "number": str(n), "created": at(n), "updatedAt": at(n),
        "status": "UNFULFILLED", "channel": channel(), "total": _price(goods + 5),
        "totalCharged": _money(goods + 5), "totalRefunded": _money(0), "origin": "CHECKOUT",
        "original": None, "chargeStatus": "FULL", "authorizeStatus": "FULL", "isPaid": True,
        "checkoutId": f"Q2hlY2tvdXQ6{n - 1}", "userEmail": person(n // 3)["email"],
        "languageCodeEnum": "PT_PT", "displayGrossPrices": True, "voucherCode": None,
        "user": person(n // 3), "shippingAddress": _place(), "billingAddress": _place(),
        "undiscountedTotal": _price(goods + 5), "subtotal": _price(goods),
        "shippingPrice": _price(5), "totalGrantedRefund": _money(0), "discounts": [],
        "giftCards": [], "lines": lines, "fulfillments": [], "grantedRefunds": [],
        "decision": None,
    }  # fmt: skip


def channel() -> dict[str, Any]:
    return {"id": "Q2hhbm5lbDox", "slug": "pt", "currencyCode": "EUR"}


def checkout(n: int) -> dict[str, Any]:
    lines = [
        {"id": f"L{n + k}", "quantity": 1 + k, "isGift": False, "variant": _variant(n + k)}
        for k in range(3)
    ]
    return {
        "id": f"Q2hlY2tvdXQ6{n}", "token": f"00000000-0000-4000-8000-{n:012}", "created": at(n),
        "updatedAt": at(n), "email": person(n // 3)["email"], "languageCode": "PT_PT",
        "voucherCode": None, "discount": None, "user": person(n), "channel": channel(),
        "shippingAddress": _place(), "billingAddress": _place(), "transactions": [],
        "lines": lines, "decision": None,
    }  # fmt: skip
