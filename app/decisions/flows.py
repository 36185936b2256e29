"""Decisions are written down in the transaction that makes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlmodel import col, delete, select

from app.decisions.rules import MOST_BYTES, TOO_BIG, hashed, packed
from app.decisions.tables import Decision, DecisionMonth
from app.kit.tx import Tx, among

KEPT = timedelta(days=730)
"""DC-5: 24 months."""
AT_ONCE = 500
FIXED = 8 * 6
"""Bytes of what is no text: id, shop, instant, person, version, draw."""


@dataclass(frozen=True)
class Decided:
    """One decision. `rule` names the pure function (app.proof.replaying); `ref` what it was about;
    `seen` holds its inputs and `made` what came of it beside the word, both as JSON values.

    The same rule about the same thing at the same instant is one decision, however often it is
    told. Nothing of it may name a person: ids of ours, and hashes (`rules.hashed`).
    """

    rule: str
    ref: str
    outcome: str
    person: int | None = None
    trigger: str = ""
    subject: str = ""
    version: int | None = None
    model: str = ""
    draw: float | None = None
    salt: str = ""
    seen: Mapping[str, Any] = field(default_factory=dict)
    made: Mapping[str, Any] = field(default_factory=dict)


def record(tx: Tx, *decided: Decided) -> None:
    """DC-1: in one statement, however many they are."""
    record_all(tx, decided)


def record_all(tx: Tx, decided: Sequence[Decided]) -> None:
    tx.put(Decision, [_row(tx, one) for one in decided], key=("ref", "rule", "at"))


def _row(tx: Tx, one: Decided) -> dict[str, Any]:
    row = {
        "at": tx.now, "rule": one.rule, "ref": one.ref, "person": one.person,
        "trigger": one.trigger, "subject": one.subject, "version": one.version,
        "model": one.model, "draw": one.draw, "salt": one.salt, "seen": packed(one.seen),
        "outcome": str(one.outcome), "made": packed(one.made),
    }  # fmt: skip
    if size(row) > MOST_BYTES:  # it is still known what was decided, but not on what
        row["seen"] = packed({TOO_BIG: hashed(row["seen"])})
    return row


def size(row: Mapping[str, Any]) -> int:
    """Bytes that a decision takes, without what its indexes take."""
    return FIXED + sum(len(value.encode()) for value in row.values() if isinstance(value, str))


def old(tx: Tx) -> list[int]:
    """DC-5: the first of those that are older than 24 months."""
    rows = select(Decision.id).where(col(Decision.at) < tx.now - KEPT)
    return [id_ for id_ in tx.exec(rows.order_by(col(Decision.at)).limit(AT_ONCE)) if id_]


def retire(tx: Tx, ids: Sequence[int]) -> None:
    """DC-5: counted by month, and let go."""
    old = list(tx.exec(select(Decision).where(among(col(Decision.id), ids))))
    counts: dict[tuple[date, str, str, str], int] = {}
    for one in old:
        key = (one.at.date().replace(day=1), one.rule, one.subject, one.outcome)
        counts[key] = counts.get(key, 0) + 1
    for key, count in counts.items():
        _add(tx, key, count)
    tx.exec(delete(Decision).where(among(col(Decision.id), ids)))


def _add(tx: Tx, key: tuple[date, str, str, str], count: int) -> None:
    month, rule, subject, outcome = key
    known = tx.exec(
        select(DecisionMonth).where(
            DecisionMonth.month == month,
            DecisionMonth.rule == rule,
            DecisionMonth.subject == subject,
            DecisionMonth.outcome == outcome,
        )
    ).first()
    row = known or DecisionMonth(month=month, rule=rule, subject=subject, outcome=outcome, count=0)
    row.count += count
    tx.add(row)
