"""Stories of kinds, look-alikes, overlap and lists taken away, in a shop with a base of its own."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import event as listening
from sqlalchemy import insert
from sqlmodel import SQLModel, col, func, select, update

from app.catalog.tables import Product
from app.customers.tables import Person
from app.kit.house import House
from app.ltv import entries
from app.ltv.tables import CustomerTally
from app.orders.tables import Line, Order
from app.segments import erasing, flows, queries, rules
from app.segments.tables import Handout, Placing, Segment, Stay, Study
from tests.support.story import Shop

DRINKERS, COLLECTORS = 70, 50
"""People who buy tea every three weeks, and people who buy mugs twice a year."""


@pytest.fixture
def shop(house: House) -> Iterator[Shop]:
    with Shop(house) as shop:
        fills(shop)
        with shop.work() as tx:
            flows.fill(tx)
        shop.settles()
        assert shop.errors() == []
        yield shop


@pytest.fixture
def base(house: House) -> Iterator[Shop]:
    """The same people, and nobody has looked for kinds among them."""
    with Shop(house) as shop:
        fills(shop)
        yield shop


@pytest.fixture
def little(house: House) -> Iterator[Shop]:
    """A few of them: too few to be of kinds, and enough to be in segments."""
    with Shop(house) as shop:
        fills(shop, 20, 10)
        with shop.work() as tx:
            flows.fill(tx)
        shop.settles()
        yield shop


def fills(shop: Shop, drinkers: int = DRINKERS, collectors: int = COLLECTORS) -> None:
    """What orders would have left behind, without telling each of them."""
    now = shop.house.clock.now()
    with shop.look() as tx:
        today = entries.today(tx)
    of = ["tea"] * drinkers + ["mugs"] * collectors
    product = {"name": "x", "first_hand": True, "known_at": now}
    puts(shop, Product, [
        product | {"saleor_id": f"P-{one}", "category": f"C-{one}", "category_name": one.title()}
        for one in ("tea", "mugs")
    ])  # fmt: skip
    puts(shop, Person, [_person(n, one, now) for n, one in enumerate(of, 1)])
    with shop.look() as tx:
        people = dict(tx.exec(select(Person.key, Person.id)).all())
        goods = dict(tx.exec(select(Product.saleor_id, Product.id)).all())
    rows = [(people[f"account:U{n}"] or 0, one, n) for n, one in enumerate(of, 1)]
    puts(shop, CustomerTally, [_tally(id_, one, n, today) for id_, one, n in rows])
    puts(shop, Order, [_order(id_, one, n, now) for id_, one, n in rows])
    with shop.look() as tx:
        orders = dict(tx.exec(select(Order.person, Order.id)).all())
    puts(shop, Line, [_line(orders[id_] or 0, goods[f"P-{one}"] or 0, one) for id_, one, _ in rows])


def puts(shop: Shop, table: type[SQLModel], rows: list[dict[str, object]]) -> None:
    with shop.work() as tx:
        tx.connection().execute(insert(table), [row | {"shop": shop.id} for row in rows])


def _person(n: int, of: str, now: object) -> dict[str, object]:
    return {
        "key": f"account:U{n}", "account": f"U{n}", "email": f"u{n}@example.com",
        "confirmed": True, "first_name": f"Person {n}", "country": "PT" if of == "tea" else "PL",
        "first_hand": True, "joined_at": now,
    }  # fmt: skip


def _tally(person: int, of: str, n: int, today: int) -> dict[str, object]:
    tea = of == "tea"
    days, gap, value = (12, 21, 900) if tea else (3, 180, 6000)
    last = today - (3 + n % 10 if tea else 60 + n % 40)
    gross = (value + 13 * (n % 7)) * days
    return {
        "person": person, "days": days, "orders": days, "last": last,
        "first": last - (gap + n % 3) * (days - 1), "gross": gross, "discount": 0, "cost": 0,
        "tax": 0, "refunded": 0, "costed": 0, "first_value": value, "channel": "web",
        "country": "", "category": "",
    }  # fmt: skip


def _order(person: int, of: str, n: int, now: object) -> dict[str, object]:
    at = shop_time(now, 5 if of == "tea" else 70)
    return {
        "saleor_id": f"O{n}", "number": str(n), "person": person, "source": person,
        "status": "FULFILLED", "charge_status": "FULL", "created_at": at, "channel": "web",
        "currency": "EUR", "total_minor": 900, "charged_minor": 900, "goods_minor": 900,
        "goods_reporting_minor": 900, "paid": True, "counts": True, "earns": True,
        "history": True, "updated_at": at, "issued_at": at,
    }  # fmt: skip


def shop_time(now: object, days: int) -> object:
    return now - timedelta(days=days)  # type: ignore[operator]


def _line(order: int, product: int, of: str) -> dict[str, object]:
    return {
        "order": order, "position": 0, "product": product, "name": of,
        "quantity": 12 if of == "tea" else 3, "unit_minor": 75, "undiscounted_unit_minor": 75,
        "total_minor": 900,
    }  # fmt: skip


def posts(shop: Shop, path: str, part: str, **typed: str) -> str:
    answer = shop.http.post(path, data=typed, headers=shop.staff(part=part))
    assert answer.status_code < 500
    assert shop.errors() == []
    return answer.text


def size(shop: Shop, key: str) -> int:
    with shop.look() as tx:
        row = queries.by_key(tx, key)
        return queries.headcount(tx, row.id or 0) if row else -1


def night(shop: Shop, day: date) -> None:
    with shop.work() as tx:
        flows.nightly(tx, day)
    shop.settles()
    assert shop.errors() == []


def test_the_kinds_of_a_shop_stand_in_a_list_with_what_sets_them_apart(shop: Shop) -> None:
    """S7: "buys tea every three weeks, small baskets, mostly Portugal", and how stable that is."""
    told = shop.sees("/app/segments/kinds")
    for words in ("Tea: 100%", "about every 3 weeks", "small baskets, about €9", "from: Portugal"):
        assert words in told
    assert "Mugs: 100%" in told
    assert "stable" in told
    assert "about every 26 weeks" in told
    assert 'href="/app/segments/kinds"' in shop.sees("/app/segments")
    for locale in ("pl", "pt-BR"):
        assert shop.sees("/app/segments/kinds", locale=locale)


def test_a_kind_that_is_kept_is_a_segment_like_any_other(shop: Shop) -> None:
    """S7, S9: with members and sizes, so that journeys, newsletters and Proof may name it."""
    page = posts(shop, "/app/segments/kinds", "kinds", number="1", name="Tea people")
    assert 'href="/app/segments/kind-1"' in page
    shop.settles()
    assert size(shop, "kind-1") in (DRINKERS, COLLECTORS)
    assert "Tea people" in shop.sees("/app/segments")
    assert {stay.cause for stay in shop.all(Stay) if stay.segment == _id(shop, "kind-1")} == {
        "first"
    }
    with shop.look() as tx:
        audience = rules.read({"fact": "segment", "key": "kind-1"})
        everybody = [one.person for one in shop.all(Placing)]
        assert len(queries.matching(tx, audience, everybody)) == size(shop, "kind-1")
    missing = shop.http.post(
        "/app/segments/kinds", data={"number": "9", "name": "x"}, headers=shop.staff()
    )
    assert missing.status_code == 404


def _id(shop: Shop, key: str) -> int:
    with shop.look() as tx:
        row = queries.by_key(tx, key)
    assert row
    return row.id or 0


def test_few_customers_are_told_plainly(house: House) -> None:
    """S7: instead of kinds made of chance."""
    with Shop(house) as shop:
        fills(shop, 20, 10)
        assert "Nobody has looked yet" in shop.sees("/app/segments/kinds")
        night(shop, date(2026, 1, 1))
        told = shop.sees("/app/segments/kinds")
        assert "30 people have bought so far" in told
        assert shop.all(Placing) == []


def test_people_move_between_kinds_at_night_and_that_is_news(shop: Shop) -> None:
    """S7: the kinds stay for a month; who buys otherwise from now on is of another."""
    posts(shop, "/app/segments/kinds", "kinds", number="1", name="One")
    shop.settles()
    with shop.look() as tx:
        placing = tx.exec(select(Placing).where(Placing.place == 1)).first()
        other = tx.exec(select(Placing).where(Placing.place == 2)).first()
        assert placing
        assert other
        theirs = tx.exec(select(CustomerTally).where(CustomerTally.person == other.person)).one()
        becomes = {
            name: getattr(theirs, name) for name in ("days", "orders", "first", "last", "gross")
        }
    before = size(shop, "kind-1")
    with shop.work() as tx:
        tx.exec(
            update(CustomerTally).where(col(CustomerTally.person) == placing.person).values(becomes)
        )
        lines = select(Line.id).join(Order, col(Order.id) == col(Line.order))
        hers = lines.where(Order.person == placing.person)
        their = lines.where(Order.person == other.person)
        product = select(Line.product).where(col(Line.id).in_(their)).scalar_subquery()
        tx.exec(update(Line).where(col(Line.id).in_(hers)).values(product=product))
    night(shop, date(2026, 1, 2))
    assert size(shop, "kind-1") == before - 1
    left = [stay for stay in shop.all(Stay) if stay.person == placing.person and stay.left_cause]
    assert [stay.left_cause for stay in left if stay.segment == _id(shop, "kind-1")] == ["night"]


def test_after_a_month_kinds_are_looked_for_anew_and_nobody_hears_of_it(shop: Shop) -> None:
    posts(shop, "/app/segments/kinds", "kinds", number="2", name="Two")
    shop.settles()
    before = {row.person: row.place for row in shop.all(Placing)}
    shop.waits(days=31)
    night(shop, date(2026, 3, 1))
    assert {row.person: row.place for row in shop.all(Placing)} == before, "the same kinds"
    assert shop.all(Study)[0].body["learnt"] != ""
    with shop.look() as tx:
        again = queries.by_key(tx, "kind-2")
        assert again
        assert again.filled_at, "taken in as at first, and known since"


def test_look_alikes_of_a_segment_are_asked_for_and_kept(base: Shop) -> None:
    """S7: half of the tea drinkers carry a mark; the other half is who is like them."""
    with base.work() as tx:
        drinkers = tx.exec(select(Person.id).where(Person.country == "PT").order_by(col(Person.id)))
        marked = [id_ for id_ in drinkers if id_][:35]
        flows.tag(tx, marked, "club", "yes", source="staff")
        flows.save(tx, "own-club", name="Club", tree={"fact": "trait", "name": "club"})
    base.settles()
    assert "Look for them" in base.sees("/app/segments/alike/own-club")
    assert "being worked out" in posts(base, "/app/segments/alike/own-club", "alike", do="look")
    base.settles()
    told = base.sees("/app/segments/alike/own-club")
    assert "the member is picked out" in told
    assert "Person 36" in told
    assert "Person 1<" not in told
    typed = {"do": "keep", "best": "20", "name": "Like the club"}
    assert "It is a segment now." in posts(base, "/app/segments/alike/own-club", "alike", **typed)
    base.settles()
    assert size(base, "alike-own-club") == 20
    with base.look() as tx:
        inside = set(queries.people_in(tx, _id(base, "alike-own-club")))
    assert not inside & set(marked)
    typed["best"] = "many"
    assert "Nothing was saved" in posts(base, "/app/segments/alike/own-club", "alike", **typed)


def test_look_alikes_that_nobody_kept_are_forgotten_after_a_month(base: Shop) -> None:
    """S7: bounded: what is worked out every night is what somebody uses."""
    with base.work() as tx:
        people = [id_ for id_ in tx.exec(select(Person.id).order_by(col(Person.id))) if id_]
        flows.tag(tx, people[:40], "club", "yes", source="staff")
        flows.save(tx, "own-club", name="Club", tree={"fact": "trait", "name": "club"})
        flows.look_for_alike(tx, "own-club")
    base.settles()
    assert [one.name for one in base.all(Study)] == ["alike:own-club"]
    base.waits(days=31)
    with base.work() as tx:
        tx.later(flows.Group(occasion="later", only="alike:own-club"))
    base.settles()
    assert base.all(Study) == []
    assert base.all(Placing) == []


def test_who_joins_the_segment_is_no_look_alike_any_more(base: Shop) -> None:
    """S7: excluding members, also those since last night."""
    with base.work() as tx:
        people = [id_ for id_ in tx.exec(select(Person.id).order_by(col(Person.id))) if id_]
        flows.tag(tx, people[:35], "club", "yes", source="staff")
        flows.save(tx, "own-club", name="Club", tree={"fact": "trait", "name": "club"})
    base.settles()
    posts(base, "/app/segments/alike/own-club", "alike", do="look")
    base.settles()
    posts(base, "/app/segments/alike/own-club", "alike", do="keep", best="30", name="Like")
    base.settles()
    with base.look() as tx:
        near = queries.people_in(tx, _id(base, "alike-own-club"))
    with base.work() as tx:
        flows.tag(tx, [near[0]], "club", "yes", source="staff")
        flows.look_again(tx, [near[0]])
    base.waits(seconds=5)
    with base.look() as tx:
        assert near[0] not in queries.people_in(tx, _id(base, "alike-own-club"))


def test_a_segment_of_ten_has_nobody_like_it(base: Shop) -> None:
    """S7: a plain answer where nothing can be learnt, and where members cannot be told apart."""
    with base.work() as tx:
        people = [id_ for id_ in tx.exec(select(Person.id).order_by(col(Person.id))) if id_]
        flows.tag(tx, people[:10], "few", "yes", source="staff")
        flows.tag(tx, people[::3], "third", "yes", source="staff")
        for name in ("few", "third"):
            flows.save(tx, f"own-{name}", name=name, tree={"fact": "trait", "name": name})
    base.settles()
    for name in ("few", "third"):
        posts(base, f"/app/segments/alike/own-{name}", "alike", do="look")
    base.settles()
    assert "There are 10." in base.sees("/app/segments/alike/own-few")
    assert "cannot be told from other customers" in base.sees("/app/segments/alike/own-third")
    posts(base, "/app/segments/alike/own-third", "alike", do="keep", best="10", name="x")
    assert size(base, "alike-own-third") == -1, "nobody is called alike by chance"


def test_overlap_counts_each_person_once(little: Shop) -> None:
    with little.work() as tx:
        people = [id_ for id_ in tx.exec(select(Person.id).order_by(col(Person.id))) if id_]
        for name, some in (("a", people[:10]), ("b", people[5:20]), ("c", people[20:25])):
            flows.tag(tx, some, name, "yes", source="staff")
            flows.save(tx, f"own-{name}", name=name.upper(), tree={"fact": "trait", "name": name})
    little.settles()
    with little.look() as tx:
        ids = [_id(little, f"own-{name}") for name in "abc"]
        assert queries.overlap(tx, ids) == {1: 5, 2: 10, 3: 5, 4: 5}
    told = little.sees("/app/segments/overlap?of=own-a&of=own-b&of=own-c&of=nobody")
    assert "0.25" in told, "5 in both of 20 in either"
    assert "33.3%" in told
    assert "Choose two or more" in little.sees("/app/segments/overlap")


def test_a_list_is_taken_away_by_who_may_and_that_is_written_down(little: Shop) -> None:
    """PR-3: whoever has been erased is in no list; the column says who may be written to."""
    with little.work() as tx:
        people = [id_ for id_ in tx.exec(select(Person.id).order_by(col(Person.id))) if id_][:3]
        flows.tag(tx, people, "club", "yes", source="staff")
        flows.save(tx, "own-club", name="Club", tree={"fact": "trait", "name": "club"})
    little.settles()
    with little.work() as tx:
        tx.exec(update(Person).where(col(Person.id) == people[0]).values(erased_at=tx.now))
    path = "/app/segments/csv/own-club"
    refused = little.http.get(path, headers=little.staff(("MANAGE_ORDERS",)))
    assert refused.status_code == 403
    assert little.all(Handout) == []
    table = little.http.get(path, headers=little.staff()).text
    head, *rows = table.lstrip("\ufeff").strip().splitlines()
    assert head.endswith("in_since,may_be_written_to")
    assert [row.split(",")[1] for row in rows] == ["u2@example.com", "u3@example.com"]
    assert {row.split(",")[-1] for row in rows} <= {"yes", "no"}
    [written] = little.all(Handout)
    assert written.by == "VXNlcjox"
    assert "taken out of the app" in little.sees("/app/segments/own-club")


def test_what_is_known_of_somebody_goes_with_her(shop: Shop) -> None:
    """PR-3."""
    with shop.work() as tx:
        one = tx.exec(select(Placing.person)).first()
        assert one
        erasing.forget(tx, [one])
        assert tx.exec(select(func.count()).where(Placing.person == one)).one() == 0


def test_the_list_counts_nobody_while_it_is_looked_at(little: Shop) -> None:
    """Sizes are kept, a minute old at most: the page asks for segments, and of people nothing."""
    asked: list[str] = []

    def hear(_: object, __: object, statement: str, *rest: object) -> None:
        asked.append(statement)

    listening.listen(little.house.engine, "before_cursor_execute", hear)
    little.sees("/app/segments")
    listening.remove(little.house.engine, "before_cursor_execute", hear)
    assert not [one for one in asked if "stay" in one.lower()]
    kept = {row.key: row.people for row in little.all(Segment)}
    assert kept["prospects"] == size(little, "prospects")
    assert all(people is not None for people in kept.values())
