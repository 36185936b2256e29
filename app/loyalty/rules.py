"""Who is in which tier: up at once, down late and one step at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Protocol


@dataclass(frozen=True)
class Step:
    """A tier of the ladder. A retired one is reached no more, and kept by who is in it."""

    key: str
    threshold_minor: int
    retired: bool = False


class Ladder:
    """The tiers from the lowest up. The first begins at zero and is everybody's."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = tuple(sorted(steps, key=lambda step: (step.threshold_minor, step.retired)))
        if not self.steps or self.base.threshold_minor or self.base.retired:
            raise ValueError("a ladder begins with a tier at zero")

    @property
    def base(self) -> Step:
        return self.steps[0]

    @cached_property
    def heights(self) -> dict[str, int]:
        return {step.key: height for height, step in enumerate(self.steps)}

    def height(self, key: str) -> int:
        """How far up a tier is. One that is not known any more is no higher than the first."""
        return self.heights.get(key, 0)

    @cached_property
    def _open(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if not step.retired)

    def reached(self, spent_minor: int) -> Step:
        """TI-1: the highest tier whose threshold the spending reaches."""
        reached = [step for step in self._open if step.threshold_minor <= spent_minor]
        return reached[-1] if reached else self.base

    def below(self, key: str) -> Step:
        """TI-4: one step down."""
        lower = [s for s in self.steps[: self.height(key)] if not s.retired]
        return lower[-1] if lower else self.base

    def above(self, key: str) -> Step | None:
        higher = [s for s in self.steps[self.height(key) + 1 :] if not s.retired]
        return higher[0] if higher else None

    def highest(self, *keys: str | None) -> str:
        return max(
            (key for key in keys if key in self.heights), key=self.height, default=self.base.key
        )


class Member(Protocol):
    """Somebody's standing."""

    @property
    def tier(self) -> str: ...

    @property
    def valid_till(self) -> datetime | None:
        """When the 12 months end. None in the first tier, which nobody can lose."""


@dataclass(frozen=True)
class LastRise:
    """TI-5: the rise that a refund may take back."""

    bar_minor: int
    """The threshold that was passed."""
    spent_minor: int
    """What of the spending that was counted then, and since, is left after refunds."""
    revocable_till: datetime


class Move(StrEnum):
    STAYS = "stays"
    RISES = "rises"
    RENEWS = "renews"
    REVERTS = "reverts"
    FALLS = "falls"


def verdict(
    member: Member,
    ladder: Ladder,
    *,
    spent_minor: int,
    last_rise: LastRise | None,
    falls_at: datetime | None,
    now: datetime,
) -> Move:
    """What becomes of a standing. `falls_at` is the end of the grace after `valid_till`.

    No rule edit makes anybody fall (TI-6): before `valid_till` the ladder only lifts.
    """
    reached = ladder.height(ladder.reached(spent_minor).key)
    have = ladder.height(member.tier)
    if reached > have:
        return Move.RISES
    if last_rise and now < last_rise.revocable_till and last_rise.spent_minor < last_rise.bar_minor:
        return Move.REVERTS
    if have == 0 or member.valid_till is None or now < member.valid_till:
        return Move.STAYS
    if reached == have:
        return Move.RENEWS
    return Move.FALLS if falls_at and now >= falls_at else Move.STAYS
