"""The editor of a segment as it is filled in: facts in rows, rows in blocks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from app.journeys.segment_facts import AGO, GOODS, PLACES, words
from app.journeys.segment_view import Block, Draft, FactRow

FACTS: Mapping[str, Sequence[str]] = {
    "bought": ("orders", "bought", "affinity", "spend", "average", "cart"),
    "when": AGO,
    "who": ("account", *PLACES, "trait"),
    "worth": ("stage", "tier", "rfm", "value_tier", "to_date"),
    "likely": ("chance", "alive", "silent", "orders_12", "net_12", "net_24"),
    "among": ("segment", "kind", "alike"),
}
"""What a row can say, sorted as an owner asks."""
KNOWN = frozenset(fact for facts in FACTS.values() for fact in facts)
FIRST: Mapping[str, Mapping[str, Any]] = {
    "orders": {"least": "1"}, "bought": {"least": "1"}, "affinity": {"least": "50"},
    "chance": {"least": "50"}, "alive": {"least": "70"}, "silent": {"least": "70"},
    "alike": {"most": "1000"}, "last_order": {"most": "90"}, "first_order": {"most": "90"},
    "joined": {"most": "90"},
}  # fmt: skip
"""What stands in a new row of the kind."""


class Fields(Protocol):
    def getlist(self, key: str, /) -> Sequence[object]: ...
    def get(self, key: str, /) -> object: ...
    def __contains__(self, key: object, /) -> bool: ...


def typed(fields: Fields) -> Draft:
    """As it stands in the form."""
    blocks: list[Block] = []
    row = 0
    while (joined := fields.get(f"b{len(blocks)}.joined")) is not None:
        at, rows = len(blocks), []
        while f"r{row}.fact" in fields and str(fields.get(f"r{row}.block")) == str(at):
            rows.append(_typed_row(fields, f"r{row}."))
            row += 1
        negated = fields.get(f"b{at}.negated") == "1"
        blocks.append(Block(joined=_join(joined), negated=negated, rows=rows))
    return Draft(joined=_join(fields.get("joined")), blocks=blocks)


def _join(said: object) -> str:
    return "any" if said == "any" else "all"


def _typed_row(fields: Fields, name: str) -> FactRow:
    """Of a fact that was just chosen, what stood there for another one is no longer meant."""
    told = {
        part: str(fields.get(name + part) or "").strip()
        for part in ("least", "most", "days", "where", "kept")
    }
    among = ", ".join(word for one in fields.getlist(name + "among") if (word := str(one).strip()))
    fact = str(fields.get(name + "fact"))
    was = str(fields.get(name + "was") or fact)
    negated = fields.get(name + "negated") == "1"
    if told["kept"]:
        return FactRow(fact="", negated=negated, kept=told["kept"])
    if fact not in KNOWN:
        return FactRow()
    return (
        FactRow(fact=fact, negated=negated, among=among, **told)
        if fact == was
        else new_row(fact, negated=negated)
    )


def new_row(fact: str, *, negated: bool = False) -> FactRow:
    return replace(FactRow(fact=fact, negated=negated), **FIRST.get(fact, {}))


def added(draft: Draft, block: int) -> Draft:
    """With another row in this block, or, past the last, in a new one."""
    new = new_row("orders")
    blocks = list(draft.blocks)
    if block < len(blocks):
        blocks[block] = replace(blocks[block], rows=[*blocks[block].rows, new])
        return replace(draft, blocks=blocks)
    joined = draft.joined if len(blocks) > 1 else "all"
    other = "any" if joined == "all" else "all"
    return Draft(joined=joined, blocks=[*blocks, Block(joined=other, rows=[new])])


def without(draft: Draft, number: int) -> Draft:
    """Without this row; a block goes with its last one."""
    at, blocks = 0, []
    for block in draft.blocks:
        rows = [row for n, row in enumerate(block.rows, at) if n != number]
        at += len(block.rows)
        if rows:
            blocks.append(replace(block, rows=rows))
    return replace(draft, blocks=blocks or [Block()])


def words_in(draft: Draft) -> list[str]:
    """Names of goods that stand in the form."""
    return [word for row in draft.rows if row.fact in GOODS for word in words(row.among)]
