"""PR-3: what sending forgets with a person. A one-way hash stays, so that nobody writes again."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_
from sqlmodel import col, delete, select, update

from app.kit.tx import Tx
from app.messages import consent, flows, hashing, windows
from app.messages.consent_tables import Confirmation, Consent, ConsentEntry, Preference, Restraint
from app.messages.hooks.tables import Posting
from app.messages.tables import Pace, Posted, Send, Touch

ERASED = "erased"


def forget(tx: Tx, persons: Collection[int], emails: Collection[str], *, at: datetime) -> None:
    """How many messages went out stays, and what became of them; to whom does not.

    What an address has said since `at`, when it was deleted, is somebody's new start.
    """
    for person in sorted(persons):
        flows.cancel(tx, reason=ERASED, person=person)
    addresses = set(emails) | _numbers(tx, persons)
    for table in (Consent, ConsentEntry, Preference):
        typed = and_(col(table.address).in_(addresses), col(table.at) <= at)
        tx.exec(delete(table).where(or_(col(table.person).in_(persons), typed)))
    anew = set(tx.exec(select(Consent.address).where(col(Consent.address).in_(addresses))))
    for address in sorted(addresses - anew):
        consent.suppress(tx, hashing.of_address(address), ERASED)
    windows.forget(tx, addresses)
    tx.exec(delete(Confirmation).where(col(Confirmation.address).in_(addresses)))
    tx.exec(delete(Posting).where(col(Posting.person).in_(persons)))
    tx.exec(delete(Restraint).where(col(Restraint.person).in_(persons)))
    shown = or_(col(Posted.person).in_(persons), col(Posted.recipient).in_(addresses))
    tx.exec(delete(Posted).where(shown))
    tx.exec(delete(Pace).where(col(Pace.who).in_([f"person:{id_}" for id_ in persons])))
    nobody: dict[str, Any] = {"person": None, "address": None, "context": {}, "guard": None}
    written = or_(col(Send.person).in_(persons), col(Send.address).in_(addresses))
    tx.exec(update(Send).where(written).values(nobody))
    tx.exec(update(Touch).where(col(Touch.person).in_(persons)).values(person=None))
    tx.expire_all()


def _numbers(tx: Tx, persons: Collection[int]) -> set[str]:
    rows = select(Consent.address).where(col(Consent.person).in_(persons))
    return set(tx.exec(rows))
