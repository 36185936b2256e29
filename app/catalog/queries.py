"""Questions about what is sold."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import col, func, select

from app.catalog import tables
from app.catalog.tables import Product, Variant
from app.kit.asking import any_of, ask, question
from app.kit.tx import Tx, among


class Shelf(NamedTuple):
    """Our rows of a variant and its product, and how we know of it."""

    variant: int
    product: int
    first_hand: bool
    known_at: datetime


class Knowledge(NamedTuple):
    first_hand: bool
    known_at: datetime


@dataclass(frozen=True)
class Size:
    products: int
    variants: int


SHELF: list[Any] = [
    Variant.saleor_id, Variant.id, Variant.product, Variant.first_hand, Variant.known_at,
]  # fmt: skip
SHELVES = question(select(*SHELF).where(any_of(col(Variant.saleor_id), "ids")))
PRODUCTS = question(
    select(Product.saleor_id, col(Product.id)).where(any_of(col(Product.saleor_id), "ids"))
)
KNOWLEDGE = question(
    select(Product.saleor_id, Product.first_hand, Product.known_at).where(
        any_of(col(Product.saleor_id), "ids")
    )
)


def shelves(tx: Tx, variants: Collection[str]) -> dict[str, Shelf]:
    """Where these variants of Saleor's are, those we know."""
    if not variants:
        return {}
    return {row[0]: Shelf(*row[1:]) for row in ask(tx, SHELVES, ids=sorted(variants))}


def products(tx: Tx, saleor_ids: Collection[str]) -> dict[str, int]:
    """Our rows of these products of Saleor's."""
    if not saleor_ids:
        return {}
    return {saleor_id: id_ for saleor_id, id_ in ask(tx, PRODUCTS, ids=sorted(saleor_ids)) if id_}


def knowledge(tx: Tx, saleor_ids: Collection[str]) -> dict[str, Knowledge]:
    """How we know of these products."""
    if not saleor_ids:
        return {}
    rows = ask(tx, KNOWLEDGE, ids=sorted(saleor_ids))
    return {saleor_id: Knowledge(first, at) for saleor_id, first, at in rows}


def named(tx: Tx, ids: Collection[int]) -> dict[int, Product]:
    """Products by our own row ids."""
    if not ids:
        return {}
    rows = tx.exec(select(Product).where(among(col(Product.id), sorted(ids))))
    return {row.id: row for row in rows if row.id}


def size(tx: Tx) -> Size:
    count = func.count()
    return Size(
        tx.exec(select(count).select_from(Product)).one(),
        tx.exec(select(count).select_from(Variant)).one(),
    )


def collections(tx: Tx, product: int) -> list[tables.Collection]:
    rows = select(tables.Collection).where(tables.Collection.product == product)
    return list(tx.exec(rows.order_by(col(tables.Collection.saleor_id))))
