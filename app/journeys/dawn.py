"""What a new day brings by itself: people's own days, tiers that will end, things that run out."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date
from sqlmodel import col, select

from app.customers.tables import Person
from app.journeys import days, queries
from app.journeys.flows import Entrant
from app.journeys.rules import BIRTHDAY, Day, Trigger
from app.kit.money import major
from app.kit.portions import portions
from app.kit.tx import Tx, among
from app.loyalty import queries as loyalty
from app.loyalty import spans
from app.loyalty.queries import Terms
from app.loyalty.tables import Membership
from app.ltv.entries import EPOCH
from app.ltv.tables import CustomerTally
from app.segments.tables import Trait
from app.shops.flows import this_shop
from app.web.notation import Notation
from app.web.words import catalogue, language

NOTICES = (30, 7)
"""TI-4: days before a tier falls."""
AT_ONCE = 5_000
"""People asked about in one question, which takes no more than so many thousand names: a programme
that opened for everybody on one day warns them all on one day of the next year."""


def birthdays(tx: Tx) -> list[Entrant]:
    return whose_day(tx, BIRTHDAY)


def dates(tx: Tx) -> list[Entrant]:
    """Of every day that an automation begins with."""
    wanted = {one.definition.day for one in queries.live(tx, Trigger.DATE)} - {None}
    return [one for day in wanted if day for one in whose_day(tx, day)]


def whose_day(tx: Tx, day: Day) -> list[Entrant]:
    """Whose day it is, or so many days before or after it."""
    today = tx.now.astimezone(ZoneInfo(this_shop(tx).zone)).date()
    if day.anchor != "date":
        return _since_order(tx, day, today)
    year = days.target(day, today).year
    found = []
    for ending in days.endings(day, today):
        rows = select(Trait.person, Trait.value).where(
            Trait.name == day.name, col(Trait.value).endswith(ending, autoescape=True)
        )
        found += [
            Entrant(person=person, occasion=str(year) if day.yearly else value, of=day.key)
            for person, value in tx.exec(rows)
            if not day.yearly or days.returns(value, year)
        ]
    return found


def _since_order(tx: Tx, day: Day, today: date) -> list[Entrant]:
    """By the books of value: of the last order, nobody who has ordered since."""
    column = CustomerTally.first if day.anchor == "first_order" else CustomerTally.last
    whole = days.target(day, today)
    rows = select(CustomerTally.person).where(column == whole.toordinal() - EPOCH)
    return [
        Entrant(person=person, occasion=whole.isoformat(), of=day.key) for person in tx.exec(rows)
    ]


def at_risk(tx: Tx) -> list[Entrant]:
    """TI-4: whose tier falls in thirty or in seven days, with what is missing to keep it."""
    terms = loyalty.terms(tx)
    if terms is None or not terms.open:
        return []
    horizon = tx.now + timedelta(days=max(NOTICES) + 1)
    rows = select(Membership).where(
        col(Membership.valid_till).is_not(None), col(Membership.valid_till) <= horizon
    )
    warned = [member for member in tx.exec(rows) if _days_left(tx, terms, member) in NOTICES]
    found = []
    for members in portions(warned, AT_ONCE):
        found += _notices(tx, terms, members)
    return found


def _days_left(tx: Tx, terms: Terms, member: Membership) -> int:
    today = tx.now.astimezone(terms.zone).date()
    return (_falls(terms, member, now=tx.now).astimezone(terms.zone).date() - today).days


def _falls(terms: Terms, member: Membership, *, now: datetime) -> datetime:
    till = member.valid_till or now
    return spans.grace_end(till, zone=terms.zone, days=terms.programme.grace_days)


def _notices(tx: Tx, terms: Terms, members: Sequence[Membership]) -> list[Entrant]:
    ids = [member.person for member in members]
    since = spans.window_start(tx.now, zone=terms.zone, months=terms.programme.window_months)
    spent, people = loyalty.spendings(tx, since=since, among=ids), _people(tx, ids)
    told = [
        _notice(tx, terms, member, people[member.person], spent)
        for member in members
        if member.person in people
    ]
    return [entrant for entrant in told if entrant]


def _people(tx: Tx, ids: list[int]) -> dict[int, Person]:
    rows = select(Person).where(among(col(Person.id), sorted(ids)), loyalty.HAS_ACCOUNT)
    return {person.id or 0: person for person in tx.exec(rows)}


def _notice(
    tx: Tx, terms: Terms, member: Membership, person: Person, spent: Mapping[int, int]
) -> Entrant | None:
    tier = terms.tiers.get(member.tier)
    falls, left = _falls(terms, member, now=tx.now), _days_left(tx, terms, member)
    missing = (tier.threshold_minor if tier else 0) - spent.get(member.person, 0)
    if tier is None or missing <= 0 or loyalty.in_hand(member, tx.now):
        return None
    locale = language(person.language.replace("_", "-"))
    notation = Notation(locale, catalogue(locale))
    last_day = (falls - timedelta(seconds=1)).astimezone(terms.zone).date()
    fields = {
        "tier": tier.name,
        "days_left": left,
        "missing": notation.money(major(missing, terms.currency), terms.currency),
        "kept_until": format_date(last_day, locale=locale),
    }
    return Entrant(
        person=member.person, occasion=f"{falls:%Y-%m-%d}:{left}", of=tier.key,
        memo={"fields": fields, "language": person.language},
    )  # fmt: skip
