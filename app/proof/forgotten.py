"""PR-3: of who was forgotten a trial keeps what it counts of a person, and of nobody."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import col, select

from app.kit.tx import Tx
from app.trials.tables import Assignment


class Forgotten(NamedTuple):
    """An assignment without a person."""

    id: int
    arm: str
    stratum: int
    at: datetime
    left: Mapping[str, Any]
    """`unsubscribed`, `complained` and `crossed`: 0 or 1. `messages`: channel and seconds after the
    draw, of each. `segments`: where somebody was when drawn. `again`: drawn before under another
    name, which is the one that counts."""


def of(tx: Tx, trial: int) -> Sequence[Forgotten]:
    columns: list[Any] = [getattr(Assignment, name) for name in Forgotten._fields]
    nobody = (Assignment.trial == trial, col(Assignment.person).is_(None))
    rows = tx.exec(select(*columns).where(*nobody, col(Assignment.left).is_not(None)))
    return [Forgotten(*row) for row in rows]


def again(tx: Tx, trial: int) -> dict[int, tuple[str, int]]:
    """Arm and stratum of those drawn again under another name, as long as that was known."""
    columns: list[Any] = [Assignment.id, Assignment.arm, Assignment.stratum, Assignment.left]
    rows: Any = tx.exec(
        select(*columns).where(Assignment.trial == trial, col(Assignment.left).is_not(None))
    )
    return {id_: (arm, stratum) for id_, arm, stratum, left in rows if left["again"]}


def counted(found: Iterable[Any], gone: Sequence[Forgotten], what: str) -> Mapping[str, int]:
    """By arm, with who was forgotten."""
    counts = Counter[str](dict(found))
    for one in gone:
        counts[one.arm] += int(one.left[what])
    return dict(counts)
