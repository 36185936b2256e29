"""PR-3, PR-5: what is forgotten of answers: whose they were and their words, never how many."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlmodel import col, delete, or_, select, update

from app.feedback.tables import Survey, Useful
from app.kit.tx import Tx, among

KEPT = timedelta(days=730)
"""PR-5: 24 months, as the letters themselves."""
AT_ONCE = 500
NOBODYS: dict[str, Any] = {"person": None, "order": None, "words": "", "handled_by": None}


def forget(tx: Tx, persons: Collection[int]) -> None:
    """The scores stay in the figures, and say nothing of anybody."""
    tx.exec(update(Survey).where(col(Survey.person).in_(persons)).values(NOBODYS))
    tx.exec(update(Useful).where(col(Useful.person).in_(persons)).values(person=None))


def old(tx: Tx) -> list[int]:
    told = or_(col(Survey.person).is_not(None), col(Survey.words) != "")
    rows = select(Survey.id).where(col(Survey.asked_at) < tx.now - KEPT, told)
    return [id_ for id_ in tx.exec(rows.limit(AT_ONCE)) if id_]


def retire(tx: Tx, ids: Sequence[int]) -> None:
    tx.exec(update(Survey).where(among(col(Survey.id), ids)).values(NOBODYS))
    tx.exec(delete(Useful).where(col(Useful.at) < tx.now - KEPT))
