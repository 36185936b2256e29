"""Orders at the API: staff marks, confirms, sends, refunds and cancels; payments come and go."""

from decimal import Decimal
from typing import Any

from sandbox.api.ask import Args, Ask
from sandbox.api.mutations.answer import Answer, Asked, change, found, pairs
from sandbox.api.mutations.bulk import bulk_create
from sandbox.money import cents
from sandbox.rules import carts, orders
from sandbox.rules.refusal import Refused
from sandbox.sales import Checkout, Order, Transaction

AMOUNTS = {
    "amountAuthorized": "authorized",
    "amountCharged": "charged",
    "amountRefunded": "refunded",
    "amountCanceled": "canceled",
}


def order(ask: Ask, args: Args) -> Order:
    key = args.get("id") or args.get("order") or ""
    thing: Order = found(ask.shop.store.orders.get(key), "id", key)
    return thing


def paid(ask: Ask, args: Args) -> Order:
    thing = order(ask, args)
    orders.mark_as_paid(ask.shop.store, thing, args.get("transactionReference"))
    return thing


def refund(ask: Ask, args: Args) -> Order:
    thing = order(ask, args)
    orders.refund_payment(ask.shop.store, thing, cents(args["amount"]))
    return thing


def cancel(ask: Ask, args: Args) -> Order:
    thing = order(ask, args)
    orders.cancel(ask.shop.store, thing)
    return thing


def confirm(ask: Ask, args: Args) -> Order:
    thing = order(ask, args)
    orders.confirm(ask.shop.store, thing)
    return thing


def fulfil(ask: Ask, args: Args) -> Answer:
    thing = order(ask, args)
    by_id = {line.id: line for line in thing.lines}
    wanted = []
    for asked in args["input"]["lines"]:
        line = found(by_id.get(asked.get("orderLineId") or ""), "orderLineId", "OrderLine")
        wanted.append((line, sum(one["quantity"] for one in asked["stocks"])))
    made = orders.fulfil(ask.shop.store, thing, wanted)
    return Answer(order=thing, fulfillments=[made])


def subject(ask: Ask, key: str) -> Order | Checkout:
    store = ask.shop.store
    thing: Order | Checkout = found(
        store.orders.get(key) or store.checkouts.get(key), "id", key or ""
    )
    return thing


def create_transaction(ask: Ask, args: Args) -> Answer:
    thing, asked = subject(ask, args["id"]), args["transaction"]
    store, currency = ask.shop.store, thing.channel.currency_code
    for name in AMOUNTS:
        if asked.get(name) and asked[name]["currency"] != currency:
            raise Refused(name, "INCORRECT_CURRENCY", f"Currency needs to be the same: {currency}")
    transaction = orders.new_transaction(store, currency)
    before = thing.charged
    fill(transaction, asked)
    transaction.metadata = pairs(asked.get("metadata"))
    transaction.private_metadata = pairs(asked.get("privateMetadata"))
    thing.transactions.append(transaction)
    tell(ask, thing, before=before, refunded=transaction.refunded)
    return Answer(transaction=transaction)


def fill(transaction: Transaction, asked: Any) -> None:
    for spelled, name in AMOUNTS.items():
        if asked.get(spelled):
            setattr(transaction, name, cents(Decimal(asked[spelled]["amount"])))
    transaction.name = asked.get("name") or transaction.name
    transaction.message = asked.get("message") or transaction.message
    transaction.psp_reference = asked.get("pspReference") or transaction.psp_reference
    if asked.get("availableActions") is not None:
        transaction.actions = list(asked["availableActions"])


def tell(ask: Ask, thing: Order | Checkout, *, before: Decimal, refunded: Decimal) -> None:
    store = ask.shop.store
    if isinstance(thing, Checkout):
        carts.pay(store, thing, thing.charged - before)
    elif refunded > 0:
        orders.give_back(store, thing)
    else:
        orders.charge(store, thing, before=before)


def update_transaction(ask: Ask, args: Args) -> Answer:
    """Amounts are set, not added; a refund usually lowers what is charged in the same breath."""
    store, asked = ask.shop.store, args.get("transaction") or {}
    holders: list[Order | Checkout] = [*store.orders.values(), *store.checkouts.values()]
    for thing in holders:
        for transaction in thing.transactions:
            if args.get("id") == transaction.id or args.get("token") == transaction.token:
                before, given = thing.charged, transaction.refunded
                fill(transaction, asked)
                transaction.modified_at = store.instant()
                tell(ask, thing, before=before, refunded=transaction.refunded - given)
                return Answer(transaction=transaction)
    raise Refused("id", "NOT_FOUND", "Couldn't resolve to a node: TransactionItem")


ORDERS: dict[str, Asked] = {
    "orderMarkAsPaid": change("order", paid, "MANAGE_ORDERS"),
    "orderRefund": change("order", refund, "MANAGE_ORDERS"),
    "orderCancel": change("order", cancel, "MANAGE_ORDERS"),
    "orderConfirm": change("order", confirm, "MANAGE_ORDERS"),
    "orderFulfill": change("order", fulfil, "MANAGE_ORDERS"),
    "orderBulkCreate": change("results", bulk_create, "MANAGE_ORDERS_IMPORT"),
    "transactionCreate": change("transaction", create_transaction, "HANDLE_PAYMENTS"),
    "transactionUpdate": change("transaction", update_transaction, "HANDLE_PAYMENTS"),
}
