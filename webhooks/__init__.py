"""Everything Saleor can say to us, and who listens."""

from collections.abc import Sequence
from json import JSONDecodeError
from typing import Any

from sqlmodel import col, select

from app.kit.asking import any_of, ask, question
from app.kit.deliveries import Heard
from app.kit.promises import Delivery, Promise
from app.kit.tx import Tx
from app.saleor import shapes
from app.shops import flows as shops
from webhooks import apps, checkouts, customers, orders, products
from webhooks.hearing import Event
from webhooks.telling import UnreadableError

EVENTS: dict[str, Event[Any]] = {
    "order_created": Event(shapes.OrderCreated, orders.order_changed, orders.orders_changed),
    "order_updated": Event(shapes.OrderUpdated, orders.order_changed, orders.orders_changed),
    "order_confirmed": Event(shapes.OrderConfirmed, orders.order_changed, orders.orders_changed),
    "order_paid": Event(shapes.OrderPaid, orders.order_changed, orders.orders_changed),
    "order_fully_paid": Event(shapes.OrderFullyPaid, orders.order_changed, orders.orders_changed),
    "order_refunded": Event(shapes.OrderRefunded, orders.order_changed, orders.orders_changed),
    "order_fully_refunded": Event(
        shapes.OrderFullyRefunded, orders.order_changed, orders.orders_changed
    ),
    "order_cancelled": Event(shapes.OrderCancelled, orders.order_changed, orders.orders_changed),
    "order_expired": Event(shapes.OrderExpired, orders.order_changed, orders.orders_changed),
    "order_fulfilled": Event(shapes.OrderFulfilled, orders.order_changed, orders.orders_changed),
    "order_bulk_created": Event(shapes.OrderBulkCreated, orders.order_bulk_created),
    "checkout_created": Event(
        shapes.CheckoutCreated, checkouts.checkout_changed, checkouts.checkouts_changed
    ),
    "checkout_updated": Event(
        shapes.CheckoutUpdated, checkouts.checkout_changed, checkouts.checkouts_changed
    ),
    "customer_created": Event(shapes.CustomerCreated, customers.customer_changed),
    "customer_updated": Event(shapes.CustomerUpdated, customers.customer_changed),
    "account_confirmed": Event(shapes.AccountConfirmed, customers.customer_changed),
    "customer_deleted": Event(shapes.CustomerDeleted, customers.customer_gone),
    "account_deleted": Event(shapes.AccountDeleted, customers.customer_gone),
    "product_updated": Event(
        shapes.ProductUpdated, products.product_changed, products.products_changed
    ),
    "product_deleted": Event(
        shapes.ProductDeleted, products.product_changed, products.products_changed
    ),
    "app_deleted": Event(shapes.AppDeleted, apps.app_deleted),
    "app_status_changed": Event(shapes.AppStatusChanged, apps.app_status_changed),
}


BODIES = question(
    select(Promise.key, Delivery.body)
    .join(Delivery, col(Delivery.id) == Promise.id)
    .where(any_of(col(Promise.key), "keys"))
)


def answer(heard: Heard, tx: Tx) -> None:
    """Hand a delivery to its handler. What our own writing caused is dropped."""
    answer_all([heard], tx)


def answer_all(heard: Sequence[Heard], tx: Tx) -> None:
    """Many deliveries, those of one handler together: the order they came in means nothing."""
    bodies = dict(ask(tx, BODIES, keys=[one.key for one in heard]))
    us = shops.this_shop(tx).app_id
    together: dict[object, tuple[Event[Any], list[shapes.Event]]] = {}
    for one in heard:
        if one.key not in bodies:
            continue  # its person has been erased meanwhile
        event, known = read(one, bodies[one.key])
        if known.issuing_app is None or known.issuing_app != us:
            together.setdefault(event.handle, (event, []))[1].append(known)
    for event, events in together.values():
        if event.handle_all:
            event.handle_all(events, tx)
        else:
            for known in events:
                event.handle(known, tx)


def read(heard: Heard, body: bytes) -> tuple[Event[Any], shapes.Event]:
    """Raises UnreadableError, or ValidationError where it does not fit its shape."""
    if heard.event not in EVENTS:
        raise UnreadableError(f"nobody asked for {heard.event}")
    event = EVENTS[heard.event]
    try:
        return event, event.read(body).model_copy(update={"hash": heard.hash})
    except (UnicodeDecodeError, JSONDecodeError) as failure:
        raise UnreadableError("the body is no JSON") from failure


__all__ = ["EVENTS", "Event", "answer", "answer_all"]
