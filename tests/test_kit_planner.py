"""What SQLite is told of the indexes, so that it finds a few among a million."""

from sqlalchemy import create_engine
from sqlmodel import SQLModel

from app.kit.planner import tell_planner
from app.main import ROOMS

assert ROOMS, "every room's tables are there"

SOME = ", ".join("?" * 20)


def plan(statement: str, *told: object, tell: bool = True) -> str:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        SQLModel.metadata.create_all(connection)
        if tell:
            tell_planner(connection)
            tell_planner(connection)  # as at every start
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", told)
        return " / ".join(row[3] for row in rows)


def test_a_few_orders_are_found_by_their_number_and_not_by_going_through_the_shop() -> None:
    asked = f'SELECT person, total_minor FROM "order" WHERE id IN ({SOME}) AND shop = ?'
    numbers = range(21)
    assert "INTEGER PRIMARY KEY" in plan(asked, *numbers)
    assert "shop=?" in plan(asked, *numbers, tell=False), "SQLite has learnt it: no need to tell"


def test_orders_of_a_few_people_are_found_by_them_and_not_by_their_time() -> None:
    asked = (
        f'SELECT total_minor FROM "order" WHERE person IN ({SOME}) AND shop = ?'
        " AND created_at >= ? ORDER BY created_at DESC"
    )
    assert "order_person" in plan(asked, *range(22))


def test_what_is_left_of_an_index_that_holds_only_some_is_asked_before_all_others() -> None:
    assert "cart_abandoned" in plan("SELECT id FROM cart WHERE shop = ? AND abandoned_at > ?", 1, 2)
