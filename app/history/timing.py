"""How long an errand goes on, how often it comes again, and what to do when nobody answers."""

from datetime import timedelta

from app.kit.tx import Job
from app.saleor.client import SaleorThrottledError, SaleorUnreachableError
from app.world import World

TURN = 20.0
"""Seconds after which an errand hands on, long before its lease runs out."""
BREATH = timedelta(seconds=20)
"""Real time between two turns of something periodic, however fast the business's clock runs."""
AWAY = (SaleorUnreachableError, SaleorThrottledError)
COME_BACK = timedelta(minutes=1)
"""Real time until we look again whether Saleor is there."""


def pace(world: World, every: timedelta) -> timedelta:
    """Until the next turn of something periodic."""
    return max(every, world.clock.after(BREATH))


def come_back(world: World, job: Job) -> None:
    """Saleor is away, and that is no failure of the job's: nothing periodic may end by it."""
    wait = world.clock.after(COME_BACK)
    world.do(lambda tx: tx.postpone(job, until=tx.now + wait))
