"""Everything Saleor can say to us, and who listens."""

from json import JSONDecodeError
from typing import Any, Protocol

from sqlmodel import select

from app.kit.promises import Delivery
from app.kit.tx import Tx
from app.saleor import shapes
from app.shops import flows as shops
from webhooks import apps, checkouts, customers, orders
from webhooks.hearing import Event, Heard
from webhooks.telling import UnreadableError

EVENTS: dict[str, Event[Any]] = {
    "order_created": Event(shapes.OrderCreated, orders.order_changed),
    "order_updated": Event(shapes.OrderUpdated, orders.order_changed),
    "order_confirmed": Event(shapes.OrderConfirmed, orders.order_changed),
    "order_paid": Event(shapes.OrderPaid, orders.order_changed),
    "order_fully_paid": Event(shapes.OrderFullyPaid, orders.order_changed),
    "order_refunded": Event(shapes.OrderRefunded, orders.order_changed),
    "order_fully_refunded": Event(shapes.OrderFullyRefunded, orders.order_changed),
    "order_cancelled": Event(shapes.OrderCancelled, orders.order_changed),
    "order_expired": Event(shapes.OrderExpired, orders.order_changed),
    "order_fulfilled": Event(shapes.OrderFulfilled, orders.order_changed),
    "order_bulk_created": Event(shapes.OrderBulkCreated, orders.order_bulk_created),
    "checkout_created": Event(shapes.CheckoutCreated, checkouts.checkout_changed),
    "checkout_updated": Event(shapes.CheckoutUpdated, checkouts.checkout_changed),
    "customer_created": Event(shapes.CustomerCreated, customers.customer_changed),
    "customer_updated": Event(shapes.CustomerUpdated, customers.customer_changed),
    "account_confirmed": Event(shapes.AccountConfirmed, customers.customer_changed),
    "customer_deleted": Event(shapes.CustomerDeleted, customers.customer_gone),
    "account_deleted": Event(shapes.AccountDeleted, customers.customer_gone),
    "app_deleted": Event(shapes.AppDeleted, apps.app_deleted),
    "app_status_changed": Event(shapes.AppStatusChanged, apps.app_status_changed),
}


class Promised(Protocol):
    """A delivery that waits to be worked: heard at the door, or read by a sweep."""

    event: str
    hash: str


def answer(heard: Promised, tx: Tx) -> None:
    """Hand a delivery to its handler. What our own writing caused is dropped."""
    body = tx.exec(select(Delivery.body).where(Delivery.hash == heard.hash)).first()
    if body is None:
        return  # its person has been erased meanwhile
    if heard.event not in EVENTS:
        raise UnreadableError(f"nobody asked for {heard.event}")
    event = EVENTS[heard.event]
    try:
        told = event.read(body).model_copy(update={"hash": heard.hash})
    except (UnicodeDecodeError, JSONDecodeError) as failure:
        raise UnreadableError("the body is no JSON") from failure
    if told.issuing_app is None or told.issuing_app != shops.this_shop(tx).app_id:
        event.handle(told, tx)


__all__ = ["EVENTS", "Event", "Heard", "answer"]
