"""Checkouts as shops tell of them: touched, bought, left behind, forgotten by Saleor."""

from datetime import timedelta
from typing import Any

import pytest

from app.carts import flows as carts
from app.carts import queries
from app.carts.rules import State
from app.carts.tables import Cart
from app.saleor.shapes import Checkout
from tests.support.makers import (
    JSON,
    MONDAY,
    by_app,
    by_user,
    checkout,
    checkout_line,
    event,
    flaw,
    gid,
    order,
    place,
    transaction,
    user,
)
from tests.support.story import Shop
from tests.support.telling import heard, shaped

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CLEO = "cleo@example.com"


def touches(shop: Shop, *who: object, after: timedelta = timedelta(), **told: object) -> None:
    """The shopper does something at her checkout, so long after Monday, nine o'clock."""
    told.setdefault("created", timedelta())
    body = checkout(*who, updated=after, **told)
    shop.hears("CHECKOUT_UPDATED", event("CHECKOUT_UPDATED", issued=after, checkout=body))


def buys(shop: Shop, *who: object, after: timedelta, **told: object) -> None:
    body = order(*who, created=after, **told)
    shop.hears("ORDER_CREATED", event("ORDER_CREATED", issued=after, order=body))


def states(shop: Shop) -> dict[str, str]:
    return {cart.checkout: cart.state for cart in shop.all(Cart)}


def state(shop: Shop) -> str:
    (only,) = states(shop).values()
    return only


def test_ac1_a_checkout_that_rests_for_an_hour_is_abandoned(shop: Shop) -> None:
    touches(shop, CLEO)
    shop.waits(minutes=59)
    assert state(shop) == State.ACTIVE
    shop.waits(minutes=1)
    assert state(shop) == State.ABANDONED
    (cart,) = shop.all(Cart)
    assert cart.abandoned_at == MONDAY + HOUR
    assert shop.errors() == []


def test_ac1_the_owner_may_be_more_patient(shop: Shop) -> None:
    with shop.work() as tx:
        carts.be_patient(tx, 3 * HOUR)
    touches(shop, CLEO)
    shop.waits(hours=2)
    assert state(shop) == State.ACTIVE
    shop.waits(hours=1)
    assert state(shop) == State.ABANDONED


def test_a_shopper_who_goes_on_is_not_abandoned(shop: Shop) -> None:
    touches(shop, CLEO)
    shop.waits(minutes=50)
    touches(shop, CLEO, after=50 * MINUTE, lines=[checkout_line(quantity=2)])
    shop.waits(minutes=50)
    assert state(shop) == State.ACTIVE
    shop.waits(minutes=10)
    assert state(shop) == State.ABANDONED


@pytest.mark.parametrize(
    "change",
    [
        {"lines": [checkout_line(quantity=3)]},
        {"lines": [checkout_line("mug")]},
        {"shippingAddress": place("FR")},
        {"voucherCode": "SUMMER"},
    ],
    ids=["more of it", "something else", "an address", "a code"],
)
def test_ac3_what_a_shopper_changes_restarts_the_clock(shop: Shop, change: dict[str, Any]) -> None:
    touches(shop, CLEO)
    shop.waits(minutes=30)
    touches(shop, CLEO, after=30 * MINUTE, **change)
    shop.waits(minutes=59)
    assert state(shop) == State.ACTIVE


def test_ac3_metadata_and_prices_do_not_restart_the_clock(shop: Shop) -> None:
    touches(shop, CLEO)
    shop.waits(minutes=30)
    touches(shop, CLEO, after=30 * MINUTE, lines=[checkout_line(each=25)], decision="x")
    shop.waits(minutes=30)
    assert state(shop) == State.ABANDONED
    (cart,) = shop.all(Cart)
    assert cart.worth_minor == 2500, "the snapshot is fresh all the same"


@pytest.mark.parametrize("app", ["QXBwOjE=", "QXBwOjk="], ids=["ours", "another"])
def test_ac3_no_app_restarts_the_clock(shop: Shop, app: str) -> None:
    touches(shop, CLEO)
    shop.waits(minutes=30)
    body = checkout(CLEO, created=timedelta(), updated=30 * MINUTE, voucherCode="APP")
    shop.hears(
        "CHECKOUT_UPDATED",
        event("CHECKOUT_UPDATED", issued=30 * MINUTE, by=by_app(app), checkout=body),
    )
    shop.waits(minutes=30)
    assert state(shop) == State.ABANDONED


