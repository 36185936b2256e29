"""PR-3: what segments forget with a person."""

from collections.abc import Collection

from sqlmodel import col, delete

from app.kit.tx import Tx
from app.segments.tables import Placing, Stay, Trait


def forget(tx: Tx, persons: Collection[int]) -> None:
    for table in (Stay, Trait, Placing):
        tx.exec(delete(table).where(col(table.person).in_(persons)))
