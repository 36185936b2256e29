"""PR-2, PR-3: what staff do when a customer asks: hand over what is known, or forget it."""

from datetime import timedelta

from sqlmodel import col, select
from typing_extensions import override

from app.customers import queries as customers
from app.customers.tables import Person
from app.kit.tx import Job, Tx
from app.privacy import flows, unsaying
from app.privacy.tables import DataRequest, Kind

REGRET = timedelta(seconds=30)
"""So long it can be taken back; nothing has happened until then."""
DUE = {Kind.EXPORT: timedelta(days=15), Kind.ERASE: timedelta(hours=24)}
"""The shorter of what GDPR and LGPD allow for an answer; PR-3's own day for forgetting."""
MOST = 100


class EraseOnWish(Job, kind="privacy.erase", rank=0):
    """Somebody asked to be forgotten, and nobody has taken it back."""

    request: int

    @property
    @override
    def lane(self) -> str:
        return f"privacy:{self.request}"


def handed_over(tx: Tx, person: Person, *, by: str) -> None:
    """Her data was just given to whoever asked for it."""
    _write(tx, Kind.EXPORT, person, by=by).done_at = tx.now


def ask_to_erase(tx: Tx, person: Person, *, by: str) -> DataRequest:
    """Forgotten in half a minute; asked twice it is one wish."""
    if waiting := open_erasure(tx, person.id or 0):
        return waiting
    wish = _write(tx, Kind.ERASE, person, by=by)
    tx.later(EraseOnWish(request=wish.id or 0), at=tx.now + REGRET)
    return wish


def take_back(tx: Tx, person: int) -> bool:
    """False where it is done already."""
    wish = open_erasure(tx, person)
    if wish is None:
        return False
    wish.taken_back_at = tx.now
    tx.add(wish)
    tx.flush()
    return True


def open_erasure(tx: Tx, person: int) -> DataRequest | None:
    return tx.exec(
        select(DataRequest).where(
            DataRequest.about == person,
            DataRequest.kind == Kind.ERASE.value,
            col(DataRequest.done_at).is_(None),
            col(DataRequest.taken_back_at).is_(None),
        )
    ).first()


def carry_out(job: EraseOnWish, tx: Tx) -> None:
    """Unless it was taken back, or the person is gone already."""
    wish = tx.exec(select(DataRequest).where(DataRequest.id == job.request)).first()
    if wish is None or wish.taken_back_at or wish.done_at:
        return
    person = customers.person(tx, wish.about)
    if person and person.erased_at is None:
        _erase(tx, person)
    wish.done_at = tx.now
    tx.add(wish)


def _erase(tx: Tx, person: Person) -> None:
    if person.account:
        said = unsaying.of(tx, person)
        flows.erase(tx, account=person.account, email=person.email, at=tx.now)
        if said:
            tx.later(said)
    elif person.email:
        flows.erase_guest(tx, person.email, at=tx.now)


def every(tx: Tx) -> list[DataRequest]:
    """The latest hundred, the newest first."""
    rows = select(DataRequest).order_by(col(DataRequest.at).desc(), col(DataRequest.id).desc())
    return list(tx.exec(rows.limit(MOST)))


def _write(tx: Tx, kind: Kind, person: Person, *, by: str) -> DataRequest:
    wish = DataRequest(
        kind=kind.value, about=person.id or 0, at=tx.now, by=by, due_at=tx.now + DUE[kind]
    )
    tx.add(wish)
    tx.flush()
    return wish
