"""Who is in which arm: pure, and the same for ever (AB-1, HO-1, HO-2)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from app.kit.chance import roll

WITHHELD, TREATED = "withheld", "treated"
HALF, LESS, LEAST = 0.5, 0.10, 0.05
FIRST_PEOPLE = 3_010
"""HO-6: with half held back, this many show a rise from 3 to 5 in a hundred."""
FIRST_DAYS = timedelta(days=60)
LOSERS = 0.10
"""AB-9: so many go on getting what lost …"""
LOSERS_FOR = timedelta(days=30)


class Kind(StrEnum):
    HOLDOUT = "holdout"
    EVERYBODY = "everybody"
    TEST = "test"


class Mode(StrEnum):
    USUAL = "usual"
    PROVE = "prove"
    OFF = "off"


class Arm(NamedTuple):
    """What was drawn for somebody, with all that repeats the draw: `roll(salt, who)`."""

    key: str
    version: int
    name: str
    withheld: bool
    roll: float
    salt: str
    among: tuple[tuple[str, float], ...]
    """Each arm by name with its share, as they were when it was drawn."""
    who: int
    """For whom it was drawn: of two who became one, whoever was drawn first."""


def arm_among(among: Sequence[tuple[str, float]], point: float) -> str:
    """The name of the arm that a draw falls into."""
    return among[arm_at([share for _, share in among], point)][0]


class Drawn(Protocol):
    """What a share depends on (app.trials.tables.Trial)."""

    @property
    def mode(self) -> str: ...
    @property
    def began_at(self) -> datetime | None: ...
    @property
    def proven_at(self) -> datetime | None: ...


def draw(salt: str, person: int) -> float:
    return roll("trial", salt, person)


def arm_at(shares: Sequence[float], point: float) -> int:
    """Which arm a draw in [0, 1) falls into."""
    edge = 0.0
    for at, share in enumerate(shares):
        edge += share
        if point < edge:
            return at
    return len(shares) - 1


def share_now(trial: Drawn, *, usual: float, people: int, now: datetime) -> float:
    """HO-1, HO-2: what part of the next people is held back. `people` were drawn so far."""
    if trial.mode == Mode.OFF:
        return 0.0
    if trial.mode != Mode.PROVE:
        return usual
    if trial.proven_at is not None:
        return LEAST
    young = trial.began_at is None or now < trial.began_at + FIRST_DAYS
    return HALF if young and people < FIRST_PEOPLE else LESS


def held_back(share: float) -> list[float]:
    """Shares of the two arms of a holdout: withheld, treated."""
    return [share, 1.0 - share]


def winners(arms: Sequence[str], winner: str) -> list[float]:
    """AB-9: a tenth goes on getting what lost, shared out among all that lost."""
    losers = len(arms) - 1
    return [1.0 - LOSERS if name == winner else LOSERS / losers for name in arms]
