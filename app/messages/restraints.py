"""FB-6, FB-7: who is not content gets no promotions for a while; whom an automation is of no use to
hears of it half as often. Written by whoever hears of it, and read by the gate.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import col, delete, select

from app.kit.tx import Tx, among
from app.messages.consent_tables import Restraint

EVERYTHING = ""


class Restraints(NamedTuple):
    halved: bool
    """Of the automation that was asked about."""
    unhappy_until: datetime | None


def of(tx: Tx, people: Sequence[int], *, campaign: str) -> Restraints:
    """What holds now for an account and the guests that joined it."""
    rows = select(Restraint.campaign, Restraint.until).where(
        among(col(Restraint.person), sorted(people)),
        among(col(Restraint.campaign), sorted({EVERYTHING, campaign})),
        col(Restraint.until) > tx.now,
    )
    found = tx.exec(rows).all()
    return Restraints(
        halved=any(about for about, _ in found),
        unhappy_until=max((until for about, until in found if not about), default=None),
    )


def hold(tx: Tx, person: int, *, until: datetime | None, campaign: str = EVERYTHING) -> None:
    """Until then; None: not any more."""
    if until is None:
        about = col(Restraint.campaign) == campaign
        tx.exec(delete(Restraint).where(col(Restraint.person) == person, about))
        return
    row = {"person": person, "campaign": campaign, "at": tx.now, "until": until}
    tx.put(Restraint, [row], key=("person", "campaign"), overwrite=("at", "until"))
