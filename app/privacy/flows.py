"""PR-3: forgetting a person, and forgetting a shop."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import SQLModel, col, delete, or_, select, update

from app.carts.rules import State
from app.carts.tables import Cart
from app.customers import rules as people
from app.customers.tables import Address, Erasure, Merge, Person
from app.kit.merging import SEALED
from app.kit.promises import Delivery, Promise
from app.kit.tx import OfShop, Tx
from app.loyalty.tables import Membership, TierChange
from app.orders.tables import Order, Vouched
from app.privacy import queries


@dataclass(frozen=True)
class Forgotten:
    """Who was forgotten, by row; and under which keys they may not come back."""

    persons: frozenset[int]
    keys: frozenset[str]


def erase(tx: Tx, *, account: str, email: str | None) -> Forgotten:
    """An account is gone: forget who it was, here and in whatever waits, and keep the amounts.

    Guests under its addresses are the same person, unless another account has proved them. What
    comes later and was made before today finds the one-way hash and stays without a name.
    """
    emails = queries.addresses(tx, account) | ({people.tidy(email) or ""} - {""})
    emails -= queries.proved_by_others(tx, account, emails)
    keys = frozenset({f"account:{account}"} | {f"guest:{email}" for email in emails})
    persons = queries.bearers(tx, keys)
    rows = [{"hash": people.forgotten(key), "erased_at": tx.now} for key in sorted(keys)]
    tx.put(Erasure, rows, key=("hash",), overwrite=("erased_at",))
    _blank_persons(tx, persons)
    _blank_carts(tx, persons, emails)
    _seal_orders(tx, persons)
    tx.exec(delete(Vouched).where(col(Vouched.account) == account))
    _empty_post(tx, [account, *sorted(emails)])
    return Forgotten(persons, keys)


def _blank_persons(tx: Tx, persons: Collection[int]) -> None:
    for id_ in sorted(persons):
        stub = {
            "key": f"erased:{id_}", "account": None, "email": None, "first_name": "",
            "last_name": "", "language": "", "country": "", "joined_at": None,
            "first_hand": False, "updated_at": None, "issued_at": None, "hash": "",
            "erased_at": tx.now,
        }  # fmt: skip
        tx.exec(update(Person).where(col(Person.id) == id_).values(stub))
    tx.exec(delete(Address).where(col(Address.person).in_(persons)))
    tx.exec(
        delete(Merge).where(or_(col(Merge.source).in_(persons), col(Merge.target).in_(persons)))
    )
    tx.exec(delete(Membership).where(col(Membership.person).in_(persons)))
    tx.exec(delete(TierChange).where(col(TierChange.person).in_(persons)))


def _blank_carts(tx: Tx, persons: Collection[int], emails: Collection[str]) -> None:
    """What was in them is gone too; that there was one, its worth and how it ended stays."""
    blank: dict[str, Any] = {
        "person": None, "email": None, "code": None, "country": "", "language": "", "lines": [],
        "trail": [], "gaps": None, "hash": "", "erased_at": tx.now,
    }  # fmt: skip
    theirs = or_(col(Cart.person).in_(persons), col(Cart.email).in_(emails))
    for cart in tx.exec(select(Cart).where(theirs)):
        for name, value in blank.items():
            setattr(cart, name, value)
        cart.state = cart.state if cart.order else State.SUPPRESSED.value
    tx.flush()


def _seal_orders(tx: Tx, persons: Collection[int]) -> None:
    """The stub keeps its orders, and no later telling gives them to anybody else."""
    theirs = or_(col(Order.person).in_(persons), col(Order.source).in_(persons))
    tx.exec(update(Order).where(theirs).values(gaps={"buyer": SEALED}, earns=False))


def _empty_post(tx: Tx, names: Sequence[str]) -> None:
    """Promises and parked deliveries that name them.

    A delivery that still waits its turn may have it: what it tells meets the hash, and its body is
    dropped a moment later.
    """
    for promise in queries.promises_naming(tx, names):
        if promise.kept_at:
            promise.body = {}
        else:
            tx.delete(promise)
    tx.exec(delete(Delivery).where(col(Delivery.id).in_(queries.parked_naming(tx, names))))
    tx.flush()


def erase_shop(tx: Tx) -> None:
    """Everything of a shop but its own row, and the promises under which this is being done."""
    for table in tables():
        if table is Promise:
            tx.exec(delete(Promise).where(col(Promise.lease).is_(None)))
        else:
            tx.exec(delete(table))


def tables() -> list[type[SQLModel]]:
    """Every table that is of one shop."""
    return [
        table
        for table in SQLModel.__subclasses__()
        if issubclass(table, OfShop) and hasattr(table, "__table__")
    ]
