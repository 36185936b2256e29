"""Money: lines of net value, acquisition, RFM groups, cohorts, value tiers, the next order."""

import numpy as np
import pytest

from app.ltv import acquisition, model
from app.ltv.cohorts import cohorts
from app.ltv.history import build
from app.ltv.lines import Costs, Line
from app.ltv.next_order import late_by, next_order
from app.ltv.rfm import TABLE, Group, boundaries, rfm
from app.ltv.tiers import tiers
from app.ltv.worth import ahead, rates, to_date
from tests.test_ltv_cases import scored, shop


def test_lv1_value_to_date_is_the_sum_of_visible_lines() -> None:
    known = build(
        [0, 0], [0, 100], [10_000, 6_000],
        discount=[1_000, 0], cost=[4_000, 2_000], refunded=[0, 3_000],
    ).at(365)  # fmt: skip
    costs = Costs(shipping=500, fees=0.02, returns=200, messages=120, rewards=50, service=10)
    worth = to_date(known, costs)
    lines = {line: float(values[0]) for line, values in worth.lines.items()}
    assert lines == pytest.approx({
        Line.GOODS: 15_000, Line.REFUNDS: -3_000, Line.COST: -6_000, Line.SHIPPING: -1_000,
        Line.FEES: -300, Line.RETURNS: -200 * 2 * 0.2, Line.MESSAGES: -120, Line.REWARDS: -100,
        Line.SERVICE: -20,
    })  # fmt: skip
    assert worth.net[0] == pytest.approx(sum(lines.values()))
    assert worth.cost_known


def test_lv1_a_line_switched_off_stays_visible_at_nought() -> None:
    known = build([0], [0], [1_000], cost=[400]).at(10)
    full, without = (
        to_date(known, Costs(off=off)) for off in (frozenset[Line](), frozenset({Line.COST}))
    )
    assert without.lines[Line.COST].tolist() == [0.0]
    assert without.net - full.net == pytest.approx([400.0])
    assert set(without.lines) == set(Line)


def test_without_any_cost_of_goods_the_net_must_not_be_called_margin() -> None:
    assert not to_date(build([0], [0], [1_000]).at(10), Costs()).cost_known


def test_lv2_two_years_are_discounted_and_one_is_not() -> None:
    outlook = scored(shop(300))
    year, undiscounted = ahead(outlook, 365, Costs()), ahead(outlook, 365, Costs(), yearly=0.0)
    assert year.net == pytest.approx(undiscounted.net)
    two, plain = ahead(outlook, 730, Costs()), ahead(outlook, 730, Costs(), yearly=0.0)
    assert (two.net < plain.net).all()
    assert (two.net > year.net).all()


def test_margin_to_come_uses_the_cost_rate_of_the_shop_and_hers() -> None:
    who, day = [0, 0, 0, 1, 1, 1] * 1, [0, 50, 90, 5, 60, 99]
    known = build(who, day, [1_000] * 6, cost=[900, 900, 900, 100, 100, 100]).at(100)
    own = rates(known)
    assert own.cost[0] > 0.5 > own.cost[1]
    assert own.cost[0] < 0.9  # drawn to the shop's
    assert own.refund.tolist() == [0.0, 0.0]


def test_a_customer_who_sent_all_back_is_expected_to_bring_far_less_than_if_she_had_not() -> None:
    history = shop(300)
    who = np.append(np.repeat(np.arange(300), np.diff(history.start)), 300)
    day, gross = np.append(history.day, 380), np.append(history.sums[:, 0], 50_000)
    kept = scored(build(who, day, gross))
    back = scored(build(np.append(who, 300), np.append(day, 381), np.append(gross, -50_000)))
    assert back.orders(365)[300] > 0
    assert ahead(back, 365, Costs()).net[300] < 0.2 * ahead(kept, 365, Costs()).net[300]
    assert back.order_value()[300] < np.mean(back.order_value()[:300])


def test_lv3_a_channel_that_won_nobody_has_no_cost_per_buyer() -> None:
    assert acquisition.cac(5_000, 20) == 250.0
    assert acquisition.cac(5_000, 0) is None


def test_lv4_the_ratio_has_an_interval_and_not_yet_is_an_answer() -> None:
    values = np.array([900.0, 600.0, 300.0, 1_200.0])
    sums = values.sum(), (values**2).sum()
    found = acquisition.ltv_to_cac(*sums, 4, 250.0)
    assert found is not None
    assert found.ratio == pytest.approx(3.0)
    error = values.std(ddof=1) / 2  # of the mean of four
    assert found.high - 3.0 == pytest.approx(1.2816 * error / 250.0)
    assert 3.0 - found.low == pytest.approx(found.high - 3.0)
    assert acquisition.ltv_to_cac(*sums, 4, None) is None
    assert acquisition.ltv_to_cac(*sums, 1, 250.0) is None
    assert acquisition.payback([100, 100, 100], 250.0) == 3
    assert acquisition.payback([100, 100], 250.0) is None
    assert acquisition.payback([100, 100], None) is None


