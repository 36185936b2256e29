"""The whole forecast: groups, seasons, ranges, backtests, what is kept of a refit."""

import json
from dataclasses import replace

import numpy as np
import pytest

from app.ltv import measures, model, ranges, simple, totals
from app.ltv.backtest import Judgement, judge, rule_instead
from app.ltv.boost import learn_boost
from app.ltv.fits import Kind, Status, likeliest
from app.ltv.groups import Groups
from app.ltv.history import History, build
from app.ltv.lines import Costs
from app.ltv.ranges import Levels
from app.ltv.refit import Refit, decoded, encoded, paying_traits, refit
from app.ltv.scores import score
from app.ltv.simple import Rule
from app.ltv.totals import Spread
from tests.test_ltv_cases import shop
from tests.test_ltv_papers import CUT, sample


def test_cdnow_is_forecast_better_than_by_the_textbook() -> None:
    history = sample()
    known = history.at(CUT)
    came = history.between(CUT, CUT + 273).purchases[known.who]
    ours = model.learn(history, today=CUT, horizon=273.0).score(known).orders(273)
    book = likeliest(known.rhythm, kind=Kind.BG).expected(known.rhythm, 273)
    assert measures.mae(came, ours) < 0.98 * measures.mae(came, book)
    assert measures.rmse(came, ours) < 1.005 * measures.rmse(came, book)
    assert measures.gini(came, ours) > measures.gini(came, book)


def two_channels(*, seed: int = 3) -> History:
    """Customers of the second channel buy three times as often."""
    chance = np.random.default_rng(seed)
    who, day, channel = [], [], []
    for person in range(1200):
        channel.append(person % 2)
        pace = chance.gamma(2.0, 0.004) * (3.0 if channel[-1] else 1.0)
        at = float(chance.integers(0, 150))
        while at < 500:
            who.append(person)
            day.append(int(at))
            if chance.random() < 0.1:
                break
            at += 1.0 + chance.exponential(1.0 / pace)
    trait = {"channel": np.array(channel, dtype=np.int32)}
    return build(who, day, np.full(len(who), 1000), traits=trait)


def test_a_trait_that_tells_customers_apart_is_used_and_moves_forecasts() -> None:
    history = two_channels()
    assert paying_traits(history, today=500, candidates=["channel"]) == ("channel",)
    fit = model.learn(history, today=500, traits=["channel"])
    known = history.at(500)
    once = known.x == 0
    orders = fit.score(known).orders(365)
    slow, fast = (orders[once & (known.traits["channel"] == c)].mean() for c in (0, 1))
    assert fast != pytest.approx(slow, rel=0.1)


def test_a_trait_that_says_nothing_is_left_out() -> None:
    history = shop(600)
    history.traits["colour"] = np.arange(history.customers, dtype=np.int32) % 3  # type: ignore[index]
    assert paying_traits(history, today=400, candidates=["colour"]) == ()


def test_a_level_never_seen_before_is_nothing_special() -> None:
    history = two_channels()
    fit = model.learn(history, today=500, traits=["channel"])
    known = history.at(500)
    known.traits["channel"][:] = 7
    assert np.isfinite(fit.score(known).orders(365)).all()


def test_old_customers_seen_first_are_not_taken_for_newcomers() -> None:
    """A window that begins mid-life: the first cohort is the old, faster customers."""
    chance = np.random.default_rng(6)
    who, day = [], []
    for person in range(3000):
        old = person < 1500
        pace = chance.gamma(3.0, 0.01) if old else chance.gamma(0.5, 0.01)
        at = chance.exponential(1 / pace) if old else float(chance.integers(0, 300))
        while at < 400:
            who.append(person)
            day.append(int(at))
            at += 1.0 + chance.exponential(1 / max(pace, 1e-6))
    history = build(who, day, np.full(len(who), 1000))
    known = history.at(300)
    came = history.between(300, 399).purchases[known.who]
    ours = model.learn_statistics(known).score(known).orders(99)
    book = likeliest(known.rhythm, kind=Kind.BG).expected(known.rhythm, 99)
    assert measures.rmse(came, ours) < measures.rmse(came, book)
    late = known.first > 150
    assert abs(measures.bias(came[late], ours[late])) < abs(measures.bias(came[late], book[late]))


