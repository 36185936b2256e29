"""The shop's business time, which may run faster than the wall clock.

PERENNIAL_CLOCK=``scale:600@2026-01-01T00:00:00Z`` means: up to that instant business time is real
time, after it business time runs 600 times as fast. The app reads the same variable the same way,
so both live in one time.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

SPELLING = re.compile(r"scale:(?P<scale>\d+(?:\.\d+)?)@(?P<origin>.+)")


class Clock(Protocol):
    def now(self) -> datetime:
        """Business time, aware, in UTC."""


@dataclass(frozen=True)
class RunningClock:
    """Business time that follows the wall clock, `scale` times as fast after `origin`."""

    scale: float = 1.0
    origin: datetime | None = None

    def now(self) -> datetime:
        real = datetime.now(UTC)
        if self.origin is None or real <= self.origin:
            return real
        return self.origin + (real - self.origin) * self.scale

    @property
    def spelled(self) -> str:
        """What PERENNIAL_CLOCK says for this clock; empty for plain real time."""
        if self.origin is None:
            return ""
        return f"scale:{self.scale:g}@{self.origin.isoformat().replace('+00:00', 'Z')}"


@dataclass
class StandingClock:
    """A clock that moves only when a test moves it."""

    at: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 12, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at

    def wait(self, **span: float) -> None:
        """Move on by a timedelta's keywords: ``wait(minutes=5)``."""
        self.at += timedelta(**span)


def read_clock(text: str | None) -> RunningClock:
    """The clock PERENNIAL_CLOCK spells. Raises ValueError for a spelling nobody knows."""
    if not text or text == "real":
        return RunningClock()
    if (match := SPELLING.fullmatch(text.strip())) is None:
        raise ValueError(f"PERENNIAL_CLOCK is no clock: {text!r}")
    origin = datetime.fromisoformat(match["origin"]).astimezone(UTC)
    return RunningClock(scale=float(match["scale"]), origin=origin)


def speed_of(clock: Clock) -> float:
    """Business seconds in a real second; a standing clock counts as real time."""
    return clock.scale if isinstance(clock, RunningClock) else 1.0