def test_rm2_every_cell_has_one_group_and_every_group_a_cell() -> None:
    cells = [group for row in TABLE.values() for group in row]
    assert len(cells) == 25
    assert set(cells) == set(Group)


def test_rm1_equal_values_get_equal_points_and_the_best_get_five() -> None:
    known = shop(600).at(400)
    money = known.net.astype(np.float64)
    found = rfm(known, money, boundaries(known, money))
    assert {*found.r, *found.m} == {1, 2, 3, 4, 5}
    ago = known.today - known.last[found.rows]
    for day in np.unique(ago):
        assert len(set(found.r[ago == day])) == 1
    assert found.r[np.argmin(ago)] == 5
    assert found.m[np.argmax(money[found.rows])] == 5
    assert found.f[known.x[found.rows] == 0].tolist() == [1] * int((known.x == 0).sum())


def test_rm1_a_shop_below_200_buyers_has_three_points() -> None:
    known = shop(100).at(400)
    money = known.net.astype(np.float64)
    limits = boundaries(known, money)
    assert len(limits.recency) == 2
    assert set(rfm(known, money, limits).r) <= {1, 3, 5}


def test_ct2_cohorts_follow_their_members_and_leave_out_what_is_not_over() -> None:
    #        ana: day 0, 10, 40    ben: day 5    cleo (second cohort): day 31, 70
    history = build([0, 0, 0, 1, 2, 2], [0, 10, 40, 5, 31, 70], [100, 100, 100, 400, 700, 100])
    table = cohorts(history, np.array([0, 30]), today=90)
    assert table.size.tolist() == [2, 1]
    assert table.active[0, :2].tolist() == [1.0, 0.5]
    assert np.isnan(table.active[0, 2])  # came until day 29: period 2 ends on day 118
    assert np.isnan(table.active[1, 0])  # the youngest cohort is still open
    assert table.again[0, :2].tolist() == [0.5, 0.5]
    assert table.orders[0, :2].tolist() == [1.5, 2.0]
    assert table.money[0, :2].tolist() == [300.0, 350.0]


def test_ct2_two_orders_of_a_day_are_two_orders_and_one_purchase() -> None:
    history = build([0, 0, 1], [5, 5, 8], [100, 50, 100])
    table = cohorts(history, np.array([0, 30]), today=60)
    assert table.orders[0, 0] == pytest.approx(1.5)
    assert table.again[0, 0] == 0.0


def test_ct3_averages_are_weighted_by_size_over_complete_cells() -> None:
    history = build([0, 1, 2, 0], [0, 0, 30, 45], [100] * 4)
    table = cohorts(history, np.array([0, 30]), today=95)
    assert table.average(table.active)[0] == pytest.approx(1.0)
    assert table.average(table.active)[1] == pytest.approx(0.5)  # the young one is not over


def test_ti0_tiers_are_shares_of_active_buyers() -> None:
    net = np.arange(100, dtype=np.float64)
    letters = tiers(net, np.ones(100, dtype=bool))
    assert [int((letters == letter).sum()) for letter in "ABCD"] == [5, 15, 30, 50]
    assert letters[99] == "A"
    assert tiers(net, net < 50)[60] == ""


def test_ti0_nobody_moves_for_a_hair_s_breadth() -> None:
    net = np.arange(1000, dtype=np.float64)
    active = np.ones(1000, dtype=bool)
    before = tiers(net, active)
    nudged, far = net.copy(), net.copy()
    nudged[948] = 950.5  # was just below the edge of A, now just above it
    far[948] = 5000.0
    assert tiers(nudged, active)[948] == "A"
    assert tiers(nudged, active, before=before)[948] == "B"
    assert tiers(far, active, before=before)[948] == "A"


def test_the_next_order_has_a_window_around_its_middle() -> None:
    outlook = scored(shop(300))
    when = next_order(outlook)
    assert (when.earliest < when.days).all()
    assert (when.days < when.latest).all()
    fast = np.argmax(outlook.statistics.x)
    assert when.days[fast] < np.median(when.days)


def test_late_is_who_stays_away_longer_than_is_her_way() -> None:
    rows = [(p, d) for p in range(200) for d in range(p % 10, 400, 20)]
    rows += [(200, d) for d in range(0, 200, 20)]  # nothing for 200 days
    history = build([p for p, _ in rows], [d for _, d in rows], [1000] * len(rows))
    known = history.at(400)
    late = late_by(model.learn_statistics(known).score(known))
    assert late[200] > 100
    assert (late[:200] == 0).all()
