"""Orders written down: every status, any order of tellings, each amount in its place."""

from datetime import timedelta
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from app.kit.hearing import Hearing, Version
from app.kit.merging import NEVER, settle
from app.orders import flows as orders
from app.orders import queries as sales
from app.orders.tables import Discount, Line
from app.orders.tables import Order as Row
from app.recommend import queries as bought
from app.saleor.shapes import Order
from app.shops.tables import Rate
from app.shops.tables import Shop as Home
from tests.support.makers import MONDAY, line, money, order, user
from tests.support.story import Shop
from tests.support.telling import heard, shaped

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SINCE = MONDAY - timedelta(days=365)


def record(shop: Shop, told: dict[str, Any], hearing: Hearing | None = None) -> orders.Recorded:
    with shop.work() as tx:
        return orders.record(tx, shaped(Order, told), heard=hearing or heard())


def the_order(shop: Shop) -> Row:
    (row,) = shop.all(Row)
    return row


def test_an_order_is_kept_with_its_lines_and_discounts(shop: Shop) -> None:
    told = order(
        no=7, lines=[line("tee", each=18, before=20), line("mug", each=5, quantity=2)],
        shipping=6, voucherCode="SUMMER",
        discounts=[
            {"id": "d", "type": "VOUCHER", "name": "Summer", "value": 2.0, "valueType": "FIXED",
             "reason": None, "total": money(2)},
        ],
    )  # fmt: skip
    recorded = record(shop, told)
    assert recorded.new
    assert recorded.newly_paid
    assert recorded.code == "SUMMER"
    row = the_order(shop)
    assert (row.number, row.total_minor, row.goods_minor, row.shipping_minor) == (
        "7", 3400, 2800, 600,
    )  # fmt: skip
    assert (row.charged_minor, row.discount_minor, row.goods_reporting_minor) == (3400, 200, 2800)
    with shop.look() as tx:
        lines = sales.lines(tx, recorded.order)
    assert [(each.name, each.quantity, each.total_minor) for each in lines] == [
        ("Tee", 1, 1800),
        ("Mug", 2, 1000),
    ]
    assert all(each.product for each in lines)
    assert [(d.kind, d.name, d.amount_minor) for d in shop.all(Discount)] == [
        ("VOUCHER", "Summer", 200)
    ]


def test_an_order_that_is_edited_has_only_its_new_lines(shop: Shop) -> None:
    record(shop, order(no=1, lines=[line("tee"), line("mug")]))
    record(shop, order(no=1, lines=[line("cap")], updated=HOUR), heard(HOUR))
    assert [each.name for each in shop.all(Line)] == ["Cap"]


def test_a_gift_card_pays_and_the_goods_are_still_worth_the_goods(shop: Shop) -> None:
    record(shop, order(no=1, gift_card=7))
    row = the_order(shop)
    assert (row.total_minor, row.charged_minor, row.goods_minor, row.gift_card_minor) == (
        1300, 1300, 2000, 700,
    )  # fmt: skip


def test_refunds_come_off_and_say_how_much_is_new(shop: Shop) -> None:
    record(shop, order(no=1))
    part = record(shop, order(no=1, refunded=5, updated=HOUR), heard(HOUR))
    assert part.newly_refunded_minor == 500
    whole = record(shop, order(no=1, refunded=20, updated=DAY), heard(DAY))
    assert whole.newly_refunded_minor == 1500
    assert not whole.newly_paid
    row = the_order(shop)
    assert (row.charged_minor, row.goods_minor, row.paid, row.counts) == (0, 0, True, True)


def test_a_refund_that_names_a_line_takes_back_that_line_and_no_other(shop: Shop) -> None:
    """What was given back is nothing that she likes; where nobody says what, all of it stays."""
    both = [line("tee"), line("mug", quantity=2, each=5)]
    record(shop, order(no=1, lines=both))

    def liked() -> list[str]:
        with shop.look() as tx:
            (row,) = bought.purchases_of(tx, orders=[the_order(shop).id or 0], persons=()).values()
            return [good.slug for good in bought.goods(tx, row.products)]

    parts = [{"id": "part", "quantity": 2, "orderLine": {"id": both[1]["id"]}}]
    parcel = {"id": "parcel", "status": "REFUNDED_AND_RETURNED", "lines": parts}
    record(shop, order(no=1, lines=both, refunded=10, updated=HOUR), heard(HOUR))
    assert sorted(liked()) == ["mug", "tee"]
    told = order(no=1, lines=both, refunded=10, fulfillments=[parcel], updated=DAY)
    record(shop, told, heard(DAY))
    assert liked() == ["tee"]
    assert {row.name: row.returned for row in shop.all(Line)} == {"Tee": 0, "Mug": 2}
    granted = {"id": "grant", "amount": money(20), "lines": [parts[0] | {"orderLine": both[0]}]}
    promised = order(no=2, lines=both, grantedRefunds=[granted], updated=DAY)
    record(shop, promised, heard(DAY))
    assert sum(row.returned for row in shop.all(Line)) == 2, "granted is not paid back yet"


