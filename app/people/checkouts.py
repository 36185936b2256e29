"""Checkouts that were left behind, a page at a time: whose, with what in them, and since when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlmodel import col, select

from app.carts import queries as carts
from app.carts.tables import Cart
from app.customers.tables import Person
from app.kit.money import major
from app.kit.tx import Tx, among
from app.loyalty.queries import Terms
from app.loyalty.tables import Membership
from app.web.notation import Sum

PAGE = 50


class By(StrEnum):
    """How the list is ordered."""

    WHEN = "when"
    """The last touched first."""
    WORTH = "worth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """One checkout. `who`, `email` and `person` are None for who may not see customers."""

    who: str | None
    email: str | None
    person: int | None
    """Our row of a signed-in shopper: a typed address proves nothing."""
    tier: str | None
    goods: tuple[tuple[int, str], ...]
    """How many of what."""
    worth: Sum
    touched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkouts:
    lines: tuple[Left, ...]
    by: By
    page: int
    more: bool
    waiting: int
    """All of them."""
    worth: tuple[Sum, ...]
    patience: timedelta
    sees_people: bool
    now: datetime


def checkouts(tx: Tx, terms: Terms, *, by: By, page: int, sees_people: bool) -> Checkouts:
    ask = carts.dearest if by is By.WORTH else carts.latest
    rows = ask(tx, limit=PAGE + 1, skip=page * PAGE)
    shown = rows[:PAGE]
    owners = _owners(tx, shown)
    waiting = carts.waiting(tx)
    return Checkouts(
        lines=tuple(_left(terms, cart, owners, sees=sees_people, now=tx.now) for cart in shown),
        by=by,
        page=page,
        more=len(rows) > PAGE,
        waiting=sum(one.carts for one in waiting),
        worth=tuple(Sum(major(one.worth_minor, one.currency), one.currency) for one in waiting),
        patience=carts.patience(tx),
        sees_people=sees_people,
        now=tx.now,
    )


Owners = dict[int, tuple[Person, Membership | None]]


def _owners(tx: Tx, rows: list[Cart]) -> Owners:
    wanted = sorted({cart.person for cart in rows if cart.person})
    if not wanted:
        return {}
    found: Any = tx.exec(
        select(Person, Membership)
        .join(Membership, col(Membership.person) == col(Person.id), isouter=True)
        .where(among(col(Person.id), wanted))
    )
    return {person.id: (person, member) for person, member in found}


def _left(terms: Terms, cart: Cart, owners: Owners, *, sees: bool, now: datetime) -> Left:
    person, member = owners.get(cart.person or 0, (None, None))
    tier = terms.tier_of(member, person.email, now=now) if person and terms.open else None
    return Left(
        who=(person.name if person else None) or cart.email if sees else None,
        email=cart.email if sees else None,
        person=cart.person if sees and person else None,
        tier=tier.name if tier else None,
        goods=tuple(
            (int(one.get("quantity", 0)), str(one.get("name") or "")) for one in cart.lines
        ),
        worth=Sum(major(cart.worth_minor, cart.currency), cart.currency),
        touched_at=cart.touched_at,
    )
