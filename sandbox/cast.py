"""Three people with a fixed story: Ana rises and gets her code, Ben comes back, Cleo hesitates."""

from collections.abc import Generator
from datetime import timedelta
from random import Random

from sandbox import aftermath, faces, history
from sandbox.sandbox import Sandbox
from sandbox.store import Store
from sandbox.story import Story
from sandbox.wait import Wait, minutes, until

Plan = Generator[Wait, None, None]
ANA, BEN, CLEO = "ana@example.com", "ben@example.com", "cleo@example.com"
FOR_THE_CAFE = {"espresso-machine": 3, "burr-grinder": 3}
AT_MOST = 20.0


def remember(store: Store) -> None:
    """Give the three a past: Ana buys little, Ben once as a guest, Cleo much and lately."""
    dice = Random(f"cast:{store.seed}")
    now = store.clock.now()
    visits = {
        ANA: [now - timedelta(days=day, hours=3) for day in (210, 95)],
        BEN: [now - timedelta(days=40, hours=5)],
        CLEO: [now - timedelta(days=day, hours=2) for day in range(20, 340, 16)],
    }
    for email, days in visits.items():
        person = somebody(store, dice, email)
        if email != BEN:
            person.user = history.account(store, dice, person, days[0])
            person.user.is_confirmed = True
        for at in days:
            order = history.buy(store, dice, history.shelf_of(store), person, at)
            aftermath.pay(store, dice, order)
            aftermath.send(store, dice, order, now)


def somebody(store: Store, dice: Random, email: str) -> history.Person:
    channel, shelf = store.channels["br"], history.shelf_of(store)
    name = (email.partition("@")[0].title(), dice.choice(faces.COUNTRIES["BR"].last))
    return history.Person(
        channel=channel,
        name=name,
        email=email,
        first=store.clock.now(),
        stays=timedelta(days=400),
        eagerness=1.0,
        favourites=[shelf.draw(dice) for _ in range(3)],
        address=faces.address(dice, store.numbers, channel.country, name),
    )


def plans(sandbox: Sandbox, story: Story) -> list[Plan]:
    return [ana(sandbox, story), ben(sandbox, story), cleo(sandbox, story)]


def ana(sandbox: Sandbox, story: Story) -> Plan:
    """Buys for a whole café, rises, is given a code on her next cart, and orders with it."""
    shopper = sandbox.customer(ANA)
    before = shopper.tier
    yield minutes(2, real=0.5)
    order = shopper.buys(FOR_THE_CAFE)
    story.tell("cast", f"Ana bought for her café: {order.total_amount} BRL.")
    yield until(lambda: shopper.tier not in (None, before), at_most=AT_MOST)
    cart = shopper.fills_cart({"house-blend": 2, "masala-chai": 1})
    story.tell("cast", "Ana filled a cart.")
    yield until(lambda: cart.voucher_code is not None, at_most=AT_MOST)
    code = cart.voucher_code
    yield minutes(1, real=0.2)
    order = cart.pays()
    words = f"with her code {code}" if order.voucher_code else "without a code"
    story.tell("cast", f"Ana ordered {words}: {order.total_amount} BRL.")


def ben(sandbox: Sandbox, story: Story) -> Plan:
    """A guest leaves a cart, comes back hours later, pays, and sends one thing back."""
    shopper = sandbox.guest(BEN)
    cart = shopper.leaves_cart({"moka-pot": 1, "paper-filters": 2})
    story.tell("carts left", "Ben left a cart.")
    yield minutes(150, real=4)
    story.tell("came back", "Ben came back and bought it.")
    order = cart.pays()
    yield minutes(120, real=1)
    sandbox.staff.sends(order)
    yield minutes(60, real=0.5)
    sandbox.staff.refunds(order, str(order.lines[1].total_gross))


def cleo(sandbox: Sandbox, story: Story) -> Plan:
    """Gets a code, takes it off, goes on shopping, and must not find it on her cart again."""
    shopper = sandbox.customer(CLEO)
    yield until(lambda: shopper.tier is not None, at_most=AT_MOST)
    cart = shopper.fills_cart({"matcha-ceremonial": 1})
    yield until(lambda: cart.voucher_code is not None, at_most=AT_MOST)
    if cart.voucher_code is None:
        story.tell("cast", "Cleo waited for a code and got none.")
        return
    cart.takes_off_code()
    story.tell("codes taken off", "Cleo took her code off.")
    yield minutes(3, real=1)
    cart.puts({"tea-strainer": 1})
    yield minutes(5, real=2)
    again = cart.voucher_code is not None
    order = cart.pays()
    if again:
        story.tell("codes forced", "Cleo found the code she had taken off on her cart again!")
    else:
        story.tell("cast", "Cleo paid without it, as she wanted.")
    yield minutes(90, real=0.5)
    sandbox.staff.sends(order)
