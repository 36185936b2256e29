"""What shoppers do to a cart. Every change bumps `updatedAt`, prices it anew and is told."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sandbox.catalogue import Channel, Variant
from sandbox.ids import global_id
from sandbox.money import ZERO
from sandbox.people import Address, User
from sandbox.rules import vouchers
from sandbox.rules.refusal import Refused
from sandbox.sales import Checkout, CheckoutLine
from sandbox.store import Store

Wanted = Sequence[tuple[Variant, int]]


def open_cart(
    store: Store,
    channel: Channel,
    wanted: Wanted,
    *,
    user: User | None = None,
    email: str | None = None,
    language: str | None = None,
    addresses: tuple[Address | None, Address | None] = (None, None),
    metadata: Mapping[str, str] | None = None,
    private_metadata: Mapping[str, str] | None = None,
) -> Checkout:
    """A new cart; `addresses` are (shipping, billing). A signed-in shopper's e-mail wins."""
    now = store.instant()
    token = store.numbers.uuid()
    cart = Checkout(
        id=global_id("Checkout", token),
        token=token,
        channel=channel,
        created=now,
        updated_at=now,
        language_code=language or channel.language,
        email=user.email if user else email,
        user=user,
        shipping_address=addresses[0],
        billing_address=addresses[1],
        metadata=dict(metadata or {}),
        private_metadata=dict(private_metadata or {}),
    )
    put(store, cart, wanted)
    store.add_checkout(cart)
    store.emit("CHECKOUT_CREATED", cart)
    return cart


def put(store: Store, cart: Checkout, wanted: Wanted) -> None:
    """Add to lines that are there, open the others. Refuses what the channel does not sell."""
    for variant, quantity in wanted:
        if quantity <= 0:
            raise Refused("quantity", "ZERO_QUANTITY", "The quantity should be higher than zero.")
        if not variant.product.on_sale_in(cart.channel):
            raise Refused(
                "lines",
                "UNAVAILABLE_VARIANT_IN_CHANNEL",
                "Cannot add lines with unavailable variants.",
            )
        line = line_of(cart, variant)
        if line:
            line.quantity += quantity
        else:
            key = store.numbers.unique("CheckoutLine")
            cart.lines.append(CheckoutLine(key, cart, variant, quantity))


def line_of(cart: Checkout, variant: Variant) -> CheckoutLine | None:
    return next((one for one in cart.lines if one.variant_of is variant), None)


def add_lines(store: Store, cart: Checkout, wanted: Wanted) -> None:
    put(store, cart, wanted)
    changed(store, cart)


def set_email(store: Store, cart: Checkout, email: str) -> None:
    cart.email = email
    changed(store, cart)


def attach(store: Store, cart: Checkout, user: User | None) -> None:
    cart.user = user
    cart.email = user.email if user else cart.email
    changed(store, cart)


def set_addresses(
    store: Store, cart: Checkout, *, shipping: Address | None = None, billing: Address | None = None
) -> None:
    cart.shipping_address = shipping or cart.shipping_address
    cart.billing_address = billing or cart.billing_address
    changed(store, cart)


def choose_delivery(store: Store, cart: Checkout) -> None:
    cart.has_delivery = True
    changed(store, cart)


def changed(store: Store, cart: Checkout) -> None:
    """After any change of a cart: price it, stamp it, tell it."""
    reprice(store, cart)
    cart.updated_at = store.instant()
    store.emit("CHECKOUT_UPDATED", cart)


def reprice(store: Store, cart: Checkout) -> None:
    """Work out the discount anew; a voucher that no longer fits is dropped without a word."""
    if cart.voucher_code is None:
        return
    voucher, code = store.codes.get(cart.voucher_code, (None, None))
    if voucher is None or code is None or not code.is_active or not in_force(store, cart):
        drop_voucher(cart)
        return
    try:
        apply(cart, vouchers.reduction(voucher, cart))
    except vouchers.NotApplicable:
        drop_voucher(cart)


def in_force(store: Store, cart: Checkout) -> bool:
    voucher, _ = store.codes[cart.voucher_code or ""]
    return vouchers.active(voucher, channel=cart.channel.slug, now=store.clock.now())


def apply(cart: Checkout, reduction: vouchers.Reduction) -> None:
    cart.discount_name = reduction.name
    cart.discount_amount = reduction.total
    cart.shipping_off = reduction.total if reduction.from_shipping else ZERO
    for line in cart.lines:
        line.off = reduction.by_line.get(line.id, ZERO)


def drop_voucher(cart: Checkout) -> None:
    cart.voucher_code = None
    apply(cart, vouchers.Reduction(None))


def add_promo_code(store: Store, cart: Checkout, text: str) -> None:
    """A voucher's code replaces the one that is there without asking; a gift card's is added."""
    code = text.strip()
    if code in store.gift_codes:
        add_gift_card(store, cart, code)
        return
    voucher, _ = vouchers.find(store, code, channel=cart.channel.slug)
    try:
        reduction = vouchers.reduction(voucher, cart)
    except vouchers.NotApplicable:
        raise Refused(
            "promoCode", "VOUCHER_NOT_APPLICABLE", "Voucher is not applicable to this checkout."
        ) from None
    cart.voucher_code = code
    apply(cart, reduction)
    changed(store, cart)


def add_gift_card(store: Store, cart: Checkout, code: str) -> None:
    card = store.gift_codes[code]
    expired = card.expiry_date is not None and card.expiry_date < store.clock.now().date()
    foreign = card.assigned_to is not None and card.assigned_to is not cart.user
    if not card.is_active or not card.left or expired or foreign:
        raise vouchers.invalid_code()
    if card.currency != cart.channel.currency_code:
        raise vouchers.invalid_code()
    if card not in cart.gift_cards:
        cart.gift_cards.append(card)
    changed(store, cart)


def remove_promo_code(store: Store, cart: Checkout, text: str) -> None:
    code = text.strip()
    card = store.gift_codes.get(code)
    if card is not None and card in cart.gift_cards:
        cart.gift_cards.remove(card)
    elif code == cart.voucher_code:
        drop_voucher(cart)
    elif store.taken(code):
        message = "Cannot remove a voucher not attached to this checkout."
        raise Refused(None, "INVALID", message)
    else:
        raise Refused(None, "NOT_FOUND", "Promo code does not exists.")
    changed(store, cart)


def pay(store: Store, cart: Checkout, amount: Decimal) -> None:
    """Tell what a payment on the cart brought about; the transaction is there already."""
    before = cart.charged - amount
    due = cart.total_price.gross.amount
    if before < due <= cart.charged:
        store.emit("CHECKOUT_FULLY_PAID", cart)
    if cart.authorize_status == "FULL":
        store.emit("CHECKOUT_FULLY_AUTHORIZED", cart)