def test_ac3_a_code_that_is_ours_is_no_act_of_the_shoppers(shop: Shop) -> None:
    with shop.work() as tx:
        for after, code in ((timedelta(), None), (30 * MINUTE, "OURS")):
            told = checkout(CLEO, created=timedelta(), updated=after, voucherCode=code)
            touch = carts.touch(
                tx, shaped(Checkout, told), heard=heard(after), own_code=code is not None
            )
        assert touch.cart.touched_at == MONDAY


def test_ac1_nobody_and_nothing_are_only_counted(shop: Shop) -> None:
    touches(shop, "", no="C1")
    touches(shop, CLEO, no="C2", lines=[])
    shop.waits(hours=2)
    assert set(states(shop).values()) == {State.IDLE}
    with shop.look() as tx:
        assert queries.nameless(tx, since=MONDAY) == 1
        assert queries.waiting(tx) == []


def test_ac1_a_payment_under_way_is_left_alone(shop: Shop) -> None:
    touches(shop, CLEO, transactions=[transaction(20)])
    shop.waits(hours=2)
    assert state(shop) == State.SUPPRESSED


def test_ac1_an_attempt_to_pay_that_came_to_nothing_is_no_payment(shop: Shop) -> None:
    touches(shop, CLEO, transactions=[transaction(0)])
    shop.waits(hours=2)
    assert state(shop) == State.ABANDONED


def test_ac1_members_of_staff_try_their_own_shop(shop: Shop) -> None:
    touches(shop, user("olga", staff=True))
    shop.waits(hours=2)
    assert state(shop) == State.SUPPRESSED


def test_a_checkout_that_became_an_order_is_closed_by_it(shop: Shop) -> None:
    touches(shop, CLEO, no="C1")
    buys(shop, CLEO, after=10 * MINUTE, of="C1")
    shop.waits(hours=2)
    (cart,) = shop.all(Cart)
    assert (cart.state, cart.abandoned_at) == (State.BOUGHT, None)
    assert cart.ordered_at == MONDAY + 10 * MINUTE


def test_ac2_an_order_that_waits_for_its_payment_is_no_abandoned_checkout(shop: Shop) -> None:
    touches(shop, CLEO, no="C1")
    buys(shop, CLEO, after=10 * MINUTE, of="C1", paid=False)
    shop.waits(hours=2)
    assert state(shop) == State.BOUGHT


def test_who_comes_back_by_himself_bought_anyway(shop: Shop) -> None:
    touches(shop, CLEO, no="C1")
    shop.waits(hours=5)
    buys(shop, CLEO, after=5 * HOUR, of="C1")
    assert state(shop) == State.BOUGHT_ANYWAY
    with shop.look() as tx:
        (tally,) = queries.tallies(tx, since=MONDAY)
    assert (tally.left, tally.bought) == (1, 1)


def test_ac11_an_order_that_goes_back_to_a_message_is_recovered(shop: Shop) -> None:
    touches(shop, CLEO, no="C1")
    shop.waits(hours=5)
    buys(shop, CLEO, after=5 * HOUR, of="C1", decision="d1")
    assert state(shop) == State.RECOVERED


def test_ac6_buying_on_another_device_ends_it_too(shop: Shop) -> None:
    touches(shop, CLEO, no="C1")
    shop.waits(hours=5)
    buys(shop, CLEO, after=5 * HOUR, of="C9")
    assert state(shop) == State.BOUGHT_ANYWAY


def test_ac6_what_was_bought_before_does_not_count(shop: Shop) -> None:
    buys(shop, CLEO, after=-2 * HOUR)
    touches(shop, CLEO, no="C1")
    shop.waits(hours=2)
    assert state(shop) == State.ABANDONED


@pytest.mark.parametrize("origin", ["BULK_CREATE", "DRAFT"])
def test_ac6_orders_that_the_staff_made_are_no_purchase(shop: Shop, origin: str) -> None:
    touches(shop, CLEO, no="C1")
    buys(shop, CLEO, after=10 * MINUTE, origin=origin)
    shop.waits(hours=2)
    assert state(shop) == State.ABANDONED


def test_ac8_of_two_checkouts_the_livelier_one_stays(shop: Shop) -> None:
    touches(shop, user("cleo"), no="phone")
    touches(shop, CLEO, no="desk", after=10 * MINUTE, created=10 * MINUTE)
    shop.waits(hours=2)
    assert states(shop) == {
        gid("Checkout", "phone"): State.SUPERSEDED,
        gid("Checkout", "desk"): State.ABANDONED,
    }


