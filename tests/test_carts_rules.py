"""When a checkout counts as left behind (AC-1 to AC-3, AC-8, AC-9), as tables of cases."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.carts import rules
from app.carts.rules import State, Surroundings, verdict
from app.kit.hearing import Cause
from tests.support.makers import MONDAY

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NOW = MONDAY + timedelta(days=3)


@dataclass
class Basket:
    """Touched on Monday at nine, by somebody with an address."""

    checkout: str = "C1"
    email: str | None = "cleo@example.com"
    lines: list[dict[str, Any]] = field(default_factory=lambda: [{"variant": "tee"}])
    worth_minor: int = 2000
    channel: str = "web"
    language: str = "EN"
    payment: bool = False
    staff: bool = False
    touched_at: datetime = MONDAY
    ordered_at: datetime | None = None
    decision: str | None = None
    gone_at: datetime | None = None


def judged(
    after: timedelta, cart: Basket | None = None, around: Surroundings | None = None
) -> State:
    return verdict(
        cart or Basket(), around or Surroundings(), now=MONDAY + after, patience=rules.PATIENCE
    )


@pytest.mark.parametrize(
    ("after", "state"),
    [
        (timedelta(), State.ACTIVE),
        (59.99 * MINUTE, State.ACTIVE),
        (60 * MINUTE, State.ABANDONED),
        (30 * 24 * HOUR, State.ABANDONED),
    ],
)
def test_ac1_a_checkout_is_abandoned_after_an_hour_of_quiet(after: timedelta, state: State) -> None:
    assert judged(after) is state


@pytest.mark.parametrize(
    ("cart", "state"),
    [
        (Basket(), State.ABANDONED),
        (Basket(lines=[]), State.IDLE),
        (Basket(email=None), State.IDLE),
        (Basket(payment=True), State.SUPPRESSED),
        (Basket(staff=True), State.SUPPRESSED),
        (Basket(gone_at=NOW), State.EXPIRED),
        (Basket(ordered_at=MONDAY + 30 * MINUTE), State.BOUGHT),
        (Basket(ordered_at=MONDAY + 2 * HOUR), State.BOUGHT_ANYWAY),
        (Basket(ordered_at=MONDAY + 2 * HOUR, decision="d1"), State.RECOVERED),
        (Basket(ordered_at=MONDAY + 2 * HOUR, email=None), State.BOUGHT),
        (Basket(ordered_at=MONDAY + 2 * HOUR, payment=True), State.BOUGHT_ANYWAY),
        (Basket(ordered_at=MONDAY + 2 * HOUR, gone_at=NOW), State.BOUGHT_ANYWAY),
    ],
    ids=[
        "left", "nothing in it", "nobody to write to", "a payment holds", "staff",
        "Saleor deleted it", "bought at once", "bought after all", "bought through a message",
        "never could have been lost", "paid in the end", "deleted because it was bought",
    ],
)  # fmt: skip
def test_ac1_what_a_quiet_checkout_is(cart: Basket, state: State) -> None:
    assert judged(3 * 24 * HOUR, cart) is state


@pytest.mark.parametrize(
    ("around", "state"),
    [
        (Surroundings(livelier=True), State.SUPERSEDED),
        (Surroundings(MONDAY + 30 * MINUTE), State.SUPERSEDED),
        (Surroundings(MONDAY + 2 * HOUR), State.BOUGHT_ANYWAY),
        (Surroundings(MONDAY + 2 * HOUR, livelier=True), State.BOUGHT_ANYWAY),
    ],
)
def test_ac6_and_ac8_what_else_the_shopper_did(around: Surroundings, state: State) -> None:
    assert judged(3 * HOUR, around=around) is state


def test_ac8_the_livelier_of_two_is_touched_later_or_dearer() -> None:
    early, late = Basket("A"), Basket("B", touched_at=MONDAY + HOUR, worth_minor=1)
    dear, twin = Basket("C", worth_minor=9000), Basket("D")
    assert rules.livelier(late, early)
    assert not rules.livelier(early, late)
    assert rules.livelier(dear, early)
    assert rules.livelier(early, twin) is not rules.livelier(twin, early)


@pytest.mark.parametrize(
    ("state", "since"),
    [
        (State.ABANDONED, MONDAY + HOUR),
        (State.RECOVERED, MONDAY + HOUR),
        (State.BOUGHT_ANYWAY, MONDAY + HOUR),
        (State.BOUGHT, None),
        (State.IDLE, None),
        (State.SUPERSEDED, None),
    ],
)
def test_it_is_abandoned_since_its_patience_ended(state: State, since: datetime | None) -> None:
    assert rules.abandoned_at(Basket(), state, patience=HOUR) == since


@pytest.mark.parametrize(("gone", "since"), [(30 * MINUTE, None), (2 * HOUR, MONDAY + HOUR)])
def test_ac9_what_expired_may_have_been_abandoned_before(
    gone: timedelta, since: datetime | None
) -> None:
    cart = Basket(gone_at=MONDAY + gone)
    assert rules.abandoned_at(cart, State.EXPIRED, patience=HOUR) == since


@pytest.mark.parametrize("minutes", [15, 60, 24 * 60])
def test_ac1_patience_has_bounds(minutes: int) -> None:
    assert rules.bounded(timedelta(minutes=minutes)) == timedelta(minutes=minutes)


@pytest.mark.parametrize("minutes", [14, 24 * 60 + 1])
def test_ac1_patience_out_of_bounds_is_refused(minutes: int) -> None:
    with pytest.raises(ValueError, match="15 minutes"):
        rules.bounded(timedelta(minutes=minutes))


Step = tuple[float, str, Cause]
PERSON, APP, UNKNOWN = Cause.PERSON, Cause.APP, Cause.UNKNOWN


def last_touch(*steps: Step) -> float:
    """Hours after Monday, nine o'clock."""
    trail: list[list[str]] = []
    for after, content, cause in steps:
        trail = rules.followed(trail, MONDAY + after * HOUR, content, cause)
    return (rules.touched_at(trail, created_at=MONDAY) - MONDAY) / HOUR