def test_an_order_says_once_that_it_was_paid(shop: Shop) -> None:
    assert not record(shop, order(no=1, paid=False)).newly_paid
    assert record(shop, order(no=1, updated=HOUR), heard(HOUR)).newly_paid
    assert not record(shop, order(no=1, updated=DAY), heard(DAY)).newly_paid


def test_a_cancelled_order_is_no_spend(shop: Shop) -> None:
    first = record(shop, order(no=1))
    record(shop, order(no=2, created=HOUR), heard(HOUR))
    record(shop, order(no=1, status="CANCELED", updated=DAY), heard(DAY))
    with shop.look() as tx:
        spend = sales.spend(tx, first.person or 0, since=SINCE)
    assert (spend.minor, spend.orders) == (2000, 1)


def test_a_reissue_is_not_counted_twice(shop: Shop) -> None:
    first = record(shop, order(no=1))
    record(shop, order(no=2, origin="REISSUE", original=the_order(shop).saleor_id))
    with shop.look() as tx:
        assert sales.value_to_date(tx, first.person or 0).minor == 2000


def test_what_waits_for_its_payment_is_neither_value_nor_spend(shop: Shop) -> None:
    first = record(shop, order(no=1, paid=False, status="UNFULFILLED"))
    with shop.look() as tx:
        assert sales.value_to_date(tx, first.person or 0).minor == 0
        assert sales.spends(tx, since=SINCE) == {}


def test_lv1_without_a_rate_an_order_is_in_no_tier(shop: Shop) -> None:
    first = record(shop, order(no=1))
    record(shop, order(no=2, currency="PLN"))
    with shop.look() as tx:
        spend = sales.spend(tx, first.person or 0, since=SINCE)
        assert (spend.minor, spend.orders, spend.without_rate) == (2000, 2, 1)


def test_a_rate_values_the_orders_that_were_there_before_it(shop: Shop) -> None:
    first = record(shop, order(no=1, currency="PLN"))
    with shop.work() as tx:
        tx.add(Rate(currency="PLN", day="2026-01-01", rate="0.25"))
    with shop.work() as tx:
        assert orders.revalue(tx) == 1
        assert orders.revalue(tx) == 0
        assert sales.spend(tx, first.person or 0, since=SINCE).minor == 500


def test_another_reporting_currency_values_everything_anew(shop: Shop) -> None:
    record(shop, order(no=1))
    with shop.work() as tx:
        tx.exec(select(Home).where(Home.id == shop.id)).one().currency = "PLN"
        tx.add(Rate(currency="EUR", day="2026-01-01", rate="4.2"))
    with shop.work() as tx:
        assert orders.revalue(tx) == 1
    assert the_order(shop).goods_reporting_minor == 8400


def test_the_dearest_order_of_each_month_is_added_up(shop: Shop) -> None:
    for at, (days, price) in enumerate([(0, 20), (1, 50), (40, 30)]):
        record(shop, order(no=at, created=timedelta(days=days), lines=[line(each=price)]))
    with shop.look() as tx:
        assert list(sales.dearest_a_month(tx, since=SINCE).values()) == [8000]


@pytest.mark.parametrize("origin", ["BULK_CREATE", "CHECKOUT"])
def test_in5_old_and_bulk_orders_are_history(shop: Shop, origin: str) -> None:
    created = timedelta() if origin == "BULK_CREATE" else timedelta(days=-8)
    recorded = record(shop, order(no=1, created=created, origin=origin))
    assert recorded.history
    assert the_order(shop).history


def test_in5_what_was_heard_of_in_time_never_becomes_history(shop: Shop) -> None:
    record(shop, order(no=1))
    shop.waits(days=30)
    later = record(shop, order(no=1, refunded=20, updated=30 * DAY), heard(30 * DAY))
    assert not later.history


def test_in3_an_older_telling_changes_nothing(shop: Shop) -> None:
    record(shop, order(no=1, refunded=20, updated=HOUR), heard(HOUR))
    late = record(shop, order(no=1))
    assert not late.news
    assert late.touched == frozenset()
    assert the_order(shop).charged_minor == 0


