"""ID-2, ID-3: a no is a person's, not an address's. Who unsubscribed and then changed her address,
or turns out to be the guest who did, has said no; a yes under the new address, said later, is one.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import col, select

from app.customers.tables import Person
from app.kit.tx import Tx, among
from app.messages.consent_tables import Consent, Preference
from app.messages.law import Said


class Word(NamedTuple):
    """How an address stands, or somebody: the last word, and when it was said."""

    said: Said
    complained: bool
    at: datetime


class No(NamedTuple):
    address: str
    complained: bool
    at: datetime


def strictest(own: Word | None, address: str, noes: Collection[No]) -> tuple[Said, bool]:
    """Her word under this address, unless a no under another is newer, or all there is."""
    said, complained = (own.said, own.complained) if own else (Said.NOTHING, False)
    agreed_at = own.at if own and own.said is Said.GRANTED else None
    for no in noes:
        if no.address != address and (agreed_at is None or no.at > agreed_at):
            return Said.WITHDRAWN, complained or no.complained
    return said, complained


def of(
    tx: Tx, people: Collection[int], *, channel: str, purpose: str
) -> Mapping[int, Collection[No]]:
    """By person, what she and the guests that joined her took back, under whichever address."""
    if not people:
        return {}
    joined: Any = tx.exec(
        select(Person.id, Person.merged_into).where(among(col(Person.merged_into), sorted(people)))
    )
    whose = {person: person for person in people} | dict(joined.all())
    rows: Any = tx.exec(
        select(Consent.person, Consent.address, Consent.complained, Consent.at).where(
            among(col(Consent.person), sorted(whose)),
            Consent.channel == channel,
            Consent.purpose == purpose,
            Consent.state == Said.WITHDRAWN.value,
        )
    )
    found: dict[int, list[No]] = {}
    for person, *told in rows:
        found.setdefault(whose[person], []).append(No(*told))
    return found


def wish_of(tx: Tx, address: str, people: Collection[int]) -> Preference | None:
    """UN-4: what was asked for under this address, else the last she asked for under another:
    whoever wants a rest wants it on every channel, and after a new address too.
    """
    mine = tx.exec(select(Preference).where(Preference.address == address)).first()
    if mine is not None or not people:
        return mine
    hers = select(Preference).where(among(col(Preference.person), sorted(people)))
    return tx.exec(hers.order_by(col(Preference.at).desc()).limit(1)).first()
