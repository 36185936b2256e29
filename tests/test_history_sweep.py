"""IN-4: what nobody told us is found, and worked as if somebody had."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import BaseModel

from app.carts.tables import Cart, State
from app.customers.tables import Person
from app.history import overhearing, queries, sweeping
from app.history.rules import Kind
from app.history.sources import Told
from app.history.tables import Misfit
from app.kit.clock import Clock
from app.kit.deliveries import name_of
from app.kit.hearing import Cause, Hearing
from app.kit.house import House
from app.kit.promises import Delivery, Promise
from app.loyalty.tables import Act
from app.orders.tables import Order
from app.saleor import shapes
from app.saleor.shapes import Checkout, Customer, OrderUpdated
from app.world import World
from tests.support.history import OldShop
from tests.support.makers import (
    JSON,
    MONDAY,
    checkout,
    customer,
    event,
    gid,
    order,
    raw,
    user,
)
from tests.support.past import Past
from webhooks import EVENTS
from webhooks.telling import SWEEP, telling

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def past() -> Past:
    return Past()


@pytest.fixture
def shop(house: House, past: Past) -> Iterator[OldShop]:
    """Installed a while ago, and nothing has happened yet."""
    with OldShop(house, past) as shop:
        shop.imports()
        shop.lives(minutes=6)
        yield shop


def since(shop: OldShop, ago: timedelta = timedelta()) -> timedelta:
    """As makers tell instants."""
    return shop.now - ago - MONDAY


def test_what_was_bought_while_the_app_was_off_is_there_six_minutes_after_its_start(
    shop: OldShop, past: Past
) -> None:
    """IN-4."""
    for n in range(20):
        shopper = user(f"buyer{n}")
        began = since(shop, -timedelta(seconds=n))
        shop.hears(
            "CHECKOUT_UPDATED",
            event(
                "CHECKOUT_UPDATED",
                issued=began,
                checkout=checkout(shopper, no=f"C{n}", updated=began),
            ),
        )
        past.orders.append(order(shopper, no=n, of=f"C{n}", created=since(shop, -(n + 1) * MINUTE)))
    shop.sleeps(minutes=70)
    shop.starts()
    shop.lives(minutes=6)
    assert shop.orders() == {told["id"] for told in past.orders}
    carts = shop.all(Cart)
    assert {cart.state for cart in carts} == {State.BOUGHT}
    assert all(cart.abandoned_at is None for cart in carts)
    assert not any(row.history for row in shop.all(Order))
    assert shop.errors() == []


def test_a_change_that_nobody_told_is_found_within_five_minutes(shop: OldShop, past: Past) -> None:
    past.orders = [order(no=1, created=since(shop))]
    past.customers = [customer("ben", updated=since(shop))]
    shop.lives(minutes=5)
    assert shop.orders() == {gid("Order", 1)}
    assert {person.account for person in shop.all(Person)} == {
        gid("User", "ana"),
        gid("User", "ben"),
    }
    past.orders = [order(no=1, created=since(shop, 5 * MINUTE), updated=since(shop), refunded=5)]
    shop.lives(minutes=5)
    (row,) = shop.all(Order)
    assert row.refunded_minor == 500


def test_two_states_with_one_updated_at_are_told_apart(shop: OldShop, past: Past) -> None:
    told = order(no=1, created=since(shop), paid=False)
    past.orders = [told]
    shop.lives(minutes=5)
    past.orders = [told | {"status": "UNFULFILLED", "chargeStatus": "FULL"}]
    shop.lives(minutes=5)
    (row,) = shop.all(Order)
    assert (row.status, row.charge_status, row.paid) == ("UNFULFILLED", "FULL", True)


def test_what_was_heard_is_not_worked_again(shop: OldShop, past: Past) -> None:
    told = order(no=1, created=since(shop))
    shop.hears("ORDER_CREATED", event("ORDER_CREATED", issued=since(shop), order=told))
    past.orders = [told]
    shop.lives(minutes=20)
    assert overheard(shop) == []


def overheard(shop: OldShop) -> list[str]:
    kept = [p for p in shop.all(Promise) if p.kind == "history.overheard"]
    return [promise.body["event"] for promise in kept]


def test_what_was_found_once_is_not_found_again(shop: OldShop, past: Past) -> None:
    past.orders = [order(no=1, created=since(shop))]
    shop.lives(minutes=30)
    assert overheard(shop) == ["order_updated"]
    assert shop.all(Delivery) == []


def test_a_sweep_asks_only_for_what_has_changed_since_the_last(shop: OldShop, past: Past) -> None:
    before = swept_at(shop)
    past.asked.clear()
    shop.lives(minutes=5)
    (asked,) = [told for name, told in past.asked if name == "Orders"]
    assert datetime.fromisoformat(asked["since"]) == before - 10 * MINUTE
    assert swept_at(shop) == before + 5 * MINUTE


def swept_at(shop: OldShop) -> datetime:
    with shop.look() as tx:
        at = queries.complete_until(tx)
    assert at is not None
    return at


def test_checkouts_are_swept_every_hour(shop: OldShop, past: Past) -> None:
    past.asked.clear()
    past.checkouts = [checkout(no="C1", updated=since(shop))]
    shop.lives(hours=1)
    assert past.names().count("Checkouts") == 1
    (cart,) = shop.all(Cart)
    assert cart.checkout == gid("Checkout", "C1")


def test_a_checkout_that_was_swept_gets_no_code(shop: OldShop, past: Past) -> None:
    """AC-3: only while handling an event of the shopper's own."""
    told = Told(Checkout.model_validate(checkout(no="C1", updated=since(shop))), Hearing(shop.now))
    with shop.work() as tx:
        overhearing.overhear(tx, Kind.CHECKOUTS, [told])
    (delivery,) = shop.all(Delivery)
    heard = telling(EVENTS["checkout_updated"].read(delivery.body))
    assert heard.cause is Cause.UNKNOWN
    shop.settles()
    assert shop.all(Act) == []
    assert overhearing.SWEEP == SWEEP


