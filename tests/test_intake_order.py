"""IN-2, IN-3: a shop's day, heard in any order and any number of times, ends in the same rows."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest
from sqlmodel import SQLModel

from app.carts.tables import Cart
from app.catalog.tables import Collection, Price, Product, Variant
from app.customers.tables import Address, Erasure, Merge, Person
from app.kit.house import House
from app.kit.promises import Promise
from app.orders.tables import Discount, Line, Order, Vouched
from tests.support.makers import (
    JSON,
    by_app,
    by_user,
    checkout,
    checkout_line,
    customer,
    event,
    flaw,
    line,
    order,
    place,
    transaction,
    user,
    variant,
)
from tests.support.story import Shop

MINUTE, START = timedelta(minutes=1), timedelta(hours=-8)
FACTS: tuple[type[SQLModel], ...] = (
    Person, Address, Merge, Erasure, Order, Line, Discount, Vouched, Cart, Product, Variant,
    Collection, Price,
)  # fmt: skip
BOOK_KEEPING = {"id", "merged_at", "erased_at"}
"""Surrogate keys, and when we noticed."""
POINTS_TO = {
    "person": Person, "source": Person, "target": Person, "merged_into": Person,
    "product": Product, "variant": Variant,
}  # fmt: skip

Told = tuple[str, JSON]


class Day:
    """What a shop's Saleor says in a day, as it says it: each event shows the state by then."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.minute = -8 * 60

    def says(self, name: str, *, by: JSON | None = None, **subject: object) -> None:
        self.minute += 1
        body = event(name, issued=self.minute * MINUTE, by=by, **subject)
        self.told.append((name, body))

    def orders(self, *names: str, **told: object) -> None:
        """One act, several events, all with one state."""
        self.minute += 1
        now = self.minute * MINUTE
        told.setdefault("updated", now)
        for name in names:
            self.says(name, order=order(**told))

    def touches(
        self, no: str, shopper: JSON | str, *, by: JSON | None = None, **told: object
    ) -> None:
        self.minute += 1
        now = self.minute * MINUTE
        told.setdefault("created", START)
        self.says("CHECKOUT_UPDATED", by=by, checkout=checkout(shopper, no=no, updated=now, **told))


PAID = ("ORDER_CREATED", "ORDER_PAID", "ORDER_FULLY_PAID", "ORDER_UPDATED", "ORDER_CONFIRMED")


def a_day() -> list[Told]:
    day = Day()
    for part in (ana_settles_in, ben_has_two_devices, cleo_hesitates, dora_never_confirms,
                 the_staff_works, fay_leaves):  # fmt: skip
        part(day)
    return day.told


def ana_settles_in(day: Day) -> None:
    """Ana buys as a guest, registers, confirms, changes her address, is refunded bit by bit."""
    tees = [line("tee"), line("mug")]
    day.orders(*PAID, buyer="ana@example.com", no=1, created=START, lines=tees)
    day.says("CUSTOMER_CREATED", user=customer("ana", confirmed=False, updated=START))
    day.touches("C2", user("ana", confirmed=False), by=by_user("ana"))
    day.touches("C2", user("ana", confirmed=False), lines=[checkout_line("mug", quantity=2)])
    day.orders(*PAID, buyer=user("ana", confirmed=False), no=2, of="C2", created=START)
    day.says("ACCOUNT_CONFIRMED", user=customer("ana", updated=timedelta(hours=-5)))
    moved = {"email": "Ana.New@example.com"}
    day.says("CUSTOMER_UPDATED", user=customer("ana", updated=timedelta(hours=-4), **moved))
    day.orders(*PAID, buyer="ana.new@example.com", no=3, created=timedelta(hours=-3))
    refund = {"buyer": user("ana", **moved), "no": 2, "of": "C2", "created": START}
    day.orders("ORDER_REFUNDED", "ORDER_UPDATED", refunded=5, **refund)
    whole = {"refunded": 20, "chargeStatus": "NONE"}
    day.orders("ORDER_REFUNDED", "ORDER_UPDATED", "ORDER_FULLY_REFUNDED", **whole, **refund)


