"""One table in three forms: JSON a page at a time; CSV, and Parquet where installed, as read."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from app.api.lists import Row, plain
from app.web.sheets import safe

PARQUET = find_spec("pyarrow") is not None
"""The extra `parquet` is installed."""


def as_json(rows: Sequence[Row], *, cursor: int | None) -> bytes:
    told = {"data": [{k: plain(v) for k, v in row.items()} for row in rows], "next": cursor}
    return json.dumps(told, ensure_ascii=False).encode()


def as_csv(chunks: Iterable[Sequence[Row]]) -> Iterator[bytes]:
    """With a header; a cell that a spreadsheet would take for a formula is made harmless."""
    headed = False
    for rows in chunks:
        out = io.StringIO()
        writer = csv.writer(out)
        if rows and not headed:
            writer.writerow(rows[0])
            headed = True
        writer.writerows([safe(plain(value)) for value in row.values()] for row in rows)
        yield out.getvalue().encode()


def as_parquet(chunks: Iterable[Sequence[Row]]) -> Iterator[bytes]:
    """A row group a chunk; every column has one type, found in the first chunk that fills it."""
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    sink = _Tap()
    writer: Any = None
    for rows in chunks:
        told = [{name: plain(value) for name, value in row.items()} for row in rows]
        if writer is None:
            schema = _schema(arrow, told)
            writer = parquet.ParquetWriter(sink, schema)
        writer.write_table(arrow.Table.from_pylist(told, schema=writer.schema))
        yield sink.drained()
    if writer is not None:
        writer.close()
        yield sink.drained()


def _schema(arrow: Any, rows: Sequence[Row]) -> Any:  # noqa: ANN401  # pyarrow is an extra
    """Text where nothing of a column is known yet: what is empty in a thousand rows may be a name,
    and all numbers of ours are there from the first row on, or are amounts, which are text.
    """
    kinds = {bool: arrow.bool_(), int: arrow.int64(), float: arrow.float64()}
    names = list(rows[0]) if rows else []
    return arrow.schema([(name, kinds.get(_kind(rows, name), arrow.string())) for name in names])


def _kind(rows: Sequence[Row], name: str) -> type:
    kinds = {type(row[name]) for row in rows if row[name] is not None}
    if kinds == {int, float} or (kinds == {int} and name in SHARES):
        return float
    return kinds.pop() if len(kinds) == 1 else str


SHARES = frozenset({"still_customer"})


class _Tap(io.RawIOBase):
    """A file that is emptied while it is written."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401  # any buffer
        self._held += data
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at

    def drained(self) -> bytes:
        told, self._held = bytes(self._held), bytearray()
        return told
