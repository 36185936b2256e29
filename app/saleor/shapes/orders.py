from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AliasPath, Field

from app.saleor.shapes.base import Channel, Money, Person, Place, Price, Shape
from app.saleor.shapes.catalogue import Variant


class Line(Shape):
    """A line of an order. `variant` is None once it is deleted; `variant_id` and `sku` stay."""

    id: str
    product_name: str
    variant_name: str
    sku: Annotated[str | None, Field(validation_alias="productSku")] = None
    variant_id: Annotated[str | None, Field(validation_alias="productVariantId")] = None
    quantity: int
    is_gift: bool | None = None
    voucher_code: str | None = None
    unit_price: Price
    undiscounted_unit_price: Price
    total_price: Price
    variant: Variant | None = None


class Discount(Shape):
    id: str
    type: str
    """SALE, VOUCHER, MANUAL, PROMOTION or ORDER_PROMOTION."""
    name: str | None = None
    value: Decimal
    value_type: str
    reason: str | None = None
    total: Money


class GiftCard(Shape):
    id: str
    last4: Annotated[str, Field(validation_alias="last4CodeChars")]


class LineOf(Shape):
    """So many pieces of a line of the order, in a fulfilment or a refund."""

    id: str
    quantity: int
    line: Annotated[str | None, Field(validation_alias=AliasPath("orderLine", "id"))] = None


class Fulfillment(Shape):
    id: str
    status: str
    """RETURNED and REFUNDED_AND_RETURNED say which lines came back."""
    lines: tuple[LineOf, ...] | None = None


class GrantedRefund(Shape):
    id: str
    amount: Money
    lines: tuple[LineOf, ...] | None = None


class OrderName(Shape):
    id: str
    number: str
    updated_at: datetime


class OrderMoney(OrderName):
    """An order with nothing but its money: what the nightly comparison adds up."""

    created: datetime
    status: str
    channel: Channel
    total: Price
    total_charged: Money
    total_refunded: Money


class Order(OrderMoney):
    """An order. `origin` is None where it was not asked for (an order that has none)."""

    origin: str | None = None
    original: str | None = None
    charge_status: str
    authorize_status: str
    is_paid: bool
    checkout_id: str | None = None
    email: Annotated[str | None, Field(validation_alias="userEmail")] = None
    language: Annotated[str, Field(validation_alias="languageCodeEnum")]
    display_gross_prices: bool
    voucher_code: str | None = None
    user: Person | None = None
    shipping_address: Place | None = None
    billing_address: Place | None = None
    undiscounted_total: Price
    subtotal: Price
    shipping_price: Price
    total_granted_refund: Money
    discounts: tuple[Discount, ...] = ()
    gift_cards: tuple[GiftCard, ...] = ()
    lines: tuple[Line, ...] = ()
    fulfillments: tuple[Fulfillment, ...] = ()
    granted_refunds: tuple[GrantedRefund, ...] = ()
    decision: str | None = None
