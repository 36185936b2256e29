"""When a checkout counts as left behind, and what became of it. AC-1, AC-2, AC-3, AC-8, AC-9."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from app.kit.hearing import Cause


class Tied(Protocol):
    """A cart, as far as it shows whose it is."""

    @property
    def person(self) -> int | None: ...
    @property
    def email(self) -> str | None: ...


C = TypeVar("C", bound=Tied)

PATIENCE = timedelta(minutes=60)
LEAST, MOST = timedelta(minutes=15), timedelta(hours=24)
YOUNG = timedelta(hours=72)
"""FC-3: so long a cart's letter is worth sending. What a sweep finds that was touched longer ago
was left before anybody listened, and is only counted.
"""
LONGEST_TRAIL = 64


class State(StrEnum):
    ACTIVE = "active"
    IDLE = "idle"
    """Quiet for long enough, but nobody could be written to: no address, or nothing in it."""
    ABANDONED = "abandoned"
    BOUGHT = "bought"
    """Became an order before anybody could have called it abandoned."""
    RECOVERED = "recovered"
    """Abandoned, and bought through a message of ours."""
    BOUGHT_ANYWAY = "bought_anyway"
    """Abandoned, and bought without us."""
    SUPERSEDED = "superseded"
    """The same person has a livelier one, or bought elsewhere before this one was lost."""
    EXPIRED = "expired"
    """Saleor has deleted it."""
    SUPPRESSED = "suppressed"
    """Not to be touched: staff, or with a payment on its way."""


LOST = frozenset({State.ABANDONED, State.RECOVERED, State.BOUGHT_ANYWAY})
"""States that only an abandoned checkout reaches."""


class Cart(Protocol):
    """All that these rules see of a cart; a row fits, and so does a test's own."""

    checkout: str
    email: str | None
    channel: str
    language: str
    lines: list[dict[str, Any]]
    worth_minor: int
    payment: bool
    staff: bool
    touched_at: datetime
    ordered_at: datetime | None
    decision: str | None
    gone_at: datetime | None


@dataclass(frozen=True)
class Surroundings:
    """What else its shopper did."""

    bought_elsewhere_at: datetime | None = None
    """The first order after this checkout was begun, on any device or channel (AC-6)."""
    brought: bool = False
    """AC-11: and a message of ours brought it."""
    livelier: bool = False
    """There is a checkout of the same person that was touched later (AC-8)."""


def verdict(cart: Cart, around: Surroundings, *, now: datetime, patience: timedelta) -> State:
    """What a cart is as of now. It reads facts only: in whatever order they came, it is the same.

    An order of its own decides first, paid or not: one that waits for its payment is never an
    abandoned checkout (AC-2).
    """
    quiet_at = cart.touched_at + patience
    if cart.ordered_at:
        return _bought(cart, quiet_at)
    if cart.staff or cart.payment:
        return State.SUPPRESSED
    if elsewhere := around.bought_elsewhere_at:
        return _bought_elsewhere(around, lost=losable(cart) and elsewhere >= quiet_at)
    if cart.gone_at or around.livelier:
        return State.EXPIRED if cart.gone_at else State.SUPERSEDED
    if now < quiet_at:
        return State.ACTIVE
    return State.ABANDONED if losable(cart) else State.IDLE


def _bought(cart: Cart, quiet_at: datetime) -> State:
    if not losable(cart) or (cart.ordered_at or quiet_at) < quiet_at:
        return State.BOUGHT
    return State.RECOVERED if cart.decision else State.BOUGHT_ANYWAY


def _bought_elsewhere(around: Surroundings, *, lost: bool) -> State:
    if not lost:
        return State.SUPERSEDED
    return State.RECOVERED if around.brought else State.BOUGHT_ANYWAY


def losable(cart: Cart) -> bool:
    """AC-1: there is something in it, and somebody to write to."""
    return bool(cart.lines) and cart.email is not None


def abandoned_at(cart: Cart, state: State, *, patience: timedelta) -> datetime | None:
    """Since when it has been, or had been before it ended otherwise."""
    quiet_at = cart.touched_at + patience
    expired_late = (
        state is State.EXPIRED and losable(cart) and cart.gone_at and cart.gone_at >= quiet_at
    )
    return quiet_at if state in LOST or expired_late else None


def livelier(one: Cart, other: Cart, *, per_channel: bool = False) -> bool:
    """AC-8: `one` was touched after `other`; of two at the same instant, the dearer one.

    With `per_channel`, one in another channel and another language replaces nothing.
    """
    if per_channel and one.channel != other.channel and one.language != other.language:
        return False
    mine = (one.touched_at, one.worth_minor, one.checkout)
    return mine > (other.touched_at, other.worth_minor, other.checkout)


Trail = Sequence[Sequence[str]]
"""`[updatedAt, content, cause]` of every state heard, oldest first."""


def followed(trail: Trail, updated_at: datetime, content: str, cause: Cause) -> list[list[str]]:
    """The trail with one more state, wherever in it that belongs.

    One state told of twice is a shopper's if a shopper caused it at all, and an app's rather than
    nobody's.
    """
    steps = {(at, what): who for at, what, who in trail}
    here = (updated_at.isoformat(), content)
    strength = [Cause.UNKNOWN, Cause.APP, Cause.PERSON]
    steps[here] = max(cause, Cause(steps.get(here, cause)), key=strength.index)
    ordered = sorted(steps.items(), key=lambda step: (datetime.fromisoformat(step[0][0]), step[0]))
    return [[at, what, who] for (at, what), who in ordered][-LONGEST_TRAIL:]


def touched_at(trail: Trail, *, created_at: datetime) -> datetime:
    """AC-3: when the shopper last changed something: not when a price or metadata moved."""
    touched, before = created_at, None
    for at, content, cause in trail:
        if content != before and cause != Cause.APP:
            touched = max(touched, datetime.fromisoformat(at))
        before = content
    return touched


def bounded(patience: timedelta) -> timedelta:
    """AC-1. Raises ValueError outside 15 minutes to 24 hours."""
    if not LEAST <= patience <= MOST:
        raise ValueError("between 15 minutes and 24 hours")
    return patience


def families(carts: Sequence[C]) -> list[list[C]]:
    """Carts that an account or an address ties together, directly or through others."""
    root: dict[object, object] = {}

    def find(key: object) -> object:
        while root.setdefault(key, key) != key:
            key = root[key]
        return key

    for cart in carts:
        for tie in _ties(cart):
            root[find(tie)] = find(id(cart))
    found: dict[object, list[C]] = {}
    for cart in carts:
        found.setdefault(find(id(cart)), []).append(cart)
    return list(found.values())


def _ties(cart: Tied) -> list[tuple[str, object]]:
    ties = (("person", cart.person), ("email", cart.email))
    return [(kind, value) for kind, value in ties if value]
