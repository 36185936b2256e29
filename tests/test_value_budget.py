"""LV-5, LV-6: weekly spend, three budgets, and what if, as the owner sees them."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlmodel import select

from app.customers.tables import Person
from app.kit.house import House
from app.ltv import budget, queries
from app.ltv.queries import Which
from app.ltv.tables import AdWeek, CustomerScore, CustomerTally, ValueSheet
from tests.support.story import Shop

PATH = "/app/value/budget"
LINES = {
    "goods": 100_000, "refunds": -4_000, "cost": -40_000, "tax": 0, "fees": -2_000,
    "shipping": -5_000, "returns": -1_000, "messages": -2_000, "rewards": 0, "service": 0,
}  # fmt: skip


@pytest.fixture
def shop(house: House) -> Iterator[Shop]:
    with Shop(house) as shop:
        yield shop


def posts(shop: Shop, **fields: str) -> tuple[int, str]:
    answer = shop.http.post(PATH, data=fields, headers=shop.staff())
    return answer.status_code, answer.text


def comes(shop: Shop, person: int, day: int, worth: int, channel: str = "web") -> None:
    """Somebody whose first order was on that day; everything else does not matter here."""
    with shop.work() as tx:
        tx.add(
            CustomerTally(
                person=person, days=1, first=day, last=day, orders=1, gross=worth, discount=0,
                cost=0, tax=0, refunded=0, costed=0, first_value=worth, channel=channel,
            )
        )  # fmt: skip
        names = {c.key for c in CustomerScore.__table__.columns} - {"id", "shop"}  # type: ignore[attr-defined]
        zero = {"person": person, "to_date": worth, "net_12": 0, "stage": "first", "day": day}
        told = {name: zero.get(name, 0) for name in names if name in CustomerScore.model_fields}
        words = {"tier", "group", "group_before", "stage"}
        tx.add(CustomerScore(**{n: (v or "") if n in words else v for n, v in told.items()}))


def test_lv5_weekly_spend_is_handed_in_and_advice_given(shop: Shop) -> None:
    """Twenty weeks in which each unit of money brought three: spend more, 15 % at most."""
    monday, lines = date(2025, 9, 1), ["channel;week;amount"]
    for week in range(20):
        spent, day = 100 * (1 + week % 4), monday + timedelta(weeks=week)
        lines.append(f"web;{day + timedelta(days=week % 7)};{spent}")
        comes(shop, week + 1, budget.week_of(day.toordinal() - budget.EPOCH) + 2, 300 * spent)
    status, page = posts(shop, do="weeks", weeks="\n".join(lines))
    assert status == 200, page
    assert len(shop.all(AdWeek)) == 20
    assert "20 weeks" in page
    assert "Spend more: €460 next week" in page
    status, page = posts(
        shop, do="weeks", weeks="channel;week;amount\nweb;soon;12\nweb;2026-01-05;x"
    )
    assert status == 422
    assert "line 2: the day" in page
    assert "line 3: this is no amount" in page
    assert "web;soon;12\nweb;2026-01-05;x</textarea>" in page


def test_lv6_three_budgets_and_what_was_spent_of_them(shop: Shop) -> None:
    posts(shop, do="weeks", weeks="channel,week,amount\nweb,2026-03-02,450\nweb,2026-02-23,99")
    status, page = posts(shop, do="budgets", acquisition="500", retention="", service="20.50")
    assert status == 200
    assert "90%" in page
    assert "nearly used up" in page
    with shop.look() as tx:
        told = {one.kind: (one.spent, one.most) for one in budget.budgets(tx)}
    assert told["acquisition"] == (45_000, 50_000)
    assert told["service"][1] == 2_050
    status, page = posts(shop, do="budgets", acquisition="much", service="31")
    assert status == 422
    assert 'value="much"' in page
    assert 'value="31"' in page


def test_what_if_is_arithmetic_and_says_so(shop: Shop) -> None:
    with shop.work() as tx:
        body = {"lines": {"net_12": LINES}, "active": 10, "covered": 1.0}
        tx.add(ValueSheet(name="overview", made_at=tx.now, body=body))
    with shop.look() as tx:
        same = budget.what_if(tx, orders=0, value=0, spend=0)
        more = budget.what_if(tx, orders=10, value=20, spend=0)
    assert same
    assert same.base == same.then == sum(LINES.values())
    assert more
    assert more.then == round(54_000 * 1.1 * 1.2 - 6_000 * 1.1 - 2_000)
    for locale in ("en", "pl", "pt-BR"):
        assert "627" in shop.sees(f"{PATH}?orders=10&value=20&spend=x", locale=locale)


def test_only_who_manages_apps_sets_budgets(shop: Shop) -> None:
    answer = shop.http.post(PATH, data={"do": "budgets"}, headers=shop.staff(["MANAGE_USERS"]))
    assert answer.status_code == 403
    with shop.look() as tx:
        assert tx.exec(select(AdWeek)).all() == []


def test_a_long_list_walked_by_its_scores_is_the_list_that_is_sorted(shop: Shop) -> None:
    """CT-5: who is behind a number, page by page, whichever way the database takes."""
    for n in range(1, 13):
        with shop.work() as tx:
            tx.add(Person(key=f"guest:p{n}@example.com", email=f"p{n}@example.com"))
        comes(shop, n, n, 100 * (n % 5), channel=("web", "kiosk")[n % 2])
    with shop.look() as tx:
        for which in (Which(channel="web"), Which(channel="kiosk", stage="first"), Which()):
            assert queries.count(tx, which) == len(queries.people(tx, which, limit=None))
            for sort in queries.SORTS:
                for offset in (0, 2):
                    asked = {"sort": sort, "limit": 3, "offset": offset}
                    sorted_ = queries.people(tx, which, **asked)
                    assert queries.people(tx, which, total=10**6, **asked) == sorted_
