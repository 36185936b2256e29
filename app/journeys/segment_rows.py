"""A definition as rows, and rows as a definition.

A tree of any shape becomes a draft, and the draft the same tree again, but for what can be said in
two ways. What no row can say is kept as it is: it stands in words and is never lost.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeAlias

from babel import Locale
from babel.numbers import get_decimal_symbol

from app.journeys.goods import KINDS
from app.journeys.segment_view import Block, Draft, FactRow, Problem
from app.journeys.vocabulary import Vocabulary, names_of
from app.segments import rules
from app.segments.rules import Affinity, Orders, WrongTreeError
from app.web.inputs import read_decimal

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
ASKED_SO = ("region", "postal", "chance")
"""Facts with a form of their own that can be missed."""
ALL = -1
"""Where a problem is that no single row has."""


class WrongRowsError(ValueError):
    """What is wrong, by number of the row."""

    def __init__(self, problems: Mapping[int, Problem]) -> None:
        super().__init__(str(dict(problems)))
        self.problems = problems


def ids_in(tree: Part) -> set[str]:
    """Saleor's ids of the goods it names."""
    found = [
        leaf.of
        for leaf in rules.leaves(rules.read(tree))
        if isinstance(leaf, Orders | Affinity) and leaf.of
    ]
    return {id_ for of in found for kind in KINDS for id_ in getattr(of, kind)}


