"""Birthdays that a shop hands in: a table of addresses and days. Whole or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import col, func, select

from app.customers.rules import tidy
from app.customers.tables import Person
from app.journeys.dawn import BIRTHDAY
from app.journeys.moving import DAY
from app.kit.tx import Tx, among
from app.ltv.handed_in import Refused, RefusedError, read
from app.segments.tables import Trait

MOST_SHOWN = 5
LEAP = 2000
PIECE = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Birthdays:
    """What the page shows of them."""

    known: int = 0
    taken: int | None = None
    """Of the table just handed in."""
    strangers: int = 0
    """Addresses in it that are no customer's."""
    some_strangers: Sequence[str] = ()
    refused: Sequence[Refused] = ()
    """Line, what is wrong in a word, and what stands there: then nothing was taken."""


def known(tx: Tx) -> Birthdays:
    asked = select(func.count()).where(Trait.name == BIRTHDAY)
    return Birthdays(known=tx.exec(asked).one())


def take(tx: Tx, text: str) -> Birthdays:
    """Columns `email` and `birthday` (`1990-02-28` or `02-28`), separated by commas, semicolons or
    tabs. A day that was known is replaced. Raises RefusedError.
    """
    days = _days(text)
    people = _people(tx, list(days))
    rows = [
        {"person": id_, "name": BIRTHDAY, "value": days[email], "source": "import", "at": tx.now}
        for email, ids in people.items()
        for id_ in ids
    ]
    tx.put(Trait, rows, key=("person", "name"), overwrite=("value", "source", "at"))
    strangers = [email for email in days if email not in people]
    return Birthdays(
        known=known(tx).known, taken=len(days) - len(strangers), strangers=len(strangers),
        some_strangers=strangers[:MOST_SHOWN],
    )  # fmt: skip


def _days(text: str) -> Mapping[str, str]:
    """By address."""
    table = read(text, needs=("email", "birthday"))
    wrong: list[Refused] = []
    found: dict[str, str] = {}
    at_email, at_day = table.columns["email"], table.columns["birthday"]
    for line, cells in table.rows:
        if max(at_email, at_day) >= len(cells):
            wrong.append((line, "short", ", ".join(cells)))
            continue
        email, told = tidy(cells[at_email]), cells[at_day].strip()
        if email is None or "@" not in email:
            wrong.append((line, "email", cells[at_email]))
        elif not is_day(told):
            wrong.append((line, "birthday", told))
        elif found.setdefault(email, told) != told:
            wrong.append((line, "twice", email))
    if wrong:
        raise RefusedError(wrong)
    return found


def is_day(told: str) -> bool:
    """A day of the calendar, with a year or without."""
    if not DAY.fullmatch(told):
        return False
    year, month, day = ([str(LEAP), *told.split("-")])[-3:]
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _people(tx: Tx, emails: Sequence[str]) -> Mapping[str, list[int]]:
    """By address, whoever has it. Of a guest who has joined an account, the account."""
    found: dict[str, list[int]] = {}
    for at in range(0, len(emails), PIECE):
        rows = select(Person.email, Person.id, Person.merged_into).where(
            among(col(Person.email), sorted(emails[at : at + PIECE]))
        )
        for email, id_, into in tx.exec(rows):
            ids = found.setdefault(email or "", [])
            if (whole := into or id_ or 0) not in ids:
                ids.append(whole)
    return found
