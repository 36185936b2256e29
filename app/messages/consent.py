"""CO: words of consent, each written down for good, and how an address stands after them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, delete, select

from app.customers import rules as people
from app.customers.tables import Person
from app.kit.tx import Tx
from app.messages import flows, hashing, law, queries
from app.messages.consent_tables import Consent, ConsentEntry, Suppression
from app.messages.law import Said
from app.messages.policy import Policy, policy
from app.messages.rules import Channel, Purpose

COMPLAINT = "complaint"
HEAVY = frozenset({"confirmation", "staff", "preferences"})
"""CO-3: words that a complaint gives way to: nobody else but she, or the shop with proof."""


@dataclass(frozen=True)
class Saying:
    """What somebody said about one purpose on one channel, and how we know."""

    address: str
    state: Said
    source: str
    channel: str = Channel.EMAIL
    purpose: str = Purpose.MARKETING
    person: int | None = None
    country: str = ""
    language: str = ""
    text_version: str = ""
    text: str = ""
    proof: dict[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    """When it was said, where that was before now: an import tells the past."""


def tidy(channel: str, address: str) -> str:
    """As addresses are kept. Raises ValueError on a number that is none."""
    if channel == Channel.EMAIL:
        return people.tidy(address) or ""
    if channel in (Channel.SMS, Channel.WHATSAPP):
        from app.messages.apprise.numbers import e164  # noqa: PLC0415  # a channel is a folder

        return e164(address)
    return address.strip()


def say(tx: Tx, saying: Saying) -> Consent:
    """Write it down, and let it stand if it may. Raises ValueError on a number that is none."""
    address, at = tidy(saying.channel, saying.address), saying.at or tx.now
    tx.add(_entry(saying, address, at, own=policy(tx)))
    row = queries.consent(tx, address, saying.channel, saying.purpose)
    if row is None:
        row = Consent(
            address=address, channel=saying.channel, purpose=saying.purpose,
            state=Said.NOTHING.value, source=saying.source, at=at,
        )  # fmt: skip
    stands = _stands(row, saying, at)
    if stands:
        _let_stand(tx, row, saying, at)
    if stands or row.person is None:  # a word that does not stand makes the address nobody else's
        row.person = saying.person or row.person or _person_of(tx, saying.channel, address)
    tx.add(row)
    tx.flush()
    if row.state == Said.WITHDRAWN and row.person:
        flows.cancel(  # UN-6
            tx, reason="withdrawn", person=row.person, purpose=saying.purpose,
            channel=saying.channel,
        )  # fmt: skip
    return row


def _entry(saying: Saying, address: str, at: datetime, *, own: Policy) -> ConsentEntry:
    """CO-7: the word as it was given, with the law it was given under."""
    on = law.basis(
        saying.channel, saying.purpose, saying.country or own.country, own=own.law,
        soft=own.soft_opt_in,
    )  # fmt: skip
    return ConsentEntry(
        address=address, channel=saying.channel, purpose=saying.purpose,
        state=saying.state.value, person=saying.person, basis=on.value,
        country=saying.country, source=saying.source, text_version=saying.text_version,
        text=saying.text, language=saying.language, at=at,
        proof={k: v for k, v in saying.proof.items() if own.keep_ip or k != "ip"},
    )  # fmt: skip


def _let_stand(tx: Tx, row: Consent, saying: Saying, at: datetime) -> None:
    row.state, row.source, row.at = saying.state.value, saying.source, at
    row.country = saying.country or row.country
    if saying.state is Said.GRANTED:
        row.complained = False
        lift(tx, row.address, source=saying.source, at=at)
    if saying.state is Said.WITHDRAWN:
        row.complained = row.complained or saying.source == COMPLAINT


def _stands(row: Consent, saying: Saying, at: datetime) -> bool:
    """CO-3, and an older word never replaces a newer one."""
    if row.id is not None and at < row.at:
        return False
    if saying.state is Said.PENDING:  # a question is no answer: neither a yes nor a no gives way
        return row.state in (Said.NOTHING, Said.PENDING)
    if saying.state is Said.NOTHING:
        return False  # an unticked box says nothing
    if saying.state is Said.GRANTED and (row.complained or _anothers(row, saying)):
        return saying.source in HEAVY
    return True


def _anothers(row: Consent, saying: Saying) -> bool:
    """SM-3: of several people with one number, the yes of one is no answer to another's no."""
    if saying.channel == Channel.EMAIL or row.state != Said.WITHDRAWN:
        return False
    return None not in (row.person, saying.person) and row.person != saying.person


def _person_of(tx: Tx, channel: str, address: str) -> int | None:
    if channel != Channel.EMAIL:
        return None
    rows = select(Person.id).where(Person.email == address, col(Person.merged_into).is_(None))
    return tx.exec(rows.order_by(col(Person.key)).limit(1)).first()


def lift(tx: Tx, address: str, *, source: str, at: datetime) -> None:
    """BO-1, PR-3: a yes lifts what was suppressed before it was said: a list that is brought along
    tells of a time before she was forgotten. A complaint only she herself lifts, or staff with
    proof (CO-3), also once the complaint is all that is known of her. A dead address stays so.
    """
    lifted = ["unsubscribed", "erased", *([COMPLAINT] if source in HEAVY else [])]
    tx.exec(
        delete(Suppression).where(
            col(Suppression.hash) == hashing.of_address(address),
            col(Suppression.reason).in_(lifted),
            col(Suppression.at) <= at,
        )
    )


def suppress(tx: Tx, hash_: str, reason: str, *, for_: timedelta | None = None) -> None:
    """No marketing to whoever has this address, by its hash alone."""
    until = tx.now + for_ if for_ else None
    row = {"hash": hash_, "reason": reason, "at": tx.now, "until": until}
    tx.put(Suppression, [row], key=("hash", "reason"), overwrite=("at", "until"))


def words_of(tx: Tx, person: int) -> list[ConsentEntry]:
    """CO-7: everything this person, or whoever had the address, ever said, in order."""
    ids = queries.group(tx, person)
    addresses = set(tx.exec(select(Person.email).where(col(Person.id).in_(ids)))) - {None}
    theirs = col(ConsentEntry.person).in_(ids) | col(ConsentEntry.address).in_(addresses)
    return list(tx.exec(select(ConsentEntry).where(theirs).order_by(col(ConsentEntry.id))))
