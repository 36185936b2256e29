"""Money as Saleor hands it out: two decimals here, gross, net and the tax between them."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


class Money(NamedTuple):
    amount: Decimal
    currency: str

    @property
    def fractional_amount(self) -> int:
        return int(self.amount * 100)

    @property
    def fraction_digits(self) -> int:
        return 2


class TaxedMoney(NamedTuple):
    gross: Money
    net: Money
    tax: Money

    @property
    def currency(self) -> str:
        return self.gross.currency


def cents(amount: Decimal) -> Decimal:
    """Rounded half up to a cent, as Saleor quantises a price."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def taxed(gross: Decimal, net: Decimal, currency: str) -> TaxedMoney:
    return TaxedMoney(Money(gross, currency), Money(net, currency), Money(gross - net, currency))


def net_of(gross: Decimal, rate: Decimal) -> Decimal:
    """What is left of a gross price without its tax; `rate` is 0.23 for 23 %."""
    return cents(gross / (1 + rate)) if rate else gross


def spread(total: Decimal, over: Iterable[Decimal]) -> list[Decimal]:
    """Shares of `total` in proportion to `over`; the last one takes what rounding leaves."""
    weights = list(over)
    whole = sum(weights, ZERO)
    if not whole:
        return [ZERO for _ in weights]
    shares = [cents(total * weight / whole) for weight in weights[:-1]]
    return [*shares, total - sum(shares, ZERO)]
