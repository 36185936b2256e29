"""Writing orders down, one heard or a page of them, and keeping track of whose they are."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlmodel import col, select, update

from app.catalog import flows as catalog
from app.customers import meeting
from app.customers.meeting import Met
from app.customers.rules import Who
from app.kit.asking import any_of, ask, question
from app.kit.hearing import Hearing
from app.kit.merging import SEALED
from app.kit.merging import settle as settled
from app.kit.tx import Tx, among
from app.orders import queries, reading, rules, writing
from app.orders.exchange import exchange
from app.orders.tables import Order, Vouched
from app.orders.writing import Telling
from app.saleor import shapes

Heard = tuple[shapes.Order, Hearing]

IDLE = question(
    select(col(Order.id), col(Order.checkout), col(Order.source)).where(
        any_of(col(Order.checkout), "checkouts"), col(Order.earns).is_(False)
    )
)
VOUCHED = question(
    select(Vouched.checkout, Vouched.account).where(any_of(col(Vouched.checkout), "checkouts"))
)


@dataclass(frozen=True)
class Recorded:
    """What a telling of an order has changed."""

    order: int
    """Our row."""
    saleor_id: str
    person: int | None
    news: bool
    """False for an older telling, and for one that was known."""
    new: bool
    moved: bool
    """It is another person's than before, or goes back to another message."""
    newly_paid: bool
    newly_sent: bool
    """Once an order, however often it is told of and whatever becomes of its parcels."""
    newly_refunded_minor: int
    counts: bool
    code: str | None
    cards: Sequence[str]
    """Saleor's ids of the gift cards it was paid with."""
    checkout: str | None
    created_at: datetime
    history: bool
    """IN-5: it triggers nothing."""
    touched: frozenset[int]
    """Persons whose orders are not what they were: its buyer, and accounts that guests joined."""


def record(tx: Tx, order: shapes.Order, *, heard: Hearing) -> Recorded:
    """One order as heard. An older telling changes nothing but what only it could tell."""
    return record_all(tx, [(order, heard)])[0]


def record_all(tx: Tx, told: Sequence[Heard]) -> list[Recorded]:
    """Many orders in few statements. One that is told of twice is taken one telling at a time."""
    first: dict[str, Heard] = {}
    again: list[Heard] = []
    for order, heard in told:
        if order.id in first:
            again.append((order, heard))
        else:
            first[order.id] = (order, heard)
    recorded = _record(tx, list(first.values())) if first else []
    return recorded + (record_all(tx, again) if again else [])


def _record(tx: Tx, told: Sequence[Heard]) -> list[Recorded]:
    buyers = [reading.buyer(order, heard) for order, heard in told]
    met = meeting.meet(tx, buyers)
    shelves = catalog.learn(
        tx, [seen for order, heard in told for seen in reading.sightings(order, heard)]
    )
    tellings = _compare(tx, told, buyers, met)
    writing.write(tx, tellings, shelves)
    touched = settle(tx, met)
    return [_recorded(telling, touched) for telling in tellings]


def _compare(tx: Tx, told: Sequence[Heard], buyers: Sequence[Who], met: Met) -> list[Telling]:
    """Each telling beside what was known of its order."""
    known = queries.known(tx, {order.id for order, _ in told})
    vouched = _vouched(tx, told, met, buyers)
    tellings = []
    for (order, heard), buyer in zip(told, buyers, strict=True):
        person = met.of(buyer)
        row = reading.row(order, heard, now=tx.now)
        row["goods_reporting_minor"] = exchange(tx).reporting(
            row["goods_minor"], row["currency"], at=order.created
        )
        row["person"], row["source"] = (person.person, person.source) if person else (None, None)
        if person is None:
            row["postal"] = row["company"] = ""
        row["earns"] = person is not None and rules.may_earn(
            account=person.account,
            confirmed=person.confirmed,
            vouched=(order.checkout_id, buyer.account) in vouched,
        )
        missing = reading.gaps(order, heard) | ({"buyer"} if person is None else set())
        before = known.get(order.id)
        row["sent"] = order.status == "FULFILLED" or bool(before and before.sent)
        outcome = settled(
            before, row, heard.of(order.updated_at), missing=missing, fields=reading.GAPPED
        )
        if before and row["sent"] and not (before.sent or outcome.newer):
            outcome = outcome._replace(columns={**outcome.columns, "sent": True})
        if buyer.key and person is None:
            outcome.gaps["buyer"] = SEALED
        tellings.append(Telling(order, before, row, outcome))
    return tellings