def ben_has_two_devices(day: Day) -> None:
    """And an app meddles with one of them; he buys on the other."""
    day.touches("phone", user("ben"), shippingAddress=place("PL"))
    day.touches("desk", "ben@example.com", lines=[checkout_line("cap"), checkout_line("tee")])
    day.touches("desk", "ben@example.com", by=by_app("another"), voucherCode="MEDDLED")
    day.touches("phone", user("ben"), shippingAddress=place("PL"), voucherCode="OWN")
    less = [line(each=18, before=20)]
    when = timedelta(hours=-1)
    day.orders(*PAID, buyer=user("ben"), no=4, of="phone", created=when, voucherCode="OWN",
               lines=less)  # fmt: skip


def cleo_hesitates(day: Day) -> None:
    """One telling of hers lost her address to an error."""
    day.touches("C5", "")
    day.touches("C5", "cleo@example.com")
    day.touches("C5", "cleo@example.com", transactions=[transaction(0)])
    day.minute += 1
    denied = checkout("", no="C5", created=START, updated=day.minute * MINUTE)
    flaws = [flaw("checkout", "email"), flaw("checkout", "user")]
    day.says("CHECKOUT_UPDATED", checkout=denied, errors=flaws)


def dora_never_confirms(day: Day) -> None:
    """She buys once signed in and once as a guest."""
    day.says("CUSTOMER_CREATED", user=customer("dora", confirmed=False))
    day.touches("C6", user("dora", confirmed=False))
    dora = user("dora", confirmed=False)
    day.orders(*PAID, buyer=dora, no=6, of="C6", created=timedelta(hours=-1))
    day.orders(*PAID, buyer="dora@example.com", no=7, created=timedelta(hours=-1))


def the_staff_works(day: Day) -> None:
    """A draft, a reissue of a product renamed, an expiry, a cancellation, an import."""
    day.says("CUSTOMER_UPDATED", by=by_user("olga"), user=customer("olga", isStaff=True))
    day.orders("ORDER_CREATED", buyer=user("ben"), no=8, origin="DRAFT", paid=False)
    renamed = variant("tee")
    renamed["product"] = renamed["product"] | {"name": "Finest tee"}
    again = {"origin": "REISSUE", "original": "T3JkZXI6NA=="}
    day.orders("ORDER_CREATED", buyer=user("ben"), no=9, lines=[line(variant=renamed)], **again)
    gone = {"buyer": "eve@example.com", "no": 10, "created": timedelta(hours=-2)}
    day.orders("ORDER_CREATED", "ORDER_CONFIRMED", paid=False, **gone)
    day.orders("ORDER_EXPIRED", "ORDER_UPDATED", paid=False, status="EXPIRED", **gone)
    paid = {"buyer": user("ben"), "no": 11, "created": timedelta(hours=-2), "gift_card": 7}
    day.orders(*PAID, **paid)
    day.orders("ORDER_CANCELLED", "ORDER_UPDATED", status="CANCELED", **paid)
    old = {"created": timedelta(days=-90), "origin": "BULK_CREATE", "currency": "PLN"}
    bulk = [order("ana@example.com", no=no, **old) for no in (12, 13)]
    day.says("ORDER_BULK_CREATED", orders=bulk)


def fay_leaves(day: Day) -> None:
    """She had two addresses, deletes her account, and comes back as a guest."""
    day.says("CUSTOMER_CREATED", user=customer("fay"))
    day.orders(*PAID, buyer=user("fay"), no=14, created=START, of="C14")
    day.touches("C15", user("fay"))
    day.orders(*PAID, buyer="fay@example.com", no=15, created=START)
    day.says("CUSTOMER_UPDATED", user=customer("fay", email="fay.old@example.com"))
    day.touches("C16", "fay.old@example.com")
    day.says("CUSTOMER_DELETED", user={"id": user("fay")["id"], "email": "fay@example.com"})
    day.orders(*PAID, buyer="fay@example.com", no=16, created=timedelta(hours=-1))
    day.touches("C17", "fay@example.com", created=timedelta(hours=-1))


