"""Stories of checkouts that were left: who is reminded, when, and what stops it."""

from collections.abc import Iterator

import pytest

from app.carts import flows as carts
from app.carts.tables import Cart
from app.history import overhearing
from app.history.rules import Kind
from app.history.sources import Told
from app.journeys import flows
from app.kit.clock import StillClock
from app.kit.hearing import Hearing
from app.kit.house import House
from app.saleor.shapes import Checkout
from tests.support.makers import (
    JSON,
    by_app,
    checkout,
    checkout_line,
    event,
    gid,
    transaction,
    user,
)
from tests.support.recovering import Counter, Recovering

FIRST, SECOND, LAST = (
    "Your cart is waiting",
    "Anything we can help with?",
    "Last reminder: your cart",
)


@pytest.fixture
def counter(clock: StillClock) -> Counter:
    return Counter(clock.now)


@pytest.fixture
def shop(house: House, counter: Counter) -> Iterator[Recovering]:
    with Recovering(house, counter, percent=0) as shop:
        yield shop


def test_a_left_checkout_brings_three_letters_after_one_hour_one_day_and_three(
    shop: Recovering,
) -> None:
    """AC-1, AC-4."""
    shop.leaves()
    shop.waits(minutes=59)
    assert shop.subjects() == []
    shop.waits(minutes=1)
    assert shop.errors() == []
    assert shop.subjects() == [FIRST]
    shop.waits(hours=22, minutes=59)
    assert shop.subjects() == [FIRST]
    shop.waits(minutes=1)
    assert shop.subjects() == [FIRST, SECOND]
    shop.waits(hours=48)
    assert shop.subjects() == [FIRST, SECOND, LAST]
    shop.waits(days=30)
    assert len(shop.mail()) == 3
    (run,) = shop.runs()
    assert run.why == "finished"


def test_a_checkout_that_is_read_only_hours_later_is_followed_up_all_the_same(
    shop: Recovering, counter: Counter
) -> None:
    """AC-1: the app took the delivery in, and then stood still for longer than the idle time."""
    body = checkout("cleo@example.com", updated=shop.at())
    counter.has(body)
    told = event("CHECKOUT_UPDATED", issued=shop.at(), checkout=dict(body))
    assert shop.delivers("CHECKOUT_UPDATED", told) == 202
    shop.waits(hours=2)
    assert shop.errors() == []
    assert shop.subjects() == [FIRST]


def test_a_checkout_whose_webhooks_were_lost_is_followed_up_once_a_sweep_has_found_it(
    shop: Recovering, counter: Counter
) -> None:
    """AC-1, AC-4, AC-9: it was left two days ago. The first letter is due at once, the second a
    day after it (FC-1), and none goes out twice; a checkout of four days ago is only counted.
    """
    shop.agrees("ben@example.com")
    young = checkout("cleo@example.com", no="C1", updated=shop.at(days=-2))
    old = checkout("ben@example.com", no="C2", updated=shop.at(days=-4))
    counter.has(young)
    counter.has(old)
    for _ in range(2):
        sweeps(shop, young, old)
    assert shop.subjects() == [FIRST]
    assert {cart.state for cart in shop.all(Cart)} == {"abandoned"}
    shop.waits(hours=11)
    assert shop.subjects() == [FIRST]
    shop.waits(hours=13)
    assert shop.subjects() == [FIRST, SECOND]
    sweeps(shop, young, old)
    shop.waits(days=9)
    assert shop.subjects() == [FIRST, SECOND, LAST]
    assert {letter.recipient for letter in shop.mail()} == {"cleo@example.com"}


def test_who_bought_in_the_outage_gets_no_letter(shop: Recovering, counter: Counter) -> None:
    """AC-6: the order was not heard of either; Saleor is asked."""
    body = checkout("cleo@example.com", updated=shop.at(hours=-5))
    counter.has(body)
    shop.buys(told=False)
    sweeps(shop, body)
    shop.waits(days=9)
    assert shop.mail() == []


def test_a_cart_that_is_swept_while_it_is_fresh_waits_for_its_hour(
    shop: Recovering, counter: Counter
) -> None:
    """AC-1: from the shopper's last act, whoever tells of it."""
    body = checkout("cleo@example.com", updated=shop.at(minutes=-20))
    counter.has(body)
    sweeps(shop, body)
    shop.waits(minutes=39)
    assert shop.mail() == []
    shop.waits(minutes=2)
    assert shop.subjects() == [FIRST]


def sweeps(shop: Recovering, *bodies: JSON) -> None:
    """What the sweep reads, it writes down and works like what it is told."""
    told = [Told(Checkout.model_validate(one), Hearing(shop.house.clock.now())) for one in bodies]
    with shop.work() as tx:
        overhearing.overhear(tx, Kind.CHECKOUTS, overhearing.news(tx, Kind.CHECKOUTS, told))
    shop.settles()


