"""An order's life: from a cart, paid, confirmed, sent, refunded, cancelled, expired."""

from collections.abc import Sequence
from decimal import Decimal

from sandbox.ids import global_id
from sandbox.money import ZERO, cents
from sandbox.promos import Voucher
from sandbox.rules import vouchers
from sandbox.rules.refusal import Refused
from sandbox.sales import (
    Checkout,
    Discount,
    Fulfillment,
    FulfillmentLine,
    Order,
    OrderLine,
    Payment,
    Transaction,
)
from sandbox.store import Store

FINAL = ("CANCELED", "EXPIRED")


def complete(store: Store, cart: Checkout) -> Order:
    """Turn a cart into an order and forget the cart, which nobody is told.

    Paid: CREATED, PAID, FULLY_PAID, UPDATED and CONFIRMED at once. Unpaid where the channel lets
    it: CREATED and CONFIRMED, and the order stays UNCONFIRMED until money comes.
    """
    ready(cart)
    voucher = spend_voucher(store, cart)
    order = order_from(store, cart, voucher)
    spend_gift_cards(store, cart)
    remember_addresses(cart)
    del store.checkouts[cart.id]
    store.add_order(order)
    covered = order.authorize_status == "FULL"
    confirmed = cart.channel.automatically_confirm_all_new_orders
    if covered and confirmed:
        order.status = "UNFULFILLED"
    store.emit("ORDER_CREATED", order)
    if order.is_paid:
        store.emit("ORDER_PAID", order)
        store.emit("ORDER_FULLY_PAID", order)
        store.emit("ORDER_UPDATED", order)
    if confirmed:
        store.emit("ORDER_CONFIRMED", order)
    return order


def ready(cart: Checkout) -> None:
    if not cart.lines:
        raise Refused("lines", "NO_LINES", "Cannot create an order without lines.")
    if not cart.customer_email:
        raise Refused("email", "EMAIL_NOT_SET", "Checkout email must be set.")
    if not cart.has_delivery:
        raise Refused("shippingMethod", "SHIPPING_METHOD_NOT_SET", "Shipping method is not set.")
    if cart.billing_address is None:
        raise Refused("billingAddress", "BILLING_ADDRESS_NOT_SET", "Billing address is not set.")
    if cart.authorize_status != "FULL" and not cart.channel.allow_unpaid_orders:
        raise Refused(
            None,
            "CHECKOUT_NOT_FULLY_PAID",
            "The authorized amount doesn't cover the checkout's total amount.",
        )


def spend_voucher(store: Store, cart: Checkout) -> Voucher | None:
    """Count the cart's code as used. Refuses one that ran out while the cart stood."""
    if cart.voucher_code is None:
        return None
    voucher, code = store.codes.get(cart.voucher_code, (None, None))
    now = store.clock.now()
    if voucher is None or code is None or not code.is_active:
        raise expired_meanwhile()
    if not vouchers.active(voucher, channel=cart.channel.slug, now=now):
        raise expired_meanwhile()
    try:
        vouchers.use(voucher, code, cart.customer_email)
    except vouchers.NotApplicable as reason:
        raise Refused("voucherCode", "VOUCHER_NOT_APPLICABLE", str(reason)) from None
    return voucher


def expired_meanwhile() -> Refused:
    message = "Voucher expired in meantime. Order placement aborted."
    return Refused("voucherCode", "VOUCHER_NOT_APPLICABLE", message)


