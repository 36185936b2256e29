"""What an order is worth and whether it counts (LV-1, IN-5, ID-2)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.orders import rules
from app.orders.exchange import Exchange
from app.saleor.shapes import Order
from tests.support.makers import MONDAY, line, money, order, price
from tests.support.telling import shaped

TEE, MUG = line("tee", each=20), line("mug", each=5, quantity=2)


def of(**told: object) -> Order:
    return shaped(Order, order(no=1, **told))


def granted(amount: float, *parts: tuple[str, int]) -> dict[str, Any]:
    lines = [
        {"id": f"part-{id_}", "quantity": pieces, "orderLine": {"id": id_}} for id_, pieces in parts
    ]
    return {"id": "grant", "amount": money(amount), "lines": lines}


def returned(status: str, id_: str, pieces: int) -> dict[str, Any]:
    parts = [{"id": "part", "quantity": pieces, "orderLine": {"id": id_}}]
    return {"id": "parcel", "status": status, "lines": parts}


@pytest.mark.parametrize(
    ("told", "goods"),
    [
        ({"lines": [TEE]}, 20),
        ({"lines": [TEE, MUG], "shipping": 6}, 30),
        ({"lines": [line(each=18, before=20)]}, 18),
        ({"lines": [TEE], "gift_card": 7}, 20),
        ({"lines": [TEE], "gift_card": 20}, 20),
        ({"lines": [TEE], "refunded": 5}, 15),
        ({"lines": [TEE], "refunded": 20}, 0),
        ({"lines": [TEE, MUG], "shipping": 10, "refunded": 20}, 15),
        ({"lines": [TEE], "gift_card": 10, "refunded": 5}, 10),
        (
            {"lines": [TEE, MUG], "shipping": 10, "refunded": 10,
             "grantedRefunds": [granted(10, (MUG["id"], 2))]},
            20,
        ),
        (
            {"lines": [TEE, MUG], "shipping": 10, "refunded": 20,
             "grantedRefunds": [granted(20, (MUG["id"], 2))]},
            20,
        ),
        (
            {"lines": [TEE, MUG], "refunded": 0, "grantedRefunds": [granted(10, (MUG["id"], 2))]},
            30,
        ),
        (
            {"lines": [TEE, MUG], "refunded": 5,
             "fulfillments": [returned("REFUNDED_AND_RETURNED", MUG["id"], 1)]},
            25,
        ),
        (
            {"lines": [TEE, MUG], "refunded": 0,
             "fulfillments": [returned("RETURNED", MUG["id"], 1)]},
            30,
        ),
        ({"lines": []}, 0),
    ],
    ids=[
        "one line", "shipping is no good", "after the discount", "a gift card pays, it takes none",
        "all paid by card", "a refund", "all refunded", "in proportion to the total",
        "half of what was paid with a card beside it", "the refund names the mugs",
        "shipping was paid back with them", "granted and not paid out", "a parcel names the line",
        "returned and not refunded", "nothing in it",
    ],
)  # fmt: skip
def test_lv1_goods_are_the_lines_less_what_was_paid_back(told: dict[str, Any], goods: int) -> None:
    assert rules.goods(of(**told)) == goods


def test_lv1_goods_are_taxed_as_the_shop_shows_its_prices() -> None:
    taxed = [line(each=24, tax=0.2)]
    assert rules.goods(of(lines=taxed)) == 24
    assert rules.goods(of(lines=taxed, displayGrossPrices=False)) == 20
    assert rules.goods(of(lines=taxed, displayGrossPrices=False, refunded=12)) == 10


def test_lv1_charged_is_the_total_less_refunds_and_no_more() -> None:
    sums = rules.sums(of(lines=[TEE, MUG], shipping=6, gift_card=11, refunded=4))
    assert (sums.total, sums.charged, sums.gift_card) == (25, 21, 11)


def test_what_a_code_took_off_the_whole_order_was_paid_by_no_card() -> None:
    whole = {"total": price(20), "undiscountedTotal": price(26)}
    sums = rules.sums(of(lines=[TEE], shipping=6, **whole))
    assert (sums.discount, sums.gift_card) == (6, 0)


def test_a_discount_is_what_the_order_would_have_cost_more_without_it() -> None:
    sums = rules.sums(of(lines=[line(each=18, before=20)], gift_card=5))
    assert (sums.discount, sums.gift_card) == (2, 5)


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        ({"status": "UNFULFILLED"}, True),
        ({"status": "FULFILLED"}, True),
        ({"status": "PARTIALLY_FULFILLED"}, True),
        ({"status": "RETURNED"}, True),
        ({"status": "PARTIALLY_RETURNED"}, True),
        ({"status": "UNCONFIRMED", "chargeStatus": "FULL"}, True),
        ({"status": "UNCONFIRMED", "paid": False}, False),
        ({"status": "DRAFT"}, False),
        ({"status": "CANCELED"}, False),
        ({"status": "EXPIRED", "paid": False}, False),
        ({"origin": "REISSUE", "original": "T3JkZXI6MQ=="}, False),
        ({"origin": "REISSUE"}, True),
        ({"origin": "DRAFT"}, True),
    ],
)
def test_an_order_counts_once_and_only_if_it_is_revenue(
    told: dict[str, Any], *, counts: bool
) -> None:
    assert rules.counts(of(**told)) is counts


@pytest.mark.parametrize(
    ("told", "paid"),
    [
        ({}, True),
        ({"paid": False}, False),
        ({"refunded": 5}, True),
        ({"refunded": 20, "chargeStatus": "NONE"}, True),
        ({"chargeStatus": "PARTIAL", "totalCharged": money(5)}, False),
        ({"chargeStatus": "OVERCHARGED"}, True),
        ({"gift_card": 20}, True),
    ],
)
def test_a_refund_does_not_make_a_paid_order_unpaid(told: dict[str, Any], *, paid: bool) -> None:
    assert rules.was_paid(of(**told)) is paid


@pytest.mark.parametrize(
    ("told", "history"),
    [
        ({}, False),
        ({"created": timedelta(days=-7)}, False),
        ({"created": timedelta(days=-7, seconds=-1)}, True),
        ({"origin": "BULK_CREATE"}, True),
    ],
)
def test_in5_what_is_old_or_made_in_bulk_is_history(told: dict[str, Any], *, history: bool) -> None:
    assert rules.is_history(of(**told), now=MONDAY) is history


@pytest.mark.parametrize(
    ("account", "confirmed", "vouched", "earns"),
    [
        (True, True, False, True),
        (True, False, True, True),
        (True, False, False, False),
        (False, False, False, False),
        (False, False, True, False),
    ],
)
def test_id2_only_an_account_that_is_sure_earns(
    *, account: bool, confirmed: bool, vouched: bool, earns: bool
) -> None:
    assert rules.may_earn(account=account, confirmed=confirmed, vouched=vouched) is earns


amounts = st.decimals(0, 500, places=2).map(float)


@given(
    prices=st.lists(st.tuples(amounts, st.integers(1, 5)), min_size=1, max_size=4),
    shipping=amounts,
    part=st.floats(0, 1),
    named=st.integers(0, 3),
    net=st.booleans(),
)
def test_lv1_goods_never_leave_what_the_lines_cost(
    prices: list[tuple[float, int]], shipping: float, part: float, named: int, *, net: bool
) -> None:
    lines = [
        line(f"p{at}", each=each, quantity=pieces, tax=0.23)
        for at, (each, pieces) in enumerate(prices)
    ]
    total = sum(each["totalPrice"]["gross"]["amount"] for each in lines) + shipping
    refunded = round(total * part, 2)
    grants = [granted(refunded, (lines[named]["id"], 9))] if named < len(lines) else []
    told = of(
        lines=lines, shipping=shipping, refunded=refunded, displayGrossPrices=not net,
        grantedRefunds=grants,
    )  # fmt: skip
    whole = sum((rules.shown(line, told) for line in told.lines), Decimal(0))
    assert 0 <= rules.goods(told) <= whole
    if part == 1 and not grants:
        assert rules.goods(told) == pytest.approx(Decimal(0), abs=Decimal("0.01"))


def test_several_currencies_are_reported_by_the_rate_of_the_day() -> None:
    rates = {"PLN": [("2026-01-01", Decimal("0.23")), ("2026-03-01", Decimal("0.25"))]}
    exchange = Exchange("EUR", ZoneInfo("Europe/Warsaw"), rates)
    assert exchange.reporting(1000, "EUR", at=MONDAY) == 1000
    assert exchange.reporting(1000, "PLN", at=MONDAY) == 250
    assert exchange.reporting(1000, "PLN", at=MONDAY - timedelta(days=30)) == 230
    assert exchange.reporting(1000, "PLN", at=MONDAY - timedelta(days=90)) is None
    assert exchange.reporting(1000, "BRL", at=MONDAY) is None


def test_the_day_of_a_rate_is_the_shops_own() -> None:
    rates = {"USD": [("2026-03-02", Decimal("0.9"))]}
    late = MONDAY.replace(hour=23) - timedelta(days=1)
    assert Exchange("EUR", ZoneInfo("UTC"), rates).reporting(100, "USD", at=late) is None
    assert Exchange("EUR", ZoneInfo("Europe/Warsaw"), rates).reporting(100, "USD", at=late) == 90


def test_currencies_with_other_minor_units_are_not_mistaken() -> None:
    exchange = Exchange("EUR", ZoneInfo("UTC"), {"JPY": [("2026-01-01", Decimal("0.006"))]})
    assert exchange.reporting(5000, "JPY", at=MONDAY) == 3000


def test_nothing_is_reported_until_the_shop_has_a_currency() -> None:
    assert Exchange("", ZoneInfo("UTC"), {}).reporting(100, "EUR", at=MONDAY) is None