def test_an_empty_cart_a_nameless_one_and_one_of_the_staff_bring_nothing(shop: Recovering) -> None:
    """AC-1: lines, somebody to write to, no payment begun, nobody of the shop's own."""
    shop.leaves(lines=[])
    shop.leaves("", no="C2")
    shop.leaves(user("boss", staff=True), no="C3")
    shop.waits(days=4)
    assert shop.runs() == []
    assert shop.mail() == []


def test_a_cart_below_the_least_or_of_somebody_excluded_is_left_alone(shop: Recovering) -> None:
    """AC-1: a minimum by currency; addresses, domains and countries."""
    shop.agrees("ben@reseller.example")
    shop.sets(least_minor={"EUR": 2001}, excluded=["reseller.example"])
    shop.leaves()
    shop.leaves("ben@reseller.example", no="C2")
    shop.waits(hours=1)
    assert shop.mail() == []
    assert sorted(shop.skips()) == ["excluded", "too_little"]


def test_an_order_that_waits_for_its_payment_is_no_abandoned_checkout(shop: Recovering) -> None:
    """AC-2: a fourth thing, and never treated as the third."""
    shop.leaves()
    shop.waits(minutes=30)
    shop.buys(of="C1", paid=False)
    shop.waits(days=4)
    assert shop.mail() == []


def test_what_apps_write_does_not_restart_the_clock(shop: Recovering, counter: Counter) -> None:
    """AC-3: metadata and price refreshes are nobody's activity."""
    left = shop.leaves()
    shop.waits(minutes=50)
    moved = left | {"updatedAt": shop.at()}
    shop.hears(
        "CHECKOUT_UPDATED",
        event("CHECKOUT_UPDATED", issued=shop.at(), by=by_app("other"), checkout=moved),
    )
    shop.waits(minutes=10)
    assert shop.subjects() == [FIRST]


def test_activity_before_the_first_letter_restarts_the_clock(shop: Recovering) -> None:
    """AC-5."""
    left = shop.leaves()
    shop.waits(minutes=59)
    shop.leaves(lines=[checkout_line("tee", quantity=2)], created=left["created"])
    shop.waits(minutes=59)
    assert shop.mail() == []
    shop.waits(minutes=1)
    assert shop.subjects() == [FIRST]


def test_activity_after_a_letter_pauses_and_the_next_unsent_step_follows(shop: Recovering) -> None:
    """AC-5: never step one again."""
    left = shop.leaves()
    shop.waits(hours=1)
    shop.waits(hours=10)
    shop.leaves(lines=[checkout_line("tee", quantity=2)], created=left["created"])
    shop.waits(hours=23, minutes=59)
    assert shop.subjects() == [FIRST]
    shop.waits(minutes=1)
    assert shop.subjects() == [FIRST, SECOND]
    shop.waits(hours=48)
    assert shop.subjects() == [FIRST, SECOND, LAST]


def test_an_order_in_any_channel_ends_the_series(shop: Recovering) -> None:
    """AC-6 (a): on the order's event, whatever device and channel it came by."""
    shop.leaves()
    shop.waits(hours=1)
    shop.buys(channel={"id": gid("Channel", "kiosk"), "slug": "kiosk", "currencyCode": "EUR"})
    shop.waits(days=4)
    assert shop.subjects() == [FIRST]
    assert [run.why for run in shop.runs()] == ["bought_anyway"]


def test_an_order_whose_webhook_is_withheld_stops_the_letter_all_the_same(
    shop: Recovering,
) -> None:
    """AC-6 (c): placed one second before the send; Saleor itself is asked."""
    shop.leaves()
    shop.waits(minutes=59, seconds=59)
    shop.buys(told=False)
    shop.waits(seconds=1)
    assert shop.mail() == []
    assert [(send.state, send.reason) for send in shop.sends()] == [("refused", "stopped_purchase")]
    shop.waits(days=4)
    assert shop.mail() == []
    assert [run.why for run in shop.runs()] == ["stopped_purchase"]


def test_nothing_within_a_day_of_a_purchase(shop: Recovering) -> None:
    """AC-7."""
    shop.buys()
    shop.waits(hours=2)
    shop.leaves(no="C2")
    shop.waits(hours=1)
    assert shop.mail() == []
    assert shop.skips() == ["just_bought"]


def test_one_series_a_week(shop: Recovering) -> None:
    """AC-7: another checkout, five days later, begins no second one; ten days later it does."""
    shop.leaves()
    for hours in (1, 23, 48, 48):
        shop.waits(hours=hours)
    shop.leaves(no="C2")
    shop.waits(hours=2)
    assert len(shop.mail()) == 3
    assert shop.skips() == ["cooling_down"]
    shop.waits(days=5)
    shop.leaves(no="C3")
    shop.waits(hours=1)
    assert shop.subjects() == [FIRST, SECOND, LAST, FIRST]


