"""What Saleor tells of orders. Every event carries the order as it is by then, in any order."""

from app.carts import flows as carts
from app.customers.rules import tidy
from app.history import flows as history
from app.kit.hearing import Hearing
from app.kit.tx import Tx
from app.loyalty import flows as loyalty
from app.loyalty import offers
from app.orders import flows as orders
from app.privacy import flows as privacy
from app.saleor.shapes import Order, OrderBulkCreated, OrderEvent
from webhooks.telling import telling, telling_of_one


def order_changed(event: OrderEvent, tx: Tx) -> None:
    """Created, confirmed, paid, refunded, cancelled, expired, fulfilled or updated."""
    if event.order is None:
        history.ask_again(tx)
        return
    hear(tx, event.order, telling(event))


def order_bulk_created(event: OrderBulkCreated, tx: Tx) -> None:
    """IN-5: history, which triggers nothing."""
    if event.orders is None:
        history.ask_again(tx)
        return
    for position, order in enumerate(event.orders):
        hear(tx, order, telling_of_one(event, position))


def hear(tx: Tx, order: Order, heard: Hearing) -> None:
    purchase = orders.record(tx, order, heard=heard)
    if purchase.new or purchase.moved:
        carts.close(tx, checkout=purchase.checkout, person=purchase.person, email=tidy(order.email))
    if purchase.code:
        offers.code_used(tx, purchase)
    if order.user and purchase.person is None:
        privacy.erase_late(tx, account=order.user.id, email=order.user.email)
    for person in sorted(purchase.touched):
        loyalty.reconsider(tx, person)
