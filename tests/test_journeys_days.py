"""Automations that begin with a day in somebody's life: a date the shop knows, or an order's."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from app.customers import queries as customers
from app.journeys import days, errands, flows, own_form, queries, rehearsing
from app.journeys.jobs import Dawn
from app.journeys.own_form import DayRow, Known, OwnForm, StepRow
from app.journeys.rules import BIRTHDAY, Day, Definition, Send, Tag, Trigger
from app.kit.clock import StillClock
from app.kit.house import House
from app.messages import library
from app.segments import flows as segments
from app.segments.tables import Trait
from tests.support.makers import customer, event
from tests.support.recovering import Counter, Recovering
from tests.test_journeys_engine import letter

CLEO = "cleo@example.com"
TODAY = date(2026, 3, 2)
"""On which the stories begin."""


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Recovering]:
    with Recovering(house, Counter(clock.now), on=False) as shop:
        yield shop


def begins(shop: Recovering, day: Day, *, key: str = "own") -> Definition:
    definition = Definition(
        trigger=Trigger.DATE, day=day, steps=(Send(key="s", message=key),), reentry={"days": 1}
    )
    with shop.work() as tx:
        library.ensure(tx, letter(key))
        flows.publish(tx, key, definition, name=key)
        flows.switch_on(tx, key)
    return definition


def dawns(shop: Recovering) -> None:
    shop.waits(days=1)
    errands.dawn(Dawn(day=shop.at()), shop.perennial.reach.world(shop.id))
    shop.settles()


def known(shop: Recovering, name: str, value: str) -> int:
    with shop.work() as tx:
        person = customers.by_email(tx, CLEO)
        id_ = person[0].id or 0 if person else 0
    id_ = id_ or shop.guest(CLEO)
    with shop.work() as tx:
        segments.tag(tx, [id_], name, value, source="import")
    return id_


@pytest.mark.parametrize(
    ("day", "value", "today", "comes"),
    [
        (Day(name="renewal"), "2020-03-05", date(2026, 3, 5), True),
        (Day(name="renewal"), "03-05", date(2026, 3, 5), True),
        (Day(name="renewal", days=-14), "2020-03-19", date(2026, 3, 5), True),
        (Day(name="renewal", days=-14), "2020-01-05", date(2025, 12, 22), True),
        (Day(name="renewal", days=30), "2020-12-20", date(2026, 1, 19), True),
        (Day(name="renewal"), "2020-03-06", date(2026, 3, 5), False),
        (Day(name="renewal"), "2026-03-05", date(2026, 3, 5), False),
        (Day(name="renewal", yearly=False), "2026-03-05", date(2026, 3, 5), True),
        (Day(name="renewal", yearly=False), "2020-03-05", date(2026, 3, 5), False),
        (Day(name="renewal", yearly=False, days=-3), "2026-03-08", date(2026, 3, 5), True),
        (BIRTHDAY, "1992-02-29", date(2026, 3, 1), True),
    ],
)
def test_whose_turn_it_is(day: Day, value: str, today: date, *, comes: bool) -> None:
    """J18: each year from the next one on, or once; so many days before or after."""
    turn = any(value.endswith(ending) for ending in days.endings(day, today))
    assert (turn and (not day.yearly or days.returns(value, days.target(day, today).year))) is comes


def test_a_day_is_told_by_metadata_and_what_is_taken_away_is_forgotten(shop: Recovering) -> None:
    begins(shop, Day(name="renewal", days=-1))

    def hears(**told: object) -> None:
        body = customer("cleo", updated=shop.at(), **told)
        shop.hears("CUSTOMER_UPDATED", event("CUSTOMER_UPDATED", issued=shop.at(), user=body))
        shop.waits(seconds=5)

    hears(renewal="2024-03-05", anniversary="soon")
    assert [(one.name, one.value) for one in shop.all(Trait)] == [("renewal", "2024-03-05")]
    dawns(shop)
    assert shop.mail() == []
    dawns(shop)
    dawns(shop)
    assert shop.subjects() == ["own"]
    hears()
    assert shop.all(Trait) == []


def test_a_yearly_day_comes_every_year_and_a_single_one_once(shop: Recovering) -> None:
    begins(shop, Day(name="renewal"), key="yearly")
    begins(shop, Day(name="renewal", yearly=False), key="once")
    known(shop, "renewal", (TODAY + timedelta(days=1)).isoformat())
    dawns(shop)
    assert shop.subjects() == ["once"]
    shop.waits(days=364)
    dawns(shop)
    assert [run.occasion for run in shop.runs()] == ["2026-03-03", "2027"]


def test_so_many_days_after_the_first_and_the_last_order(shop: Recovering) -> None:
    """Whoever has ordered since is not written to about her last order."""
    begins(shop, Day(anchor="first_order", days=3), key="first")
    begins(shop, Day(anchor="last_order", days=4), key="last")
    shop.buys(CLEO, no=1)
    dawns(shop)
    shop.buys(CLEO, no=2)
    seen = []
    for _ in range(6):
        dawns(shop)
        seen.append(shop.subjects()[sum(map(len, seen)) :])
    assert [name for names in seen for name in names] == ["first", "last"]
    assert seen[1] == ["first"]
    assert seen[3] == ["last"]


def test_a_table_may_tell_any_day_and_the_page_shows_which(shop: Recovering) -> None:
    shop.guest(CLEO)
    begins(shop, Day(name="vet", days=-7))
    page = shop.sees("/app/automations/own")
    assert "7 days before the day “vet”, every year" in page
    told = {"do": "birthdays", "birthdays": f"email;date\n{CLEO};2024-03-10\n"}
    answer = shop.http.post(
        "/app/automations/own", data=told, headers=shop.staff(part="automation")
    )
    assert "1 day was taken." in answer.text
    assert [(one.name, one.value) for one in shop.all(Trait)] == [("vet", "2024-03-10")]
    bad = shop.http.post(
        "/app/automations/own", data=told | {"birthdays": f"email;date\n{CLEO};soon\n"},
        headers=shop.staff(part="automation"),
    )  # fmt: skip
    assert bad.status_code == 422
    cart = shop.http.post("/app/automations/cart", data=told, headers=shop.staff())
    assert cart.status_code == 404


@pytest.mark.parametrize(
    ("day", "people"),
    [(Day(name="vet"), 1), (Day(name="vet", days=-200), 0), (Day(anchor="last_order", days=9), 1)],
)
def test_it_is_rehearsed_like_any_other(shop: Recovering, day: Day, people: int) -> None:
    """J16."""
    known(shop, "vet", "2020-01-20")
    shop.buys(CLEO)
    shop.waits(days=20)
    definition = begins(shop, day)
    with shop.look() as tx:
        told = rehearsing.rehearse(tx, definition)
    assert (told.known, told.people) == (True, people)


@pytest.mark.parametrize(
    ("row", "day"),
    [
        (DayRow(of="vet", days="7", before=True), Day(name="vet", days=-7)),
        (DayRow(of="vet", days="", yearly=False), Day(name="vet", yearly=False)),
        (DayRow(of="first_order", days="30"), Day(anchor="first_order", days=30)),
        (DayRow(of="last_order", days="0"), None),
        (DayRow(of="", days="0"), None),
        (DayRow(of="two words", days="0"), None),
        (DayRow(of="vet", days="-3"), None),
        (DayRow(of="vet", days="9999"), None),
    ],
)
def test_a_day_is_written_in_the_form_and_read_back(row: DayRow, day: Day | None) -> None:
    """J1: what cannot be is marked, and nothing is saved."""
    form = OwnForm(
        name="Mine", trigger="date", day=row, again="300", rows=[StepRow(kind="send", what="a")]
    )
    definition, told = own_form.definition_of(form, Known(messages={"a": "marketing"}, segments=()))
    if day is None:
        assert definition is None
        assert set(told.problems) == {"day"}
        return
    assert definition is not None
    assert definition.day == day
    shown = own_form.shown(definition, "Mine")
    assert shown is not None
    assert own_form.definition_of(shown, Known(messages={"a": "marketing"}, segments=()))[0] == (
        definition
    )


def test_a_yearly_day_has_to_say_after_how_long_again() -> None:
    """Reentry: once, ever, and every year cannot both be meant."""
    form = OwnForm(name="Mine", trigger="date", rows=[StepRow(kind="send", what="a")])
    definition, told = own_form.definition_of(form, Known(messages={"a": "marketing"}, segments=()))
    assert definition is None
    assert set(told.problems) == {"again"}


def test_a_day_belongs_to_what_begins_with_one() -> None:
    with pytest.raises(ValidationError, match="begins with a day"):
        Definition(trigger=Trigger.DATE, steps=(Tag(key="t", name="x"),))
    with pytest.raises(ValidationError, match="begins with a day"):
        Definition(trigger=Trigger.ORDER_PAID, day=Day(), steps=(Tag(key="t", name="x"),))


def test_an_owner_writes_one_and_sees_which_days_are_known(shop: Recovering) -> None:
    known(shop, "vet", "2020-01-20")
    with shop.work() as tx:
        library.ensure(tx, letter("a"))
    page = shop.sees("/app/automations/own/new")
    for name in ("vet", "anniversary", "renewal", "birthday"):
        assert f'<option value="{name}">' in page
    told = {
        "do": "save", "name": "Vet", "trigger": "date", "day_of": "vet", "day_days": "7",
        "day_side": "before", "day_yearly": "on", "again": "300", "priority": "8",
        "kind": ["send"], "number": [""], "unit": ["days"], "what": ["a"],
    }  # fmt: skip
    answer = shop.http.post("/app/automations/own/new", data=told, headers=shop.staff(part="own"))
    assert answer.status_code == 200, answer.text
    with shop.look() as tx:
        journey = queries.by_key(tx, "own-1")
        assert journey
        definition = queries.definition(tx, journey.id or 0, 1)
    assert definition
    assert definition.day == Day(name="vet", days=-7)
