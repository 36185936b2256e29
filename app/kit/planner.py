"""What SQLite's planner is told of our indexes: nearly all of them begin with the shop, and a shop
is no choice at all.

Left alone SQLite takes it that ten rows of a table are of one shop. It then goes through everybody
(a million orders) rather than look five of them up by their number, and through all of a shop's
orders by their time rather than by their buyers. `ANALYZE` would count the rows, but it holds the
pen meanwhile, and plans would change with the shop. So it is told the same for every table, and
what follows the shop in an index stays as choosy as SQLite thinks by itself.
"""

from sqlalchemy import Connection, inspect

SHOP = "shop"
MANY, SOME, FEW = 1_000_000, 100_000, 10
"""Rows of a table, and of an index that holds only some of them; those with one value of a column
after the shop."""


def tell_planner(connection: Connection) -> None:
    """Once the tables are as they shall be: connections read it when they are opened."""
    if connection.dialect.name != "sqlite":
        return
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # makes the table where there is none
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    told = "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)"
    connection.exec_driver_sql(told, _told(connection))
    connection.exec_driver_sql("ANALYZE sqlite_schema")


def _told(connection: Connection) -> list[tuple[str, str, str]]:
    tables = inspect(connection).get_table_names()
    return [(table, index, stat) for table in tables for index, stat in _of(connection, table)]


def _of(connection: Connection, table: str) -> list[tuple[str, str]]:
    """By index: all rows, then with one value of the first column, of the first two, …"""
    found = []
    for _, index, unique, _, partial in connection.exec_driver_sql(f'PRAGMA index_list("{table}")'):
        names = [row[2] for row in connection.exec_driver_sql(f'PRAGMA index_info("{index}")')]
        if names[0] != SHOP:
            continue
        rows = SOME if partial else MANY
        alike = [rows, *(max(FEW - n, 1) for n in range(len(names) - 1))]
        if unique:
            alike[-1] = 1
        found.append((index, " ".join(map(str, (rows, *alike)))))
    return found
