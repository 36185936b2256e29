"""LV-5, LV-6: what the next unit of money would bring by channel, three budgets, and what if."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import col, func, select

from app.kit.tx import Tx
from app.ltv import costing, queries, response, winning
from app.ltv.entries import EPOCH
from app.ltv.response import Advice
from app.ltv.tables import AdSpend, AdWeek, Budgets, CustomerScore, CustomerTally
from app.orders.queries import BOUGHT
from app.orders.tables import Order
from app.shops.flows import this_shop

KINDS = ("acquisition", "retention", "service")
MOST_WEEKS = 104
MONTHS = 12
PER_ORDER = ("shipping", "returns")
OF_GOODS = ("goods", "refunds", "cost", "tax", "fees")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    name: str
    advice: Advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """LV-6, of this month so far, in minor units."""

    kind: str
    spent: int
    most: int
    """0: no budget was set."""

    @property
    def share(self) -> float | None:
        return self.spent / self.most if self.most else None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Percent more or less, and what today's customers would be worth over 12 months then."""

    orders: int = 0
    value: int = 0
    spend: int = 0
    base: int = 0
    then: int = 0
    ratio: float | None = None
    """LTV:CAC over all channels, as it is, and as it would be."""
    ratio_then: float | None = None


def channels(tx: Tx) -> list[Channel]:
    """LV-5: of each channel that weekly spend was handed in for."""
    rows = tx.exec(select(AdWeek).order_by(col(AdWeek.week))).all()
    if not rows:
        return []
    spent: dict[str, dict[int, int]] = {}
    for row in rows:
        spent.setdefault(row.channel, {})[row.week] = row.amount
    came = _came(tx, since=min(row.week for row in rows))
    return [
        Channel(name=name, advice=_advice(weeks, came.get(name, {})))
        for name, weeks in sorted(spent.items())
    ]


def _advice(spent: Mapping[int, int], came: Mapping[int, int]) -> Advice:
    weeks = sorted(spent)[-MOST_WEEKS:]
    return response.advise([spent[week] for week in weeks], [came.get(week, 0) for week in weeks])


def _came(tx: Tx, *, since: int) -> dict[str, dict[int, int]]:
    """By channel and week of the first order: value to date and of the next 12 months."""
    worth = func.sum(CustomerScore.to_date + CustomerScore.net_12)
    rows: Any = tx.exec(
        select(CustomerTally.channel, CustomerTally.first, worth)
        .join(CustomerScore, col(CustomerScore.person) == col(CustomerTally.person))
        .where(CustomerTally.first >= since)
        .group_by(col(CustomerTally.channel), col(CustomerTally.first))
    )
    found: dict[str, dict[int, int]] = {}
    for channel, first, value in rows:
        of, week = found.setdefault(channel, {}), week_of(first)
        of[week] = of.get(week, 0) + int(value)
    return found


def week_of(day: int) -> int:
    """The Monday of a day, both as numbers of days."""
    return day - date.fromordinal(day + EPOCH).weekday()


def budgets(tx: Tx) -> list[Budget]:
    """LV-6: what was spent this month on winning customers, on keeping them, on looking after
    them."""
    row = tx.exec(select(Budgets)).first() or Budgets()
    here = tx.now.astimezone(ZoneInfo(this_shop(tx).zone))
    begun = here.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    terms, orders = costing.terms(tx), _orders(tx, begun)
    spent = {
        "acquisition": _ads(tx, f"{begun:%Y-%m}"),
        "retention": _given(tx, begun) + _messages(tx) + orders * terms.rewards,
        "service": orders * terms.service,
    }
    return [Budget(kind=kind, spent=spent[kind], most=getattr(row, kind)) for kind in KINDS]


def _ads(tx: Tx, month: str) -> int:
    """Handed in by month, or else by weeks that began in it."""
    whole = tx.exec(select(func.sum(AdSpend.amount)).where(AdSpend.month == month)).one()
    if whole:
        return int(whole)
    first = date.fromisoformat(f"{month}-01")
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    asked = select(func.sum(AdWeek.amount)).where(
        AdWeek.week >= first.toordinal() - EPOCH, AdWeek.week < after.toordinal() - EPOCH
    )
    return int(tx.exec(asked).one() or 0)


def _given(tx: Tx, since: datetime) -> int:
    """What codes took off the orders of this month, in the reporting currency."""
    off: Any = func.sum(
        col(Order.discount_minor) * 1.0 * col(Order.goods_reporting_minor) / col(Order.goods_minor)
    )
    rows: Any = tx.exec(
        select(off).where(
            BOUGHT, col(Order.created_at) >= since, col(Order.code).is_not(None),
            Order.goods_minor > 0,
        )
    )  # fmt: skip
    return round(rows.one() or 0)


def _messages(tx: Tx) -> int:
    """A twelfth of what messages cost a year, of customers who are active."""
    sheet = queries.sheet(tx, "overview")
    active = int(sheet["active"]) if sheet else 0
    return round(active * costing.terms(tx).messages / MONTHS)


def _orders(tx: Tx, since: datetime) -> int:
    return tx.exec(select(func.count()).where(BOUGHT, col(Order.created_at) >= since)).one()


def set_budgets(tx: Tx, amounts: Mapping[str, int]) -> None:
    row = tx.exec(select(Budgets)).first() or Budgets()
    for kind in KINDS:
        setattr(row, kind, amounts.get(kind, 0))
    tx.add(row)


def what_if(tx: Tx, *, orders: int, value: int, spend: int) -> WhatIf | None:
    """More orders, dearer orders, more spend on winning customers; nobody is said to react."""
    sheet = queries.sheet(tx, "overview")
    if sheet is None:
        return None
    lines: Mapping[str, int] = sheet["lines"]["net_12"]
    often, dear = 1 + orders / 100, 1 + value / 100
    scales = dict.fromkeys(OF_GOODS, often * dear) | dict.fromkeys(PER_ORDER, often)
    base = sum(lines.values())
    then = sum(amount * scales.get(line, 1.0) for line, amount in lines.items())
    ratio = _ratio(tx)
    grown = then / base if base else 1.0
    cost = 1 + spend / 100
    return WhatIf(
        orders=orders, value=value, spend=spend, base=base, then=round(then), ratio=ratio,
        ratio_then=ratio * grown / cost if ratio is not None and cost > 0 else None,
    )  # fmt: skip


def _ratio(tx: Tx) -> float | None:
    _, whole = winning.by_channel(queries.spends(tx), queries.sheet(tx, "channels"))
    return whole.ratio if whole else None
