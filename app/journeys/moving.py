"""What the tables of contents tell: an order, an account, a move between segments, a night."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol

from app.journeys import flows
from app.journeys.flows import Entrant
from app.journeys.jobs import EndCoupons
from app.journeys.rules import Trigger
from app.kit.tx import Tx
from app.segments import flows as segments
from app.segments.flows import Move


class Purchase(Protocol):
    """What hearing of an order has changed (app.orders.flows.Recorded)."""

    @property
    def saleor_id(self) -> str: ...
    @property
    def person(self) -> int | None: ...
    @property
    def new(self) -> bool: ...
    @property
    def newly_paid(self) -> bool: ...
    @property
    def counts(self) -> bool: ...
    @property
    def history(self) -> bool: ...
    @property
    def touched(self) -> frozenset[int]: ...


def orders_heard(tx: Tx, purchases: Sequence[Purchase]) -> None:
    """IN-5: what is old at first sight moves people between segments and begins nothing."""
    segments.look_again(tx, {person for one in purchases for person in one.touched})
    fresh = [one for one in purchases if one.person and one.counts and not one.history]
    paid = [one for one in fresh if one.newly_paid]
    flows.happened(tx, Trigger.ORDER_PAID, _of(paid))


def _of(purchases: Iterable[Purchase]) -> list[Entrant]:
    return [
        Entrant(
            person=one.person, occasion=one.saleor_id, memo={"order": one.saleor_id},
        )
        for one in purchases
        if one.person
    ]  # fmt: skip


def people_moved(tx: Tx, moves: Sequence[Move]) -> None:
    """J2: into a segment, or out of it."""
    for trigger, entered in ((Trigger.SEGMENT_ENTERED, True), (Trigger.SEGMENT_LEFT, False)):
        flows.happened(
            tx,
            trigger,
            [
                Entrant(person=move.person, occasion=f"stay:{move.stay}", of=move.segment)
                for move in moves
                if move.entered is entered
            ],
        )


def nightly(tx: Tx, day: date) -> None:
    tx.later(EndCoupons(day=day.isoformat()))
