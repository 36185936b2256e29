"""Carts at the API: public by id, as Saleor's are."""

from typing import Any

from sandbox.api.ask import Args, Ask
from sandbox.api.mutations.addresses import address_from, maybe_address
from sandbox.api.mutations.answer import Asked, change, found, pairs
from sandbox.catalogue import Variant
from sandbox.rules import carts, orders
from sandbox.rules.refusal import PermissionDenied, Refused
from sandbox.sales import Checkout, CheckoutLine, Order


def cart(ask: Ask, args: Args) -> Checkout:
    """By `id`, or by the deprecated `checkoutId` and `token`."""
    held = ask.shop.store.checkouts
    key = args.get("id") or args.get("checkoutId")
    thing = held.get(key) if key else None
    if args.get("token"):
        thing = next((one for one in held.values() if one.token == args["token"]), None)
    kept: Checkout = found(thing, "id", key or args.get("token") or "")
    return kept


def variant(ask: Ask, key: str | None) -> Variant:
    thing: Variant = found(ask.shop.store.variants.get(key or ""), "variantId", key or "")
    return thing


def wanted(ask: Ask, lines: Any) -> list[tuple[Variant, int]]:
    return [(variant(ask, line["variantId"]), line["quantity"]) for line in lines]


def create(ask: Ask, args: Args) -> Checkout:
    asked, store = args["input"], ask.shop.store
    channel = store.channels.get(asked.get("channel") or "")
    if channel is None:
        raise Refused("channel", "NOT_FOUND", f"Channel with '{asked.get('channel')}' not found.")
    if asked.get("privateMetadata"):
        ask.need("MANAGE_CHECKOUTS", "HANDLE_CHECKOUTS")
    shopper = ask.who.user if ask.who.app is None else None
    return carts.open_cart(
        store,
        channel,
        wanted(ask, asked["lines"]),
        user=shopper,
        email=asked.get("email"),
        language=asked.get("languageCode"),
        addresses=(
            maybe_address(store, asked.get("shippingAddress")),
            maybe_address(store, asked.get("billingAddress")),
        ),
        metadata=pairs(asked.get("metadata")),
        private_metadata=pairs(asked.get("privateMetadata")),
    )


def add_lines(ask: Ask, args: Args) -> Checkout:
    thing = cart(ask, args)
    carts.add_lines(ask.shop.store, thing, wanted(ask, args["lines"]))
    return thing


def line_of(ask: Ask, thing: Checkout, asked: Any) -> CheckoutLine:
    if asked.get("lineId"):
        line = next((one for one in thing.lines if one.id == asked["lineId"]), None)
    else:
        line = carts.line_of(thing, variant(ask, asked.get("variantId")))
    kept: CheckoutLine = found(line, "lines", "CheckoutLine")
    return kept


def update_lines(ask: Ask, args: Args) -> Checkout:
    thing = cart(ask, args)
    for asked in args["lines"]:
        if asked.get("quantity") is not None:
            line = line_of(ask, thing, asked)
            line.quantity = asked["quantity"]
    thing.lines = [line for line in thing.lines if line.quantity > 0]
    carts.changed(ask.shop.store, thing)
    return thing


def delete_lines(ask: Ask, args: Args) -> Checkout:
    thing, gone = cart(ask, args), set(args["linesIds"])
    thing.lines = [line for line in thing.lines if line.id not in gone]
    carts.changed(ask.shop.store, thing)
    return thing


def set_email(ask: Ask, args: Args) -> Checkout:
    thing = cart(ask, args)
    carts.set_email(ask.shop.store, thing, args["email"])
    return thing


def attach(ask: Ask, args: Args) -> Checkout:
    """A signed-in shopper attaches herself; another customer needs IMPERSONATE_USER."""
    thing, user = cart(ask, args), ask.who.user
    if args.get("customerId") and not (user and user.id == args["customerId"]):
        ask.need("IMPERSONATE_USER")
        user = ask.shop.store.users.get(args["customerId"])
    if user is None:
        raise PermissionDenied(("AUTHENTICATED_APP", "AUTHENTICATED_USER"))
    carts.attach(ask.shop.store, thing, user)
    return thing


def detach(ask: Ask, args: Args) -> Checkout:
    thing = cart(ask, args)
    if not ask.is_owner(thing.user):
        ask.need("IMPERSONATE_USER")
    carts.attach(ask.shop.store, thing, None)
    return thing


def add_code(ask: Ask, args: Args) -> Checkout:
    thing = cart(ask, args)
    carts.add_promo_code(ask.shop.store, thing, args["promoCode"])
    return thing


def remove_code(ask: Ask, args: Args) -> Checkout:
    thing = cart(ask, args)
    code = args.get("promoCode") or next(
        (one.code for one in thing.gift_cards if one.id == args.get("promoCodeId")),
        thing.voucher_code or "",
    )
    carts.remove_promo_code(ask.shop.store, thing, code)
    return thing


def ship_to(ask: Ask, args: Args) -> Checkout:
    thing, store = cart(ask, args), ask.shop.store
    carts.set_addresses(store, thing, shipping=address_from(store, args["shippingAddress"]))
    return thing


def bill_to(ask: Ask, args: Args) -> Checkout:
    thing, store = cart(ask, args), ask.shop.store
    carts.set_addresses(store, thing, billing=address_from(store, args["billingAddress"]))
    return thing


def deliver(ask: Ask, args: Args) -> Checkout:
    thing = cart(ask, args)
    carts.choose_delivery(ask.shop.store, thing)
    return thing


def complete(ask: Ask, args: Args) -> Order:
    """A cart that became an order already answers with that order again."""
    key = args.get("id") or args.get("checkoutId")
    if key and key not in ask.shop.store.checkouts:
        done = (one for one in ask.shop.store.orders.values() if one.checkout_id == key)
        order = next(done, None)
        if order is not None:
            return order
    thing = cart(ask, args)
    thing.metadata.update(pairs(args.get("metadata")))
    return orders.complete(ask.shop.store, thing)


CARTS: dict[str, Asked] = {
    "checkoutCreate": change("checkout", create),
    "checkoutLinesAdd": change("checkout", add_lines),
    "checkoutLinesUpdate": change("checkout", update_lines),
    "checkoutLinesDelete": change("checkout", delete_lines),
    "checkoutEmailUpdate": change("checkout", set_email),
    "checkoutCustomerAttach": change("checkout", attach),
    "checkoutCustomerDetach": change("checkout", detach),
    "checkoutAddPromoCode": change("checkout", add_code),
    "checkoutRemovePromoCode": change("checkout", remove_code),
    "checkoutShippingAddressUpdate": change("checkout", ship_to),
    "checkoutBillingAddressUpdate": change("checkout", bill_to),
    "checkoutDeliveryMethodUpdate": change("checkout", deliver),
    "checkoutComplete": change("order", complete),
}
