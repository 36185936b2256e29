"""What other pages show of value: one customer beside her orders, the shop on Today."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.kit.money import major
from app.kit.tx import Tx
from app.ltv import entries, queries
from app.ltv.entries import EPOCH
from app.shops.flows import this_shop

FAR = 366
"""Days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """PV-1: what a customer is expected to bring in 12 months, and how sure that is."""

    currency: str
    net_12: Decimal
    low: Decimal
    high: Decimal
    alive: float
    next_from: date | None
    next_to: date | None
    """None where it is more than a year away: that is no date to plan by."""
    late: int
    """Days later than her own rhythm allows; 0 in time."""
    tier: str
    group: str
    learnt: date
    """The day that what is said was learnt from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What the customers of today are expected to bring, and whether the forecast still holds."""

    currency: str
    net_12: Decimal
    low: Decimal
    high: Decimal
    drift: Any = None


def of_person(tx: Tx, person: int) -> Glance | None:
    """None where nothing may be said of one person alone (PV-2), or nothing is known."""
    row, currency = queries.score_of(tx, person), this_shop(tx).currency
    fitting = next((each for each in queries.fittings(tx) if each.active), None)
    if row is None or row.net_12_low is None or row.net_12_high is None or fitting is None:
        return None
    return Glance(
        currency=currency,
        net_12=major(row.net_12, currency),
        low=major(row.net_12_low, currency),
        high=major(row.net_12_high, currency),
        alive=row.alive,
        next_from=_date(row.next_from),
        next_to=_date(_foreseeable(row.next_to, entries.today(tx))),
        late=max(entries.today(tx) - row.due, 0) if row.due is not None else 0,
        tier=row.tier,
        group=row.group,
        learnt=date.fromordinal(fitting.day + EPOCH),
    )


def _foreseeable(day: int | None, today: int) -> int | None:
    return day if day is not None and day - today <= FAR else None


def _date(day: int | None) -> date | None:
    return None if day is None else date.fromordinal(day + EPOCH)


def of_shop(tx: Tx) -> Outlook | None:
    """None before the first night."""
    sheet, currency = queries.sheet(tx, "overview"), this_shop(tx).currency
    if sheet is None:
        return None
    in_use = next((each for each in queries.fittings(tx) if each.active), None)
    return Outlook(
        currency=currency,
        net_12=major(sheet["net"]["net_12"], currency),
        low=major(sheet["net"]["net_12_low"], currency),
        high=major(sheet["net"]["net_12_high"], currency),
        drift=in_use.drift if in_use else None,
    )
