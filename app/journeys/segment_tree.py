"""The rows of a draft as a definition, or what is wrong with them, row by row."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from babel import Locale

from app.journeys.segment_facts import (
    AGO,
    GOODS,
    SCORES,
    SHARES,
    SUMS,
    bare,
    words,
)
from app.journeys.segment_view import Draft, FactRow, Problem
from app.journeys.vocabulary import Vocabulary
from app.segments import rules
from app.segments.rules import WrongTreeError
from app.web.inputs import read_decimal

ASKED_SO = ("region", "postal", "chance")
"""Facts with a form of their own that can be missed."""
ALL = -1
"""Where a problem is that no single row has."""


class WrongRowsError(ValueError):
    """What is wrong, by number of the row."""

    def __init__(self, problems: Mapping[int, Problem]) -> None:
        super().__init__(str(dict(problems)))
        self.problems = problems


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
    return bare(_number(text, locale))


def _share(text: str, locale: Locale) -> str:
    """`70` or `70 %` as a share of one."""
    number = _number(text.removesuffix("%"), locale)
    if number > 100:  # noqa: PLR2004  # percent
        raise _WrongError("percent")
    return bare(number / 100)


def _number(text: str, locale: Locale) -> Decimal:
    try:
        return read_decimal(text, locale)
    except ValueError:
        raise _WrongError("number", text) from None
