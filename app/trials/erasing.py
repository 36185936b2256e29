"""PR-3: who is forgotten is nobody in a trial, and kept from nothing any more."""

from collections.abc import Collection

from sqlmodel import col, delete, update

from app.kit.tx import Tx
from app.trials.tables import Assignment, Denied


def forget(tx: Tx, persons: Collection[int]) -> None:
    """The arm stays, without a person and without the chance that was drawn by her number."""
    nobody = update(Assignment).where(col(Assignment.person).in_(persons))
    tx.exec(nobody.values(person=None, roll=0.0))
    tx.exec(delete(Denied).where(col(Denied.person).in_(persons)))
