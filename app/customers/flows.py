"""Getting to know an account, and taking a merge back."""

from sqlmodel import select

from app.customers import rules
from app.customers.meeting import Met, meet
from app.customers.rules import Profile, Who
from app.customers.tables import Merge, Person
from app.kit.hearing import Hearing
from app.kit.tx import Tx
from app.saleor.shapes import Customer


class TooLateError(Exception):
    """ID-3: a merge can be undone for 30 days."""


def who(customer: Customer, hearing: Hearing) -> Who:
    place = customer.default_shipping_address or customer.default_billing_address
    return Who(
        account=customer.id,
        email=rules.tidy(customer.email),
        version=hearing.of(customer.updated_at),
        since=customer.date_joined,
        confirmed=customer.is_confirmed,
        staff=customer.is_staff,
        active=customer.is_active,
        profile=Profile(
            customer.first_name,
            customer.last_name,
            customer.language,
            place.country.code if place else "",
            customer.date_joined,
            place.country_area if place else "",
            place.postal_code if place else "",
            place.company if place else "",
        ),
    )


def know(tx: Tx, customer: Customer, hearing: Hearing) -> Met:
    """An account as Saleor itself tells of it, and the guests that turn out to be this person."""
    return meet(tx, [who(customer, hearing)])


def undo(tx: Tx, guest: int) -> Merge | None:
    """ID-3: these are two people after all. The merge that was; None if there was none.

    Raises TooLateError. The orders go back with app.orders.flows.part.
    """
    merge = tx.exec(select(Merge).where(Merge.source == guest)).first()
    if merge is None or merge.undone_at:
        return None
    if not rules.undoable(merge.merged_at, now=tx.now):
        raise TooLateError(f"merged on {merge.merged_at:%Y-%m-%d}")
    merge.undone_at = tx.now
    person = tx.exec(select(Person).where(Person.id == guest)).one()
    person.merged_into = None
    tx.flush()
    return merge
