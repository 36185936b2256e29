"""The migrations make the very tables that the code describes."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

import app.agenda
from app.kit.house import House
from app.kit.settings import Settings

assert app.agenda.AGENDA, "every table is known"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path) -> str:  # noqa: ANN001
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new.db"
    url: str = request.getfixturevalue("postgres")
    name = "migrated"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {name} CASCADE"))
        connection.execute(text(f"CREATE SCHEMA {name}"))
    engine.dispose()
    return f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}"


def test_an_empty_database_becomes_today_s_tables_and_a_second_start_changes_nothing(
    empty: str,
) -> None:
    house = House.of(Settings(database_url=empty, secret_keys="a phrase"))
    try:
        house.migrate()
        house.migrate()
        with house.engine.connect() as connection:
            context = MigrationContext.configure(connection)
            assert compare_metadata(context, SQLModel.metadata) == []
    finally:
        house.engine.dispose()  # or what is left open is laid at the door of another test
