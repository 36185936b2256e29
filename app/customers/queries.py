"""Questions about people."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import and_, col, func, select

from app.customers.rules import Claim, forgotten, tidy
from app.customers.sketch import Sketch
from app.customers.tables import Address, Erasure, Merge, Person
from app.kit.asking import any_of, ask, question
from app.kit.hearing import Version
from app.kit.tx import Tx, among

SKETCHED: list[Any] = [
    Person.key,
    Person.id,
    Person.account,
    Person.email,
    Person.confirmed,
    Person.staff,
    Person.active,
    Person.merged_into,
    Person.first_hand,
    Person.updated_at,
    Person.issued_at,
    Person.hash,
]
"""Columns, not rows: a page of orders names a hundred people, and none is edited in place."""

KNOWN = question(select(*SKETCHED).where(any_of(col(Person.key), "keys")))
NUMBERS = question(select(Person.key, col(Person.id)).where(any_of(col(Person.key), "keys")))
CLAIMS = question(
    select(Address.email, Address.proved_at, Person.key, Address.person)
    .join(Person, col(Person.id) == Address.person)
    .where(any_of(col(Address.email), "emails"))
)
ERASED = question(
    select(Erasure.hash, Erasure.erased_at).where(any_of(col(Erasure.hash), "hashes"))
)
PARTED = question(
    select(Merge.source).where(
        and_(any_of(col(Merge.source), "guests"), col(Merge.undone_at).is_not(None))
    )
)


def person(tx: Tx, id_: int) -> Person | None:
    return tx.exec(select(Person).where(Person.id == id_)).first()


def persons(tx: Tx, ids: Collection[int | None]) -> Mapping[int, Person]:
    wanted = sorted({id_ for id_ in ids if id_})
    rows = tx.exec(select(Person).where(among(col(Person.id), wanted))) if wanted else ()
    return {person.id or 0: person for person in rows}


def by_account(tx: Tx, account: str) -> Person | None:
    """Saleor's user id; None for somebody never heard of, or erased."""
    return tx.exec(select(Person).where(Person.key == f"account:{account}")).first()


def by_email(tx: Tx, email: str) -> list[Person]:
    """Everybody under this address, accounts first. An address proves nothing (ID-2)."""
    rows = select(Person).where(Person.email == tidy(email)).order_by(col(Person.key))
    return list(tx.exec(rows))


def sketches(tx: Tx, keys: Collection[str]) -> dict[str, Sketch]:
    """Who of them is known, ready to be told more of."""
    if not keys:
        return {}
    return {row.key: _sketch(row) for row in ask(tx, KNOWN, keys=sorted(keys))}


def numbers(tx: Tx, keys: Collection[str]) -> dict[str, int]:
    """Our row of each that is known."""
    if not keys:
        return {}
    return {key: id_ for key, id_ in ask(tx, NUMBERS, keys=sorted(keys)) if id_}


def _sketch(row: Any) -> Sketch:  # noqa: ANN401  # a row of SKETCHED
    sketch = Sketch(*row[:9])
    if row.updated_at:
        sketch.version = Version(row.updated_at, row.issued_at, row.hash)
    return sketch


def claims(tx: Tx, emails: Collection[str]) -> dict[str, dict[int, Claim]]:
    """Which accounts have proved these addresses: by address, then by person."""
    found: dict[str, dict[int, Claim]] = {email: {} for email in emails}
    if not emails:
        return found
    for email, proved_at, key, person_ in ask(tx, CLAIMS, emails=sorted(emails)):
        found[email][person_] = Claim(proved_at, key, person_)
    return found


def erased(tx: Tx, keys: Collection[str]) -> dict[str, datetime]:
    """Which of these keys asked to be forgotten, and when."""
    if not keys:
        return {}
    hashes = {forgotten(key): key for key in keys}
    return {hashes[hash_]: at for hash_, at in ask(tx, ERASED, hashes=sorted(hashes))}


def unprofiled(tx: Tx) -> frozenset[int]:
    """PR-4: who objects to a profile; of a guest who joined an account, the account too."""
    rows = tx.exec(
        select(col(Person.id), col(Person.merged_into)).where(
            col(Person.no_profile_at).is_not(None)
        )
    )
    return frozenset(id_ for pair in rows for id_ in pair if id_)


def parted(tx: Tx, guests: Collection[int]) -> set[int]:
    """Guests whose merge somebody has undone: they are not joined again."""
    if not guests:
        return set()
    return set(ask(tx, PARTED, guests=sorted(guests)))


def wholes(tx: Tx, people: Collection[int]) -> dict[int, int]:
    """Who these are today: a guest that joined an account is that account."""
    if not people:
        return {}
    rows: Any = tx.exec(
        select(Person.id, Person.merged_into).where(
            among(col(Person.id), sorted(people)), col(Person.merged_into).is_not(None)
        )
    )
    return {person: person for person in people} | dict(rows.all())


def merges(tx: Tx, person: int) -> list[Merge]:
    """What has been joined to this account and still is, the latest first."""
    rows = select(Merge).where(Merge.target == person, col(Merge.undone_at).is_(None))
    return list(tx.exec(rows.order_by(col(Merge.merged_at).desc(), col(Merge.id).desc())))


def unconfirmed(tx: Tx) -> int:
    """ID-2: accounts that earn only from orders placed while signed in."""
    waiting = select(func.count()).where(
        col(Person.account).is_not(None), col(Person.confirmed).is_(False)
    )
    return tx.exec(waiting).one()
