"""What staff may do for one customer, and how it stands: notes, a present, a rest, her data."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlmodel import col, select

from app.customers.tables import Note, Person
from app.kit.tx import Tx, among
from app.loyalty import goodwill
from app.messages import grounds, pausing, profiling
from app.messages import queries as messages
from app.messages.rules import Channel, Purpose
from app.people.view import Care, ConsentLine, NoteLine, Present
from app.privacy import wishes

CHANNELS = (Channel.EMAIL, Channel.SMS, Channel.WHATSAPP)
LONGEST = 1000


def sheet(
    tx: Tx,
    person: Person,
    *,
    may_reward: bool,
    typed: Mapping[str, str] | None = None,
    problem: str | None = None,
    removed: int | None = None,
) -> Care:
    """What is wrong with a form, and what was `typed` into it; which note was just `removed`."""
    id_ = person.id or 0
    erasure = wishes.open_erasure(tx, id_)
    return Care(
        notes=_notes(tx, id_),
        present=_present(tx, id_),
        percents=tuple(Decimal(percent) / 10_000 for percent in goodwill.PERCENTS),
        may_reward=may_reward,
        consents=_consents(tx, person),
        paused_until=pausing.paused_until(tx, person),
        can_pause=person.email is not None,
        forgotten_at=erasure.at + wishes.REGRET if erasure else None,
        no_profile=profiling.objects(tx, person),
        typed=typed or {},
        problem=problem,
        removed=removed,
    )


def write_note(tx: Tx, person: Person, text: str, *, by: str) -> bool:
    """False for an empty one."""
    if not (text := text.strip()[:LONGEST]):
        return False
    tx.add(Note(person=person.id or 0, text=text, at=tx.now, by=by))
    tx.flush()
    return True


def remove_note(tx: Tx, person: Person, note: int, *, back: bool = False) -> bool:
    """Taken away, or put `back`."""
    theirs = among(col(Note.person), messages.group(tx, person.id or 0))
    row = tx.exec(select(Note).where(Note.id == note, theirs)).first()
    if row is None:
        return False
    row.removed_at = None if back else tx.now
    tx.add(row)
    tx.flush()
    return True


def _notes(tx: Tx, person: int) -> tuple[NoteLine, ...]:
    rows = tx.exec(
        select(Note)
        .where(among(col(Note.person), messages.group(tx, person)), col(Note.removed_at).is_(None))
        .order_by(col(Note.at).desc(), col(Note.id).desc())
    )
    return tuple(NoteLine(id=row.id or 0, text=row.text, at=row.at) for row in rows)


def _present(tx: Tx, person: int) -> Present | None:
    """The last one, while it can still be used."""
    if (given := goodwill.last(tx, person)) is None:
        return None
    code, percent = given
    if code.used_at or code.deleted_at or _over(code.ends_at, tx.now):
        return None
    return Present(
        id=code.id or 0,
        text=code.code,
        percent=Decimal(percent) / 10_000,
        ends_at=code.ends_at,
        undoable=code.in_saleor_at is None and tx.now < code.minted_at + goodwill.REGRET,
    )


def _over(end: datetime | None, now: datetime) -> bool:
    return end is not None and end <= now


def _consents(tx: Tx, person: Person) -> tuple[ConsentLine, ...]:
    """May she get advertising, channel by channel; a channel without an address is left out."""
    found = []
    for channel in CHANNELS:
        if messages.address_of(tx, person, channel):
            ground = grounds.permission(tx, person, channel=channel, purpose=Purpose.MARKETING)
            found.append(ConsentLine(channel=channel.value, allowed=ground.allowed))
    return tuple(found)