def test_of_two_checkouts_of_one_person_only_the_livelier_is_followed_up(shop: Recovering) -> None:
    """AC-8."""
    shop.leaves()
    shop.waits(minutes=30)
    shop.leaves(no="C2", lines=[checkout_line("tee", quantity=2)])
    shop.waits(hours=1)
    assert shop.subjects() == [FIRST]
    assert [run.subject for run in shop.runs()] == [gid("Checkout", "C2")]
    states = {cart.checkout: cart.state for cart in shop.all(Cart)}
    assert states[gid("Checkout", "C1")] == "superseded"


def test_a_throwaway_address_is_not_mailed(shop: Recovering) -> None:
    """AC-12."""
    shop.agrees("x@mailinator.com")
    shop.leaves("x@mailinator.com")
    shop.waits(hours=1)
    assert shop.mail() == []
    assert shop.skips() == ["suspect"]


def test_six_checkouts_an_hour_from_one_address_are_no_shopper(shop: Recovering) -> None:
    """AC-12: where the storefront passes a hashed address; five are a household."""
    for no in range(6):
        shop.agrees(f"x{no}@example.com")
        shop.leaves(f"x{no}@example.com", no=f"X{no}", visitor="a1b2c3")
    shop.leaves(no="C1", visitor="d4e5f6")
    shop.leaves("ben@example.com", no="C2")
    shop.waits(hours=1)
    assert [letter.recipient for letter in shop.mail()] == ["cleo@example.com"]
    assert shop.skips() == ["suspect"] * 6
    assert "a1b2c3" not in {cart.visitor for cart in shop.all(Cart)}, "not as it was passed"
    page = shop.sees("/app/automations/cart")
    assert "6 carts looked like a robot" in page
    assert "2 · €40.00" in page, "and they are counted apart"


def test_what_came_back_and_what_was_bought_anyway_stand_beside_each_other(
    shop: Recovering,
) -> None:
    """AC-11: one of four was bought through a message of ours, one without."""
    for no, name in enumerate(("cleo", "ben", "dora", "eve")):
        shop.leaves(f"{name}@example.com", no=f"C{no}")
    shop.waits(hours=2)
    shop.buys(of="C0", decision="d1")
    shop.buys("ben@example.com", of="C1")
    page = shop.sees("/app/automations/cart")
    row = " ".join(page[page.index('id="results-title"') :].split())
    assert "4 · €80.00" in row
    assert row.count("1 (25%) · €20.00") == 2


def test_a_payment_on_its_way_blocks_the_series(shop: Recovering) -> None:
    """AC-13."""
    shop.leaves(transactions=[transaction(20)])
    shop.waits(days=4)
    assert shop.mail() == []


def test_who_did_not_agree_gets_nothing_and_it_is_written_down(shop: Recovering) -> None:
    """CO-2, J17: no consent ends it; the run says so."""
    shop.leaves("ben@example.com")
    shop.waits(days=4)
    assert shop.mail() == []
    assert [run.why for run in shop.runs()] == ["no_consent"]


def test_a_journey_switched_off_sends_nothing_and_takes_nobody_in(shop: Recovering) -> None:
    """SS-3: what piled up meanwhile is skipped when it goes on, if the owner says so."""
    shop.leaves()
    shop.waits(hours=1)
    with shop.work() as tx:
        flows.switch_off(tx, "cart")
    shop.waits(hours=24)
    assert shop.subjects() == [FIRST]
    with shop.work() as tx:
        flows.switch_on(tx, "cart", skip=True)
    shop.waits(minutes=5)
    assert shop.subjects() == [FIRST]
    shop.waits(hours=48)
    assert shop.subjects() == [FIRST, LAST]


def test_carts_kept_apart_by_channel_are_still_one_series_a_week(shop: Recovering) -> None:
    """AC-7: of a person, whatever the channels; AC-8 keeps both carts, and one is followed up: the
    livelier of those that go quiet together, else the first.
    An order in one channel ends it for both (AC-6), and for a day none begins in the other."""
    with shop.work() as tx:
        carts.keep_apart(tx, per_channel=True)
    polish = {"id": gid("Channel", "pl"), "slug": "pl", "currencyCode": "EUR"}
    shop.leaves(no="PL", channel=polish, languageCode="PL")
    shop.waits(minutes=10)
    shop.leaves(no="EN")
    shop.waits(hours=2)
    assert [cart.state for cart in shop.all(Cart)] == ["abandoned", "abandoned"]
    assert [run.subject for run in shop.runs()] == [gid("Checkout", "EN")]
    assert len(shop.mail()) == 1
    assert shop.skips() == ["cooling_down"]
    shop.waits(days=2)
    shop.buys()
    shop.waits(minutes=5)
    shop.leaves(no="PL-2", channel=polish, languageCode="PL")
    shop.waits(hours=2)
    assert shop.skips() == ["cooling_down", "just_bought"]
    shop.waits(days=2)
    assert len(shop.mail()) == 2
