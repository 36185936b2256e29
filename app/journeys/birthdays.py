"""Days that a shop hands in, birthdays or others: a table of addresses and days. Whole or not at
all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import col, func, select

from app.customers.rules import tidy
from app.customers.tables import Person
from app.journeys.days import is_day
from app.journeys.rules import BIRTHDAY
from app.kit.portions import portions
from app.kit.tx import Tx, among
from app.segments.tables import Trait
from app.web.handed_in import Refused, RefusedError, cells_of, read

MOST_SHOWN = 5
PIECE = 5000
TOLD = ("anniversary", "birthday", "renewal")
"""Customer metadata of these names is listened to (CustomerFacts.graphql)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Birthdays:
    """What the page shows of them."""

    name: str = BIRTHDAY.name
    """What the day is called among what is known of a person."""
    known: int = 0
    told: bool = True
    """By metadata too."""
    taken: int | None = None
    """Of the table just handed in."""
    strangers: int = 0
    """Addresses in it that are no customer's."""
    some_strangers: Sequence[str] = ()
    refused: Sequence[Refused] = ()
    """Line, what is wrong in a word, and what stands there: then nothing was taken."""
    kept: str = ""


def known(tx: Tx, name: str = BIRTHDAY.name) -> Birthdays:
    asked = select(func.count()).where(Trait.name == name)
    return Birthdays(name=name, known=tx.exec(asked).one(), told=name in TOLD)


def names(tx: Tx) -> list[str]:
    """What the days that are known of customers are called, and those that metadata may tell."""
    dated = select(Trait.name).where(col(Trait.value).like("%__-__")).distinct()
    return sorted({*tx.exec(dated), *TOLD})


def take(tx: Tx, text: str, name: str = BIRTHDAY.name) -> Birthdays:
    """Columns `email` and `birthday`, or `date` for another day (`1990-02-28` or `02-28`),
    separated by commas, semicolons or tabs. A day that was known is replaced. Raises RefusedError.
    """
    days = _days(text, "birthday" if name == BIRTHDAY.name else "day")
    people = _people(tx, list(days))
    rows = [
        {"person": id_, "name": name, "value": days[email], "source": "import", "at": tx.now}
        for email, ids in people.items()
        for id_ in ids
    ]
    tx.put(Trait, rows, key=("person", "name"), overwrite=("value", "source", "at"))
    strangers = [email for email in days if email not in people]
    return Birthdays(
        name=name, told=name in TOLD, known=known(tx, name).known,
        taken=len(days) - len(strangers), strangers=len(strangers),
        some_strangers=strangers[:MOST_SHOWN],
    )  # fmt: skip


def _days(text: str, column: str) -> Mapping[str, str]:
    """By address."""
    table = read(text, needs=("email", column))
    wrong: list[Refused] = []
    found: dict[str, str] = {}
    for line, cells in cells_of(table, wrong):
        email, told = tidy(cells["email"]), cells[column]
        if email is None or "@" not in email:
            wrong.append((line, "email", cells["email"]))
        elif not is_day(told):
            wrong.append((line, "birthday", told))
        elif found.setdefault(email, told) != told:
            wrong.append((line, "twice", email))
    if wrong:
        raise RefusedError(wrong)
    return found


def _people(tx: Tx, emails: Sequence[str]) -> Mapping[str, list[int]]:
    """By address, whoever has it. Of a guest who has joined an account, the account."""
    found: dict[str, list[int]] = {}
    for some in portions(emails, PIECE):
        rows = select(Person.email, Person.id, Person.merged_into).where(
            among(col(Person.email), sorted(some))
        )
        for email, id_, into in tx.exec(rows):
            ids = found.setdefault(email or "", [])
            if (whole := into or id_ or 0) not in ids:
                ids.append(whole)
    return found
