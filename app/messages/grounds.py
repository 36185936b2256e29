"""CO-2: who may be written to, on what ground, and why not: one person, or everybody at once."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import or_
from sqlmodel import col, select

from app.customers.tables import Person
from app.kit.portions import portions
from app.kit.tx import Tx, among
from app.messages import hashing, law, noes, queries, strangers
from app.messages.consent_tables import Consent, Suppression
from app.messages.law import Ground, Said, Stance
from app.messages.policy import Policy, policy
from app.messages.rules import Channel
from app.orders.tables import Order

AT_ONCE = 2000


def reachable(
    tx: Tx, persons: Collection[int], *, channel: str = "email", purpose: str = "marketing"
) -> set[int]:
    """Who of these may be written to today: consent and law, suppression, an address."""
    found: set[int] = set()
    own = policy(tx)
    for some in portions(sorted(persons), AT_ONCE):
        found |= _reachable(tx, some, own, channel=channel, purpose=purpose)
    return found


def _reachable(
    tx: Tx, persons: Sequence[int], own: Policy, *, channel: str, purpose: str
) -> set[int]:
    people = tx.exec(
        select(Person).where(
            among(col(Person.id), persons), col(Person.erased_at).is_(None), ~col(Person.staff)
        )
    ).all()
    addresses = _addresses(tx, people, channel)
    said = _said(tx, set(addresses.values()), channel=channel, purpose=purpose)
    held = _held(tx, set(addresses.values()))
    taken_back = noes.of(tx, persons, channel=channel, purpose=purpose)
    last, known = _last_countries(tx, persons), strangers.known(tx, people)
    return {
        id_
        for person in people
        if (id_ := person.id or 0) in addresses
        and (at := addresses[id_]) not in held
        and _ground(
            noes.strictest(said.get(at), at, taken_back.get(id_, ())),
            own,
            country=person.country or last.get(id_, "") or own.country,
            bought=id_ in last,
            known=id_ in known,
            channel=channel,
            purpose=purpose,
        ).allowed
    }


def _addresses(tx: Tx, people: Sequence[Person], channel: str) -> dict[int, str]:
    if channel == Channel.EMAIL:
        return {p.id: p.email for p in people if p.id and p.email}
    rows = select(Consent.person, Consent.address).where(
        among(col(Consent.person), [p.id for p in people]), Consent.channel == channel
    )
    return {
        person: address for person, address in tx.exec(rows.order_by(col(Consent.at))) if person
    }


def _said(
    tx: Tx, addresses: Collection[str], *, channel: str, purpose: str
) -> Mapping[str, noes.Word]:
    rows: Any = tx.exec(
        select(Consent.address, Consent.state, Consent.complained, Consent.at).where(
            among(col(Consent.address), sorted(addresses)),
            Consent.channel == channel,
            Consent.purpose == purpose,
        )
    )
    return {
        address: noes.Word(Said(state), complained, at) for address, state, complained, at in rows
    }


def _held(tx: Tx, addresses: Collection[str]) -> set[str]:
    hashes = {hashing.of_address(address): address for address in addresses}
    rows = tx.exec(
        select(Suppression.hash).where(
            among(col(Suppression.hash), sorted(hashes)),
            or_(col(Suppression.until).is_(None), col(Suppression.until) > tx.now),
        )
    )
    return {hashes[hash_] for hash_ in rows}


def _last_countries(tx: Tx, persons: Sequence[int]) -> dict[int, str]:
    """By person who bought: the country of the last order."""
    rows = tx.exec(
        select(Order.created_at, Order.person, Order.country).where(
            among(col(Order.person), persons), col(Order.counts)
        )
    )
    # put in order here: asked to, SQLite would walk through everybody's orders by their time
    return {person: country for _, person, country in sorted(rows.all()) if person}


def _ground(
    said: tuple[Said, bool] | None,
    own: Policy,
    *,
    country: str,
    bought: bool,
    known: bool,
    channel: str,
    purpose: str,
) -> Ground:
    word, complained = said or (Said.NOTHING, False)
    on = law.basis(channel, purpose, country, own=own.law, soft=own.soft_opt_in)
    return law.ground(Stance(word, country, bought, complained, known), on)


def permission(tx: Tx, person: Person, *, channel: str, purpose: str) -> Ground:
    """CO-2: may this person be written to, on what ground, or why not."""
    own, people = policy(tx), queries.group(tx, person.id or 0)
    address = queries.address_of(tx, person, channel)
    said = queries.stance(tx, address or "", channel=channel, purpose=purpose, person=person.id)
    return _ground(
        said if address else None,
        own,
        country=queries.country_of(tx, person, people, default=own.country),
        bought=queries.bought(tx, people),
        known=person.id in strangers.known(tx, [person]),
        channel=channel,
        purpose=purpose,
    )
