"""How often somebody may ask: a bucket each, kept in this process, on real time."""

from collections import OrderedDict
from threading import Lock

from app.kit.clock import stopwatch

MOST = 20_000
"""Askers remembered; who has been away longest is forgotten first, and finds a full bucket."""


class Turnstile:
    """`rate` a second, and `burst` at once after a pause. Thread-safe."""

    def __init__(self, *, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self._lock = Lock()
        self._left: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def wait(self, who: object) -> float:
        """Seconds until this one may ask again; 0: it may now, and has."""
        now = stopwatch()
        with self._lock:
            left, at = self._left.pop(who, (self.burst, now))
            left = min(self.burst, left + (now - at) * self.rate)
            passes = left >= 1
            self._left[who] = (left - 1 if passes else left, now)
            while len(self._left) > MOST:
                self._left.popitem(last=False)
            return 0.0 if passes else (1 - left) / self.rate
