"""The figures of the Proof page, small: against the papers' numbers and against simulated shops.

At full size: `make prove` (tests/prove/test_proof.py).
"""

from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

import numpy as np
import pytest

from app.proof import balance, bayes, findings, planning, pooling, sequences, verdicts
from app.proof.difference import difference, stratified
from app.proof.findings import Active, Plan, Told
from app.proof.planning import Analysis, Noise
from app.proof.sums import Floats, Sums
from app.proof.verdicts import Interval, Seen, Verdict
from tests.prove import trying
from tests.prove.trying import HO_6, Shops

ENOUGH = Seen(timedelta(days=14), (1000, 1000), 200)


@pytest.mark.parametrize(("base", "lift", "share", "people"), HO_6)
def test_the_planner_says_what_to_expect(
    base: float, lift: float, share: float, people: int
) -> None:
    """HO-6: its table where half are held back, to the rounding of its own. Where fewer are, the
    interval's width strays together with the effect, and the promised power takes more people."""
    plain = (Noise(base * (1 - base)), Noise((base + lift) * (1 - base - lift)))
    assert planning.people(plain, lift, share, Analysis.FIXED) == pytest.approx(people, rel=0.003)
    told = planning.for_share(base, lift, share)
    if share == 0.5:
        assert told == pytest.approx(people, rel=0.003)
    else:
        assert 1.02 < told / people < 1.10


def test_what_was_promised_is_kept_with_a_tenth_held_back() -> None:
    """HO-6: 20,000 simulated shops; all of the table: `make prove`."""
    for people, least, most in (
        (planning.for_share(0.03, 0.02, 0.1), 0.79, 0.81),
        (6_750, 0, 0.78),
    ):
        shops = Shops(20_000, people, 1, share=0.1, base=0.03, lift=0.02)
        power = trying.power(trying.conversions(shops), Analysis.FIXED, planned=people)
        assert least < power < most


def test_money_takes_many_more_people_than_conversion() -> None:
    """HO-6: the last row; what is known of the past saves a quarter where r is a half."""
    plain, known = Noise(6.0**2), Noise(6.0**2 * (1 - 0.5**2))
    told = [planning.people((plain, plain), 0.10, s, Analysis.FIXED) for s in (0.1, 0.2, 0.5)]
    assert told == pytest.approx([314_000, 177_000, 113_000], rel=0.003)
    fewer = planning.people((known, known), 0.10, 0.5, Analysis.FIXED)
    assert fewer == pytest.approx(85_000, rel=0.003)


def test_a_plan_counts_weeks_in_the_mode_in_force() -> None:
    """AB-3: looking daily takes not quite twice the people; what takes too long is said."""
    agreed = planning.for_share(0.05, 0.02, 0.5, Analysis.FIXED)
    daily = planning.for_share(0.05, 0.02, 0.5, Analysis.ALWAYS)
    assert 1.85 < daily / agreed < 2.0
    assert planning.plan(agreed, a_week=500).weeks == pytest.approx(agreed / 500)
    assert planning.plan(agreed, a_week=500).finishes
    assert not planning.plan(daily, a_week=100).finishes
    assert planning.plan(agreed, a_week=0).weeks == inf
    assert planning.plan(agreed, a_week=0, so_far=agreed).weeks == 0


def test_what_so_many_people_show_is_what_so_many_people_take() -> None:
    """HO-6: the planner read backwards."""
    noise = (Noise.of_share(0.05), Noise.of_share(0.07))
    for mode in (Analysis.FIXED, Analysis.ALWAYS):
        people = planning.people(noise, 0.02, 0.1, mode)
        assert planning.detectable(noise, people, 0.1, mode) == pytest.approx(0.02, rel=1e-3)


