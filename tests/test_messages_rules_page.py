"""The rules of sending as the owner sees and changes them."""

from collections.abc import Iterator
from datetime import time

import pytest

from app.kit.house import House
from app.ltv import costing, entries
from app.ltv import flows as value
from app.ltv.tables import CustomerTally, ValueCosts
from app.messages import nights, rules_form
from app.messages.caps import USUAL
from app.messages.policy import Policy, policy
from tests.support.postbox import Postbox
from tests.support.writing import Writing

PATH = "/app/sending/rules"
USUALLY = {
    "cap_0": "1", "cap_1": "4", "cap_2": "1", "cap_3": "2", "cap_4": "6", "cap_5": "1",
    "cap_6": "5", "opens_email": "07:00", "closes_email": "22:00", "sundays_email": "on",
    "holidays_email": "on", "wrap_links": "on",
} | {
    f"{name}_{channel}": at
    for channel in ("sms", "whatsapp", "push")
    for name, at in (("opens", "09:00"), ("closes", "20:00"))
}  # fmt: skip
"""The form as it is shown to a shop that has changed nothing."""


@pytest.fixture
def shop(house: House) -> Iterator[Writing]:
    with Postbox() as postbox, Writing(house, postbox) as shop:
        yield shop


def saves(shop: Writing, **fields: str) -> tuple[int, str]:
    answer = shop.http.post(PATH, headers=shop.staff(), data=USUALLY | fields)
    return answer.status_code, answer.text


def own(shop: Writing) -> Policy:
    with shop.look() as tx:
        return policy(tx)


def test_saving_what_is_usual_changes_nothing(shop: Writing) -> None:
    assert saves(shop)[0] == 200
    assert own(shop) == Policy()


@pytest.mark.parametrize("locale", ["pl", "pt-BR"])
def test_the_page_speaks(shop: Writing, locale: str) -> None:
    page = shop.sees(PATH, locale=locale)
    assert {"pl": "Niemcy", "pt-BR": "Alemanha"}[locale] in page


def test_the_owner_changes_caps_hours_and_law(shop: Writing) -> None:
    """FC-1, FC-5, QH-2, CO-2, CO-4: a form, and it holds for the next message."""
    status, page = saves(
        shop, cap_0="", opens_email="08:30", new_country="fr", new_channel="sms",
        opens_new="10:00", closes_new="18:00", law_DE="soft_opt_in", law_PL="opt_out",
        country="br", single_opt_in="AT; CH", storefront="https://shop.example/p/{slug}",
    )  # fmt: skip
    assert status == 200, page
    told = own(shop)
    assert [cap.most for cap in told.all_caps] == [0, *(cap.most for cap in USUAL[1:])]
    assert told.hours_of("email", "DE").opens == time(8, 30)
    assert told.hours_of("sms", "FR").closes == time(18)
    assert told.hours_of("sms", "DE").closes == time(20)
    assert told.law == {"DE": "soft_opt_in"}, "Poland's law leaves no choice"
    assert (told.country, told.single_opt_in) == ("BR", ("AT", "CH"))
    page = shop.sees(PATH)
    assert 'name="opens_sms_FR"' in page
    kept = {"opens_sms_FR": "", "closes_sms_FR": "", "law_DE": "consent"}
    assert saves(shop, **kept)[0] == 200
    assert own(shop) == Policy()


@pytest.mark.parametrize(
    "wrong",
    [
        {"cap_0": "often"},
        {"opens_email": "23:00"},
        {"closes_sms": "late"},
        {"new_country": "XQ", "opens_new": "09:00", "closes_new": "10:00"},
        {"country": "Poland"},
        {"single_opt_in": "AT, Swiss"},
        {"logo": "javascript:alert(1)"},
        {"price_sms": "cheap"},
    ],
)
def test_what_cannot_be_read_is_named(wrong: dict[str, str]) -> None:
    form, _ = rules_form.typed(Policy(), ["PL"], USUALLY | wrong)
    assert len(form.problems) == 1


def test_nothing_is_saved_where_a_field_is_wrong(shop: Writing) -> None:
    status, page = saves(shop, cap_0="often", country="BR")
    assert status == 422
    assert 'class="problem"' in page
    assert own(shop) == Policy()


def test_what_was_typed_for_one_country_is_still_there_when_it_is_refused(shop: Writing) -> None:
    wrong = {"new_country": "XQ", "new_channel": "sms", "opens_new": "10:15", "closes_new": "11:45"}
    status, page = saves(shop, **wrong)
    assert status == 422
    assert page.count('name="opens_new"') == 1
    for typed in ("XQ", "10:15", "11:45"):
        assert f'value="{typed}"' in page
    assert '<option value="sms" selected>' in page


def test_only_who_manages_apps_sees_it(shop: Writing) -> None:
    assert shop.http.get(PATH, headers=shop.staff(["MANAGE_USERS"])).status_code == 403


def test_lv1_what_messages_cost_is_counted_from_what_was_sent(shop: Writing) -> None:
    """Two mails at two cents each, in sixty days, shared among who bought; no price, and it
    is typed again.
    """
    saves(shop, price_email="0,02")
    shop.sends("k1")
    shop.waits(days=30)
    shop.sends("k2")
    shop.waits(days=30)
    with shop.work() as tx:
        day = entries.today(tx)
        for person in (1, 2):
            tally = dict.fromkeys(("gross", "discount", "cost", "tax", "refunded", "costed"), 0)
            tx.add(
                CustomerTally(
                    person=person, days=1, first=day, last=day, orders=1, first_value=0, **tally
                )
            )
        nights.nightly(tx)
    with shop.look() as tx:
        terms = costing.terms(tx)
        assert (terms.counted, terms.messages) == (True, 12), "4 cents in 60 days are 24 a year"
        value.change_costs(tx, ValueCosts(messages=500), by="owner")
        assert costing.terms(tx).messages == 12, "what is counted is not typed"
    saves(shop)
    with shop.work() as tx:
        nights.nightly(tx)
        assert not costing.terms(tx).counted
