"""Issue 7: the numbers of each step of an automation, and the people behind every one of them."""

import re
from collections.abc import Iterator
from html import unescape

import pytest

from app.customers.tables import Person
from app.journeys import flows, queries
from app.journeys.flows import Entrant
from app.journeys.rules import Definition, Send, Trigger, Wait
from app.journeys.tables import Run
from app.kit.clock import StillClock
from app.kit.house import House
from app.messages import library
from app.messages.tables import Touch
from app.people import behind
from app.people.behind import What
from app.proof import steps
from app.trials import flows as trials
from tests.support.recovering import Counter, Recovering
from tests.test_journeys_engine import letter

NUMBERS, PEOPLE = "/app/automations/cart/numbers", "/app/automations/cart/people"
CLEO = "cleo@example.com"


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Recovering]:
    with Recovering(house, Counter(clock.now), percent=0) as shop:
        with shop.work() as tx:
            trials.terms(tx, share=1e-9)
        yield shop


def follows(shop: Recovering, nth: int = 0) -> None:
    """Somebody, and no machine, followed a link of the letter."""
    send = shop.sends()[nth]
    with shop.work() as tx:
        tx.add(Touch(send=send.id or 0, person=send.person, kind="click", by="human", at=tx.now))


def plain(html: str) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", html).split()))


@pytest.fixture
def lived(shop: Recovering) -> Recovering:
    """Cleo left a cart, got a letter, followed its link, and bought; Ben said no to letters."""
    shop.guest("ben@example.com")
    shop.leaves()
    shop.leaves("ben@example.com", no="C2")
    shop.waits(hours=1)
    follows(shop, [send.state for send in shop.sends()].index("sent"))
    shop.waits(hours=2)
    decision = next(send.decision for send in shop.sends() if send.state == "sent")
    shop.buys(decision=decision, no=71, of="C1")
    shop.waits(hours=1)
    return shop


def test_every_number_of_a_step_leads_to_the_people_it_counts(lived: Recovering) -> None:
    """Each link of the page is followed: as many people stand there as the number said."""
    page = lived.sees(NUMBERS)
    links = re.findall(r'<a href="(/app/automations/cart/people[^"]+)">([\d,]+)</a>', page)
    assert {re.sub(r".*what=(\w+).*", r"\1", unescape(address)) for address, _ in links} >= {
        "entered", "ended", "sent", "refused", "clicked", "ordered",
    }  # fmt: skip
    for address, number in links:
        found = lived.sees(unescape(address))
        rows = found.split("<tbody>")[1].split("</tbody>")[0].count("<tr>")
        assert rows == int(number), address
    assert "not measurable" in page or "not yet measurable" in page


def test_who_got_it_when_and_why_not(lived: Recovering) -> None:
    with lived.look() as tx:
        journey = queries.by_key(tx, "cart")
        assert journey
        told = steps.numbers(tx, journey)
        assert told
        first = next(one for one in told.steps if one.step.key == "first")
    assert (told.entered, told.ordered, told.withheld) == (2, 1, 0)
    assert (first.came, first.of["sent"], first.of["refused"], first.clicked) == (2, 1, 1, 1)
    assert first.ordered == 1
    assert CLEO in lived.sees(f"{PEOPLE}?what=sent&step=first")
    assert "ben@example.com" in lived.sees(f"{PEOPLE}?what=refused&step=first")
    assert "not agreed" in plain(lived.sees(f"{PEOPLE}?what=refused&step=first"))
    assert "#71" in lived.sees(f"{PEOPLE}?what=ordered")
    assert "Nobody." in lived.sees(f"{PEOPLE}?what=failed&step=first")


def test_on_the_automations_own_page_the_numbers_are_links_for_who_may_see_people(
    lived: Recovering,
) -> None:
    address = "/app/automations/cart/people?what=sent&amp;step=first"
    assert address in lived.sees("/app/automations/cart")
    seen = lived.http.get("/app/automations/cart", headers=lived.staff(("MANAGE_APPS",))).text
    assert address not in seen
    assert "sent 1" in plain(seen)