def test_the_interval_is_the_published_formula() -> None:
    """AB-4: GrowthBook's closed form, written out, and tightest near the planned number."""
    n, planned, alpha = 2500.0, 5000.0, 0.05
    rho = np.sqrt((-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / planned)
    wide = np.sqrt(2 * (n * rho**2 + 1) / (n * rho**2) * np.log(np.sqrt(n * rho**2 + 1) / alpha))
    assert float(sequences.stretch(n, planned)) == pytest.approx(float(wide))
    own = [float(sequences.stretch(n, planned)) for planned in (500.0, 2500.0, 50_000.0)]
    assert own[1] == min(own)


def test_the_p_value_and_the_interval_say_the_same() -> None:
    """AB-4, AB-8: it is 5 % just where the interval touches nought."""
    for n in (300.0, 5000.0, 60_000.0):
        edge = sequences.stretch(n, 5000.0)
        assert float(sequences.p_value(edge, n, 5000.0)) == pytest.approx(0.05)
    assert float(sequences.fixed_p_value(1.959964)) == pytest.approx(0.05, abs=1e-6)


def arms(people: int = 4000, *, gain: float = 1.0, seed: int = 1) -> tuple[Sums, Sums]:
    dice = np.random.default_rng(seed)

    def arm(up: float) -> Sums:
        past = dice.gamma(0.5, 20.0, people)
        y = 0.5 * past + dice.normal(up, 3.0, people)
        return Sums.of(y, np.stack([past, (past < 1.0).astype(float)], axis=1))

    return arm(0.0), arm(gain)


def test_cuped_narrows_and_finds_the_same() -> None:
    """AB-5: pre-period covariate and an indicator for who is new; it says how much it helped."""
    control, treated = arms()
    plain, less = difference(control, treated, cuped=False), difference(control, treated)
    assert float(less.error) < 0.7 * float(plain.error)
    assert float(less.spared) == pytest.approx(1 - float(less.error / plain.error) ** 2)
    assert abs(float(less.estimate) - 1.0) < 3 * float(less.error)
    assert float(plain.spared) == 0


def test_cuped_is_the_least_squares_of_the_same_people() -> None:
    """AB-5: against numpy's own solver."""
    dice = np.random.default_rng(2)
    x, y = dice.normal(size=(500, 2)), dice.normal(size=500)
    y += x @ np.array([0.5, -0.2])
    half = np.arange(500) < 250
    a, b = Sums.of(y[half], x[half]), Sums.of(y[~half], x[~half])
    rows = np.concatenate([x[half] - x[half].mean(0), x[~half] - x[~half].mean(0)])
    told = np.concatenate([y[half] - y[half].mean(), y[~half] - y[~half].mean()])
    theta = np.linalg.lstsq(rows, told, rcond=None)[0]
    want = (y[~half] - x[~half] @ theta).mean() - (y[half] - x[half] @ theta).mean()
    assert float(difference(a, b).estimate) == pytest.approx(float(want))


def test_people_without_orders_are_a_number_alone() -> None:
    """AB-1: everybody who was drawn counts."""
    y, x = np.array([3.0, 5.0]), np.array([[2.0, 0.0], [0.0, 1.0]])
    silent_x = np.array([0.0, 1.0])
    whole = Sums.of(np.array([3.0, 5.0, 0, 0, 0]), np.vstack([x, np.tile(silent_x, (3, 1))]))
    short = Sums.of(y, x, silent=3, silent_x=silent_x)
    for name in ("n", "y", "yy", "x", "xx", "xy"):
        assert np.allclose(getattr(whole, name), getattr(short, name))


def test_shares_that_change_do_not_bend_the_result() -> None:
    """AB-1, HO-2: half held back in a good season, a tenth in a bad one: like with like."""

    def season(buys: float, held: int, went: int) -> tuple[Sums, Sums]:
        def arm(n: int) -> Sums:
            bought = round(buys * n)
            y: Floats = np.concatenate([np.ones(bought), np.zeros(n - bought)])
            return Sums.of(y, np.zeros((n, 0)))

        return arm(held), arm(went)

    good, bad = season(0.20, 500, 500), season(0.02, 500, 4500)
    together = difference(good[0] + bad[0], good[1] + bad[1])
    found = stratified([good, bad])
    assert found
    assert float(together.estimate) < -0.05
    assert float(found.estimate) == pytest.approx(0.0, abs=1e-9)
    assert stratified([season(0.2, 1, 500)]) is None


def test_people_who_come_into_the_wrong_arm_hide_the_result() -> None:
    """AB-6: chi-square at one in a thousand, eight expected in each arm at least."""
    shares = {"withheld": 0.1, "treated": 0.9}
    assert not balance.broken(balance.mismatch([(shares, {"withheld": 110, "treated": 890})]))
    assert balance.broken(balance.mismatch([(shares, {"withheld": 150, "treated": 850})]))
    assert balance.mismatch([(shares, {"withheld": 30, "treated": 40})]) is None
    two = [(shares, {"withheld": 100, "treated": 900}), ({"a": 0.5, "b": 0.5}, {"a": 60, "b": 40})]
    assert balance.mismatch(two) == pytest.approx(0.1353, abs=1e-3)


@pytest.mark.parametrize(
    "seen",
    [
        Seen(timedelta(days=6, hours=23), (1000, 1000), 200),
        Seen(timedelta(days=14), (1000, 249), 200),
        Seen(timedelta(days=14), (1000, 1000), 99),
    ],
)
def test_nothing_is_said_before_the_minimums(seen: Seen) -> None:
    """AB-7: seven days, 250 people an arm, 100 conversions."""
    found = Interval(0.05, 0.03, 0.07)
    assert verdicts.verdict(seen, found, p=0.0001, least=0.01) is Verdict.TOO_EARLY
    assert verdicts.verdict(ENOUGH, found, p=0.0001, least=0.01) is Verdict.BETTER


def test_a_verdict_is_one_of_a_few_words() -> None:
    """AB-8."""
    cases = [
        (Interval(0.02, 0.01, 0.03), 0.01, Verdict.BETTER),
        (Interval(-0.02, -0.03, -0.01), 0.01, Verdict.WORSE),
        (Interval(0.001, -0.004, 0.006), 0.9, Verdict.NO_DIFFERENCE),
        (Interval(0.01, -0.01, 0.03), 0.4, Verdict.TOO_EARLY),
    ]
    for found, p, word in cases:
        assert verdicts.verdict(ENOUGH, found, p=p, least=0.01) is word


def test_of_several_arms_each_has_to_be_surer() -> None:
    """AB-8: Holm's own example of order."""
    assert verdicts.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert verdicts.holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert verdicts.holm([]) == []


def test_of_several_arms_it_takes_more_people_than_their_number_says() -> None:
    """AB-3, AB-8: the level is shared out among the comparisons; two arms are as they were."""
    noise = Noise.of_share(0.05), Noise.of_share(0.07)
    needed = {
        arms: planning.in_all(noise, 0.02, (1 / arms,) * arms, Analysis.FIXED) for arms in (2, 3, 4)
    }
    assert needed[2] == planning.people(noise, 0.02, 0.5, Analysis.FIXED)
    assert needed[3] / 3 > 1.15 * needed[2] / 2
    assert needed[4] / 4 > needed[3] / 3
    # by hand: two normal means, level 0.05 / 3, power 0.80
    alone = (2.39398 + 0.84162) ** 2 * (0.05 * 0.95 + 0.07 * 0.93) / 0.02**2
    assert needed[4] == pytest.approx(4 * alone, rel=0.005)
    assert planning.in_all(noise, 0.02, (0.0, 0.0), Analysis.FIXED) == 0


def test_of_several_arms_alike_at_most_one_test_in_twenty_alarms() -> None:
    """AB-8, AB-11: four arms of nothing, each against the first; and a real effect is found."""
    dice, noise = np.random.default_rng(11), (Noise.of_share(0.1), Noise.of_share(0.13))
    planned = planning.in_all(noise, 0.03, (0.25,) * 4, Analysis.FIXED)
    each, tests = planned // 4, 120
    nothing = dice.binomial(each, 0.1, (tests, 4))
    something = dice.binomial(each, [0.1, 0.1, 0.1, 0.13], (tests // 2, 4))
    alarms = sum({"better", "worse"} & {*_verdicts(one, each, planned)} != set() for one in nothing)
    found = sum(_verdicts(one, each, planned)[2] == "better" for one in something)
    assert alarms / tests <= 0.06
    assert found / len(something) >= 0.72


def _verdicts(bought: Any, each: int, planned: int) -> list[str]:  # noqa: ANN401
    """Of three arms against the first, once everybody is in."""
    names = ["A", "B", "C", "D"]
    empty = np.zeros(int(bought.sum()))
    active = Active(
        arm=[name for name, n in zip(names, bought, strict=True) for _ in range(n)],
        stratum=empty, before=empty, past=empty, orders=empty + 1, margin=empty + 100,
        revenue=empty + 100, refunded=empty,
    )  # fmt: skip
    people = {(name, 0): each for name in names}
    told = Told(
        arms=names, shares=[[0.25] * 4], people=people, ripe=people, active=active,
        first=datetime(2026, 1, 1, tzinfo=UTC), lately=0, unsubscribed={}, complained={},
    )  # fmt: skip
    plan = Plan(
        metric="conversion",
        mode=Analysis.FIXED,
        planned=planned,
        compared=0.5,
        least=0.03,
        base=0.1,
    )
    body = findings.found(told, plan, span=14, now=datetime(2026, 3, 1, tzinfo=UTC))
    return [one["verdict"] for one in body["against"]]


def test_of_several_arms_a_tiny_shop_is_told_which_is_likely_the_best() -> None:
    """AB-4: the chances of all arms make one."""
    chances = bayes.chances_best((5, 9, 14), (100, 100, 100), base=0.05)
    assert sum(chances) == pytest.approx(1.0, abs=1e-3)
    dice = np.random.default_rng(5)
    a, b = bayes.prior(0.05)
    drawn = np.stack([dice.beta(a + n, b + 100 - n, 200_000) for n in (5, 9, 14)])
    best = np.bincount(drawn.argmax(axis=0), minlength=3) / 200_000
    assert chances == pytest.approx(best.tolist(), abs=0.005)


def test_a_tiny_shop_is_told_a_chance_and_never_a_significance() -> None:
    """AB-4: with a stated prior: P(B better) of Beta posteriors; alike arms are even."""
    assert bayes.chances_best((5, 5), (100, 100), base=0.05)[1] == pytest.approx(0.5, abs=1e-3)
    assert bayes.chances_best((0, 0), (0, 0), base=0.05)[1] == pytest.approx(0.5, abs=1e-3)
    dice = np.random.default_rng(3)
    a, b = bayes.prior(0.05)
    drawn = dice.beta(a + 12, b + 88, 200_000) > dice.beta(a + 5, b + 95, 200_000)
    assert bayes.chances_best((5, 12), (100, 100), base=0.05)[1] == pytest.approx(
        float(drawn.mean()), abs=0.005
    )


def test_similar_automations_help_each_other() -> None:
    """HO-7: an unsure effect is drawn to the others, a sure one hardly; raw ones stay."""
    raw, errors = [0.02, 0.03, 0.20], [0.005, 0.005, 0.10]
    found = pooling.pooled(raw, errors)
    assert abs(found[2].estimate - 0.025) < 0.05
    assert found[0].estimate == pytest.approx(0.02, abs=0.006)
    assert all(one.error < error for one, error in zip(found, errors, strict=True))
    assert pooling.pooled([0.5], [0.1])[0].estimate == 0.5


def test_tests_of_nothing_rarely_alarm_though_looked_at_daily() -> None:
    """AB-11, small: of 400 A/A tests at most 5 % alarm."""
    shops = Shops(400, 8_000, 40, share=0.1)
    assert trying.alarms(trying.conversions(shops), planned=shops.planned) <= 0.05


def test_a_known_effect_is_found_and_held() -> None:
    """HO-4, HO-6, small: 120 shops, looked at daily, at twice HO-6's number."""
    shops = Shops(120, 2 * planning.for_share(0.10, 0.03, 0.5), 40, base=0.10, lift=0.03)
    course = trying.conversions(shops)
    assert trying.holds_always(course, 0.03, planned=shops.planned) >= 0.93
    assert trying.power(course, Analysis.ALWAYS, planned=shops.planned) >= 0.75
    money = Shops(60, 3_000, 20, base=0.08, lift=0.03)
    plain, true = trying.margins(money, cuped=False)
    less, _ = trying.margins(money, cuped=True)
    assert less.difference.error[:, -1].mean() < plain.difference.error[:, -1].mean()
    assert trying.holds_always(less, true, planned=money.planned) >= 0.93
