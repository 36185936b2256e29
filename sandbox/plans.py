"""What shoppers come for: to buy, to look and leave, to come back, to pay later."""

from collections.abc import Generator
from random import Random

from sandbox import response
from sandbox.catalogue import Channel
from sandbox.people import User
from sandbox.sales import Order
from sandbox.sandbox import Sandbox
from sandbox.shopper import Cart, Shopper
from sandbox.story import Story
from sandbox.wait import Wait, minutes, until

Plan = Generator[Wait, None, None]
PATIENCE = 2.5
CHEAP = 15


def somebody(sandbox: Sandbox, story: Story, dice: Random) -> Plan:
    """The next one through the door."""
    shopper = visitor(sandbox, dice)
    plans = (buys, hesitates, leaves, leaves_and_returns, pays_later)
    plan = dice.choices(plans, (48, 12, 22, 12, 6))[0]
    return plan(sandbox, story, dice, shopper)


def visitor(sandbox: Sandbox, dice: Random) -> Shopper:
    """Mostly people the shop knows, and those who come often more often than others."""
    chance = dice.random()
    channel = dice.choices(("br", "pt", "pl"), (50, 28, 22))[0]
    if chance < 0.62:
        user = regular(sandbox, dice)
        if user is not None:
            return Shopper(sandbox.store, home_channel(sandbox, user), user.email, user)
    number = sandbox.store.numbers.next("visitor")
    if chance < 0.82:
        return sandbox.guest(f"visitor.{number}@example.com", channel)
    shopper = sandbox.guest(f"new.{number}@example.com", channel)
    return shopper.registers(confirms=dice.random() < 0.9)


def regular(sandbox: Sandbox, dice: Random) -> User | None:
    with sandbox.store.lock:
        users = [one for one in sandbox.store.users.values() if one.order_ids and one.is_confirmed]
    if not users:
        return None
    return dice.choices(users, [len(one.order_ids) for one in users])[0]


def home_channel(sandbox: Sandbox, user: User) -> Channel:
    with sandbox.store.lock:
        return sandbox.store.orders[user.order_ids[-1]].channel


def wants(sandbox: Sandbox, dice: Random) -> dict[str, int]:
    """A basket: mostly small things."""
    variants = list(sandbox.store.variants.values())
    weights = [2.0 if one.listings["pt"].gross < CHEAP else 0.5 for one in variants]
    chosen = dice.choices(variants, weights, k=dice.choices((1, 2, 3), (5, 3, 2))[0])
    return {one.sku: dice.choice((1, 1, 2)) for one in chosen}


def buys(sandbox: Sandbox, story: Story, dice: Random, shopper: Shopper) -> Plan:
    cart = shopper.fills_cart(wants(sandbox, dice))
    yield minutes(dice.uniform(1, 6), real=0.2)
    if dice.random() < 0.4:
        cart.puts(wants(sandbox, dice))
        yield minutes(dice.uniform(1, 4), real=0.1)
    yield from looks_for_code(story, dice, shopper, cart)
    yield from afterwards(sandbox, dice, cart.pays())


def looks_for_code(story: Story, dice: Random, shopper: Shopper, cart: Cart) -> Plan:
    """Somebody with a tier knows that a code is coming; one in eight takes it off again."""
    if shopper.tier is None:
        return
    yield until(lambda: cart.voucher_code is not None, at_most=PATIENCE)
    if cart.voucher_code is not None and dice.random() < 0.12:
        code = cart.voucher_code
        cart.takes_off_code()
        name = shopper.user.name if shopper.user else "A guest"
        story.tell("codes taken off", f"{name} took the code {code} off again.")
        yield minutes(2, real=0.3)


def hesitates(sandbox: Sandbox, story: Story, dice: Random, shopper: Shopper) -> Plan:
    """A full cart, and doubts: a code on it helps (sandbox.response says how much)."""
    cart = shopper.fills_cart(wants(sandbox, dice))
    yield until(lambda: cart.voucher_code is not None, at_most=PATIENCE)
    coded = cart.voucher_code is not None
    story.tell("hesitated with a code" if coded else "hesitated without a code")
    yield minutes(dice.uniform(1, 6), real=0.2)
    if not response.buys_after_all(dice, coded=coded):
        story.tell("carts left")
        return
    story.tell("bought after all")
    yield from afterwards(sandbox, dice, cart.pays())


def leaves(sandbox: Sandbox, story: Story, dice: Random, shopper: Shopper) -> Plan:
    """A cart nobody comes back to; every third guest never said who it was."""
    if shopper.user is None and dice.random() < 0.33:
        shopper.email = None
    shopper.leaves_cart(wants(sandbox, dice))
    story.tell("carts left")
    yield minutes(1)


def leaves_and_returns(sandbox: Sandbox, story: Story, dice: Random, shopper: Shopper) -> Plan:
    cart = shopper.leaves_cart(wants(sandbox, dice))
    story.tell("carts left")
    yield minutes(dice.uniform(90, 300), real=2)
    if cart.id not in sandbox.store.checkouts:
        return
    story.tell("came back")
    cart.puts(wants(sandbox, dice))
    yield minutes(2, real=0.2)
    yield from looks_for_code(story, dice, shopper, cart)
    yield from afterwards(sandbox, dice, cart.pays())


def pays_later(sandbox: Sandbox, story: Story, dice: Random, shopper: Shopper) -> Plan:
    """Boleto or a bank transfer: most pay within a day, some never do."""
    order = shopper.fills_cart(wants(sandbox, dice)).orders_unpaid()
    story.tell("unpaid orders")
    yield minutes(dice.uniform(120, 900), real=1)
    if dice.random() < 0.7:
        sandbox.staff.marks_paid(order)
        yield from afterwards(sandbox, dice, order)
        return
    yield minutes((order.channel.expire_orders_after or 0) / 2)
    sandbox.staff.lets_expire(order)


def afterwards(sandbox: Sandbox, dice: Random, order: Order) -> Plan:
    """The counter sends it, and now and then takes something back or calls it off."""
    chance = dice.random()
    yield minutes(dice.uniform(60, 600), real=0.5)
    if chance < 0.03:
        sandbox.staff.cancels(order)
        return
    sandbox.staff.sends(order)
    if chance < 0.09:
        yield minutes(dice.uniform(60, 600), real=0.5)
        whole = dice.random() < 0.5 or len(order.lines) == 1
        part = None if whole else str(order.lines[0].total_gross)
        sandbox.staff.refunds(order, part)
