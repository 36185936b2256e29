"""Stories of people who move between segments, and of why they are where they are."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from app.agenda import review_segments
from app.catalog import flows as catalog
from app.customers.tables import Person
from app.kit.house import House
from app.orders.tables import Order
from app.privacy import flows as privacy
from app.saleor.shapes import CatalogueProduct
from app.segments import flows, queries, rules
from app.segments.flows import Review
from app.segments.tables import Segment, Stay
from tests.support.makers import customer, event, gid, line, order, place, product, user, variant
from tests.support.story import Shop
from tests.support.telling import shaped
from tests.support.typing_segments import rows

FACTS: list[tuple[dict[str, Any], bool]] = [
    ({"fact": "orders", "at_least": 2}, True),
    ({"fact": "orders", "at_least": 3}, False),
    ({"fact": "orders", "at_most": 1}, False),
    ({"fact": "orders", "at_least": 1, "days": 1}, True),
    ({"fact": "orders", "at_least": 2, "days": 1}, False),
    ({"fact": "orders", "at_least": 1, "channels": ["web"]}, True),
    ({"fact": "orders", "at_least": 1, "channels": ["kiosk"]}, False),
    ({"fact": "orders", "at_least": 1, "of": {"products": [gid("Product", "cap")]}}, True),
    ({"fact": "orders", "at_least": 2, "of": {"products": [gid("Product", "cap")]}}, False),
    ({"fact": "orders", "at_least": 1, "of": {"categories": [gid("Category", "x")]}}, False),
    ({"fact": "spend", "at_least": 69}, True),
    ({"fact": "spend", "at_least": 71}, False),
    ({"fact": "spend", "at_most": 100}, True),
    ({"fact": "average", "at_least": 35, "at_most": 35}, True),
    ({"fact": "last_order", "less_than": 1}, True),
    ({"fact": "first_order", "more_than": 5}, True),
    ({"fact": "last_order", "more_than": 5}, False),
    ({"fact": "joined", "more_than": 300}, True),
    ({"fact": "account"}, True),
    ({"fact": "account", "has": False}, False),
    ({"fact": "country", "among": ["de"]}, True),
    ({"fact": "country", "among": ["PL", "BR"]}, False),
    ({"fact": "language", "among": ["en"]}, True),
    ({"fact": "language", "among": ["pl"]}, False),
    ({"fact": "affinity", "of": {"products": [gid("Product", "cap")]}, "share": 0.5}, True),
    ({"fact": "affinity", "of": {"products": [gid("Product", "cap")]}, "share": 0.8}, False),
    ({"fact": "stage", "among": ["active"]}, True),
    ({"fact": "stage", "among": ["new", "lost"]}, False),
    ({"fact": "cart"}, False),
    ({"fact": "trait", "name": "likes"}, True),
    ({"fact": "trait", "name": "likes", "among": ["tea"]}, True),
    ({"fact": "trait", "name": "likes", "among": ["coffee"]}, False),
    ({"fact": "value_tier", "among": ["A"]}, False),
    ({"fact": "rfm", "among": ["Champion"]}, False),
    ({"fact": "score", "name": "alive", "at_least": 0}, False),
    ({"fact": "segment", "key": "regulars"}, False),
    ({"not": {"fact": "orders", "at_least": 3}}, True),
    ({"any": [{"fact": "cart"}, {"fact": "account"}]}, True),
    ({"all": [{"fact": "cart"}, {"fact": "account"}]}, False),
]
"""About Ana, who opened her account 400 days ago and bought twice, ten days apart."""


@pytest.fixture
def shop(house: House) -> Iterator[Shop]:
    with Shop(house) as shop:
        with shop.work() as tx:
            flows.fill(tx)
        shop.settles()
        yield shop


def at(shop: Shop) -> str:
    return shop.house.clock.now().isoformat()


def buys(shop: Shop, name: str = "ana", **told: Any) -> None:  # noqa: ANN401
    body = order(user(name), created=at(shop), **told)
    shop.hears("ORDER_PAID", event("ORDER_PAID", issued=at(shop), order=body))


def person(shop: Shop, name: str = "ana") -> int:
    with shop.look() as tx:
        found = tx.exec(select(Person.id).where(Person.account == gid("User", name))).one()
    assert found
    return found


def segments(shop: Shop, name: str = "ana") -> set[str]:
    """Where somebody is today."""
    with shop.look() as tx:
        return {s.key for stay, s in queries.stays(tx, person(shop, name)) if not stay.left_at}


def night(shop: Shop, occasion: str) -> None:
    world = shop.perennial.reach.world(shop.id)
    review_segments(Review(occasion=occasion, cause="night"), world)


def fits(shop: Shop, tree: dict[str, Any], name: str = "ana") -> bool:
    with shop.look() as tx:
        one = person(shop, name)
        asked = queries.matching(tx, rules.read(tree), [one]) == {one}
        whole = one in queries.some(tx, rules.read(tree))
        assert asked == whole, "asked for one and asked for all, the answer is the same"
        return asked


def test_a_region_is_that_of_her_address_and_a_guests_that_of_the_last_order(shop: Shop) -> None:
    """S3: with its country, since a name alone may be in several."""
    bavaria = place() | {"countryArea": "BY"}
    told = customer("ana", defaultShippingAddress=bavaria)
    shop.hears("CUSTOMER_UPDATED", event("CUSTOMER_UPDATED", issued=at(shop), user=told))
    for days, area in ((0, "RJ"), (1, "SP")):
        shop.waits(days=days)
        sent = {"shippingAddress": place("BR") | {"countryArea": area}}
        body = order("rui@example.com", no=f"R{days}", created=at(shop), **sent)
        shop.hears("ORDER_PAID", event("ORDER_PAID", issued=at(shop), order=body))
    with shop.look() as tx:
        rui = tx.exec(select(Person.id).where(Person.email == "rui@example.com")).one()

        def who(*regions: str, fact: str = "region") -> set[int]:
            return set(queries.some(tx, rules.read({"fact": fact, "among": regions})))

        assert who("DE-by") == {person(shop)}
        assert who("BR-SP") == who("BR", fact="country") == {rui}
        assert who("BR-RJ", "AT-BY") == set()
    with pytest.raises(rules.WrongTreeError, match="BR-SP"):
        rules.read({"fact": "region", "among": ["Bavaria"]})


def test_an_order_moves_its_buyer_within_seconds(shop: Shop) -> None:
    """S8: membership within 60 s of the event."""
    buys(shop)
    shop.waits(seconds=5)
    assert {"new", "one-order"} <= segments(shop)
    shop.waits(days=1)
    buys(shop)
    shop.waits(seconds=5)
    assert "one-order" not in segments(shop)
    assert "new" not in segments(shop)


def test_the_log_says_who_came_and_left_when_and_by_what(shop: Shop) -> None:
    """S8: entry and exit log."""
    buys(shop)
    shop.waits(seconds=5)
    came = shop.house.clock.now()
    shop.waits(days=1)
    buys(shop)
    shop.waits(seconds=5)
    with shop.look() as tx:
        log = {s.key: stay for stay, s in queries.stays(tx, person(shop))}
    stay = log["one-order"]
    assert abs(stay.entered_at - came) < timedelta(seconds=10)
    assert stay.cause == "event"
    assert stay.left_at
    assert stay.left_cause == "event"


def test_a_segment_as_of_a_day(shop: Shop) -> None:
    """S8: as-of-date."""
    monday = shop.house.clock.now()
    buys(shop)
    shop.waits(seconds=5)
    shop.waits(days=2)
    buys(shop)
    shop.waits(seconds=5)
    with shop.look() as tx:
        row = queries.by_key(tx, "one-order")
        assert row
        assert queries.headcount(tx, row.id or 0) == 0
        assert queries.headcount(tx, row.id or 0, at=monday + timedelta(days=1)) == 1
        assert queries.headcount(tx, row.id or 0, at=monday - timedelta(days=1)) == 0


def test_time_alone_moves_people_at_night(shop: Shop) -> None:
    """S5: nobody tells us that ninety days went by without an order."""
    buys(shop)
    buys(shop, of="C2")
    shop.waits(days=91)
    night(shop, "later")
    assert "slipping" in segments(shop)
    shop.waits(days=100)
    night(shop, "much later")
    assert "slipping" not in segments(shop)
    assert "lapsed" in segments(shop)


def test_why_is_she_here_names_every_fact(shop: Shop) -> None:
    """S8."""
    buys(shop)
    shop.waits(seconds=5)
    with shop.look() as tx:
        row = queries.by_key(tx, "regulars")
        assert row
        why = queries.why(tx, row, person(shop))
    assert not why.fits
    assert [(reason.leaf.fact, reason.holds) for reason in why.reasons] == [
        ("orders", False), ("last_order", True),
    ]  # fmt: skip


def test_a_segment_never_mixes_shops(shop: Shop, house: House) -> None:
    """Shop 2 must see none of it."""
    with Shop(house, domain="other.example") as other:
        with other.work() as tx:
            flows.fill(tx)
        other.settles()
        buys(shop)
        shop.waits(seconds=5)
        assert other.all(Stay) == []


def test_history_fills_segments_and_that_is_no_news(house: House) -> None:
    """IN-5: whoever was there before the app takes up its work entered with the cause `first`."""
    with Shop(house) as shop:
        buys(shop)
        with shop.work() as tx:
            flows.fill(tx)
        shop.settles()
        stays = shop.all(Stay)
        assert stays
        assert {stay.cause for stay in stays} == {"first"}


def test_facts_are_asked_of_the_shops_own_rows(shop: Shop) -> None:
    """S1–S4."""
    told = customer("ana", updated=at(shop))
    shop.hears("CUSTOMER_UPDATED", event("CUSTOMER_UPDATED", issued=at(shop), user=told))
    buys(shop, lines=[line("tee", each=30)])
    shop.waits(days=10)
    buys(shop, lines=[line("cap", quantity=2, each=20)])
    with shop.work() as tx:
        flows.tag(tx, [person(shop)], "likes", "tea", source="staff")
    wrong = [tree for tree, holds in FACTS if fits(shop, tree) is not holds]
    assert wrong == []


def test_a_segment_may_lean_on_another_but_not_on_itself(shop: Shop) -> None:
    with shop.work() as tx:
        flows.save(tx, "a", name="A", tree={"fact": "segment", "key": "new"})
        flows.save(tx, "b", name="B", tree={"not": {"fact": "segment", "key": "a"}})
    with shop.work() as tx, pytest.raises(rules.WrongTreeError):
        flows.save(tx, "a", name="A", tree={"fact": "segment", "key": "b"})


def test_a_new_definition_moves_people_at_once_and_begins_nothing(shop: Shop) -> None:
    buys(shop)
    shop.waits(seconds=5)
    with shop.work() as tx:
        flows.save(tx, "buyers", name="Buyers", tree={"fact": "orders", "at_least": 1})
    shop.settles()
    assert "buyers" in segments(shop)
    with shop.work() as tx:
        flows.retire(tx, "buyers")
    assert "buyers" not in segments(shop)


def test_the_page_lists_sizes_and_the_editor_counts_while_typing(shop: Shop) -> None:
    """S8: shown size and consented share."""
    buys(shop)
    shop.waits(seconds=5)
    for locale in ("en", "pl", "pt-BR"):
        assert 'href="/app/segments/one-order"' in shop.sees("/app/segments", locale=locale)
    assert "1 person today" in shop.sees("/app/segments/one-order")
    typed = rows({"fact": "orders", "least": "2"})
    answer = shop.http.post(
        "/app/segments/new-segment",
        data=typed | {"do": "count"},
        headers=shop.staff(part="segment"),
    )
    assert "0 people today" in answer.text
    answer = shop.http.post(
        "/app/segments/new-segment",
        data=typed | {"do": "save", "name": "Twice", "r0.least": "1"},
        headers=shop.staff(part="segment"),
    )
    assert "Saved." in answer.text
    assert [s.tree for s in shop.all(Segment) if s.name == "Twice"]


def test_two_segments_may_have_one_name_and_one_that_was_removed_comes_back(shop: Shop) -> None:
    typed = rows({"fact": "company"}) | {"name": "Łódź & São"}

    def posts(key: str, *, status: int = 200, **fields: str) -> str:
        headers = shop.staff(part="segment")
        answer = shop.http.post(f"/app/segments/{key}", data=typed | fields, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.text

    assert "Give it a name first." in posts("new-segment", do="save", name=" ", status=422)
    assert "Saved." in posts("new-segment", do="save")
    assert "Saved." in posts("new-segment", do="save")
    keys = {one.key for one in shop.all(Segment) if one.name == "Łódź & São"}
    assert keys == {"own-lodz-sao", "own-lodz-sao-2"}
    assert "It is removed" in posts("own-lodz-sao", do="retire")
    gone = shop.http.get("/app/segments/own-lodz-sao", headers=shop.staff(part="main"))
    assert gone.status_code == 404
    posts("own-lodz-sao", do="save")
    assert "Buys for a company" in shop.sees("/app/segments/own-lodz-sao")
    circle = {"r0.fact": "segment", "r0.among": "own-lodz-sao", "do": "save"}
    assert "neither would ever begin" in posts("own-lodz-sao", status=422, **circle)


def test_a_postal_code_and_a_company_are_those_of_her_address_or_of_the_last_order(
    shop: Shop,
) -> None:
    """S3: how a code is written does not matter. PR-3: both are forgotten with her, and no later
    telling of the order brings them back."""
    home = place("PL") | {"postalCode": "00-950", "companyName": "Kwiaty Sp. z o.o."}
    told = customer("ana", defaultShippingAddress=home)
    shop.hears("CUSTOMER_UPDATED", event("CUSTOMER_UPDATED", issued=at(shop), user=told))
    sent = {"shippingAddress": place() | {"postalCode": "10 115", "companyName": "Rui GmbH"}}
    body = order("rui@example.com", created=at(shop), **sent)
    shop.hears("ORDER_PAID", event("ORDER_PAID", issued=at(shop), order=body))
    shop.waits(days=1)

    def who(fact: str, *names: str) -> set[int]:
        with shop.look() as tx:
            return set(queries.some(tx, rules.read({"fact": fact, "among": names})))

    ana = person(shop)
    (rui,) = who("postal", "DE-10")
    assert who("postal", "PL-00-9") == who("postal", "pl-009") == {ana}
    assert who("postal", "PL-10", "DE-00", "DE-10116") == set()
    assert who("company") == {ana, rui}
    assert who("company", "rui gmbh ") == {rui}
    for bad in ("10", "DE-", "Berlin-10"):
        with pytest.raises(rules.WrongTreeError, match="DE-10"):
            rules.read({"fact": "postal", "among": [bad]})
    with shop.work() as tx:
        privacy.erase_guest(tx, "rui@example.com", at=tx.now)
    later = body | {"updatedAt": at(shop), "number": "again"}
    shop.hears("ORDER_UPDATED", event("ORDER_UPDATED", issued=at(shop), order=later))
    assert who("postal", "DE-10") == set()
    assert [(one.postal, one.company) for one in shop.all(Order)] == [("", "")]
    assert who("company") == {ana}


def test_an_owner_names_goods_as_her_shop_calls_them(shop: Shop) -> None:
    """S1, S4: bought and preferred goods are rows of the editor, by name; a tree has ids."""
    for name in ("tee", "cap"):
        kind = variant(name, category="clothes" if name == "tee" else "hats")
        lines = [line(name, quantity=3, variant=kind)]
        body = order(user(), created=at(shop), lines=lines)
        shop.hears("ORDER_PAID", event("ORDER_PAID", issued=at(shop), order=body))
    path = "/app/segments/new-segment"
    told = {"name": "Tees"} | rows(
        {"fact": "bought", "least": "1", "days": "365", "among": "Tee"},
        {"fact": "affinity", "least": "50", "among": "clothes"},
    )

    def posts(path: str, **fields: object) -> str:
        return shop.http.post(path, data=told | fields, headers=shop.staff()).text

    assert "1 person today" in posts(path, do="count")
    assert "0 people today" in posts(path, do="count", **{"r1.least": "51"})
    assert "is called “Tea”" in posts(path, do="count", **{"r0.among": "Tea"})
    with shop.work() as tx:
        catalog.stock(tx, [shaped(CatalogueProduct, product("tee", updated=at(shop)))])
    assert "1 person today" in posts(path, do="count", **{"r1.among": "fit: slim"})
    assert "0 people today" in posts(
        path, do="count", **{"r1.among": "fit: slim", "r1.least": "51"}
    )
    posts(path, do="save")
    page = shop.sees("/app/segments/own-tees")
    assert 'value="Tee"' in page
    assert 'value="50"' in page
    assert "Orders with certain goods (Tee): at least 1, in the last 365 days" in page
    assert "At least 50% of what was bought is Clothes" in page
    saved = next(one for one in shop.all(Segment) if one.key == "own-tees")
    assert saved.tree["all"][1] == {
        "fact": "affinity", "of": {"categories": [gid("Category", "clothes")]}, "share": 0.5,
    }  # fmt: skip