def test_a_shop_where_everybody_spends_the_same_has_no_baskets_to_compare() -> None:
    known = shop(300).at(400)
    same = known.only(np.arange(len(known)))
    for column in (same.gross, same.first_value):
        column[:] = 0
    assert Groups.learn(same, np.zeros(len(same))).spread == 0.0


def test_ranges_hold_what_they_promise_on_a_shop_that_lives_the_model() -> None:
    history = shop(3000, days=600)
    known = history.at(420)
    outlook = model.learn(history, today=420, horizon=180.0).score(known)
    came = history.between(420, 600).purchases[known.who]
    kept = ranges.order_range(outlook, 180.0, levels=Levels())
    assert 0.78 <= measures.kept(came, kept.low, kept.high) <= 0.98
    toss = np.random.default_rng(1).random(len(came))
    assert measures.uneven(ranges.ranks(outlook, 180.0, came, toss=toss)) < 0.05
    paid = history.between(420, 600).net[known.who].astype(np.float64)
    spend = ranges.spend_range(outlook, 180.0, levels=Levels())
    assert 0.75 <= measures.kept(paid, spend.low, spend.high) <= 0.98
    assert (spend.low <= spend.high).all()


def test_pv4_ranges_are_widened_where_past_ones_kept_too_little_and_never_narrowed() -> None:
    chance = np.random.default_rng(2)
    crowded = np.concatenate([chance.random(500) * 0.1, 1 - chance.random(500) * 0.1])
    wider = ranges.learn_levels(crowded, wanted=Levels())
    assert wider.low < 0.05
    assert wider.high > 0.95
    narrow = 0.3 + 0.4 * chance.random(1000)
    assert ranges.learn_levels(narrow, wanted=Levels()) == Levels()
    assert ranges.learn_levels(crowded[:20], wanted=Levels()) == Levels()


def test_a_total_s_band_narrows_when_misses_were_small_and_widens_when_large() -> None:
    trials = [judge(shop(500, days=700, seed=s), today=700, cuts=(90,)).trials[0] for s in (1, 2)]
    nobody = totals.learn_spread([])
    assert nobody == Spread(pytest.approx(totals.USUAL), totals.WEIGHT)
    low, high = nobody.band(100.0, noise=0.0)
    assert low < 70
    assert high > 150
    known = totals.learn_spread(trials)
    assert known.freedom == totals.WEIGHT + 2
    assert known.value < nobody.value


def test_rolling_trials_step_back_and_never_look_ahead() -> None:
    history = shop(400, days=700)
    trials = totals.rolling(history, today=700, horizon=365)
    assert len(trials) >= 2
    assert all(trial.cut + trial.horizon <= 700 for trial in trials)
    assert [t.cut for t in trials] == sorted((t.cut for t in trials), reverse=True)


@pytest.mark.parametrize(
    ("won", "rule"),
    [
        ([], None),
        ([True], None),
        ([False], Rule.CELL),
        ([True, False], Rule.CELL),
        ([True, True, False], None),
        ([True, False, False], Rule.CELL),
        ([False, False, False], Rule.CELL),
    ],
)
def test_pv3_the_model_must_win_two_of_three_cut_offs(won: list[bool], rule: Rule | None) -> None:
    one = judge(shop(300, days=400), today=400, cuts=(90,)).trials[0]
    errors = {Rule.REPEAT: 3.0, Rule.CELL: 2.0, Rule.AVERAGE: 4.0}
    trials = [replace(one, rmse=1.0 if yes else 2.5, rules=errors) for yes in won]
    assert rule_instead(trials) == rule


