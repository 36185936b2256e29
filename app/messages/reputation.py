"""BS, BO, SS-2: what keeps a sending domain in good standing. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FEW = 200
"""BS-2: below so many delivered, a rate says nothing."""
BATCH = 100
"""BO-5."""
DAY = timedelta(days=1)
SOFT_IN_A_ROW = 5
SOFT_WITHIN = timedelta(days=30)
SOFT_FOR = timedelta(days=90)
OLD_BACKLOG = timedelta(hours=24)
FIRST_HOUR = 50
GROWTH = 10
FIRST_DAY = 200


class Kind(StrEnum):
    """What came back."""

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"
    DELIVERED = "delivered"


def kind_of(status: str) -> Kind:
    """BO-1: by RFC 3463. 5.1.x is no such address, 5.2.1 a disabled one; all else may pass."""
    if status.startswith("2."):
        return Kind.DELIVERED
    if status.startswith("5.1.") or status == "5.2.1":
        return Kind.HARD
    return Kind.SOFT


@dataclass(frozen=True)
class Standing:
    """Of a domain, over the last seven days."""

    delivered: int = 0
    complaints: int = 0
    bounced: int = 0

    @property
    def complaint_rate(self) -> float:
        return self.complaints / self.delivered if self.delivered else 0.0

    @property
    def bounce_rate(self) -> float:
        return self.bounced / self.delivered if self.delivered else 0.0


class Mood(StrEnum):
    """BS-2."""

    GOOD = "good"
    WARNING = "warning"
    CAREFUL = "careful"
    """Nothing to people who show little interest."""
    PAUSED = "paused"


def mood(standing: Standing) -> Mood:
    if standing.delivered < FEW:
        return Mood.GOOD
    rate = standing.complaint_rate
    if rate >= 0.003:  # noqa: PLR2004  # Gmail's own limits, BS-2
        return Mood.PAUSED
    if rate >= 0.002:  # noqa: PLR2004
        return Mood.CAREFUL
    return Mood.WARNING if rate >= 0.001 else Mood.GOOD  # noqa: PLR2004


def bad_batch(standing: Standing) -> bool:
    """BO-5: more than 2 % of at least a hundred."""
    return standing.delivered >= BATCH and standing.bounce_rate > 0.02  # noqa: PLR2004


def warm_up(since: datetime, *, now: datetime, standing: Standing) -> int:
    """BS-3: how many a day a new domain may send. It doubles every two days while all is well."""
    well = standing.bounce_rate < 0.02 and standing.complaint_rate < 0.001  # noqa: PLR2004
    steps = max(0, (now - since).days // 2)
    return FIRST_DAY << min(steps, 20) if well or not standing.delivered else FIRST_DAY


def ramp(first: datetime, *, now: datetime) -> int:
    """SS-2: how many an automation may have sent by now: 50 in its first hour, ten times as many
    in each one after it.
    """
    hours = int((now - first) / timedelta(hours=1))
    return int(FIRST_HOUR * GROWTH ** min(hours, 6))


def next_hour(first: datetime, *, now: datetime) -> datetime:
    hours = int((now - first) / timedelta(hours=1))
    return first + timedelta(hours=hours + 1)
