"""What must be so however often the app was killed, as sentences about what is not."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from sqlmodel import col, func, select

from app.customers.tables import Person
from app.kit.promises import Delivery, Promise
from app.kit.tx import Tx
from app.loyalty.tables import Code, Membership, Programme, Tier, Voucher
from app.orders.tables import Order
from tests.prove import theirs as theirs_
from tests.prove.theirs import Book, Theirs

CALLED_OFF = ("CANCELED", "EXPIRED")
"""Saleor gives a code back when its order is called off."""
MINOR = Decimal(100)
"""All of the sandbox's currencies have cents."""


def complaints(tx: Tx, theirs: Theirs) -> list[str]:
    return [
        complaint
        for asked in (deliveries, orders, totals, codes, uses, tiers)
        for complaint in asked(tx, theirs)
    ]


def deliveries(tx: Tx, theirs: Theirs) -> Iterator[str]:
    """Each answered with 202 was written down, each written down was worked, none twice."""
    heard = select(func.count()).select_from(Promise).where(Promise.kind == "webhook.heard")
    count = tx.exec(heard).one()
    if not theirs.sent <= count <= theirs.sent + theirs.failed:
        yield f"{theirs.sent} deliveries were taken, {theirs.failed} given up, {count} are here"
    for promise in tx.exec(select(Promise).where(col(Promise.parked_at).is_not(None))):
        yield f"parked: {promise.kind}: {promise.error}"
    undone = select(Promise.id).where(col(Promise.kept_at).is_(None))
    waited_for = set(tx.exec(undone))  # a sweep may have come meanwhile
    for body in tx.exec(select(Delivery)):
        if body.id not in waited_for:
            yield f"a body is left: {body.event}"


def orders(tx: Tx, theirs: Theirs) -> Iterator[str]:
    """IN-2: every order is here, once."""
    here = Counter(tx.exec(select(Order.saleor_id)).all())
    for id_ in theirs.orders.keys() - here.keys():
        yield f"order {theirs.orders[id_].number} ({theirs.orders[id_].status}) is missing"
    for id_ in here.keys() - theirs.orders.keys():
        yield f"order {id_} is only here"
    yield from (f"order {id_} is here {times} times" for id_, times in here.items() if times > 1)


def totals(tx: Tx, theirs: Theirs) -> Iterator[str]:
    """Per channel and status: how many, for how much, and what came back."""
    sums = (func.count(), func.sum(Order.total_minor), func.sum(Order.refunded_minor))
    columns: list[Any] = [Order.channel, Order.status, *sums]
    rows = tx.exec(select(*columns).group_by(col(Order.channel), col(Order.status)))
    ours = {
        (channel, status): Book(count, gross / MINOR, refunded / MINOR)
        for channel, status, count, gross, refunded in rows
    }
    for place in sorted(ours.keys() | theirs.books.keys()):
        if ours.get(place) != theirs.books.get(place):
            yield f"{place}: here {ours.get(place)}, in the shop's books {theirs.books.get(place)}"


def codes(tx: Tx, theirs: Theirs) -> Iterator[str]:
    """One voucher a tier and month, one code a person and voucher: here, and in the shop."""
    vouchers = {voucher.mark: voucher for voucher in tx.exec(select(Voucher))}
    yield from _twice("voucher", ((v.tier, v.month) for v in vouchers.values()))
    yield from _twice("voucher in the shop", (mark for mark, *_ in theirs.vouchers.values()))
    given = tx.exec(select(Code)).all()
    yield from _twice("code", ((code.voucher, code.person) for code in given))
    for id_, (mark, *texts) in theirs.vouchers.items():
        voucher = vouchers.get(mark)
        if voucher is None or voucher.saleor_id not in (id_, None):
            yield f"voucher {mark} is in the shop and not here"
            continue
        ours = {code.code for code in given if code.voucher == voucher.id}
        strange = set(texts) - ours
        if len(strange) != 1:  # the one it was born with, that nobody is given
            yield f"voucher {mark} has {len(strange)} codes that nobody was given"
        good = {c.code for c in given if c.voucher == voucher.id and c.in_saleor_at}
        for lost in good - set(texts):
            yield f"voucher {mark} lacks the code {lost} that was given"


def uses(tx: Tx, theirs: Theirs) -> Iterator[str]:
    """Each code on one order at most, and that order its own person's."""
    given = {code.code: code for code in tx.exec(select(Code))}
    of_the_app = {text for _, *texts in theirs.vouchers.values() for text in texts}
    used: dict[str, list[theirs_.Order]] = defaultdict(list)
    for order in theirs.orders.values():
        if order.code in of_the_app:  # the shop has codes of its own too
            used[order.code].append(order)
    for text, users in used.items():
        yield from _used(tx, given.get(text), users)
    for text, code in given.items():
        if code.used_at and text not in used:
            yield f"the code of order {code.used_order} counts as used, and is on none"


def _used(tx: Tx, code: Code | None, users: Sequence[theirs_.Order]) -> Iterator[str]:
    if code is None:
        yield f"order {users[0].number} came with a code that nobody was given"
        return
    standing = [order.number for order in users if order.status not in CALLED_OFF]
    if len(standing) > 1:
        yield f"a code was used {len(standing)} times: orders {', '.join(standing)}"
    account = tx.get_one(Person, code.person).account
    for order in users:
        if order.account != account:
            yield f"order {order.number} came with another person's code"
        if not order.discount:
            yield f"order {order.number} came with a code and without a discount"
    if code.used_order not in {order.id for order in users}:
        yield f"the code of order {users[0].number} does not count as used"


def tiers(tx: Tx, theirs: Theirs) -> Iterator[str]:
    """TI-8: what a customer's metadata say is what is here."""
    base = min(tx.exec(select(Tier)), key=lambda tier: tier.threshold_minor).key
    if not tx.exec(select(Programme)).one().open_since:
        yield "the tiers were never opened"
    rows = tx.exec(select(Person.account, Membership).where(Membership.person == Person.id)).all()
    here = {account: member for account, member in rows if account}
    for account, (tier, till) in theirs.tiers.items():
        member = here.get(account)
        if (tier or base) != (member.tier if member else base):
            yield f"{account} is {member and member.tier} here, and {tier} in the shop"
        if bool(till) != bool(member and member.valid_till):
            yield f"{account} is {tier} till {member and member.valid_till} here, {till} there"
    for account, member in here.items():
        if member.untold:
            yield f"{account} was not told of {member.tier}"


def _twice(what: str, keys: Iterable[object]) -> Iterator[str]:
    for key, times in Counter(keys).items():
        if times > 1:
            yield f"{times} times a {what}: {key}"
