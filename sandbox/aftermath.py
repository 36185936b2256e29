"""What became of an order of the past: paid, sent, given back, called off, forgotten."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from sandbox.ids import global_id
from sandbox.money import cents
from sandbox.sales import Fulfillment, FulfillmentLine, Order, Payment, Transaction
from sandbox.store import Store

REFUNDED, CANCELLED, EXPIRED = 0.06, 0.02, 0.015
WHOLE_REFUND = 0.45
OLDER_FLOW = 0.2


def settle(store: Store, dice: Random, order: Order, now: datetime) -> None:
    """Play the order's fate forward, as far as `now` lets it come."""
    fate = dice.random()
    age = now - order.created
    if fate < EXPIRED:
        order.status = "EXPIRED" if age > timedelta(days=3) else "UNCONFIRMED"
        return
    pay(store, dice, order)
    if fate < EXPIRED + CANCELLED:
        order.status = "CANCELED"
        order.updated_at = earlier(order.created + timedelta(hours=dice.uniform(1, 30)), now)
        if dice.random() < 0.8:
            give_back(store, order, order.charged, earlier(now, now))
        return
    if age > timedelta(hours=dice.uniform(20, 70)):
        send(store, dice, order, now)
    later = order.created + timedelta(days=dice.uniform(3, 25))
    if fate < EXPIRED + CANCELLED + REFUNDED and later < now:
        give_back(store, order, part(dice, order), later)


def earlier(at: datetime, now: datetime) -> datetime:
    return min(at, now - timedelta(seconds=1))


def part(dice: Random, order: Order) -> Decimal:
    """Everything, or the price of one line."""
    if dice.random() < WHOLE_REFUND or len(order.lines) == 1:
        return order.charged
    return dice.choice(order.lines).total_gross


def pay(store: Store, dice: Random, order: Order) -> None:
    due, currency = order.total_amount, order.channel.currency_code
    at = order.created
    if dice.random() < OLDER_FLOW:
        key = store.numbers.serial("Payment")
        order.payments.append(Payment(key, at, at, currency, due, due))
        return
    token = store.numbers.uuid()
    order.transactions.append(
        Transaction(
            id=global_id("TransactionItem", token),
            token=token,
            created_at=at,
            modified_at=at,
            currency=currency,
            name="Card",
            psp_reference=f"psp-{order.number}",
            actions=["REFUND"],
            charged=due,
        )
    )


def send(store: Store, dice: Random, order: Order, now: datetime) -> None:
    at = earlier(order.created + timedelta(hours=dice.uniform(8, 70)), now)
    whole = len(order.lines) == 1 or dice.random() > 0.02
    sent = order.lines if whole else order.lines[:-1]
    lines = [FulfillmentLine(store.numbers.serial("FulfillmentLine"), o.quantity, o) for o in sent]
    for one in sent:
        one.quantity_fulfilled = one.quantity
    key = store.numbers.serial("Fulfillment")
    order.fulfillments.append(Fulfillment(key, order, 1, "FULFILLED", at, lines))
    order.status = "FULFILLED" if whole else "PARTIALLY_FULFILLED"
    order.updated_at = at


def give_back(store: Store, order: Order, amount: Decimal, at: datetime) -> None:
    amount = cents(amount)
    for one in order.transactions:
        one.charged, one.refunded, one.modified_at = one.charged - amount, amount, at
    for payment in order.payments:
        payment.captured, payment.refunded = payment.captured - amount, amount
        payment.modified = at
        key = store.numbers.serial("Fulfillment")
        nth = len(order.fulfillments) + 1
        order.fulfillments.append(Fulfillment(key, order, nth, "REFUNDED", at))
    order.updated_at = at
