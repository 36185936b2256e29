"""Looks over the counter's shoulder and tells the story what it sees: only facts of the shop."""

from collections.abc import Callable
from typing import Any

from sandbox.apps import App, Principal
from sandbox.people import User
from sandbox.sales import Checkout, Order
from sandbox.story import Story

TIER = "perennial.tier"


class Observer:
    """Hears every event of the shop. Codes count as given when an app put them on a cart."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.tiers: dict[str, str] = {}
        self.given: dict[str, str] = {}
        self.buyers: set[str] = set()

    def see(self, event: str, subject: Any, who: Principal) -> None:
        looks: dict[str, Callable[[Any, Principal], None]] = {
            "ORDER_CREATED": self._ordered,
            "ORDER_REFUNDED": self._refunded,
            "ORDER_CANCELLED": self._cancelled,
            "ORDER_EXPIRED": self._expired,
            "CHECKOUT_UPDATED": self._cart_changed,
            "CUSTOMER_METADATA_UPDATED": self._marked,
            "CUSTOMER_CREATED": self._registered,
        }
        look = looks.get(event)
        if look is not None:
            look(subject, who)

    def _ordered(self, order: Order, _who: Principal) -> None:
        self.story.tell("orders")
        if order.user is not None:
            self.buyers.add(order.user.id)
        if order.voucher_code in self.given:
            off = sum((one.total.amount for one in order.discounts), start=order.charged * 0)
            self.story.tell(
                "codes used",
                f"{name_of(order.user, order.user_email)} ordered with code "
                f"{order.voucher_code}: {off} {order.channel.currency_code} off.",
            )

    def _refunded(self, order: Order, _who: Principal) -> None:
        whole = order.refunded >= order.total_amount
        self.story.tell(
            "refunds", f"Order {order.number} was refunded{'' if whole else ' in part'}."
        )

    def _cancelled(self, _order: Order, _who: Principal) -> None:
        self.story.tell("cancelled")

    def _expired(self, _order: Order, _who: Principal) -> None:
        self.story.tell("expired")

    def _registered(self, _user: User, _who: Principal) -> None:
        self.story.tell("new customers")

    def _cart_changed(self, cart: Checkout, who: Principal) -> None:
        code = cart.voucher_code
        if not isinstance(who.source, App) or code is None or self.given.get(code) == cart.id:
            return
        self.given[code] = cart.id
        name = name_of(cart.user, cart.email)
        self.story.tell("codes given", f"{name}'s cart got the code {code}.")

    def _marked(self, user: User, who: Principal) -> None:
        tier, before = user.metadata.get(TIER), self.tiers.get(user.id)
        if tier is None or tier == before or not isinstance(who.source, App):
            return
        self.tiers[user.id] = tier
        self.story.tell("tiers written")
        if user.id in self.buyers:
            was = f", from {before}" if before else ""
            self.story.tell("tiers risen", f"{user.name} is now {tier}{was}.")


def name_of(user: User | None, email: str | None) -> str:
    return user.name if user else email or "A guest"
