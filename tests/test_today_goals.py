"""V13: how it goes beside last period and the owner's goals, and three things worth doing."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from app.kit.clock import StillClock
from app.kit.house import House
from app.setup import queries as setup
from app.setup.view import What as Step
from app.shops.tables import Channel, Rate
from app.today import queries
from app.today.rules import Facts, What, suggestions
from app.today.tables import Goal
from app.today.view import Measure
from app.web.whereabouts import whereabouts
from tests.support.loyal import Loyal
from tests.support.till import Till


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Loyal]:
    with Loyal(house, Till(clock.now)) as shop:
        yield shop


def marks(shop: Loyal) -> dict[Measure, tuple[Decimal | None, Decimal | None, Decimal | None]]:
    with shop.look() as tx:
        seen = queries.today(tx, sees_people=True)
    return {mark.measure: (mark.now, mark.before, mark.goal) for mark in seen.marks}


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (Facts(), ()),
        (Facts(waiting=3), (What.REMIND,)),
        (Facts(waiting=3, reminds=True), ()),
        (Facts(waiting=3, reminds=True, dearest=True), (What.CALL,)),
        (Facts(at_risk=5), (What.WIN_BACK,)),
        (Facts(at_risk=5, wins_back=True), ()),
        (Facts(bought_once=40, back=Decimal("0.3")), (What.SECOND,)),
        (Facts(bought_once=40, back=Decimal("0.6")), ()),
        (Facts(bought_once=5, back=Decimal("0.1")), ()),  # too few to say anything
        (Facts(covered=Decimal("0.4")), (What.COSTS,)),
        (Facts(unrated=True, waiting=3), (What.RATES, What.REMIND)),
        (
            Facts(
                waiting=1, dearest=True, at_risk=1, bought_once=99, back=Decimal(0),
                covered=Decimal(0),
            ),
            (What.REMIND, What.CALL, What.WIN_BACK),
        ),
    ],
)  # fmt: skip
def test_v13_at_most_three_things_are_worth_doing(facts: Facts, told: tuple[What, ...]) -> None:
    assert suggestions(facts) == told


def test_v13_a_shop_that_never_sold_is_not_measured(shop: Loyal) -> None:
    assert marks(shop) == {}


def test_v13_the_last_28_days_stand_beside_the_28_before(shop: Loyal) -> None:
    shop.buys("ana", 100)
    shop.waits(days=30)
    shop.buys("ana", 30)
    shop.buys("ben", 20)
    told = marks(shop)
    assert told[Measure.SALES][:2] == (Decimal("50.00"), Decimal("100.00"))
    assert told[Measure.ORDERS][:2] == (2, 1)
    assert told[Measure.NEW][:2] == (1, 1)
    assert told[Measure.BACK][:2] == (None, None)  # nobody left a checkout: no fake zero


def test_v13_a_goal_is_typed_as_people_write_it_and_kept(shop: Loyal) -> None:
    shop.buys("ana", 100)
    headers = shop.staff(part="today") | {"x-locale": "pt-BR"}
    told = {"sales": "1.250,50", "orders": "12", "new": "", "back": "25%"}
    page = shop.http.post("/app/goals", data=told, headers=headers)
    assert page.status_code == 200
    assert {goal.measure: goal.target for goal in shop.all(Goal)} == {
        "sales": 125050, "orders": 12, "back": 2500,
    }  # fmt: skip
    assert marks(shop)[Measure.SALES][2] == Decimal("1250.50")


def test_v13_a_goal_that_cannot_be_read_changes_nothing(shop: Loyal) -> None:
    shop.buys("ana", 100)
    headers = shop.staff(part="today")
    answer = shop.http.post("/app/goals", data={"sales": "a lot"}, headers=headers)
    assert answer.status_code == 422
    assert "Please write a number" in answer.text
    assert shop.all(Goal) == []


def test_lv1_every_page_with_sums_says_which_currency_is_in_none_of_them(shop: Loyal) -> None:
    shop.buys("ana", 100)
    assert "no rate" not in shop.sees("/app")
    with shop.work() as tx:
        tx.add(Channel(saleor_id="C9", slug="polska", currency="PLN", active=True))
    for page in ("/app", "/app/value", "/app/customers", "/app/offers"):
        assert "Orders in PLN are left out of sales, values and tiers" in shop.sees(page)
    with shop.work() as tx:
        tx.add(Rate(currency="PLN", day="2026-01-01", rate="0.25"))
    for page in ("/app", "/app/value", "/app/customers", "/app/offers"):
        assert "are left out" not in shop.sees(page)


def test_what_is_answered_is_on_disk(shop: Loyal) -> None:
    """Were the answer first, a page would say that it is saved, and a failed commit nothing."""

    def full(_: object) -> None:
        raise OSError("No space left on device")

    owner = TestClient(shop.perennial.asgi, raise_server_exceptions=False)
    event.listen(shop.house.engine, "commit", full)
    try:
        saved = owner.post("/app/goals", data={"orders": "10"}, headers=shop.staff())
    finally:
        event.remove(shop.house.engine, "commit", full)
    assert saved.status_code == 500
    assert shop.all(Goal) == []


def test_who_may_not_change_the_app_sets_no_goals(shop: Loyal) -> None:
    headers = shop.staff(("MANAGE_USERS",), part="today")
    assert shop.http.post("/app/goals", data={"orders": "1"}, headers=headers).status_code == 403


def test_the_set_up_knows_what_is_really_done(house: House, clock: StillClock) -> None:
    with Loyal(house, Till(clock.now), opened=False) as shop:
        with shop.look() as tx:
            guide = setup.guide(tx, house_sends=False)
        assert [step.what for step in guide.steps if step.done] == []
        assert guide.next is Step.HISTORY
        assert "0 steps of 5 are done" in shop.sees("/app/settings")
        with shop.look() as tx:
            assert setup.guide(tx, house_sends=True).done == 1


def test_the_set_up_counts_what_the_owner_did(shop: Loyal) -> None:
    with shop.look() as tx:
        guide = setup.guide(tx, house_sends=False)
    done = {step.what for step in guide.steps if step.done}
    assert done == {Step.TIERS, Step.OFFER}
    assert "2 steps of 5 are done" in shop.sees("/app")


PAGES = [
    ("Today", [("/app", "Today", [])]),
    (
        "Automations",
        [
            ("/app/automations", "Recipes", []),
            ("/app/automations?tab=messages", "Messages", ["/app/messages"]),
        ],
    ),
]


@pytest.mark.parametrize(
    ("path", "page", "tab"),
    [
        ("/app", "Today", "/app"),
        ("/app/automations", "Automations", "/app/automations"),
        ("/app/automations/cart", "Automations", "/app/automations"),
        ("/app/automations?tab=messages", "Automations", "/app/automations?tab=messages"),
        ("/app/messages/cart-1", "Automations", "/app/automations?tab=messages"),
        ("/app/automationsx", None, None),
        ("/app/elsewhere", None, None),
        (None, None, None),
    ],
)
def test_an_address_lies_under_one_page_and_one_tab(
    path: str | None, page: str | None, tab: str | None
) -> None:
    at = whereabouts(path, PAGES)
    assert (at.page, at.tab) == (page, tab)
