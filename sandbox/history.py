"""Two years of a shop that grew: who came, how often they came back, what they bought.

People differ in how often they buy and in when they stop (as in the models of repeat buying), the
year has its seasons, tastes last, and the usual accidents happen: about 6 in 100 orders are
refunded, some are cancelled, expire or wait for money. A seed gives the same shop every time.
"""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import NamedTuple

from sandbox import aftermath, faces
from sandbox.catalogue import Channel, Variant
from sandbox.ids import global_id
from sandbox.money import ZERO, cents, spread
from sandbox.people import Address, User
from sandbox.promos import Voucher
from sandbox.rules import promotions
from sandbox.sales import Checkout, CheckoutLine, Discount, Order, OrderLine
from sandbox.store import Store

SPAN = timedelta(days=730)
MARKET_SHARES = {"br": 0.5, "pt": 0.28, "pl": 0.22}
MONTHS = (0.9, 0.88, 0.95, 0.95, 1.05, 0.95, 0.85, 0.85, 0.95, 1.05, 1.35, 1.45)
WEEKDAYS = (1.0, 0.95, 0.95, 1.0, 1.1, 1.15, 0.95)
HOURS = (1, 1, 0, 0, 0, 0, 1, 3, 5, 7, 8, 8, 9, 7, 7, 7, 8, 9, 11, 13, 14, 12, 8, 4)
STAPLES = ("Coffee beans", "Ground coffee", "Capsules", "Black tea", "Green tea", "Herbal tea")
GUEST_SHARE = 0.14
REGISTERED_LATER = 0.1
UNCONFIRMED_SHARE = 0.05
CARTS_PER_PERSON = 25
NAMELESS = 0.17
SCALE_OF_PATIENCE = timedelta(days=420)


@dataclass(slots=True)
class Person:
    """Somebody of the past: what she likes, how long she stayed, when she came."""

    channel: Channel
    name: tuple[str, str]
    email: str
    first: datetime
    stays: timedelta
    eagerness: float
    favourites: list[Variant]
    address: Address
    user: User | None = None
    registers_at: int = 0
    visits: list[datetime] = field(default_factory=list)


class Shelf(NamedTuple):
    """The wares with cumulated weights, to draw from quickly."""

    variants: list[Variant]
    weights: list[float]

    def draw(self, dice: Random) -> Variant:
        return self.variants[bisect(self.weights, dice.random() * self.weights[-1])]


def remember(store: Store, *, customers: int, orders: int) -> None:
    """Fill the shop with exactly so many people and orders, the last of them a moment ago."""
    dice = Random(f"history:{store.seed}")
    now = store.clock.now()
    shelf = shelf_of(store)
    vouchers = old_vouchers(store, now)
    people = [newcomer(store, dice, shelf, number, now) for number in range(1, customers + 1)]
    share_out(dice, people, max(orders - customers, 0), now)
    visits = sorted(
        ((at, nth, person) for person in people for nth, at in enumerate(sorted(person.visits))),
        key=lambda visit: visit[0],
    )
    for at, nth, person in visits:
        if person.user is None and nth >= person.registers_at >= 0:
            person.user = account(store, dice, person, at)
        order = buy(store, dice, shelf, person, at)
        redeem(store, dice, order, vouchers, first=nth == 0)
        aftermath.settle(store, dice, order, now)
    stand_open(store, dice, shelf, people, now)


