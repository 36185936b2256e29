"""What staff and apps do to vouchers and gift cards."""

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.catalogue import Channel
from sandbox.people import User
from sandbox.promos import GiftCard, Voucher, VoucherCode, VoucherListing
from sandbox.rules.refusal import Refused
from sandbox.store import Store

FROZEN_ONCE_USED = ("single_use", "usage_limit")
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def create(store: Store, codes: Sequence[str], **facts: Any) -> Voucher:
    """A voucher with its first codes; it works nowhere until it is listed in a channel."""
    texts = checked(store, codes)
    facts.setdefault("start_date", store.clock.now())
    ends(facts["start_date"], facts.get("end_date"))
    voucher = Voucher(id=store.numbers.serial("Voucher"), **{"name": None, **facts})
    store.vouchers[voucher.id] = voucher
    made = mint(store, voucher, texts)
    if made:
        store.emit("VOUCHER_CODES_CREATED", made)
    store.emit("VOUCHER_CREATED", voucher)
    return voucher


def ends(start: Any, end: Any) -> None:
    if end is not None and end < start:
        raise Refused("endDate", "INVALID", "End date cannot be before the start date.")


def update(store: Store, voucher: Voucher, codes: Sequence[str], **facts: Any) -> None:
    for name in FROZEN_ONCE_USED:
        if name in facts and facts[name] != getattr(voucher, name) and in_use(store, voucher):
            field = "singleUse" if name == "single_use" else "usageLimit"
            raise Refused(
                field,
                "VOUCHER_ALREADY_USED",
                "Cannot change this setting when any voucher code has already been used.",
            )
    ends(facts.get("start_date", voucher.start_date), facts.get("end_date", voucher.end_date))
    texts = checked(store, codes)
    for name, value in facts.items():
        setattr(voucher, name, value)
    if facts or texts:
        store.emit("VOUCHER_UPDATED", voucher)
    made = mint(store, voucher, texts)
    if made:
        store.emit("VOUCHER_CODES_CREATED", made)


def in_use(store: Store, voucher: Voucher) -> bool:
    """On any order or cart."""
    codes = voucher.codes
    return any(one.voucher_code in codes for one in store.orders.values()) or any(
        one.voucher_code in codes for one in store.checkouts.values()
    )


def checked(store: Store, codes: Sequence[str]) -> list[str]:
    """Codes trimmed, empty ones made up; refuses doubles and codes that exist anywhere."""
    texts = [code.strip() or fresh_code() for code in codes]
    doubles = [code for code, times in Counter(texts).items() if times > 1]
    if doubles:
        raise Refused(
            "codes",
            "DUPLICATED_INPUT_ITEM",
            "Duplicated promo codes provided.",
            voucherCodes=doubles,
        )
    known = [code for code in texts if store.taken(code)]
    if known:
        raise Refused("codes", "ALREADY_EXISTS", "Promo code already exists.", voucherCodes=known)
    return texts


def fresh_code() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3))


def mint(store: Store, voucher: Voucher, texts: Sequence[str]) -> list[VoucherCode]:
    made = []
    for text in texts:
        code = VoucherCode(store.numbers.unique("VoucherCode"), text, store.instant())
        voucher.codes[text] = code
        store.codes[text] = (voucher, code)
        made.append(code)
    return made


def list_in(
    store: Store, voucher: Voucher, channel: Channel, value: Decimal | None, least: Decimal | None
) -> None:
    """Make the voucher work in a channel, or change how. A percentage is at most 100."""
    known = voucher.listings.get(channel.slug)
    if value is None and known is None:
        raise Refused("discountValue", "REQUIRED", "Value is required for voucher.")
    if voucher.discount_value_type == "PERCENTAGE" and value is not None and value > 100:
        raise Refused("discountValue", "INVALID", "Invalid percentage value.")
    voucher.listings[channel.slug] = VoucherListing(
        id=known.id if known else store.numbers.serial("VoucherChannelListing"),
        channel=channel,
        discount_value=value if value is not None else known.discount_value if known else Decimal(),
        min_amount=least if least is not None else known.min_amount if known else None,
    )


def delete_codes(store: Store, ids: Sequence[str]) -> int:
    wanted = set(ids)
    gone = [(voucher, code) for voucher, code in list(store.codes.values()) if code.id in wanted]
    for voucher, code in gone:
        del voucher.codes[code.code]
        del store.codes[code.code]
    if gone:
        store.emit("VOUCHER_CODES_DELETED", [code for _, code in gone])
    return len(gone)


def delete(store: Store, voucher: Voucher) -> None:
    for code in voucher.codes:
        store.codes.pop(code, None)
    store.vouchers.pop(voucher.id, None)
    for order in store.orders.values():
        if order.voucher is voucher:
            order.voucher = None
    store.emit("VOUCHER_DELETED", voucher)


def issue_gift_card(
    store: Store,
    amount: Decimal,
    currency: str,
    *,
    code: str | None = None,
    expires: date | None = None,
    by: str | None = None,
    assigned_to: User | None = None,
) -> GiftCard:
    text = code or fresh_code()
    if store.taken(text):
        raise Refused("code", "ALREADY_EXISTS", "Promo code already exists.")
    card = GiftCard(
        id=store.numbers.serial("GiftCard"),
        code=text,
        created=store.instant(),
        currency=currency,
        initial=amount,
        left=amount,
        expiry_date=expires,
        created_by_email=by,
        assigned_to=assigned_to,
    )
    store.gift_cards[card.id] = card
    store.gift_codes[text] = card
    store.emit("GIFT_CARD_CREATED", card)
    return card


def delete_gift_cards(store: Store, ids: Sequence[str]) -> int:
    gone = [card for id_ in ids if (card := store.gift_cards.pop(id_, None))]
    for card in gone:
        del store.gift_codes[card.code]
        for cart in store.checkouts.values():
            if card in cart.gift_cards:
                cart.gift_cards.remove(card)
    return len(gone)
