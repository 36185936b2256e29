"""CP-4, firm: what a gift card in place of a code would be worth, and whether she can have one.

A card holds money and no percentage: so much of what her cart is worth, or of her usual order in
the currency she last paid in. Who left no cart and never bought gets none.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlmodel import col, func, select

from app.carts.tables import Cart
from app.customers.tables import Person
from app.journeys import offer_rules
from app.journeys.rules import Offer
from app.journeys.tables import Run
from app.kit.money import minor
from app.kit.tx import Tx, among
from app.loyalty.queries import HAS_ACCOUNT
from app.orders.queries import BOUGHT
from app.orders.tables import Order


@dataclass(frozen=True)
class Reward:
    account: bool
    minor: int = 0
    currency: str = ""


def rewards(tx: Tx, step: Offer, runs: Sequence[Run]) -> Mapping[int, Reward]:
    """By run."""
    people = {run.person for run in runs}
    mine = among(col(Person.id), sorted(people))
    known = set(tx.exec(select(Person.id).where(mine, HAS_ACCOUNT)))
    carts, usual = _carts(tx, runs), _usual(tx, people)
    found: dict[int, Reward] = {}
    for run in runs:
        units, currency = carts.get(run.subject or "") or usual.get(run.person) or (0, "")
        whole = minor(Decimal(1), currency) if currency else 1
        worth = offer_rules.worth(step.percent_hundredths, units, whole=whole)
        found[run.id or 0] = Reward(run.person in known, worth, currency)
    return found


def _carts(tx: Tx, runs: Sequence[Run]) -> Mapping[str, tuple[int, str]]:
    """By checkout that a journey is about."""
    subjects = sorted({run.subject for run in runs if run.subject})
    rows: Any = tx.exec(
        select(Cart.checkout, Cart.worth_minor, Cart.currency).where(
            among(col(Cart.checkout), subjects)
        )
    )
    return {checkout: (units, currency) for checkout, units, currency in rows}


def _usual(tx: Tx, people: Collection[int]) -> Mapping[int, tuple[int, str]]:
    """By person: goods of her usual order, in the currency of her last."""
    rows: Any = tx.exec(
        select(Order.person, Order.currency, func.avg(Order.goods_minor))
        .where(BOUGHT, among(col(Order.person), sorted(people)))
        .group_by(col(Order.person), col(Order.currency))
        .order_by(func.max(Order.created_at))
    )
    return {person: (int(units), currency) for person, currency, units in rows}
