"""Money: a Decimal in its currency for people and rules, whole minor units in storage."""

from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache

from babel.numbers import get_currency_precision


def minor(amount: Decimal, currency: str) -> int:
    """`amount` in the currency's smallest unit: 12.30 BRL is 1230, 500 JPY is 500."""
    scaled = amount.scaleb(_digits(currency))
    return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def major(units: int, currency: str) -> Decimal:
    """The Decimal that `minor` came from."""
    return Decimal(units).scaleb(-_digits(currency))


@cache
def _digits(currency: str) -> int:
    return get_currency_precision(currency)