def order_from(store: Store, cart: Checkout, voucher: Voucher | None) -> Order:
    """The order a cart becomes; a guest with a registered e-mail gets that account's user."""
    now = store.instant()
    channel = cart.channel
    email = cart.customer_email or ""
    order = Order(
        id=store.numbers.unique("Order"),
        number=str(store.numbers.next("order number")),
        channel=channel,
        created=now,
        updated_at=store.instant(),
        status="UNCONFIRMED",
        origin="CHECKOUT",
        user_email=email,
        language_code=cart.language_code,
        user=cart.user or store.user_by_email(email),
        checkout_id=cart.id,
        billing_address=cart.billing_address,
        shipping_address=cart.shipping_address,
        shipping_gross=cart.shipping_gross,
        full_shipping_gross=channel.shipping_gross if cart.has_delivery else ZERO,
        gift_amount=cart.gift_amount,
        gift_cards=list(cart.gift_cards),
        voucher=voucher,
        voucher_code=cart.voucher_code,
        transactions=cart.transactions,
        metadata=dict(cart.metadata),
        private_metadata=dict(cart.private_metadata),
    )
    for line in cart.lines:
        order.lines.append(
            OrderLine(
                id=store.numbers.unique("OrderLine"),
                order=order,
                product_name=line.variant_of.product.name,
                variant_name=line.variant_of.name,
                product_sku=line.variant_of.sku,
                product_variant_id=line.variant_of.id,
                quantity=line.quantity,
                full_unit_gross=line.unit_gross,
                total_gross=line.full_gross - line.off,
                variant_of=line.variant_of,
            )
        )
    if voucher and cart.discount_amount:
        order.discounts.append(as_discount(store, cart, voucher))
        if voucher.type == "SPECIFIC_PRODUCT" or voucher.apply_once_per_order:
            name_on_lines(cart, order)
    return order


def as_discount(store: Store, cart: Checkout, voucher: Voucher) -> Discount:
    """Saleor writes an order-level voucher down as a fixed amount, whatever it was."""
    money = cart.channel.money(cart.discount_amount)
    key = store.numbers.unique("OrderDiscount")
    return Discount(key, "VOUCHER", voucher.name, "FIXED", cart.discount_amount, money)


def name_on_lines(cart: Checkout, order: Order) -> None:
    """A voucher on single products stands on their lines, not on the order."""
    order.discounts.clear()
    for one, line in zip(cart.lines, order.lines, strict=True):
        line.voucher_code = cart.voucher_code if one.off else None


def spend_gift_cards(store: Store, cart: Checkout) -> None:
    left = cart.gift_amount
    for card in cart.gift_cards:
        part = min(card.left, left)
        card.left -= part
        left -= part
        card.last_used_on = store.clock.now()
        card.used_by_email = cart.customer_email


def remember_addresses(cart: Checkout) -> None:
    """A signed-in shopper's first addresses become her account's, and nobody is told."""
    user = cart.user
    if user is None:
        return
    user.default_billing_address = user.default_billing_address or cart.billing_address
    user.default_shipping_address = user.default_shipping_address or cart.shipping_address
    for address in (cart.billing_address, cart.shipping_address):
        if address is not None and address not in user.addresses:
            user.addresses.append(address)


def charge(store: Store, order: Order, *, before: Decimal) -> None:
    """Tell what money that came in by a transaction did; `before` is what was charged so far."""
    if order.charged > before and order.status == "UNCONFIRMED":
        order.status = "UNFULFILLED"
    order.updated_at = store.instant()
    if order.charged > before:
        store.emit("ORDER_PAID", order)
        if order.is_paid:
            store.emit("ORDER_FULLY_PAID", order)
    store.emit("ORDER_UPDATED", order)


def give_back(store: Store, order: Order) -> None:
    """Tell a refund that is booked already; the last one says so."""
    order.updated_at = store.instant()
    if order.transactions and order.status == "UNCONFIRMED":
        order.status = "UNFULFILLED"
    store.emit("ORDER_REFUNDED", order)
    store.emit("ORDER_UPDATED", order)
    if order.refunded >= order.total_amount:
        store.emit("ORDER_FULLY_REFUNDED", order)


def mark_as_paid(store: Store, order: Order, reference: str | None = None) -> None:
    """Staff says the money is there: FULLY_PAID and UPDATED, no PAID, and the status stays."""
    due = order.total_amount - order.charged
    if due <= 0:
        raise Refused("payment", "PAID_ORDER", "Orders that are already paid cannot be marked.")
    now = store.instant()
    currency = order.channel.currency_code
    if order.channel.mark_as_paid_strategy == "TRANSACTION_FLOW":
        order.transactions.append(new_transaction(store, currency, charged=due, psp=reference))
    else:
        key = store.numbers.serial("Payment")
        order.payments.append(Payment(key, now, now, currency, due, due))
    order.updated_at = store.instant()
    store.emit("ORDER_FULLY_PAID", order)
    store.emit("ORDER_UPDATED", order)


