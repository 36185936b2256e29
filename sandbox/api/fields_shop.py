"""Fields of the shop's things that are not simply an attribute of the same name."""

from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from sandbox.api.ask import Args, Ask
from sandbox.api.pages import page
from sandbox.catalogue import Channel, ProductView, VariantView
from sandbox.ids import global_id
from sandbox.money import ZERO, Money, TaxedMoney
from sandbox.people import User
from sandbox.promos import Voucher
from sandbox.rules.permissions import NAMES
from sandbox.sales import Order, OrderLine, Transaction

COUNTRY_NAMES = {"BR": "Brazil", "PT": "Portugal", "PL": "Poland"}


class Country(NamedTuple):
    code: str
    country: str


class Permission(NamedTuple):
    code: str
    name: str


class Image(NamedTuple):
    url: str
    alt: str | None


class Pricing(NamedTuple):
    price: TaxedMoney | None

    @property
    def on_sale(self) -> bool:
        return False

    @property
    def price_undiscounted(self) -> TaxedMoney | None:
        return self.price


class PriceRange(NamedTuple):
    start: TaxedMoney
    stop: TaxedMoney


class ProductPricing(NamedTuple):
    price_range: PriceRange

    @property
    def on_sale(self) -> bool:
        return False

    @property
    def price_range_undiscounted(self) -> PriceRange:
        return self.price_range


class Method(NamedTuple):
    """The one way the sandbox delivers: a flat price a channel."""

    id: str
    channel: Channel
    metadata: dict[str, str]
    private_metadata: dict[str, str]

    @property
    def price(self) -> Money:
        return self.channel.money(self.channel.shipping_gross)


class Warehouse(NamedTuple):
    id: str
    name: str
    slug: str
    metadata: dict[str, str]
    private_metadata: dict[str, str]


class Allocation(NamedTuple):
    id: str
    quantity: int
    warehouse: Warehouse


STORE_ROOM = Warehouse(global_id("Warehouse", 1), "Store room", "store-room", {}, {})


def country(code: str) -> Country:
    return Country(code, COUNTRY_NAMES.get(code, code))


def permissions(codes: frozenset[str]) -> list[Permission]:
    return [Permission(code, NAMES[code]) for code in sorted(codes)]


def method(channel: Channel) -> Method:
    return Method(global_id("ShippingMethod", channel.slug), channel, {}, {})


def money(name: str) -> Callable[[Any], Money]:
    """An amount of an order as Money of its channel."""
    get = attrgetter(name)
    return lambda order: order.channel.money(get(order))


def amount(name: str) -> Callable[[Transaction], Money]:
    get = attrgetter(name)
    return lambda one: Money(get(one), one.currency)


def nothing(_source: Any) -> None:
    return None


def nowhere(source: Any) -> Money:
    return Money(ZERO, source.currency)


def payment_total(payment: Any) -> Money:
    return Money(payment.total_amount, payment.currency)


def payment_captured(payment: Any) -> Money:
    return Money(payment.captured, payment.currency)


def allocations(line: OrderLine) -> list[Allocation]:
    left = line.quantity_to_fulfill
    key = line.id.rstrip("=") + "a"
    return [Allocation(global_id("Allocation", key), left, STORE_ROOM)] if left else []


def product_pricing(view: ProductView) -> ProductPricing | None:
    if view.channel is None or not view.prices:
        return None
    low, high = min(view.prices), max(view.prices)
    return ProductPricing(PriceRange(view.channel.taxed(low), view.channel.taxed(high)))


def variant_pricing(view: VariantView) -> Pricing | None:
    return None if view.price is None else Pricing(view.price)


def discount_name(order: Order) -> str | None:
    return order.discounts[0].name if order.discounts else None


def discount_amount(order: Order) -> Money:
    total: Decimal = sum((one.total.amount for one in order.discounts), ZERO)
    return order.channel.money(total)


