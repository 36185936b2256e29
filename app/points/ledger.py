"""PT-4: the one place that writes the ledger: a line, and what the lines come to."""

from sqlmodel import select

from app.kit.tx import Tx
from app.points.rules import ACTIVE, Kind
from app.points.tables import PointsAccount, PointsEntry


def account(tx: Tx, person: int) -> PointsAccount:
    """Hers, made where she has none."""
    row = tx.exec(select(PointsAccount).where(PointsAccount.person == person)).first()
    if row is None:
        row = PointsAccount(person=person, active_at=tx.now)
        tx.add(row)
        tx.flush()
    return row


def book(
    tx: Tx,
    person: int,
    kind: Kind,
    *,
    key: str,
    points: int = 0,
    pending: int = 0,
    order: int | None = None,
    spend: int | None = None,
    reason: str = "",
    by: str | None = None,
) -> None:
    """Every caller's `key` counts its lines up in a row that it holds: none is written twice."""
    row = account(tx, person)
    row.available += points
    row.pending += pending
    if kind in ACTIVE:
        row.active_at, row.warned_at, row.warned_again_at = tx.now, None, None
    tx.add(
        PointsEntry(
            key=key, person=person, at=tx.now, kind=kind.value, points=points, pending=pending,
            order=order, spend=spend, reason=reason, by=by,
        )
    )  # fmt: skip
    tx.flush()
