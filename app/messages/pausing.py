"""PR-4: a customer asks the shop for a rest from its messages, and staff write it down for her."""

from datetime import datetime, timedelta

from app.customers.tables import Person
from app.kit.tx import Tx
from app.messages import queries
from app.messages.consent_tables import Preference

REST = timedelta(days=30)


def pause(tx: Tx, person: Person, *, until: datetime | None) -> bool:
    """Nothing until then, None ends it. False for who has no address to rest."""
    if person.email is None:
        return False
    row = queries.preference(tx, person.email) or Preference(address=person.email, at=tx.now)
    row.person, row.at, row.paused_until = person.id, tx.now, until
    tx.add(row)
    tx.flush()
    return True


def paused_until(tx: Tx, person: Person) -> datetime | None:
    row = queries.preference(tx, person.email) if person.email else None
    until = row.paused_until if row else None
    return until if until and until > tx.now else None
