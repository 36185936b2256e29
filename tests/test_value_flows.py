"""Stories of a shop that learns what its customers are worth, every night anew.

TI-0, RM-1, RM-4, V10, V11, PV-1 to PV-3, LV-1, LV-2.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from app.kit.house import House
from app.kit.promises import Promise
from app.ltv import entries, flows, glance, queries, scoring
from app.ltv.flows import Rescore, Scored
from app.ltv.rfm import Boundaries
from app.ltv.rules import Stage, says_something_else, stage
from app.ltv.scoring import Measure
from app.ltv.tables import (
    CustomerScore,
    CustomerTally,
    Fitting,
    RfmBoundary,
    ValueCosts,
    ValueSheet,
)
from app.ltv.tiers import letters
from tests.support.valued import Valued, buys, in_use, said, scores


@pytest.fixture
def shop(house: House) -> Iterator[Valued]:
    with Valued(house) as shop:
        yield shop


# ---- From the history to the scores


def test_pv1_once_the_history_is_in_everybody_has_a_score_with_its_range(shop: Valued) -> None:
    shop.past()
    shop.reckons()
    assert shop.errors() == []
    found = scores(shop)
    assert len(found) == len(shop.all(CustomerTally)) == 150
    for row in found.values():
        assert 0 <= row.alive <= 1
        assert row.net_12_low is not None
        assert row.net_12_high is not None
        assert row.next_from is not None
        assert row.next_mid is not None
        assert row.next_to is not None
        assert row.net_12_low <= row.net_12_high
        assert row.net_24 >= row.net_12 >= 0
        assert row.next_from <= row.next_mid <= row.next_to
    assert in_use(shop).personal
    assert in_use(shop).status == "good"


def test_pv1_the_widget_tells_what_is_expected_and_how_sure_that_is(shop: Valued) -> None:
    shop.past()
    shop.reckons()
    best = max(scores(shop).values(), key=lambda row: row.net_12)
    with shop.look() as tx:
        seen = glance.of_person(tx, best.person)
    assert seen
    assert seen.low < seen.net_12 < seen.high
    assert (seen.tier, seen.currency) == ("A", "EUR")


def test_pv2_a_handful_of_buyers_gets_averages_and_nobody_is_judged_alone(shop: Valued) -> None:
    shop.past(30)
    shop.reckons()
    found = scores(shop)
    assert {row.tier for row in found.values()} == {""}
    assert len({row.net_12 for row in found.values()}) == 1
    assert all(row.net_12_low is None and row.next_from is None for row in found.values())
    with shop.look() as tx:
        assert glance.of_person(tx, min(found)) is None


def test_a_shop_without_orders_is_no_trouble(shop: Valued) -> None:
    shop.reckons()
    shop.night()
    assert shop.errors() == []
    assert shop.all(Fitting) == shop.all(ValueSheet) == shop.all(CustomerScore) == []


def test_one_buyer_with_one_order_is_no_trouble(shop: Valued) -> None:
    buys(shop, "ana")
    shop.night()
    assert shop.errors() == []
    (row,) = scores(shop).values()
    assert (row.stage, row.lapsed) == ("first", False)


# ---- TI-0


def test_ti0_value_tiers_are_percentiles_of_todays_buyers(shop: Valued) -> None:
    shop.past(400)
    shop.reckons()
    ranked = sorted(scores(shop).values(), key=lambda row: -row.net_12)
    letters = [row.tier for row in ranked if row.tier]
    count = len(letters)
    assert "".join(letters) == "".join(sorted(letters))
    for letter, share in (("A", 0.05), ("B", 0.15), ("C", 0.30), ("D", 0.50)):
        assert letters.count(letter) / count == pytest.approx(share, abs=0.011)


def test_ti0_who_has_not_bought_in_the_window_is_in_no_tier(shop: Valued) -> None:
    shop.past()
    with shop.work() as tx:
        tx.add(ValueCosts(window_months=6))
    shop.reckons()
    with shop.look() as tx:
        day = entries.today(tx)
    lasts = {row.person: row.last for row in shop.all(CustomerTally)}
    for person, row in scores(shop).items():
        assert bool(row.tier) == bool(row.group) == (day - lasts[person] < 183)


# ---- RM


def test_rm1_rm2_groups_follow_recency_frequency_and_value(shop: Valued) -> None:
    shop.past(400)
    shop.reckons()
    found = scores(shop).values()
    assert {row.r for row in found} >= {1, 2, 3, 4, 5}
    for row in found:
        if row.group:
            assert row.fm == -(-(row.f + row.m) // 2)
    champions = [row for row in found if row.group == "Champion"]
    lost = [row for row in found if row.group == "Lost"]
    assert min(row.r for row in champions) > max(row.r for row in lost)


def test_rm4_points_are_drawn_once_a_month_and_groups_of_last_month_are_remembered(
    shop: Valued,
) -> None:
    shop.past()
    shop.reckons()
    drawn = [(row.month, row.recency) for row in shop.all(RfmBoundary)]
    shop.night(days=3)
    assert [(row.month, row.recency) for row in shop.all(RfmBoundary)] == drawn
    assert {row.group_before for row in scores(shop).values()} == {""}
    before = {person: row.group for person, row in scores(shop).items()}
    shop.night(days=30)
    assert len(shop.all(RfmBoundary)) == 2
    assert {p: row.group_before for p, row in scores(shop).items()} == before
    with shop.look() as tx:
        moves = queries.movement(tx)
    assert sum(moves.values()) == 150
    assert any(was != now for was, now in moves)


# ---- V10, CT-4


def test_v10_stages_say_how_far_somebody_came() -> None:
    assert [stage(n) for n in (1, 2, 3, 5, 6, 40)] == [
        Stage.FIRST, Stage.SECOND, Stage.REGULAR, Stage.REGULAR, Stage.LOYAL, Stage.LOYAL,
    ]  # fmt: skip


def test_v10_every_step_of_the_way_adds_up(shop: Valued) -> None:
    shop.past()
    shop.reckons()
    with shop.look() as tx:
        sheet = queries.sheet(tx, "stages")
    assert sheet
    steps = sheet["steps"]
    for step, after in pairwise(steps):
        assert step["went_on"] == after["reached"]
        assert step["reached"] == step["went_on"] + step["waiting"] + step["lapsed"]
    lapsed = sum(row.lapsed for row in scores(shop).values())
    assert lapsed == sum(step["lapsed"] for step in steps)


# ---- An order moves its buyer at once, and nobody else


def test_an_order_is_scored_within_seconds_and_touches_only_its_buyer(shop: Valued) -> None:
    shop.past()
    shop.reckons()
    before = said(shop)
    late = max(scores(shop).values(), key=lambda row: (row.lapsed, -row.alive)).person
    name = next(f"p{n:04}" for n in range(150) if shop.named(f"p{n:04}") == late)
    buys(shop, name, 40)
    shop.waits(seconds=6)
    after = said(shop)
    assert {p for p in after if after[p] != before[p]} == {late}
    assert after[late]["alive"] > before[late]["alive"]
    assert not after[late]["lapsed"]
    assert after[late]["r"] == 5
    assert all(row.stale_at is None for row in shop.all(CustomerTally))


def test_a_busy_hour_is_one_promise_and_puts_nothing_off(shop: Valued) -> None:
    shop.past(60)
    shop.reckons()
    for n in range(4):
        buys(shop, f"p{n:04}")
        shop.waits(seconds=2)
    assert all(row.stale_at is None for row in shop.all(CustomerTally) if row.person < 3)
    rows = [row for row in shop.all(Promise) if row.kind == Rescore.kind]
    assert len(rows) == 1


def test_a_newcomer_has_a_score_before_the_night(shop: Valued) -> None:
    shop.past()
    shop.reckons()
    buys(shop, "newcomer", 30)
    shop.waits(seconds=6)
    row = scores(shop)[shop.named("newcomer")]
    assert row.stage == "first"
    assert row.tier
    assert row.group in {"New", "Potential loyal"}


def test_who_is_forgotten_while_everybody_is_reckoned_stays_forgotten(shop: Valued) -> None:
    shop.past(60)
    shop.reckons()
    gone = shop.named("p0003")
    with shop.work() as tx:
        before = scoring.said(tx, [gone])
        flows.forget(tx, [gone])
        assert scoring.write(tx, [{"person": gone, **before[gone]}]) == []
    assert gone not in scores(shop)


# ---- Part 7: no storm of writes


def test_a_second_reckoning_of_the_same_day_writes_nothing(shop: Valued) -> None:
    shop.past()
    shop.reckons()
    written = counted(shop)
    shop.waits(minutes=1)
    shop.reckons()
    assert written == []
    assert len(shop.all(Fitting)) == 2


def counted(shop: Valued) -> list[int]:
    """Who is written from now on."""
    written: list[int] = []
    plain = scoring.write

    def noting(tx: Any, made: Any) -> list[int]:  # noqa: ANN401
        done = plain(tx, made)
        written.extend(done)
        return done

    vars(scoring)["write"] = noting
    return written


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "write", scoring.write)


def test_a_quiet_night_writes_few_and_a_day_is_no_news_of_itself(shop: Valued) -> None:
    shop.past(300)
    shop.reckons()
    written = counted(shop)
    shop.night()
    assert len(written) < 150
    again = counted(shop)
    shop.waits(minutes=1)
    with shop.work() as tx:
        tx.later(flows.Reckon(occasion="again"))
    shop.settles()
    assert again == []


def test_hysteresis_keeps_people_at_an_edge_where_they_are() -> None:
    limits = Boundaries(np.zeros(4), np.zeros(4))
    measure = Measure(np.full(6, 90.0), limits, np.linspace(400.0, 0.0, 401))
    just_below = measure.rank(np.array([379.0]))
    assert letters(just_below)[0] == "B"
    assert letters(just_below, before=np.array(["A"]))[0] == "A"


def test_small_changes_of_numbers_are_no_news() -> None:
    plain: dict[str, Any] = {
        "person": 1, "day": 1, "net_12": 10_000, "alive": 0.5, "due": 100, "tier": "B",
        "lapsed": False, "net_12_low": None,
    }  # fmt: skip
    same: list[dict[str, Any]] = [{"day": 9}, {"net_12": 10_150}, {"alive": 0.515}, {"due": 105}]
    for change in same:
        assert not says_something_else(plain, plain | change, unit=100)
    other: list[dict[str, Any]] = [
        {"net_12": 10_300}, {"alive": 0.55}, {"due": 110}, {"tier": "A"}, {"lapsed": True},
        {"net_12_low": 5},
    ]  # fmt: skip
    for change in other:
        assert says_something_else(plain, plain | change, unit=100)


def test_segments_hear_of_new_scores_through_one_promise(shop: Valued) -> None:
    shop.past(60)
    shop.reckons()
    (told,) = [row for row in shop.all(Promise) if row.kind == Scored.kind]
    assert len(told.body["people"]) == 60
    assert told.body["quiet"]  # IN-5: the past starts nothing
    assert told.kept_at
    buys(shop, "p0001")
    shop.waits(seconds=6)
    last = max((r for r in shop.all(Promise) if r.kind == Scored.kind), key=lambda row: row.id)
    assert last.body["people"] == [shop.named("p0001")]
    assert not last.body["quiet"]
