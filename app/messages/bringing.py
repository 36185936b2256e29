"""CO-5: subscribers that a shop brings along from where it sent before: a table of addresses, each
with basis, source and date. A row without them says nothing, and is kept as just that.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from babel import Locale
from sqlmodel import col, select

from app.customers import meeting
from app.customers import queries as customers
from app.customers.rules import Who
from app.customers.rules import tidy as tidy_email
from app.customers.tables import Person
from app.kit.hearing import Version
from app.kit.tx import Tx, among
from app.messages import consent, hashing, law
from app.messages.consent_tables import Consent, ConsentEntry, Suppression
from app.messages.law import Said
from app.messages.policy import Policy, policy
from app.messages.rules import Channel, Purpose
from app.web.handed_in import Refused, RefusedError, cells_of, moment, read

AT_ONCE = 100
MOST = 20_000
SOURCE = "import"
AGREED = frozenset({
    "consent", "opt-in", "opt_in", "double_opt_in", "double opt-in", "zgoda", "consentimento",
})  # fmt: skip
"""What is a person's own word. Any other basis is for the country's law to judge (CO-2): who wrote
"legitimate interest" into a list has not made anybody agree."""


@dataclass(frozen=True)
class Row:
    """One line of the list. Without a basis, a source and a date it proves nothing."""

    address: str
    basis: str = ""
    source: str = ""
    said_at: datetime | None = None
    country: str = ""
    text: str = ""

    def proves(self, now: datetime) -> bool:
        agreed = self.basis.strip().lower() in AGREED
        return bool(agreed and self.source and self.said_at and self.said_at <= now)


@dataclass(frozen=True)
class Brought:
    """What became of the rows."""

    agreed: int = 0
    """With a word that can be proved."""
    bare: int = 0
    """Without: kept as no consent."""
    said_otherwise: int = 0
    """Of those with proof: somebody has said no since, or complained (CO-3)."""
    forgotten: int = 0
    """Asked to be forgotten after that: not even their address is kept (PR-3)."""

    def __add__(self, other: "Brought") -> "Brought":
        return Brought(
            self.agreed + other.agreed, self.bare + other.bare,
            self.said_otherwise + other.said_otherwise, self.forgotten + other.forgotten,
        )  # fmt: skip


# ---- the table


def rows_of(text: str, locale: Locale) -> list[Row]:
    """Columns `email`, `basis`, `source`, `date`; `country` and `text` if there are. Of an address
    that stands there twice the later word. Raises RefusedError."""
    table = read(text, needs=("email", "basis", "origin", "said"), may=("country", "wording"))
    wrong: list[Refused] = []
    found: dict[str, Row] = {}
    for line, cells in cells_of(table, wrong):
        email, said = tidy_email(cells["email"]), _moment(cells["said"], locale)
        if email is None or "@" not in email:
            wrong.append((line, "email", cells["email"]))
        elif cells["said"] and said is None:
            wrong.append((line, "day", cells["said"]))
        else:
            country = cells.get("country", "").upper()[:2]
            row = Row(
                email, cells["basis"], cells["origin"], said, country, cells.get("wording", "")
            )
            found[email] = _later(found.get(email), row)
    if len(found) > MOST:
        wrong = [(MOST, "long", str(len(found)))]
    if wrong:
        raise RefusedError(wrong)
    return list(found.values())


def _moment(text: str, locale: Locale) -> datetime | None:
    told = moment(text, locale)
    return told.replace(tzinfo=UTC) if told and not told.tzinfo else told


def _later(known: Row | None, row: Row) -> Row:
    if known is None or known.said_at is None:
        return row
    return row if row.said_at and row.said_at >= known.said_at else known


# ---- into the ledger


def bring_along(tx: Tx, rows: Sequence[Row]) -> Brought:
    """Each word with its proof, once, however often the list is handed in. Nothing here goes
    before a word that was said since (CO-3), and nobody who was forgotten comes back by it."""
    rows = [replace(row, address=tidy_email(row.address) or "") for row in rows]
    gone = _forgotten(tx, rows)
    kept = [row for row in rows if row.address not in gone]
    proved = [row for row in kept if row.proves(tx.now)]
    people, stands = _people(tx, proved), _stands(tx, kept)
    _write_down(tx, kept, people)
    otherwise = [row for row in proved if _said_no(stands.get(row.address), row)]
    news = [row for row in proved if row not in otherwise and not _known(stands, row)]
    news += [row for row in kept if row not in proved and row.address not in stands]
    fresh = [_standing(tx, row, people.get(row.address)) for row in news]
    tx.put(
        Consent, fresh, key=("address", "channel", "purpose"),
        overwrite=("state", "source", "at", "person", "country"),
    )  # fmt: skip
    _lift(tx, {row["address"]: row["at"] for row in fresh if row["state"] == Said.GRANTED})
    no = len(otherwise)
    return Brought(len(proved) - no, len(kept) - len(proved), no, len(gone))


def _forgotten(tx: Tx, rows: Sequence[Row]) -> set[str]:
    keys = {f"guest:{row.address}": row for row in rows}
    erased = customers.erased(tx, keys)
    return {
        keys[key].address
        for key, at in erased.items()
        if (said := keys[key].said_at) is None or said <= at
    }


def _people(tx: Tx, rows: Sequence[Row]) -> Mapping[str, int]:
    """By address, whoever has it; who is new becomes somebody, so that news reach her (ID-1)."""
    asked = among(col(Person.email), sorted({row.address for row in rows}))
    known: Any = tx.exec(
        select(Person.email, Person.id)
        .where(asked, col(Person.merged_into).is_(None))
        .order_by(col(Person.key).desc())  # an account goes before a guest
    )
    found: dict[str, int] = dict(known.all())
    new = [_who(row) for row in rows if row.address not in found]
    met = meeting.meet(tx, new)
    for who in new:
        if who.email and (one := met.of(who)):
            found[who.email] = one.person
    return found


def _who(row: Row) -> Who:
    at = row.said_at or datetime.min.replace(tzinfo=UTC)
    return Who(account=None, email=row.address, version=Version(at, at), since=at)


def _stands(tx: Tx, rows: Sequence[Row]) -> Mapping[str, Consent]:
    theirs = among(col(Consent.address), sorted({row.address for row in rows}))
    known = tx.exec(
        select(Consent).where(
            theirs, Consent.channel == Channel.EMAIL, Consent.purpose == Purpose.MARKETING
        )
    )
    return {row.address: row for row in known}


def _said_no(before: Consent | None, row: Row) -> bool:
    """Later; or she complained, and then only she herself says when that is over."""
    if before is None or row.said_at is None:
        return False
    return before.complained or (before.state == Said.WITHDRAWN and before.at > row.said_at)


def _known(stands: Mapping[str, Consent], row: Row) -> bool:
    """She has agreed since, or it was handed in before: the later word stays."""
    before = stands.get(row.address)
    if before is None or row.said_at is None:
        return False
    return before.state == Said.GRANTED and before.at >= row.said_at


def _standing(tx: Tx, row: Row, person: int | None) -> dict[str, Any]:
    state = Said.GRANTED if row.proves(tx.now) else Said.NOTHING
    return {
        "address": row.address, "channel": Channel.EMAIL.value,
        "purpose": Purpose.MARKETING.value, "state": state.value, "person": person,
        "country": row.country, "source": SOURCE, "at": row.said_at or tx.now,
        "complained": False,
    }  # fmt: skip


def _write_down(tx: Tx, rows: Sequence[Row], people: Mapping[str, int]) -> None:
    known = _told(tx, rows)
    own = policy(tx)
    for row in rows:
        entry = _entry(tx, row, people.get(row.address), own)
        if (entry.address, entry.state, entry.proof.get("said_at")) not in known:
            tx.add(entry)
    tx.flush()


def _told(tx: Tx, rows: Sequence[Row]) -> Collection[tuple[str, str, object]]:
    """What the list said when it was handed in before."""
    theirs = among(col(ConsentEntry.address), sorted({row.address for row in rows}))
    entries = tx.exec(select(ConsentEntry).where(theirs, ConsentEntry.source == SOURCE))
    return {(one.address, one.state, one.proof.get("said_at")) for one in entries}


def _entry(tx: Tx, row: Row, person: int | None, own: Policy) -> ConsentEntry:
    on = law.basis(
        Channel.EMAIL, Purpose.MARKETING, row.country or own.country, own=own.law,
        soft=own.soft_opt_in,
    )  # fmt: skip
    state = Said.GRANTED if row.proves(tx.now) else Said.NOTHING
    said = row.said_at.isoformat() if row.said_at else None
    return ConsentEntry(
        address=row.address, channel=Channel.EMAIL.value, purpose=Purpose.MARKETING.value,
        state=state.value, person=person, basis=on.value, country=row.country, source=SOURCE,
        text=row.text, at=row.said_at or tx.now,
        proof={"basis": row.basis, "source": row.source, "said_at": said},
    )  # fmt: skip


def _lift(tx: Tx, granted: Mapping[str, datetime]) -> None:
    """BO-1: what was suppressed before they agreed."""
    hashes = {hashing.of_address(address): address for address in granted}
    held = select(Suppression.hash).where(among(col(Suppression.hash), sorted(hashes)))
    for hash_ in sorted(set(tx.exec(held))):
        address = hashes[hash_]
        consent.lift(tx, address, source=SOURCE, at=granted[address])
