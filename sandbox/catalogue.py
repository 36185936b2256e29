"""What the shop sells and where: channels, categories, collections, products, variants."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sandbox.money import ZERO, Money, TaxedMoney, cents, net_of, taxed

Texts = dict[str, str]


@dataclass(slots=True, eq=False)
class Channel:
    """A market of the shop: one currency, one tax rate, prices entered with tax."""

    id: str
    slug: str
    name: str
    currency_code: str
    country: str
    tax_rate: Decimal
    shipping_gross: Decimal
    language: str
    is_active: bool = True
    automatically_confirm_all_new_orders: bool = True
    allow_unpaid_orders: bool = True
    expire_orders_after: int | None = 3 * 24 * 60
    mark_as_paid_strategy: str = "PAYMENT_FLOW"
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)
    prices: dict[Decimal, TaxedMoney] = field(default_factory=dict)

    def taxed(self, gross: Decimal) -> TaxedMoney:
        """Gross price with its net and tax; remembered, for the same prices come again."""
        known = self.prices.get(gross)
        if known is None:
            known = taxed(gross, net_of(gross, self.tax_rate), self.currency_code)
            self.prices[gross] = known
        return known

    def money(self, amount: Decimal) -> Money:
        return Money(amount, self.currency_code)


@dataclass(slots=True, eq=False)
class Category:
    id: str
    slug: str
    name: str
    updated_at: datetime
    parent: "Category | None" = None
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)

    @property
    def level(self) -> int:
        return 0 if self.parent is None else self.parent.level + 1


@dataclass(slots=True, eq=False)
class Collection:
    id: str
    slug: str
    name: str
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Attribute:
    """One that is chosen from a list."""

    id: str
    slug: str
    name: str
    input_type: str = "DROPDOWN"


@dataclass(slots=True, eq=False)
class AttributeValue:
    id: str
    slug: str
    name: str


@dataclass(slots=True, eq=False)
class SelectedAttribute:
    attribute: Attribute
    values: list[AttributeValue]


@dataclass(slots=True, eq=False)
class ProductType:
    id: str
    slug: str
    name: str
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class ProductListing:
    """Whether a product is on sale in a channel."""

    id: str
    channel: Channel
    published_at: datetime | None
    is_published: bool = True
    visible_in_listings: bool = True
    is_available_for_purchase: bool = True


@dataclass(slots=True, eq=False)
class VariantListing:
    """A variant's price and cost in a channel."""

    id: str
    channel: Channel
    gross: Decimal
    cost: Decimal

    @property
    def price(self) -> Money:
        return self.channel.money(self.gross)

    @property
    def cost_price(self) -> Money:
        return self.channel.money(self.cost)

    @property
    def margin(self) -> int:
        return int((self.gross - self.cost) * 100 / self.gross) if self.gross else 0


@dataclass(slots=True, eq=False)
class Product:
    id: str
    slug: str
    name: str
    product_type: ProductType
    category: Category | None
    collections: list[Collection]
    created: datetime
    updated_at: datetime
    variants: list["Variant"] = field(default_factory=list)
    listings: dict[str, ProductListing] = field(default_factory=dict)
    attributes: list[SelectedAttribute] = field(default_factory=list)
    rating: float | None = None
    external_reference: str | None = None
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)
    views: dict[str | None, "ProductView"] = field(default_factory=dict)

    def within(self, channel: Channel | None) -> "ProductView":
        slug = channel.slug if channel else None
        if slug not in self.views:
            self.views[slug] = ProductView(self, channel)
        return self.views[slug]

    @property
    def in_stock(self) -> bool:
        return any(variant.stock > 0 for variant in self.variants)

    def on_sale_in(self, channel: Channel) -> bool:
        listing = self.listings.get(channel.slug)
        return bool(listing and listing.is_published and listing.is_available_for_purchase)


@dataclass(slots=True, eq=False)
class Variant:
    id: str
    sku: str
    name: str
    product: Product
    created: datetime
    updated_at: datetime
    listings: dict[str, VariantListing] = field(default_factory=dict)
    stock: int = 10_000
    external_reference: str | None = None
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)
    views: dict[str | None, "VariantView"] = field(default_factory=dict)

    def within(self, channel: Channel | None) -> "VariantView":
        slug = channel.slug if channel else None
        if slug not in self.views:
            self.views[slug] = VariantView(self, channel)
        return self.views[slug]

    def gross_in(self, channel: Channel) -> Decimal:
        listing = self.listings.get(channel.slug)
        return listing.gross if listing else ZERO


@dataclass(slots=True, eq=False)
class ProductView:
    """A product as seen from one channel (or from none): prices exist only in a channel."""

    of: Product
    channel: Channel | None

    @property
    def channel_listings(self) -> list[ProductListing]:
        return list(self.of.listings.values())

    @property
    def variants(self) -> list["VariantView"]:
        return [variant.within(self.channel) for variant in self.of.variants]

    @property
    def default_variant(self) -> "VariantView | None":
        return self.of.variants[0].within(self.channel) if self.of.variants else None

    @property
    def prices(self) -> list[Decimal]:
        if self.channel is None:
            return []
        slug = self.channel.slug
        return [one.listings[slug].gross for one in self.of.variants if slug in one.listings]


@dataclass(slots=True, eq=False)
class VariantView:
    of: Variant
    channel: Channel | None

    @property
    def product(self) -> ProductView:
        return self.of.product.within(self.channel)

    @property
    def channel_listings(self) -> list[VariantListing]:
        return list(self.of.listings.values())

    @property
    def price(self) -> TaxedMoney | None:
        if self.channel is None or self.channel.slug not in self.of.listings:
            return None
        return self.channel.taxed(self.of.listings[self.channel.slug].gross)


def pretty(amount: Decimal) -> Decimal:
    """A price as a shop would write it: up to the next .90 (or whole .00 above 500)."""
    if amount >= 500:
        return cents(Decimal(round(amount / 10) * 10))
    return cents(Decimal(int(amount)) + Decimal("0.90"))
