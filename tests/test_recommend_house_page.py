"""The page of recommendations, through the real door and in every language."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.recommend import flows
from app.recommend.asking import Line
from app.recommend.view import (
    Chosen,
    Example,
    Judged,
    Problem,
    Quality,
    Scored,
    Sheet,
    Telling,
    Why,
)
from tests.support.html import LANGUAGES, seen, words
from tests.support.market import Market, Opens

PATH = "/app/recommendations"
PAGE = "recommend/recommendations.html"
ANA = "ana@example.com"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def ana_buys(market: Market) -> None:
    market.sandbox.customer(ANA, "br").fills_cart({"earl-grey": 1}).pays()
    market.settles()


@pytest.fixture
def market(markets: Opens) -> Iterator[Market]:
    with markets(customers=12, orders=60, after=ana_buys) as market:
        yield market


def sees(market: Market) -> str:
    answer = market.http.get(PATH, headers=market.owner())
    assert answer.status_code == 200, answer.text
    return words(answer.text)


def posts(market: Market, do: str = "", *, status: int = 200, **fields: str) -> str:
    data = ({"do": do} if do else {}) | fields
    headers = market.owner() | {"x-part": "recommendations"}
    answer = market.http.post(PATH, data=data, headers=headers)
    assert answer.status_code == status, answer.text
    return words(answer.text)


def test_it_shows_how_often_lists_hit_beside_the_simple_ones(market: Market) -> None:
    """RC-4."""
    text = sees(market)
    assert "Learnt from your orders" in text
    assert "Most often bought" in text
    assert "Best sellers" in text
    assert "%" in text.split("Do they hit?")[1]
    assert text.count(" shown") >= 3, "each kind of list is made in one way"


def test_it_shows_a_customers_lists_with_their_reasons(market: Market) -> None:
    text = posts(market, "show", customer=ANA, channel="br")
    assert "Earl Grey bought once" in text
    assert "Discover" in text
    assert "There is no such customer." in posts(
        market, "show", status=422, customer="nobody@example.com"
    )


def test_it_shows_what_goes_with_a_product(market: Market) -> None:
    assert "Goes with it" in posts(market, "show", example="earl grey")
    assert "There is no such product." in posts(market, "show", status=422, example="Gold")


def test_a_pin_and_a_block_are_set_seen_and_taken_back(market: Market) -> None:
    assert "Cast iron teapot first" in posts(market, "choose", product="Cast iron teapot")
    assert market.ids(slot="for_you")[0] == id_of(market, "cast-iron-teapot")
    text = posts(market, "choose", product="Cast iron teapot", place="never")
    assert "Cast iron teapot never" in text
    assert "Cast iron teapot first" not in text, "one cannot be both"
    assert id_of(market, "cast-iron-teapot") not in market.ids(slot="for_you", limit=50)
    page = market.http.get(PATH, headers=market.owner()).text
    number = page.split('name="remove" value="')[1].split('"')[0]
    assert "Nothing is put first" in posts(market, remove=number)
    assert id_of(market, "cast-iron-teapot") in market.ids(slot="for_you", limit=50)


def test_a_pin_may_be_for_one_product_only(market: Market) -> None:
    posts(market, "choose", product="Milk frother", place="beside", beside="Earl Grey")
    tea, frother = id_of(market, "earl-grey"), id_of(market, "milk-frother")
    assert market.ids(slot="together", product=tea)[0] == frother
    assert market.ids(slot="for_you", limit=3)[0] != frother
    wrong = posts(market, "choose", status=422, product="Milk frother", place="beside")
    assert "There is no such product." in wrong
    typed = {"do": "choose", "product": "Milk frother", "place": "beside", "beside": "Tea"}
    again = market.http.post(PATH, data=typed, headers=market.owner()).text
    for kept in ('value="Milk frother"', 'value="Tea"', '<option value="beside" selected>'):
        assert kept in again, "what was typed can be mended"


def id_of(market: Market, slug: str) -> str:
    products = market.sandbox.store.products.values()
    return next(one.id for one in products if one.slug == slug)


def test_pages_that_may_ask_are_kept_as_browsers_write_them(market: Market) -> None:
    posts(market, "origins", origins="https://Shop.example/\nhttp://localhost:3000")
    with market.work() as tx:
        assert flows.counsel(tx).origins == ["http://localhost:3000", "https://shop.example"]
    assert "Each line has to be an address" in posts(
        market, "origins", status=422, origins="https://shop.example/path"
    )


def test_a_new_key_is_one_press_away(market: Market) -> None:
    old = market.key
    posts(market, "renew")
    assert market.key != old


def test_the_switch_says_what_is_missing_and_works_by_itself_then(market: Market) -> None:
    posts(market, "on")
    market.settles()
    text = sees(market)
    assert "Saleor does not let Perennial write products yet." in text
    market.grants("MANAGE_PRODUCTS")
    market.waits(minutes=11)
    assert market.errors() == []
    assert "Written:" in sees(market)
    posts(market, "off")
    market.settles()
    assert "Switched off" in sees(market)


def test_who_may_not_manage_apps_changes_nothing(market: Market) -> None:
    market.sandbox.owner.permissions = frozenset({"MANAGE_ORDERS"})
    text = sees(market)
    assert "You can look, but not change" in text
    assert "To a customer" not in text, "nor see customers"
    posts(market, "on", status=403)
    posts(market, "choose", status=403, product="Earl Grey")
    posts(market, remove="1", status=403)
    assert "Earl Grey bought" not in posts(market, "show", customer=ANA)


LINES = tuple(
    Line(1, "UHJv", "tea", "Tea", None, why, times=n, other="Cup", other_id="x", category="Tea")
    for n, why in enumerate(
        ["bought", "bought", "bought", "bought", "bought", "pinned", "often_with", "popular_in",
         "popular", "new_in", "likes", "shelf"], start=1)
)  # fmt: skip
SHEET = Sheet(
    now=NOW,
    quality=Quality(
        at=NOW - timedelta(hours=6),
        customers=2150,
        judged=(
            Judged(
                slot="for_you",
                asked=2150,
                scores=(
                    Scored(method="learnt", hit_rate=0.41, coverage=0.3, served=True),
                    Scored(method="bought_again", hit_rate=0.33, coverage=0.4, served=False),
                    Scored(method="popular", hit_rate=0.2, coverage=0.05, served=False),
                ),
            ),
        ),
    ),
    channels=("br", "pl"),
    channel="br",
    examples=(Example(title="for_you", lines=LINES), Example(title="again", lines=())),
    names=("Tea", "Cup"),
    choices=(
        Chosen(id=1, name="Tea", pinned=True, beside=None),
        Chosen(id=2, name="Tea", pinned=True, beside="Cup"),
        Chosen(id=3, name="Cup", pinned=False, beside=None),
    ),
    telling=Telling(on=True, granted=True, products=120, people=3000, waiting=22),
    key="pk_1_x",
    problems={},
    may_change=True,
    sees_people=True,
)
STATES = {
    "full": SHEET,
    "empty": replace(
        SHEET, quality=None, examples=(), choices=(), none=Why.OPENING, channels=(),
        telling=Telling(on=False, granted=False, products=0, people=0, waiting=0),
    ),
    "wrong": replace(
        SHEET,
        none=Why.AWAY,
        telling=Telling(on=True, granted=False, products=0, people=0, waiting=0),
        problems={
            "customer": Problem.NO_CUSTOMER, "example": Problem.NO_PRODUCT,
            "product": Problem.NO_PRODUCT, "beside": Problem.NO_PRODUCT, "origins": Problem.ORIGIN,
        },
    ),
    "looking": replace(SHEET, may_change=False, sees_people=False, saved=True),
}  # fmt: skip


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("state", STATES)
def test_every_state_of_the_page_can_be_read_in_every_language(state: str, locale: str) -> None:
    text = seen(PAGE, locale=locale, sheet=STATES[state])
    assert text
    assert (text == seen(PAGE, sheet=STATES[state])) is (locale == "en")


def test_polish_counts_in_its_own_four_forms() -> None:
    text = seen(PAGE, locale="pl", sheet=SHEET)
    assert [form in text for form in ("kupione raz", "kupione 2 razy", "kupione 5 razy")] == [
        True, True, True
    ]  # fmt: skip
