"""Basket rows from a CSV file or standard input: a row a product of an order, checked before
anything is done.

Columns are found by their usual names, or named by the caller. A file is read whole or refused
whole: every bad row is told with its line and what is wrong with it.
"""

import csv
import gzip
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from app.kit.rows import Faults, columns, header_of, heard
from app.recommend.purchases import Purchase

KNOWN = {
    "order": ("order_id", "order", "orderid", "order_number", "invoice", "invoice_no", "invoiceno",
              "basket_id", "basket", "transaction_id"),
    "product": ("product_id", "product", "item_id", "item", "sku", "stockcode", "variant_id",
                "description"),
    "customer": ("customer_id", "customer", "customerid", "user_id", "user", "client_id", "email",
                 "household_key"),
    "time": ("timestamp", "time", "date", "datetime", "order_date", "created_at", "created",
             "invoicedate", "invoice_date", "placed_at"),
}  # fmt: skip
NEEDED = ("order", "product", "customer")


@dataclass(frozen=True)
class Layout:
    """Names of columns where they are unusual, and the format of times where it is not ISO."""

    columns: Mapping[str, str] = field(default_factory=dict)
    time_format: str | None = None


@dataclass
class Baskets:
    """What was read. Names of customers and products by number; orders in the file's sequence."""

    customers: dict[str, int] = field(default_factory=dict)
    products: dict[str, int] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)
    buyer: list[int | None] = field(default_factory=list)
    when: list[int | None] = field(default_factory=list)
    lines: list[list[int]] = field(default_factory=list)
    rows: int = 0

    def purchases(self) -> list[Purchase]:
        """As the engine takes them. Without times the file's sequence is the time."""
        return [
            Purchase(order, buyer, order if when is None else when, lines)
            for order, (buyer, when, lines) in enumerate(
                zip(self.buyer, self.when, self.lines, strict=True)
            )
        ]


def read(
    source: str, *, layout: Layout, progress: Callable[[int], None] = lambda _: None
) -> Baskets:
    """Read a path (`.csv` or `.csv.gz`), or `-` for standard input. `progress` hears how many
    characters went by. Raises BadRowsError, or ValueError for a file that is no table of baskets.
    """
    if source == "-":
        return _collect(sys.stdin, layout, progress)
    path = Path(source)
    if not path.is_file():
        raise ValueError(f"there is no file {source}")
    try:
        if path.suffix.lower() == ".gz":
            with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as text:
                return _collect(text, layout, progress)
        with path.open(encoding="utf-8-sig", newline="") as text:
            return _collect(text, layout, progress)
    except (UnicodeDecodeError, gzip.BadGzipFile, csv.Error) as wrong:
        raise ValueError(f"this is no CSV file in UTF-8: {wrong}") from None


def _collect(text: TextIO, layout: Layout, progress: Callable[[int], None]) -> Baskets:
    header, comma = header_of(text)
    names = columns(header, KNOWN, needed=NEEDED, named=layout.columns)
    found = {meaning: header.index(name) for meaning, name in names.items()}
    baskets, faults = Baskets(), Faults()
    reader = csv.reader(heard(text, progress), delimiter=comma)
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if wrong := _take(baskets, cells, header, found, layout):
            faults.note(reader.line_num + 1, wrong)
    faults.refuse()
    if not baskets.rows:
        raise ValueError("the file has a header and no baskets")
    return baskets


def _take(
    into: Baskets, cells: Sequence[str], header: Sequence[str], found: Mapping[str, int],
    layout: Layout,
) -> str | None:  # fmt: skip
    """Write a row down, or say what is wrong with it."""
    if len(cells) < len(header):
        return f"has {len(cells)} cells where the header has {len(header)}"
    cell = {meaning: cells[place].strip() for meaning, place in found.items()}
    for meaning in ("order", "product"):
        if not cell[meaning]:
            return f"has no {meaning}"
    when = None
    if "time" in found:
        when = _time(cell["time"], layout.time_format)
        if when is None:
            wish = f"in the format {layout.time_format}" if layout.time_format else (
                "a time like 2024-06-30T14:05:00 (or name its format: --time-format %d/%m/%Y)"
            )  # fmt: skip
            return f"the time {cell['time'][:40]!r} is not {wish}"
    name = cell["customer"]
    buyer = into.customers.setdefault(name, len(into.customers)) if name else None
    order = into.orders.setdefault(cell["order"], len(into.orders))
    if order == len(into.lines):
        into.buyer.append(buyer)
        into.when.append(when)
        into.lines.append([])
    elif into.buyer[order] != buyer:
        return f"the order {cell['order'][:40]!r} was another customer's before"
    into.lines[order].append(into.products.setdefault(cell["product"], len(into.products)))
    into.rows += 1
    return None


def _time(text: str, form: str | None) -> int | None:
    """Seconds since 1970; a time without a zone is taken for UTC."""
    try:
        found = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007  # next line
    except ValueError:
        return None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
