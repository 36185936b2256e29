"""Stories of the steps themselves: waits, conditions, chance, exits, who enters and how often."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlmodel import col, select

from app.journeys import erasing, flows, newsletters, rules, switching
from app.journeys.flows import Entrant
from app.journeys.rules import (
    Arm,
    Condition,
    Definition,
    Last,
    Reentry,
    Send,
    Split,
    Tag,
    Trigger,
    Wait,
    WaitFor,
    Webhook,
)
from app.journeys.tables import Footprint, Newsletter, Run
from app.kit.clock import StillClock
from app.kit.house import House
from app.messages import library
from app.messages.blocks import Block, Draft, Letter
from app.messages.hooks.flows import EVENTS
from app.messages.hooks.tables import Posting
from app.orders.tables import Order
from app.segments import flows as tagging
from app.segments import queries as segments
from app.segments.tables import Trait
from app.shops import flows as shops
from tests.support.makers import event, order, user
from tests.support.recovering import Counter, Recovering

HOUR = timedelta(hours=1)


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Recovering]:
    with Recovering(house, Counter(clock.now), on=False) as shop:
        yield shop


def letter(key: str) -> Draft:
    words = Letter(subject=key, blocks=(Block(kind="text", text=key),))
    return Draft(key=key, name=key, variants={"email": {"en": words}})


def begins(shop: Recovering, *steps: Any, **more: Any) -> int:  # noqa: ANN401
    """A journey with these steps, on; and Cleo in it, who agreed to mail. Her row."""
    with shop.work() as tx:
        for name in ("a", "b", "c"):
            library.ensure(tx, letter(name))
        definition = Definition(**{"trigger": Trigger.BIRTHDAY, "steps": steps} | more)
        flows.publish(tx, "own", definition, name="Own")
        flows.switch_on(tx, "own")
    person = shop.guest("cleo@example.com")
    happens(shop, Trigger.BIRTHDAY, person)
    return person


def happens(
    shop: Recovering,
    trigger: Trigger,
    *people: int,
    occasion: str = "once",
    **told: Any,  # noqa: ANN401
) -> None:
    with shop.work() as tx:
        flows.happened(tx, trigger, [Entrant(person=p, occasion=occasion, **told) for p in people])
    shop.settles()


def feet(shop: Recovering) -> list[tuple[str, str, str]]:
    with shop.look() as tx:
        rows = tx.exec(select(Footprint).order_by(col(Footprint.id)))
        return [(foot.step, foot.what, foot.reason) for foot in rows if "@" not in foot.step]


def whys(shop: Recovering) -> Sequence[str | None]:
    return [run.why for run in shop.runs()]


SEND_A, SEND_B = Send(key="send-a", message="a"), Send(key="send-b", message="b")


def test_a_wait_ends_at_its_time_and_not_before(shop: Recovering) -> None:
    """J1."""
    begins(shop, Wait(key="w", span=HOUR), SEND_A)
    shop.waits(minutes=59)
    assert shop.subjects() == []
    shop.waits(minutes=1)
    assert shop.subjects() == ["a"]
    assert whys(shop) == ["finished"]


def test_a_wait_for_goes_on_at_once_when_it_happens(shop: Recovering) -> None:
    """J1: after an entry by an event too, where others cannot (4.2.17)."""
    steps = (WaitFor(key="w", event=Trigger.ORDER_PAID, at_most=10 * HOUR, otherwise="send-b"),)
    person = begins(
        shop, *steps, Send(key="send-a", message="a", then="end"), Send(key="send-b", message="b")
    )
    shop.waits(hours=3)
    happens(shop, Trigger.ORDER_PAID, person)
    assert shop.subjects() == ["a"]


def test_who_waits_in_vain_goes_the_other_way(shop: Recovering) -> None:
    """J1."""
    begins(
        shop,
        WaitFor(key="w", event=Trigger.ORDER_PAID, at_most=2 * HOUR, otherwise="send-b"),
        Send(key="send-a", message="a", then="end"),
        SEND_B,
    )
    shop.waits(hours=2)
    assert shop.subjects() == ["b"]
    assert ("w", "waited", "in_vain") in feet(shop)


def test_a_condition_asks_the_shops_own_facts(shop: Recovering) -> None:
    """J1, S1: who does not fit goes on elsewhere."""
    begins(
        shop,
        Condition(key="c", holds={"fact": "country", "among": ["PL"]}, otherwise="send-b"),
        Send(key="send-a", message="a", then="end"),
        SEND_B,
    )
    assert shop.subjects() == ["b"]
    assert ("c", "asked", "no") in feet(shop)


def test_a_split_is_by_chance_that_repeats_itself(shop: Recovering) -> None:
    """J1: the same person always takes the same arm; a thousand are shared out as asked."""
    with shop.work() as tx:
        library.ensure(tx, letter("a"))
        split = Split(key="s", arms=(Arm(share=0.2, to="left"), Arm(share=0.8, to="right")))
        steps = (split, Tag(key="left", name="left"), Tag(key="right", name="right"))
        flows.publish(tx, "own", Definition(trigger=Trigger.BIRTHDAY, steps=steps))
        flows.switch_on(tx, "own")
    people = list(range(1000, 1400))
    happens(shop, Trigger.BIRTHDAY, *people)
    drawn = [reason for step, what, reason in feet(shop) if what == "drew"]
    assert len(drawn) == 400
    assert 50 <= drawn.count("left") <= 110
    assert rules.arm_of(split, 0.0) == rules.arm_of(split, 0.1999) == "left"
    assert rules.arm_of(split, 0.2) == rules.arm_of(split, 0.9999) == "right"


def test_a_tag_is_written_down_and_can_be_asked_for(shop: Recovering) -> None:
    """S4."""
    person = begins(shop, Tag(key="t", name="greeted", value="yes"))
    (trait,) = shop.all(Trait)
    assert (trait.person, trait.name, trait.value) == (person, "greeted", "yes")
    with shop.look() as tx:
        assert segments.traits(tx, person) == {"greeted": "yes"}


def test_a_webhook_step_tells_other_apps(shop: Recovering) -> None:
    """J1, 4.4.28: events out to other tools. Which they want to hear is said in Settings."""
    url = "https://other.example/"
    shop.http.post(
        "/app/sending/hooks", data={"url": url, "event": list(EVENTS)}, headers=shop.staff()
    )
    begins(shop, Webhook(key="h", event="greeted"))
    (posting,) = shop.all(Posting)
    assert (posting.event, posting.body["name"]) == ("automation_step", "greeted")
    assert url in shop.sees("/app/sending")


def test_an_exit_ends_it_at_any_step_and_calls_back_what_waits(shop: Recovering) -> None:
    """J10."""
    person = begins(shop, Wait(key="w", span=HOUR), SEND_A, exits=(Trigger.ORDER_PAID,))
    happens(shop, Trigger.ORDER_PAID, person)
    shop.waits(hours=2)
    assert shop.subjects() == []
    assert whys(shop) == ["order_paid"]


def test_who_no_longer_fits_the_audience_leaves_before_the_next_step(shop: Recovering) -> None:
    """J10."""
    tree = {"not": {"fact": "trait", "name": "enough"}}
    person = begins(shop, Wait(key="w", span=HOUR), SEND_A, audience=tree, leaves_audience=True)
    with shop.work() as tx:
        tagging.tag(tx, [person], "enough", "", source="staff")
    shop.waits(hours=1)
    assert shop.subjects() == []
    assert whys(shop) == ["left_audience"]


def test_nobody_is_in_it_twice_at_once_nor_twice_for_one_occasion(shop: Recovering) -> None:
    """J11."""
    person = begins(shop, Wait(key="w", span=HOUR), SEND_A, reentry=Reentry(days=0))
    happens(shop, Trigger.BIRTHDAY, person)
    happens(shop, Trigger.BIRTHDAY, person, occasion="another")
    shop.waits(hours=1)
    happens(shop, Trigger.BIRTHDAY, person)
    assert len(shop.runs()) == 1
    happens(shop, Trigger.BIRTHDAY, person, occasion="another")
    assert len(shop.runs()) == 2


@pytest.mark.parametrize(
    ("reentry", "last", "may"),
    [
        (None, None, True),
        (None, Last(ended=True, days_ago=9999), False),
        (30, Last(ended=True, days_ago=29.9), False),
        (30, Last(ended=True, days_ago=30), True),
        (0, Last(ended=False, days_ago=400), False),
        (0, Last(ended=True, days_ago=0), True),
    ],
)
def test_the_reentry_rule_in_a_table(reentry: int | None, last: Last | None, *, may: bool) -> None:
    """4.4.21: a sentence, and nothing implicit."""
    assert rules.may_enter(Reentry(days=reentry), last) is may


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (SEND_A, SEND_A),
        (SEND_B, Condition(key="c", holds={}, otherwise="send-b")),
        (Send(key="end", message="a"),),
        (Wait(key="w", span=timedelta(days=500)), SEND_A),
        (Split(key="s", arms=(Arm(share=0.5, to="send-a"), Arm(share=0.4, to="end"))), SEND_A),
    ],
)
def test_a_definition_that_could_not_end_is_refused(steps: tuple[Any, ...]) -> None:
    """J1: steps lead forward only, keys are unique, shares make a whole."""
    with pytest.raises(ValidationError):
        Definition(trigger=Trigger.BIRTHDAY, steps=steps)


def test_a_bad_person_in_a_batch_stops_nobody_else(shop: Recovering) -> None:
    """Decided together; one by one where one of them spoils it."""
    begins(shop, Wait(key="w", span=HOUR), SEND_A)
    happens(shop, Trigger.BIRTHDAY, 4242)
    shop.waits(hours=1)
    assert shop.subjects() == ["a"]
    assert shop.errors() == []


def test_an_erased_person_leaves_no_footprints(shop: Recovering) -> None:
    """PR-3."""
    person = begins(shop, Wait(key="w", span=HOUR), SEND_A)
    with shop.work() as tx:
        erasing.forget(tx, [person])
    assert shop.all(Run) == []
    assert shop.all(Footprint) == []
    shop.waits(hours=1)
    assert shop.errors() == []


def test_a_paid_order_of_old_history_begins_nothing(shop: Recovering) -> None:
    """IN-5."""
    with shop.work() as tx:
        switching.switch_on(tx, "second")
    old = order(user(), created="2024-01-01T00:00:00+00:00")
    shop.hears("ORDER_PAID", event("ORDER_PAID", issued=shop.at(), order=old))
    assert shop.runs() == []
    new = order(user("ben"), created=shop.at())
    shop.hears("ORDER_PAID", event("ORDER_PAID", issued=shop.at(), order=new))
    assert len(shop.runs()) == 1


def test_a_parcel_leaves_once_however_often_its_order_is_told_of(shop: Recovering) -> None:
    """Whoever waits for the next parcel is not sent on by news of the last one: its metadata, a
    repeat, a fulfilment made anew after it came back; nor by one of old."""

    def told(status: str, *, no: int = 1, name: str = "ORDER_FULFILLED", **more: object) -> None:
        shop.waits(minutes=1)
        made = {"created": first, "updated": shop.at(), "status": status} | more
        body = order("cleo@example.com", no=no, **made)  # type: ignore[arg-type]
        shop.hears(name, event(name, issued=shop.at(), order=body))

    first = shop.at()
    waits = WaitFor(key="w", event=Trigger.ORDER_FULFILLED, at_most=30 * 24 * HOUR)
    begins(
        shop,
        waits,
        Send(key="send-a", message="a"),
        Wait(key="x", span=HOUR),
        waits.model_copy(update={"key": "next"}),
        SEND_B,
    )
    told("FULFILLED")
    assert shop.subjects() == ["a"]
    shop.waits(hours=1)
    for status in ("FULFILLED", "PARTIALLY_RETURNED", "FULFILLED"):
        told(status, name="ORDER_UPDATED")
    told("FULFILLED", no=2, created="2024-01-01T00:00:00+00:00")
    told("UNFULFILLED", no=3, name="ORDER_UPDATED")
    assert whys(shop) == [None]
    told("FULFILLED", no=3)
    assert whys(shop) == ["finished"]


def test_in2_that_a_parcel_left_is_known_in_whatever_order_it_is_told(shop: Recovering) -> None:
    """IN-2, IN-3: an older telling overwrites nothing, and what only it knew is kept."""
    early, late = shop.at(), shop.at(hours=1)
    for when, status in ((late, "RETURNED"), (early, "FULFILLED")):
        body = order("cleo@example.com", no=1, created=early, updated=when, status=status)
        told = event("ORDER_UPDATED", issued=when, order=body)
        shop.hears("ORDER_UPDATED", told)
    (row,) = shop.all(Order)
    assert (row.status, row.sent) == ("RETURNED", True)


@pytest.mark.parametrize("origin", ["DRAFT", "REISSUE"])
def test_in5_what_staff_made_ends_journeys_and_is_no_first_order(
    shop: Recovering, origin: str
) -> None:
    """IN-5, J10: the welcome after a first order is not for a replacement or an order by phone;
    whoever was being won back has bought all the same.
    """
    with shop.work() as tx:
        switching.switch_on(tx, "second")
    begins(shop, Wait(key="w", span=HOUR), SEND_A, exits=(Trigger.ORDER_PAID,))
    made = order("cleo@example.com", created=shop.at(), origin=origin)
    shop.hears("ORDER_PAID", event("ORDER_PAID", issued=shop.at(), order=made))
    assert whys(shop) == ["order_paid"]


def test_qh4_a_weekly_newsletter_keeps_its_hour_when_the_clocks_change(shop: Recovering) -> None:
    """QH-4: nine o'clock in Warsaw, before and after the last Sunday of March."""
    with shop.work() as tx:
        shops.this_shop(tx).zone = "Europe/Warsaw"
        at = datetime(2026, 3, 23, 8, tzinfo=UTC)
        newsletters.plan(tx, name="News", message="a", segment=None, at=at, every_days=7)
    shop.waits(days=22)
    assert [letter.at for letter in shop.all(Newsletter)] == [datetime(2026, 3, 30, 7, tzinfo=UTC)]
