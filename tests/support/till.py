"""The few corners of Saleor that offers touch, kept by its own rules, and able to die at any call.

Codes are unique over all vouchers, a voucher works only where it is listed, a code put on a
checkout moves its `updatedAt`, and at most four pieces of metadata are written at once.
"""

import itertools
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx

from tests.support.makers import gid

JSON = dict[str, Any]
GIFT_CARDS = "MANAGE_GIFT_CARD"
DENIED = {
    "data": {},
    "errors": [
        {
            "message": f"To access this path, you need: {GIFT_CARDS}", "path": ["giftCards"],
            "extensions": {"exception": {"code": "PermissionDenied"}},
        }
    ],
}  # fmt: skip


class Till:
    """`Shop(house, transport=till.transport)`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.transport = httpx.MockTransport(self._answer)
        self.vouchers: dict[str, JSON] = {}
        self.checkouts: dict[str, JSON] = {}
        self.cards: dict[str, JSON] = {}
        """Gift cards, by their code."""
        self.gift_card_products: list[str] = []
        self.counts = "gross"
        """Or `net`: what of a basket a least order is held against, as the prices are entered."""
        self.permissions = ["MANAGE_ORDERS", "MANAGE_CHECKOUTS", "MANAGE_USERS", "MANAGE_DISCOUNTS"]
        self.public: dict[str, dict[str, str]] = {}
        self.private: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.dying: tuple[int, bool] | None = None
        """Which call is never answered, and whether what it asked for is done all the same."""
        self.before: dict[str, Callable[[], object]] = {}
        """What happens in the shop just before a certain question is answered."""
        self.fails_applying: str | None = None
        self._numbers = itertools.count(1)

    # -- what a test looks at

    @property
    def codes(self) -> list[str]:
        """All codes but the ones that vouchers are born with."""
        return [code for voucher in self.vouchers.values() for code in list(voucher["codes"])[1:]]

    def on(self, checkout: str = gid("Checkout", "C1")) -> str | None:
        code: str | None = self.checkouts[checkout]["voucherCode"]
        return code

    def has(self, checkout: JSON) -> JSON:
        """This checkout is in Saleor as it is."""
        self.checkouts[checkout["id"]] = checkout
        return checkout

    # -- the wire

    def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        found = re.search(r"(?:query|mutation) (\w+)", asked["query"])
        assert found
        name = found[1]
        self.asked.append(name)
        if happens := self.before.pop(name, None):
            happens()
        dies, does = self._fate()
        if dies and not does:
            raise httpx.ConnectError("the line is dead", request=request)
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        if name.startswith("GiftCard") and GIFT_CARDS not in self.permissions:
            return httpx.Response(200, json=DENIED)
        data = getattr(self, f"_{snake}")(asked["variables"])
        if dies:
            raise httpx.ReadTimeout("no answer came", request=request)
        return httpx.Response(200, json={"data": data})

    def _fate(self) -> tuple[bool, bool]:
        if self.dying is None:
            return False, False
        left, does = self.dying
        self.dying = (left - 1, does) if left else None
        return left == 0, does

    # -- what it can do

    def _vouchers_named(self, given: JSON) -> JSON:
        nodes = [v for v in self.vouchers.values() if given["name"].lower() in v["name"].lower()]
        return {"vouchers": _connection([_shown(node) for node in nodes])}

    def _voucher_create(self, given: JSON) -> JSON:
        terms = given["input"]
        if self._taken(terms["addCodes"]):
            return {"voucherCreate": _refused("ALREADY_EXISTS", "codes")}
        voucher = {
            **terms, "id": gid("Voucher", next(self._numbers)),
            "codes": dict.fromkeys(terms["addCodes"], True), "listings": {},
        }  # fmt: skip
        self.vouchers[voucher["id"]] = voucher
        return {"voucherCreate": {"voucher": _shown(voucher), "errors": []}}

    def _voucher_channel_listing_update(self, given: JSON) -> JSON:
        voucher = self.vouchers.get(given["id"])
        if voucher is None:
            return {"voucherChannelListingUpdate": _refused("NOT_FOUND", "id")}
        for listing in given["input"]["addChannels"]:
            voucher["listings"][listing["channelId"]] = listing["discountValue"]
            voucher.setdefault("least", {})[listing["channelId"]] = listing.get("minAmountSpent")
        return {"voucherChannelListingUpdate": {"voucher": _shown(voucher), "errors": []}}

    def _voucher_add_codes(self, given: JSON) -> JSON:
        voucher = self.vouchers.get(given["id"])
        if voucher is None:
            return {"voucherUpdate": _refused("NOT_FOUND", "id")}
        if self._taken(given["codes"]):
            return {"voucherUpdate": _refused("ALREADY_EXISTS", "codes")}
        voucher["codes"] |= dict.fromkeys(given["codes"], True)
        return {"voucherUpdate": {"voucher": _shown(voucher), "errors": []}}

    def _voucher_codes(self, given: JSON) -> JSON:
        voucher = self.vouchers.get(given["id"])
        if voucher is None:
            return {"voucher": None}
        nodes = [
            {"id": gid("VoucherCode", code), "code": code, "used": 0, "isActive": active}
            for code, active in voucher["codes"].items()
        ]
        start = int(given.get("after") or 0)
        page = nodes[start : start + 100]
        more = start + 100 < len(nodes)
        return {"voucher": {"id": voucher["id"], "codes": _connection(page, start + 100, more)}}

    def _voucher_code_delete(self, given: JSON) -> JSON:
        assert len(given["ids"]) <= 100, "more than Saleor deletes at once"
        for voucher in self.vouchers.values():
            for code in [c for c in voucher["codes"] if gid("VoucherCode", c) in given["ids"]]:
                del voucher["codes"][code]
        return {"voucherCodeBulkDelete": {"count": len(given["ids"]), "errors": []}}

    def _app_identity(self, _: JSON) -> JSON:
        given = [{"code": code} for code in self.permissions]
        app = {"id": "QXBwOjE=", "isActive": True, "permissions": given}
        shop = {"name": "Shop", "version": "3.23.28", "domain": {"host": "s", "url": "https://s/"}}
        return {"app": app, "shop": shop}

    def _products_as_gift_cards(self, _: JSON) -> JSON:
        return {"products": _connection([{"id": id_} for id_ in self.gift_card_products])}

    def _gift_card_called(self, given: JSON) -> JSON:
        card = self.cards.get(given["code"])
        node = card and {"id": card["id"], "lastUsedOn": card["lastUsedOn"]}
        return {"giftCards": _connection([node] if node else [])}

    def _gift_card_create(self, given: JSON) -> JSON:
        terms = given["input"]
        if terms["code"] in self.cards or self._taken([terms["code"]]):
            return {"giftCardCreate": _refused("ALREADY_EXISTS", "code")}
        if not 8 <= len(terms["code"]) <= 16:
            return {"giftCardCreate": _refused("INVALID", "code")}
        if terms["expiryDate"] <= self.now().date().isoformat():
            return {"giftCardCreate": _refused("INVALID", "expiryDate")}
        card = terms | {"id": gid("GiftCard", next(self._numbers)), "lastUsedOn": None}
        self.cards[terms["code"]] = card
        return {"giftCardCreate": {"giftCard": {"id": card["id"]}, "errors": []}}

    def _gift_card_delete(self, given: JSON) -> JSON:
        assert len(given["ids"]) <= 100, "more than Saleor deletes at once"
        for code in [c for c, card in self.cards.items() if card["id"] in given["ids"]]:
            del self.cards[code]
        return {"giftCardBulkDelete": {"count": len(given["ids"]), "errors": []}}

    def _checkout(self, given: JSON) -> JSON:
        return {"checkout": self.checkouts.get(given["id"])}

    def _checkout_add_promo_code(self, given: JSON) -> JSON:
        checkout = self.checkouts.get(given["id"])
        refusal = self._why_not(checkout, given["code"])
        if checkout is None or refusal:
            return {"checkoutAddPromoCode": _refused(refusal or "NOT_FOUND", "promoCode")}
        checkout |= {"voucherCode": given["code"], "updatedAt": self.later().isoformat()}
        told = {key: checkout[key] for key in ("id", "voucherCode", "updatedAt")}
        return {"checkoutAddPromoCode": {"checkout": told, "errors": []}}

    def _why_not(self, checkout: JSON | None, code: str) -> str | None:
        if self.fails_applying:
            return self.fails_applying
        voucher = next((v for v in self.vouchers.values() if code in v["codes"]), None)
        if voucher is None or not voucher["codes"][code]:
            return "INVALID"
        if checkout and checkout["channel"]["id"] not in voucher["listings"]:
            return "VOUCHER_NOT_APPLICABLE"
        least = voucher.get("least", {}).get(checkout["channel"]["id"]) if checkout else None
        if checkout and least and _goods(checkout, self.counts) < float(least):
            return "VOUCHER_NOT_APPLICABLE"
        return None

    def later(self) -> datetime:
        """A moment that no other change has."""
        return self.now() + timedelta(microseconds=next(self._numbers))

    def _customer_metadata(self, given: JSON) -> JSON:
        return self._write(given, self.public)

    def _customer_private_metadata(self, given: JSON) -> JSON:
        return self._write(given, self.private)

    def _write(self, given: JSON, where: dict[str, dict[str, str]]) -> JSON:
        answer: JSON = {}
        for place in range(4):
            if place and not given.get(f"with{place}"):
                continue
            told = {entry["key"]: entry["value"] for entry in given[f"input{place}"]}
            where.setdefault(given[f"id{place}"], {}).update(told)
            answer[f"write{place}"] = {"errors": []}
        return answer

    def _taken(self, codes: list[str]) -> bool:
        return any(code in voucher["codes"] for voucher in self.vouchers.values() for code in codes)


def _goods(checkout: JSON, counted: str) -> float:
    """What the catalogue asks for its lines."""
    asked = ((one["quantity"], one["variant"].get("pricing")) for one in checkout["lines"])
    return float(sum(n * told["price"][counted]["amount"] for n, told in asked if told))


def _shown(voucher: JSON) -> JSON:
    return {
        "id": voucher["id"], "name": voucher["name"], "startDate": voucher["startDate"],
        "endDate": voucher["endDate"], "discountValueType": voucher["discountValueType"],
        "singleUse": voucher["singleUse"], "usageLimit": voucher.get("usageLimit"),
        "applyOncePerCustomer": voucher["applyOncePerCustomer"],
        "channelListings": [
            {
                "discountValue": float(value), "currency": "EUR",
                "channel": {"id": channel, "slug": "web", "currencyCode": "EUR"},
            }
            for channel, value in voucher["listings"].items()
        ],
    }  # fmt: skip


def _connection(nodes: list[JSON], cursor: int = 0, more: bool = False) -> JSON:  # noqa: FBT001, FBT002
    return {
        "edges": [{"node": node} for node in nodes],
        "pageInfo": {"hasNextPage": more, "endCursor": str(cursor)},
    }


def _refused(code: str, field: str) -> JSON:
    return {"errors": [{"field": field, "code": code, "message": "", "voucherCodes": None}]}
