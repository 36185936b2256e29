"""Today, as a person reads it: every state in three languages, and what each must not claim."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.today.view import State, Today
from tests.support.html import LANGUAGES, markup, seen
from tests.support.views import (
    NOW,
    PARKED,
    carts,
    codes,
    comparison,
    empty_shop,
    first_run,
    health,
    today,
    troubled,
)

PAGE = "today/today.html"
STATES = {
    "normal": today,
    "first run": first_run,
    "empty": empty_shop,
    "troubled": troubled,
}


def read(page: Today, locale: str = "en") -> str:
    return seen(PAGE, locale=locale, today=page).replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("state", STATES)
def test_every_state_can_be_read_in_every_language(state: str, locale: str) -> None:
    page = STATES[state]()
    text = read(page, locale)
    assert text
    if locale != "en":
        assert text != read(page, "en")
        assert "Abandoned" not in text


def test_a_good_afternoon_says_so_in_words() -> None:
    text = read(today())
    assert "All orders up to 2:32 PM are in. Totals match Saleor." in text
    assert "Completeness How is this counted?" in text
    assert "100%" in text
    assert "couldn't be understood" not in text


def test_the_tiers_stand_with_their_people_and_offers() -> None:
    text = read(today())
    assert "Gold PLN 4,000.00 45 2.2% 12.5% off, on" in text
    assert "Bronze PLN 500.00 402 20.1% 5% off, switched off" in text


def test_a_cart_says_who_left_what_and_whether_the_code_is_on_it() -> None:
    text = read(today())
    assert "cleo@example.com Silver code on it 3 hours ago 3 PLN 1,284.90" in text
    assert "17 people have left something worth PLN 12,345.60 €240.00 together." in text
    assert "maximiliane.von-hohenstein@example.com no tier 1 day ago 1 €89.00" in text


def test_two_currencies_are_never_added_up() -> None:
    html = markup(PAGE, today=today())
    assert html.count('class="sums"') >= 3
    assert "12,585.60" not in read(today())


def test_every_number_says_its_period_and_how_it_is_made() -> None:
    html = markup(PAGE, today=today())
    figures = html.split('<div class="figure">')[1:]
    assert len(figures) == 5
    for figure in figures:
        assert 'class="figure-period"' in figure
        assert 'class="how"' in figure
        assert len(figure.partition("<summary")[2].partition("<p>")[2].partition("</p>")[0]) > 30


def test_numbers_lead_to_what_is_behind_them() -> None:
    html = markup(PAGE, today=today())
    assert 'href="/app/checkouts">17</a>' in html
    assert 'data-dashboard="/customers/VXNlcjoz"' in html
    assert 'data-dashboard="/orders/T3JkZXI6MQ=="' in html


def test_codes_tell_what_they_brought_and_what_they_cost() -> None:
    text = read(today())
    assert "on orders of PLN 3,711.20, with PLN 412.30 taken off" in text
    assert "Ana Kowalska Gold 2 days ago 20 hours ago, #1042" in text
    assert "cleo@example.com Silver 3 hours ago not yet" in text


def test_waiting_accounts_are_told_of_and_the_reason_with_them() -> None:
    text = read(today())
    assert "14 with 22 orders of PLN 2,140.00" in text
    assert "anybody could have typed the address" in text


def test_during_the_first_run_progress_is_seen_and_nothing_is_called_zero() -> None:
    text = read(first_run())
    assert "We're reading your shop's history." in text
    assert "Customers 2,014, all in" in text
    assert "Orders 4,300 of 8,021" in text
    assert "Products 120 so far" in text
    assert "Checkouts not begun" in text
    assert "About 4 minutes to go." in text
    assert "your shoppers come first" in text
    assert "missing here: 25." in text
    assert "not compared yet" in text
    assert "PLN 0.00" not in text
    assert "0%" not in text


def test_the_first_run_renews_itself_more_often_than_a_quiet_page() -> None:
    assert 'id="today" data-every="3"' in markup(PAGE, part="today", today=first_run())
    assert 'id="today" data-every="15"' in markup(PAGE, part="today", today=today())


def test_an_empty_shop_is_told_what_will_come_and_not_zero_per_cent() -> None:
    text = read(empty_shop())
    assert "We're listening. No order has been heard yet." in text
    assert "The first comparison with Saleor's books comes tonight." in text
    assert "Nobody has left a checkout behind. Long may it last." in text
    assert "There are no tiers yet." in text
    assert "0%" not in text
    assert "Came back nobody left" in text


def test_what_is_not_known_is_not_shown_as_a_number() -> None:
    text = read(today(tiers=None, carts=None, codes=None, unconfirmed=None))
    assert "Nobody has a tier yet." in text
    assert "No checkout has been heard yet." in text
    assert "Codes given" not in text


def test_trouble_is_named_and_never_called_well() -> None:
    text = read(troubled())
    assert "Our books differ from Saleor's. What is missing is being read again." in text
    assert "Totals match" not in text
    assert (
        "1,240 messages of the shop are waiting their turn. The oldest came 6 minutes ago." in text
    )
    assert "2 messages couldn't be understood." in text
    assert "ORDER_UPDATED" in text
    assert "Input should be a valid integer" in text
    assert "-PLN 440.50" in text


def test_one_message_is_not_two() -> None:
    one = today(health=health(State.PARKED, parked=1), parked=(PARKED,))
    assert "1 message couldn't be understood." in read(one)
    assert "1 komunikatu nie udało się zrozumieć." in read(one, "pl")
    few = today(health=health(State.BEHIND, waiting=3))
    assert "3 komunikaty ze sklepu czekają" in read(few, "pl")
    assert "3 mensagens da loja esperam" in read(few, "pt-BR")


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (State.REFUSED, "Saleor doesn't accept our key any more."),
        (State.PAUSED, "Perennial is switched off in the Dashboard."),
    ],
)
def test_a_shop_that_cannot_be_served_says_why_and_claims_nothing(
    state: State, sentence: str
) -> None:
    text = read(today(health=health(state)))
    assert sentence in text
    assert "All orders up to" not in text
    assert "Totals match" not in text


def test_a_difference_of_one_cent_is_a_difference() -> None:
    off = comparison(charged_here=Decimal("81340.49"))
    text = read(today(health=health(State.INCOMPLETE, comparisons=(off,))))
    assert "Our books differ" in text
    assert "-PLN 0.01" in text


def test_whoever_may_not_see_customers_sees_none() -> None:
    text = read(troubled())
    assert "Names are hidden" in text
    assert "hidden Silver" in text


def test_stopped_offers_are_said_where_codes_are() -> None:
    text = read(today(stopped_at=NOW - timedelta(hours=2)))
    assert "All offers were stopped 2 hours ago." in text
    nothing = today(offers=False, codes=codes(given=0, used=0, turnover=(), recent=()))
    assert "No offer is switched on, so no code is given." in read(nothing)


def test_codes_that_something_else_than_a_tier_gave_are_not_denied() -> None:
    """A friend's code and its thanks: seen in a shop whose tiers offer nothing."""
    given = codes(recent=(replace(codes().recent[0], tier="Referral", automation=True),))
    text = read(today(offers=False, codes=given))
    assert "Referral" in text
    assert "no code is given" not in text


def test_of_nobody_left_behind_no_share_is_made() -> None:
    none = carts(waiting=0, left=0, bought=0, value=(), lines=())
    assert "Came back nobody left" in read(today(carts=none))
