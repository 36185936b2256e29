"""What an amount is worth in the shop's reporting currency, by its dated rates."""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from app.kit.asking import ask, blank, question
from app.kit.money import major, minor
from app.kit.tx import Tx
from app.shops.tables import Rate, Shop

HOME = question(select(Shop.currency, Shop.zone).where(Shop.id == blank("shop")))
RATES = question(select(Rate.currency, Rate.day, Rate.rate).order_by(col(Rate.day)))


@dataclass(frozen=True)
class Exchange:
    """Rates by currency, each a list of (ISO day from which on, rate)."""

    currency: str
    zone: ZoneInfo
    rates: dict[str, list[tuple[str, Decimal]]]

    def reporting(self, units: int, currency: str, *, at: datetime) -> int | None:
        """Minor units of the reporting currency; None where no rate is known for that day."""
        if not self.currency:
            return None
        if currency == self.currency:
            return units
        rate = self._rate(currency, at.astimezone(self.zone).date().isoformat())
        if rate is None:
            return None
        worth = major(units, currency) * rate
        return minor(worth.quantize(Decimal("1e-9"), rounding=ROUND_HALF_EVEN), self.currency)

    def _rate(self, currency: str, day: str) -> Decimal | None:
        dated = self.rates.get(currency, [])
        at = bisect_right(dated, (day, Decimal("Infinity")))
        return dated[at - 1][1] if at else None


def exchange(tx: Tx) -> Exchange:
    """The shop's rates, read once a unit of work."""
    known = tx.info.get("exchange")
    if isinstance(known, Exchange):
        return known
    [(currency, zone)] = ask(tx, HOME, shop=tx.shop)
    rates: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for name, day, rate in ask(tx, RATES):
        rates[name].append((day, Decimal(rate)))
    tx.info["exchange"] = fresh = Exchange(currency, ZoneInfo(zone), dict(rates))
    return fresh
