"""Orders into their tables: a page of a hundred costs as many statements as a single one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlmodel import col, delete, select, update

from app.catalog import queries as catalog
from app.catalog.queries import Shelf
from app.kit.asking import any_of, ask, question
from app.kit.hearing import Version
from app.kit.merging import Outcome
from app.kit.tx import Tx, among
from app.orders import reading
from app.orders.exchange import Exchange
from app.orders.tables import Discount, Line, Order
from app.saleor import shapes

FIRST_SIGHT = frozenset({"saleor_id", "history"})
"""Columns written once and never again."""
CHUNK = 2_000

NUMBERS = question(
    select(Order.saleor_id, col(Order.id)).where(any_of(col(Order.saleor_id), "ids"))
)


class Known(NamedTuple):
    """What we have of an order before it is told of again."""

    id: int
    version: Version
    gaps: Mapping[str, str]
    columns: Mapping[str, Any]
    """Those of fields that may have gaps."""
    paid: bool
    sent: bool
    history: bool
    refunded_minor: int
    content: str


@dataclass
class Telling:
    """One telling of an order, what was known before it, and what of it stands."""

    order: shapes.Order
    before: Known | None
    row: Mapping[str, Any]
    outcome: Outcome
    id: int = 0
    """Our row; set once it is written."""


def write(tx: Tx, tellings: Sequence[Telling], shelves: Mapping[str, Shelf]) -> None:
    newer = [telling for telling in tellings if telling.outcome.newer]
    rows = [{**t.outcome.columns, "gaps": t.outcome.gaps or None} for t in newer]
    if rows:
        overwrite = tuple(sorted(rows[0].keys() - FIRST_SIGHT))
        tx.put(Order, rows, key=("saleor_id",), overwrite=overwrite)
    for telling in tellings:
        if not telling.outcome.newer and telling.outcome.columns:
            _fill(tx, telling)
    _number(tx, tellings)
    changed = [t for t in newer if t.before is None or t.before.content != t.row["content"]]
    _write_lines(tx, changed, shelves)


def _fill(tx: Tx, telling: Telling) -> None:
    """An older telling told what an error had taken from the newest."""
    columns = {**telling.outcome.columns, "gaps": telling.outcome.gaps or None}
    tx.exec(update(Order).where(col(Order.saleor_id) == telling.order.id).values(columns))


def _number(tx: Tx, tellings: Iterable[Telling]) -> None:
    new: dict[str, Telling] = {}
    for telling in tellings:
        if telling.before:
            telling.id = telling.before.id
        else:
            new[telling.order.id] = telling
    if new:
        for saleor_id, id_ in ask(tx, NUMBERS, ids=sorted(new)):
            new[saleor_id].id = id_ or 0


def _write_lines(tx: Tx, tellings: Sequence[Telling], shelves: Mapping[str, Shelf]) -> None:
    stale = sorted(telling.id for telling in tellings if telling.before)
    if stale:
        tx.exec(delete(Line).where(among(col(Line.order), stale)))
        tx.exec(delete(Discount).where(among(col(Discount.order), stale)))
    named = {reading.variant_of(line) or "" for t in tellings for line in t.order.lines}
    if gone := named - shelves.keys() - {""}:
        shelves = {**shelves, **catalog.shelves(tx, gone)}
    lines = [row for t in tellings for row in reading.lines(t.order, t.id, shelves)]
    tx.put(Line, lines, key=("order", "position"))
    discounts = [row for t in tellings for row in reading.discounts(t.order, t.id)]
    tx.put(Discount, discounts, key=("order", "position"))


def delete_orders(tx: Tx, saleor_ids: Collection[str]) -> None:
    found = tx.exec(select(Order.id).where(among(col(Order.saleor_id), sorted(saleor_ids)))).all()
    tx.exec(delete(Line).where(among(col(Line.order), found)))
    tx.exec(delete(Discount).where(among(col(Discount.order), found)))
    tx.exec(delete(Order).where(among(col(Order.id), found)))


def revalue(tx: Tx, exchange: Exchange) -> int:
    """All orders at today's rates, a chunk at a time."""
    changed, last = 0, 0
    while rows := _chunk(tx, after=last):
        last = rows[-1].id
        worths = [
            (row, exchange.reporting(row.goods_minor, row.currency, at=row.created_at))
            for row in rows
        ]
        moved = [
            {"id": row.id, "goods_reporting_minor": worth}
            for row, worth in worths
            if worth != row.goods_reporting_minor
        ]
        if moved:
            tx.execute(update(Order), moved)
        changed += len(moved)
    return changed


def _chunk(tx: Tx, *, after: int) -> Sequence[Any]:
    columns: list[Any] = [
        Order.id,
        Order.goods_minor,
        Order.currency,
        Order.created_at,
        Order.goods_reporting_minor,
    ]
    rows: Any = tx.exec(
        select(*columns).where(col(Order.id) > after).order_by(col(Order.id)).limit(CHUNK)
    )
    return list(rows)
