"""What a new day brings by itself: birthdays, tiers that will end, things that run out."""

from collections.abc import Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date
from sqlmodel import col, select

from app.customers.tables import Person
from app.journeys.flows import Entrant
from app.kit.money import major
from app.kit.tx import Tx, among
from app.loyalty import queries as loyalty
from app.loyalty import spans
from app.loyalty.queries import Terms
from app.loyalty.tables import Membership
from app.segments.tables import Trait
from app.shops.flows import this_shop
from app.web.notation import Notation
from app.web.words import catalogue, language

NOTICES = (30, 7)
"""TI-4: days before a tier falls."""
BIRTHDAY = "birthday"


def birthdays(tx: Tx) -> list[Entrant]:
    """`1990-02-28` or `02-28`, from customer metadata or an import: Saleor itself has none."""
    today = tx.now.astimezone(ZoneInfo(this_shop(tx).zone)).date()
    endings = [f"{day:%m-%d}" for day in celebrated(today)]
    found = []
    for ending in endings:
        rows = select(Trait.person).where(
            Trait.name == BIRTHDAY, col(Trait.value).endswith(ending, autoescape=True)
        )
        found += [Entrant(person=person, occasion=str(today.year)) for person in tx.exec(rows)]
    return found


def celebrated(today: date) -> list[date]:
    """Today; and on 1 March of a year without it, 29 February."""
    leap = today.year % 4 == 0 and (today.year % 100 != 0 or today.year % 400 == 0)
    if (today.month, today.day) == (3, 1) and not leap:
        return [today, date(2000, 2, 29)]
    return [today]


def at_risk(tx: Tx) -> list[Entrant]:
    """TI-4: whose tier falls in thirty or in seven days, with what is missing to keep it."""
    terms = loyalty.terms(tx)
    if terms is None or not terms.open:
        return []
    horizon = tx.now + timedelta(days=max(NOTICES) + 1)
    rows = select(Membership).where(
        col(Membership.valid_till).is_not(None), col(Membership.valid_till) <= horizon
    )
    members = list(tx.exec(rows))
    since = spans.window_start(tx.now, zone=terms.zone, months=terms.programme.window_months)
    spent = loyalty.spendings(tx, since=since, among=[member.person for member in members])
    people = _people(tx, [member.person for member in members])
    found = []
    for member in members:
        person = people.get(member.person)
        if person is not None and (entrant := _notice(tx, terms, member, person, spent)):
            found.append(entrant)
    return found


def _people(tx: Tx, ids: list[int]) -> dict[int, Person]:
    rows = select(Person).where(among(col(Person.id), sorted(ids)), loyalty.HAS_ACCOUNT)
    return {person.id or 0: person for person in tx.exec(rows)}


def _notice(
    tx: Tx, terms: Terms, member: Membership, person: Person, spent: Mapping[int, int]
) -> Entrant | None:
    tier = terms.tiers.get(member.tier)
    till = member.valid_till or tx.now
    falls = spans.grace_end(till, zone=terms.zone, days=terms.programme.grace_days)
    left = (falls.astimezone(terms.zone).date() - tx.now.astimezone(terms.zone).date()).days
    missing = (tier.threshold_minor if tier else 0) - spent.get(member.person, 0)
    if tier is None or left not in NOTICES or missing <= 0 or loyalty.in_hand(member, tx.now):
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