def test_a_gap_in_hearing_brings_a_look_at_checkouts_and_failed_deliveries(
    shop: OldShop, past: Past
) -> None:
    past.asked.clear()
    shop.sleeps(minutes=40)
    shop.lives(minutes=1)
    assert {"Orders", "Checkouts", "FailedDeliveries"} <= set(past.names())


def test_an_order_that_was_never_heard_is_a_gap_too(shop: OldShop, past: Past) -> None:
    shop.lives(minutes=3)
    past.orders = [order(no=1, created=since(shop, 3 * MINUTE))]
    past.asked.clear()
    shop.lives(minutes=5)
    assert "Checkouts" in past.names()


def test_a_checkout_that_saleor_has_deleted_is_noticed(shop: OldShop, past: Past) -> None:
    """AC-9."""
    told = checkout(no="C1", updated=since(shop))
    past.checkouts = [told, checkout("ben@example.com", no="C2", updated=since(shop))]
    shop.waits(hours=2)
    past.checkouts = past.checkouts[1:]
    for _ in range(27):
        shop.waits(hours=1)
    states = {cart.checkout: cart.gone_at is not None for cart in shop.all(Cart)}
    assert states == {gid("Checkout", "C1"): True, gid("Checkout", "C2"): False}


def failed(name: str, body: JSON | None, *, ago: timedelta = HOUR) -> JSON:
    payload = raw(body).decode() if body else None
    return {
        "id": f"D{name}", "createdAt": (MONDAY - ago).isoformat(), "eventType": name,
        "payload": payload,
    }  # fmt: skip


def test_deliveries_that_saleor_gave_up_on_are_fetched_after_a_start_and_worked_once(
    shop: OldShop, past: Past
) -> None:
    body = event("ORDER_CREATED", order=order(no=1))
    past.failed = [
        failed("ORDER_CREATED", body),
        failed("ORDER_PAID", None),
        failed("CUSTOMER_CREATED", event("CUSTOMER_CREATED", user=customer("ben"))),
    ]
    shop.starts()
    shop.settles()
    assert shop.orders() == {gid("Order", 1)}
    assert len(shop.all(Person)) == 2
    before = len(shop.all(Promise))
    shop.starts()
    shop.settles()
    assert shop.delivers("ORDER_CREATED", raw(body)) == 202
    shop.settles()
    assert len(shop.all(Promise)) == before
    assert shop.errors() == []


def test_a_switch_that_was_turned_days_ago_is_not_turned_again(shop: OldShop, past: Past) -> None:
    app = {"id": "QXBwOjE=", "isActive": False}
    past.failed = [failed("APP_STATUS_CHANGED", event("APP_STATUS_CHANGED", app=app))]
    shop.starts()
    shop.settles()
    assert overheard(shop) == []


