"""PR-3: what was decided about a person goes with her."""

from collections.abc import Collection

from sqlmodel import col, delete

from app.decisions.tables import Decision
from app.kit.tx import Tx


def forget(tx: Tx, persons: Collection[int]) -> None:
    tx.exec(delete(Decision).where(col(Decision.person).in_(persons)))
