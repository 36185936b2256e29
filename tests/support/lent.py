"""Databases that tests are lent, one after another: emptied behind each. What took long to come
about can be kept aside and be put back for another test, row by row as it was.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlmodel import SQLModel

from app.kit.house import open_engine
from app.kit.rowlock import EVERY, SETTING


class Lent(Protocol):
    @property
    def url(self) -> str: ...

    def empty(self) -> None:
        """Delete every row, and count from one again."""

    def keep(self) -> int:
        """Copy every row there is. The number to ask for them by."""

    def put_back(self, number: int) -> None:
        """Into the empty database."""

    def close(self) -> None: ...


class LentSqlite:
    """A file, its tables made once. The copies lie in memory, on the line that empties it."""

    def __init__(self, file: Path) -> None:
        self.url = f"sqlite:///{file}"
        engine = open_engine(self.url)
        SQLModel.metadata.create_all(engine)
        engine.dispose()
        self._line = sqlite3.connect(file, isolation_level=None, timeout=60)
        self._line.execute("ATTACH ':memory:' AS kept")
        self._kept: list[Sequence[str]] = []
        self._full = " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")"
            for table in SQLModel.metadata.tables
        )

    def empty(self) -> None:
        filled = [*self._filled(), "sqlite_sequence"]  # where it counts what may never come again
        self._all([f'DELETE FROM "{table}"' for table in filled])

    def keep(self) -> int:
        tables, number = self._filled(), len(self._kept)
        self._all(
            [f'CREATE TABLE kept."{table}_{number}" AS SELECT * FROM "{table}"' for table in tables]
        )
        self._kept.append(tables)
        return number

    def put_back(self, number: int) -> None:
        self._all(
            [
                f'INSERT INTO main."{table}" SELECT * FROM kept."{table}_{number}"'
                for table in self._kept[number]
            ]
        )

    def close(self) -> None:
        self._line.close()

    def _filled(self) -> list[str]:
        return [table for (table,) in self._line.execute(self._full)]

    def _all(self, orders: Sequence[str]) -> None:
        with self._line:
            self._line.execute("BEGIN IMMEDIATE")
            for order in orders:
                self._line.execute(order)


class LentPostgres:
    """A schema, its tables made before. The copies are temporary tables of the line that empties
    it. Each verb is a function: planned once, and emptying so is much faster than TRUNCATE here.
    """

    def __init__(self, url: str, engine: Engine) -> None:
        self.url = url
        self._line: Connection = engine.execution_options(isolation_level="AUTOCOMMIT").connect()
        self._line.exec_driver_sql(f"SELECT set_config('{SETTING}', '{EVERY}', false)")
        self._kept = 0
        each = "".join(
            f'IF EXISTS (SELECT 1 FROM "{table}") THEN DELETE FROM "{table}";'
            f" PERFORM setval({_counter(table)}, 1, false); END IF;"
            for table in SQLModel.metadata.tables
        )
        self._learn("empty_all", each)

    def empty(self) -> None:
        self._line.exec_driver_sql("SELECT pg_temp.empty_all()")

    def keep(self) -> int:
        number, self._kept = self._kept, self._kept + 1
        filled = " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")"
            for table in SQLModel.metadata.tables
        )
        each = []
        for table in self._line.exec_driver_sql(filled).scalars().all():
            copy = f'pg_temp."{table}_{number}"'
            self._line.exec_driver_sql(f'CREATE TABLE {copy} AS TABLE "{table}"')
            each.append(
                f'INSERT INTO "{table}" SELECT * FROM {copy};'
                f' PERFORM setval({_counter(table)}, (SELECT max(id) FROM "{table}"));'
            )
        self._learn(f"put_back_{number}", "".join(each))
        return number

    def put_back(self, number: int) -> None:
        self._line.exec_driver_sql(f"SELECT pg_temp.put_back_{number}()")

    def close(self) -> None:
        self._line.close()

    def _learn(self, name: str, does: str) -> None:
        self._line.exec_driver_sql(
            f"CREATE FUNCTION pg_temp.{name}() RETURNS void LANGUAGE plpgsql AS"
            f" $$ BEGIN {does} END $$"
        )


def _counter(table: str) -> str:
    return f"pg_get_serial_sequence('\"{table}\"', 'id')"