def test_a_failed_delivery_about_a_checkout_fills_the_gap_and_is_no_act_of_the_shoppers(
    shop: OldShop, past: Past
) -> None:
    told = event("CHECKOUT_UPDATED", issued=-2 * DAY, checkout=checkout(updated=-2 * DAY))
    past.failed = [failed("CHECKOUT_UPDATED", told)]
    shop.starts()
    shop.settles()
    (cart,) = shop.all(Cart)
    assert cart.trail[0][2] == Cause.UNKNOWN
    assert shop.all(Act) == []


def test_a_saleor_that_is_away_ends_no_watch(shop: OldShop, past: Past) -> None:
    past.away = True
    for _ in range(60):
        shop.waits(minutes=20)
    assert not [p for p in shop.all(Promise) if p.parked_at]
    past.away = False
    past.orders = [order(no=1, created=since(shop, 3 * HOUR))]
    shop.lives(minutes=6)
    assert shop.orders() == {gid("Order", 1)}


def test_a_sweep_that_takes_long_goes_on_where_it_was(
    shop: OldShop, past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    past.orders = [order(no=n, created=since(shop)) for n in range(250)]
    monkeypatch.setattr(sweeping, "TURN", 0)
    shop.lives(minutes=5)
    assert len(shop.orders()) == 250
    assert shop.now - swept_at(shop) < 5 * MINUTE


def test_a_sweep_gets_past_a_bad_order(shop: OldShop, past: Past) -> None:
    past.orders = [order(no=n, created=since(shop)) for n in range(5)]
    past.orders[2]["origin"] = ""
    past.unreadable = {gid("Order", 3)}
    shop.lives(minutes=5)
    assert shop.orders() == {gid("Order", n) for n in (0, 1, 2, 4)}
    assert {(m.number, m.read) for m in shop.all(Misfit)} == {("2", True), ("3", False)}


def test_an_order_event_without_an_order_is_asked_again_at_once(shop: OldShop, past: Past) -> None:
    past.orders = [order(no=1, created=since(shop))]
    shop.hears("ORDER_CREATED", event("ORDER_CREATED", issued=since(shop), order=None))
    assert shop.orders() == {gid("Order", 1)}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Kind.ORDERS, shapes.Order.model_validate(order(no=1, refunded=5, of="C1"))),
        (Kind.CUSTOMERS, Customer.model_validate(customer())),
        (Kind.CHECKOUTS, Checkout.model_validate(checkout())),
    ],
)
def test_what_is_overheard_says_what_was_read(shop: OldShop, kind: Kind, told: BaseModel) -> None:
    nulled = frozenset({("order", "user")}) if kind is Kind.ORDERS else frozenset()
    heard = Hearing(datetime(2026, 3, 2, 9, 30, tzinfo=UTC), nulled=nulled)
    with shop.work() as tx:
        overhearing.overhear(tx, kind, [Told(told, heard)])
    (delivery,) = shop.all(Delivery)
    body = EVENTS[delivery.event].read(delivery.body)
    (subject,) = [v for v in vars(body).values() if isinstance(v, type(told))]
    assert subject == told
    assert telling(body).issued_at == heard.issued_at
    assert body.nulled == nulled


def test_a_delivery_has_one_name_whichever_way_it_comes(shop: OldShop) -> None:
    """IN-2: at the door, fetched after it failed, or read by a sweep."""
    body = overhearing.Body("order_created", b'{"order": null}')
    with shop.work() as tx:
        overhearing.promise(tx, [body, body])
    (promise,) = [p for p in shop.all(Promise) if p.kind == "history.overheard"]
    assert promise.key == name_of(body.event, body.raw).key


def test_on_a_fast_clock_nothing_comes_more_often_than_every_twenty_seconds(
    shop: OldShop,
) -> None:
    fast = Clock(600, MONDAY)

    class Fast:
        clock = fast

    world: World = Fast()  # type: ignore[assignment]
    assert sweeping.pace(world, 5 * MINUTE) == timedelta(minutes=200)
    assert sweeping.pace(world, DAY) == DAY


def test_a_swept_order_without_its_origin_is_told_as_it_was_read() -> None:
    bare = shapes.Order.model_validate({k: v for k, v in order(no=1).items() if k != "origin"})
    body = json.loads(json.dumps({"issuedAt": None, "order": bare.model_dump(mode="json")}))
    assert OrderUpdated.model_validate(body).order == bare
