"""The editor of a segment: rows of facts, joined by all or any; deeper trees as they stand."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from app.journeys.goods import KINDS, NOTHING, Goods
from app.journeys.view import FactRow
from app.segments import rules
from app.segments.rules import Affinity, Orders, WrongTreeError

NUMBERS = ("orders", "spend", "average")
AGO = ("last_order", "first_order", "joined")
LISTS = ("country", "region", "postal", "company", "language", "tier", "stage", "rfm", "value_tier")
GOODS = ("bought", "affinity")
"""`bought` is a number of orders with certain goods."""
FACTS = (*NUMBERS, *GOODS, *AGO, "cart", "account", *LISTS, "trait", "segment")
"""What the rows can say. The rest (scores, chances) is written as a tree."""
EMPTY_ROWS = 2


class Fields(Protocol):
    def getlist(self, key: str, /) -> Sequence[object]: ...
    def get(self, key: str, /) -> object: ...


def ids_in(tree: Mapping[str, Any]) -> set[str]:
    """Saleor's ids of the goods it names."""
    found = [
        leaf.of
        for leaf in rules.leaves(rules.read(tree))
        if isinstance(leaf, Orders | Affinity) and leaf.of
    ]
    return {id_ for of in found for kind in KINDS for id_ in getattr(of, kind)}


def words_in(rows: Sequence[FactRow]) -> list[str]:
    """Names of goods that stand in the form."""
    return [word for row in rows if row.fact in GOODS for word in _words(row)]


def flat(tree: Mapping[str, Any], goods: Goods = NOTHING) -> tuple[str, list[FactRow]] | None:
    """The tree as rows; None where rows cannot say it."""
    joined = "any" if "any" in tree else "all"
    parts = tree.get(joined, [tree])
    rows = [_row(part, goods) for part in parts]
    return None if None in rows else (joined, [row for row in rows if row])


def _row(part: Mapping[str, Any], goods: Goods) -> FactRow | None:
    negated = "not" in part
    told = part["not"] if negated else part
    if told.get("of") and told.get("fact") in {"orders", "affinity"}:
        return _of_goods(told, goods, negated=negated)
    if told.get("fact") not in FACTS or told.get("of") or told.get("channels"):
        return None
    kind = str(told["fact"])
    values = {
        "least": told.get("at_least", told.get("more_than")),
        "most": told.get("at_most", told.get("less_than")),
        "days": told.get("days"),
    }
    among = ", ".join(told.get("among", ())) or str(told.get("key", ""))
    if kind == "trait":
        among = "=".join(filter(None, (str(told["name"]), ", ".join(told.get("among", ())))))
    if kind == "account" and told.get("has") is False:
        negated = not negated
    texts = {name: "" if value is None else str(value) for name, value in values.items()}
    return FactRow(fact=kind, negated=negated, among=among, **texts)


def _of_goods(told: Mapping[str, Any], goods: Goods, *, negated: bool) -> FactRow | None:
    among, days = goods.told(told["of"]), told.get("days")
    if among is None or told.get("channels"):
        return None
    row = FactRow(negated=negated, among=among, days="" if days is None else str(days))
    if told["fact"] == "affinity":
        return replace(row, fact="affinity", least=f"{float(told['share']) * 100:g}")
    least, most = told.get("at_least"), told.get("at_most")
    texts = ["" if value is None else str(value) for value in (least, most)]
    return replace(row, fact="bought", least=texts[0], most=texts[1])


def typed_rows(fields: Fields) -> list[FactRow]:
    """As they stand in the form; a row without anything in it is none."""
    columns = [
        [str(v) for v in fields.getlist(name)] for name in ("least", "most", "days", "among")
    ]
    facts = [str(v) for v in fields.getlist("fact")]
    negated = {str(v) for v in fields.getlist("negated")}
    rows = []
    for at, (fact, least, most, days, among) in enumerate(zip(facts, *columns, strict=False)):
        if fact in FACTS:
            rows.append(
                FactRow(
                    fact=fact, negated=str(at) in negated, least=least.strip(), most=most.strip(),
                    days=days.strip(), among=among.strip(),
                )
            )  # fmt: skip
    return rows


def tree_of(joined: str, rows: Sequence[FactRow], goods: Goods = NOTHING) -> dict[str, Any]:
    """Raises WrongTreeError where a row says nothing that can be read."""
    parts = [_part(row, goods) for row in rows]
    if not parts:
        raise WrongTreeError("there is no fact in it")
    tree = {"any" if joined == "any" else "all": parts}
    rules.read(tree)
    return tree


def _words(row: FactRow) -> list[str]:
    return [word.strip() for word in row.among.split(",") if word.strip()]


def _part(row: FactRow, goods: Goods) -> dict[str, Any]:
    told: dict[str, Any] = {"fact": row.fact}
    words = _words(row)
    if row.fact in GOODS:
        told = _bought(row, goods.of(words))
    elif row.fact in NUMBERS:
        told |= _bounds(row, "at_least", "at_most")
        if row.days:
            told["days"] = _whole(row.days)
    elif row.fact in AGO:
        told |= {
            name: _whole(value) for name, value in _bounds(row, "more_than", "less_than").items()
        }
    elif row.fact == "cart" and row.least:
        told["at_least"] = row.least.replace(",", ".")
    elif row.fact == "segment":
        told["key"] = row.among
    elif row.fact == "trait":
        name, _, values = row.among.partition("=")
        told["name"] = name.strip()
        told["among"] = [v.strip() for v in values.split(",") if v.strip()]
    elif row.fact in LISTS:
        told["among"] = words
    return {"not": told} if row.negated else told


def _bought(row: FactRow, of: Mapping[str, Any]) -> dict[str, Any]:
    days = {"days": _whole(row.days)} if row.days else {}
    if row.fact == "bought":
        bounds = _bounds(row, "at_least", "at_most") or {"at_least": "1"}
        return {"fact": "orders", "of": of, **bounds, **days}
    try:
        share = float(row.least.replace(",", ".")) / 100
    except ValueError:
        raise WrongTreeError("say from how many percent on") from None
    return {"fact": "affinity", "of": of, "share": share, **days}


def _bounds(row: FactRow, least: str, most: str) -> dict[str, str]:
    pairs = ((least, row.least), (most, row.most))
    return {name: value.replace(",", ".") for name, value in pairs if value}


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise WrongTreeError(f"{text} is no number of days")
    return int(text)


def written_tree(text: str) -> dict[str, Any]:
    """A tree as JSON. Raises WrongTreeError."""
    try:
        tree = json.loads(text)
    except ValueError as failure:
        raise WrongTreeError("this is not JSON") from failure
    if not isinstance(tree, dict):
        raise WrongTreeError("a tree begins with all, any, not or fact")
    rules.read(tree)
    return tree
