"""orderBulkCreate: orders of another system, told in one event with all of them."""

from typing import Any

from sandbox.api.ask import Args, Ask
from sandbox.api.mutations.addresses import address_from, maybe_address
from sandbox.api.mutations.answer import Answer, pairs
from sandbox.money import ZERO, cents
from sandbox.rules import orders
from sandbox.rules.refusal import Refused
from sandbox.sales import Order, OrderLine
from sandbox.store import Store


def bulk_create(ask: Ask, args: Args) -> Answer:
    store, results, made = ask.shop.store, [], []
    for asked in args["orders"]:
        try:
            order = order_from(store, asked)
        except Refused as refused:
            entry = Answer(message=str(refused), code=refused.entry["code"], path="")
            results.append(Answer(order=None, errors=[entry]))
            continue
        made.append(store.add_order(order))
        results.append(Answer(order=order, errors=[]))
    if made:
        store.emit("ORDER_BULK_CREATED", made)
    return Answer(count=len(made), results=results)


def order_from(store: Store, asked: Any) -> Order:
    channel = store.channels.get(asked["channel"])
    if channel is None:
        raise Refused("channel", "NOT_FOUND", f"No channel {asked['channel']}.")
    who = asked["user"]
    user = store.users.get(who.get("id") or "") or store.user_by_email(who.get("email"))
    order = Order(
        id=store.numbers.unique("Order"),
        number=str(store.numbers.next("order number")),
        channel=channel,
        created=asked["createdAt"],
        updated_at=store.instant(),
        status=asked.get("status") or "UNFULFILLED",
        origin="BULK_CREATE",
        user_email=user.email if user else who.get("email") or "",
        language_code=asked["languageCode"],
        user=user,
        external_reference=asked.get("externalReference"),
        customer_note=asked.get("customerNote") or "",
        billing_address=address_from(store, asked["billingAddress"]),
        shipping_address=maybe_address(store, asked.get("shippingAddress")),
        metadata=pairs(asked.get("metadata")),
        private_metadata=pairs(asked.get("privateMetadata")),
    )
    delivery = (asked.get("deliveryMethod") or {}).get("shippingPrice")
    order.shipping_gross = cents(delivery["gross"]) if delivery else ZERO
    order.full_shipping_gross = order.shipping_gross
    order.lines = [line_from(store, order, line) for line in asked["lines"]]
    for payment in asked.get("transactions") or ():
        charged = (payment.get("amountCharged") or {}).get("amount", ZERO)
        order.transactions.append(
            orders.new_transaction(store, channel.currency_code, charged=cents(charged))
        )
    return order


def line_from(store: Store, order: Order, asked: Any) -> OrderLine:
    variant = store.variants.get(asked.get("variantId") or "") or next(
        (one for one in store.variants.values() if one.sku == asked.get("variantSku")), None
    )
    if variant is None:
        raise Refused("variantId", "NOT_FOUND", "No such variant.")
    quantity = asked["quantity"]
    return OrderLine(
        id=store.numbers.unique("OrderLine"),
        order=order,
        product_name=asked.get("productName") or variant.product.name,
        variant_name=asked.get("variantName") or variant.name,
        product_sku=asked.get("productSku") or variant.sku,
        product_variant_id=variant.id,
        quantity=quantity,
        full_unit_gross=cents(asked["undiscountedTotalPrice"]["gross"] / quantity),
        total_gross=cents(asked["totalPrice"]["gross"]),
        variant_of=variant,
    )
