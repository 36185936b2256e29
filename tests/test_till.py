"""D8: what customers buy at the counter counts like any order, once, however often it is told."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from babel import Locale

from app.customers.tables import Person
from app.history import queries as books
from app.kit.clock import StillClock
from app.kit.house import House
from app.ltv.tables import BookedOrder
from app.orders import rules as money
from app.orders.tables import Line, Order
from app.privacy import flows as privacy
from app.till.rules import Sale, order
from app.till.table import sales_of
from app.web.handed_in import RefusedError
from tests.support.loyal import Loyal
from tests.support.till import Till
from tests.test_api import KEY

PATH = "/app/settings/sales"
TABLE = """recibo;data;e-mail;total;sku;quantidade;loja
17;2026-03-01;Ana@Example.com;1.234,50;TEE;2;lisboa
17;01/03/2026;Ana@Example.com;10;;1;lisboa
18;1/3/2026 18:30;;5;;1;lisboa
"""


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Loyal]:
    """Ana, who has an account that is confirmed, has bought a tee online."""
    with Loyal(house, Till(clock.now)) as shop:
        shop.buys("ana", 20)
        yield shop


def sale(shop: Loyal, id_: str = "1", *, amount: float = 100, **other: object) -> dict[str, Any]:
    return {
        "id": id_, "at": shop.house.clock.now().isoformat(), "email": "ana@example.com",
        "currency": "EUR", "lines": [{"sku": "TEE", "amount": amount}],
    } | other  # fmt: skip


def key_of(shop: Loyal, **fields: str) -> str:
    data = {"name": "Till"} | fields
    answer = shop.http.post("/app/settings/keys", data=data, headers=shop.staff())
    found = KEY.search(answer.text)
    assert found, answer.text
    return found[0]


def hands_in(shop: Loyal, *sales: Mapping[str, object], key: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key or key_of(shop, writes='on')}"}
    answer: httpx.Response = shop.http.post("/api/v1/sales", json={"sales": sales}, headers=headers)
    shop.settles()
    return answer


def sold(shop: Loyal) -> Sequence[Order]:
    return [one for one in shop.all(Order) if one.origin == "TILL"]


def test_d8_a_sale_at_the_counter_is_hers_and_lifts_her_tier(shop: Loyal) -> None:
    """TI-3: at once; it is of the product, counted in her value, and nobody else's."""
    assert hands_in(shop, sale(shop, amount=500)).json() == {"taken": 1, "same": 0}
    (receipt,) = sold(shop)
    (ana,) = [person for person in shop.all(Person) if person.account]
    assert (receipt.person, receipt.earns, receipt.paid, receipt.goods_minor) == (
        ana.id,
        True,
        True,
        50000,
    )
    (line,) = [line for line in shop.all(Line) if line.order == receipt.id]
    online = next(line for line in shop.all(Line) if line.order != receipt.id)
    assert (line.product, line.variant) == (online.product, online.variant)
    assert receipt.id in {row.order for row in shop.all(BookedOrder)}
    page = shop.sees("/app/proof/attribution")
    assert "#1" in page
    assert "till:" not in page, "the Dashboard has no page of it"
    shop.waits(seconds=4)
    assert [move.to_tier for move in shop.moves()] == ["silver"]
    assert shop.errors() == []


def test_d8_handed_in_twice_it_is_one_and_handed_in_anew_it_is_what_it_says_last(
    shop: Loyal,
) -> None:
    key = key_of(shop, writes="on")
    told = sale(shop)
    assert hands_in(shop, told, key=key).json() == {"taken": 1, "same": 0}
    shop.waits(minutes=5)
    assert hands_in(shop, told, told, key=key).json() == {"taken": 0, "same": 1}
    hands_in(shop, told | {"refunded": 40}, key=key)
    (receipt,) = sold(shop)
    assert (receipt.goods_minor, receipt.refunded_minor, receipt.counts) == (6000, 4000, True)
    shop.waits(seconds=1)
    hands_in(shop, told | {"cancelled": True}, key=key)
    (receipt,) = sold(shop)
    assert (receipt.counts, len(shop.all(Order))) == (False, 2)
    other = told | {"place": "porto"}
    assert hands_in(shop, other, key=key).json() == {"taken": 1, "same": 0}, "another till's number"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_d8_a_sale_that_was_dated_too_late_is_put_right(shop: Loyal) -> None:
    """What is handed in last stands, also where it says that it was earlier."""
    key, now = key_of(shop, writes="on"), shop.house.clock.now()
    told = sale(shop)
    hands_in(shop, told, key=key)
    earlier = told | {"at": (now - timedelta(days=2)).isoformat()}
    shop.waits(seconds=1)
    assert hands_in(shop, earlier, key=key).json() == {"taken": 1, "same": 0}
    (receipt,) = sold(shop)
    assert receipt.created_at == now - timedelta(days=2)
    shop.waits(seconds=1)
    assert hands_in(shop, earlier, key=key).json() == {"taken": 0, "same": 1}


def test_d8_what_is_old_builds_history_and_sets_nothing_in_motion(shop: Loyal) -> None:
    """IN-5."""
    then = shop.house.clock.now() - timedelta(days=30)
    hands_in(shop, sale(shop, at=then.isoformat()))
    (receipt,) = sold(shop)
    assert receipt.history


def test_lg1_the_nightly_comparison_asks_saleor_for_none_of_it(shop: Loyal) -> None:
    """LG-1: of what was sold elsewhere Saleor knows nothing: it must not be forgotten for that."""
    hands_in(shop, sale(shop))
    (receipt,) = sold(shop)
    with shop.look() as tx:
        book = books.book(tx, receipt.created_at.date())
    assert len(book) == 1
    assert receipt.saleor_id not in book