SHOP_PLAIN: dict[str, Callable[[Any], Any]] = {
    "Address.country": lambda address: country(address.country),
    "Channel.defaultCountry": lambda channel: country(channel.country),
    "Channel.countries": lambda channel: [country(channel.country)],
    "Channel.orderSettings": lambda channel: channel,
    "Channel.checkoutSettings": lambda channel: channel,
    "OrderSettings.automaticallyFulfillNonShippableGiftCard": lambda _channel: True,
    "CheckoutSettings.useLegacyErrorFlow": lambda _channel: True,
    "CheckoutSettings.allowLegacyGiftCardUse": lambda _channel: True,
    "User.userPermissions": lambda user: permissions(user.permissions) if user.is_staff else None,
    "Order.trackingClientId": lambda _order: "",
    "Order.shippingMethodName": lambda _order: "Courier",
    "Order.undiscountedShippingPrice": money("full_shipping_gross"),
    "Order.shippingTaxRate": lambda order: order.channel.tax_rate,
    "Order.token": lambda order: order.id,
    "Order.redirectUrl": nothing,
    "Order.statusDisplay": lambda order: order.status.replace("_", " ").capitalize(),
    "Order.totalAuthorized": money("authorized"),
    "Order.totalCaptured": money("charged"),
    "Order.totalCharged": money("charged"),
    "Order.totalCanceled": money("canceled"),
    "Order.totalRefunded": money("refunded"),
    "Order.totalBalance": lambda order: order.channel.money(order.charged - order.total_amount),
    "Order.totalGrantedRefund": lambda order: order.channel.money(ZERO),
    "Order.totalRemainingGrant": lambda order: order.channel.money(ZERO),
    "Order.grantedRefunds": lambda _order: [],
    "Order.isShippingRequired": lambda _order: True,
    "Order.languageCode": lambda order: order.language_code.lower().replace("_", "-"),
    "Order.languageCodeEnum": lambda order: order.language_code,
    "Order.discount": discount_amount,
    "Order.discountName": discount_name,
    "Order.displayGrossPrices": lambda _order: True,
    "OrderDiscount.translatedName": nothing,
    "OrderDiscount.amount": lambda one: one.total,
    "OrderLine.isShippingRequired": lambda _line: True,
    "OrderLine.taxRate": lambda line: line.order.channel.tax_rate,
    "OrderLine.unitDiscountReason": nothing,
    "OrderLine.unitDiscountValue": lambda line: line.unit_discount.amount,
    "OrderLine.unitDiscountType": lambda _line: "FIXED",
    "OrderLine.translatedProductName": lambda _line: "",
    "OrderLine.translatedVariantName": lambda _line: "",
    "OrderLine.allocations": allocations,
    "OrderLine.saleId": nothing,
    "Fulfillment.statusDisplay": lambda one: one.status.capitalize(),
    "Fulfillment.warehouse": lambda _one: STORE_ROOM,
    "Fulfillment.shippingRefundedAmount": nothing,
    "TransactionItem.authorizedAmount": amount("authorized"),
    "TransactionItem.chargedAmount": amount("charged"),
    "TransactionItem.refundedAmount": amount("refunded"),
    "TransactionItem.canceledAmount": amount("canceled"),
    "TransactionItem.authorizePendingAmount": nowhere,
    "TransactionItem.chargePendingAmount": nowhere,
    "TransactionItem.refundPendingAmount": nowhere,
    "TransactionItem.cancelPendingAmount": nowhere,
    "TransactionItem.order": nothing,
    "TransactionItem.checkout": nothing,
    "Payment.total": payment_total,
    "Payment.capturedAmount": payment_captured,
    "Payment.order": nothing,
    "Payment.checkout": nothing,
    "Checkout.lastChange": lambda cart: cart.updated_at,
    "Checkout.customerNote": lambda _cart: "",
    "Checkout.discount": lambda cart: cart.channel.money(cart.discount_amount),
    "Checkout.translatedDiscountName": lambda cart: "" if cart.voucher_code else None,
    "Checkout.availableShippingMethods": lambda cart: [method(cart.channel)],
    "Checkout.shippingMethods": lambda cart: [method(cart.channel)],
    "Checkout.shippingMethod": lambda cart: method(cart.channel) if cart.has_delivery else None,
    "Checkout.isShippingRequired": lambda _cart: True,
    "Checkout.displayGrossPrices": lambda _cart: True,
    "CheckoutLine.requiresShipping": lambda _line: True,
    "ShippingMethod.name": lambda _method: "Courier",
    "ShippingMethod.active": lambda _method: True,
    "Voucher.discountValue": lambda voucher: first_listing(voucher, "discount_value"),
    "Voucher.currency": lambda voucher: first_listing(voucher, "currency"),
    "Voucher.minSpent": lambda voucher: first_listing(voucher, "min_spent"),
    "GiftCard.displayCode": lambda card: card.last_4_code_chars,
    "GiftCard.createdBy": nothing,
    "GiftCard.usedBy": nothing,
    "GiftCard.assignedToEmail": lambda card: card.assigned_to and card.assigned_to.email,
    "GiftCard.app": nothing,
    "Product.channel": lambda view: view.channel and view.channel.slug,
    "Product.description": nothing,
    "Product.isAvailable": lambda view: (
        view.channel and view.of.on_sale_in(view.channel) and view.of.in_stock
    ),
    "Product.isAvailableForPurchase": lambda view: (
        view.channel and view.of.on_sale_in(view.channel)
    ),
    "Product.pricing": product_pricing,
    "ProductVariant.channel": lambda view: view.channel and view.channel.slug,
    "ProductVariant.pricing": variant_pricing,
    "ProductVariant.quantityAvailable": lambda view: view.of.stock,
    "ProductVariant.trackInventory": lambda _view: True,
    "ProductChannelListing.availableForPurchaseAt": lambda listing: listing.published_at,
    "ProductChannelListing.discountedPrice": nothing,
    "ProductChannelListing.purchaseCost": nothing,
    "ProductChannelListing.margin": nothing,
    "ProductChannelListing.pricing": nothing,
    "Collection.channel": nothing,
}


