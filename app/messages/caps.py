"""FC: how often is too often, over all channels and automations. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

HALVED = timedelta(days=90)
SILENT = timedelta(days=180)


class Past(NamedTuple):
    """A message that a person may have received."""

    channel: str
    at: datetime


@dataclass(frozen=True)
class Cap:
    """At most `most` in any `hours` over these channels. FC-5: 0 is no limit."""

    channels: Collection[str]
    most: int
    hours: int

    @property
    def window(self) -> timedelta:
        return timedelta(hours=self.hours)

    @property
    def weekly(self) -> bool:
        return self.hours >= 7 * 24


MOBILE = ("sms", "whatsapp")
EVERY = ("email", "sms", "whatsapp", "push")
USUAL = (
    Cap(("email",), 1, 16),
    Cap(("email",), 4, 7 * 24),
    Cap(MOBILE, 1, 24),
    Cap(MOBILE, 2, 7 * 24),
    Cap(MOBILE, 6, 30 * 24),
    Cap(("push",), 1, 24),
    Cap(EVERY, 5, 7 * 24),
)
"""FC-1."""
LONGEST = timedelta(days=30)


def free_from(
    past: Sequence[Past], channel: str, *, caps: Sequence[Cap], now: datetime, fewer: bool
) -> datetime | None:
    """The first moment at which one more is allowed; None is now. `fewer` halves weekly caps."""
    waits = [_free_from(past, cap, now=now, fewer=fewer) for cap in caps if channel in cap.channels]
    return max((at for at in waits if at and at > now), default=None)


def _free_from(past: Sequence[Past], cap: Cap, *, now: datetime, fewer: bool) -> datetime | None:
    if cap.most <= 0:
        return None
    most = max(1, cap.most // 2) if fewer and cap.weekly else cap.most
    told = sorted(one.at for one in past if one.channel in cap.channels)
    recent = [at for at in told if at > now - cap.window]
    return recent[-most] + cap.window if len(recent) >= most else None


class Life(NamedTuple):
    """FC-6: signs of life. Opens are none (OP-3)."""

    first_message_at: datetime | None
    last_sign_at: datetime | None
    """The last order, human click, or word of consent."""


def tired(life: Life, *, now: datetime) -> bool:
    """FC-6: no sign for 90 days, though we wrote: half as often."""
    return _silent_for(life, now) >= HALVED


def gone(life: Life, *, now: datetime) -> bool:
    """FC-6: no sign for 180 days: one sunset series, then nothing."""
    return _silent_for(life, now) >= SILENT


def _silent_for(life: Life, now: datetime) -> timedelta:
    if life.first_message_at is None:
        return timedelta()  # nothing was asked of them yet
    since = max(life.first_message_at, life.last_sign_at or life.first_message_at)
    return now - since
