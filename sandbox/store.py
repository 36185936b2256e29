"""The shop's memory: every thing by its id, one lock around all of it, one strictly rising time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from sandbox.apps import NOBODY, App, Installation, Principal
from sandbox.catalogue import Category, Channel, Collection, Product, Variant
from sandbox.clock import Clock
from sandbox.ids import Numbers
from sandbox.people import User
from sandbox.promos import GiftCard, Voucher, VoucherCode
from sandbox.sales import Checkout, Order

Emit = Callable[[str, Any], None]
TICK = timedelta(microseconds=1)


class Store:
    """All tables of the shop. Whoever reads or writes holds `lock`.

    `emit(event, subject)` is where a change becomes webhooks; `acting` is who makes the change,
    which the webhooks report as issuingPrincipal.
    """

    def __init__(self, seed: int, clock: Clock, version: str) -> None:
        self.lock = RLock()
        self.seed = seed
        self.clock = clock
        self.version = version
        self.numbers = Numbers(seed)
        self.name = "Grão & Folha"
        self.confirm_accounts_by_email = True
        self.allow_login_without_confirmation = False
        self.channels: dict[str, Channel] = {}
        self.categories: dict[str, Category] = {}
        self.collections: dict[str, Collection] = {}
        self.products: dict[str, Product] = {}
        self.variants: dict[str, Variant] = {}
        self.users: dict[str, User] = {}
        self.users_by_email: dict[str, User] = {}
        self.checkouts: dict[str, Checkout] = {}
        self.orders: dict[str, Order] = {}
        self.vouchers: dict[str, Voucher] = {}
        self.codes: dict[str, tuple[Voucher, VoucherCode]] = {}
        self.gift_cards: dict[str, GiftCard] = {}
        self.gift_codes: dict[str, GiftCard] = {}
        self.apps: dict[str, App] = {}
        self.app_tokens: dict[str, App] = {}
        self.installations: dict[str, Installation] = {}
        self.acting: Principal = NOBODY
        self.emit: Emit = lambda _event, _subject: None
        self._last = clock.now() - TICK

    def instant(self) -> datetime:
        """Now, and later than every instant before: no two changes share a moment."""
        self._last = max(self.clock.now(), self._last + TICK)
        return self._last

    @property
    def last_change(self) -> datetime:
        """The last instant handed out: nothing changed since."""
        return self._last

    @contextmanager
    def acting_as(self, who: Principal) -> Iterator[None]:
        """Hold the lock and act as `who`."""
        with self.lock:
            before, self.acting = self.acting, who
            try:
                yield
            finally:
                self.acting = before

    def channel_by(self, key: str | None) -> Channel | None:
        """A channel by its slug or its id."""
        if key is None:
            return None
        known = self.channels.get(key)
        return known or next((one for one in self.channels.values() if one.id == key), None)

    def user_by_email(self, email: str | None) -> User | None:
        return self.users_by_email.get(email.lower()) if email else None

    def add_user(self, user: User) -> User:
        self.users[user.id] = user
        self.users_by_email[user.email.lower()] = user
        return user

    def add_order(self, order: Order) -> Order:
        order.seq = self.numbers.next("seq")
        self.orders[order.id] = order
        if order.user:
            order.user.order_ids.append(order.id)
        return order

    def add_checkout(self, checkout: Checkout) -> Checkout:
        checkout.seq = self.numbers.next("seq")
        self.checkouts[checkout.id] = checkout
        return checkout

    def orders_of(self, user: User) -> list[Order]:
        return [self.orders[one] for one in user.order_ids]

    def taken(self, code: str) -> bool:
        """Vouchers and gift cards share one name space of codes."""
        return code in self.codes or code in self.gift_codes
