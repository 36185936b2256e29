"""What the tables of contents tell: an order, an account, a tier, a move between segments."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from sqlmodel import col, select

from app.customers.tables import Person
from app.journeys import flows, incentives
from app.journeys.days import is_day
from app.journeys.flows import Entrant
from app.journeys.jobs import BringOffer
from app.journeys.rules import Trigger
from app.kit.tx import Tx, among
from app.loyalty.placing import Cause
from app.loyalty.tables import TierChange
from app.orders.tables import Order
from app.segments import flows as segments
from app.segments.flows import Move

YOUNG = timedelta(hours=48)
"""An account that was opened longer ago is not welcomed."""
LATELY = timedelta(days=30)
RECENT = timedelta(days=60)
"""An order that is older is not followed up, whatever is told of it."""
BY_STAFF = frozenset({"DRAFT", "REISSUE"})
"""IN-5: what staff made is a purchase as any other, and no first order to be followed up."""
DEAD = frozenset({"CANCELED", "EXPIRED", "DRAFT"})
AT_ONCE = frozenset({Cause.ORDER.value, Cause.ACCOUNT.value})
"""TI-3: no message for who moves at an import or a change of the rules."""


class Purchase(Protocol):
    """What hearing of an order has changed (app.orders.flows.Recorded)."""

    @property
    def saleor_id(self) -> str: ...
    @property
    def person(self) -> int | None: ...
    @property
    def news(self) -> bool: ...
    @property
    def new(self) -> bool: ...
    @property
    def newly_paid(self) -> bool: ...
    @property
    def newly_sent(self) -> bool: ...
    @property
    def history(self) -> bool: ...
    @property
    def touched(self) -> frozenset[int]: ...


def orders_heard(tx: Tx, purchases: Sequence[Purchase]) -> None:
    """IN-5: what is old at first sight moves people between segments and begins nothing."""
    segments.look_again(tx, {person for one in purchases for person in one.touched})
    live = [one for one in purchases if one.person and one.news and not one.history]
    if not live:
        return
    orders = _orders(tx, {one.saleor_id for one in live})
    paid = [orders[one.saleor_id] for one in live if one.newly_paid and one.saleor_id in orders]
    unpaid = [o for one in live if one.new and (o := orders.get(one.saleor_id)) and _waits(o)]
    sent = [orders[one.saleor_id] for one in live if one.newly_sent and one.saleor_id in orders]
    incentives.codes_used(tx, list(orders.values()))
    for grant in incentives.orders_fell_through(tx, list(orders.values())):
        tx.later(BringOffer(grant=grant.id or 0))
    flows.happened(tx, Trigger.ORDER_PAID, _of(paid, but=BY_STAFF))
    flows.happened(tx, Trigger.ORDER_UNPAID, _of(unpaid))
    flows.happened(tx, Trigger.ORDER_FULFILLED, _of(sent))


def _orders(tx: Tx, ids: Collection[str]) -> dict[str, Order]:
    rows = select(Order).where(
        among(col(Order.saleor_id), sorted(ids)), col(Order.created_at) >= tx.now - RECENT
    )
    return {order.saleor_id: order for order in tx.exec(rows)}


def _waits(order: Order) -> bool:
    """AC-2: Pix, boleto, BLIK, a transfer: placed, and the money is still to come."""
    return not order.paid and order.status not in DEAD and order.total_minor > 0


def _of(orders: Iterable[Order], *, but: Collection[str | None] = ()) -> list[Entrant]:
    """Those of the origins `but` begin nothing."""
    return [
        Entrant(
            person=order.person,
            occasion=order.saleor_id,
            subject=order.saleor_id,
            memo={"order": order.saleor_id, "channel": order.channel, "language": order.language},
            begins=order.origin not in but,
        )
        for order in orders
        if order.person
    ]


def accounts_heard(tx: Tx, people: Collection[int]) -> None:
    """An account has just been opened; where the shop has accounts confirmed, by whoever reads the
    mail: anybody can open one with a stranger's address.
    """
    segments.look_again(tx, people)
    rows = select(Person).where(
        among(col(Person.id), sorted(people)),
        col(Person.account).is_not(None),
        col(Person.joined_at) >= tx.now - YOUNG,
        col(Person.staff).is_(False),
    )
    opened = tx.exec(rows).all()
    proved = not all(person.confirmed for person in opened) and _confirms(tx)
    new = [
        Entrant(person=person.id or 0, occasion="account", memo={"language": person.language})
        for person in opened
        if person.confirmed or not proved
    ]
    flows.happened(tx, Trigger.ACCOUNT_OPENED, new)


def _confirms(tx: Tx) -> bool:
    """Whether accounts of the last weeks were confirmed: where Saleor does not ask for it, none is
    for ever (ID-2)."""
    one = select(Person.id).where(
        col(Person.account).is_not(None),
        col(Person.joined_at) >= tx.now - LATELY,
        col(Person.confirmed),
        col(Person.staff).is_(False),
    )
    return tx.exec(one.limit(1)).first() is not None


def dates_told(tx: Tx, person: int, told: Mapping[str, str | None]) -> None:
    """By name: days in the customer's metadata, with a year or without. What is none is not kept,
    and what stands there no more is forgotten.
    """
    good = {name: text.strip() for name, text in told.items() if text and is_day(text.strip())}
    known = segments.traits(tx, person, told, source="metadata")
    for name, value in good.items():
        if known.get(name) != value:
            segments.tag(tx, [person], name, value, source="metadata")
    for name in known.keys() - good.keys():
        segments.untag(tx, [person], name)


def tiers_moved(tx: Tx, people: Collection[int]) -> None:
    """TI-3: those of them who rose just now, by what they did themselves."""
    rows = select(TierChange).where(
        among(col(TierChange.person), sorted(people)), col(TierChange.at) == tx.now
    )
    changes = list(tx.exec(rows))
    segments.look_again(tx, {change.person for change in changes})
    risen = [c for c in changes if c.move == "rises" and c.cause in AT_ONCE]
    flows.happened(
        tx,
        Trigger.TIER_REACHED,
        [Entrant(person=c.person, occasion=f"tier:{c.id}", of=c.to_tier) for c in risen],
    )


def people_moved(tx: Tx, moves: Sequence[Move]) -> None:
    """J2: into a segment, or out of it."""
    for trigger, entered in ((Trigger.SEGMENT_ENTERED, True), (Trigger.SEGMENT_LEFT, False)):
        flows.happened(
            tx,
            trigger,
            [
                Entrant(person=move.person, occasion=f"stay:{move.stay}", of=move.segment)
                for move in moves
                if move.entered is entered
            ],
        )
