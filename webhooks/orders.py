"""What Saleor tells of orders. Every event carries the order as it is by then, in any order."""

from collections.abc import Sequence

from app.carts import flows as carts
from app.customers.rules import tidy
from app.history import flows as history
from app.journeys import moving, recovery
from app.kit.hearing import Hearing
from app.kit.tx import Tx
from app.loyalty import flows as loyalty
from app.loyalty import offers
from app.ltv import flows as value
from app.messages import joining
from app.orders import flows as orders
from app.points import flows as points
from app.privacy import flows as privacy
from app.proof import attribution
from app.recommend import flows as recommend
from app.referrals import flows as referrals
from app.saleor.shapes import Order, OrderBulkCreated, OrderEvent
from webhooks.telling import telling, telling_of_one


def order_changed(event: OrderEvent, tx: Tx) -> None:
    """Created, confirmed, paid, refunded, cancelled, expired, fulfilled or updated."""
    orders_changed([event], tx)


def orders_changed(events: Sequence[OrderEvent], tx: Tx) -> None:
    if any(event.order is None for event in events):
        history.ask_again(tx)
    hear(tx, [(event.order, telling(event)) for event in events if event.order])


def order_bulk_created(event: OrderBulkCreated, tx: Tx) -> None:
    """IN-5: history, which triggers nothing."""
    if event.orders is None:
        history.ask_again(tx)
        return
    hear(tx, [(order, telling_of_one(event, at)) for at, order in enumerate(event.orders)])


def hear(tx: Tx, told: Sequence[tuple[Order, Hearing]]) -> None:
    emails = {order.id: tidy(order.email) for order, _ in told}
    purchases = orders.record_all(tx, told)
    attribution.orders_heard(tx, purchases)
    closed = carts.close_all(
        tx,
        [
            carts.Closing(purchase.checkout, purchase.person, emails[purchase.saleor_id])
            for purchase in purchases
            if purchase.new or purchase.moved
        ],
    )
    recovery.carts_over(tx, closed)
    paid = {order.checkout_id: emails[order.id] for order, _ in told if order.is_paid}
    joining.paid(tx, {checkout: email for checkout, email in paid.items() if checkout and email})
    for purchase in purchases:
        if purchase.code or purchase.cards:
            offers.code_used(tx, purchase)
    referrals.orders_heard(tx, purchases)
    points.orders_heard(tx, purchases)
    moving.orders_heard(tx, purchases)
    forgotten = {purchase.saleor_id for purchase in purchases if purchase.person is None}
    for order, _ in told:
        if order.user and order.id in forgotten:
            privacy.erase_late(tx, account=order.user.id, email=order.user.email)
    value.book(tx, purchases)
    loyalty.reconsider_all(tx, {person for purchase in purchases for person in purchase.touched})
    recommend.heard(tx, purchases)
