"""Shoppers, guests and staff as a test or a story moves them, in the words of the shop floor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from sandbox import faces
from sandbox.apps import NOBODY, Principal
from sandbox.catalogue import Channel, Variant
from sandbox.money import cents
from sandbox.people import Address, User
from sandbox.rules import accounts, carts, orders
from sandbox.rules import metadata as texts
from sandbox.sales import Checkout, Order
from sandbox.store import Store

Wanted = Mapping[str, int]


@dataclass
class Cart:
    """A cart somebody holds. It stays readable after it became an order."""

    store: Store
    thing: Checkout
    who: Principal
    order: Order | None = None

    @property
    def id(self) -> str:
        return self.thing.id

    @property
    def voucher_code(self) -> str | None:
        return self.thing.voucher_code

    @property
    def total(self) -> Decimal:
        return self.thing.total_price.gross.amount

    def puts(self, wanted: Wanted) -> "Cart":
        """Put more into it: product slug (or sku) → quantity."""
        with self.store.acting_as(self.who):
            carts.add_lines(self.store, self.thing, chosen(self.store, wanted))
        return self

    def says_email(self, email: str) -> "Cart":
        with self.store.acting_as(self.who):
            carts.set_email(self.store, self.thing, email)
        return self

    def signs_in(self, user: User) -> "Cart":
        self.who = Principal(user=user)
        with self.store.acting_as(self.who):
            carts.attach(self.store, self.thing, user)
        return self

    def types_code(self, code: str) -> "Cart":
        """Raises Refused for a code that does not work here."""
        with self.store.acting_as(self.who):
            carts.add_promo_code(self.store, self.thing, code)
        return self

    def takes_off_code(self) -> "Cart":
        with self.store.acting_as(self.who):
            carts.remove_promo_code(self.store, self.thing, self.thing.voucher_code or "")
        return self

    def writes(self, **metadata: str) -> "Cart":
        with self.store.acting_as(self.who):
            texts.write(self.store, self.thing, metadata, private=False)
        return self

    def pays(self) -> Order:
        """Pay what it costs now and order."""
        return self._orders(paid=True)

    def orders_unpaid(self) -> Order:
        """Order and leave paying for later (boleto, bank transfer)."""
        return self._orders(paid=False)

    def begins_to_pay(self) -> "Cart":
        """A payment is authorised and the order not yet placed."""
        with self.store.acting_as(self.who):
            self._deliverable()
            transaction = orders.new_transaction(self.store, self.thing.channel.currency_code)
            transaction.authorized = self.total
            self.thing.transactions.append(transaction)
            carts.pay(self.store, self.thing, transaction.authorized)
        return self

    def _orders(self, *, paid: bool) -> Order:
        with self.store.acting_as(self.who):
            self._deliverable()
            if paid:
                due, currency = self.total, self.thing.channel.currency_code
                transaction = orders.new_transaction(self.store, currency, charged=due, psp="card")
                transaction.name = "Card"
                self.thing.transactions.append(transaction)
                carts.pay(self.store, self.thing, due)
            self.order = orders.complete(self.store, self.thing)
        return self.order

    def _deliverable(self) -> None:
        """Fill in where it goes, as a storefront would before it lets anybody pay."""
        thing = self.thing
        if thing.billing_address is None:
            address = home(self.store, thing.channel, thing.user)
            carts.set_addresses(self.store, thing, shipping=address, billing=address)
        if not thing.has_delivery:
            carts.choose_delivery(self.store, thing)


@dataclass
class Shopper:
    """Somebody at the shop's door: signed in when there is a `user`, a guest when there is none."""

    store: Store
    channel: Channel
    email: str | None = None
    user: User | None = None
    carts: list[Cart] = field(default_factory=list)

    @property
    def who(self) -> Principal:
        return Principal(user=self.user) if self.user else NOBODY

    @property
    def tier(self) -> str | None:
        """What the app wrote where the storefront can read it."""
        return self.user.metadata.get("perennial.tier") if self.user else None

    def fills_cart(self, wanted: Wanted | None = None, **metadata: str) -> Cart:
        """Open a cart: product slug (or sku) → quantity; a bag of coffee if nothing is said."""
        with self.store.acting_as(self.who):
            thing = carts.open_cart(
                self.store,
                self.channel,
                chosen(self.store, wanted or {"house-blend": 1}),
                user=self.user,
                email=self.email,
                metadata=metadata,
            )
        cart = Cart(self.store, thing, self.who)
        self.carts.append(cart)
        return cart

    def leaves_cart(self, wanted: Wanted | None = None) -> Cart:
        """Fill a cart, be asked for nothing more, and go."""
        return self.fills_cart(wanted)

    def buys(self, wanted: Wanted | None = None) -> Order:
        """Fill a cart and pay it."""
        return self.fills_cart(wanted).pays()

    def registers(self, *, confirms: bool = True) -> "Shopper":
        """Make an account of the e-mail; Saleor tells it as CUSTOMER_CREATED, unconfirmed."""
        if self.email is None:
            raise ValueError("nobody registers without an e-mail")
        first, _, last = self.email.partition("@")[0].partition(".")
        with self.store.acting_as(NOBODY):
            accounts.register(
                self.store,
                self.email,
                SHOPPERS_PASSWORD,
                names=(first.title(), last.title()),
                language=self.channel.language,
            )
        self.user = self.store.user_by_email(self.email)
        return self.confirms() if confirms else self

    def confirms(self) -> "Shopper":
        if self.user is not None:
            with self.store.acting_as(NOBODY):
                accounts.confirm(self.store, self.user)
        return self


