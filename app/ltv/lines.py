"""The lines a customer's net value is made of, and what the owner says they cost (LV-1, LV-2)."""

from dataclasses import dataclass
from enum import StrEnum


class Line(StrEnum):
    GOODS = "goods after discounts"
    REFUNDS = "refunds"
    COST = "cost of goods"
    SHIPPING = "shipping paid by the shop"
    FEES = "payment fees"
    RETURNS = "handling of returns"
    MESSAGES = "messages"
    REWARDS = "rewards"
    SERVICE = "service"


@dataclass(frozen=True)
class Costs:
    """What an order costs beside its goods: minor units per order, but `fees` a share of what is
    charged and `returns` per order given back. `messages` are per customer and year, whether she
    buys or not. Lines in `off` count as nought; turnover is all but GOODS and REFUNDS off."""

    shipping: float = 0.0
    fees: float = 0.02
    returns: float = 0.0
    messages: float = 0.0
    rewards: float = 0.0
    service: float = 0.0
    off: frozenset[Line] = frozenset()
