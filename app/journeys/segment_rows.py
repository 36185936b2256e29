"""A definition as the rows of a draft.

A tree of any shape becomes a draft, and the draft the same tree again (`segment_tree`), but for
what can be said in two ways. What no row can say is kept as it is: it stands in words and is never
lost.
"""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.numbers import get_decimal_symbol

from app.journeys.segment_facts import (
    AGO,
    GOODS,
    LISTED,
    SCORES,
    SHARES,
    SUMS,
    Part,
    bare,
)
from app.journeys.segment_view import Block, Draft, FactRow
from app.journeys.vocabulary import Vocabulary, names_of


def draft_of(tree: Part, known: Vocabulary, locale: Locale) -> Draft:
    """The tree as an owner reads and writes it."""
    point = get_decimal_symbol(locale)
    draft = _draft(tree, known)
    return replace(draft, blocks=[_written(block, point) for block in draft.blocks])


def _written(block: Block, point: str) -> Block:
    rows = [
        replace(row, least=row.least.replace(".", point), most=row.most.replace(".", point))
        for row in block.rows
    ]
    return replace(block, rows=rows)


def _draft(tree: Part, known: Vocabulary) -> Draft:
    joined = "any" if "any" in tree else "all"
    own: list[FactRow] = []
    blocks: list[Block] = []
    for part in tree.get(joined, [tree]):
        if (row := _row(part, known)) is not None:
            own.append(row)
        elif (block := _block(part, known)) is not None:
            blocks.append(block)
        else:
            own.append(_as_it_is(part))
    if own:
        blocks.insert(0, Block(joined=joined, rows=own))
    return Draft(joined=joined, blocks=blocks)


def _block(part: Part, known: Vocabulary) -> Block | None:
    negated = "not" in part
    told = part["not"] if negated else part
    joined = next((one for one in ("all", "any") if one in told), None)
    if joined is None:
        return None
    rows = [_row(one, known) or _as_it_is(one) for one in told[joined]]
    return Block(joined=joined, negated=negated, rows=rows)


def _as_it_is(part: Part) -> FactRow:
    return FactRow(fact="", kept=json.dumps(part, ensure_ascii=False, sort_keys=True))


def _row(part: Part, known: Vocabulary) -> FactRow | None:
    """None where no row can say it."""
    negated = "not" in part
    told = part["not"] if negated else part
    if "fact" not in told:
        return None
    row = _fact_row(str(told["fact"]), told, known)
    return replace(row, negated=row.negated is not negated) if row else None


def _fact_row(  # noqa: C901, PLR0911  # the same table, read the other way
    fact: str, told: Part, known: Vocabulary
) -> FactRow | None:
    days, where = _text(told.get("days")), ", ".join(told.get("channels", ()))
    if fact in (*SUMS, *GOODS) and told.get("of"):
        among = known.goods.told(told["of"])
        if among is None:
            return None
        if fact == "affinity":
            return FactRow(fact=fact, among=among, least=_percent(told["share"]), days=days)
        return FactRow(fact="bought", among=among, days=days, where=where, **_two(told))
    if fact in SUMS:
        return FactRow(fact=fact, days=days, where=where, **_two(told))
    if fact in AGO:
        return FactRow(fact=fact, **_two(told, "more_than", "less_than"))
    if fact == "score" and told["name"] in SCORES:
        name = str(told["name"])
        two = _two(told)
        if name in SHARES:
            two = {end: value and _percent(value) for end, value in two.items()}
        return FactRow(fact=name, **two)
    if fact == "chance":
        return FactRow(fact=fact, least=_percent(told["at_least"]))
    if fact == "cart":
        worth = _text(told.get("at_least"))
        return FactRow(fact=fact, least="" if worth == "0" else worth)
    if fact == "account":
        return FactRow(fact=fact, negated=told.get("has") is False)
    if fact == "alike":
        return FactRow(fact=fact, among=str(told["key"]), most=str(told["best"]))
    if fact in ("segment", "kind"):
        return FactRow(fact=fact, among=str(told.get("key", told.get("number"))))
    return _listed(fact, told, known) if fact in LISTED else None


def _listed(fact: str, told: Part, known: Vocabulary) -> FactRow | None:
    keys = told.get("among", ())
    if any("," in key for key in keys):
        return None
    if fact == "trait":
        return FactRow(fact=fact, among=told["name"], where=", ".join(keys))
    names = {"country": known.countries, "language": known.languages}.get(fact, {})
    return FactRow(fact=fact, among=names_of(keys, names))


def _two(told: Part, least: str = "at_least", most: str = "at_most") -> dict[str, Any]:
    return {"least": _text(told.get(least)), "most": _text(told.get(most))}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _percent(share: object) -> str:
    return bare(Decimal(str(share)) * 100)
