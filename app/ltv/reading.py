"""Order rows from a CSV or Parquet file, or from standard input, checked before anything is done.

Columns are found by their usual names, or named by the caller. A file is read whole or refused
whole: every bad row is told with its line and what is wrong with it.
"""

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TextIO

from app.kit.rows import Faults, columns, header_of, heard
from app.ltv.taking import Book, Layout, Taker

KNOWN = {
    "customer": ("customer_id", "customer", "customerid", "client_id", "client", "user_id", "user",
                 "account_id", "email", "customer_email", "buyer_id", "buyer"),
    "date": ("date", "order_date", "orderdate", "created_at", "created", "placed_at", "datetime",
             "timestamp", "invoicedate", "invoice_date", "purchase_date", "day"),
    "amount": ("amount", "total", "order_total", "total_amount", "value", "order_value", "revenue",
               "gross", "sales", "price", "spend", "monetary_value"),
    "order": ("order_id", "order", "orderid", "order_number", "number", "invoice", "invoiceno",
              "invoice_no", "transaction_id"),
    "discount": ("discount", "discounts", "discount_amount"),
    "cost": ("cost", "cogs", "cost_of_goods"),
    "refunded": ("refunded", "refund", "refunds", "refund_amount"),
    "currency": ("currency", "currency_code"),
}  # fmt: skip
NEEDED = ("customer", "date")


def read(source: str, *, layout: Layout, progress: Callable[[int], None] = lambda _: None) -> Book:
    """Read a path, or `-` for standard input. `progress` hears how many bytes (CSV) or rows
    (Parquet) went by. Raises BadRowsError, or ValueError for a file that is no table of orders."""
    if source == "-":
        return _collect(*_csv(sys.stdin, layout, progress), layout)
    path = Path(source)
    if not path.is_file():
        raise ValueError(f"there is no file {source}")
    if path.suffix.lower() in {".parquet", ".pq"}:
        return _collect(*_parquet(path, layout, progress), layout)
    with path.open(encoding="utf-8-sig", newline="") as text:
        return _collect(*_csv(text, layout, progress), layout)


Found = dict[str, str]
Row = tuple[int, Sequence[Any]]  # where it stands, and its cells in the order of what was found


def _csv(text: TextIO, layout: Layout, progress: Callable[[int], None]) -> tuple[Found, Any]:
    header, comma = header_of(text)
    found = _find(header, layout)
    places = [header.index(name) for name in found.values()]

    def rows() -> Iterator[Row]:
        reader = csv.reader(heard(text, progress), delimiter=comma)
        for cells in reader:
            line = reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) < len(header):
                yield line, [f"has {len(cells)} cells where the header has {len(header)}"]
            else:
                yield line, [cells[place] for place in places]

    return found, rows()


def _parquet(path: Path, layout: Layout, progress: Callable[[int], None]) -> tuple[Found, Any]:
    if find_spec("pyarrow") is None:
        raise ValueError('Parquet needs pyarrow: pip install "perennial[parquet]"')
    file = import_module("pyarrow.parquet").ParquetFile(path)
    found = _find(list(file.schema_arrow.names), layout)

    def rows() -> Iterator[Row]:
        at = 0  # Parquet has rows, not lines
        for batch in file.iter_batches(columns=list(found.values())):
            columns = [batch.column(name).to_pylist() for name in found.values()]
            for cells in zip(*columns, strict=True):
                at += 1
                yield at, cells
            progress(batch.num_rows)

    return found, rows()


def _find(header: Sequence[str], layout: Layout) -> Found:
    found = columns(header, KNOWN, needed=NEEDED, named=layout.columns)
    for trait in layout.traits:
        if trait not in header:
            raise ValueError(f"there is no column {trait!r}; there are: {', '.join(header)}")
        found[f"trait {trait}"] = trait
    return found


def _collect(found: Found, rows: Iterator[Row], layout: Layout) -> Book:
    taker, faults = Taker(found, layout), Faults()
    for line, cells in rows:
        if wrong := taker.take(cells):
            faults.note(line, wrong)
    faults.refuse()
    if not taker.days:
        raise ValueError("the file has a header and no orders")
    return taker.book()
