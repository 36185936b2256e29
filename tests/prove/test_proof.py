"""What the Proof page says holds: 500 shops whose true effect is known, 2,000 tests of nothing."""

import pytest

from app.proof import planning
from app.proof.planning import Analysis
from tests.prove import trying
from tests.prove.trying import Shops

pytestmark = pytest.mark.prove
HO_6 = [(0.03, 0.02), (0.05, 0.01), (0.05, 0.02), (0.10, 0.02), (0.10, 0.03)]
SHARES = [0.10, 0.20, 0.50]


def say(what: str, **figures: float) -> None:
    told = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
    print(f"\n{what} (seed {trying.SEED}): {told}")  # noqa: T201  # `make prove` shows it


@pytest.mark.parametrize(("base", "lift"), HO_6)
@pytest.mark.parametrize("share", SHARES)
def test_five_hundred_shops_with_a_known_effect(base: float, lift: float, share: float) -> None:
    """HO-6, HO-4: looked at daily, at twice its numbers, the effect is found with 80 % power; the
    interval holds the truth in 93 of 100 shops at least."""
    people = planning.for_share(base, lift, share)
    shops = Shops(500, 2 * people, 60, share=share, base=base, lift=lift)
    daily = trying.conversions(shops)
    figures = {
        "people": float(shops.people),
        "power": trying.power(daily, Analysis.ALWAYS, planned=shops.planned),
        "holds": trying.holds(daily, Analysis.ALWAYS, lift, planned=shops.planned),
        "holds_each_day": trying.holds_always(daily, lift, planned=shops.planned),
    }
    say(f"{base:.0%} {lift:+.0%} with {share:.0%} held back, twice HO-6, daily", **figures)
    assert min(figures["holds"], figures["holds_each_day"]) >= 0.93
    assert figures["power"] >= 0.80


@pytest.mark.parametrize(("base", "lift"), HO_6)
@pytest.mark.parametrize(("share", "least"), [(0.50, 0.80), (0.20, 0.775), (0.10, 0.765)])
def test_fixed_horizon_at_the_very_numbers(
    base: float, lift: float, share: float, least: float
) -> None:
    """HO-6: 80 % where half are held back. Of a tenth held back few buy, their number is skewed,
    and the usual formula (HO-6's) promises two or three points more than it keeps."""
    people = planning.for_share(base, lift, share)
    shops = Shops(50_000, people, 1, share=share, base=base, lift=lift)
    course = trying.conversions(shops)
    power = trying.power(course, Analysis.FIXED, planned=shops.planned)
    holds = trying.holds(course, Analysis.FIXED, lift, planned=shops.planned)
    say(f"{base:.0%} {lift:+.0%}, {share:.0%}, HO-6 fixed", people=people, power=power, holds=holds)
    assert power >= least
    assert holds >= 0.93


def test_two_thousand_tests_of_nothing_looked_at_daily() -> None:
    """AB-11: at most 5 % alarms, conversion and money, 50/50 and 10/90."""
    for share in (0.5, 0.1):
        shops = Shops(2000, 20_000, 90, share=share)
        rate = trying.alarms(trying.conversions(shops), planned=shops.planned)
        say(f"A/A on conversion, {share:.0%} held back", alarms=rate)
        assert rate <= 0.05
    shops = Shops(2000, 6_000, 60)
    course, _ = trying.margins(shops, cuped=True)
    rate = trying.alarms(course, planned=shops.planned)
    say("A/A on margin with CUPED", alarms=rate)
    assert rate <= 0.05


def test_with_cuped_intervals_shrink_and_stay_honest() -> None:
    """AB-5, HO-4: 500 shops, money a person, 10 % held back and half and half."""
    for share, people in ((0.5, 6_000), (0.1, 13_500)):
        shops = Shops(500, people, 60, share=share, base=0.06, lift=0.02)
        plain, true = trying.margins(shops, cuped=False)
        less, _ = trying.margins(shops, cuped=True)
        narrower = float((less.difference.error[:, -1] / plain.difference.error[:, -1]).mean())
        figures = {
            "width": narrower,
            "spared": float(less.difference.spared[:, -1].mean()),
            "holds_fixed": trying.holds(less, Analysis.FIXED, true, planned=shops.planned),
            "holds_daily": trying.holds_always(less, true, planned=shops.planned),
            "holds_daily_plain": trying.holds_always(plain, true, planned=shops.planned),
        }
        say(f"CUPED, {share:.0%} held back", **figures)
        assert narrower < 1.0
        assert min(figures["holds_fixed"], figures["holds_daily"]) >= 0.93
