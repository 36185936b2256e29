"""When a voucher's code works, and what it takes off (saleor/discount/utils/voucher.py)."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sandbox.catalogue import Product
from sandbox.money import ZERO, cents, spread
from sandbox.promos import Voucher, VoucherCode
from sandbox.rules.refusal import Refused
from sandbox.sales import Checkout, CheckoutLine
from sandbox.store import Store


class NotApplicable(Exception):  # noqa: N818 - Saleor's own word
    """The voucher exists and is active, but not for this cart."""


@dataclass
class Reduction:
    """What a voucher takes off: an amount from each line, or from shipping."""

    name: str | None
    total: Decimal = ZERO
    by_line: dict[str, Decimal] = field(default_factory=dict)
    from_shipping: bool = False


def active(voucher: Voucher, *, channel: str, now: datetime) -> bool:
    """In its dates, under its limit over all codes together, and listed in the channel."""
    if voucher.start_date > now or (voucher.end_date is not None and voucher.end_date < now):
        return False
    if voucher.usage_limit is not None and voucher.used >= voucher.usage_limit:
        return False
    return channel in voucher.listings


def find(store: Store, code: str, *, channel: str) -> tuple[Voucher, VoucherCode]:
    """The voucher of a code that works in a channel now. Refuses what is unknown or spent."""
    voucher, one = store.codes.get(code, (None, None))
    if voucher is None or one is None or not one.is_active:
        raise invalid_code()
    if not active(voucher, channel=channel, now=store.clock.now()):
        raise invalid_code()
    return voucher, one


def invalid_code() -> Refused:
    return Refused("promoCode", "INVALID", "Promo code is invalid")


def reduction(voucher: Voucher, cart: Checkout) -> Reduction:
    """What the voucher takes off this cart. Raises NotApplicable."""
    fit(voucher, cart)
    result = Reduction(voucher.name)
    if voucher.type == "SHIPPING":
        result.from_shipping = True
        result.total = off_shipping(voucher, cart)
        return result
    lines = [one for one in cart.lines if covers(voucher, one)]
    if not lines:
        raise NotApplicable("This offer is only valid for selected items.")
    if voucher.apply_once_per_order:
        lines = [min(lines, key=lambda one: one.unit_gross)]
        result.by_line = {lines[0].id: take(voucher, cart, lines[0].unit_gross)}
    elif voucher.type == "ENTIRE_ORDER":
        subtotal = sum((one.full_gross for one in lines), ZERO)
        shares = spread(take(voucher, cart, subtotal), [one.full_gross for one in lines])
        result.by_line = {one.id: share for one, share in zip(lines, shares, strict=True)}
    else:
        result.by_line = {
            one.id: take(voucher, cart, one.unit_gross) * one.quantity for one in lines
        }
    result.total = sum(result.by_line.values(), ZERO)
    return result


def fit(voucher: Voucher, cart: Checkout) -> None:
    """The four conditions Saleor asks of every cart. Raises NotApplicable."""
    listing = voucher.listings.get(cart.channel.slug)
    if listing is None:
        raise NotApplicable("This voucher is not assigned to this channel")
    if listing.min_amount is not None and cart.full_subtotal < listing.min_amount:
        raise NotApplicable(f"This offer is only valid for orders over {listing.min_amount}.")
    least = voucher.min_checkout_items_quantity
    if least and cart.quantity < least:
        raise NotApplicable(f"This offer is only valid for orders with a minimum of {least}.")
    if voucher.apply_once_per_customer and used_by(voucher, cart.customer_email):
        raise NotApplicable("This offer is valid only once per customer.")
    if voucher.only_for_staff and not (cart.user and cart.user.is_staff):
        raise NotApplicable("This offer is valid only for staff customers.")


def used_by(voucher: Voucher, email: str | None) -> bool:
    """Once per customer is by e-mail, over all codes of the voucher."""
    return any(email in code.customers for code in voucher.codes.values())


def take(voucher: Voucher, cart: Checkout, price: Decimal) -> Decimal:
    value = voucher.listings[cart.channel.slug].discount_value
    off = cents(price * value / 100) if voucher.discount_value_type == "PERCENTAGE" else value
    return min(off, price)


def off_shipping(voucher: Voucher, cart: Checkout) -> Decimal:
    if not cart.has_delivery:
        raise NotApplicable("Please select a delivery method first.")
    return take(voucher, cart, cart.channel.shipping_gross)


def covers(voucher: Voucher, line: CheckoutLine) -> bool:
    chosen = voucher.products | voucher.variants | voucher.collections | voucher.categories
    if voucher.type != "SPECIFIC_PRODUCT" or not chosen:
        return True
    variant, product = line.variant_of, line.variant_of.product
    return bool(chosen & {variant.id, product.id, *category_ids(product), *collection_ids(product)})


def category_ids(product: Product) -> set[str]:
    return {product.category.id} if product.category else set()


def collection_ids(product: Product) -> set[str]:
    return {one.id for one in product.collections}


def use(voucher: Voucher, code: VoucherCode, email: str | None) -> None:
    """An order was placed with the code. Raises NotApplicable for a second time by a customer."""
    if voucher.apply_once_per_customer:
        if not email:
            raise NotApplicable("Unable to apply voucher as customer details are missing.")
        if used_by(voucher, email):
            raise NotApplicable("This offer is only valid once per customer.")
        code.customers.add(email)
    if voucher.usage_limit is not None:
        code.used += 1
    if voucher.single_use:
        code.is_active = False


def release(voucher: Voucher, code: VoucherCode, email: str) -> None:
    """An unpaid order expired: its code can be used again."""
    if voucher.usage_limit is not None:
        code.used = max(code.used - 1, 0)
    if voucher.single_use:
        code.is_active = True
    code.customers.discard(email)
