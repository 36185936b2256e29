"""PR-3: who is forgotten is in no trial."""

from collections.abc import Collection

from sqlmodel import col, delete

from app.kit.tx import Tx
from app.trials.tables import Assignment, Denied


def forget(tx: Tx, persons: Collection[int]) -> None:
    for table in (Assignment, Denied):
        tx.exec(delete(table).where(col(table.person).in_(persons)))
