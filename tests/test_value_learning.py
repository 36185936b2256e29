"""Stories of learnings that come and go, of rules that beat the model, of lines switched off.

V11, PV-3, LV-1, LV-2; issue 3 parts 3 and 4. What these stories ask of a database, those of
test_value_flows.py ask of both kinds.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select, update

from app.kit.house import House
from app.ltv import flows, queries
from app.ltv.rules import learn_anew
from app.ltv.tables import (
    CustomerScore,
    CustomerTally,
    Fitting,
    ValueCosts,
    ValueSheet,
)
from app.orders.tables import Order
from tests.support.makers import gid
from tests.support.valued import Valued, buys, in_use, scores

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def shop(house: House) -> Iterator[Valued]:
    with Valued(house) as shop:
        yield shop


# ---- V11: learnings


def test_v11_a_learning_a_week_and_sooner_where_the_shop_has_grown(shop: Valued) -> None:
    shop.past()
    shop.reckons()
    first = in_use(shop)
    for _ in range(6):
        shop.night()
    assert len(shop.all(Fitting)) == 1
    shop.night()
    assert len(shop.all(Fitting)) == 2
    assert in_use(shop).made_at > first.made_at


def test_v11_when_a_learning_is_due(house: House) -> None:
    now = house.clock.now()
    last = Fitting(
        made_at=now, day=1, occasion="", customers=100, status="", personal=True, trials=[],
        skipped=[], learnt={},
    )  # fmt: skip
    assert learn_anew(None, customers=1, now=now)
    assert not learn_anew(last, customers=125, now=now + timedelta(days=6))
    assert learn_anew(last, customers=126, now=now)
    assert learn_anew(last, customers=100, now=now + timedelta(days=7))


def test_v11_going_back_to_an_older_learning_holds_until_the_newest_is_chosen(
    shop: Valued,
) -> None:
    shop.past()
    shop.reckons()
    shop.night(days=8)
    old, new = sorted(shop.all(Fitting), key=lambda fit: fit.made_at)
    with shop.work() as tx:
        assert flows.go_back(tx, old.id)
    shop.settles()
    assert in_use(shop).id == old.id
    shop.night(days=8)
    newest = max(shop.all(Fitting), key=lambda fit: fit.made_at)
    assert len(shop.all(Fitting)) == 3
    assert in_use(shop).id == old.id
    with shop.work() as tx:
        assert flows.go_back(tx, newest.id)
        assert not flows.go_back(tx, 999)
    shop.settles()
    assert in_use(shop).id == newest.id
    shop.night(days=8)
    assert in_use(shop).id not in {old.id, new.id, newest.id}


def test_v11_a_shop_that_suddenly_sells_nothing_is_told_of_drift(shop: Valued) -> None:
    shop.past(400)
    shop.reckons()
    with shop.work() as tx:
        flows.hold(tx, held=True)  # so that no new learning takes the silence for granted
    shop.night(days=60)
    drift = in_use(shop).drift
    assert drift
    assert drift["came"] < drift["low"] < drift["thought"]
    assert "Your customers order otherwise than foretold" in shop.sees("/app")
    assert "orders where" in shop.sees("/app/value")


def test_v11_a_shop_that_goes_on_as_before_is_not(shop: Valued) -> None:
    shop.past(400)
    with shop.work() as tx:
        cut = tx.now - timedelta(days=45)
        later = [id_ for id_ in tx.exec(select(Order.id).where(Order.created_at > cut)) if id_]
        tx.exec(update(Order).where(col(Order.id).in_(later)).values(counts=False))
    clock: Any = shop.house.clock
    clock.move(timedelta(days=-45))
    shop.reckons()
    with shop.work() as tx:
        flows.hold(tx, held=True)
        tx.exec(update(Order).where(col(Order.id).in_(later)).values(counts=True))
        flows.revalued(tx)
    shop.settles()
    shop.night(days=45)
    assert shop.errors() == []
    assert in_use(shop).day < 20_480
    assert in_use(shop).drift is None


# ---- PV-3


def test_pv3_where_the_model_loses_the_simple_rule_is_used_and_the_page_says_so(
    shop: Valued,
) -> None:
    shop.past()
    shop.reckons()
    plain = {person: row.orders_12 for person, row in scores(shop).items()}
    with shop.work() as tx:
        fit = queries.in_use(tx)
        assert fit
        judged = {**fit.learnt["judgement"], "rule": "the shop's average"}
        fit.learnt = {**fit.learnt, "judgement": judged}
        fit.rule = "the shop's average"
        tx.add(fit)
    shop.night()
    ruled = {person: row.orders_12 for person, row in scores(shop).items()}
    assert len(set(plain.values())) > 20
    assert max(ruled.values()) - min(ruled.values()) <= 0.03 * max(ruled.values())
    page = shop.sees("/app/value")
    assert "a simple rule forecast better than the model, so the rule is used" in page
    assert "like everybody" in page
    buys(shop, "p0001")
    shop.waits(seconds=6)
    assert scores(shop)[shop.named("p0001")].orders_12 == pytest.approx(
        ruled[shop.named("p0001")], rel=0.05
    )
    assert shop.errors() == []


# ---- LV-1, LV-2


def test_lv1_a_line_that_is_switched_off_stays_visible_and_counts_as_nought(shop: Valued) -> None:
    shop.past()
    shop.reckons()
    with shop.look() as tx:
        before = queries.sheet(tx, "overview")
    assert before
    lines = before["lines"]["to_date"]
    assert sum(lines.values()) == pytest.approx(before["net"]["to_date"], abs=5)
    tallies = shop.all(CustomerTally)
    assert lines["tax"] == -sum(row.tax for row in tallies)
    assert lines["cost"] == -sum(row.cost for row in tallies)
    assert lines["refunds"] == -sum(row.refunded for row in tallies)
    terms = ValueCosts(off=["tax", "cost"], shipping=350)
    with shop.work() as tx:
        flows.change_costs(tx, terms, by="VXNlcjox")
    shop.settles()
    with shop.look() as tx:
        after = queries.sheet(tx, "overview")
    assert after
    told = after["lines"]["to_date"]
    assert (told["tax"], told["cost"]) == (0, 0)
    assert told["shipping"] == -350 * after["orders"]
    assert (after["off"], after["costs_version"]) == (["tax", "cost"], 1)
    assert "switched off" in shop.sees("/app/value")


def test_lv2_every_value_names_its_horizon(shop: Valued) -> None:
    shop.past()
    shop.reckons()
    page = shop.sees("/app/value")
    for words in ("To date", "Next 12 months", "Next 24 months", "next 12 months", "to date"):
        assert words in page


def test_the_boost_is_tried_and_kept_only_where_it_has_won(shop: Valued) -> None:
    shop.past()
    shop.reckons()
    assert not in_use(shop).boosted  # 150 customers are too few
    assert in_use(shop).learnt["boost"] is None


def test_shop_2_sees_nothing_of_it(shop: Valued, house: House) -> None:
    shop.past(60)
    shop.reckons()
    with Valued(house, domain="other.example") as other:
        other.reckons()
        assert other.all(CustomerScore) == other.all(ValueSheet) == []
        assert "Nobody has bought anything yet." in other.sees("/app/value")
        assert gid("User", "p0001") not in other.sees("/app/value/people")
