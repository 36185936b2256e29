"""PR-3: what somebody bought is in no finding to come."""

from collections.abc import Collection

from sqlmodel import col, delete

from app.kit.tx import Tx
from app.proof.tables import Outcome


def forget(tx: Tx, persons: Collection[int]) -> None:
    tx.exec(delete(Outcome).where(col(Outcome.person).in_(persons)))
