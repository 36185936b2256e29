"""PR-3: what is forgotten with somebody who had points."""

from collections.abc import Collection

from sqlmodel import col, delete

from app.kit.tx import Tx
from app.points.tables import Earning, PointsAccount, PointsEntry, PointsSpend


def forget(tx: Tx, persons: Collection[int]) -> None:
    """All of it: points are owed to nobody then. The months that are closed name nobody."""
    for table in (PointsAccount, PointsEntry, Earning, PointsSpend):
        tx.exec(delete(table).where(col(table.person).in_(persons)))
