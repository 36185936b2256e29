"""Customers' lines under every order of arrival: kept one event at a time, they equal the orders.

LV-1, ID-2, ID-3, PR-3, IN-2.
"""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event as database_event
from sqlmodel import Session, select

from app.catalog import flows as catalog
from app.customers import flows as customers
from app.customers import queries as people
from app.customers.tables import Person
from app.kit.house import House
from app.kit.tx import ShopId, Tx
from app.ltv import auditing, booking, entries
from app.ltv import flows as value
from app.ltv.booking import NUMBERS
from app.ltv.ground import ground
from app.ltv.tables import BookedOrder, CustomerScore, CustomerTally, UnitCost
from app.orders import flows as orders
from app.orders.exchange import exchange
from app.orders.tables import Order as Row
from app.saleor.shapes import CatalogueProduct, Customer, Order
from app.shops.tables import Rate
from app.shops.tables import Shop as Home
from app.world import World
from tests.support.makers import customer, event, gid, line, order, product, user
from tests.support.story import Shop
from tests.support.telling import heard, shaped
from webhooks import orders as door

DAY = timedelta(days=1)
Told = tuple[Any, timedelta]


def tell(tx: Tx, told: Any, at: timedelta) -> None:  # noqa: ANN401
    """An order or an account, as the webhooks hear it."""
    if isinstance(told, Order):
        door.hear(tx, [(told, heard(at))])
    else:
        value.follow(tx, orders.settle(tx, customers.know(tx, told, heard(at))))


def lines(tx: Tx) -> dict[str, tuple[int, ...]]:
    """By who it is, so that row numbers do not matter."""
    known = {row.id: row.key for row in tx.exec(select(Person))}
    return {
        known[row.person]: tuple(getattr(row, name) for name in NUMBERS)
        for row in tx.exec(select(CustomerTally))
    }


def reckoned(tx: Tx) -> dict[str, tuple[int, ...]]:
    """The same lines, added up from the orders by hand."""
    known = {row.id: row.key for row in tx.exec(select(Person))}
    every = [id_ for id_ in tx.exec(select(Row.id)) if id_]
    by_day: dict[int, dict[int, list[entries.Entry]]] = defaultdict(lambda: defaultdict(list))
    for entry in entries.owed(tx, every).values():
        by_day[entry.person][entry.day].append(entry)
    found = {}
    for person, days in by_day.items():
        mine = [entry for entries_ in days.values() for entry in entries_]
        sums = {
            name: sum(getattr(entry, name) for entry in mine)
            for name in ("gross", "discount", "cost", "tax", "refunded", "costed")
        }
        first = sum(entry.gross - entry.discount for entry in days[min(days)])
        found[known[person]] = (
            len(days), min(days), max(days), len(mine), *sums.values(), first,
        )  # fmt: skip
    return found


def built(tx: Tx) -> dict[str, tuple[int, ...]]:
    """And once more as the engine's two passes have it."""
    known = {row.id: row.key for row in tx.exec(select(Person))}
    base = ground(tx)
    s = base.history.at(base.today + 10_000)
    columns = (s.x + 1, s.first, s.last, s.orders, s.gross, s.discount, s.refunded, s.first_value)
    return {
        known[int(base.people[who])]: tuple(int(column[i]) for column in columns)
        for i, who in enumerate(s.who)
    }