@pytest.mark.parametrize(("language", "kept"), [("PL", State.ABANDONED), ("EN", State.SUPERSEDED)])
def test_ac8_the_owner_may_keep_channels_with_languages_of_their_own_apart(
    shop: Shop, language: str, kept: State
) -> None:
    with shop.work() as tx:
        carts.keep_apart(tx, per_channel=True)
    polish = {"id": gid("Channel", "pl"), "slug": "pl", "currencyCode": "EUR"}
    touches(shop, CLEO, no="pl", channel=polish, languageCode=language)
    touches(shop, CLEO, no="web", after=10 * MINUTE, created=10 * MINUTE)
    shop.waits(hours=2)
    assert states(shop) == {gid("Checkout", "pl"): kept, gid("Checkout", "web"): State.ABANDONED}


def test_ac8_somebody_elses_checkout_has_nothing_to_do_with_it(shop: Shop) -> None:
    touches(shop, CLEO, no="C1")
    touches(shop, user("ben"), no="C2", after=10 * MINUTE)
    touches(shop, "", no="C3", after=20 * MINUTE)
    shop.waits(hours=2)
    assert list(states(shop).values()).count(State.ABANDONED) == 2


def test_ac9_what_saleor_deleted_is_kept_as_it_was(shop: Shop) -> None:
    touches(shop, CLEO, no="C1")
    shop.waits(days=2)
    with shop.work() as tx:
        carts.miss(tx, gid("Checkout", "C1"))
    (cart,) = shop.all(Cart)
    assert (cart.state, cart.lines[0]["name"]) == (State.EXPIRED, "Tee")
    assert cart.abandoned_at == MONDAY + HOUR


def test_ac9_a_checkout_that_is_heard_again_was_not_gone(shop: Shop) -> None:
    touches(shop, CLEO, no="C1")
    with shop.work() as tx:
        carts.miss(tx, gid("Checkout", "C1"))
    touches(shop, CLEO, no="C1", after=MINUTE, lines=[checkout_line(quantity=2)])
    assert state(shop) == State.ACTIVE


def test_it_can_be_asked_which_have_been_silent_for_long(shop: Shop) -> None:
    touches(shop, CLEO, no="C1")
    buys(shop, user("ben"), after=MINUTE, of="C2")
    shop.waits(days=2)
    with shop.look() as tx:
        silent = queries.unheard(tx, since=MONDAY + DAY, limit=10)
    assert [cart.email for cart in silent] == [CLEO]


def test_in3_an_older_telling_does_not_bring_old_things_back(shop: Shop) -> None:
    touches(shop, CLEO, after=HOUR, lines=[checkout_line("mug")])
    touches(shop, CLEO, after=10 * MINUTE)
    (cart,) = shop.all(Cart)
    assert [each["name"] for each in cart.lines] == ["Mug"]
    assert cart.touched_at == MONDAY + HOUR


def test_in3_an_address_that_an_error_nulled_is_not_lost(shop: Shop) -> None:
    touches(shop, user("cleo"))
    body = checkout("", created=timedelta(), updated=HOUR)
    told = event("CHECKOUT_UPDATED", issued=HOUR, checkout=body, errors=[flaw("checkout", "user")])
    shop.hears("CHECKOUT_UPDATED", told)
    (cart,) = shop.all(Cart)
    assert cart.email == CLEO
    assert cart.person is not None


def test_id2_a_typed_address_is_nobodys_proof(shop: Shop) -> None:
    touches(shop, user("cleo"), no="C1")
    touches(shop, CLEO, no="C2")
    assert sorted(cart.person is not None for cart in shop.all(Cart)) == [False, True]


@pytest.mark.parametrize(
    ("by", "shopper"),
    [(None, True), (by_user("cleo"), True), (by_app(), False)],
    ids=["anonymous", "signed in", "an app"],
)
def test_only_a_persons_own_event_is_the_moment_for_a_code(
    shop: Shop, by: JSON | None, *, shopper: bool
) -> None:
    from webhooks import EVENTS
    from webhooks.telling import telling

    told = event("CHECKOUT_UPDATED", by=by, checkout=checkout(user("cleo")))
    shape = shaped(EVENTS["checkout_updated"].shape, told)
    with shop.work() as tx:
        touch = carts.touch(tx, shape.checkout, heard=telling(shape))
        assert touch.by_shopper is shopper
        assert touch.person is not None


def test_another_shop_sees_none_of_it(shop: Shop) -> None:
    with Shop(shop.house, domain="other.example") as other:
        touches(shop, CLEO)
        shop.waits(hours=2)
        assert other.all(Cart) == []
        touches(other, CLEO)
        assert len(shop.all(Cart)) == 1
