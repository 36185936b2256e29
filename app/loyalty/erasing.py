"""PR-3: what the programme forgets with a person."""

from collections.abc import Collection

from sqlmodel import col, delete

from app.kit.tx import Tx
from app.loyalty.tables import Act, Attempt, Code, Membership, TierChange


def forget(tx: Tx, persons: Collection[int]) -> None:
    """Standing, diary and unused codes. A used one stays, for the books: it names nobody."""
    for table in (Membership, TierChange, Attempt, Act):
        tx.exec(delete(table).where(col(table.person).in_(persons)))
    unused = col(Code.person).in_(persons), col(Code.used_at).is_(None)
    tx.exec(delete(Code).where(*unused))
