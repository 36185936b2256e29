"""CO-2: silence is a ground only towards whom a shop has to do with, and not towards an address
that anybody may have typed into a form (J9).
"""

from collections.abc import Collection
from typing import Any

from sqlmodel import col, select

from app.carts.tables import Cart
from app.customers.tables import Person
from app.kit.tx import Tx, among
from app.messages.consent_tables import Consent
from app.orders.tables import Order


def known(tx: Tx, people: Collection[Person]) -> set[int]:
    """Those of them whom the shop knows by more than an address that anybody may have typed into a
    form: by an account, an order, a checkout, or a line of the shop's own list.
    """
    found = {p.id for p in people if p.id and p.account}
    guests = {p.id: p.email or "" for p in people if p.id and not p.account}
    emails = sorted(set(guests.values()))
    if emails:
        orders: Any = select(Order.source).where(among(col(Order.source), sorted(guests)))
        carts: Any = select(Cart.email).where(among(col(Cart.email), emails))
        words: Any = select(Consent.address).where(among(col(Consent.address), emails))
        met = {*tx.exec(carts), *tx.exec(words)}
        found |= {*tx.exec(orders), *(id_ for id_, email in guests.items() if email in met)}
    return found