def test_pv3_where_a_simple_rule_is_used_its_orders_are_given() -> None:
    history = shop(300, days=700)
    judged = Judgement((), (), Rule.REPEAT, Levels())
    found = Refit(model.learn(history, today=700), judged, Spread(0.2, 5.0), personal=True)
    trusted = replace(found, judgement=replace(judged, rule=None))
    known = history.at(700)
    ruled = score(found, known, costs=Costs(), history=history)
    model_s = score(trusted, known, costs=Costs(), history=history)
    assert ruled.orders_12.tolist() == simple.forecast(Rule.REPEAT, history, 700, 365).tolist()
    assert ruled.orders_12.tolist() != model_s.orders_12.tolist()
    per_order = ruled.net_12[ruled.orders_12 > 0] / ruled.orders_12[ruled.orders_12 > 0]
    assert per_order == pytest.approx(
        (model_s.net_12 / model_s.orders_12)[ruled.orders_12 > 0], rel=1e-9
    )


@pytest.mark.parametrize("rule", list(Rule))
def test_pv3_simple_rules_look_only_backwards(rule: Rule) -> None:
    history = shop(300, days=700)
    now = simple.forecast(rule, history, 500, 90)
    later = history.day > 500
    history.sums[later, 0] *= 9
    assert simple.forecast(rule, history, 500, 90).tolist() == now.tolist()
    assert (now >= 0).all()


def test_pv2_a_young_or_tiny_shop_gets_averages_and_no_ranges() -> None:
    history = shop(40)
    found = refit(history, today=400)
    assert not found.personal
    scores = score(found, history.at(400), costs=Costs(), history=history)
    assert len(set(scores.orders_12.tolist())) == 1
    assert np.isnan(scores.net_12_high).all()
    assert np.isnan(scores.next_order_days).all()


def test_a_refit_can_be_kept_as_json_and_says_the_same_afterwards() -> None:
    history = shop(500, days=700)
    found = refit(history, today=700)
    text = json.dumps(encoded(found), allow_nan=False)
    back = decoded(json.loads(text))
    known = history.at(700)
    for (name, one), (_, two) in zip(
        score(found, known, costs=Costs()).columns(),
        score(back, known, costs=Costs()).columns(), strict=True,
    ):  # fmt: skip
        assert np.array_equal(one, two, equal_nan=True), name
    assert back.judgement.rule == found.judgement.rule
    assert back.model.status == found.model.status == Status.GOOD


def test_a_model_scores_customers_who_came_after_it_was_learnt() -> None:
    history = shop(500, days=700)
    kept = model.learn(history, today=400)
    later = history.at(700)
    orders = kept.score(later).orders(365)
    assert len(orders) == len(later) >= len(history.at(400))
    assert np.isfinite(orders).all()


def test_the_year_ago_window_needs_a_year_and_some_history() -> None:
    history = shop(300, days=420)
    assert model.learn(history, today=400).tempo == 1.0


def test_the_boost_is_not_used_on_a_small_shop() -> None:
    assert learn_boost(shop(300), today=400, horizon=90) is None


def test_the_boost_keeps_the_model_s_total() -> None:
    chance = np.random.default_rng(8)
    who, day = [], []
    for person in range(3500):
        pace, at = chance.gamma(1.0, 0.02), float(chance.integers(0, 200))
        even = person % 3 == 0  # a third buys like clockwork: what the model cannot know
        while at < 420:
            who.append(person)
            day.append(int(at))
            at += 1.0 + (1 / max(pace, 0.003) if even else chance.exponential(1 / max(pace, 0.003)))
            if not even and chance.random() < 0.35:
                break
    history = build(who, day, np.full(len(who), 1000))
    trees = learn_boost(history, today=330, horizon=90)
    assert trees is not None
    outlook = model.learn(history, today=330, horizon=90.0).score(history.at(330))
    corrected = trees.orders(history, outlook, 90)
    assert corrected.sum() == pytest.approx(outlook.orders(90).sum())
    came = history.between(330, 420).purchases[outlook.statistics.who]
    assert measures.rmse(came, corrected) < measures.rmse(came, outlook.orders(90))


def test_the_gini_is_one_for_perfect_order_and_nought_for_none() -> None:
    came = np.array([0.0, 3.0, 1.0, 0.0, 7.0])
    assert measures.gini(came, came) == pytest.approx(1.0)
    assert measures.gini(came, np.ones(5)) == pytest.approx(0.0)
    assert measures.gini(came, -came) < 0
