"""A page of the past into the rooms it belongs to: it is kept, and sets nothing in motion."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlmodel import col, select

from app.carts import flows as carts
from app.carts.tables import Cart
from app.catalog import flows as catalog
from app.customers import flows as customers
from app.customers import meeting
from app.customers.rules import tidy
from app.history.rules import Kind
from app.history.sources import Told
from app.kit.tx import Tx
from app.loyalty import queries as codes
from app.orders import flows as orders
from app.saleor.shapes import CatalogueProduct, Checkout, Customer, Order


def keep(tx: Tx, kind: Kind, told: Sequence[Told[Any]]) -> None:
    KEPT_BY[kind](tx, told)


def keep_customers(tx: Tx, told: Sequence[Told[Customer]]) -> None:
    met = meeting.meet(tx, [customers.who(customer, heard) for customer, heard in told])
    orders.settle(tx, met)


def keep_products(tx: Tx, told: Sequence[Told[CatalogueProduct]]) -> None:
    catalog.stock(tx, [product for product, _ in told])


def keep_orders(tx: Tx, told: Sequence[Told[Order]]) -> None:
    recorded = orders.record_all(tx, told)
    emails = {order.id: tidy(order.email) for order, _ in told}
    open_ = _known(tx, {order.checkout for order in recorded if order.checkout})
    for order in recorded:
        if order.checkout in open_:
            email = emails[order.saleor_id]
            carts.close(tx, checkout=order.checkout, person=order.person, email=email)


def _known(tx: Tx, checkouts: set[str]) -> set[str]:
    rows = select(Cart.checkout).where(col(Cart.checkout).in_(sorted(checkouts)))
    return set(tx.exec(rows)) if checkouts else set()


def keep_checkouts(tx: Tx, told: Sequence[Told[Checkout]]) -> None:
    for checkout, heard in told:
        code = checkout.voucher_code
        ours = code is not None and codes.code_called(tx, code) is not None
        carts.touch(tx, checkout, heard=heard, own_code=ours)


KEPT_BY: Mapping[Kind, Callable[[Tx, Sequence[Told[Any]]], None]] = {
    Kind.CUSTOMERS: keep_customers,
    Kind.PRODUCTS: keep_products,
    Kind.ORDERS: keep_orders,
    Kind.CHECKOUTS: keep_checkouts,
}
