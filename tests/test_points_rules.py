"""PT-1 to PT-8 as tables and properties."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messages.blocks import Letter
from app.messages.content import Content
from app.messages.rendering import Frame, Sender, render
from app.points import rules
from app.points.letters import ENDS
from app.points.rules import Bought, Fate, Idle, Owed, Wish, Word

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("bought", "rate", "points"),
    [
        (Bought(lines=4999, earning=4999, left=4999), 100, 49),
        (Bought(lines=4999, earning=4999, left=4999), 250, 124),
        (Bought(lines=10_000, earning=10_000, left=10_000, reward=2_500), 100, 75),
        (Bought(lines=10_000, earning=4_000, left=10_000), 100, 40),
        (Bought(lines=10_000, earning=10_000, left=6_650), 100, 67),
        (Bought(lines=10_000, earning=10_000, left=9_999), 100, 100),
        (Bought(lines=10_000, earning=10_000, left=0), 100, 0),
        (Bought(lines=10_000, earning=10_000, left=10_000, stands=False), 100, 0),
        (Bought(lines=10_000, earning=5_000, left=5_000, returned=5_000), 100, 0),
        (Bought(lines=10_000, earning=5_000, left=5_000, returned_else=5_000), 100, 50),
        (Bought(lines=10_000, earning=5_000, left=5_000), 100, 25),
        (Bought(lines=0, earning=0, left=0), 100, 0),
    ],
)
def test_pt1_pt3_what_an_order_stands_at(bought: Bought, rate: int, points: int) -> None:
    """PT-1, PT-2, PT-3: a point a unit, floor; no rewards, no gift cards; a refund by its share."""
    assert rules.points_of(bought, rate=rate, unit=100) == points


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10_000))
def test_pt2_a_refund_never_takes_more_than_its_share(
    lines: int, other: int, gone: int, rate: int
) -> None:
    """PT-2: between nothing and the whole, and rounded in her favour by less than a point."""
    bought = Bought(lines=lines + other, earning=lines, left=max(lines + other - gone, 0))
    whole = rules.whole(bought, rate=rate, unit=100)
    points = rules.points_of(bought, rate=rate, unit=100)
    assert 0 <= points <= whole
    assert 0 <= points - whole * (1 - rules.taken(bought)) < 1


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        ({}, Word.GIVE),
        ({"running": False}, Word.APP_OFF),
        ({"stopped": True}, Word.STOPPED),
        ({"on": False}, Word.OFF),
        ({"account": False}, Word.NO_ACCOUNT),
        ({"excluded": True}, Word.EXCLUDED),
        ({"points": 400}, Word.TOO_FEW),
        ({"points": 550}, Word.NOT_WHOLE),
        ({"points": 1100}, Word.NOT_ENOUGH),
    ],
)
def test_pt6_every_no_has_its_name(wish: dict[str, object], word: Word) -> None:
    told = {"points": 500, "available": 1000, "least": 500, "running": True, "on": True} | wish
    assert rules.word(Wish(**told)) is word  # type: ignore[arg-type]


def test_pt5_nothing_ends_in_the_first_period_or_without_two_warnings() -> None:
    rests = Idle(active_at=NOW - timedelta(days=900), counted_from=NOW, months=12)
    assert rests.ends_at == datetime(2027, 3, 2, tzinfo=UTC)
    assert rules.fate(rests, now=NOW + timedelta(days=300)) is Fate.STAYS
    late = datetime(2027, 6, 1, tzinfo=UTC)
    assert rules.fate(rests, now=late) is Fate.WARN
    warned = Idle(rests.active_at, NOW, 12, warned_at=late)
    assert rules.fate(warned, now=late) is Fate.STAYS, "a warning that comes late has its time"
    assert rules.fate(warned, now=late + timedelta(days=23)) is Fate.WARN_AGAIN
    twice = Idle(rests.active_at, NOW, 12, late, late + timedelta(days=26))
    assert rules.fate(twice, now=late + timedelta(days=30)) is Fate.STAYS
    assert rules.fate(twice, now=late + timedelta(days=33)) is Fate.EXPIRES


def test_pt5_a_month_has_a_last_day() -> None:
    assert rules.later(datetime(2026, 11, 30, tzinfo=UTC), 3) == datetime(2027, 2, 28, tzinfo=UTC)


def test_pt8_what_points_would_cost() -> None:
    owed = Owed(ages={"90": 1000, "more": 500}, pending=1000, void=Fraction(1, 4))
    assert owed.value == Decimal("22.50")
    assert rules.expected_void(brought=1000, kept=900, orders=29) == 0, "too few to say"
    assert rules.expected_void(brought=1000, kept=900, orders=30) == Fraction(1, 10)


@pytest.mark.parametrize(("language", "words"), [("en", "end in 7 days"), ("pl", "za 7 dni")])
def test_pt5_the_warning_says_how_many_and_when(language: str, words: str) -> None:
    letter = ENDS.variants["email"][language]
    assert isinstance(letter, Letter)
    frame = Frame(Sender("Shop"), language, link=str)
    told = render(letter, Content(fields={"points": 1240, "days": 7, "first_name": "Ana"}), frame)
    assert "Ana" in told.text
    assert re.search("1.?240", told.text)
    assert words in told.subject
