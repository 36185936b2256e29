"""S4: what somebody prefers: more of what she bought is of it than of what everybody buys."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, func, select

from app.catalog.tables import Attribute, Product
from app.catalog.tables import Collection as InCollection
from app.kit.tx import Tx, among
from app.orders.queries import BOUGHT
from app.orders.tables import Line, Order
from app.segments import queries
from app.segments.rules import TASTES

FEWEST = 3
"""Pieces bought: of fewer, nothing is said."""
SHARE, LIFT = 0.4, 1.25
"""Of her pieces, and of that share how much more than everybody's, to be a taste."""
MOST = 5
RARE = 0.001
"""What fewer pieces of the shop are of is usual to nobody, and is not kept."""
Pieces = Mapping[int, float]
"""By our row of a product."""


@dataclass(frozen=True)
class Taste:
    kind: str
    """`categories`, `collections` or `attributes`, as a segment has them."""
    id: str
    """Saleor's."""
    name: str
    share: float
    """Of the pieces she bought."""
    usual: float
    """Of those that everybody bought."""


def usual(tx: Tx) -> dict[str, dict[str, float]]:
    """By kind and id: its share of all pieces. One pass over the lines: for the night."""
    rows: Any = tx.exec(
        select(Line.product, func.sum(Line.quantity))
        .where(col(Line.product).is_not(None))
        .group_by(col(Line.product))
    )
    shares = _shares(tx, dict(rows.all()))
    kept: dict[str, dict[str, float]] = {
        kind: {} for kind in ("categories", "collections", "attributes")
    }
    for (kind, id_), (_, share) in shares.items():
        if share >= RARE:
            kept[kind][id_] = round(share, 4)
    return kept


def of(tx: Tx, person: int) -> list[Taste]:
    """What sets her apart the most comes first; nothing before the shop's own night."""
    study = queries.study(tx, TASTES)
    rows: Any = tx.exec(
        select(Line.product, func.sum(Line.quantity))
        .join(Order, col(Order.id) == col(Line.order))
        .where(BOUGHT, Order.person == person, col(Line.product).is_not(None))
        .group_by(col(Line.product))
    )
    pieces: Pieces = dict(rows.all())
    if study is None or sum(pieces.values()) < FEWEST:
        return []
    everybody = study.body
    found = [
        Taste(kind, id_, name, share, everybody.get(kind, {}).get(id_, 0.0))
        for (kind, id_), (name, share) in _shares(tx, pieces).items()
    ]
    liked = [one for one in found if one.share >= max(SHARE, LIFT * one.usual)]
    return sorted(liked, key=lambda one: (one.usual - one.share, one.name))[:MOST]


def _shares(tx: Tx, pieces: Pieces) -> dict[tuple[str, str], tuple[str, float]]:
    """By kind and id: what it is called, and its share of these pieces."""
    total = float(sum(pieces.values())) or 1.0
    found: dict[tuple[str, str], tuple[str, float]] = {}
    for kind, product, id_, name in _things(tx, pieces):
        share = found.get((kind, id_), ("", 0.0))[1]
        found[kind, id_] = (name, share + float(pieces[product]) / total)
    return found


def _things(tx: Tx, products: Collection[int]) -> Iterable[tuple[str, int, str, str]]:
    """What each of these products is of: kind, product, id, name."""
    ids = sorted(products)
    asked: list[tuple[str, Any, list[Any]]] = [
        ("categories", Product.id, [Product.id, Product.category, Product.category_name]),
        ("collections", InCollection.product,
         [InCollection.product, InCollection.saleor_id, InCollection.name]),
        ("attributes", Attribute.product, [Attribute.product, Attribute.saleor_id, Attribute.name]),
    ]  # fmt: skip
    for kind, product, columns in asked:
        rows: Any = tx.exec(select(*columns).where(among(col(product), ids)))
        yield from ((kind, row, id_, name) for row, id_, name in rows if id_)