def _vouched(
    tx: Tx, told: Sequence[Heard], met: Met, buyers: Sequence[Who]
) -> frozenset[tuple[str | None, str | None]]:
    """Which checkouts were heard with which account signed in, where that matters."""
    asked = {
        order.checkout_id
        for (order, _), buyer in zip(told, buyers, strict=True)
        if order.checkout_id and (person := met.of(buyer)) and not person.confirmed
    }
    if not asked:
        return frozenset()
    return frozenset(ask(tx, VOUCHED, checkouts=sorted(asked)))


def _recorded(telling: Telling, touched: frozenset[int]) -> Recorded:
    order, before, row = telling.order, telling.before, telling.row
    newer, columns = telling.outcome.newer, telling.outcome.columns
    stands = {**(before.columns if before else {}), **columns}
    person = stands["person"]
    refunded = row["refunded_minor"] - (before.refunded_minor if before else 0)
    return Recorded(
        order=telling.id,
        saleor_id=order.id,
        person=person,
        news=newer,
        new=before is None,
        moved=before is not None
        and any(stands[name] != before.columns[name] for name in ("person", "decision")),
        newly_paid=newer and row["paid"] and not (before and before.paid),
        newly_sent=newer and order.status == "FULFILLED" and not (before and before.sent),
        newly_refunded_minor=refunded if newer else 0,
        counts=row["counts"],
        code=row["code"],
        cards=row["cards"] or (),
        checkout=order.checkout_id,
        created_at=order.created,
        history=before.history if before else row["history"],
        touched=touched | ({person} if person and (newer or columns) else set()),
    )


def rewarded(tx: Tx, saleor_id: str, units: int) -> None:
    """CP-4: so much of what gift cards paid on this order was a reward of ours."""
    row = tx.exec(select(Order).where(Order.saleor_id == saleor_id)).first()
    if row is not None:
        row.reward_minor = min(row.gift_card_minor, units)


def settle(tx: Tx, met: Met) -> frozenset[int]:
    """ID-2: orders follow their guests into accounts. Whose orders are not what they were."""
    touched = set(met.confirmed)
    if met.confirmed:
        mine = among(col(Order.person), sorted(met.confirmed))
        tx.exec(update(Order).where(mine).values(earns=True))
    for guest, account in met.joined.items():
        touched |= {account} | _owners(tx, guest)
        _give(tx, guest, to=account, earns=True)
    return frozenset(touched)


def part(tx: Tx, guest: int) -> frozenset[int]:
    """ID-3: what a guest bought is the guest's again. Whose orders are not what they were."""
    touched = _owners(tx, guest)
    _give(tx, guest, to=guest, earns=False)
    return frozenset(touched)


def _owners(tx: Tx, source: int) -> set[int]:
    rows = tx.exec(select(Order.person).where(Order.source == source).distinct())
    return {person for person in rows if person}


def _give(tx: Tx, source: int, *, to: int, earns: bool) -> None:
    tx.exec(update(Order).where(col(Order.source) == source).values(person=to, earns=earns))


class Vouching(NamedTuple):
    """ID-2: this checkout was heard with this account signed in."""

    checkout: str
    account: str
    person: int


def vouch_all(tx: Tx, vouching: Sequence[Vouching]) -> dict[str, frozenset[int]]:
    """By checkout: whose orders earn by it now."""
    if not vouching:
        return {}
    rows = [{"checkout": one.checkout, "account": one.account} for one in vouching]
    tx.put(Vouched, rows, key=("checkout", "account"))
    persons = {one.checkout: one.person for one in vouching}
    idle = ask(tx, IDLE, checkouts=sorted(persons))
    mine = [(id_, c, source) for id_, c, source in idle if c and persons[c] == source]
    if mine:
        ids = [id_ for id_, _, _ in mine]
        tx.exec(update(Order).where(among(col(Order.id), ids)).values(earns=True))
    return {checkout: frozenset({source}) for _, checkout, source in mine if source}


def forget_orders(tx: Tx, saleor_ids: Collection[str]) -> None:
    """Saleor itself does not have them any more: no book may add them up."""
    writing.delete_orders(tx, saleor_ids)


def revalue(tx: Tx) -> int:
    """Reporting currency or rates have changed: value every order anew. How many changed."""
    tx.info.pop("exchange", None)
    return writing.revalue(tx, exchange(tx))