def some(of: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """What `built` has of them: cost and tax are one there."""
    places = [NUMBERS.index(n) for n in NUMBERS if n not in {"cost", "tax", "costed"}]
    return {who: tuple(line_[i] for i in places) for who, line_ in of.items()}


# ---- The plain cases


def bought(shop: Shop, told: dict[str, Any], at: timedelta = timedelta()) -> None:
    with shop.work() as tx:
        tell(tx, shaped(Order, told), at)


def the_line(shop: Shop) -> CustomerTally:
    (row,) = shop.all(CustomerTally)
    assert isinstance(row, CustomerTally)
    return row


def test_lv1_an_order_adds_its_goods_discount_tax_and_cost(shop: Shop) -> None:
    with shop.work() as tx:
        catalog.stock(tx, [shaped(CatalogueProduct, product("tee"))])
    sold = [line("tee", each=24, before=30, quantity=2, tax=0.2), line("pin", each=6, tax=0.2)]
    bought(shop, order(lines=sold, shipping=5))
    row = the_line(shop)
    assert (row.days, row.orders, row.gross, row.discount) == (1, 1, 6600, 1200)
    assert (row.cost, row.costed, row.tax) == (1600, 4800, 900)  # 8 a tee; nobody knows a pin's
    assert row.first_value == 5400
    assert row.refunded == 0


def test_lv1_goods_that_came_back_are_neither_cost_nor_tax(shop: Shop) -> None:
    with shop.work() as tx:
        catalog.stock(tx, [shaped(CatalogueProduct, product("tee"))])
    told = order(no=1, lines=[line("tee", each=20, quantity=2, tax=0.25)])
    bought(shop, told)
    bought(shop, told | order(no=1, lines=told["lines"], refunded=20, updated=DAY), DAY)
    row = the_line(shop)
    assert (row.refunded, row.cost, row.tax) == (2000, 800, 400)
    assert (row.gross, row.first_value) == (4000, 4000)


def test_costs_handed_in_go_before_saleors_from_their_day_on(shop: Shop) -> None:
    with shop.work() as tx:
        catalog.stock(tx, [shaped(CatalogueProduct, product("tee"))])
        tx.add(UnitCost(sku="TEE", since=entries.today(tx) - 5, cost=500))
    bought(shop, order(no=1, created=-10 * DAY))
    bought(shop, order(no=2))
    assert the_line(shop).cost == 800 + 500


def test_two_orders_of_a_day_are_one_purchase_and_a_cancelled_one_is_none(shop: Shop) -> None:
    bought(shop, order(no=1))
    bought(shop, order(no=2, created=timedelta(hours=2)))
    assert (the_line(shop).days, the_line(shop).orders) == (1, 2)
    bought(shop, order(no=2, created=timedelta(hours=2), updated=DAY, status="CANCELED"), DAY)
    assert (the_line(shop).days, the_line(shop).orders) == (1, 1)
    bought(shop, order(no=1, updated=DAY, status="CANCELED"), DAY)
    assert shop.all(CustomerTally) == []
    assert shop.all(BookedOrder) == []


def test_a_day_is_the_shops_own(shop: Shop) -> None:
    with Session(shop.house.engine) as session, session.begin():
        session.exec(select(Home)).one().zone = "Pacific/Auckland"
    bought(shop, order(created="2026-03-02T12:30:00+00:00"))  # already Tuesday there
    with shop.look() as tx:
        assert the_line(shop).first == entries.day_of(tx.now + DAY, exchange(tx))


def test_an_order_without_a_rate_waits_outside_until_there_is_one(shop: Shop) -> None:
    bought(shop, order(currency="SEK"))
    assert shop.all(CustomerTally) == []
    with shop.work() as tx:
        tx.add(Rate(currency="SEK", day="2020-01-01", rate="0.1"))
        tx.flush()
        orders.revalue(tx)
        value.revalued(tx)
    shop.settles()
    assert the_line(shop).gross == 200


def test_a_single_order_costs_the_same_however_much_was_bought_before(shop: Shop) -> None:
    bought(shop, order())
    counts = []
    for many in (0, 30):
        for back in range(many):
            bought(shop, order(created=-back * DAY))
        asked: list[str] = []

        def note(*told: object, asked: list[str] = asked) -> None:
            asked.append(str(told[2]))

        told = order(created=2 * DAY)
        with shop.work() as tx:
            number = orders.record(tx, shaped(Order, told), heard=heard(2 * DAY)).order
            database_event.listen(shop.house.engine, "before_cursor_execute", note)
            booking.book(tx, [number])
            database_event.remove(shop.house.engine, "before_cursor_execute", note)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 9


# ---- Merges, their undoing, erasure


def test_id2_a_guest_who_turns_out_to_be_ana_brings_her_orders_along(shop: Shop) -> None:
    bought(shop, order("ana@example.com", no=1, created=-30 * DAY))
    bought(shop, order(user("ana", confirmed=False), no=2))
    assert len(shop.all(CustomerTally)) == 2
    with shop.work() as tx:
        tell(tx, shaped(Customer, customer("ana", updated=DAY)), DAY)
    with shop.look() as tx:
        assert lines(tx) == reckoned(tx)
        assert list(lines(tx)) == [f"account:{gid('User', 'ana')}"]
    assert (the_line(shop).days, the_line(shop).orders) == (2, 2)


def test_id3_an_undone_merge_gives_the_guest_a_line_of_her_own_again(shop: Shop) -> None:
    bought(shop, order("ana@example.com", no=1, created=-30 * DAY))
    bought(shop, order(no=2))
    with shop.work() as tx:
        (guest,) = [p.id for p in people.by_email(tx, "ana@example.com") if not p.account]
        assert guest
        customers.undo(tx, guest)
        value.follow(tx, orders.part(tx, guest))
    with shop.look() as tx:
        assert lines(tx) == reckoned(tx)
        assert len(lines(tx)) == 2


def test_pr3_a_forgotten_customer_has_neither_line_nor_score(shop: Shop) -> None:
    shop.hears("ORDER_PAID", event("ORDER_PAID", order=order(no=1)))
    shop.hears("ORDER_PAID", event("ORDER_PAID", order=order(user("ben"), no=2)))
    with shop.work() as tx:
        ana = people.by_account(tx, gid("User", "ana"))
        assert ana
        tx.add(a_score(ana.id or 0))
    shop.hears("CUSTOMER_DELETED", event("CUSTOMER_DELETED", issued=DAY, user=user("ana")))
    assert shop.all(CustomerScore) == []
    with shop.look() as tx:
        assert list(lines(tx)) == [f"account:{gid('User', 'ben')}"]
        assert lines(tx) == reckoned(tx)


def test_an_order_that_saleor_denies_is_found_by_the_audit(shop: Shop) -> None:
    bought(shop, order(no=1))
    bought(shop, order(user("ben"), no=2))
    with shop.work() as tx:
        orders.forget_orders(tx, [gid("Order", 1)])
    assert audited(shop) == 1
    with shop.look() as tx:
        assert list(lines(tx)) == [f"account:{gid('User', 'ben')}"]
    assert audited(shop) == 0


def audited(shop: Shop) -> int:
    world: World = shop.perennial.reach.world(shop.id)
    return auditing.audit(world)


def a_score(person: int) -> CustomerScore:
    return CustomerScore(
        person=person, day=1, to_date=1, orders_12=1, net_12=1, net_24=1, alive=1, silent=0,
        stage="first",
    )  # fmt: skip


# ---- Any order of arrival

WHO: list[Any] = [user("ana"), "ana@example.com", user("ben", confirmed=False), "ben@example.com"]


@st.composite
def day_of_tellings(draw: st.DrawFn) -> list[Told]:
    """Orders of four names that are two people, refunded and cancelled later; confirmations."""
    told: list[Told] = []
    for no in range(draw(st.integers(1, 7))):
        buyer = draw(st.sampled_from(WHO))
        made = -draw(st.integers(0, 6)) * DAY
        price = draw(st.integers(1, 50))
        plain: dict[str, Any] = {
            "no": no,
            "lines": [line(each=price, before=price + draw(st.integers(0, 5)))],
        }
        told.append((shaped(Order, order(buyer, created=made, **plain)), made))
        fate = draw(st.sampled_from(["kept", "refunded", "cancelled", "both"]))
        if fate in {"refunded", "both"}:
            later = order(
                buyer, created=made, updated=DAY, refunded=draw(st.integers(1, price)), **plain
            )
            told.append((shaped(Order, later), DAY))
        if fate in {"cancelled", "both"}:
            gone = order(buyer, created=made, updated=2 * DAY, status="CANCELED", **plain)
            told.append((shaped(Order, gone), 2 * DAY))
    for name in draw(st.sets(st.sampled_from(["ana", "ben"]))):
        at = draw(st.integers(1, 3)) * DAY
        told.append((shaped(Customer, customer(name, updated=at)), at))
    return told


numbers = itertools.count(1)


def another_shop(house: House) -> ShopId:
    """An empty one in the same database: shops do not see each other."""
    with Session(house.engine) as session, session.begin():
        home = session.exec(select(Home)).first()
        assert home
        fresh = Home(
            **home.model_dump(exclude={"id", "api_url"}),
            api_url=f"https://another-{next(numbers)}.example/graphql/",
        )
        session.add(fresh)
        session.flush()
        return ShopId(fresh.id or 0)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told=day_of_tellings(), data=st.data())
def test_in2_neither_the_order_of_arrival_nor_duplicates_change_a_line(
    shop: Shop, told: list[Told], data: st.DataObject
) -> None:
    twice = [*told, *data.draw(st.lists(st.sampled_from(told), max_size=4))]
    shuffled: Sequence[Told] = data.draw(st.permutations(twice))
    ends = []
    for sequence in (told, shuffled):
        place = another_shop(shop.house)
        for thing, at in sequence:
            with shop.house.work(place) as tx:
                tell(tx, thing, at)
        with shop.house.look(place) as tx:
            assert lines(tx) == reckoned(tx)
            assert some(lines(tx)) == built(tx)
            ends.append(lines(tx))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("together", [1, 400])
def test_a_rebuild_from_nothing_comes_to_the_same_lines(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    for no in range(12):
        bought(shop, order(WHO[no % 4], no=no, created=-no * DAY, refunded=no))
    with shop.look() as tx:
        kept = lines(tx)
    with shop.work() as tx:
        everybody = list(tx.exec(select(CustomerTally.person)))
        booking.forget(tx, everybody)
    monkeypatch.setattr(auditing, "TOGETHER", together)
    assert audited(shop) == 12
    with shop.look() as tx:
        assert lines(tx) == kept == reckoned(tx)
