"""PR-3: forgetting a person, and forgetting a shop."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import SQLModel, and_, col, delete, not_, or_, select, update

from app.carts.flows import CartGoesQuiet
from app.carts.tables import Cart
from app.customers import queries as known
from app.customers import rules as people
from app.customers.tables import Address, Erasure, Merge, Note, Person
from app.decisions import erasing as decisions
from app.feedback import erasing as feedback
from app.journeys import erasing as journeys
from app.kit.merging import SEALED
from app.kit.promises import Delivery, Promise
from app.kit.tx import OfShop, Tx
from app.loyalty import erasing
from app.ltv import flows as value
from app.messages import erasing as messages
from app.orders import flows as orders
from app.orders.tables import Order, Vouched
from app.points import erasing as points
from app.privacy import queries
from app.privacy.unsaying import Unsay
from app.proof import erasing as proof
from app.recommend import flows as recommend
from app.referrals import erasing as referrals
from app.segments import erasing as segments
from app.trials import erasing as trials


@dataclass(frozen=True)
class Forgotten:
    """Who was forgotten, by row; and under which keys they may not come back."""

    persons: frozenset[int]
    keys: frozenset[str]


def erase(tx: Tx, *, account: str, email: str | None, at: datetime) -> Forgotten:
    """An account was deleted at that instant: forget who it was, and keep what orders came to.

    Guests under its addresses are the same person, unless another account has proved them. What
    was made before that instant, whenever it comes, meets the one-way hash and stays nameless.
    """
    emails = queries.addresses(tx, account) | ({people.tidy(email) or ""} - {""})
    emails -= queries.proved_by_others(tx, account, emails)
    forgotten = _forget(tx, {f"account:{account}"}, emails, at=at)
    tx.exec(delete(Vouched).where(col(Vouched.account) == account))
    _empty_post(tx, [account, *sorted(emails)])
    return forgotten


def erase_guest(tx: Tx, email: str, *, at: datetime) -> Forgotten:
    """Who bought without an account asks to be forgotten. An account under the same address is
    somebody who has one: it stays.
    """
    forgotten = _forget(tx, set(), {email}, at=at)
    _empty_post(tx, [email])
    return forgotten


def _forget(
    tx: Tx, accounts: Collection[str], emails: Collection[str], *, at: datetime
) -> Forgotten:
    keys = frozenset(accounts) | {f"guest:{email}" for email in emails}
    bearers = queries.bearers(tx, keys)
    back = queries.back_since(tx, bearers, at=at)
    persons = bearers - back
    _remember_to_forget(tx, keys, at=at)
    proof.last_look(tx, persons)
    _forget_orders(tx, bearers, but=back, at=at)
    _drop_carts(tx, persons, emails, at=at)
    messages.forget(tx, persons, emails, at=at)
    _blank_persons(tx, persons)
    _release(tx, back)
    value.forget(tx, bearers, but=back)
    return Forgotten(persons, keys)


def erase_late(tx: Tx, *, account: str, email: str | None) -> None:
    """Something named an account that is forgotten already, perhaps with another address."""
    key = f"account:{account}"
    if at := known.erased(tx, [key]).get(key):
        erase(tx, account=account, email=email, at=at)


def _remember_to_forget(tx: Tx, keys: Collection[str], *, at: datetime) -> None:
    """Who was deleted twice, with another account in between, is forgotten up to the later one."""
    before = known.erased(tx, keys)
    rows = [
        {"hash": people.forgotten(key), "erased_at": max(at, before.get(key, at))}
        for key in sorted(keys)
    ]
    tx.put(Erasure, rows, key=("hash",), overwrite=("erased_at",))


def _forget_orders(tx: Tx, persons: Collection[int], *, but: Collection[int], at: datetime) -> None:
    """Their amounts stay in every book. No later telling gives them to anybody again."""
    theirs = or_(col(Order.person).in_(persons), col(Order.source).in_(persons))
    new = and_(col(Order.source).in_(but), col(Order.created_at) > at)
    nobody: dict[str, Any] = {"person": None, "source": None, "earns": False}
    nobody |= {"postal": "", "company": "", "gaps": {"buyer": SEALED}}
    tx.exec(update(Order).where(theirs, not_(new)).values(nobody))


def _release(tx: Tx, guests: Collection[int]) -> None:
    """Who bought again as a guest since then is a guest, and nobody's account."""
    tx.exec(update(Person).where(col(Person.id).in_(guests)).values(merged_into=None))
    tx.exec(delete(Merge).where(col(Merge.source).in_(guests)))
    for guest in guests:
        orders.part(tx, guest)


def _drop_carts(tx: Tx, persons: Collection[int], emails: Collection[str], *, at: datetime) -> None:
    """A checkout under the address that was begun since then is somebody's new one."""
    typed = and_(col(Cart.email).in_(emails), col(Cart.created_at) <= at)
    theirs = or_(col(Cart.person).in_(persons), typed)
    checkouts = list(tx.exec(select(Cart.checkout).where(theirs)))
    looks = [CartGoesQuiet(checkout=checkout).key for checkout in checkouts]
    tx.exec(delete(Promise).where(col(Promise.key).in_(looks)))
    tx.exec(delete(Cart).where(col(Cart.checkout).in_(checkouts)))


def _blank_persons(tx: Tx, persons: Collection[int]) -> None:
    """A tombstone each: it says nothing, and keeps its number from being given again."""
    for id_ in sorted(persons):
        stub = {
            "key": f"erased:{id_}", "account": None, "email": None, "confirmed": False,
            "staff": False, "first_name": "", "last_name": "", "letters": "", "language": "",
            "country": "", "region": "", "postal": "", "company": "", "joined_at": None,
            "merged_into": None, "first_hand": False, "updated_at": None, "issued_at": None,
            "hash": "", "erased_at": tx.now, "no_profile_at": None,
        }  # fmt: skip
        tx.exec(update(Person).where(col(Person.id) == id_).values(stub))
    tx.exec(delete(Address).where(col(Address.person).in_(persons)))
    tx.exec(delete(Note).where(col(Note.person).in_(persons)))
    tx.exec(
        delete(Merge).where(or_(col(Merge.source).in_(persons), col(Merge.target).in_(persons)))
    )
    erasing.forget(tx, persons)
    decisions.forget(tx, persons)
    recommend.forget(tx, persons)
    referrals.forget(tx, persons)
    points.forget(tx, persons)
    journeys.forget(tx, persons)
    feedback.forget(tx, persons)
    segments.forget(tx, persons)
    trials.forget(tx, persons)
    proof.forget(tx, persons)


def _empty_post(tx: Tx, names: Sequence[str]) -> None:
    """Promises and parked deliveries that name them.

    A delivery that still waits its turn may have it: what it tells meets the hash, and its body is
    dropped a moment later. What blanks her metadata has to name her until it is kept, however often
    she is told of before.
    """
    for promise in queries.promises_naming(tx, names):
        if promise.kept_at:
            promise.body = {}
        elif promise.kind != Unsay.kind:
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
