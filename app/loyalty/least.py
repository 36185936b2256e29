"""CP-1: what a basket has to come to for a code, told in every currency the shop has a rate for."""

from collections.abc import Mapping
from decimal import ROUND_UP, Decimal

from app.kit.money import major, minor
from app.kit.tx import Tx
from app.orders.exchange import exchange
from app.shops import flows as shops
from app.web.notation import Sum

MANY = Decimal(1_000_000)
"""One yen is no whole number of cents."""


def by_currency(tx: Tx, least_minor: int, *, rounding: str = ROUND_UP) -> dict[str, int]:
    """Minor units by currency, from an amount in the reporting one; in others rounded to whole
    units. A currency without a rate is left out; no bound is an empty answer.
    """
    if not least_minor:
        return {}
    rates = exchange(tx)
    told = {rates.currency: least_minor}
    for currency in sorted({one.currency for one in shops.channels(tx)} - {rates.currency}):
        many = rates.reporting(minor(MANY, currency), currency, at=tx.now)
        if many:
            units = (least_minor * MANY / many).quantize(1, rounding=rounding)
            told[currency] = minor(units, currency)
    return told


def shown(told: Mapping[str, int], currency: str, *, reporting: str) -> Sum | None:
    """As somebody who pays in this currency reads it; None where there is no bound."""
    said = currency if currency in told else reporting
    return Sum(major(told[said], said), said) if said in told else None
