"""PR-5, DC-5: what was kept for long enough goes, a little at a time, until none of it is left."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Protocol

from typing_extensions import override

from app.carts import retiring as carts
from app.decisions import flows as decisions
from app.feedback import erasing as feedback
from app.kit.clock import stopwatch
from app.kit.tx import Job, Tx
from app.messages import nights as messages
from app.world import World

TURN = 20.0
"""Seconds after which the errand hands on, long before its lease runs out."""
Old = Callable[[Tx], Sequence[int]]


class LetGo(Protocol):
    def __call__(self, tx: Tx, ids: Sequence[int]) -> None: ...


KEPT: Sequence[tuple[Old, LetGo]] = (
    (decisions.old, decisions.retire),
    (messages.old, messages.retire),
    (carts.old, carts.retire),
    (feedback.old, feedback.retire),
)
"""Each room says what of it is old, and lets go of it."""


class Retire(Job, kind="privacy.retire", rank=2):
    """Once a night, and again where a turn was too short."""

    day: date
    turn: int = 0

    @property
    @override
    def lane(self) -> str:
        return "privacy.retire"


def nightly(tx: Tx) -> None:
    tx.later(Retire(day=tx.now.date()))


def retire(job: Retire, world: World) -> Retire | None:
    till = stopwatch() + TURN
    for old, let_go in KEPT:
        while ids := _old(world, old):
            world.do(partial(let_go, ids=ids))
            if stopwatch() > till:
                return Retire(day=job.day, turn=job.turn + 1)
    return None


def _old(world: World, old: Old) -> Sequence[int]:
    with world.look() as tx:
        return old(tx)
