"""Two times: business time, which may run fast, and real time, which signatures live on."""

import time
from datetime import UTC, datetime, timedelta

from typing_extensions import override


def real_now() -> datetime:
    """The machine's time: for tokens, leases and rate limits, never for the business."""
    return datetime.now(UTC)  # noqa: TID251  # the one place that looks at the clock


class Clock:
    """Business time equals real time until `origin`, and runs `scale` times as fast after it."""

    def __init__(self, scale: float = 1.0, origin: datetime | None = None) -> None:
        self.scale = scale
        self.origin = origin

    @classmethod
    def parse(cls, text: str) -> "Clock":
        """`real`, or `scale:600@2026-01-01T00:00:00Z`. Raises ValueError on anything else."""
        if text in ("", "real"):
            return cls()
        word, _, rest = text.partition(":")
        factor, _, origin = rest.partition("@")
        if word != "scale" or not origin:
            raise ValueError(f"a clock is `real` or `scale:600@2026-01-01T00:00:00Z`, not {text!r}")
        at = datetime.fromisoformat(origin)
        if at.tzinfo is None:
            raise ValueError(f"the origin of a clock needs a time zone: {origin!r}")
        return cls(float(factor), at)

    def now(self) -> datetime:
        real = real_now()
        if self.origin is None or real <= self.origin:
            return real
        return self.origin + (real - self.origin) * self.scale

    def after(self, span: timedelta) -> timedelta:
        """How much business time goes by in `span` of real time."""
        return span * self.scale


class StillClock(Clock):
    """A clock that stands until somebody moves it: the clock of tests and replays."""

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self._now = now

    @override
    def now(self) -> datetime:
        return self._now

    def move(self, span: timedelta) -> None:
        self._now += span


def stopwatch() -> float:
    """Seconds that only grow, for measuring spans of real time."""
    return time.monotonic()


def effort() -> float:
    """Seconds of processor this thread has used, however busy the machine is with others."""
    return time.thread_time()
