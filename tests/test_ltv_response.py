"""LV-5: advice on spend, on shops whose truth is known."""

import numpy as np
import pytest

from app.ltv.response import STEP, Word, advise

MOST, HALF = 400_000.0, 100_000.0


def weeks(mean: float, *, seed: int, n: int = 30, spread: float = 0.4, noise: float = 0.1):  # noqa: ANN201
    """Spend that varies by chance, and the value that a saturating world answers with."""
    chance = np.random.default_rng(seed)
    spend = mean * np.exp(spread * chance.standard_normal(n))
    truth = 20_000 + MOST * spend / (spend + HALF)
    return spend, truth * (1 + noise * chance.standard_normal(n))


def slope(spend: float) -> float:
    return MOST * HALF / (spend + HALF) ** 2


@pytest.mark.parametrize(
    ("mean", "word", "step"),
    [(30_000, Word.RAISE, 1 + STEP), (700_000, Word.LOWER, 1 - STEP)],
)
def test_lv5_money_goes_where_one_more_unit_brings_more_than_itself(
    mean: float, word: Word, step: float
) -> None:
    spend, value = weeks(mean, seed=1, spread=0.6)
    told = advise(spend, value)
    assert told.word is word
    assert told.next_week == pytest.approx(spend[-1] * step), "never more than 15 % a week"
    assert told.marginal is not None
    assert told.low is not None
    assert told.low <= told.marginal <= (told.high or 0)


def test_lv5_the_range_holds_the_truth_about_as_often_as_it_says() -> None:
    """80 % of forty worlds, give or take what chance makes of forty."""
    held = 0
    for seed in range(40):
        spend, value = weeks(150_000, seed=seed)
        told = advise(spend, value)
        assert told.low is not None
        held += told.low <= slope(float(spend.mean())) <= (told.high or 0)
    assert 26 <= held <= 38


def test_lv5_who_always_spends_the_same_is_told_how_to_find_out() -> None:
    told = advise(*weeks(100_000, seed=3, spread=0.1))
    assert told.word is Word.VARY
    assert told.next_week is None
    assert len(told.rehearsal) == 6
    assert min(told.rehearsal) < 0.75 * told.spend < 1.25 * told.spend < max(told.rehearsal)


def test_lv5_eleven_weeks_are_too_few_and_money_that_does_nothing_is_not_advised() -> None:
    assert advise(*weeks(100_000, seed=4, n=11)).word is Word.FEW
    chance = np.random.default_rng(5)
    spend = 100_000 * np.exp(0.4 * chance.standard_normal(30))
    told = advise(spend, 50_000 + 20_000 * chance.standard_normal(30))
    assert told.word in (Word.NO_BETTER, Word.LOWER)


@pytest.mark.parametrize("value", [0.0, 1e12, -5.0])
def test_lv5_odd_shops_get_finite_answers(value: float) -> None:
    for spend in (np.zeros(20), np.full(20, 3.0), np.arange(20.0)):
        told = advise(spend, np.full(20, value))
        assert all(np.isfinite(v) for v in (told.marginal, told.low, told.high) if v is not None)
    assert advise([], []).word is Word.FEW
