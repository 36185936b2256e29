"""What the shop sells, learnt from whatever names it."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from app.catalog import flows as catalog
from app.catalog import queries as shelves
from app.catalog.flows import Sighting
from app.catalog.tables import Attribute, Collection, Price, Product, Variant
from app.saleor.shapes import CatalogueProduct
from app.saleor.shapes import Variant as Seen
from tests.support.makers import MONDAY, attribute, channel, gid, money, price, product, variant
from tests.support.story import Shop
from tests.support.telling import shaped

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def sees(shop: Shop, told: dict[str, Any], after: timedelta = timedelta(), cost: int = 2000) -> int:
    """A line names a variant. The row of its product."""
    seen = shaped(Seen, told)
    with shop.work() as tx:
        found = catalog.learn(tx, [Sighting(MONDAY + after, seen, "web", "EUR", cost)])
    return found[seen.id].product


def lists(shop: Shop, told: dict[str, Any]) -> None:
    with shop.work() as tx:
        catalog.stock(tx, [shaped(CatalogueProduct, told)])


def called(name: str, **other: object) -> dict[str, Any]:
    told = variant("tee")
    return told | {"product": told["product"] | {"name": name} | other}


def names(shop: Shop) -> list[str]:
    return [row.name for row in shop.all(Product)]


def test_a_line_tells_of_variant_product_category_collections_and_price(shop: Shop) -> None:
    sees(shop, called("Tee", collections=[{"id": gid("Collection", "new"), "name": "New"}]))
    (one,), (kind,) = shop.all(Product), shop.all(Variant)
    assert (one.name, one.slug, one.category_name, one.first_hand) == (
        "Tee", "tee", "Clothes", False,
    )  # fmt: skip
    assert (kind.product, kind.sku) == (one.id, "TEE")
    assert [row.name for row in shop.all(Collection)] == ["New"]
    assert [(row.channel, row.price_minor) for row in shop.all(Price)] == [("web", 2000)]


def test_the_product_list_knows_better_than_any_line(shop: Shop) -> None:
    lists(shop, product("tee") | {"name": "Fine tee"})
    row = sees(shop, called("Old tee"), DAY, cost=9900)
    assert names(shop) == ["Fine tee"]
    assert [(p.price_minor, p.cost_minor) for p in shop.all(Price)] == [(2000, 800)]
    assert shop.all(Product)[0].id == row
    assert shop.all(Product)[0].picture == "https://shop.example/tee.png"


def test_what_a_line_told_first_is_put_right_by_the_list(shop: Shop) -> None:
    row = sees(shop, called("Old tee"), DAY)
    lists(shop, product("tee") | {"name": "Fine tee"})
    assert names(shop) == ["Fine tee"]
    assert shop.all(Product)[0].id == row


@pytest.mark.parametrize("way", list(permutations(range(3))))
def test_of_several_lines_the_newest_names_it(shop: Shop, way: tuple[int, ...]) -> None:
    told = [("Tee", timedelta()), ("Tea", HOUR), ("T-shirt", DAY)]
    for at in way:
        sees(shop, called(told[at][0]), told[at][1], cost=at)
    assert names(shop) == ["T-shirt"]
    assert [row.price_minor for row in shop.all(Price)] == [2]


def test_an_older_page_of_the_list_changes_nothing(shop: Shop) -> None:
    lists(shop, product("tee", updated=DAY) | {"name": "New"})
    lists(shop, product("tee") | {"name": "Old"})
    assert names(shop) == ["New"]


def test_a_product_leaves_a_collection(shop: Shop) -> None:
    lists(shop, product("tee"))
    lists(shop, product("tee", collections=[], updated=DAY))
    assert shop.all(Collection) == []


def test_a_price_a_channel(shop: Shop) -> None:
    told = product("tee")
    (edge,) = told["productVariants"]["edges"]
    edge["node"]["channelListings"].append(
        {"channel": channel("pl", "PLN"), "price": money(89, "PLN"), "costPrice": None}
    )
    lists(shop, told)
    assert sorted((p.channel, p.currency, p.price_minor) for p in shop.all(Price)) == [
        ("pl", "PLN", 8900),
        ("web", "EUR", 2000),
    ]


def test_two_lines_of_one_product_are_two_variants_of_it(shop: Shop) -> None:
    big = variant("tee") | {"id": gid("ProductVariant", "tee-xl"), "name": "XL"}
    assert sees(shop, variant("tee")) == sees(shop, big)
    with shop.look() as tx:
        assert shelves.size(tx) == shelves.Size(products=1, variants=2)


def test_a_variant_without_a_price_today_is_known_all_the_same(shop: Shop) -> None:
    with shop.work() as tx:
        seen = shaped(Seen, variant("tee", pricing={"price": price(1)}))
        catalog.learn(tx, [Sighting(MONDAY, seen, "web", "EUR", None)])
    assert shop.all(Price) == []
    assert len(shop.all(Variant)) == 1


def test_what_a_product_is_like_is_held_where_it_is_chosen_from_a_list(shop: Shop) -> None:
    """S4: a free text is no two products' own; a list that tells of none leaves what is known."""
    told = [
        attribute("Roast", "dark", "medium", kind="MULTISELECT"),
        attribute("Story", "long ago", kind="PLAIN_TEXT"),
    ]
    lists(shop, product("tee", attributes=told))
    assert {one.name for one in shop.all(Attribute)} == {"Roast: dark", "Roast: medium"}
    lists(shop, product("tee", updated=DAY, attributes=None))
    assert len(shop.all(Attribute)) == 2
    lists(shop, product("tee", updated=2 * DAY, attributes=[attribute("Roast", "light")]))
    assert [one.name for one in shop.all(Attribute)] == ["Roast: light"]