@dataclass
class Staff:
    """The people behind the counter."""

    store: Store
    who: Principal

    def refunds(self, order: Order, amount: Decimal | str | None = None) -> Order:
        """Give money back: all that is charged, or an amount."""
        back = order.charged if amount is None else cents(Decimal(amount))
        with self.store.acting_as(self.who):
            if order.payments:
                orders.refund_payment(self.store, order, back)
            else:
                orders.refund_transaction(self.store, order, back)
        return order

    def cancels(self, order: Order) -> Order:
        with self.store.acting_as(self.who):
            orders.cancel(self.store, order)
        return order

    def confirms(self, order: Order) -> Order:
        with self.store.acting_as(self.who):
            orders.confirm(self.store, order)
        return order

    def marks_paid(self, order: Order) -> Order:
        with self.store.acting_as(self.who):
            orders.mark_as_paid(self.store, order)
        return order

    def sends(self, order: Order, *, lines: int | None = None) -> Order:
        """Send everything that is left, or only the first so many lines."""
        left = [(one, one.quantity_to_fulfill) for one in order.lines if one.quantity_to_fulfill]
        with self.store.acting_as(self.who):
            orders.fulfil(self.store, order, left[:lines])
        return order

    def lets_expire(self, order: Order) -> Order:
        """What Saleor's own clock does to an order nobody paid."""
        with self.store.acting_as(NOBODY):
            orders.expire(self.store, order)
        return order

    def deletes(self, user: User) -> None:
        with self.store.acting_as(self.who):
            accounts.delete(self.store, user)


SHOPPERS_PASSWORD = "Passw0rd!x"  # noqa: S105 - every shopper of the toy shop has it


def chosen(store: Store, wanted: Wanted) -> list[tuple[Variant, int]]:
    """Variants by sku, or a product's first by its slug. Raises KeyError for neither."""
    return [(variant_named(store, name), quantity) for name, quantity in wanted.items()]


def variant_named(store: Store, name: str) -> Variant:
    for variant in store.variants.values():
        if name in (variant.sku, variant.product.slug, variant.id):
            return variant
    raise KeyError(f"the shop sells no {name}")


def home(store: Store, channel: Channel, user: User | None) -> Address:
    if user is not None and user.default_shipping_address is not None:
        return user.default_shipping_address
    dice = Random(f"home:{store.seed}:{len(store.orders)}")
    name = (user.first_name, user.last_name) if user else faces.names(dice, channel.country)
    return faces.address(dice, store.numbers, channel.country, name)
