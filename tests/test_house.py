"""The house keeps its own rules: tenancy, the pen, and what no type can say."""

import ast
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col, delete, select, update

import app.main
from app.kit.asking import any_of, ask, blank, carry_out, change, question
from app.kit.gate import Gate
from app.kit.house import House
from app.kit.promises import Promise
from app.kit.tx import OfShop, ShopId, Tx
from app.shops.tables import Channel, Shop

ROOT = Path(app.main.__file__).parents[1]
TABLES = {m.class_ for m in SQLModel._sa_registry.mappers}
ROOMS = [p for p in (ROOT / "app").rglob("*.py") if p.parts[-2] != "kit"]
PAST_THE_FILTER = {"text", "insert", "bulk_insert_mappings", "bulk_save_objects"}


def test_every_table_but_the_shop_itself_is_of_one_shop() -> None:
    assert {table for table in TABLES if not issubclass(table, OfShop)} == {Shop}


@pytest.mark.parametrize("path", ROOMS, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_gets_past_the_tenant_filter_stays_in_the_kit(path: Path) -> None:
    """`text()`, `__table__` and raw inserts are not filtered by shop."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            ("sqlalchemy", "sqlmodel")
        ):
            imported |= {alias.name for alias in node.names}
        if isinstance(node, ast.Attribute):
            assert node.attr != "__table__", f"line {node.lineno}"
    allowed = {"text"} if path.name in {"tables.py", "main.py"} else set()  # an index; a ping
    assert not (imported & PAST_THE_FILTER) - allowed


def test_two_shops_never_see_each_others_rows(house: House) -> None:
    for number in (1, 2):
        with house.work(ShopId(number)) as tx:
            tx.add(Channel(saleor_id="C", slug="main", currency="EUR"))
            tx.put(Channel, [{"saleor_id": "D", "slug": "put", "currency": "EUR"}], key=("slug",))
    with house.work(ShopId(1)) as tx:
        rows = tx.exec(select(Channel)).all()
        assert len(rows) == 2
        assert tx.get(Channel, rows[0].id + 2) is None or rows[0].id == 2
        for row in rows:
            tx.delete(row)
    with house.look(ShopId(2)) as tx:
        assert len(tx.exec(select(Channel)).all()) == 2


OTHER = aliased(Channel)
SLUGS = question(select(Channel.slug).where(any_of(col(Channel.saleor_id), "ids")))
WHOLE = question(select(Channel).where(Channel.saleor_id == blank("id")))
PAIRS = question(select(Channel.slug, col(OTHER.slug)).join(OTHER, col(OTHER.currency) == "EUR"))
TWINS = question(
    select(Channel.slug).where(col(Channel.slug).in_(select(OTHER.slug).where(OTHER.slug != "")))
)
CLOSE = change(update(Channel).where(any_of(col(Channel.saleor_id), "ids")).values(currency="XXX"))
DROP = change(delete(Channel).where(any_of(col(Channel.saleor_id), "ids")))


def test_a_question_made_once_is_of_the_shop_that_asks_it(house: House) -> None:
    for number in (1, 2):
        with house.work(ShopId(number)) as tx:
            tx.add(Channel(saleor_id="C", slug=f"of {number}", currency="EUR"))
            assert ask(tx, SLUGS, ids=["C", "D"]) == [f"of {number}"], "what was only just noted"
    for number in (2, 1):
        with house.look(ShopId(number)) as tx:
            mine = f"of {number}"
            assert [row.slug for row in ask(tx, WHOLE, id="C")] == [mine]
            assert ask(tx, SLUGS, ids=[]) == []
            assert [tuple(row) for row in ask(tx, PAIRS)] == [(mine, mine)]
            assert ask(tx, TWINS) == [mine]


def test_a_row_that_a_question_finds_is_written_when_it_is_changed(house: House) -> None:
    with house.work(ShopId(1)) as tx:
        tx.add(Channel(saleor_id="C", slug="main", currency="EUR"))
    with house.work(ShopId(1)) as tx:
        [row] = ask(tx, WHOLE, id="C")
        row.slug = "other"
    with house.look(ShopId(1)) as tx:
        assert ask(tx, SLUGS, ids=["C"]) == ["other"]


def test_a_change_made_once_is_of_the_shop_that_carries_it_out(house: House) -> None:
    for number in (1, 2, 3):
        with house.work(ShopId(number)) as tx:
            tx.add(Channel(saleor_id="C", slug=f"of {number}", currency="EUR"))
    with house.work(ShopId(1)) as tx:
        carry_out(tx, CLOSE, ids=["C"])
    with house.work(ShopId(2)) as tx:
        carry_out(tx, DROP, ids=["C"])
    left = {}
    for number in (1, 2, 3):
        with house.look(ShopId(number)) as tx:
            left[number] = [row.currency for row in ask(tx, WHOLE, id="C")]
    assert left == {1: ["XXX"], 2: [], 3: ["EUR"]}


def test_a_unit_of_work_that_fails_leaves_nothing(house: House) -> None:
    def fail(tx: Tx) -> None:
        tx.add(Channel(saleor_id="C", slug="main", currency="EUR"))
        tx.flush()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        house.do(ShopId(1), fail)
    with house.look(ShopId(1)) as tx:
        assert tx.exec(select(Channel)).all() == []


def test_a_looker_never_waits_for_a_writer(house: House) -> None:
    with house.work(ShopId(1)) as tx:
        tx.add(Channel(saleor_id="C", slug="main", currency="EUR"))
        tx.flush()
        with house.look(ShopId(1)) as other:
            assert other.exec(select(Promise)).all() == []


def test_the_urgent_go_through_the_gate_before_those_who_can_wait() -> None:
    gate, order = Gate(), []

    def go(name: str, *, urgent: bool) -> None:
        with gate.through(urgent=urgent):
            order.append(name)

    with gate.through():
        slow = [
            threading.Thread(target=go, args=(f"slow {n}",), kwargs={"urgent": False}) for n in "ab"
        ]
        fast = threading.Thread(target=go, args=("fast",), kwargs={"urgent": True})
        for waiting, thread in enumerate((*slow, fast), start=1):
            thread.start()
            while len(gate._free._waiters) < waiting:
                time.sleep(0.001)
    for thread in (*slow, fast):
        thread.join()
    assert order[0] == "fast"
    assert sorted(order) == ["fast", "slow a", "slow b"]
