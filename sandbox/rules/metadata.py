"""Metadata: who may write it on what, and which events a write sends."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sandbox.apps import App, Principal
from sandbox.catalogue import Category, Channel, Collection, Product, ProductType, Texts, Variant
from sandbox.people import User
from sandbox.promos import GiftCard, Voucher
from sandbox.rules.refusal import PermissionDenied
from sandbox.sales import Checkout, CheckoutLine, Fulfillment, Order, OrderLine, Transaction
from sandbox.store import Store

OPEN: frozenset[str] = frozenset()
ORDERS = frozenset({"MANAGE_ORDERS", "HANDLE_TAXES"})
CARTS = frozenset({"MANAGE_CHECKOUTS", "HANDLE_TAXES"})


class Rule(NamedTuple):
    """Whose permission writes public and private metadata, and which events a write sends.

    An order's own ORDER_UPDATED is not sent for metadata; a customer's and a cart's are.
    """

    public: frozenset[str]
    private: frozenset[str]
    of_metadata: str | None = None
    of_thing: str | None = None


def one(permission: str, *events: str) -> Rule:
    wanted = frozenset({permission})
    return Rule(wanted, wanted, *events)


RULES: dict[type, Rule] = {
    Checkout: Rule(OPEN, CARTS, "CHECKOUT_METADATA_UPDATED", "CHECKOUT_UPDATED"),
    CheckoutLine: Rule(OPEN, CARTS),
    Order: Rule(ORDERS, ORDERS, "ORDER_METADATA_UPDATED"),
    OrderLine: Rule(ORDERS, ORDERS),
    Fulfillment: Rule(ORDERS, ORDERS),
    Transaction: one("HANDLE_PAYMENTS"),
    User: one("MANAGE_USERS", "CUSTOMER_METADATA_UPDATED", "CUSTOMER_UPDATED"),
    Product: one("MANAGE_PRODUCTS", "PRODUCT_METADATA_UPDATED", "PRODUCT_UPDATED"),
    Variant: one("MANAGE_PRODUCTS"),
    Category: one("MANAGE_PRODUCTS"),
    Collection: one("MANAGE_PRODUCTS"),
    ProductType: one("MANAGE_PRODUCTS"),
    Voucher: one("MANAGE_DISCOUNTS", "VOUCHER_METADATA_UPDATED"),
    GiftCard: one("MANAGE_GIFT_CARD", "GIFT_CARD_METADATA_UPDATED"),
    Channel: one("MANAGE_CHANNELS"),
    App: one("MANAGE_APPS"),
}


def allow(who: Principal, thing: Any, *, private: bool) -> None:
    """Raises PermissionDenied. Shoppers write their own public metadata, apps their own."""
    if not private and who.user is not None and thing is who.user:
        return
    if who.app is not None and thing is who.app:
        return
    rule = RULES[type(thing)]
    wanted = rule.private if private else rule.public
    if isinstance(thing, User) and thing.is_staff:
        wanted = frozenset({"MANAGE_STAFF"})
    if wanted and not wanted & who.permissions:
        raise PermissionDenied(sorted(wanted))


def may_read_private(who: Principal, thing: Any) -> bool:
    """Private metadata of a deleted user is denied even to those who could read it before."""
    if isinstance(thing, User) and thing.is_deleted:
        return False
    if who.app is not None and thing is who.app:
        return True
    wanted = RULES[type(thing)].private
    if isinstance(thing, User) and thing.is_staff:
        wanted = frozenset({"MANAGE_STAFF"})
    if isinstance(thing, Checkout):
        wanted = wanted | {"HANDLE_PAYMENTS"}
    return bool(wanted & who.permissions)


def write(store: Store, thing: Any, texts: Mapping[str, str], *, private: bool) -> None:
    """Merge keys; a write that changes nothing is told to nobody."""
    held: Texts = thing.private_metadata if private else thing.metadata
    if all(held.get(key) == value for key, value in texts.items()):
        if isinstance(thing, Order):
            thing.updated_at = store.instant()
        return
    held.update(texts)
    tell(store, thing)


def remove(store: Store, thing: Any, keys: list[str], *, private: bool) -> None:
    held: Texts = thing.private_metadata if private else thing.metadata
    gone = [key for key in keys if key in held]
    for key in gone:
        del held[key]
    if gone:
        tell(store, thing)


def tell(store: Store, thing: Any) -> None:
    if hasattr(thing, "updated_at"):
        thing.updated_at = store.instant()
    rule = RULES[type(thing)]
    for event in (rule.of_thing, rule.of_metadata):
        if event:
            store.emit(event, thing)
