"""Lists in Saleor's metadata: there, true, fresh after every order, and gone with the switch."""

import json
import re
from collections.abc import Iterator

import pytest
from sqlmodel import select

from app.customers.tables import Person
from app.privacy import exporting
from app.recommend import flows
from app.recommend.tables import Told
from tests.support.market import Market, Opens

ANA = "ana@example.com"
TEA, CUP = "earl-grey", "stoneware-mug"


def it_tells(market: Market) -> None:
    market.sandbox.customer(ANA, "br").fills_cart({TEA: 1, CUP: 1}).pays()
    market.settles()
    market.grants("MANAGE_PRODUCTS")
    with market.work() as tx:
        flows.switch_on(tx)
    market.settles()


@pytest.fixture
def market(markets: Opens) -> Iterator[Market]:
    with markets(customers=12, orders=50, after=it_tells) as market:
        yield market


def by_slug(market: Market, slug: str) -> str:
    products = market.sandbox.store.products.values()
    return next(one.id for one in products if one.slug == slug)


def ana(market: Market) -> str:
    return market.sandbox.store.users_by_email[ANA].id


def listed(market: Market, thing: str, key: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(market.metadata(thing)[key])
    return found


def ids(market: Market, thing: str, key: str) -> list[object]:
    return [one["id"] for one in listed(market, thing, key)]


def buys(market: Market, *slugs: str) -> None:
    market.sandbox.customer(ANA, "br").fills_cart(dict.fromkeys(slugs, 1)).pays()
    market.settles()
    market.waits(seconds=3)


LISTS = ("perennial.for_you", "perennial.together")


def writes(market: Market) -> list[str]:
    """The requests that write lists, as Saleor got them; tiers are told in the same way."""
    bodies = [body.decode() for body in market.asked]
    return [
        body for body in bodies if "updateMetadata" in body and any(key in body for key in LISTS)
    ]


def test_products_and_customers_say_what_goes_with_them(market: Market) -> None:
    hers = listed(market, ana(market), "perennial.for_you.br")
    assert {one["id"] for one in hers} >= {by_slug(market, TEA), by_slug(market, CUP)}
    assert hers[0]["why"] == "bought"
    assert hers[0]["times"] == 1
    beside = listed(market, by_slug(market, TEA), "perennial.together.br")
    assert len(beside) == 10
    assert by_slug(market, TEA) not in [one["id"] for one in beside]
    every = market.sandbox.store.products
    for channel in ("br", "pt", "pl"):
        assert all(f"perennial.together.{channel}" in market.metadata(one) for one in every)
    assert list(market.metadata(ana(market))) == ["perennial.for_you.br"], "where she has bought"
    assert market.errors() == []
    with market.look() as tx:
        person = tx.exec(select(Person).where(Person.account == ana(market))).one()
        told = exporting.export(tx, person)
    assert told["recommendations"] == {"perennial.for_you.br": hers}, "PR-2: she may take it away"


def test_at_most_four_are_written_in_a_request_and_nothing_twice(market: Market) -> None:
    first = writes(market)
    assert first
    assert all(body.count("id0") and '"id4"' not in body for body in first)
    market.asked.clear()
    with market.work() as tx:
        flows.terms_changed(tx)
    market.waits(seconds=3)
    assert writes(market) == [], "every list was looked at, and none is another"


def test_an_order_changes_what_is_told(market: Market) -> None:
    pot = by_slug(market, "moka-pot")
    assert pot not in ids(market, ana(market), "perennial.for_you.br")[:3]
    buys(market, "moka-pot")
    hers = listed(market, ana(market), "perennial.for_you.br")
    assert {"id": pot, "why": "bought", "times": 1} in hers


def test_a_product_hidden_a_moment_ago_is_in_no_list(market: Market) -> None:
    tea = by_slug(market, TEA)
    held = market.sandbox.store.products | market.sandbox.store.users
    naming = [
        thing
        for thing in held
        for key, text in market.metadata(thing).items()
        if key.endswith(".br") and tea in text
    ]
    assert naming
    market.lists(tea, "br", isPublished=False)
    market.settles()
    market.waits(seconds=3)
    for thing in held:
        for key, text in market.metadata(thing).items():
            assert not (key.endswith(".br") and tea in text and thing != tea), (thing, key)
    assert any(
        tea in text
        for thing in held
        for key, text in market.metadata(thing).items()
        if key.endswith(".pl")
    ), "another channel still sells it"


def test_without_the_permission_nothing_is_written_and_that_is_known(markets: Opens) -> None:
    with markets(customers=4, orders=8) as market:
        with market.work() as tx:
            flows.switch_on(tx)
        market.waits(seconds=3)
        assert writes(market) == []
        with market.look() as tx:
            assert flows.counsel(tx).granted is False
        market.grants("MANAGE_PRODUCTS")
        market.waits(minutes=11)
        assert writes(market)
        assert market.errors() == []


def test_with_the_switch_off_nothing_is_written_and_nothing_is_left(market: Market) -> None:
    with market.work() as tx:
        flows.switch_off(tx)
    market.settles()
    held = market.sandbox.store.products | market.sandbox.store.users
    assert {text for thing in held for text in market.metadata(thing).values()} == {"[]"}
    market.asked.clear()
    buys(market, "moka-pot")
    assert writes(market) == []
    with market.look() as tx:
        assert tx.exec(select(Told)).all() == []


def test_saleor_away_in_the_middle_is_gone_on_with(market: Market) -> None:
    market.away = True
    market.sandbox.customer(ANA, "br").fills_cart({"moka-pot": 1}).pays()
    market.settles()
    market.waits(seconds=3)
    pot = by_slug(market, "moka-pot")
    market.away = False
    market.waits(minutes=2)
    assert pot in ids(market, ana(market), "perennial.for_you.br")


def test_a_list_whose_writing_was_cut_off_goes_with_the_switch_too(market: Market) -> None:
    market.cut_off = b"updateMetadata"
    market.sandbox.customer("eva@example.com", "br").fills_cart({TEA: 1}).pays()
    market.settles()
    market.waits(seconds=3)
    market.cut_off = b""
    eva = market.sandbox.store.users_by_email["eva@example.com"].id
    assert ids(market, eva, "perennial.for_you.br")
    with market.work() as tx:
        flows.switch_off(tx)
    market.settles()
    assert listed(market, eva, "perennial.for_you.br") == []


def test_who_is_forgotten_leaves_no_list_behind(market: Market) -> None:
    """PR-3."""
    user = market.sandbox.store.users_by_email[ANA]
    with market.look() as tx:
        before = len(tx.exec(select(Told).where(Told.kind == "person")).all())
    market.sandbox.staff.deletes(user)
    market.settles()
    market.waits(seconds=3)
    with market.look() as tx:
        assert len(tx.exec(select(Told).where(Told.kind == "person")).all()) == before - 1


def test_what_is_written_says_nothing_of_anybody(market: Market) -> None:
    held = market.sandbox.store.products
    for thing in held:
        for text in market.metadata(thing).values():
            for entry in json.loads(text):
                assert set(entry) <= {"id", "why", "times", "with"}
                assert entry["why"] != "bought", "a product's list is nobody's own"
            assert not re.search("@", text)