def words(text: str) -> list[str]:
    """What stands between commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


# ---- From rows to a tree ----


def tree_of(draft: Draft, known: Vocabulary, locale: Locale) -> dict[str, Any]:
    """Raises WrongRowsError."""
    wrong: dict[int, Problem] = {}
    parts: list[Any] = []
    number = 0
    for block in draft.blocks:
        inside = []
        for row in block.rows:
            try:
                inside.append(_part(row, known, locale))
            except _WrongError as failure:
                wrong[number] = failure.problem
            number += 1
        whole = {block.joined: inside} if len(inside) != 1 else inside[0]
        if block.negated:
            parts.append(whole.get("not", {"not": whole}))
        elif block.joined == draft.joined or len(draft.blocks) == 1:
            parts += inside
        else:
            parts.append(whole)
    if number == 0:
        wrong[ALL] = Problem(word="empty")
    elif number > rules.MOST:
        wrong[ALL] = Problem(word="many", what=str(rules.MOST))
    if wrong:
        raise WrongRowsError(wrong)
    joined = draft.blocks[0].joined if len(draft.blocks) == 1 else draft.joined
    tree = {joined: parts}
    try:
        rules.read(tree)
    except WrongTreeError:
        raise WrongRowsError({ALL: Problem(word="many", what=str(rules.MOST))}) from None
    return tree


class _WrongError(ValueError):
    def __init__(self, word: str, what: str = "") -> None:
        super().__init__(word)
        self.problem = Problem(word=word, what=what)


def _part(row: FactRow, known: Vocabulary, locale: Locale) -> dict[str, Any]:
    told = _kept(row) if row.kept else _told(row, known, locale)
    try:
        rules.read(told)
    except WrongTreeError:
        raise _WrongError(row.fact if row.fact in ASKED_SO else "cannot") from None
    return {"not": told} if row.negated else told


def _kept(row: FactRow) -> dict[str, Any]:
    try:
        told = json.loads(row.kept)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise _WrongError("cannot")
    return told


def _told(  # noqa: C901, PLR0911  # a table of facts
    row: FactRow, known: Vocabulary, locale: Locale
) -> dict[str, Any]:
    fact = row.fact
    if fact in SUMS or fact in GOODS:
        return _summed(row, known, locale)
    if fact in AGO:
        return {"fact": fact, **_bounds(row, locale, whole, "more_than", "less_than")}
    if fact in SCORES:
        read = _share if fact in SHARES else _plain
        return {"fact": "score", "name": fact, **_bounds(row, locale, read)}
    if fact == "chance":
        return {"fact": "chance", "at_least": float(_share(row.least, locale))}
    if fact == "cart":
        return {"fact": "cart"} | ({"at_least": _plain(row.least, locale)} if row.least else {})
    if fact == "account":
        return {"fact": "account"}
    if fact in ("segment", "alike", "kind"):
        return _other(row, locale)
    if fact == "trait":
        if not row.among:
            raise _WrongError("choose")
        return {"fact": "trait", "name": row.among, "among": words(row.where)}
    named = words(row.among)
    if not named and fact != "company":
        raise _WrongError("choose")
    return {"fact": fact, "among": [_key(fact, word, known) for word in named]}


def _key(fact: str, word: str, known: Vocabulary) -> str:
    found: str | None = word
    if fact == "country":
        found = known.country(word)
    elif fact == "language":
        found = known.language(word)
    if found is None:
        raise _WrongError(fact, word)
    return found


def _summed(row: FactRow, known: Vocabulary, locale: Locale) -> dict[str, Any]:
    days = {"days": whole(row.days, locale)} if row.days else {}
    where = {"channels": words(row.where)} if row.where else {}
    if row.fact == "affinity":
        return {"fact": "affinity", "of": _of(row, known), "share": _some(row, locale), **days}
    if row.fact == "bought":
        bounds = _bounds(row, locale, whole) if row.least or row.most else {"at_least": 1}
        return {"fact": "orders", "of": _of(row, known), **bounds, **days, **where}
    read = whole if row.fact == "orders" else _plain
    return {"fact": row.fact, **_bounds(row, locale, read), **days, **where}


def _some(row: FactRow, locale: Locale) -> float:
    share = float(_share(row.least, locale))
    if not share:
        raise _WrongError("percent")
    return share


def _of(row: FactRow, known: Vocabulary) -> dict[str, list[str]]:
    named = words(row.among)
    if not named:
        raise _WrongError("choose")
    if unknown := known.goods.unknown(named):
        raise _WrongError("goods", unknown)
    try:
        return known.goods.of(named)
    except WrongTreeError:
        raise _WrongError("mixed") from None


def _other(row: FactRow, locale: Locale) -> dict[str, Any]:
    if not row.among:
        raise _WrongError("choose")
    if row.fact == "kind":
        return {"fact": "kind", "number": whole(row.among, locale)}
    best = {"best": whole(row.most, locale)} if row.fact == "alike" else {}
    return {"fact": row.fact, "key": row.among, **best}


def _bounds(
    row: FactRow,
    locale: Locale,
    read: Callable[[str, Locale], Any],
    least: str = "at_least",
    most: str = "at_most",
) -> dict[str, Any]:
    pairs = ((least, row.least), (most, row.most))
    told = {name: read(value, locale) for name, value in pairs if value}
    if not told:
        raise _WrongError("number")
    if len(told) > 1 and Decimal(told[least]) > Decimal(told[most]):
        raise _WrongError("crossed")
    return told


def whole(text: str, locale: Locale) -> int:
    """Days, orders, people."""
    number = _number(text, locale)
    if number != int(number):
        raise _WrongError("whole", text)
    return int(number)


def _plain(text: str, locale: Locale) -> str:
    return _bare(_number(text, locale))


def _share(text: str, locale: Locale) -> str:
    """`70` or `70 %` as a share of one."""
    number = _number(text.removesuffix("%"), locale)
    if number > 100:  # noqa: PLR2004  # percent
        raise _WrongError("percent")
    return _bare(number / 100)


def _number(text: str, locale: Locale) -> Decimal:
    try:
        return read_decimal(text, locale)
    except ValueError:
        raise _WrongError("number", text) from None


def _bare(number: Decimal) -> str:
    return f"{number.normalize():f}"


# ---- From a tree to rows ----


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
    return _bare(Decimal(str(share)) * 100)


def in_full(tree: Part) -> dict[str, Any]:
    """The tree with every default of its facts, for a page that says it in words."""
    for joined in ("all", "any"):
        if joined in tree:
            return {joined: [in_full(part) for part in tree[joined]]}
    if "not" in tree:
        return {"not": in_full(tree["not"])}
    return next(rules.leaves(rules.read(tree))).model_dump(mode="json")
