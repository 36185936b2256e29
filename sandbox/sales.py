"""Carts and orders. Prices are worked out here from gross amounts, never stored twice."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sandbox.catalogue import Channel, Texts, Variant, VariantView
from sandbox.money import ZERO, Money, TaxedMoney, cents, net_of, taxed
from sandbox.people import Address, User
from sandbox.promos import GiftCard, Voucher


@dataclass(slots=True, eq=False)
class Transaction:
    """A payment in Saleor's transaction flow. `charged` falls when `refunded` rises."""

    id: str
    token: str
    created_at: datetime
    modified_at: datetime
    currency: str
    name: str = ""
    message: str = ""
    psp_reference: str = ""
    external_url: str = ""
    actions: list[str] = field(default_factory=list)
    authorized: Decimal = ZERO
    charged: Decimal = ZERO
    refunded: Decimal = ZERO
    canceled: Decimal = ZERO
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Payment:
    """A payment in the older flow: what orderMarkAsPaid makes, what orderRefund gives back."""

    id: str
    created: datetime
    modified: datetime
    currency: str
    total_amount: Decimal
    captured: Decimal
    gateway: str = "manual"
    is_active: bool = True
    refunded: Decimal = ZERO
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)

    @property
    def charge_status(self) -> str:
        if self.refunded:
            return "FULLY_REFUNDED" if not self.captured else "PARTIALLY_REFUNDED"
        return "FULLY_CHARGED" if self.captured else "NOT_CHARGED"


@dataclass(slots=True, eq=False)
class CheckoutLine:
    id: str
    checkout: "Checkout"
    variant_of: Variant
    quantity: int
    off: Decimal = ZERO
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)
    is_gift: bool = False

    @property
    def unit_gross(self) -> Decimal:
        return self.variant_of.gross_in(self.checkout.channel)

    @property
    def full_gross(self) -> Decimal:
        return self.unit_gross * self.quantity

    @property
    def variant(self) -> VariantView:
        return self.variant_of.within(self.checkout.channel)

    @property
    def total_price(self) -> TaxedMoney:
        return self.checkout.channel.taxed(self.full_gross - self.off)

    @property
    def unit_price(self) -> TaxedMoney:
        return self.checkout.channel.taxed(cents((self.full_gross - self.off) / self.quantity))

    @property
    def undiscounted_unit_price(self) -> Money:
        return self.checkout.channel.money(self.unit_gross)

    @property
    def undiscounted_total_price(self) -> Money:
        return self.checkout.channel.money(self.full_gross)


@dataclass(slots=True, eq=False)
class Checkout:
    """A cart. `lines[].off` and `discount_amount` are what its voucher takes off right now."""

    id: str
    token: str
    channel: Channel
    created: datetime
    updated_at: datetime
    language_code: str
    email: str | None = None
    user: User | None = None
    lines: list[CheckoutLine] = field(default_factory=list)
    billing_address: Address | None = None
    shipping_address: Address | None = None
    has_delivery: bool = False
    voucher_code: str | None = None
    discount_name: str | None = None
    discount_amount: Decimal = ZERO
    shipping_off: Decimal = ZERO
    gift_cards: list[GiftCard] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)
    seq: int = 0

    @property
    def customer_email(self) -> str | None:
        return self.user.email if self.user else self.email

    @property
    def quantity(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def full_subtotal(self) -> Decimal:
        return sum((line.full_gross for line in self.lines), ZERO)

    @property
    def shipping_gross(self) -> Decimal:
        return self.channel.shipping_gross - self.shipping_off if self.has_delivery else ZERO

    @property
    def subtotal_price(self) -> TaxedMoney:
        gross = sum((line.full_gross - line.off for line in self.lines), ZERO)
        net = sum((line.total_price.net.amount for line in self.lines), ZERO)
        return taxed(gross, net, self.channel.currency_code)

    @property
    def shipping_price(self) -> TaxedMoney:
        return self.channel.taxed(self.shipping_gross)

    @property
    def gift_amount(self) -> Decimal:
        due = self.subtotal_price.gross.amount + self.shipping_gross
        return min(sum((card.left for card in self.gift_cards), ZERO), due)

    @property
    def total_price(self) -> TaxedMoney:
        return less_gift(self.subtotal_price, self.shipping_price, self.gift_amount)

    @property
    def charged(self) -> Decimal:
        return sum((one.charged for one in self.transactions), ZERO)

    @property
    def authorized(self) -> Decimal:
        return sum((one.authorized for one in self.transactions), ZERO)

    @property
    def total_balance(self) -> Money:
        return self.channel.money(self.charged - self.total_price.gross.amount)

    @property
    def charge_status(self) -> str:
        return charge_status(self.charged, self.total_price.gross.amount)

    @property
    def authorize_status(self) -> str:
        return authorize_status(self.charged + self.authorized, self.total_price.gross.amount)


@dataclass(slots=True, eq=False)
class Discount:
    id: str
    type: str
    name: str | None
    value_type: str
    value: Decimal
    total: Money
    reason: str | None = None


@dataclass(slots=True, eq=False)
class OrderLine:
    id: str
    order: "Order"
    product_name: str
    variant_name: str
    product_sku: str | None
    product_variant_id: str | None
    quantity: int
    full_unit_gross: Decimal
    total_gross: Decimal
    variant_of: Variant | None
    quantity_fulfilled: int = 0
    voucher_code: str | None = None
    is_gift: bool = False
    discounts: list[Discount] = field(default_factory=list)
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)

    @property
    def variant(self) -> VariantView | None:
        return self.variant_of.within(self.order.channel) if self.variant_of else None

    @property
    def unit_gross(self) -> Decimal:
        return cents(self.total_gross / self.quantity)

    @property
    def unit_price(self) -> TaxedMoney:
        return self.order.channel.taxed(self.unit_gross)

    @property
    def undiscounted_unit_price(self) -> TaxedMoney:
        return self.order.channel.taxed(self.full_unit_gross)

    @property
    def total_price(self) -> TaxedMoney:
        return self.order.channel.taxed(self.total_gross)

    @property
    def undiscounted_total_price(self) -> TaxedMoney:
        return self.order.channel.taxed(self.full_unit_gross * self.quantity)

    @property
    def unit_discount(self) -> Money:
        return self.order.channel.money(self.full_unit_gross - self.unit_gross)

    @property
    def quantity_to_fulfill(self) -> int:
        return self.quantity - self.quantity_fulfilled


