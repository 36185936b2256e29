"""DC-2: why did she get this, and why not? In plain words, on the customer's page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

import app
from app.customers.tables import Person
from app.journeys import offer_rules, recovery_rules
from app.journeys.rules import Entry
from app.kit.house import House
from app.loyalty import flows as loyalty
from app.messages.rules import Word
from app.trials import flows as trials
from tests.support.html import words
from tests.support.loyal import Loyal
from tests.support.recovering import Counter, Recovering
from tests.support.till import Till


@pytest.fixture
def shop(house: House) -> Iterator[Recovering]:
    with Recovering(house, Counter(house.clock.now)) as shop:
        with shop.work() as tx:
            loyalty.begin(tx)
        yield shop


def person(shop: Recovering, email: str = "cleo@example.com") -> str:
    with shop.look() as tx:
        id_ = tx.exec(select(Person.id).where(Person.email == email)).one()
    return f"/app/customers/{id_}"


def reads(shop: Recovering, path: str, **how: str) -> str:
    return " ".join(words(shop.sees(path, **how)).split())


def test_dc2_a_letter_that_she_got_says_why(shop: Recovering) -> None:
    shop.leaves()
    shop.waits(hours=1)
    path = person(shop)
    text = reads(shop, path)
    assert "Why?" in text
    assert "They agreed to get news by this channel." in text
    assert "one more is within the limit" in text
    assert "between 07:00 and 22:00" in text
    assert "Jest zgoda na wiadomości w tym kanale." in reads(shop, path, locale="pl")
    assert "A pessoa aceitou receber novidades por este canal." in reads(shop, path, locale="pt-BR")


def test_dc2_what_ended_after_a_letter_is_no_nothing(shop: Recovering) -> None:
    """Cleo was reminded, and bought: she got something of it."""
    shop.leaves()
    shop.waits(hours=1)
    shop.buys("cleo@example.com")
    shop.waits(hours=1)
    table = reads(shop, person(shop)).partition("What automations did here")[2]
    assert "Abandoned checkout yes They agreed" in table, table


def test_dc2_what_she_did_not_get_says_why_not(shop: Recovering) -> None:
    """By law, by the hour, by having bought, by chance."""
    shop.leaves("ben@example.com", no="C2")
    shop.waits(hours=1)
    assert "They have not agreed" in reads(shop, person(shop, "ben@example.com"))
    shop.buys("ben@example.com")
    shop.waits(hours=1)
    shop.leaves("ben@example.com", no="C3")
    shop.waits(hours=1)
    assert "They had bought within the last 24 hours." in reads(
        shop, person(shop, "ben@example.com")
    )
    shop.waits(hours=10)  # past ten in the evening where Dora lives
    shop.agrees("dora@example.com")
    shop.leaves("dora@example.com", no="C4")
    shop.waits(hours=1)
    text = reads(shop, person(shop, "dora@example.com"))
    assert "It was night where they live" in text
    assert "It waits until" in text


def test_dc2_why_did_she_get_this_coupon(house: House) -> None:
    with Recovering(house, Counter(house.clock.now), percent=10) as shop:
        with shop.work() as tx:
            loyalty.begin(tx)
        shop.leaves()
        for span in ({"hours": 1}, {"days": 1}, {"days": 2}):
            shop.waits(**span)
        text = reads(shop, person(shop))
        assert "The automation gives a code of 10%, and nothing stood against it." in text
        assert "They had got 0 codes within a year: four are allowed, 30 days apart." in text


def test_dc2_who_is_held_back_by_chance_is_told_so(shop: Recovering) -> None:
    with shop.work() as tx:
        trials.terms(tx, share=0.999)
    shop.leaves()
    shop.waits(hours=1)
    assert "By chance they are among" in reads(shop, person(shop))


def test_dc2_a_tier_and_its_code_say_why(house: House) -> None:
    till = Till(house.clock.now)
    with Loyal(house, till) as shop:
        shop.buys("ana", 320)
        with shop.look() as tx:
            id_ = tx.exec(select(Person.id).where(Person.email == "ana@example.com")).one()
        text = " ".join(words(shop.sees(f"/app/customers/{id_}")).split())
        assert "They spent €320.00 in the time that counts; the tier asks for €300.00." in text


def test_dc2_every_word_has_a_sentence() -> None:
    """No code of ours stands on the page instead of words."""
    told = (Path(app.__file__).parent / "people" / "templates" / "why.html").read_text("utf-8")
    own = {Word.OFFER_IN_SERVICE}
    offers = {f"offer_{word}" for word in offer_rules.Word}
    every = ({*Word} - own) | offers | {*recovery_rules.Word} | {*Entry}
    assert sorted(word for word in every if f'"{word}"' not in told) == []
