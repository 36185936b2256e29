"""Any section of a page as a table for a spreadsheet, read off the page itself."""

import csv
import io
from collections.abc import Iterator

import pytest

from app.kit.clock import StillClock
from app.kit.house import House
from app.ltv.flows import learn_now
from app.web.sheets import OF, sheet
from app.web.words import ENGLISH, catalogue
from tests.support.loyal import Loyal
from tests.support.till import Till

WORDS = catalogue(ENGLISH)


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Loyal]:
    with Loyal(house, Till(clock.now)) as shop:
        yield shop


def taken(shop: Loyal, page: str, language: str = "en") -> list[list[str]]:
    headers = shop.staff(part="file") | {"x-locale": language}
    answer = shop.http.get(page, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def read(inside: str) -> list[list[str]] | None:
    html = f'<section aria-labelledby="t"><h2 id="t">Title</h2>{inside}</section>'
    told = sheet(html, "t", WORDS)
    return None if told is None else list(csv.reader(io.StringIO(told)))


def test_figures_come_with_their_currency_period_and_formula_in_every_language(
    shop: Loyal,
) -> None:
    shop.buys("ana", 1234.5)
    head, sales, *_ = taken(shop, "/app?csv=goals-title")
    assert head == ["Figure", "Value", "Currency", "Beside it", "Period", "How it is counted"]
    assert sales[:3] == ["Sales", "1234.50", "EUR"]
    assert sales[5].startswith("Goods on orders of the last 28 days")
    polish = taken(shop, "/app?csv=goals-title", "pl")
    assert polish[1][0] == "Sprzedaż"
    assert polish[1][1:3] == ["1234.50", "EUR"]


def test_a_page_with_its_question_is_taken_along_as_it_stands(shop: Loyal) -> None:
    shop.buys("ana", 120)
    shop.buys("ben", 20)
    with shop.work() as tx:
        learn_now(tx)
    shop.settles()
    rows = taken(shop, "/app/customers?q=ana&csv=people-title")
    assert [row[0] for row in rows] == ["Who", "ana@example.com"]
    assert len(taken(shop, "/app/customers?csv=people-title")) == 1 + 2


def test_who_may_not_see_the_page_takes_nothing_along(shop: Loyal) -> None:
    shop.buys("ana", 120)
    address = "/app/customers?csv=people-title"
    assert shop.http.get(address, headers=shop.staff(())).status_code == 403
    assert shop.http.get(address, headers={"x-part": "file"}).status_code == 401


def test_whole_tables_are_for_who_may_see_customers_and_set_things_up(shop: Loyal) -> None:
    shop.buys("ana", 120)
    shop.settles()
    address = "/app/settings/keys/customers.csv"
    told = shop.http.get(address, headers=shop.staff(part="file"))
    assert told.headers["content-disposition"] == 'attachment; filename="customers.csv"'
    assert "ana@example.com" in told.text
    for may in (("MANAGE_USERS",), ("MANAGE_APPS",)):
        assert shop.http.get(address, headers=shop.staff(may)).status_code == 403
    other = shop.http.get("/app/settings/keys/nothing.csv", headers=shop.staff(part="file"))
    assert other.status_code == 404


def test_what_no_section_is_called_is_not_there(shop: Loyal) -> None:
    answer = shop.http.get("/app?csv=nothing-title", headers=shop.staff(part="file"))
    assert answer.status_code == 404


def test_a_table_is_read_with_its_spans_and_without_its_buttons() -> None:
    assert read(
        "<table><tr><th>Name</th><th colspan=2>Two</th></tr>"
        "<tr><th>a<br>b</th><td><svg><title>no</title></svg> 3</td>"
        "<td><button>Undo</button></td></tr></table>"
    ) == [["Name", "Two", ""], ["a b", "3", ""]]


def test_a_column_of_amounts_gets_one_for_its_currency() -> None:
    rows = read(
        f"<table><tr><th>Sum</th></tr><tr><td>1.50{OF}EUR</td></tr><tr><td>2{OF}PLN</td></tr>"
        f"<tr><td>1{OF}EUR and 2{OF}PLN</td></tr></table>"
    )
    assert rows == [["Sum", "Currency"], ["1.50", "EUR"], ["2", "PLN"], ["1 EUR and 2 PLN", ""]]


def test_words_for_nothing_are_left_empty_and_facts_and_tables_stand_apart() -> None:
    assert read(
        '<dl class="facts"><div><dt>Completeness</dt><dd>0.5</dd></div></dl>'
        '<table><tr><td><span class="quiet">not yet counted</span></td></tr></table>'
    ) == [["Completeness", "0.5"], [], [""]]


def test_a_name_is_no_formula_and_a_negative_number_stays_one() -> None:
    assert read("<table><tr><td>=1+1</td><td>-12.5</td><td>-x</td></tr></table>") == [
        ["'=1+1", "-12.5", "'-x"]
    ]


def test_a_section_without_numbers_has_no_file() -> None:
    assert read("<p>Words</p>") is None
