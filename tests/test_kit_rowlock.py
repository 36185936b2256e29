"""The second lock: what gets past the ORM meets PostgreSQL's own row-level security."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import Session, SQLModel

from app.kit.house import House
from app.kit.rowlock import EVERY, open_for
from app.kit.tx import Tx
from tests.support.story import Shop

EVERYTHING = text("SELECT shop, body FROM delivery ORDER BY shop")
BODY = b'{"__typename": "OrderCreated", "issuedAt": "2026-03-02T09:00:00Z"}'


@pytest.fixture
def second(house: House, shop: Shop) -> Iterator[Shop]:
    """Two shops, and a delivery in each."""
    if house.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no row-level security: there Tx is the only lock")
    with Shop(house, domain="second.example") as second:
        for each in (shop, second):
            assert each.delivers("ORDER_CREATED", BODY) == 202
        yield second


def test_sql_that_names_no_shop_sees_one_shop(shop: Shop, second: Shop) -> None:
    for each in (shop, second):
        with each.look() as tx:
            assert [row.shop for row in tx.connection().execute(EVERYTHING)] == [each.id]


def test_where_nobody_said_which_shop_there_is_nothing_to_see(second: Shop) -> None:
    with Session(second.house.engine) as session:
        assert session.connection().execute(EVERYTHING).all() == []
        open_for(session.connection(), EVERY)
        assert len(session.connection().execute(EVERYTHING).all()) == 2


def test_a_connection_that_is_used_again_remembers_no_shop(shop: Shop, second: Shop) -> None:
    shop.house.engine.dispose()  # what comes next is the only connection
    with shop.look() as tx:
        before = tx.connection().connection.dbapi_connection
    with Session(second.house.engine) as session:
        assert session.connection().connection.dbapi_connection is before
        assert session.connection().execute(EVERYTHING).all() == []


def test_nothing_is_written_into_another_shop(shop: Shop, second: Shop) -> None:
    def take_over(tx: Tx) -> None:
        tx.connection().execute(text(f"UPDATE delivery SET shop = {second.id}"))

    with pytest.raises(ProgrammingError, match="row-level security"), shop.work() as tx:
        take_over(tx)


def test_every_table_of_shops_has_its_lock(second: Shop) -> None:
    of_shops = {table.name for table in SQLModel.metadata.tables.values() if "shop" in table.c}
    forced = text(
        "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
        " AND relnamespace = current_schema()::regnamespace"
    )
    with Session(second.house.engine) as session:
        assert set(session.connection().execute(forced).scalars()) == of_shops
