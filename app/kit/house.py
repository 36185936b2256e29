"""The house itself: a database, a clock and a gate, and the one way to open a unit of work."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from app.kit.clock import Clock
from app.kit.gate import Gate, OpenGate
from app.kit.planner import tell_planner
from app.kit.rowlock import EVERY, lock_rows, open_for
from app.kit.secret import Secrets
from app.kit.settings import Settings
from app.kit.tx import ShopId, Tx

T = TypeVar("T")

MIGRATIONS = Path(__file__).parents[2] / "migrations"
NOWHERE = ShopId(0)
"""The unit of work that looks for a shop is of no shop yet: it sees no shop's rows."""

MIGRATING = 0x_7065_7265_6E6E_6961
"""The lock that is held while tables are made: a number nobody else in the database has."""
CONFLICTS = ("40001", "40P01")
"""PostgreSQL's serialization failure and deadlock: do it again."""


@dataclass(frozen=True)
class House:
    settings: Settings
    engine: Engine
    clock: Clock
    gate: Gate
    secrets: Secrets

    @classmethod
    def of(cls, settings: Settings, *, clock: Clock | None = None) -> "House":
        gate = Gate() if settings.embedded else OpenGate()
        return cls(
            settings,
            open_engine(settings.database_url),
            clock or Clock.parse(settings.clock),
            gate,
            Secrets(settings.phrases),
        )

    def migrate(self) -> None:
        """Bring the database to today's tables: every migration it has not had yet."""
        config = _migrations()
        with self._alone(), self.gate.through(), self.engine.begin() as connection:
            open_for(connection, EVERY)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            lock_rows(connection)
            tell_planner(connection)

    def up_to_date(self) -> bool:
        """Whether the database has had every migration. Changes nothing."""
        newest = ScriptDirectory.from_config(_migrations()).get_current_head()
        with self.engine.execution_options(reads_only=True).connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() == newest

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Of several processes that start together one migrates after the other: on PostgreSQL the
        second would else make tables that the first is just making. On SQLite they wait anyway.

        The lock is of the session and not of the transaction, which must not have begun before.
        """
        if self.settings.embedded:
            yield
            return
        waiting = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        with waiting.connect() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({MIGRATING})")
            try:
                yield
            finally:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({MIGRATING})")

    @contextmanager
    def work(self, shop: ShopId) -> Iterator[Tx]:
        """A unit of work that may write. Its instant is taken once it has the pen."""
        with self.gate.through(), Tx(self.engine, shop, self.clock.now()) as tx, tx.begin():
            yield tx

    @cached_property
    def durable(self) -> Engine:
        """Commits that outlive a lost power line: for what must be known before the world hears."""
        if not self.settings.embedded:
            return self.engine
        return open_engine(self.settings.database_url, synchronous="FULL")

    def do_durably(self, shop: ShopId, work: Callable[[Tx], T], *, tries: int = 5) -> T:
        """As `do`, and on disk when it returns."""
        for _ in range(tries - 1):
            try:
                return self._durably(shop, work)
            except DBAPIError as failure:
                if not conflicts(failure):
                    raise
        return self._durably(shop, work)

    def _durably(self, shop: ShopId, work: Callable[[Tx], T]) -> T:
        with self.gate.through(), Tx(self.durable, shop, self.clock.now()) as tx, tx.begin():
            return work(tx)

    @contextmanager
    def look(self, shop: ShopId) -> Iterator[Tx]:
        """A unit of work that only reads, and never waits for a writer."""
        reading = self.engine.execution_options(reads_only=True)
        with Tx(reading, shop, self.clock.now()) as tx, tx.begin():
            yield tx

    def do(self, shop: ShopId, work: Callable[[Tx], T], *, tries: int = 5) -> T:
        """Run `work` in a unit of work, again where PostgreSQL saw two at the same rows."""
        for _ in range(tries - 1):
            try:
                with self.work(shop) as tx:
                    return work(tx)
            except DBAPIError as failure:
                if not conflicts(failure):
                    raise
        with self.work(shop) as tx:
            return work(tx)


def _migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def conflicts(failure: Exception) -> bool:
    return isinstance(failure, DBAPIError) and getattr(failure.orig, "sqlstate", "") in CONFLICTS


def open_engine(url: str, *, synchronous: str = "NORMAL") -> Engine:
    """SQLite in WAL mode, or PostgreSQL at REPEATABLE READ.

    In WAL mode NORMAL survives a killed process but not a lost power line; what must survive
    both (a delivery before its 202) is committed by a connection at FULL.
    """
    if not url.startswith("sqlite"):
        return create_engine(
            url,
            isolation_level="REPEATABLE READ",
            pool_size=10,
            max_overflow=20,
            hide_parameters=True,
        )
    _make_private(url)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=10,
        max_overflow=50,
        hide_parameters=True,  # an error's text must not tell whose row it was
        connect_args={"check_same_thread": False, "timeout": 30},
    )

    event.listen(engine, "connect", lambda wire, _: _prepare(wire, synchronous))
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(wire: sqlite3.Connection, synchronous: str) -> None:
    wire.isolation_level = None  # BEGIN is ours: the driver's is always deferred
    for pragma in (
        "journal_mode=WAL",
        f"synchronous={synchronous}",
        "busy_timeout=30000",
        "foreign_keys=ON",
        "cache_size=-65536",
        "wal_autocheckpoint=4000",  # pages; the more, the fewer of them are copied twice
        "temp_store=MEMORY",
    ):
        wire.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # a deferred transaction that turns into a writer fails with "database is locked"
    reads = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _make_private(url: str) -> None:
    """Customers' data in a file is its owner's to read; what SQLite lays beside it follows it."""
    file = make_url(url).database
    if file and file != ":memory:":
        Path(file).touch(mode=0o600)