def stand_open(
    store: Store, dice: Random, shelf: Shelf, people: Sequence[Person], now: datetime
) -> None:
    """Carts of the last weeks that nobody ordered; every sixth does not say whose it is."""
    for _ in range(len(people) // CARTS_PER_PERSON):
        person = dice.choice(people)
        at = now - timedelta(minutes=dice.uniform(5, 28 * 24 * 60))
        token = store.numbers.uuid()
        cart = Checkout(
            id=global_id("Checkout", token),
            token=token,
            channel=person.channel,
            created=at,
            updated_at=at + timedelta(seconds=dice.uniform(1, 240)),
            language_code=person.channel.language,
            user=person.user,
        )
        if dice.random() > NAMELESS or person.user:
            cart.email = person.email
        for variant in basket(dice, shelf, person):
            key = store.numbers.unique("CheckoutLine")
            cart.lines.append(CheckoutLine(key, cart, variant, 1))
        store.add_checkout(cart)


def shelf_of(store: Store) -> Shelf:
    """Cheap and daily things sell often, machines seldom."""
    variants = list(store.variants.values())
    weights = []
    for variant in variants:
        category = variant.product.category
        staple = category is not None and category.name in STAPLES
        euros = float(variant.listings["pt"].gross)
        best = any(one.slug == "bestsellers" for one in variant.product.collections)
        weights.append((4.0 if staple else 1.0) * (2.0 if best else 1.0) * (12.0 / euros) ** 0.5)
    return Shelf(variants, list(accumulate(weights)))


def newcomer(store: Store, dice: Random, shelf: Shelf, number: int, now: datetime) -> Person:
    slug = dice.choices(list(MARKET_SHARES), list(MARKET_SHARES.values()))[0]
    channel = store.channels[slug]
    name = faces.names(dice, channel.country)
    first = busy_hour(dice, now - SPAN + SPAN * dice.random() ** 0.72, now)
    favourites = [shelf.draw(dice) for _ in range(dice.randint(2, 4))]
    person = Person(
        channel=channel,
        name=name,
        email=faces.email_of(*name, number),
        first=first,
        stays=timedelta(days=dice.expovariate(1 / SCALE_OF_PATIENCE.days)),
        eagerness=dice.gammavariate(0.9, 1.0),
        favourites=favourites,
        address=faces.address(dice, store.numbers, channel.country, name),
        visits=[first],
    )
    chance = dice.random()
    if chance < GUEST_SHARE:
        person.registers_at = -1
    elif chance < GUEST_SHARE + REGISTERED_LATER:
        person.registers_at = 1
    return person


def share_out(dice: Random, people: Sequence[Person], orders: int, now: datetime) -> None:
    """Deal the repeat orders to people by eagerness and by how long they were around."""
    spans = [min(now - person.first, person.stays) for person in people]
    weights = [p.eagerness * span.total_seconds() for p, span in zip(people, spans, strict=True)]
    for at in dice.choices(range(len(people)), weights, k=orders):
        person, span = people[at], spans[at]
        person.visits.append(in_season(dice, person.first, span, now))


def in_season(dice: Random, start: datetime, span: timedelta, now: datetime) -> datetime:
    """A moment of the span, more likely where the year and the week are busy."""
    at = start
    for _ in range(4):
        at = start + span * dice.random()
        if dice.random() < MONTHS[at.month - 1] * WEEKDAYS[at.weekday()] / 1.7:
            break
    return busy_hour(dice, at, now)


def busy_hour(dice: Random, at: datetime, now: datetime) -> datetime:
    hour = dice.choices(range(24), HOURS)[0]
    second, micro = dice.randrange(3600), dice.randrange(1_000_000)
    day = at.replace(hour=hour, minute=second // 60, second=second % 60, microsecond=micro)
    return day if day < now else now - timedelta(seconds=dice.randint(60, 6 * 3600))


def account(store: Store, dice: Random, person: Person, at: datetime) -> User:
    joined = at - timedelta(seconds=dice.randint(60, 900))
    user = User(
        id=store.numbers.serial("User"),
        email=person.email,
        first_name=person.name[0],
        last_name=person.name[1],
        date_joined=joined,
        updated_at=joined,
        last_login=at,
        language_code=person.channel.language,
        is_confirmed=dice.random() >= UNCONFIRMED_SHARE,
        default_shipping_address=person.address,
        default_billing_address=person.address,
        addresses=[person.address],
    )
    return store.add_user(user)


def buy(store: Store, dice: Random, shelf: Shelf, person: Person, at: datetime) -> Order:
    order = Order(
        id=store.numbers.unique("Order"),
        number=str(store.numbers.next("order number")),
        channel=person.channel,
        created=at,
        updated_at=at,
        status="UNFULFILLED",
        origin="CHECKOUT",
        user_email=person.email,
        language_code=person.channel.language,
        user=person.user,
        checkout_id=global_id("Checkout", store.numbers.uuid()),
        billing_address=person.address,
        shipping_address=person.address,
        shipping_gross=person.channel.shipping_gross,
        full_shipping_gross=person.channel.shipping_gross,
    )
    for variant in basket(dice, shelf, person):
        cheap = variant.listings["pt"].gross < 12
        quantity = dice.choices((1, 2, 3), (6, 3, 1))[0] if cheap else 1
        order.lines.append(line(store, order, variant, quantity))
    return store.add_order(order)


def basket(dice: Random, shelf: Shelf, person: Person) -> list[Variant]:
    wanted = dice.choices((1, 2, 3, 4, 5), (34, 30, 20, 11, 5))[0]
    chosen: dict[str, Variant] = {}
    for _ in range(wanted):
        liked = dice.random() < 0.55
        variant = dice.choice(person.favourites) if liked else shelf.draw(dice)
        chosen[variant.id] = variant
    return list(chosen.values())


def line(store: Store, order: Order, variant: Variant, quantity: int) -> OrderLine:
    unit = variant.gross_in(order.channel)
    return OrderLine(
        id=store.numbers.unique("OrderLine"),
        order=order,
        product_name=variant.product.name,
        variant_name=variant.name,
        product_sku=variant.sku,
        product_variant_id=variant.id,
        quantity=quantity,
        full_unit_gross=unit,
        total_gross=unit * quantity,
        variant_of=variant,
    )


def old_vouchers(store: Store, now: datetime) -> tuple[Voucher, Voucher]:
    """A welcome code for first orders and last November's code, both over or still open."""
    welcome = promotions.create(
        store,
        ["WELCOME10"],
        name="Welcome 10%",
        start_date=now - SPAN,
        discount_value_type="PERCENTAGE",
        apply_once_per_customer=True,
    )
    november = promotions.create(
        store,
        ["NOVEMBER15"],
        name="November 15%",
        start_date=now - SPAN,
        end_date=now - timedelta(days=1),
        discount_value_type="PERCENTAGE",
    )
    for voucher, percent in ((welcome, 10), (november, 15)):
        for channel in store.channels.values():
            promotions.list_in(store, voucher, channel, cents(ZERO + percent), None)
    return welcome, november


def redeem(
    store: Store, dice: Random, order: Order, vouchers: tuple[Voucher, Voucher], *, first: bool
) -> None:
    welcome, november = vouchers
    if first and dice.random() < 0.2:
        discount(store, order, welcome)
        welcome.codes["WELCOME10"].customers.add(order.user_email)
    elif order.created.month == 11 and order.created.day > 20 and dice.random() < 0.5:
        discount(store, order, november)


def discount(store: Store, order: Order, voucher: Voucher) -> None:
    percent = voucher.listings[order.channel.slug].discount_value
    full = [one.total_gross for one in order.lines]
    off = cents(sum(full, ZERO) * percent / 100)
    for one, share in zip(order.lines, spread(off, full), strict=True):
        one.total_gross -= share
    order.voucher, order.voucher_code = voucher, voucher.code
    key, money = store.numbers.unique("OrderDiscount"), order.channel.money(off)
    order.discounts.append(Discount(key, "VOUCHER", voucher.name, "FIXED", off, money))