def first_listing(voucher: Voucher, name: str) -> Any:
    first = next(iter(voucher.listings.values()), None)
    return getattr(first, name) if first else None


def codes(voucher: Voucher, args: Args) -> Any:
    """Newest first, as Saleor lists them."""
    held = list(reversed(voucher.codes.values()))
    return page("codes", held, lambda code: (code.created_at, 0), args)


def none_of(name: str) -> Callable[[Any, Args], Any]:
    return lambda _source, args: page(name, [], lambda _one: ("", 0), args)


SHOP_WITH_ARGS: dict[str, Callable[[Any, Args], Any]] = {
    "Voucher.codes": codes,
    "Voucher.categories": none_of("categories"),
    "Voucher.collections": none_of("collections"),
    "Voucher.products": none_of("products"),
    "Voucher.variants": none_of("variants"),
    "User.giftCards": none_of("giftCards"),
    "Product.productVariants": lambda view, args: page(
        "productVariants", view.variants, lambda one: (one.of.sku, 0), args
    ),
}


def thumbnail(view: ProductView, _args: Args, ask: Ask) -> Image:
    return Image(f"{ask.shop.url}/media/products/{view.of.slug}.svg", view.of.name)


def line_thumbnail(line: OrderLine, args: Args, ask: Ask) -> Image | None:
    return thumbnail(line.variant.product, args, ask) if line.variant else None


def user_orders(user: User, args: Args, ask: Ask) -> Any:
    orders = sorted(ask.shop.store.orders_of(user), key=lambda one: one.seq, reverse=True)
    return page("orders", orders, lambda one: (one.created, one.seq), args)


def user_carts(user: User, args: Args, ask: Ask) -> Any:
    carts = [one for one in ask.shop.store.checkouts.values() if one.user is user]
    return page("checkouts", carts, lambda one: (one.created, one.seq), args)


def user_cart_ids(user: User, _args: Args, ask: Ask) -> list[str]:
    return [one.id for one in ask.shop.store.checkouts.values() if one.user is user]


def has_orders(channel: Channel, _args: Args, ask: Ask) -> bool:
    return any(order.channel is channel for order in ask.shop.store.orders.values())


SHOP_ASKED: dict[str, Callable[[Any, Args, Ask], Any]] = {
    "Product.thumbnail": thumbnail,
    "OrderLine.thumbnail": line_thumbnail,
    "User.orders": user_orders,
    "User.checkouts": user_carts,
    "User.checkoutIds": user_cart_ids,
    "Channel.hasOrders": has_orders,
}