def rows(shop: Shop) -> dict[str, list[str]]:
    """Every fact, told by natural keys."""
    with shop.look():
        found = {table: shop.all(table) for table in FACTS}
    names = {
        Person: {row.id: row.key for row in found[Person]},
        Product: {row.id: row.saleor_id for row in found[Product]},
        Variant: {row.id: row.saleor_id for row in found[Variant]},
        Order: {row.id: row.saleor_id for row in found[Order]},
    }
    said = {}
    for table, kept in found.items():
        points = POINTS_TO | ({"order": Order} if table is not Cart else {})
        said[table.__name__] = sorted(
            repr(
                {
                    column: names[points[column]].get(value, value)
                    if column in points and value is not None
                    else value
                    for column, value in row.model_dump().items()
                    if column not in BOOK_KEEPING
                }
            )
            for row in kept
            if not str(getattr(row, "key", "")).startswith("erased")
        )
    quiet = [row for row in shop.all(Promise) if row.kind == "cart.goes_quiet"]
    said["promises"] = sorted(f"{row.key} {row.due}" for row in quiet)
    return said


def heard(house: House, told: Sequence[Told], *, domain: str, at_once: bool) -> Shop:
    with Shop(house, domain=domain) as shop:
        for name, body in told:
            assert shop.delivers(name, body) == 202
            if at_once:
                shop.settles()
        shop.settles()
        assert shop.errors() == []
        return shop


@pytest.mark.parametrize("seed", range(2))
def test_in2_a_day_replayed_shuffled_and_with_repeats_ends_in_the_same_rows(
    house: House, seed: int
) -> None:
    replays_alike(house, seed)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(2, 42))
def test_in2_however_a_day_is_shuffled(house: House, seed: int) -> None:
    replays_alike(house, seed)


def replays_alike(house: House, seed: int) -> None:
    told = a_day()
    straight = heard(house, told, domain="straight.example", at_once=seed % 2 == 0)
    replay = [*told, *told[::3], *told]
    Random(seed).shuffle(replay)
    shuffled = heard(house, replay, domain="shuffled.example", at_once=seed % 3 == 0)
    expected, found = rows(straight), rows(shuffled)
    for table, facts in expected.items():
        assert found[table] == facts, f"{table} differs with seed {seed}"
    assert len(expected["Order"]) == 15
    assert sum("guest:fay@example.com" in fact for fact in expected["Order"]) == 1
    assert not any("fay.old" in fact for facts in expected.values() for fact in facts)


def test_in2_a_delivery_repeated_changes_nothing(shop: Shop) -> None:
    name, body = a_day()[0]
    shop.hears(name, body)
    once = rows(shop)
    shop.hears(name, body, times=3)
    assert rows(shop) == once
    assert len([row for row in shop.all(Promise) if row.kind == "webhook.heard"]) == 1


def test_our_own_echo_is_dropped(shop: Shop) -> None:
    shop.hears("CUSTOMER_UPDATED", event("CUSTOMER_UPDATED", by=by_app(), user=customer("ana")))
    assert shop.all(Person) == []
    shop.hears("CUSTOMER_UPDATED", event("CUSTOMER_UPDATED", by=by_app("b"), user=customer("ana")))
    assert len(shop.all(Person)) == 1


def test_an_event_that_nobody_asked_for_is_parked_and_blocks_nothing(shop: Shop) -> None:
    shop.hears("PRODUCT_SOLD_OUT", event("PRODUCT_SOLD_OUT"))
    shop.hears("ORDER_CREATED", event("ORDER_CREATED", order=order(no=1)))
    assert shop.errors() == ["UnreadableError: nobody asked for product_sold_out"]
    assert len(shop.all(Order)) == 1


@pytest.mark.parametrize(
    "body",
    [b"no json at all", b"[]", b'{"order": {"id": "x"}}', b'{"order": 7}', b"{}"],
    ids=["garbage", "a list", "half an order", "a number", "no instant"],
)
def test_a_poisoned_delivery_is_parked_with_its_reason(shop: Shop, body: bytes) -> None:
    shop.hears("ORDER_UPDATED", body)
    shop.hears("ORDER_CREATED", event("ORDER_CREATED", order=order(no=1)))
    assert len(shop.all(Order)) == 1
    parked = [row for row in shop.all(Promise) if row.parked_at]
    if body != b"{}":
        assert len(parked) == 1
        assert parked[0].error