@pytest.mark.parametrize(
    ("asked", "permissions", "status"),
    [
        ("?what=sent&step=first", ("MANAGE_APPS", "MANAGE_ORDERS"), 403),
        ("?what=ordered", ("MANAGE_USERS",), 403),
        ("?what=ordered", ("MANAGE_USERS", "MANAGE_ORDERS"), 200),
        ("?what=nonsense", ("MANAGE_USERS",), 404),
    ],
)
def test_who_may_look(
    lived: Recovering, asked: str, permissions: tuple[str, ...], status: int
) -> None:
    answer = lived.http.get(PEOPLE + asked, headers=lived.staff(permissions))
    assert answer.status_code == status
    assert (CLEO in answer.text) == (status == 200)


def test_the_list_can_be_taken_along(lived: Recovering) -> None:
    """By the one mechanism of all sections, and with everybody on it instead of fifty."""
    answer = lived.http.get(
        f"{PEOPLE}?what=sent&step=first&csv=behind-title", headers=lived.staff()
    )
    assert answer.headers["content-type"].startswith("text/csv")
    assert CLEO in answer.text
    numbers = lived.http.get(f"{NUMBERS}?csv=steps-title", headers=lived.staff())
    assert "Held back" in numbers.text


def test_a_long_list_has_pages_and_the_latest_come_first(shop: Recovering) -> None:
    with shop.work() as tx:
        journey = queries.by_key(tx, "cart")
        assert journey
        for n in range(53):
            tx.add(Person(key=f"g:{n}", email=f"guest{n:02}@example.com"))
        tx.flush()
        for n in range(53):
            tx.add(
                Run(
                    journey=journey.id or 0, version=1, person=n + 1, occasion=str(n),
                    anchor_at=tx.now, entered_at=tx.now, why="bought", ended_at=tx.now,
                )
            )  # fmt: skip
    first, second = (shop.sees(f"{PEOPLE}?what=ended&why=bought&at={n}") for n in (0, 1))
    assert (first.count("<tr>"), second.count("<tr>")) == (51, 4)
    assert "guest52@" in first
    assert "guest00@" in second
    assert "at=1" in first
    taken = shop.http.get(f"{PEOPLE}?what=ended&csv=behind-title", headers=shop.staff()).text
    assert taken.count("@example.com") == 53


def test_who_is_held_back_stands_at_the_step_she_would_have_got_it_at(shop: Recovering) -> None:
    """HO-3: and is in no number of what was sent."""
    with shop.work() as tx:
        trials.terms(tx, share=1.0)
    shop.leaves()
    shop.waits(hours=1)
    with shop.look() as tx:
        journey = queries.by_key(tx, "cart")
        assert journey
        told = steps.numbers(tx, journey)
    assert told
    first = next(one for one in told.steps if one.step.key == "first")
    assert (told.withheld, first.withheld, first.came, first.of["sent"]) == (1, 1, 1, 0)
    for asked in ("?what=withheld", "?what=withheld&step=first"):
        assert CLEO in shop.sees(PEOPLE + asked)


def test_people_of_an_older_version_wait_at_their_own_step(shop: Recovering) -> None:
    """J1: a step that has moved is still the same step."""
    before = (Wait(key="rest", span="P1D"), Send(key="s", message="a"))
    with shop.work() as tx:
        library.ensure(tx, letter("a"))
        flows.publish(tx, "own", Definition(trigger=Trigger.BIRTHDAY, steps=before), name="Own")
        flows.switch_on(tx, "own")
        person = Person(key="g:1", email=CLEO)
        tx.add(person)
        tx.flush()
        flows.happened(tx, Trigger.BIRTHDAY, [Entrant(person=person.id or 0, occasion="x")])
    shop.settles()
    with shop.work() as tx:
        after = (Wait(key="new", span="PT1H"), *before)
        flows.publish(tx, "own", Definition(trigger=Trigger.BIRTHDAY, steps=after), name="Own")
        journey = queries.by_key(tx, "own")
        assert journey
        told = steps.numbers(tx, journey)
        assert told
        assert {one.step.key: one.step.here for one in told.steps} == {"new": 0, "rest": 1, "s": 0}
        number = behind.Number(what=What.WAY, step="rest")
        assert [one.email for one in behind.people(tx, journey, number, page=0).lines] == [CLEO]