@pytest.mark.parametrize(
    ("steps", "touched"),
    [
        ([(0, "a", PERSON)], 0),
        ([(0, "a", PERSON), (1, "b", PERSON)], 1),
        ([(0, "a", PERSON), (1, "a", PERSON)], 0),
        ([(0, "a", PERSON), (1, "b", APP)], 0),
        ([(0, "a", PERSON), (1, "b", APP), (2, "b", PERSON)], 0),
        ([(0, "a", PERSON), (1, "b", APP), (2, "a", PERSON)], 2),
        ([(0, "a", PERSON), (1, "b", PERSON), (2, "a", PERSON)], 2),
        ([(0, "a", PERSON), (1, "a", UNKNOWN)], 0),
        ([(0, "a", PERSON), (1, "b", UNKNOWN)], 1),
        ([(0, "a", PERSON), (1, "b", APP), (1, "b", UNKNOWN)], 0),
        ([(0, "a", PERSON), (1, "b", APP), (1, "b", PERSON)], 1),
        ([(1, "a", APP)], 0),
    ],
    ids=[
        "made", "filled", "a price moved", "an app did it", "metadata after an app",
        "the shopper undid what an app did", "and back again", "a sweep saw the same",
        "a sweep saw a change", "an app's change, swept too", "one state, told by both",
        "known only from an app",
    ],
)  # fmt: skip
def test_ac3_only_a_shoppers_change_of_content_restarts_the_clock(
    steps: list[Step], touched: float
) -> None:
    for way in permutations(steps):
        assert last_touch(*way) == touched


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from("abc"), st.sampled_from(list(Cause))),
        min_size=1,
        max_size=12,
    ),
    data=st.data(),
)
def test_ac3_repeats_and_disorder_do_not_move_the_clock(
    steps: list[Step], data: st.DataObject
) -> None:
    again = data.draw(st.permutations([*steps, *steps[::2]]))
    assert last_touch(*again) == last_touch(*steps)


def test_a_trail_does_not_grow_without_end() -> None:
    trail: list[list[str]] = []
    for at in range(200):
        trail = rules.followed(trail, MONDAY + at * MINUTE, str(at), PERSON)
    assert len(trail) == rules.LONGEST_TRAIL
    assert rules.touched_at(trail, created_at=MONDAY) == MONDAY + 199 * MINUTE
