"""What the guide through the set-up is given."""

from dataclasses import dataclass
from enum import StrEnum


class What(StrEnum):
    """The five steps, in the order in which they are best done."""

    HISTORY = "history"
    TIERS = "tiers"
    OFFER = "offer"
    SENDING = "sending"
    AUTOMATION = "automation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    what: What
    done: bool
    address: str
    """Where it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    steps: tuple[Step, ...]

    @property
    def done(self) -> int:
        return sum(step.done for step in self.steps)

    @property
    def next(self) -> What | None:
        return next((step.what for step in self.steps if not step.done), None)
