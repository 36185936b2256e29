"""May the month's code go on this checkout? The one place that says yes, and every no by name."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Word(StrEnum):
    """What is decided about a checkout, and why."""

    PUT_ON = "put_on"
    ALREADY_ON = "already_on"
    NOT_SIGNED_IN = "not_signed_in"
    """Anybody can type an address: a tier is only for who is signed in."""
    APP_OFF = "app_off"
    STOPPED = "stopped"
    """MG-8: the owner has stopped all offers."""
    OFFER_OFF = "offer_off"
    EXCLUDED = "excluded"
    CHANNEL = "channel"
    """The tier's offer is not for this sales channel."""
    UNPROVEN = "unproven"
    """ID-2: the account was never confirmed, and no order of its own vouches for it."""
    EMPTY = "empty"
    PAYING = "paying"
    """A payment has begun: the price must not move any more."""
    TOO_LITTLE = "too_little"
    """CP-1: what is in it comes to less than the least basket of the code."""
    OTHER_CODE = "other_code"
    SHOP_PROMOTION = "shop_promotion"
    """The shop's own promotion or gift is on it, and a code would throw it off."""
    TOO_DEEP = "too_deep"
    """MG-2: together with a running promotion of the shop it would take off too much."""
    TAKEN_OFF = "taken_off"
    """The shopper took it off once; that stands."""
    NOT_APPLICABLE = "not_applicable"
    """Saleor refused it for just these lines."""
    USED = "used"
    """This month's code is spent."""
    VOUCHER_GONE = "voucher_gone"
    """Somebody deleted the month's voucher in Saleor: that is a decision too."""
    GONE = "gone"
    """The checkout was bought or deleted meanwhile."""
    TOO_LATE = "too_late"
    """The shopper has left: a quiet checkout is not touched."""
    WITHHELD = "withheld_holdout"
    """HO-1: she is among those by whom it is measured what the offer brings."""
    UNSURE = "unsure"
    """It may have been put on and taken off while we were away; so it is not put on again."""


class On(StrEnum):
    """Which code is on a checkout."""

    NONE = "none"
    OURS = "ours"
    OTHER = "other"


class Tried(StrEnum):
    """How far it has come with one checkout."""

    WANTED = "wanted"
    TRYING = "trying"
    PUT_ON = "put_on"
    TAKEN_OFF = "taken_off"
    NOT_APPLICABLE = "not_applicable"
    PASSED = "passed"
    """Not this time; the shopper's next step may find it otherwise."""
    GIVEN_UP = "given_up"


@dataclass(frozen=True)
class Basket:
    """What matters of a checkout."""

    account: str | None
    channel: str
    lines: str | None
    """A fingerprint of its lines; None without any."""
    paying: bool
    on: On
    promoted: bool
    """A gift line, or a discount that no code brought."""
    reduced_hundredths: int = 0
    """The deepest of the shop's own promotions on one of its lines."""
    goods_minor: int = 0
    """All lines at the catalogue's gross price."""
    currency: str = ""
    net_minor: int = 0
    """The same without tax."""


@dataclass(frozen=True)
class Offer:
    """What the shopper's tier gives, as of now."""

    running: bool
    """The app is switched on in the shop."""
    stopped: bool
    switched_on: bool
    excluded: bool
    channels: Collection[str] | None
    """Slugs; None is every channel."""
    proven: bool
    spent: bool
    """The month's code was used on an order."""
    voucher_gone: bool
    percent_hundredths: int = 0
    least: Mapping[str, int] = field(default_factory=dict)
    """CP-1: minor units by currency; without a currency it is good for none of its baskets."""


CEILING = 3500
"""MG-2: hundredths of a percent that a code and a promotion may take off a line together."""


def too_deep(percent_hundredths: int, reduced_hundredths: int) -> bool:
    """MG-2: Saleor takes a code's percentage off what a running promotion has left."""
    left = (10_000 - percent_hundredths) * (10_000 - reduced_hundredths)
    return reduced_hundredths > 0 and left < (10_000 - CEILING) * 10_000


def word(basket: Basket, offer: Offer, *, tried: Tried | None, tried_lines: str | None) -> Word:
    """The first reason against it, or PUT_ON. Saleor is asked nothing here."""
    return (
        (Word.NOT_SIGNED_IN if basket.account is None else None)
        or against(offer)
        or (Word.CHANNEL if elsewhere(basket, offer) else None)
        or (Word.TOO_DEEP if _too_deep(basket, offer) else None)
        or _about_basket(basket, tried, tried_lines)
        or (Word.TOO_LITTLE if too_little(basket, offer.least) else None)
        or Word.PUT_ON
    )


def elsewhere(basket: Basket, offer: Offer) -> bool:
    """It is not good in this channel, or its least basket has no rate in the channel's currency."""
    if offer.least and basket.currency not in offer.least:
        return True
    return offer.channels is not None and basket.channel not in offer.channels


def too_little(basket: Basket, least: Mapping[str, int]) -> bool:
    """CP-1: no less than Saleor counts: it asks for net where the shop shows net prices."""
    return basket.goods_minor < least.get(basket.currency, 0)


def fell_off(basket: Basket, least: Mapping[str, int], *, lines: str | None) -> bool:
    """CP-1: Saleor has taken the code off a basket that shrank, and not the shopper. `lines`: those
    with which it was last seen on.

    Where prices are net, Saleor counts net, and nobody tells us which they are. A basket that comes
    to enough with its tax only lost the code by what was changed in it, or else by her own word.
    """
    short = basket.net_minor < least.get(basket.currency, 0)
    return too_little(basket, least) or (short and basket.lines != lines)


def _too_deep(basket: Basket, offer: Offer) -> bool:
    return too_deep(offer.percent_hundredths, basket.reduced_hundredths)


def against(offer: Offer) -> Word | None:
    """What stands against giving this person any code at all."""
    reasons = {
        Word.APP_OFF: not offer.running,
        Word.STOPPED: offer.stopped,
        Word.EXCLUDED: offer.excluded,
        Word.OFFER_OFF: not offer.switched_on,
        Word.UNPROVEN: not offer.proven,
        Word.VOUCHER_GONE: offer.voucher_gone,
        Word.USED: offer.spent,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _about_basket(basket: Basket, tried: Tried | None, tried_lines: str | None) -> Word | None:
    refused = tried is Tried.NOT_APPLICABLE and tried_lines == basket.lines
    reasons = {
        Word.ALREADY_ON: basket.on is On.OURS,
        Word.TAKEN_OFF: tried in (Tried.PUT_ON, Tried.TAKEN_OFF),
        Word.UNSURE: tried is Tried.GIVEN_UP,
        Word.OTHER_CODE: basket.on is On.OTHER,
        Word.PAYING: basket.paying,
        Word.EMPTY: basket.lines is None,
        Word.SHOP_PROMOTION: basket.promoted,
        Word.NOT_APPLICABLE: refused,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)
