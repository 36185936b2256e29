"""How long a shopper's plan waits before it goes on."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple


class Wait(NamedTuple):
    """At least `business` time and at least `real` seconds; or, with `until`, only as long as
    that is not yet so (and then at most that long)."""

    business: timedelta = timedelta()
    real: float = 0.0
    until: Callable[[], bool] | None = None


def minutes(number: float, *, real: float = 0.0) -> Wait:
    return Wait(timedelta(minutes=number), real)


def until(so: Callable[[], bool], *, at_most: float) -> Wait:
    """Wait for something the app does; `at_most` in real seconds."""
    return Wait(real=at_most, until=so)