@pytest.mark.parametrize("first", [0, 1])
def test_in3_of_two_tellings_at_one_instant_the_bytes_decide(shop: Shop, first: int) -> None:
    tellings = [
        (order(no=1, paid=False), heard(hash="a")),
        (order(no=1, paid=True), heard(hash="b")),
    ]
    for told in (tellings[first], tellings[1 - first]):
        record(shop, *told)
    assert the_order(shop).paid


GAPPY = [
    (order("ana@example.com", no=1, voucherCode="ONE"), heard(hash="a")),
    (
        order(user("ana"), no=1, voucherCode=None, updated=HOUR),
        heard(HOUR, hash="b", nulled=(("order", "voucherCode"),)),
    ),
    (
        order("ana@example.com", no=1, voucherCode=None, updated=DAY),
        heard(DAY, hash="c", nulled=(("order", "user"), ("order", "voucherCode"))),
    ),
]


@pytest.mark.parametrize("way", list(permutations(range(3))))
def test_in3_a_field_that_an_error_nulled_never_overwrites_a_value(
    shop: Shop, way: tuple[int, ...]
) -> None:
    for at in way:
        record(shop, *GAPPY[at])
    row = the_order(shop)
    with shop.look() as tx:
        bought = sales.last_orders(tx, row.person or 0)
    assert row.code == "ONE"
    assert [one.id for one in bought] == [row.id]
    assert row.earns, "the account that one telling named is its buyer"


def test_an_order_keeps_its_buyer_when_saleor_forgets_him(shop: Shop) -> None:
    first = record(shop, order(user("ana"), no=1))
    then = record(shop, order("ana@example.com", no=1, updated=HOUR), heard(HOUR))
    assert then.person == first.person


def test_a_page_with_one_order_twice_keeps_the_newer(shop: Shop) -> None:
    told = [order(no=1, refunded=20, updated=HOUR), order(no=1), order(no=2)]
    with shop.work() as tx:
        recorded = orders.record_all(
            tx, [(shaped(Order, each), heard(hash=str(at))) for at, each in enumerate(told)]
        )
    assert [each.news for each in recorded] == [True, True, False]
    assert sorted(row.charged_minor for row in shop.all(Row)) == [0, 2000]


def test_orders_that_saleor_no_longer_has_are_in_no_book(shop: Shop) -> None:
    record(shop, order(no=1))
    with shop.work() as tx:
        orders.forget_orders(tx, [the_order(shop).saleor_id])
    assert shop.all(Row) == shop.all(Line) == []


def test_nothing_of_it_is_another_shops(shop: Shop) -> None:
    with Shop(shop.house, domain="other.example") as other:
        record(shop, order(no=1))
        record(other, order(no=1, lines=[line(each=99)]))
        assert [row.goods_minor for row in shop.all(Row)] == [2000]
        assert [row.goods_minor for row in other.all(Row)] == [9900]


FIELDS = {"one": ("a",), "two": ("b",)}
tellings = st.lists(
    st.tuples(
        st.integers(0, 9), st.integers(0, 99), st.frozensets(st.sampled_from(["one", "two"]))
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda told: told[0],
)


class Kept:
    """A row in the making."""

    def __init__(self) -> None:
        self.columns: dict[str, Any] = {}
        self.gaps: dict[str, str] = {}
        self.version = Version(MONDAY, MONDAY)

    def hear(self, at: int, value: int, missing: frozenset[str]) -> None:
        version = Version(MONDAY + at * HOUR, MONDAY)
        told = {"a": value, "b": value, "c": value}
        told |= {name: None for field in missing for name in FIELDS[field]}
        kept = self if self.columns else None
        outcome = settle(kept, told, version, missing=missing, fields=FIELDS)
        self.columns |= outcome.columns
        self.gaps = outcome.gaps
        self.version = version if outcome.newer else self.version


@given(told=tellings, shuffle=st.randoms(use_true_random=False))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_in3_any_order_of_tellings_makes_the_same_row(
    told: list[tuple[int, int, frozenset[str]]], shuffle: Random
) -> None:
    straight, shuffled = Kept(), Kept()
    for each in sorted(told):
        straight.hear(*each)
    mixed = [*told, *told]
    shuffle.shuffle(mixed)
    for each in mixed:
        shuffled.hear(*each)
    assert shuffled.columns == straight.columns
    assert shuffled.gaps == straight.gaps
    newest_with = {
        name: next((v for at, v, m in sorted(told, reverse=True) if field not in m), None)
        for field, names in FIELDS.items()
        for name in names
    }
    assert {name: straight.columns[name] for name in newest_with} == newest_with
    assert all(since != NEVER or straight.columns[FIELDS[f][0]] is None
               for f, since in straight.gaps.items())  # fmt: skip
