"""S1, S4: goods as an owner calls them, and the ids that Saleor has for them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, func, select

from app.catalog.tables import Attribute, Product
from app.catalog.tables import Collection as InCollection
from app.kit.tx import Tx, among
from app.segments.rules import WrongTreeError

KINDS = ("categories", "collections", "attributes", "products")
"""Of one name in several kinds the first is meant."""
MOST_OFFERED = 200
"""Names that a form proposes, of each kind and in all."""


@dataclass(frozen=True)
class Goods:
    """Those that somebody has named."""

    ids: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By name in small letters: kind and id."""
    names: Mapping[str, str] = field(default_factory=dict)
    """By id."""

    def unknown(self, words: Sequence[str]) -> str:
        """The first that nothing is called; empty where there is none."""
        return next((word for word in words if word.lower() not in self.ids), "")

    def of(self, words: Sequence[str]) -> dict[str, list[str]]:
        """As a tree has it, of known words. Raises WrongTreeError."""
        found = [self.ids[word.lower()] for word in words]
        kinds = {kind for kind, _ in found}
        if len(kinds) != 1:
            raise WrongTreeError(
                "name categories, collections, attributes or products, and only one of them"
            )
        return {kinds.pop(): [id_ for _, id_ in found]}

    def told(self, of: Mapping[str, Sequence[str]]) -> str | None:
        """As an owner writes it; None where that is not possible."""
        kinds = [kind for kind in KINDS if of.get(kind)]
        if len(kinds) != 1:
            return None
        words = [self.names.get(id_) for id_ in of[kinds[0]]]
        known = [word for word in words if word and "," not in word]
        says = [self.ids[word.lower()] for word in known] == [
            (kinds[0], id_) for id_ in of[kinds[0]]
        ]
        return ", ".join(known) if says else None


NOTHING = Goods()


def called(tx: Tx, words: Iterable[str]) -> Goods:
    """By their names."""
    wanted = sorted({word.lower() for word in words})
    return _goods(_rows(tx, "name", wanted)) if wanted else NOTHING


def with_ids(tx: Tx, ids: Collection[str]) -> Goods:
    """By their ids; where another thing has the same name, with that one, too."""
    if not ids:
        return NOTHING
    mine = _rows(tx, "id", sorted(ids))
    return called(tx, [name for _, _, name in mine])


def proposed(tx: Tx) -> list[str]:
    rows: Any = tx.exec(select(Product.category_name).where(Product.category_name != "").distinct())
    more: Any = tx.exec(select(InCollection.name).distinct().limit(MOST_OFFERED))
    like: Any = tx.exec(select(Attribute.name).distinct().limit(MOST_OFFERED))
    return sorted({*rows, *more, *like})[:MOST_OFFERED]


def _rows(tx: Tx, by: str, values: Sequence[str]) -> list[tuple[str, str, str]]:
    """Kind, id and name."""
    columns: dict[str, tuple[Any, Any]] = {
        "categories": (Product.category, Product.category_name),
        "collections": (InCollection.saleor_id, InCollection.name),
        "attributes": (Attribute.saleor_id, Attribute.name),
        "products": (Product.saleor_id, Product.name),
    }
    found: list[tuple[str, str, str]] = []
    for kind, (id_, name) in columns.items():
        which = among(func.lower(name) if by == "name" else col(id_), values)
        rows: Any = tx.exec(select(id_, name).where(which, col(id_).is_not(None)).distinct())
        found += [(kind, *row) for row in rows]
    return found


def _goods(rows: Sequence[tuple[str, str, str]]) -> Goods:
    ids: dict[str, tuple[str, str]] = {}
    for kind, id_, name in sorted(rows, key=lambda row: (KINDS.index(row[0]), row[1])):
        ids.setdefault(name.lower(), (kind, id_))
    return Goods(ids, {id_: name for _, id_, name in rows})