def test_pr3_who_is_forgotten_is_in_no_receipt_and_comes_back_by_none(shop: Loyal) -> None:
    """PR-3: and the sum stays."""
    key = key_of(shop, writes="on")
    told = sale(shop, email="cleo@example.com")
    hands_in(shop, told, key=key)
    with shop.work() as tx:
        privacy.erase_guest(tx, "cleo@example.com", at=tx.now)
    hands_in(shop, told | {"refunded": 1}, key=key)
    (receipt,) = sold(shop)
    assert (receipt.person, receipt.source, receipt.goods_minor) == (None, None, 9900)
    assert not [person for person in shop.all(Person) if person.email == "cleo@example.com"]


def test_d8_only_a_key_that_says_so_hands_in(shop: Loyal) -> None:
    reader = key_of(shop)
    assert hands_in(shop, sale(shop), key=reader).status_code == 403
    assert hands_in(shop, sale(shop), key="perennial_1_no").status_code == 401
    assert sold(shop) == []


WRONG: Sequence[Mapping[str, object]] = (
    {"at": "2027-01-01T00:00:00Z"}, {"at": "2026-03-01T00:00:00"}, {"refunded": 101},
    {"tax": 101}, {"email": "nobody"}, {"currency": "eur"}, {"lines": []}, {"color": "red"},
    {"lines": [{"amount": -1}]},
)  # fmt: skip


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_d8_what_cannot_be_is_refused_whole(shop: Loyal) -> None:
    key = key_of(shop, writes="on")
    for wrong in WRONG:
        answer = hands_in(shop, sale(shop, "1"), sale(shop, "2") | wrong, key=key)
        assert answer.status_code == 422, wrong
    assert sold(shop) == []


def test_d8_a_table_is_taken_line_by_line_into_receipts(shop: Loyal) -> None:
    """As people write numbers, columns and days; a day is the shop's own."""
    headers = shop.staff() | {"x-locale": "pt-BR"}
    answer = shop.http.post(PATH, headers=headers, data={"table": TABLE})
    shop.settles()
    assert answer.status_code == 200, answer.text
    first, second = sold(shop)
    assert (first.goods_minor, first.channel, first.number) == (124450, "lisboa", "17")
    assert [line.quantity for line in shop.all(Line) if line.order == first.id] == [2, 1]
    assert (second.person, second.goods_minor) == (None, 500)
    assert [one.created_at.isoformat() for one in (first, second)] == [
        "2026-03-01T11:00:00+00:00", "2026-03-01T17:30:00+00:00",
    ]  # fmt: skip
    again = shop.http.post(PATH, headers=headers, data={"table": TABLE})
    assert "2 eram conhecidas" in again.text
    assert "lisboa" in shop.sees(PATH)


def test_d8_a_place_is_one_however_its_name_is_written() -> None:
    """Else of two lines of one receipt the second would take the place of the first."""
    first = read("17;2026-03-01;;10;EUR;Old Town", "17;2026-03-01;;5;EUR;old town")
    assert [(one.key, one.total) for one in first] == [("till:old-town:17", 15)]
    second = read("18;2026-03-01;;1;EUR;", "18;2026-03-01;;2;EUR;counter")
    assert [(one.key, one.total) for one in second] == [("till:counter:18", 3)]


def test_d8_lines_of_one_receipt_agree_on_who_paid_it_and_in_what() -> None:
    """Two currencies are never added, and nobody's line is another's."""
    (told,) = read("1;2026-03-01;Ana@example.com;5;eur;", "1;;;5;;")
    assert (told.email, told.currency, told.total) == ("ana@example.com", "EUR", 10)
    for other in ("1;2026-03-01;ana@example.com;5;PLN;", "1;2026-03-01;ben@example.com;5;EUR;"):
        with pytest.raises(RefusedError) as refusal:
            read("1;2026-03-01;ana@example.com;5;EUR;", other)
        assert [(line, word) for line, word, _ in refusal.value.rows] == [(2, "sale")]


def read(*rows: str) -> list[Sale]:
    table = "\n".join(("id;date;email;amount;currency;place", *rows))
    return sales_of(table, Locale("en"), currency="BRL", zone=ZoneInfo("UTC"))


READ: Mapping[str, str] = {
    "1;2026-03-01;ana@example.com;abc": "this is no number",
    "1;01/03/2026;ana@example.com;5": "2024-06-30",
    "1;2027-03-01;ana@example.com;5": "in the future",
    "1;2026-03-01;nobody;5": "something of it cannot be",
    "1;2026-03-01;ana@example.com": "cells are missing",
}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_d8_what_cannot_be_read_is_said(shop: Loyal) -> None:
    for row, said in READ.items():
        table = f"id;date;email;amount\n{row}\n"
        answer = shop.http.post(PATH, headers=shop.staff(), data={"table": table})
        assert (answer.status_code, said in answer.text) == (422, True), answer.text
        assert f">{table}</textarea>" in answer.text
    assert sold(shop) == []


def test_a_net_price_keeps_its_share_of_the_tax() -> None:
    told = Sale(
        id="1", at="2026-03-01T12:00:00Z", currency="PLN", tax="23",
        lines=[{"amount": 100}, {"amount": 23}],
    )  # fmt: skip
    sums = money.sums(order(told, {}))
    assert (sums.goods, round(sums.tax, 2)) == (Decimal(123), Decimal(23))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_page_of_sales_speaks(shop: Loyal) -> None:
    assert "Sprzedaż poza sklepem" in shop.sees(PATH, locale="pl")
    assert "Vendido em outro lugar" in shop.sees(PATH, locale="pt-BR")
