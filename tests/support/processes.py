"""Waiting for what another process does."""

import time
from collections.abc import Callable


class GaveUpError(AssertionError):
    """Something did not come true in time."""


def until(so: Callable[[], object], what: str, *, within: float, every: float = 0.1) -> None:
    """Wait for `so()`; `within` and `every` in real seconds. Raises GaveUpError naming `what`."""
    end = time.monotonic() + within
    while not so():
        if time.monotonic() > end:
            raise GaveUpError(f"not within {within:g} s: {what}")
        time.sleep(every)
