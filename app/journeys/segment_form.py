"""The editor of a segment: rows of facts, joined by all or any; deeper trees as they stand."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from app.journeys.view import FactRow
from app.segments import rules
from app.segments.rules import WrongTreeError

NUMBERS = ("orders", "spend", "average")
AGO = ("last_order", "first_order", "joined")
LISTS = ("country", "region", "postal", "company", "language", "tier", "stage", "rfm", "value_tier")
FACTS = (*NUMBERS, *AGO, "cart", "account", *LISTS, "trait", "segment")
"""What the rows can say. The rest (scores, affinity, goods) is written as a tree."""
EMPTY_ROWS = 2


class Fields(Protocol):
    def getlist(self, key: str, /) -> Sequence[object]: ...
    def get(self, key: str, /) -> object: ...


def flat(tree: Mapping[str, Any]) -> tuple[str, list[FactRow]] | None:
    """The tree as rows; None where rows cannot say it."""
    joined = "any" if "any" in tree else "all"
    parts = tree.get(joined, [tree])
    rows = [_row(part) for part in parts]
    return None if None in rows else (joined, [row for row in rows if row])


def _row(part: Mapping[str, Any]) -> FactRow | None:
    negated = "not" in part
    told = part["not"] if negated else part
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


def tree_of(joined: str, rows: Sequence[FactRow]) -> dict[str, Any]:
    """Raises WrongTreeError where a row says nothing that can be read."""
    parts = [_part(row) for row in rows]
    if not parts:
        raise WrongTreeError("there is no fact in it")
    tree = {"any" if joined == "any" else "all": parts}
    rules.read(tree)
    return tree


def _part(row: FactRow) -> dict[str, Any]:
    told: dict[str, Any] = {"fact": row.fact}
    words = [word.strip() for word in row.among.split(",") if word.strip()]
    if row.fact in NUMBERS:
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
