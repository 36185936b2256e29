"""Vouchers and gift cards at the API."""

from typing import Any

from sandbox.api.ask import Args, Ask
from sandbox.api.mutations.answer import Answer, Asked, change, found, pairs
from sandbox.promos import GiftCard, Voucher
from sandbox.rules import promotions
from sandbox.rules.refusal import Refused

FACTS = {
    "type": "type",
    "name": "name",
    "startDate": "start_date",
    "endDate": "end_date",
    "discountValueType": "discount_value_type",
    "minCheckoutItemsQuantity": "min_checkout_items_quantity",
    "applyOncePerOrder": "apply_once_per_order",
    "applyOncePerCustomer": "apply_once_per_customer",
    "onlyForStaff": "only_for_staff",
    "singleUse": "single_use",
    "usageLimit": "usage_limit",
}
SETS = ("products", "variants", "collections", "categories")
MAY_BE_NULL = ("endDate", "usageLimit", "minCheckoutItemsQuantity", "name")


def facts(asked: Any) -> dict[str, Any]:
    said = {
        name: asked[spelled]
        for spelled, name in FACTS.items()
        if spelled in asked and (asked[spelled] is not None or spelled in MAY_BE_NULL)
    }
    return said | {name: set(asked[name]) for name in SETS if asked.get(name)}


def codes_of(asked: Any) -> list[str]:
    """`addCodes`, or the deprecated single `code`."""
    if asked.get("addCodes") is not None and asked.get("code") is not None:
        message = "At least one of arguments is required: 'code', 'addCodes'."
        raise Refused(None, "GRAPHQL_ERROR", message)
    if asked.get("addCodes") is not None:
        return list(asked["addCodes"])
    return [asked["code"]] if asked.get("code") is not None else []


def voucher(ask: Ask, args: Args) -> Voucher:
    thing: Voucher = found(ask.shop.store.vouchers.get(args["id"]), "id", args["id"])
    return thing


def create(ask: Ask, args: Args) -> Voucher:
    asked = args["input"]
    if asked.get("addCodes") is None and asked.get("code") is None:
        message = "At least one of arguments is required: 'code', 'addCodes'."
        raise Refused(None, "GRAPHQL_ERROR", message)
    return promotions.create(ask.shop.store, codes_of(asked), **facts(asked))


def update(ask: Ask, args: Args) -> Voucher:
    thing, asked = voucher(ask, args), args["input"]
    promotions.update(ask.shop.store, thing, codes_of(asked), **facts(asked))
    return thing


def delete(ask: Ask, args: Args) -> Voucher:
    thing = voucher(ask, args)
    promotions.delete(ask.shop.store, thing)
    return thing


def list_in(ask: Ask, args: Args) -> Voucher:
    thing, asked, store = voucher(ask, args), args["input"], ask.shop.store
    for added in asked.get("addChannels") or ():
        channel = store.channel_by(added["channelId"])
        if channel is None:
            raise Refused("addChannels", "NOT_FOUND", "No such channel.")
        promotions.list_in(
            store, thing, channel, added.get("discountValue"), added.get("minAmountSpent")
        )
    for key in asked.get("removeChannels") or ():
        channel = store.channel_by(key)
        thing.listings.pop(channel.slug if channel else "", None)
    store.emit("VOUCHER_UPDATED", thing)
    return thing


def delete_codes(ask: Ask, args: Args) -> Answer:
    return Answer(count=promotions.delete_codes(ask.shop.store, args["ids"]))


def issue(ask: Ask, args: Args) -> GiftCard:
    asked, store = args["input"], ask.shop.store
    owner = store.users.get(asked.get("assignedTo") or "")
    if asked.get("assignedTo") and owner is None:
        raise Refused("assignedTo", "NOT_FOUND", "No such customer.")
    if asked.get("code") is not None and not 8 <= len(asked["code"]) <= 16:
        raise Refused("code", "INVALID", "A code has 8 to 16 characters.")
    card = promotions.issue_gift_card(
        store,
        asked["balance"]["amount"],
        asked["balance"]["currency"],
        code=asked.get("code"),
        expires=asked.get("expiryDate"),
        by=ask.who.user.email if ask.who.user else None,
        assigned_to=owner,
    )
    card.is_active = asked["isActive"]
    card.metadata = pairs(asked.get("metadata"))
    card.private_metadata = pairs(asked.get("privateMetadata"))
    return card


def delete_cards(ask: Ask, args: Args) -> Answer:
    return Answer(count=promotions.delete_gift_cards(ask.shop.store, args["ids"]))


PROMOTIONS: dict[str, Asked] = {
    "voucherCreate": change("voucher", create, "MANAGE_DISCOUNTS"),
    "voucherUpdate": change("voucher", update, "MANAGE_DISCOUNTS"),
    "voucherDelete": change("voucher", delete, "MANAGE_DISCOUNTS"),
    "voucherChannelListingUpdate": change("voucher", list_in, "MANAGE_DISCOUNTS"),
    "voucherCodeBulkDelete": change("count", delete_codes, "MANAGE_DISCOUNTS"),
    "giftCardCreate": change("gift_card", issue, "MANAGE_GIFT_CARD"),
    "giftCardBulkDelete": change("count", delete_cards, "MANAGE_GIFT_CARD"),
}