def new_transaction(
    store: Store, currency: str, *, charged: Decimal = ZERO, psp: str | None = None
) -> Transaction:
    now, token = store.instant(), store.numbers.uuid()
    return Transaction(
        id=global_id("TransactionItem", token),
        token=token,
        created_at=now,
        modified_at=now,
        currency=currency,
        charged=charged,
        psp_reference=psp or "",
        actions=["REFUND"],
    )


def refund_payment(store: Store, order: Order, amount: Decimal) -> None:
    """orderRefund: the older flow, which leaves a REFUNDED fulfilment behind."""
    payment = next((one for one in order.payments if one.captured >= amount), None)
    if payment is None:
        raise Refused("amount", "CANNOT_REFUND", "Amount can't be bigger than charged.")
    payment.captured -= amount
    payment.refunded += amount
    fulfillment = new_fulfillment(store, order, "REFUNDED", ())
    fulfillment.total_refunded_amount = order.channel.money(amount)
    give_back(store, order)


def refund_transaction(store: Store, order: Order, amount: Decimal) -> None:
    """The same by a transaction: charged falls, refunded rises."""
    amount = cents(amount)
    one = next((one for one in order.transactions if one.charged >= amount), None)
    if one is None:
        raise Refused("amount", "CANNOT_REFUND", "Amount can't be bigger than charged.")
    one.charged -= amount
    one.refunded += amount
    one.modified_at = store.instant()
    give_back(store, order)


def cancel(store: Store, order: Order) -> None:
    """Cancelled, still charged what it was charged: nothing is given back by itself."""
    sent = any(one.status == "FULFILLED" for one in order.fulfillments)
    if order.status in FINAL or sent:
        raise Refused("order", "CANNOT_CANCEL_ORDER", "This order can't be canceled.")
    order.status = "CANCELED"
    order.updated_at = store.instant()
    store.emit("ORDER_CANCELLED", order)
    store.emit("ORDER_UPDATED", order)


def confirm(store: Store, order: Order) -> None:
    if order.status != "UNCONFIRMED":
        raise Refused("id", "INVALID", "Provided order id belongs to an order with status other.")
    order.status = "UNFULFILLED"
    order.updated_at = store.instant()
    store.emit("ORDER_CONFIRMED", order)


def expire(store: Store, order: Order) -> None:
    """An unpaid order ran out of time; Saleor leaves `updatedAt` alone and frees the code."""
    order.status = "EXPIRED"
    if order.voucher and order.voucher_code in order.voucher.codes:
        vouchers.release(order.voucher, order.voucher.codes[order.voucher_code], order.user_email)
    store.emit("ORDER_EXPIRED", order)
    store.emit("ORDER_UPDATED", order)


def fulfil(store: Store, order: Order, wanted: Sequence[tuple[OrderLine, int]]) -> Fulfillment:
    """Send lines. ORDER_FULFILLED only when everything is on its way."""
    for line, quantity in wanted:
        if not 0 < quantity <= line.quantity_to_fulfill:
            raise Refused(
                "orderLineId", "FULFILL_ORDER_LINE", f"Only {line.quantity_to_fulfill} are left."
            )
    fulfillment = new_fulfillment(store, order, "FULFILLED", wanted)
    for line, quantity in wanted:
        line.quantity_fulfilled += quantity
    whole = not any(line.quantity_to_fulfill for line in order.lines)
    order.status = "FULFILLED" if whole else "PARTIALLY_FULFILLED"
    order.updated_at = store.instant()
    store.emit("FULFILLMENT_CREATED", fulfillment)
    store.emit("ORDER_UPDATED", order)
    if whole:
        store.emit("ORDER_FULFILLED", order)
    return fulfillment


def new_fulfillment(
    store: Store, order: Order, status: str, wanted: Sequence[tuple[OrderLine, int]]
) -> Fulfillment:
    lines = [FulfillmentLine(store.numbers.serial("FulfillmentLine"), n, o) for o, n in wanted]
    fulfillment = Fulfillment(
        id=store.numbers.serial("Fulfillment"),
        order=order,
        fulfillment_order=len(order.fulfillments) + 1,
        status=status,
        created=store.instant(),
        lines=lines,
    )
    order.fulfillments.append(fulfillment)
    return fulfillment
