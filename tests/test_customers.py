"""Who is who (ID-1 to ID-3), told in any order."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlmodel import select

from app.customers import flows as customers
from app.customers import queries as people
from app.customers.flows import TooLateError
from app.customers.rules import Claim, key_of, rightful, tidy, undoable
from app.customers.tables import Merge, Person
from app.kit.hearing import Hearing
from app.kit.tx import Tx
from app.orders import flows as orders
from app.orders import queries as sales
from app.orders.tables import Order as Row
from app.saleor.shapes import Customer, Order
from tests.support.makers import MONDAY, customer, order, user
from tests.support.story import Shop
from tests.support.telling import heard, shaped

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SINCE = MONDAY - timedelta(days=365)


def buys(tx: Tx, told: dict[str, Any], at: timedelta = timedelta()) -> orders.Recorded:
    return orders.record(tx, shaped(Order, told), heard=heard(at))


def says(tx: Tx, told: dict[str, Any], at: timedelta = timedelta()) -> frozenset[int]:
    """Saleor tells of a customer: whose orders are not what they were."""
    return orders.settle(tx, customers.know(tx, shaped(Customer, told), heard(at)))


def account(tx: Tx, name: str = "ana") -> Person:
    found = people.by_account(tx, user(name)["id"])
    assert found is not None
    return found


def earned(tx: Tx, name: str = "ana") -> int:
    return sales.spend(tx, account(tx, name).id or 0, since=SINCE).minor


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ana@Example.COM ", "ana@example.com"),
        ("ana+news@example.com", "ana+news@example.com"),
        ("a.na@gmail.com", "a.na@gmail.com"),
        ("  ", None),
        (None, None),
    ],
)
def test_id1_an_address_is_trimmed_and_lowered_and_nothing_more(
    typed: str | None, kept: str | None
) -> None:
    assert tidy(typed) == kept


def test_id1_the_account_goes_before_the_address() -> None:
    assert key_of("VXNlcjox", "ana@example.com") == "account:VXNlcjox"
    assert key_of(None, "ana@example.com") == "guest:ana@example.com"
    assert key_of(None, None) is None


def test_id2_of_two_accounts_the_first_to_prove_an_address_has_its_guest() -> None:
    one, two = Claim(MONDAY + DAY, "account:1", 1), Claim(MONDAY, "account:2", 2)
    assert rightful([one, two]) == rightful([two, one]) == 2
    assert rightful([]) is None


@pytest.mark.parametrize(("days", "may"), [(0, True), (30, True), (30.01, False)])
def test_id3_a_merge_can_be_undone_for_thirty_days(days: float, *, may: bool) -> None:
    assert undoable(MONDAY, now=MONDAY + timedelta(days=days)) is may


def test_id1_one_guest_is_one_person_however_the_address_is_written(shop: Shop) -> None:
    with shop.work() as tx:
        first = buys(tx, order("Cleo@Example.com", no=1))
        second = buys(tx, order(" cleo@example.com", no=2))
        other = buys(tx, order("cleo+gift@example.com", no=3))
    assert first.person == second.person != other.person


def test_an_order_that_names_nobody_is_kept_without_a_person(shop: Shop) -> None:
    with shop.work() as tx:
        assert buys(tx, order("", no=1)).person is None
    assert len(shop.all(Row)) == 1


def test_id2_guest_orders_join_an_account_once_it_is_confirmed(shop: Shop) -> None:
    with shop.work() as tx:
        guest = buys(tx, order("ana@example.com", no=1))
        says(tx, customer("ana", confirmed=False))
        assert earned(tx) == 0
        touched = says(tx, customer("ana", confirmed=True, updated=HOUR), HOUR)
        ana = account(tx)
        assert ana.id in touched
        assert earned(tx) == 2000
        assert [order.source for order in sales.last_orders(tx, ana.id or 0)] == [guest.person]


def test_id2_a_guest_order_after_the_confirmation_is_the_accounts_at_once(shop: Shop) -> None:
    with shop.work() as tx:
        says(tx, customer("ana"))
        bought = buys(tx, order("ana@example.com", no=1))
        assert bought.person == account(tx).id
        assert earned(tx) == 2000


def test_id2_who_registers_a_strangers_address_gets_nothing_of_his(shop: Shop) -> None:
    with shop.work() as tx:
        buys(tx, order("ben@example.com", no=1, lines=None))
        buys(tx, order(user("mallory", confirmed=False, email="ben@example.com"), no=2))
        says(tx, customer("mallory", confirmed=False, email="ben@example.com"))
        mallory = account(tx, "mallory")
        assert earned(tx, "mallory") == 0
        assert len(sales.last_orders(tx, mallory.id or 0)) == 1
        assert mallory.merged_into is None
        assert sales.waiting(tx).orders == 2


def test_id2_an_unconfirmed_account_earns_what_it_bought_signed_in(shop: Shop) -> None:
    """Where a shop asks nobody for a confirmation, nearly every account is one of these."""
    cleo = user("cleo", confirmed=False)
    with shop.work() as tx:
        says(tx, customer("cleo", confirmed=False))
        buys(tx, order(cleo, no=1, of="C1"))
        buys(tx, order(cleo, no=2, of="C2"))
        assert earned(tx, "cleo") == 0
        checkout = shaped(Order, order(cleo, no=1, of="C1")).checkout_id or ""
        row = account(tx, "cleo").id or 0
        vouching = orders.Vouching(checkout, cleo["id"], row)
        assert orders.vouch_all(tx, [vouching]) == {checkout: {row}}
        assert earned(tx, "cleo") == 2000
        assert sales.waiting(tx).orders == 1


def test_id2_a_checkout_heard_before_its_order_vouches_too(shop: Shop) -> None:
    cleo = user("cleo", confirmed=False)
    with shop.work() as tx:
        says(tx, customer("cleo", confirmed=False))
        told = shaped(Order, order(cleo, no=1, of="C1"))
        row = account(tx, "cleo").id or 0
        orders.vouch_all(tx, [orders.Vouching(told.checkout_id or "", cleo["id"], row)])
        orders.record(tx, told, heard=heard())
        assert earned(tx, "cleo") == 2000


def test_id2_a_changed_address_keeps_the_history_and_brings_the_new_guests(shop: Shop) -> None:
    with shop.work() as tx:
        buys(tx, order("old@example.com", no=1))
        buys(tx, order("new@example.com", no=2))
        says(tx, customer("ana", email="old@example.com"))
        assert earned(tx) == 2000
        says(tx, customer("ana", email="New@example.com", updated=DAY), DAY)
        assert earned(tx) == 4000
        assert account(tx).email == "new@example.com"


TELLINGS: list[tuple[dict[str, Any], timedelta]] = [
    (customer("ana", email="old@example.com", confirmed=False), timedelta()),
    (customer("ana", email="old@example.com", updated=HOUR), HOUR),
    (customer("ana", email="new@example.com", updated=DAY), DAY),
]


@pytest.mark.parametrize("order_of", list(permutations(range(3))))
def test_id2_in_whatever_order_an_account_is_told_of_it_ends_the_same(
    shop: Shop, order_of: tuple[int, ...]
) -> None:
    with shop.work() as tx:
        buys(tx, order("old@example.com", no=1))
        for at in order_of:
            says(tx, *TELLINGS[at])
        buys(tx, order("new@example.com", no=2))
        ana = account(tx)
        assert (ana.email, ana.confirmed, earned(tx)) == ("new@example.com", True, 4000)


def test_an_older_telling_of_an_account_changes_neither_name_nor_address(shop: Shop) -> None:
    with shop.work() as tx:
        says(tx, customer("ana", updated=DAY), DAY)
        says(tx, customer("ana", firstName="Anna", email="x@example.com"))
        assert (account(tx).first_name, account(tx).email) == ("Ana", "ana@example.com")


def test_what_an_order_says_of_its_buyer_does_not_undo_what_saleor_told(shop: Shop) -> None:
    with shop.work() as tx:
        says(tx, customer("ana"))
        buys(tx, order(user("ana", email="typo@example.com"), no=1, updated=DAY), DAY)
        assert (account(tx).first_name, account(tx).email) == ("Ana", "ana@example.com")


def test_a_confirmation_that_comes_with_an_order_is_one(shop: Shop) -> None:
    with shop.work() as tx:
        says(tx, customer("ana", confirmed=False))
        buys(tx, order(user("ana", confirmed=False), no=1))
        assert earned(tx) == 0
        buys(tx, order(user("ana", confirmed=True), no=2, created=HOUR), HOUR)
        assert earned(tx) == 4000


def test_members_of_staff_are_known_as_such(shop: Shop) -> None:
    with shop.work() as tx:
        says(tx, customer("olga", isStaff=True))
        assert account(tx, "olga").staff is True


def test_id3_a_merge_is_undone_and_not_made_again(shop: Shop) -> None:
    with shop.work() as tx:
        guest = buys(tx, order("ana@example.com", no=1)).person or 0
        says(tx, customer("ana"))
        merge = people.merges(tx, account(tx).id or 0)
        assert [one.source for one in merge] == [guest]

        assert customers.undo(tx, guest) is not None
        assert orders.part(tx, guest) == {account(tx).id}
        assert earned(tx) == 0

        buys(tx, order("ana@example.com", no=2, created=DAY), DAY)
        says(tx, customer("ana", updated=DAY), DAY)
        assert earned(tx) == 0
        assert people.merges(tx, account(tx).id or 0) == []
        assert customers.undo(tx, guest) is None


def test_id3_both_sources_are_still_there_after_a_merge(shop: Shop) -> None:
    with shop.work() as tx:
        guest = buys(tx, order("ana@example.com", no=1)).person
        says(tx, customer("ana"))
        rows = {row.id: row for row in tx.exec(select(Person))}
        assert rows[guest].key == "guest:ana@example.com"
        assert rows[guest].merged_into == account(tx).id


def test_id3_after_thirty_days_it_is_too_late(shop: Shop) -> None:
    with shop.work() as tx:
        guest = buys(tx, order("ana@example.com", no=1)).person or 0
        says(tx, customer("ana"))
    shop.waits(days=31)
    with shop.work() as tx:
        with pytest.raises(TooLateError):
            customers.undo(tx, guest)
        assert tx.exec(select(Merge)).one().undone_at is None


def test_another_shop_knows_none_of_them(shop: Shop) -> None:
    with Shop(shop.house, domain="other.example") as other:
        with shop.work() as tx:
            says(tx, customer("ana"))
        assert other.all(Person) == []


def test_a_page_that_names_one_person_often_costs_no_more_statements(shop: Shop) -> None:
    told = [shaped(Order, order(no=no)) for no in range(1, 40)]
    with shop.work() as tx:
        recorded = orders.record_all(
            tx, [(one, Hearing(MONDAY, str(at))) for at, one in enumerate(told)]
        )
        assert len({one.person for one in recorded}) == 1
        assert sales.value_to_date(tx, account(tx).id or 0).orders == 39