@dataclass(slots=True, eq=False)
class FulfillmentLine:
    id: str
    quantity: int
    order_line: OrderLine


@dataclass(slots=True, eq=False)
class Fulfillment:
    id: str
    order: "Order"
    fulfillment_order: int
    status: str
    created: datetime
    lines: list[FulfillmentLine] = field(default_factory=list)
    total_refunded_amount: Money | None = None
    tracking_number: str = ""
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Order:
    """An order. `origin` may be empty, as on the orders of Saleor's own sample data."""

    id: str
    number: str
    channel: Channel
    created: datetime
    updated_at: datetime
    status: str
    origin: str
    user_email: str
    language_code: str
    user: User | None = None
    original: str | None = None
    checkout_id: str | None = None
    lines: list[OrderLine] = field(default_factory=list)
    billing_address: Address | None = None
    shipping_address: Address | None = None
    shipping_gross: Decimal = ZERO
    full_shipping_gross: Decimal = ZERO
    gift_amount: Decimal = ZERO
    voucher: Voucher | None = None
    voucher_code: str | None = None
    discounts: list[Discount] = field(default_factory=list)
    gift_cards: list[GiftCard] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    fulfillments: list[Fulfillment] = field(default_factory=list)
    external_reference: str | None = None
    customer_note: str = ""
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)
    seq: int = 0

    @property
    def subtotal(self) -> TaxedMoney:
        gross = sum((line.total_gross for line in self.lines), ZERO)
        net = sum((line.total_price.net.amount for line in self.lines), ZERO)
        return taxed(gross, net, self.channel.currency_code)

    @property
    def shipping_price(self) -> TaxedMoney:
        return self.channel.taxed(self.shipping_gross)

    @property
    def total(self) -> TaxedMoney:
        return less_gift(self.subtotal, self.shipping_price, self.gift_amount)

    @property
    def total_amount(self) -> Decimal:
        """total.gross without the nets: the one number that rules and books ask for."""
        gross = sum((line.total_gross for line in self.lines), ZERO)
        return gross + self.shipping_gross - self.gift_amount

    @property
    def undiscounted_total(self) -> TaxedMoney:
        rate, full = self.channel.tax_rate, self.full_shipping_gross
        gross = sum((one.full_unit_gross * one.quantity for one in self.lines), full)
        return taxed(gross, net_of(gross, rate), self.channel.currency_code)

    @property
    def charged(self) -> Decimal:
        return sum((one.charged for one in self.transactions), ZERO) + sum(
            (one.captured for one in self.payments), ZERO
        )

    @property
    def refunded(self) -> Decimal:
        return sum((one.refunded for one in self.transactions), ZERO) + sum(
            (one.refunded for one in self.payments), ZERO
        )

    @property
    def authorized(self) -> Decimal:
        return sum((one.authorized for one in self.transactions), ZERO)

    @property
    def canceled(self) -> Decimal:
        return sum((one.canceled for one in self.transactions), ZERO)

    @property
    def is_paid(self) -> bool:
        return self.charge_status in ("FULL", "OVERCHARGED")

    @property
    def charge_status(self) -> str:
        return charge_status(self.charged, self.total_amount)

    @property
    def authorize_status(self) -> str:
        return authorize_status(self.charged + self.authorized, self.total_amount)

    @property
    def payment_status(self) -> str:
        """The older flow's word; on transactions it knows nothing of refunds."""
        if self.payments:
            return self.payments[-1].charge_status
        charged = self.charged
        if not charged:
            return "NOT_CHARGED"
        return "FULLY_CHARGED" if charged >= self.total_amount else "PARTIALLY_CHARGED"


def less_gift(subtotal: TaxedMoney, shipping: TaxedMoney, gift: Decimal) -> TaxedMoney:
    """A total that gift cards were taken from: they lower gross and net alike, never below 0."""
    gross = subtotal.gross.amount + shipping.gross.amount - gift
    net = max(subtotal.net.amount + shipping.net.amount - gift, ZERO)
    return taxed(gross, net, subtotal.currency)


def charge_status(charged: Decimal, total: Decimal) -> str:
    if charged > total:
        return "OVERCHARGED"
    if charged == total:
        return "FULL"
    return "PARTIAL" if charged > 0 else "NONE"


def authorize_status(covered: Decimal, total: Decimal) -> str:
    if covered >= total:
        return "FULL"
    return "PARTIAL" if covered > 0 else "NONE"
