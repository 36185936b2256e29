"""What counts, what is news, when to learn anew: decisions without a database."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

REFIT_AFTER = timedelta(days=7)
GROWN = 1.25
"""So many times as many customers make a learning old before its time."""
NEWS_SHARE = 0.02
"""Of an amount: less of a change is no news."""
NEWS_CHANCE = 0.02
NEWS_DAYS = 7


class CostLine(StrEnum):
    """LV-1: what is taken off the goods, each line with a switch."""

    TAX = "tax"
    COST = "cost"
    SHIPPING = "shipping"
    FEES = "fees"
    RETURNS = "returns"
    MESSAGES = "messages"
    REWARDS = "rewards"
    SERVICE = "service"


class Stage(StrEnum):
    """V10: how far somebody has come. Whoever is silent too long is `lapsed` beside it."""

    FIRST = "first"
    SECOND = "second"
    REGULAR = "regular"
    LOYAL = "loyal"


class Learnt(Protocol):
    @property
    def made_at(self) -> datetime: ...
    @property
    def customers(self) -> int: ...


def stage(purchases: int) -> Stage:
    """One, two, three to five, six and more."""
    if purchases <= 1:
        return Stage.FIRST
    if purchases == 2:
        return Stage.SECOND
    return Stage.REGULAR if purchases <= 5 else Stage.LOYAL


def learn_anew(last: Learnt | None, *, customers: int, now: datetime) -> bool:
    """Once a week, and sooner where the shop has grown by a quarter."""
    if last is None or now >= last.made_at + REFIT_AFTER:
        return True
    return customers > GROWN * max(last.customers, 20)


def says_something_else(before: Mapping[str, Any], after: Mapping[str, Any], *, unit: int) -> bool:
    """Is a score worth writing? Words that differ always; numbers only beyond what one would
    notice: 2 % of an amount and one whole unit of money, two points of a chance, a week."""
    return any(
        _differs(name, old, after[name], unit=unit)
        for name, old in before.items()
        if name not in {"day", "person"}
    )


def _differs(name: str, old: Any, new: Any, *, unit: int) -> bool:  # noqa: ANN401
    if old is None or new is None or isinstance(new, (str, bool)):
        return bool(old != new)
    change = abs(new - old)
    if name in {"alive", "silent"}:
        return bool(change > NEWS_CHANCE)
    if name in {"next_from", "next_mid", "next_to", "due"}:
        return bool(change > NEWS_DAYS)
    if name.startswith("net_") or name == "to_date":
        return bool(change > max(NEWS_SHARE * abs(old), unit))
    if name.startswith("orders_"):
        return bool(change > max(NEWS_SHARE * abs(old), 0.02))
    return bool(change)
