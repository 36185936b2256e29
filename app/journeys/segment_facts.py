"""What a row of a definition may be about, and how its words and numbers are kept."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from app.journeys.goods import KINDS
from app.segments import rules
from app.segments.rules import Affinity, Orders

Part: TypeAlias = Mapping[str, Any]

GOODS = ("bought", "affinity")
"""`bought` is a number of orders with certain goods."""
SUMS = ("orders", "spend", "average")
AGO = ("last_order", "first_order", "joined")
PLACES = ("country", "region", "postal", "company", "language")
LISTED = (*PLACES, "trait", "stage", "tier", "rfm", "value_tier")
SHARES = ("alive", "silent")
"""Scores that are chances."""
SCORES = (*SHARES, "orders_12", "net_12", "net_24", "to_date")


def words(text: str) -> list[str]:
    """What stands between commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def bare(number: Decimal) -> str:
    return f"{number.normalize():f}"


def ids_in(tree: Part) -> set[str]:
    """Saleor's ids of the goods it names."""
    found = [
        leaf.of
        for leaf in rules.leaves(rules.read(tree))
        if isinstance(leaf, Orders | Affinity) and leaf.of
    ]
    return {id_ for of in found for kind in KINDS for id_ in getattr(of, kind)}


def in_full(tree: Part) -> dict[str, Any]:
    """The tree with every default of its facts, for a page that says it in words."""
    for joined in ("all", "any"):
        if joined in tree:
            return {joined: [in_full(part) for part in tree[joined]]}
    if "not" in tree:
        return {"not": in_full(tree["not"])}
    return next(rules.leaves(rules.read(tree))).model_dump(mode="json")
