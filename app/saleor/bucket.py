"""How often we may ask one shop: a token bucket on real time, shared by all threads."""

import re
import time
from collections.abc import Callable
from threading import Lock
from typing import Self
from urllib.parse import urlsplit

from app.saleor.errors import SaleorThrottledError

SANDBOX = re.compile(r"(.+\.)?sandbox[^.]*\.([^.]+\.)?saleor\.cloud")


class Bucket:
    """`rate` requests a second, and `burst` at once after a pause."""

    def __init__(
        self,
        rate: float = 50,
        burst: float = 100,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate, self._burst = rate, burst
        self._clock, self._sleep = clock, sleep
        self._lock = Lock()
        self._tokens, self._at = burst, clock()
        self._closed_until = 0.0

    @classmethod
    def of(cls, api_url: str) -> Self:
        """Saleor Cloud gives its sandboxes 120 requests a minute and does not limit the rest."""
        if SANDBOX.fullmatch(urlsplit(api_url).hostname or ""):
            return cls(rate=100 / 60, burst=20)
        return cls()

    def take(self, *, patience: float) -> None:
        """Waits for its turn. Raises SaleorThrottledError where that is more than `patience` s."""
        if wait := self._book(patience):
            self._sleep(wait)

    def close(self, seconds: float) -> None:
        """The shop itself said: not before."""
        with self._lock:
            self._closed_until = max(self._closed_until, self._clock() + seconds)

    def wait(self, seconds: float) -> None:
        self._sleep(seconds)

    def _book(self, patience: float) -> float:
        """Takes a token, on credit if need be, and tells how long until it is there."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
            self._at = now
            wait = max((1 - self._tokens) / self._rate, self._closed_until - now, 0)
            if wait > patience:
                raise SaleorThrottledError(wait)
            self._tokens -= 1
            return wait
