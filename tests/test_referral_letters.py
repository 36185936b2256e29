"""Stories of the two letters of referrals: would you pass us on (FB-6), and thank you (RF-1)."""

import re
from collections.abc import Iterator

import pytest
from sqlmodel import select

from app.customers.tables import Person
from app.journeys import flows as journeys
from app.journeys import switching
from app.journeys.flows import Entrant
from app.journeys.rules import Trigger
from app.kit.clock import StillClock
from app.kit.house import House
from app.loyalty import flows as loyalty
from app.loyalty import settings
from app.loyalty.tables import Programme
from app.messages import consent
from app.messages.consent import Saying
from app.messages.law import Said
from app.messages.rules import Word
from app.messages.tables import Send
from app.referrals import flows, letters
from app.referrals.flows import Wish
from app.referrals.tables import Referral
from tests.support.loyal import draft
from tests.support.makers import customer, event, gid, order
from tests.support.recovering import Counter, Recovering

WISH = Wish(
    on=True, percent_hundredths=1000, least_minor=0, card=False, reward_hundredths=1500,
    reward_minor=1000, return_days=14,
)  # fmt: skip

on_one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def counter(clock: StillClock) -> Counter:
    return Counter(clock.now)


@pytest.fixture
def shop(house: House, counter: Counter) -> Iterator[Recovering]:
    """Referrals are on; Ana has an account and has agreed to news and to being asked."""
    with Recovering(house, counter, on=False) as shop:
        with shop.work() as tx:
            loyalty.begin(tx)
            settings.save(tx, draft(offers=False), by="VXNlcjox")
            tx.exec(select(Programme)).one().open_since = tx.now
            flows.save(tx, WISH)
            for purpose in ("marketing", "feedback"):
                told = Saying(
                    address="ana@example.com", state=Said.GRANTED, source="storefront",
                    purpose=purpose, country="DE",
                )  # fmt: skip
                consent.say(tx, told)
        told_of = customer("ana", updated=shop.at())
        shop.hears("CUSTOMER_UPDATED", event("CUSTOMER_UPDATED", issued=shop.at(), user=told_of))
        shop.waits(seconds=31)
        yield shop


def ana(shop: Recovering) -> int:
    with shop.look() as tx:
        found = tx.exec(select(Person.id).where(Person.account == gid("User", "ana"))).one()
    assert found
    return found


def answers(shop: Recovering, score: int) -> None:
    """She is asked whether she would recommend the shop, and says so."""
    with shop.work() as tx:
        switching.set_up(tx, "nps", {})
        journeys.switch_on(tx, "nps")
        journeys.happened(tx, Trigger.SURVEY_DUE, [Entrant(person=ana(shop), occasion="2026-03")])
    shop.settles()
    says(shop, score)


def says(shop: Recovering, score: int) -> None:
    (path,) = set(re.findall(r'(/survey/[^"?]+)\?', shop.mail()[0].html))
    told = shop.http.post(path, data={"score": str(score), "words": ""})
    assert told.status_code == 200
    shop.settles()


def asked(shop: Recovering) -> list[Send]:
    return [send for send in shop.sends() if send.campaign == letters.CAMPAIGN]


def test_fb6_who_gives_a_nine_is_asked_three_days_later_to_pass_the_shop_on(
    shop: Recovering,
) -> None:
    answers(shop, 9)
    shop.waits(days=2, hours=23)
    assert asked(shop) == []
    shop.waits(hours=2)
    letter = shop.mail()[-1]
    assert letter.subject == "Would you tell a friend?"
    with shop.look() as tx:
        person = tx.exec(select(Person).where(Person.id == ana(shop))).one()
        base = shop.house.settings.base_url or ""
        link = flows.link_of(tx, person, base=base, open_=shop.house.secrets.open)
    assert link in letter.text, "her own, and not led through us: it is passed on"
    assert link in letter.html
    assert "10% off a first order" in letter.text
    says(shop, 10)
    shop.waits(days=4)
    assert len(asked(shop)) == 1, "once a survey"


@on_one_database
@pytest.mark.parametrize("what", ["low", "worse", "off", "stopped", "no_consent"])
def test_fb6_nobody_else_is_asked(shop: Recovering, what: str) -> None:
    """A score below nine, one that became worse, links that rest, and without consent."""
    answers(shop, 8 if what == "low" else 9)
    if what == "worse":
        says(shop, 3)
    with shop.work() as tx:
        if what == "off":
            flows.save(tx, Wish(**{**WISH.__dict__, "on": False}))
        elif what == "stopped":
            settings.stop_offers(tx, by="x")
        elif what == "no_consent":
            consent.say(tx, Saying(address="ana@example.com", state=Said.WITHDRAWN, source="x"))
    shop.waits(days=4)
    assert [send.reason for send in asked(shop)] == (
        [Word.WITHDRAWN] if what == "no_consent" else []
    )
    assert "Would you tell a friend?" not in shop.subjects()
    assert shop.errors() == []


def friend_buys(shop: Recovering) -> None:
    with shop.work() as tx:
        person = tx.exec(select(Person).where(Person.id == ana(shop))).one()
        open_ = shop.house.secrets.open
        path = flows.link_of(tx, person, base="", open_=open_).removeprefix("/f/")
        _, code = flows.take(tx, path, turn="one", address="198.51.100.1", open_=open_)
        assert code
    body = order("ben@example.com", created=shop.at(), voucherCode=code.code)
    shop.hears("ORDER_PAID", event("ORDER_PAID", issued=shop.at(), order=body))
    shop.waits(seconds=3)


def test_rf1_an_advocate_reads_that_a_friend_has_bought_and_finds_her_code(
    shop: Recovering, counter: Counter
) -> None:
    """Once the reward works in Saleor, once, and without a word of who the friend is."""
    friend_buys(shop)
    shop.waits(days=13)
    assert shop.mail() == []
    shop.waits(days=1, hours=2)
    (letter,) = shop.mail()
    assert letter.subject == "A friend bought with your link: thank you"
    (referral,) = shop.all(Referral)
    reward = next(
        text for text in counter.codes if text.startswith("THANKS") or text in letter.text
    )
    assert reward in letter.text
    assert "ben" not in letter.text.lower()
    with shop.work() as tx:
        letters.thank(tx, referral)
    shop.settles()
    assert len(asked(shop)) == 1


@on_one_database
def test_rf5_a_reward_that_was_taken_back_is_not_written_of(shop: Recovering) -> None:
    """It waited for the morning, and the order came back at night."""
    friend_buys(shop)
    with shop.work() as tx:
        referral = tx.exec(select(Referral)).one()
        referral.state = "taken_back"
        letters.thank(tx, referral)
    shop.settles()
    assert [send.reason for send in asked(shop)] == [Word.NOTHING_LEFT]
    assert shop.mail() == []


@on_one_database
def test_both_letters_are_there_to_be_changed_once_links_are_on(shop: Recovering) -> None:
    fields = {"on": "on", "percent": "10", "card": "code", "reward": "10", "days": "14"}
    page = shop.http.post("/app/referrals", data=fields, headers=shop.staff())
    assert page.status_code == 200
    for key in ("referral-ask", "referral-thanks"):
        for locale in ("en", "pl", "pt-BR"):
            assert shop.sees(f"/app/messages/{key}", locale=locale)
