"""Ways into the app from the Dashboard's own pages: menus, its list of customers, its search."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from sqlmodel import select

from app.customers import queries as customers
from app.kit.clock import StillClock
from app.kit.house import House
from app.segments import queries as segments
from app.segments.tables import Segment
from tests.support.html import words
from tests.support.loyal import Loyal
from tests.support.makers import by_user, checkout, checkout_line, event, gid, user
from tests.support.till import Till

ANA, BEN, NOBODY = (gid("User", name) for name in ("ana", "ben", "nobody"))
ORDERS_ONLY = ("MANAGE_ORDERS",)


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Loyal]:
    with Loyal(house, Till(clock.now)) as shop:
        shop.buys("ana", 120)
        shop.buys("ben", 20)
        yield shop


def looks(shop: Loyal, path: str, may: tuple[str, ...] | None = None) -> str:
    headers = shop.staff() if may is None else shop.staff(may)
    answer = shop.http.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return words(answer.text)


def puts(shop: Loyal, **fields: object) -> str:
    answer = shop.http.post("/app/picked", data=fields, headers=shop.staff())
    assert answer.status_code == 200, answer.text
    shop.settles()
    shop.waits(seconds=2)
    return words(answer.text)


def row(shop: Loyal, account: str) -> int:
    with shop.look() as tx:
        person = customers.by_account(tx, account)
    assert person
    return person.id or 0


def members(shop: Loyal, name: str) -> list[int]:
    with shop.look() as tx:
        segment = tx.exec(select(Segment).where(Segment.name == name)).one()
        return segments.people_in(tx, segment.id or 0)


def leaves(shop: Loyal, *who: object, no: str, each: int) -> None:
    body = checkout(*who, no=no, lines=[checkout_line(each=each)], updated=shop.at())
    told = event("CHECKOUT_UPDATED", issued=shop.at(), by=by_user("ana"), checkout=body)
    shop.hears("CHECKOUT_UPDATED", told)


@pytest.mark.parametrize(
    "asked",
    [
        [("customerIds", f"{ANA},{BEN},{NOBODY}")],  # a pop-up is given one text
        [("customerIds[0]", ANA), ("customerIds[1]", BEN), ("customerIds[2]", NOBODY)],
        [("customerIds[0]", ANA), ("customerIds", f"{ANA},{BEN},{NOBODY}")],  # a page both
    ],
)
def test_those_picked_in_saleors_list_stand_side_by_side(
    shop: Loyal, asked: list[tuple[str, str]]
) -> None:
    seen = looks(shop, f"/app/picked?{urlencode(asked)}")
    assert "ana@example.com" in seen
    assert "ben@example.com" in seen
    assert "has not heard of 1 of them" in seen
    assert "Put 2 people in" in seen


def test_without_anybody_picked_it_is_said_how_to_pick(shop: Loyal) -> None:
    assert "Tick customers in Saleor's list" in looks(shop, "/app/picked")


def test_those_picked_become_a_segment_others_join_it_and_a_press_takes_them_out_again(
    shop: Loyal,
) -> None:
    ana, ben = row(shop, ANA), row(shop, BEN)
    assert "1 person was put into “Łódź fair”" in puts(shop, person=[ana], name="Łódź fair")
    assert members(shop, "Łódź fair") == [ana]
    shop.waits(seconds=1)
    told = puts(shop, person=[ana, ben], segment="list-lodz-fair")
    assert "1 person was put into" in told  # Ana was in it
    assert members(shop, "Łódź fair") == [ana, ben]
    told = puts(shop, person=[ana, ben], new=[ben], segment="list-lodz-fair", do="undo")
    assert "out of it again" in told
    assert members(shop, "Łódź fair") == [ana]
    assert "All of them are in" in puts(shop, person=[ana], name="łódź FAIR")
    assert "Łódź fair" in looks(shop, f"/app/picked?customerIds={ANA}")
    assert shop.errors() == []


def test_a_segment_of_those_picked_needs_a_name_and_somebody_who_may_make_one(shop: Loyal) -> None:
    person = row(shop, ANA)
    answer = shop.http.post("/app/picked", data={"person": person}, headers=shop.staff())
    assert answer.status_code == 422
    assert "Please give it a name." in words(answer.text)
    may = ("MANAGE_USERS",)
    fields = {"person": person, "name": "Press"}
    assert shop.http.post("/app/picked", data=fields, headers=shop.staff(may)).status_code == 403
    assert "but not change" in looks(shop, f"/app/picked?customerIds={ANA}", may)


def test_every_checkout_that_was_left_is_listed_with_what_is_in_it(shop: Loyal) -> None:
    assert "Nobody has left a checkout behind" in looks(shop, "/app/checkouts")
    leaves(shop, user("ana"), no="A", each=30)
    leaves(shop, "cleo@example.com", no="C", each=70)
    shop.waits(hours=1)
    seen = looks(shop, "/app/checkouts?by=worth")
    assert "2 people have left something worth" in seen
    assert seen.index("cleo@example.com") < seen.index("ana@example.com")
    assert "1 × Tee" in seen
    assert "€70.00" in seen
    answer = shop.http.get("/app/checkouts", headers=shop.staff())
    assert f'href="/app/customers/{row(shop, ANA)}"' in answer.text
    assert (
        'href="/app/customers?q=cleo%40example.com"' in answer.text
    )  # a typed address is no proof
    assert "@example.com" not in looks(shop, "/app/checkouts", ORDERS_ONLY)
    assert "That was everybody." in looks(shop, "/app/checkouts?at=1")


def test_the_search_leads_to_why_of_the_customer_or_order_it_was_opened_on(shop: Loyal) -> None:
    order = str(shop.buys("ben", 30)["id"])
    assert "What happened" in looks(shop, f"/app/why?customerId={ANA}&customerId={ANA}")
    assert "ben@example.com" in looks(shop, f"/app/why?orderId={order}")
    assert "Who has bought" in looks(shop, "/app/why")
    assert "Who has bought" in looks(shop, f"/app/why?customerId={NOBODY}")
