"""Vouchers with their codes, and gift cards: two kinds of promo code in one name space."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sandbox.catalogue import Channel, Texts
from sandbox.money import Money
from sandbox.people import User


@dataclass(slots=True, eq=False)
class VoucherCode:
    """One code of a voucher. `used` counts only where the voucher has a usage limit."""

    id: str
    code: str
    created_at: datetime
    used: int = 0
    is_active: bool = True
    customers: set[str] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class VoucherListing:
    """A voucher works in a channel only where it is listed, with that channel's value."""

    id: str
    channel: Channel
    discount_value: Decimal
    min_amount: Decimal | None

    @property
    def currency(self) -> str:
        return self.channel.currency_code

    @property
    def min_spent(self) -> Money | None:
        return None if self.min_amount is None else self.channel.money(self.min_amount)


@dataclass(slots=True, eq=False)
class Voucher:
    id: str
    name: str | None
    start_date: datetime
    type: str = "ENTIRE_ORDER"
    discount_value_type: str = "FIXED"
    end_date: datetime | None = None
    usage_limit: int | None = None
    apply_once_per_order: bool = False
    apply_once_per_customer: bool = False
    single_use: bool = False
    only_for_staff: bool = False
    min_checkout_items_quantity: int | None = None
    products: set[str] = field(default_factory=set)
    variants: set[str] = field(default_factory=set)
    collections: set[str] = field(default_factory=set)
    categories: set[str] = field(default_factory=set)
    codes: dict[str, VoucherCode] = field(default_factory=dict)
    listings: dict[str, VoucherListing] = field(default_factory=dict)
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)

    @property
    def used(self) -> int:
        return sum(code.used for code in self.codes.values())

    @property
    def channel_listings(self) -> list[VoucherListing]:
        return list(self.listings.values())

    @property
    def code(self) -> str | None:
        return next(reversed(self.codes), None)


@dataclass(slots=True, eq=False)
class GiftCard:
    id: str
    code: str
    created: datetime
    currency: str
    initial: Decimal
    left: Decimal
    is_active: bool = True
    expiry_date: date | None = None
    created_by_email: str | None = None
    used_by_email: str | None = None
    assigned_to: User | None = None
    last_used_on: datetime | None = None
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)

    @property
    def last_4_code_chars(self) -> str:
        return self.code[-4:]

    @property
    def initial_balance(self) -> Money:
        return Money(self.initial, self.currency)

    @property
    def current_balance(self) -> Money:
        return Money(self.left, self.currency)
