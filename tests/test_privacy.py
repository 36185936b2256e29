"""PR-3: a customer is deleted. Nothing of her is left, and the sums are what they were."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import inspect
from sqlmodel import select

from app.carts.tables import Cart
from app.customers.tables import Erasure, Person
from app.kit.promises import Delivery, Promise
from app.orders.tables import Order
from app.privacy import flows as privacy
from tests.support.makers import JSON, checkout, customer, event, gid, order, user
from tests.support.story import Shop

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANA = gid("User", "ana")


def hears(shop: Shop, name: str, after: timedelta = timedelta(), **subject: JSON) -> None:
    shop.hears(name, event(name, issued=after, **subject))


def deletes(shop: Shop, name: str = "ana", event_name: str = "CUSTOMER_DELETED") -> None:
    hears(shop, event_name, DAY, user={"id": gid("User", name), "email": f"{name}@example.com"})


@pytest.fixture
def lived(shop: Shop) -> Shop:
    """Ana bought as a guest and with her account, left a checkout, and Ben was there too."""
    hears(shop, "ORDER_CREATED", order=order("ana@example.com", no=1))
    hears(shop, "CUSTOMER_CREATED", user=customer("ana"))
    hears(shop, "ORDER_CREATED", order=order(user("ana"), no=2, of="C1"))
    hears(shop, "CHECKOUT_UPDATED", checkout=checkout(user("ana"), no="C2"))
    hears(shop, "CHECKOUT_UPDATED", checkout=checkout("ana@example.com", no="C3"))
    hears(shop, "ORDER_CREATED", order=order(user("ben"), no=3))
    hears(shop, "CHECKOUT_UPDATED", checkout=checkout(user("ben"), no="C4"))
    return shop


def everything_kept(shop: Shop) -> str:
    """All rows of the shop as one text, but for the books of the wire itself."""
    text: list[str] = []
    for table in privacy.tables():
        for row in shop.all(table):
            columns = inspect(table).columns
            text.append(
                " ".join(f"{column.key}={getattr(row, column.key)!r}" for column in columns)
            )
    return "\n".join(text)


@pytest.mark.parametrize("event_name", ["CUSTOMER_DELETED", "ACCOUNT_DELETED"])
def test_pr3_nothing_names_her_any_more(lived: Shop, event_name: str) -> None:
    before = everything_kept(lived)
    assert "ana@example.com" in before
    deletes(lived, event_name=event_name)
    after = everything_kept(lived)
    assert "ana" not in after.lower().replace("fontana", "")
    assert ANA not in after
    assert "ben@example.com" in after
    assert lived.errors() == []


def test_pr3_the_amounts_stay(lived: Shop) -> None:
    before = sorted(row.charged_minor for row in lived.all(Order))
    deletes(lived)
    assert sorted(row.charged_minor for row in lived.all(Order)) == before == [2000, 2000, 2000]
    assert sorted(row.number for row in lived.all(Order) if row.person is None) == ["1", "2"]
    stones = [row for row in lived.all(Person) if row.erased_at]
    assert {row.key for row in stones} == {f"erased:{row.id}" for row in stones}


def test_pr3_a_hash_is_kept_and_it_leads_nowhere_back(lived: Shop) -> None:
    deletes(lived)
    hashes = [row.hash for row in lived.all(Erasure)]
    assert len(hashes) == 2
    assert all(len(hash_) == 64 for hash_ in hashes)


def test_pr3_an_address_that_is_told_of_late_is_forgotten_too(lived: Shop) -> None:
    hears(lived, "ORDER_CREATED", order=order("ana.old@example.com", no=8))
    deletes(lived)
    hears(lived, "CUSTOMER_UPDATED", user=customer("ana", email="ana.old@example.com"))
    assert "ana" not in everything_kept(lived)


def test_pr3_who_is_deleted_twice_is_forgotten_up_to_the_second_time(lived: Shop) -> None:
    deletes(lived)
    again = {"id": gid("User", "ana2"), "email": "ana@example.com"}
    hears(lived, "ORDER_CREATED", 3 * DAY, order=order("ana@example.com", no=9, created=3 * DAY))
    hears(lived, "CUSTOMER_DELETED", 4 * DAY, user=again)
    hears(lived, "CUSTOMER_DELETED", HOUR, user=again)
    hears(lived, "ORDER_CREATED", 5 * DAY, order=order("ana@example.com", no=10, created=3 * DAY))
    assert "ana@example.com" not in everything_kept(lived)


LATE: list[tuple[str, dict[str, Any]]] = [
    ("CUSTOMER_UPDATED", {"user": customer("ana", updated=HOUR)}),
    ("ORDER_UPDATED", {"order": order(user("ana"), no=2, updated=HOUR)}),
    ("ORDER_UPDATED", {"order": order("ana@example.com", no=2, updated=HOUR)}),
    ("ORDER_UPDATED", {"order": order("ana@example.com", no=1, updated=HOUR)}),
    ("ORDER_CREATED", {"order": order("ana@example.com", no=9)}),
    ("CHECKOUT_UPDATED", {"checkout": checkout(user("ana"), no="C2", updated=HOUR)}),
    ("CHECKOUT_UPDATED", {"checkout": checkout("ana@example.com", no="C3", updated=HOUR)}),
    ("CHECKOUT_UPDATED", {"checkout": checkout("ana@example.com", no="C9")}),
    ("CHECKOUT_UPDATED", {"checkout": checkout(user("ana"), no="C9")}),
]


@pytest.mark.parametrize(("name", "subject"), LATE, ids=range(len(LATE)))
def test_pr3_what_comes_late_does_not_bring_her_back(
    lived: Shop, name: str, subject: dict[str, Any]
) -> None:
    deletes(lived)
    hears(lived, name, 2 * DAY, **subject)
    after = everything_kept(lived)
    assert "ana@example" not in after
    assert ANA not in after
    assert lived.errors() == []


def test_pr3_an_order_that_comes_late_counts_in_the_books(lived: Shop) -> None:
    deletes(lived)
    hears(lived, "ORDER_CREATED", 2 * DAY, order=order("ana@example.com", no=9))
    late = next(row for row in lived.all(Order) if row.number == "9")
    assert (late.person, late.charged_minor) == (None, 2000)


def test_pr3_who_comes_back_later_is_somebody_new(lived: Shop) -> None:
    deletes(lived)
    lived.waits(days=3)
    hears(lived, "ORDER_CREATED", 3 * DAY, order=order("ana@example.com", no=9, created=3 * DAY))
    new = [row for row in lived.all(Person) if row.email == "ana@example.com"]
    assert len(new) == 1
    assert [row.person for row in lived.all(Order) if row.number == "9"] == [new[0].id]
    assert [row.person for row in lived.all(Order) if row.number == "1"] != [new[0].id]


def test_pr3_another_account_keeps_what_it_proved_to_be_its_own(lived: Shop) -> None:
    """Ana was given a new account; deleting the old one takes nothing from it."""
    hears(lived, "CUSTOMER_UPDATED", HOUR, user=customer("anna", email="ana@example.com"))
    deletes(lived)
    assert any(row.email == "ana@example.com" for row in lived.all(Person))


def test_pr3_her_checkouts_are_gone(lived: Shop) -> None:
    deletes(lived)
    assert [row.email for row in lived.all(Cart)] == ["ben@example.com"]
    lived.waits(hours=2)
    assert lived.errors() == []


def test_pr3_a_parked_delivery_of_hers_is_emptied(lived: Shop) -> None:
    broken = event("ORDER_UPDATED", order={"id": "x", "userEmail": "Ana@example.com"})
    other = event("ORDER_UPDATED", order={"id": "x", "userEmail": "ben@example.com"})
    lived.hears("ORDER_UPDATED", broken)
    lived.hears("ORDER_UPDATED", other)
    assert len(lived.all(Delivery)) == 2
    deletes(lived)
    assert [b"ben" in row.body for row in lived.all(Delivery)] == [True]
    assert len([row for row in lived.all(Promise) if row.parked_at]) == 2


def test_pr3_an_account_we_never_heard_of_is_forgotten_too(shop: Shop) -> None:
    hears(shop, "ORDER_CREATED", order=order("ana@example.com", no=1))
    deletes(shop)
    assert "ana@example" not in everything_kept(shop)


def test_pr3_before_3_23_5_saleor_sends_its_old_payload(lived: Shop) -> None:
    meta = {"issued_at": "2026-03-03T09:00:00+00:00", "version": "3.22.0"}
    meta |= {"issuing_principal": {"id": gid("User", "olga"), "type": "user"}}
    told = [{"id": ANA, "email": "ana@example.com", "meta": meta}]
    lived.hears("CUSTOMER_DELETED", json.dumps(told).encode())
    assert "ana@example.com" not in everything_kept(lived)
    assert lived.errors() == []


@contextmanager
def another(shop: Shop) -> Iterator[Shop]:
    with Shop(shop.house, domain="other.example") as other:
        yield other


def test_pr3_another_shop_forgets_nothing(lived: Shop) -> None:
    with another(lived) as other:
        hears(other, "CUSTOMER_CREATED", user=customer("ana"))
        deletes(lived)
        assert [row.email for row in other.all(Person)] == ["ana@example.com"]


def test_a_shop_that_is_erased_leaves_nothing_and_no_other_shop_loses_anything(
    lived: Shop,
) -> None:
    with another(lived) as other:
        hears(other, "ORDER_CREATED", order=order(no=1))
        with lived.work() as tx:
            privacy.erase_shop(tx)
        assert everything_kept(lived) == ""
        assert len(other.all(Order)) == 1
        with other.look() as tx:
            assert len(tx.exec(select(Promise)).all()) > 0
