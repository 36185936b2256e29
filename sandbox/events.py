"""Which event belongs to which type of the schema, who may hear it, and when it is put in words."""

import re
from typing import Any, NamedTuple

from sandbox.apps import App
from sandbox.words import words

EVENT_TYPES = words(
    "DraftOrderCreated OrderCreated OrderUpdated OrderConfirmed OrderPaid OrderFullyPaid "
    "OrderRefunded OrderFullyRefunded OrderCancelled OrderExpired OrderFulfilled "
    "OrderMetadataUpdated OrderBulkCreated FulfillmentCreated CheckoutCreated CheckoutUpdated "
    "CheckoutFullyPaid CheckoutFullyAuthorized CheckoutMetadataUpdated CustomerCreated "
    "CustomerUpdated CustomerDeleted CustomerMetadataUpdated AccountConfirmed "
    "AccountConfirmationRequested AccountDeleted AccountDeleteRequested VoucherCreated "
    "VoucherUpdated VoucherDeleted VoucherCodesCreated VoucherCodesDeleted "
    "VoucherMetadataUpdated GiftCardCreated GiftCardMetadataUpdated ProductCreated "
    "ProductUpdated ProductDeleted ProductMetadataUpdated AppInstalled AppUpdated AppDeleted "
    "AppStatusChanged"
)


def upper(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).upper()


TYPE_OF = {upper(name): name for name in EVENT_TYPES}

PERMISSIONS = {
    "CHECKOUT": "MANAGE_CHECKOUTS",
    "ORDER": "MANAGE_ORDERS",
    "DRAFT": "MANAGE_ORDERS",
    "FULFILLMENT": "MANAGE_ORDERS",
    "CUSTOMER": "MANAGE_USERS",
    "ACCOUNT": "MANAGE_USERS",
    "VOUCHER": "MANAGE_DISCOUNTS",
    "GIFT": "MANAGE_GIFT_CARD",
    "PRODUCT": "MANAGE_PRODUCTS",
}

# The subject's place in the event's type: `order` of OrderCreated, `orders` of OrderBulkCreated.
SUBJECT = {
    "ORDER_BULK_CREATED": "orders",
    "FULFILLMENT_CREATED": "fulfillment",
    "VOUCHER_CODES_CREATED": "voucherCodes",
    "VOUCHER_CODES_DELETED": "voucherCodes",
}


class Told(NamedTuple):
    """The root value a subscription is executed on: what happened, to what, by whom, to whom."""

    type_name: str
    event_type: str
    subject: Any
    issued_at: Any
    version: str
    principal: Any
    recipient: App


def permission_of(event_type: str) -> str | None:
    """None for an app's own lifecycle, which every app may hear."""
    return PERMISSIONS.get(event_type.partition("_")[0])


def may_hear(app: App, event_type: str, subject: Any) -> bool:
    """An app hears of itself whatever its state; of the shop only while it is active."""
    if event_type.startswith("APP_"):
        return subject is app
    wanted = permission_of(event_type)
    return app.is_active and (wanted is None or wanted in app.permissions)


def rendered_late(event_type: str, version: tuple[int, ...]) -> bool:
    """Deferred payloads show the state at the time of sending: carts always, orders from 3.23."""
    if event_type in ("CHECKOUT_CREATED", "CHECKOUT_UPDATED"):
        return True
    orders = event_type.startswith(("ORDER_", "DRAFT_ORDER_"))
    return version >= (3, 23) and orders and event_type != "ORDER_BULK_CREATED"
